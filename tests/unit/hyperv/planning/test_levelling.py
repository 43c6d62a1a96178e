# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Destinations that are levelled out: by moves, by exchanges one for one, and by exchanges of several for one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.assignment import Assignment
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.changes import total_cost
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.levelling import (
    give_up_preferred,
    level_out,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import Candidate, Destination

from tests.support.placement_problems import candidate, destination, placement_problem


def placed(candidates: list[Candidate], nodes: list[Destination], where: Mapping[str, str]) -> Assignment:
    """Return an assignment in which each VM is on a node, all of them within the slots of a source with 8."""
    problem = dataclasses.replace(placement_problem(candidates, nodes), source_slots=8)
    assignment = Assignment(problem)
    names = [one.name for one in assignment.destinations]
    for bundle, one in enumerate(assignment.bundles):
        assignment.put(bundle, names.index(where[one.candidates[0].vm.name]))
    return assignment


def on(assignment: Assignment, node: str) -> set[str]:
    names = [one.name for one in assignment.destinations]
    return {assignment.bundles[one].candidates[0].vm.name for one in assignment.on(names.index(node))}


def slotted(name: str, free_mb: int, slots: int) -> Destination:
    return dataclasses.replace(destination(name, free_mb, 1_000_000), slots=slots)


FEW = {f"small{number}": "A" for number in range(4)}


def test_small_ones_leave_a_short_queue_in_exchange_for_a_big_one() -> None:
    """A has one slot; four moves of 4 s there take 16 s. B is full, so only the big VM can make room for them."""
    vms = [candidate("big", 4000), *(candidate(name, 1000) for name in FEW)]
    assignment = placed(vms, [slotted("A", 4500, 1), slotted("B", 4100, 4)], {**FEW, "big": "B"})
    level_out(assignment)
    assert on(assignment, "A") == {"big"}
    assert assignment.end() == 7000


def test_what_may_not_go_there_is_not_exchanged() -> None:
    vms = [candidate("big", 4000, owners=["B"]), *(candidate(name, 1000) for name in FEW)]
    assignment = placed(vms, [slotted("A", 4500, 1), slotted("B", 4100, 4)], {**FEW, "big": "B"})
    level_out(assignment)
    assert on(assignment, "A") == set(FEW)


def test_no_wish_is_given_up_for_an_exchange_unless_the_time_has_a_limit() -> None:
    vms = [candidate("big", 4000), *(candidate(name, 1000, preferred=["A"]) for name in FEW)]
    assignment = placed(vms, [slotted("A", 4500, 1), slotted("B", 8100, 4)], {**FEW, "big": "B"})
    level_out(assignment)
    assert on(assignment, "A") == set(FEW)
    give_up_preferred(assignment, 12_000)
    assert len(on(assignment, "A")) == 3
    assert total_cost(assignment) == 1


def test_memory_is_levelled_only_where_the_evacuation_takes_no_longer() -> None:
    vms = [candidate(f"vm{number}", 1000) for number in range(4)]
    where = {"vm0": "A", "vm1": "B", "vm2": "B", "vm3": "B"}
    assignment = placed(vms, [slotted("A", 1_000_000, 1), slotted("B", 8000, 3)], where)
    level_out(assignment)
    assert len(on(assignment, "A")) == 1
    assert assignment.end() == 4000
