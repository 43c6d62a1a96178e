# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Likely fills: what is found is allowed, and where few VMs are left everything that is possible is found."""

from __future__ import annotations

import random

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning import likely_fills, sums_of_few
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.assignment import Assignment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.best_fills import best_fills
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.likely_fills import fill_likely
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import (
    Candidate,
    PlacementProblem,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.steps import Steps
from hypothesis import given

from tests.support.placement_problems import candidate, destination, is_possible, placement_problem, rule
from tests.support.without_room import without_room_to_spare

PLENTY = 1_000_000


def is_found(drawn: PlacementProblem) -> bool:
    """Tell whether a placement is found, which is then looked at."""
    assignment = Assignment(drawn)
    room = best_fills(assignment)
    if room is None or sum(room) != sum(assignment.needs):
        return is_possible(drawn)  # not a question for it
    found = fill_likely(assignment, room, Steps(PLENTY))
    assert assignment.unplaced() == list(range(len(assignment.bundles)))
    for bundle, where in (found or {}).items():
        assert assignment.is_open(bundle, where)
        assert assignment.fits(bundle, where)
        assignment.put(bundle, where)
    return found is not None


@given(without_room_to_spare())
def test_of_few_vms_everything_that_is_possible_is_found(drawn: PlacementProblem) -> None:
    assert is_found(drawn) == is_possible(drawn)


@given(without_room_to_spare())
def test_what_is_found_before_all_fills_are_known_is_allowed(drawn: PlacementProblem) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(likely_fills, "FEW", 2)
        assert is_possible(drawn) or not is_found(drawn)


def tight(seed: int, nodes: int, count: int) -> PlacementProblem:
    """Return VMs of odd sizes and nodes whose room is cut to a placement that keeps a class apart."""
    drawn = random.Random(seed)
    rooms = [0] * nodes
    vms: list[Candidate] = []
    seen: dict[int, str] = {}
    for number in range(count):
        size, where = drawn.randrange(600, 90_000), drawn.randrange(nodes)
        rooms[where] += size
        vms.append(candidate(f"vm{number:02}", size))
        seen.setdefault(where, f"vm{number:02}")
    nodes_of = [destination(f"N{number:02}", room, 10**7) for number, room in enumerate(rooms)]
    return placement_problem(vms, nodes_of, rules=[rule("class", list(seen.values()))])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_vms_of_odd_sizes_are_placed_without_a_mb_to_spare(seed: int) -> None:
    assert is_found(tight(seed, 12, 45))


def test_the_bound_is_kept() -> None:
    assignment = Assignment(tight(1, 12, 45))
    steps = Steps(1_000)
    assert fill_likely(assignment, [max(0, one) for one in assignment.room], steps) is None
    assert steps.taken < 1_000 + sums_of_few.FEW * 10_000


def test_the_same_is_found_however_it_was_read() -> None:
    problem = tight(2, 12, 45)
    other = placement_problem(problem.candidates[::-1], problem.destinations[::-1], rules=list(problem.rules))
    found = [fill_likely(one, one.room, Steps(PLENTY)) for one in (Assignment(problem), Assignment(other))]
    assert found[0] == found[1]
    assert found[0] is not None
