# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The search: what it finds is allowed, what it refutes is impossible, with a look at sums and without."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.assignment import Assignment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import PlacementProblem
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.search import SearchResult, search
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.steps import Steps
from hypothesis import given
from hypothesis import strategies as st

from tests.support.placement_problems import (
    candidate,
    destination,
    is_allowed,
    is_possible,
    placement_problem,
    placement_problems,
)
from tests.support.without_room import without_room_to_spare

PLENTY = 1_000_000


def is_found(drawn: PlacementProblem, *, with_sums: bool, runs: int) -> bool:
    """Tell whether a placement is found, which is looked at, or all are refuted."""
    assignment = Assignment(drawn)
    found = search(assignment, Steps(PLENTY), runs=runs, with_sums=with_sums)
    assert found.is_decided
    assert found.exhausted == (found.places is None)
    if found.places is None:
        return False
    names = {
        one.vm.id: assignment.destinations[where].name
        for bundle, where in found.places.items()
        for one in assignment.bundles[bundle].candidates
    }
    assert len(names) == len(drawn.candidates)
    assert is_allowed(drawn, names)
    return True


@given(st.one_of(placement_problems(), without_room_to_spare()), st.booleans(), st.sampled_from([0, 3]))
def test_small_problems_are_decided_and_rightly(drawn: PlacementProblem, with_sums: bool, runs: int) -> None:
    assert is_found(drawn, with_sums=with_sums, runs=runs) == is_possible(drawn)


def searched(rooms: list[int], *, with_sums: bool) -> SearchResult:
    vms = [candidate(f"vm{number:02}", size) for number, size in enumerate([5, 7] * 6)]
    nodes = [destination(f"N{number:02}", room, 10**7) for number, room in enumerate(rooms)]
    return search(Assignment(placement_problem(vms, nodes)), Steps(PLENTY), runs=0, with_sums=with_sums)


@pytest.mark.parametrize("with_sums", [False, True])
def test_vms_that_add_up_are_placed(with_sums: bool) -> None:
    assert searched([24, 24, 24], with_sums=with_sums).places is not None


def test_a_room_that_no_sum_reaches_is_seen_before_anything_is_placed() -> None:
    """5 and 7 make 22 and 24, not 23."""
    with_sums, without = (searched([23, 25, 24], with_sums=one) for one in (True, False))
    assert with_sums.exhausted
    assert without.exhausted
    assert with_sums.steps < without.steps / 10
