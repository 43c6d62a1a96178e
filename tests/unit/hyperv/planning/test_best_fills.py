# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Memory that no sum of VMs can use: it is not counted, and what is refuted by that is impossible."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning import solver
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.assignment import Assignment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.best_fills import best_fills
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.infeasibility import prove
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.placement import place
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import PlacementProblem
from hypothesis import given

from tests.support.placement_problems import candidate, destination, is_possible, placement_problem, placement_problems

_SIZES, _ROOMS = [7, 7, 5, 5, 1, 1, 1], [16, 9, 2]


def filled(sizes: list[int], rooms: list[int], owners: tuple[str, ...] = ()) -> list[int] | None:
    vms = [candidate(f"vm{number}", size, owners=owners) for number, size in enumerate(sizes)]
    nodes = [destination(f"N{number}", room) for number, room in enumerate(rooms)]
    return best_fills(Assignment(placement_problem(vms, nodes)))


def test_a_node_counts_with_what_sums_of_vms_can_use_of_it() -> None:
    assert filled([4, 4, 6], [7, 11]) == [6, 10]


def test_a_node_counts_with_the_vms_that_may_go_there() -> None:
    assert filled([4, 4], [9, 9], owners=("N0",)) == [8, 0]


def test_a_node_without_memory_to_give_is_of_no_use() -> None:
    assert filled([4], [-3, 5]) == [0, 4]


def test_big_vms_alone_have_to_fit_where_all_of_them_together_would() -> None:
    """Sums of all fill every node, but those of 7 and 5 alone use 14 and 7 of them."""
    assert filled(_SIZES, [17, 7, 3]) == [17, 7, 3]
    assert filled(_SIZES, _ROOMS) is None


def test_what_no_other_proof_refutes_is_refuted_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "search", None)
    vms = [candidate(f"vm{number}", size) for number, size in enumerate(_SIZES)]
    problem = placement_problem(vms, [destination(f"N{number}", room) for number, room in enumerate(_ROOMS)])
    assert prove(Assignment(problem)) is None
    found = place(problem, is_trial=True).infeasibility
    assert found is not None
    assert (found.code, found.is_proved) == ("no_combination", True)


@given(placement_problems(with_rules=False))
def test_what_is_possible_is_not_refuted_and_fits_what_counts(drawn: PlacementProblem) -> None:
    assignment = Assignment(drawn)
    room = best_fills(assignment)
    if is_possible(drawn):
        assert room is not None
        assert sum(room) >= sum(assignment.needs)
    if room is not None:
        assert all(one <= max(0, other) for one, other in zip(room, assignment.room, strict=True))
