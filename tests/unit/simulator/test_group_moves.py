# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the simulated cluster takes and refuses when a group is to move. Codes: Microsoft docs, MoveClusterGroupEx."""

from __future__ import annotations

import struct
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.by_group import move_type_list
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference

from tests.simulator.property_lists import BadPropertyList, read_property_list
from tests.support.simulated import Simulated

GOOD = move_type_list(4)
WORLD = """
nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3, state: paused}, {name: NODE4, state: down}]
vms:
  - {name: web01, owner: NODE1, memory_mb: 20000, possible_owners: [NODE1, NODE2, NODE3, NODE4]}
  - {name: tied, owner: NODE1, possible_owners: [NODE1]}
"""


def call(method: str, group: str = "web01", simulated: Simulated | None = None, **parameters: t.Any) -> int:
    """Return the code of the fault that a call of a group ends in, 0 for none."""
    client = simulated or Simulated(WORLD, group_move_answer="void")
    reference = Reference.of("root/MSCluster", "MSCluster_ResourceGroup", Name=group)
    try:
        client.cluster.home.invoke(reference, method, parameters)
    except Fault as fault:
        return (fault.code or 0) & 0xFFFFFFFF
    return 0


def test_the_list_of_a_live_move_is_read() -> None:
    assert read_property_list(GOOD) == {"Virtual Machine": 4, "Virtual Machine Configuration": 4}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\0",
        struct.pack("<I", 3) + GOOD[4:],
        GOOD.replace(struct.pack("<I", 0x00040003), struct.pack("<I", 0x00040004)),
        GOOD.replace(struct.pack("<I", 0x00010002), struct.pack("<I", 0x00010001)),
        GOOD.replace("e\0".encode("utf-16-le"), "ex".encode("utf-16-le")),
    ],
)
def test_a_list_of_another_layout_is_refused(data: bytes) -> None:
    with pytest.raises(BadPropertyList):
        read_property_list(data)


@pytest.mark.parametrize(
    ("destination", "flags", "data", "code"),
    [
        ("NODE2", 14, GOOD, 0),
        ("NODE2", 1 | 4, GOOD, 87),
        ("NODE2", 64, GOOD, 87),
        ("NODE2", 14, move_type_list(9), 87),
        ("NODE2", 14, GOOD[:-4], 87),
        ("NODE2", 14, move_type_list(1), 0x80041024),
        ("NODE9", 14, GOOD, 5042),
        ("NODE3", 14, GOOD, 5070),
        ("NODE4", 14, GOOD, 5050),
        ("NODE1", 14, GOOD, 0),
    ],
)
def test_a_live_move_is_taken_or_refused_with_its_code(destination: str, flags: int, data: bytes, code: int) -> None:
    assert call("MoveToNewNodeParams", NodeName=destination, Parameters=[*data], Flags=flags) == code


def test_a_node_that_may_not_own_the_group_is_refused() -> None:
    assert call("MoveToNewNodeParams", "tied", NodeName="NODE2", Parameters=[*GOOD], Flags=14) == 5016


def test_a_moving_group_is_not_moved_again_and_can_be_cancelled_once() -> None:
    simulated = Simulated(WORLD, group_move_answer="void")
    assert call("MoveToNewNodeParams", simulated=simulated, NodeName="NODE2", Parameters=[*GOOD], Flags=14) == 0
    assert call("MoveToNewNodeParams", simulated=simulated, NodeName="NODE2", Parameters=[*GOOD], Flags=14) == 5908
    simulated.pause(5)
    assert call("CancelOperation", simulated=simulated, Flags=0) == 0
    simulated.pause(5)
    assert call("CancelOperation", simulated=simulated, Flags=0) == 5023
    assert simulated.owner("web01") == "NODE1"


def test_a_group_at_rest_has_nothing_to_cancel() -> None:
    assert call("CancelOperation", Flags=0) == 5023
