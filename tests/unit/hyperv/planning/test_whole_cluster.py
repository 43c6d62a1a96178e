# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a plan of several nodes reads from the simulated cluster."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.layout import present_layout
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll import plan_roll
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_plan import RollPlan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import RollRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.taking_snapshots import take_snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster

from tests.simulator.scenario import VmSpec
from tests.simulator.scenario_hardware import AdapterSpec, HostHardwareSpec, VmHardwareSpec
from tests.support.scenarios import Scenario, attachment, node, scenario, vm
from tests.support.simulated import Simulated

NODES = [node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3)]
VMS = [
    vm("web01", memory_mb=4096),
    vm("web02", owner="NODE2", memory_mb=8192, possible_owners=("NODE2", "NODE3")),
    vm("web03", owner="NODE3", memory_mb=2048, state="off"),
]


def planned(given: Scenario | Simulated, *nodes: str) -> RollPlan:
    simulated = given if isinstance(given, Simulated) else Simulated(given)
    whole = read_whole_cluster(simulated.cluster)
    return plan_roll(whole, RollRequest(nodes or whole.others(()), layout="any", evacuation=EvacuationRequest("")))


def test_it_reads_of_each_node_what_the_plan_of_that_node_reads() -> None:
    simulated = Simulated(scenario(NODES, VMS))
    layout = present_layout(read_whole_cluster(simulated.cluster))
    for name in ("NODE1", "NODE2", "NODE3"):
        one, other = take_snapshot(simulated.cluster, name, ()), layout.around(name)
        assert {x.name: (x.memory.total_mb, x.slots, x.build) for x in one.destinations} == {
            x.name: (x.memory.total_mb, x.slots, x.build) for x in other.destinations
        }
        assert {x.name: x.memory.free_mb for x in one.destinations} == {
            x.name: x.memory.free_mb for x in other.destinations
        }
        assert [x.id for x in one.vms_on_node] == [x.id for x in other.vms_on_node]
        assert all(other.owners[vm_id] == owners for vm_id, owners in one.owners.items())
        assert (one.rules, one.slots, one.cluster_slots) == (other.rules, other.slots, other.cluster_slots)


def test_a_plan_from_what_was_read_keeps_possible_owners() -> None:
    found = planned(scenario(NODES, VMS))
    assert found.refusal is None
    (move,) = [one for step in found.steps if step.node == "NODE2" for one in step.plan.moves]
    assert (move.candidate.vm.name, move.destination) == ("web02", "NODE3")


def test_an_image_on_any_node_is_found_before_the_first_one() -> None:
    disk = vm("iso01", owner="NODE3", memory_mb=2048, attachments=(attachment("iso"),))
    found = planned(scenario(NODES, [*VMS, disk]))
    assert found.refusal is not None
    assert (found.refusal.subject, found.refusal.code) == ("NODE3", "blocked")


def test_a_paused_node_takes_nothing_and_is_told_of() -> None:
    paused = [NODES[0], node("NODE2", memory_mb=65536, state="paused"), NODES[2]]
    found = planned(scenario(paused, [VMS[0], VMS[2]]), "NODE1", "NODE3")
    assert found.refusal is None
    assert {one.destination for step in found.steps for one in step.plan.moves} == {"NODE1", "NODE3"}
    assert any("NODE2 is not counted as a destination" in one for one in found.notes)


def test_a_node_that_the_rolling_maintenance_has_paused_takes_vms_once_its_turn_is_over() -> None:
    paused = [node("NODE1", memory_mb=65536, state="paused"), node("NODE2", memory_mb=65536)]
    given = scenario(paused, [vm("web01", memory_mb=4096), vm("web02", owner="NODE2", memory_mb=4096)])
    found = planned(given, "NODE1", "NODE2")
    assert found.refusal is None
    assert [[one.destination for one in step.plan.moves] for step in found.steps] == [["NODE2"], ["NODE1", "NODE1"]]


def test_a_vm_that_is_not_clustered_stands_against_a_restart_only() -> None:
    given = scenario(NODES, [*VMS, vm("edge01", owner="NODE3", clustered=False)])
    whole = read_whole_cluster(Simulated(given).cluster)
    request = RollRequest(("NODE3",), evacuation=EvacuationRequest("", restart=True))
    refusal = plan_roll(whole, request).refusal
    assert refusal is not None
    assert "edge01" in refusal.message


def test_hosts_without_a_cluster_are_refused() -> None:
    with pytest.raises(HyperVError, match="not a node of a failover cluster"):
        read_whole_cluster(Simulated("nodes: [{name: HV1, member: false}]\n", home="HV1").cluster)


HAS_BOTH = HostHardwareSpec(switches=("External", "Internal"))


def on_internal(name: str, owner: str, **more: t.Any) -> VmSpec:
    return vm(name, owner=owner, memory_mb=4096, hardware=VmHardwareSpec(adapters=(AdapterSpec("Internal"),)), **more)


def test_a_plan_of_several_nodes_sends_a_vm_to_no_node_that_lacks_its_switch() -> None:
    nodes = [
        node("NODE1", memory_mb=65536, hardware=HAS_BOTH),
        node("NODE2", memory_mb=131072),
        node("NODE3", memory_mb=65536, hardware=HAS_BOTH),
    ]
    simulated = Simulated(scenario(nodes, [on_internal("web01", "NODE1"), *VMS[1:]]))
    found = planned(simulated, "NODE1")
    assert [one.destination for step in found.steps for one in step.plan.moves] == ["NODE3"]


def test_a_vm_that_only_its_own_node_can_run_is_named_with_what_the_others_lack() -> None:
    nodes = [node("NODE1", memory_mb=65536, hardware=HAS_BOTH), *NODES[1:]]
    found = planned(scenario(nodes, [on_internal("web01", "NODE1"), *VMS[1:]]), "NODE1")
    assert found.refusal is not None
    assert "has no virtual switch Internal" in found.refusal.message


def test_what_all_nodes_lack_is_read_once_a_node() -> None:
    many = [vm(f"web{number:02}", owner=f"NODE{number % 3 + 1}", memory_mb=512) for number in range(30)]
    few = [vm(f"web{number:02}", owner=f"NODE{number % 3 + 1}", memory_mb=512) for number in range(6)]
    sent = []
    for vms in (few, many):
        simulated = Simulated(scenario(NODES, vms), home="NODE1")
        assert read_whole_cluster(simulated.cluster).snapshot.lacks == {}
        sent.append(simulated.sent["NODE2"])
    assert sent[0] == sent[1]


def test_a_node_that_does_not_tell_its_switches_lacks_none() -> None:
    simulated = Simulated(scenario(NODES, [on_internal("web01", "NODE1"), *VMS[1:]]))
    simulated.lose = lambda host, request: "down" if b"Msvm_VirtualEthernetSwitch" in request else ""
    assert planned(simulated, "NODE1").refusal is None
