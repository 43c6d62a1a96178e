# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bundles that make room for one another: what moves, what it may cost, and that a failure leaves all as it was."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.assignment import Assignment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.chains import make_room, put_best
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import Candidate, Destination
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.steps import Steps

from tests.support.placement_problems import candidate, destination, placement_problem, rule

MANY = 1000


def placed(candidates: list[Candidate], nodes: list[Destination], **where: str) -> Assignment:
    """Return an assignment in which some VMs are on nodes already."""
    assignment = Assignment(placement_problem(candidates, nodes))
    names = [one.name for one in assignment.destinations]
    for vm, node in where.items():
        assignment.put(index(assignment, vm), names.index(node))
    return assignment


def index(assignment: Assignment, vm: str) -> int:
    (found,) = [number for number, one in enumerate(assignment.bundles) if one.candidates[0].vm.name == vm]
    return found


def places(assignment: Assignment) -> dict[str, str]:
    return {
        one.candidates[0].vm.name: assignment.destinations[place].name
        for one, place in zip(assignment.bundles, assignment.places, strict=True)
        if place is not None
    }


STEPS = [destination("A", 20), destination("B", 12), destination("C", 8)]
CHAIN = [candidate("big", 20), candidate("mid", 12), candidate("low", 8)]


def test_one_makes_room_for_another_and_needs_room_itself() -> None:
    assignment = placed(CHAIN, STEPS, mid="A", low="B")
    assert make_room(assignment, index(assignment, "big"), Steps(MANY))
    assert places(assignment) == {"big": "A", "mid": "B", "low": "C"}


@pytest.mark.parametrize("steps", [0, 1])
def test_where_the_steps_end_all_is_as_it_was(steps: int) -> None:
    assignment = placed(CHAIN, STEPS, mid="A", low="B")
    assert not make_room(assignment, index(assignment, "big"), Steps(steps))
    assert places(assignment) == {"mid": "A", "low": "B"}
    assert assignment.room == [8, 4, 8]


def test_where_nothing_can_make_room_all_is_as_it_was() -> None:
    assignment = placed([candidate("big", 20), candidate("mid", 12)], [destination("A", 20)], mid="A")
    assert not make_room(assignment, index(assignment, "big"), Steps(MANY))
    assert places(assignment) == {"mid": "A"}


def test_what_has_no_choice_makes_no_room() -> None:
    pinned = candidate("mid", 12, pinned="A")
    assignment = placed([candidate("big", 20), pinned], [destination("A", 20), destination("B", 12)], mid="A")
    assert not make_room(assignment, index(assignment, "big"), Steps(MANY))


@pytest.mark.parametrize(("preferred", "done"), [([], True), (["A"], False)])
def test_room_is_made_at_no_cost_where_none_is_allowed(preferred: list[str], done: bool) -> None:
    vms = [candidate("wants", 8, preferred=["A"]), candidate("other", 8, preferred=preferred)]
    assignment = placed(vms, [destination("A", 10), destination("B", 10)], other="A")
    assert make_room(assignment, index(assignment, "wants"), Steps(MANY), 0) is done
    assert places(assignment) == ({"wants": "A", "other": "B"} if done else {"other": "A"})


def test_a_hard_rule_is_kept_by_those_that_make_room() -> None:
    nodes = [destination("A", 20), destination("B", 12), destination("C", 12)]
    problem = placement_problem(
        [candidate("big", 20), candidate("mid", 12)], nodes, rules=[rule("r", ["mid", "dc"])], where={"dc": "B"}
    )
    assignment = Assignment(problem)
    assignment.put(index(assignment, "mid"), 0)
    assert make_room(assignment, index(assignment, "big"), Steps(MANY))
    assert places(assignment) == {"big": "A", "mid": "C"}


def test_what_fits_nowhere_is_put_nowhere() -> None:
    assignment = placed([candidate("big", 20)], [destination("A", 10)])
    assert not put_best(assignment, 0)
    assert places(assignment) == {}
