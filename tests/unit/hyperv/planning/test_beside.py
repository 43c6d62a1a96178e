# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the evacuation of a node leaves to those that are emptied at the same time."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.running_migrations import (
    RunningMigration,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.beside import (
    Beside,
    ExpectedMove,
    read_beside,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.layout import present_layout
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.snapshot import Snapshot

from tests.support.rolls import DrawnCluster, Guest

GUESTS = (Guest("a", "N1", 10), Guest("b", "N2", 20))
CLUSTER = DrawnCluster(dict.fromkeys(("N1", "N2", "N3", "N4"), 100), GUESTS)
MOVES = (ExpectedMove("ID-a", "N1", "N3", 10), ExpectedMove("ID-b", "N2", "N3", 20))
BOTH = Beside(("N1", "N2"), MOVES)


def around(node: str) -> Snapshot:
    return present_layout(CLUSTER.read()).around(node)


def free(snapshot: Snapshot) -> dict[str, int]:
    return {one.name: one.memory.free_mb for one in snapshot.destinations}


def test_a_node_by_itself_has_the_whole_cluster() -> None:
    assert Beside().around(around("N1"), 10) == around("N1")
    assert not Beside(("N1",)).counts


def test_no_vm_and_no_role_goes_to_a_node_beside_it() -> None:
    given = dataclasses.replace(around("N1"), role_destinations=("N2", "N3", "N4"))
    left = BOTH.around(given, 10)
    assert [one.name for one in left.destinations] == ["N3", "N4"]
    assert left.role_destinations == ("N3", "N4")
    assert left.unusable["n2"] == "N2 is emptied at the same time"


@pytest.mark.parametrize(("node", "theirs"), [("N1", 20), ("N2", 10)])
def test_each_has_its_own_moves_and_an_equal_share_of_what_nobody_needs(node: str, theirs: int) -> None:
    left = free(BOTH.around(around(node), 10))
    # Of 100 MB on N3, 10 are kept in reserve and 30 are planned: 60 are spare, and 45 of 90 on N4.
    assert left == {"N3": 100 - theirs - 30, "N4": 100 - 45}


def test_what_both_may_take_together_is_there() -> None:
    for node in ("N3", "N4"):
        planned = sum(one.memory_mb for one in MOVES if one.destination == node)
        own = {one: sum(m.memory_mb for m in MOVES if (m.source, m.destination) == (one, node)) for one in ("N1", "N2")}
        beyond = [free(BOTH.around(around(label), 10))[node] - 10 - needed for label, needed in own.items()]
        assert planned + sum(beyond) <= 90


def test_moves_of_the_others_count_as_made() -> None:
    left = BOTH.around(around("N1"), 10)
    assert {vm.id: vm.node for vm in left.vms} == {"ID-a": "N1", "ID-b": "N3"}
    assert left.roles["ID-b"].owner == "N3"
    assert [vm.id for vm in left.vms_on_node] == ["ID-a"]


def test_what_is_there_or_on_its_way_is_not_counted_twice() -> None:
    moved = dataclasses.replace(CLUSTER, guests=(GUESTS[0], dataclasses.replace(GUESTS[1], node="N3")))
    there = present_layout(moved.read()).around("N1")
    assert free(BOTH.around(there, 10))["N3"] == 80 - 30
    coming = dataclasses.replace(
        around("N1"), running_migrations={"ID-b": RunningMigration("N3", memory_is_there=False)}
    )
    assert BOTH.around(coming, 10).vms == coming.vms


def test_it_is_handed_on_as_data() -> None:
    given = Beside(("N1", "N2"), (ExpectedMove("00000000-0000-4000-8000-0000000000AA", "N1", "N3", 10),))
    found = read_beside(given.as_result())
    assert (found.nodes, found.moves) == (given.nodes, given.moves)
    assert read_beside(None) == read_beside({}) == Beside()


APART = DrawnCluster(
    dict.fromkeys(("N1", "N2", "N3", "N4", "N5", "N6"), 100),
    (*GUESTS, Guest("c", "N2", 5), Guest("other", "N2", 5)),
    (frozenset({"ID-a", "ID-b", "ID-c"}),),
)
PLANNED = Beside(
    ("N1", "N2"),
    (ExpectedMove("ID-a", "N1", "N3", 10), ExpectedMove("ID-b", "N2", "N4", 20), ExpectedMove("ID-c", "N2", "N5", 5)),
)


def choices(node: str, vm_id: str) -> set[str]:
    """Return the nodes that a VM may be planned to go to again."""
    snapshot = PLANNED.around(present_layout(APART.read()).around(node), 10)
    left = dict(snapshot.left_to_others.get(vm_id, ()))
    return {one.name for one in snapshot.destinations if one.name.lower() not in left}


def test_vms_that_keep_apart_have_no_choice_in_common_but_what_is_planned_for_one_of_them() -> None:
    assert choices("N1", "ID-a") == {"N3", "N5"}
    assert choices("N2", "ID-b") == choices("N2", "ID-c") - {"N5"} == {"N4", "N6"}
    assert choices("N2", "ID-other") == {"N3", "N4", "N5", "N6"}


def test_a_member_that_has_left_is_where_it_is_and_the_others_have_every_choice() -> None:
    guests = (GUESTS[0], *(dataclasses.replace(one, node="N4") for one in APART.guests[1:]))
    layout = present_layout(dataclasses.replace(APART, guests=guests).read())
    assert PLANNED.around(layout.around("N1"), 10).left_to_others == {}


@pytest.mark.parametrize("given", [{"nodes": ["N1"]}, {"nodes": 5, "moves": []}])
def test_anything_else_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(HyperVError, match=r"rolling\.beside is not what hyperv_rolling_node_info returned"):
        read_beside(given)
