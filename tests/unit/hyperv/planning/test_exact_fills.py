# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes that have to be filled to the last MB: a way is found if there is one, and refuted if there is none."""

from __future__ import annotations

import itertools
import random

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning import solver
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.assignment import Assignment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.best_fills import best_fills
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.exact_fills import fill_exactly
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.placement import place
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import PlacementProblem
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.steps import Steps
from hypothesis import given

from tests.support.placement_problems import candidate, destination, is_allowed, placement_problem
from tests.support.without_room import without_room_to_spare

PLENTY = 1_000_000


def possible(assignment: Assignment) -> bool:
    count, nodes = len(assignment.bundles), len(assignment.room)
    for places in itertools.product(range(nodes), repeat=count):
        for bundle, where in enumerate(places):
            if not assignment.is_open(bundle, where) or not assignment.fits(bundle, where):
                break
            assignment.put(bundle, where)
        done = not assignment.unplaced()
        assignment.clear()
        if done:
            return True
    return False


@given(without_room_to_spare())
def test_what_every_placement_says_is_what_is_found(drawn: PlacementProblem) -> None:
    assignment = Assignment(drawn)
    room = best_fills(assignment)
    if room is None or sum(room) != sum(assignment.needs):
        return
    found = fill_exactly(assignment, room, Steps(PLENTY))
    assert assignment.unplaced() == list(range(len(assignment.bundles)))
    assert (found.places is not None) == possible(assignment)
    assert found.exhausted == (found.places is None)
    for bundle, where in (found.places or {}).items():
        assert assignment.is_open(bundle, where)
        assert assignment.fits(bundle, where)
        assignment.put(bundle, where)


def test_the_bound_is_kept_and_is_no_proof() -> None:
    vms = [candidate(f"vm{number}", size) for number, size in enumerate([6, 5, 4, 3])]
    assignment = Assignment(placement_problem(vms, [destination("A", 9), destination("B", 9)]))
    found = fill_exactly(assignment, [9, 9], Steps(3))
    assert (found.places, found.exhausted) == (None, False)


def tight(seed: int, nodes: int, count: int) -> PlacementProblem:
    drawn = random.Random(seed)
    rooms = [0] * nodes
    vms = []
    for number in range(count):
        size = drawn.randrange(600, 90_000)
        rooms[drawn.randrange(nodes)] += size
        vms.append(candidate(f"vm{number:02}", size))
    return placement_problem(vms, [destination(f"N{number:02}", room, 10**7) for number, room in enumerate(rooms)])


def test_odd_sizes_without_a_mb_to_spare_are_placed_where_the_search_finds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = tight(1, 8, 28)
    found = place(problem)
    assert found.infeasibility is None
    assert is_allowed(problem, {one.candidate.vm.id: one.destination for one in found.moves})
    monkeypatch.setattr(solver, "_FILL_STEPS", 0)
    assert place(problem).infeasibility is not None


def test_what_needs_no_memory_has_a_place_as_well() -> None:
    problem = tight(1, 8, 28)
    vms = [*problem.candidates, candidate("off", state="off")]
    found = place(placement_problem(vms, list(problem.destinations)))
    assert found.infeasibility is None
    assert len(found.moves) == 29
