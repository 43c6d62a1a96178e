# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan to empty a node, read from the simulated cluster: rules, blockers, strategies, and an earlier plan."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.groups import GroupTraits, VmGroup
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import Memory
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import Node
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.states import VmState
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import Vm
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import (
    plan_evacuation,
    plan_from_snapshot,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import Destination
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.snapshot import Snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.strategies import Strategy

from tests.simulator.scenario import NodeSpec, VmSpec
from tests.simulator.scenario_hardware import AdapterSpec, HostHardwareSpec, VmHardwareSpec
from tests.simulator.scenario_roles import AffinityRuleType
from tests.support.scenarios import (
    ClusterSpec,
    NetworkSpec,
    Scenario,
    affinity_rule,
    attachment,
    event,
    node,
    scenario,
    vm,
    with_nodes,
    with_windows,
)
from tests.support.simulated import Simulated

web01 = functools.partial(vm, "web01")


def plan(simulated: Simulated, node: str = "NODE1", **wish: t.Any) -> dict[str, t.Any] | None:
    earlier = wish.pop("earlier", None)
    strategies = tuple(Strategy(*one) for one in wish.pop("strategies", ()))
    # A plan that is taken back has been a task's result, and JSON in an artifact.
    read = read_earlier_plan(json.loads(json.dumps(earlier))) if earlier else None
    return plan_evacuation(
        simulated.cluster, EvacuationRequest(node, strategies=strategies, earlier=read, **wish)
    ).as_result()


def of(given: Scenario, **options: t.Any) -> dict[str, t.Any]:
    return plan(Simulated(given), **options)


def places(result: dict[str, t.Any]) -> dict[str, str]:
    return {one["name"]: one["destination_host"] for one in result["moves"]}


def stays(result: dict[str, t.Any]) -> dict[str, t.Any]:
    return {one["name"]: one for one in result["stays"]}


def severities(result: dict[str, t.Any]) -> dict[tuple[str, str], str]:
    return {(one["subject"], one["code"]): one["severity"] for one in result["findings"]}


def test_a_node_without_vms_is_empty_already() -> None:
    result = of(scenario(vms=[]))
    assert (result["feasible"], result["moves"], result["stays"]) == (True, [], [])


def test_groups_are_joined_by_vm_id_and_not_by_name_on_both_sides() -> None:
    result = of(
        scenario(
            vms=[
                vm("dc1", group="Role A", anti_affinity=("dc",), priority=3000),
                vm("dc2", owner="NODE2", group="Role B", anti_affinity=("dc",)),
                vm("Role A", group="dc1", priority=1000),
            ],
            cluster=ClusterSpec(enforced_anti_affinity=1),
        )
    )
    assert places(result)["dc1"] == "NODE3"
    assert {one["name"]: one["priority"] for one in result["moves"]} == {"dc1": 3000, "Role A": 1000}


def test_anti_affinity_is_enforced_where_the_cluster_says_so() -> None:
    given = scenario(vms=[vm("dc", count=3, anti_affinity=("dc",))])
    assert of(given)["feasible"]
    hard = of(dataclasses.replace(given, cluster=ClusterSpec(enforced_anti_affinity=1)))
    assert hard["infeasibility"]["code"] == "too_few_nodes"
    assert len(hard["moves"]) == 2


def test_affinity_rules_are_kept_and_a_disabled_one_is_not() -> None:
    def nodes_used(kind: AffinityRuleType, *, enabled: bool = True) -> int:
        rule = affinity_rule("pair", kind, ("app", "db"), enabled)
        result = of(with_windows(scenario(vms=[vm("app"), vm("db")], affinity_rules=[rule]), 2022))
        return len(set(places(result).values()))

    assert nodes_used("same_node") == 1
    assert nodes_used("different_node") == 2
    assert nodes_used("same_node", enabled=False) == 2


def test_fault_domains_go_by_the_site_and_a_node_without_one_is_noted() -> None:
    def with_fourth(fourth: NodeSpec) -> Simulated:
        domains = {"NODE1": ("Site:A",), "NODE2": ("Site:A", "Rack:2"), "NODE3": ("Site:B", "Rack:3")}
        nodes = [node(name, fault_domain=domain) for name, domain in domains.items()]
        rule = affinity_rule("sites", "different_fault_domain", ("one", "two"))
        vms = [vm("one"), vm("two", owner="NODE3")]
        return Simulated(with_windows(scenario([*nodes, fourth], vms, affinity_rules=[rule]), 2022))

    assert places(plan(with_fourth(node("NODE4", fault_domain=("Site:B",))))) == {"one": "NODE2"}
    unknown = plan(with_fourth(node("NODE4")))
    assert any("sites" in note and "node4" in note for note in unknown["notes"])


def test_classes_that_an_older_cluster_lacks_are_done_without() -> None:
    given = scenario(vms=[vm("web01", possible_owners=("NODE1", "NODE3")), vm("web02", preferred_owners=("NODE3",))])
    missing = (
        "MSCluster_AffinityRule",
        "MSCluster_ResourceToPossibleOwner",
        "MSCluster_ResourceGroupToPreferredNode",
        "Msvm_GpuPartitionSettingData",
    )
    whole = plan(Simulated(given))
    assert places(whole) == {"web01": "NODE3", "web02": "NODE3"}
    assert plan(Simulated(given, missing_classes=list(missing))) == whole


def test_possible_owners_of_many_vms_cost_no_request_each() -> None:
    # Answers of 2012 R2 have room for less, so that there more VMs take more of them.
    few = Simulated(with_windows(scenario(vms=[vm("web", count=10)]), 2022))
    many = Simulated(with_windows(scenario(vms=[vm("web", count=30)]), 2022))
    plan(few)
    plan(many)
    assert many.sent == few.sent


def test_vms_are_asked_one_by_one_where_the_list_of_the_whole_cluster_is_long() -> None:
    few = [vm("web01", possible_owners=("NODE1", "NODE3")), vm("web02")]
    # Answers of 2012 R2 have room for less, so that there the other lists of 200 VMs take more of them.
    alone = Simulated(with_windows(scenario(vms=few), 2022))
    crowd = vm("other", count=200, owner="NODE2", memory_mb=16)
    among_many = Simulated(with_windows(scenario(vms=[*few, crowd]), 2022))
    assert places(plan(alone))["web01"] == places(plan(among_many))["web01"] == "NODE3"
    # The list was given up after its first page.
    assert among_many.sent["NODE1"] <= alone.sent["NODE1"] + 4


def test_nodes_that_cannot_take_vms_are_named_with_the_reason() -> None:
    result = plan(
        Simulated(
            scenario(
                [
                    node("NODE1"),
                    node("NODE2"),
                    node("NODE3", state="paused"),
                    node("NODE4", listener_addresses=()),
                    node("NODE5", migration_enabled=False),
                ],
                [vm("web01")],
            )
        )
    )
    assert [one["node"] for one in result["headroom"]] == ["NODE2"]
    assert all(any(note.startswith(node) for note in result["notes"]) for node in ("NODE3", "NODE4", "NODE5"))


def test_mixed_builds_are_noted_and_kept_apart() -> None:
    result = plan(
        Simulated(
            scenario(
                [
                    node("NODE1", build=20348),
                    node("NODE2", build=17763),
                    node("NODE3", build=26100, memory_mb=16384),
                ],
                [vm("web01"), vm("kept01", state="saved")],
            )
        )
    )
    assert places(result) == {"web01": "NODE3"}
    assert "another build" in stays(result)["kept01"]["message"]
    assert any("different builds" in note for note in result["notes"])


@pytest.mark.parametrize("strategy", ["", "migrate", "shutdown"])
def test_an_older_node_is_the_last_choice_and_proves_nothing(strategy: str) -> None:
    nodes = [node("NODE1", build=26100), node("NODE2", build=20348), node("NODE3", build=26100, memory_mb=10240)]
    vms = [vm("web01", memory_mb=4096), vm("web02", memory_mb=4096)]
    wishes = [("*", strategy)] if strategy else []
    result = plan(Simulated(scenario(nodes, vms)), strategies=wishes)
    assert (result["feasible"], sorted(places(result).values())) == (
        True,
        ["NODE3", "NODE3"] if strategy == "shutdown" else ["NODE2", "NODE3"],
    )
    assert any("configuration version" in note for note in result["notes"]) == (strategy != "shutdown")


def test_a_node_may_be_emptied_where_all_others_run_an_older_windows() -> None:
    nodes = [node("NODE1", build=26100), node("NODE2", build=20348), node("NODE3", build=20348, memory_mb=2048)]
    result = plan(Simulated(scenario(nodes, [vm("web01", memory_mb=4096)]), home="NODE2"))
    assert (result["feasible"], places(result)) == (True, {"web01": "NODE2"})
    (note,) = [one for one in result["notes"] if "configuration version" in one]
    assert note.startswith("web01 would go to a node with an older Windows (NODE2).")


@pytest.mark.parametrize(
    ("given", "blocker"),
    [
        (web01(attachments=(attachment("iso"),)), "iso"),
        (web01(attachments=(attachment("floppy"),)), "floppy"),
        (web01(attachments=(attachment("iso", "D:"),)), "host_drive"),
        (web01(attachments=(attachment("host_drive", "D:"),)), "host_drive"),
        (web01(attachments=(attachment("pass_through_disk", "disk"),)), "pass_through_disk"),
        (web01(attachments=(attachment("pci_device", "device"),)), "pci_device"),
        (web01(attachments=(attachment("gpu_partition", "gpu"),)), "gpu_partition"),
        (web01(activity="critical_io"), "storage"),
        (web01(replication="replica"), "replica"),
        (web01(group_condition="locked"), "locked"),
        (web01(group_condition="failed"), "group_failed"),
    ],
)
def test_what_would_fail_keeps_a_vm_out_unless_the_user_insists(given: VmSpec, blocker: str) -> None:
    # Windows Server 2025 migrates a VM with a partition of a GPU.
    both = with_windows(scenario(vms=[given, vm("web02")]), 2022)
    result = of(both)
    assert severities(result) == {("web01", blocker): "error"}
    assert stays(result)["web01"]["blocking"]
    assert stays(result)["web01"]["remedy"]
    assert (result["feasible"], result["infeasibility"]["code"], result["infeasibility"]["vms"]) == (
        False,
        "blocked",
        ["web01"],
    )
    assert set(places(result)) == {"web02"}
    insisting = of(both, strategies=[("web01", "migrate")])
    assert insisting["feasible"]
    assert severities(insisting) == {("web01", blocker): "warning"}


@pytest.mark.parametrize(
    ("given", "blocker"),
    [
        (web01(activity="backing_up"), "busy"),
        (web01(activity="merging"), "busy"),
        (web01(activity="creating_snapshot"), "busy"),
        (web01(group_condition="queued"), "queued"),
        (web01(group_condition="pending"), "group_pending"),
    ],
)
def test_what_ends_by_itself_is_told_and_stops_nothing(given: VmSpec, blocker: str) -> None:
    result = of(scenario(vms=[given]))
    assert severities(result) == {("web01", blocker): "warning"}
    assert result["feasible"]
    assert set(places(result)) == {"web01"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (web01(attachments=(attachment("iso", "C:\\ClusterStorage\\Volume1\\setup.iso"),)), {}),
        (web01(attachments=(attachment("iso", "\\\\files\\iso\\setup.iso"),)), {("web01", "iso"): "info"}),
        (web01(state="off", attachments=(attachment("iso"),)), {("web01", "iso"): "info"}),
        (web01(state="saved"), {("web01", "saved_state"): "info"}),
        (web01(replication="primary"), {}),
    ],
)
def test_what_does_no_harm_stops_nothing(given: VmSpec, expected: dict[tuple[str, str], str]) -> None:
    result = of(scenario(vms=[given]))
    assert severities(result) == expected
    assert result["feasible"]


def test_gpu_partitions_may_move_where_windows_can_migrate_them() -> None:
    gpus = HostHardwareSpec(gpus=("GPU",))
    nodes = [node("NODE1", build=26100), node("NODE2", build=26100), node("NODE3", build=26100, hardware=gpus)]
    result = of(scenario(nodes, [web01(attachments=(attachment("gpu_partition"),))]))
    assert severities(result) == {("web01", "gpu_partition"): "info"}
    assert (result["feasible"], places(result)) == (True, {"web01": "NODE3"})


def test_a_vm_is_sent_to_no_node_that_lacks_its_switch_unless_the_user_insists() -> None:
    both = HostHardwareSpec(switches=("External", "Internal"))
    nodes = [node("NODE1", hardware=both), node("NODE2", memory_mb=500000), node("NODE3", hardware=both)]
    internal = web01(hardware=VmHardwareSpec(adapters=(AdapterSpec("Internal"),)))
    given = scenario(nodes, [internal])

    assert places(of(given)) == {"web01": "NODE3"}
    assert places(of(given, strategies=[("web01", "migrate")])) == {"web01": "NODE2"}


def test_a_vm_whose_switch_no_node_has_has_no_place_and_the_plan_says_why() -> None:
    nodes = [node("NODE1", hardware=HostHardwareSpec(switches=("Internal",))), node("NODE2"), node("NODE3")]
    given = scenario(nodes, [web01(hardware=VmHardwareSpec(adapters=(AdapterSpec("Internal"),)))])
    result = of(given)

    assert not result["feasible"]
    assert "NODE2 has no virtual switch Internal" in str(result)


def test_the_same_vm_may_leave_where_it_is_shut_down() -> None:
    nodes = [node("NODE1", hardware=HostHardwareSpec(switches=("Internal",))), node("NODE2"), node("NODE3")]
    given = scenario(nodes, [web01(hardware=VmHardwareSpec(adapters=(AdapterSpec("Internal"),)))])

    assert of(given, strategies=[("web01", "shutdown")])["feasible"]


def test_devices_are_read_with_one_query_a_class_for_the_whole_node() -> None:
    simulated = Simulated(scenario(vms=[vm("web", count=20, attachments=(attachment("iso"),))]), home="NODE2")
    result = plan(simulated)
    assert len(result["findings"]) == 20
    # Four classes of devices, of which one takes a Pull, as the VMs do that the node knows; its service and settings;
    # and four queries of what VMs need and have, of which one takes a Pull.
    assert simulated.sent["NODE1"] == 4 + 1 + 2 + 2 + 4 + 1


def test_a_node_whose_devices_cannot_be_read_is_noted() -> None:
    simulated = Simulated(scenario(vms=[vm("web01")]), home="NODE2")
    simulated.lose = lambda node, request: "down" if node == "NODE1" else ""
    result = plan(simulated)
    assert set(places(result)) == {"web01"}
    assert any("attached of NODE1 could not be read" in note for note in result["notes"])


def test_a_vm_that_is_not_clustered_is_found_on_its_node() -> None:
    given = scenario(vms=[vm("local", clustered=False), vm("spare", clustered=False, state="off")])
    result = of(given)
    assert (stays(result)["local"]["blocking"], stays(result)["spare"]["blocking"]) == (True, False)
    assert result["infeasibility"]["vms"] == ["local"]
    assert of(given, strategies=[("local", "shutdown")])["feasible"]


def test_the_first_strategy_that_matches_counts_and_the_others_are_told() -> None:
    result = of(
        scenario(vms=[vm("Web01"), vm("web02"), vm("db01")]),
        strategies=[("WEB01", "stay"), ("web*", "shutdown"), ("web02", "save"), ("nothing?", "stay")],
    )
    assert {one["name"]: one["strategy"] for one in result["moves"]} == {"web02": "shutdown", "db01": "migrate"}
    assert stays(result)["Web01"]["strategy"] == "stay"
    assert stays(result)["Web01"]["blocking"] is False
    assert result["feasible"]
    unused = [note for note in result["notes"] if "is not used" in note]
    assert len(unused) == 2
    assert "earlier entry" in unused[0]
    assert "no VM of the node matches" in unused[1]


def test_a_strategy_may_name_a_vm_by_its_id() -> None:
    given = scenario(vms=[vm("web01", id="6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31")])
    result = of(given, strategies=[("{6e1f7c2a-3b54-4b0b-9d0e-0c5e7b1a2f31}", "stay")])
    assert set(stays(result)) == {"web01"}


def test_a_vm_whose_strategy_is_to_fail_makes_the_plan_fail() -> None:
    result = of(scenario(vms=[vm("web01")]), strategies=[("web01", "fail")])
    assert (result["feasible"], result["infeasibility"]["code"]) == (False, "strategy")


def test_a_vm_that_is_shut_down_first_makes_a_tight_node_feasible() -> None:
    nodes = [node("NODE1"), node("NODE2", memory_mb=16384, used_by_host_mb=4096)]
    given = scenario(nodes, [vm("big", memory_mb=16000)])
    tight = plan(Simulated(given), reserve_percent=0)
    assert (tight["infeasibility"]["code"], tight["infeasibility"]["missing_mb"]) == ("total_memory", 16000 - 12288)
    assert plan(Simulated(given), reserve_percent=0, strategies=[("big", "shutdown")])["feasible"]


def test_memory_on_its_way_to_a_destination_is_counted_once() -> None:
    given = scenario(
        [node("NODE1"), node("NODE2", memory_mb=24000, used_by_host_mb=4000), node("NODE3")],
        [vm("web01", memory_mb=12000), vm("other", owner="NODE3", memory_mb=10000)],
        [event(at=0, move="other", to="NODE2")],
        network=NetworkSpec(megabytes_per_second=100),
    )
    simulated = Simulated(given)
    simulated.pause(30)
    result = plan(simulated, destinations=("NODE2",), reserve_percent=0)
    assert result["headroom"][0]["free_before_mb"] == 10000
    assert result["infeasibility"]["missing_mb"] == 2000


def test_a_vm_that_is_on_its_way_already_keeps_its_destination() -> None:
    given = scenario(
        vms=[vm("web01")], events=[event(at=0, move="web01", to="NODE3")], network=NetworkSpec(megabytes_per_second=10)
    )
    simulated = Simulated(given)
    simulated.pause(60)
    result = plan(simulated)
    assert places(result) == {"web01": "NODE3"}
    assert "runs already" in result["moves"][0]["reason"]
    elsewhere = plan(simulated, destinations=("NODE2",))
    assert "not among the destinations" in stays(elsewhere)["web01"]["message"]


def test_a_vm_that_comes_to_the_node_is_noted() -> None:
    given = scenario(
        vms=[vm("web01", owner="NODE2")],
        events=[event(at=0, move="web01", to="NODE1")],
        network=NetworkSpec(megabytes_per_second=10),
    )
    simulated = Simulated(given)
    simulated.pause(60)
    assert any("web01 is on its way" in note for note in plan(simulated)["notes"])


def test_a_plan_that_still_holds_is_kept_as_it_is() -> None:
    simulated = Simulated(scenario(vms=[vm("web", count=6)]))
    first = plan(simulated)
    again = plan(simulated, earlier=first)
    assert places(again) == places(first)
    assert again["revalidation"] == []
    assert again["feasible"]


def test_moves_of_an_earlier_plan_are_kept_even_where_others_would_be_chosen_now() -> None:
    simulated = Simulated(scenario(vms=[vm("web01"), vm("web02")]))
    first = plan(simulated)
    for move in first["moves"]:
        move["destination_host"] = "NODE3"
    assert set(places(plan(simulated, earlier=first)).values()) == {"NODE3"}


def test_each_difference_to_an_earlier_plan_is_told() -> None:
    before = Simulated(
        scenario(
            vms=[
                vm("gone"),
                vm("moved"),
                vm("arrived"),
                vm("bigger"),
                vm("stopped"),
                vm("locked"),
                vm("back", group_condition="locked"),
            ]
        )
    )
    first = plan(before)
    where = places(first)
    other = {"NODE2": "NODE3", "NODE3": "NODE2"}
    after = Simulated(
        scenario(
            vms=[
                vm("moved", owner=other[where["moved"]]),
                vm("arrived", owner=where["arrived"]),
                vm("bigger", memory_mb=8192),
                vm("stopped", state="off"),
                vm("locked", group_condition="locked"),
                vm("back"),
                vm("new"),
            ]
        )
    )
    result = plan(after, earlier=first)
    found = {one["subject"]: (one["code"], one["kept"]) for one in result["revalidation"]}
    assert found == {
        "gone": ("gone", False),
        "moved": ("moved", False),
        "arrived": ("moved", False),
        "bigger": ("bigger", True),
        "stopped": ("state", True),
        "locked": ("stays", False),
        "back": ("leaves", False),
        "new": ("new", False),
    }
    texts = {one["subject"]: one["message"] for one in result["revalidation"]}
    assert "where the plan sends it" in texts["arrived"]
    assert "4096 MB more" in texts["bigger"]
    assert set(places(result)) == {"bigger", "stopped", "back", "new"}
    (planned,) = (move for move in first["moves"] if move["name"] == "arrived")
    assert result["made"] == [{key: value for key, value in planned.items() if key not in ("order", "reason")}]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (node("NODE2", windows=2022, state="paused"), "paused"),
        (node("NODE2", windows=2022, memory_mb=6000), "lacks the memory"),
        (node("NODE2", build=17763), "older build"),
    ],
)
def test_a_destination_that_can_no_longer_take_a_vm_is_replaced(changed: NodeSpec, why: str) -> None:
    given = with_windows(scenario(vms=[vm("web01")]), 2022)
    first = of(given)
    assert places(first) == {"web01": "NODE2"}
    result = of(with_nodes(given, changed), earlier=first)
    assert places(result) == {"web01": "NODE3"}
    (difference,) = result["revalidation"]
    assert (difference["code"], difference["kept"]) == ("destination", False)
    assert why in difference["message"]


def test_a_plan_tells_whose_it_is_and_is_refused_elsewhere() -> None:
    given = scenario(vms=[vm("web01")])
    first = of(given)
    assert (first["cluster"], first["cluster_name"]) == ("hvc1.corp.example", "HVC1")
    elsewhere = Simulated(dataclasses.replace(given, cluster=ClusterSpec("HVC1", fqdn="hvc1.branch.example")))
    with pytest.raises(HyperVError, match=r"one for hvc1\.corp\.example, and this is hvc1\.branch\.example"):
        plan(elsewhere, earlier=first)


def test_an_earlier_plan_keeps_its_strategies_unless_they_are_given_anew() -> None:
    simulated = Simulated(scenario(vms=[vm("web01"), vm("web02")]))
    first = plan(simulated, strategies=[("web01", "shutdown"), ("web02", "stay")])
    kept = plan(simulated, earlier=first)
    assert kept["moves"][0]["strategy"] == "shutdown"
    assert set(stays(kept)) == {"web02"}
    changed = plan(simulated, earlier=first, strategies=[("web*", "migrate")])
    assert {(one["subject"], one["code"]) for one in changed["revalidation"]} >= {
        ("web01", "strategy"),
        ("web02", "leaves"),
    }


def test_kept_moves_that_leave_no_room_for_a_new_vm_are_told_to_be_the_reason() -> None:
    nodes = [node("NODE1"), node("NODE2", memory_mb=14096), node("NODE3", memory_mb=10096)]
    small = vm("small", memory_mb=5000)
    first = of(scenario(nodes, [small]), reserve_percent=0)
    assert places(first) == {"small": "NODE2"}
    both = Simulated(scenario(nodes, [small, vm("big", memory_mb=8000)]))
    result = plan(both, reserve_percent=0, earlier=first)
    assert places(result) == {"small": "NODE2"}
    assert any("Planned anew" in note for note in result["notes"])
    assert plan(both, reserve_percent=0)["feasible"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"node": "NODE1", "stays": []}, "lacks 'moves'"),
        ({"node": "NODE1", "moves": "all", "stays": []}, "is not a plan"),
        (
            {"node": "NODE1", "moves": [{"vm_id": "web01", "name": "a", "destination_host": "B"}], "stays": []},
            "not a VM id",
        ),
    ],
)
def test_what_is_no_plan_is_refused(written: dict[str, t.Any], said: str) -> None:
    with pytest.raises(HyperVError, match=said):
        read_earlier_plan(written)


def test_numbers_of_an_earlier_plan_may_have_become_texts() -> None:
    first = of(scenario(vms=[vm("web01")]))
    for move in first["moves"]:
        move["memory_mb"] = str(move["memory_mb"])
    assert of(scenario(vms=[vm("web01")]), earlier=first)["revalidation"] == []


GUIDS = {name: f"6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F3{number}" for number, name in enumerate(("web01", "web02"), 1)}


def read(groups: dict[str, str], state: VmState = "running") -> Snapshot:
    """Return a snapshot of NODE1 with VMs in groups, as no simulated cluster has them."""
    return Snapshot(
        Node("NODE1", "up", "not_initiated", "", 20348),
        tuple(Vm(GUIDS[name], name, "NODE1", state, (2,), 4096) for name in GUIDS),
        roles={GUIDS[name]: VmGroup(f"Virtual Machine {name}", group, "NODE1") for name, group in groups.items()},
        traits={group.upper(): GroupTraits(2000, (), group) for group in groups.values()},
        destinations=(Destination("NODE2", Memory(90_000, 90_000)),),
    )


def test_vms_that_share_a_group_cannot_be_migrated_by_themselves() -> None:
    shared = {"web01": "both", "web02": "both"}
    result = plan_from_snapshot(read(shared), EvacuationRequest("NODE1")).as_result()
    assert severities(result) == {("web01", "shared_group"): "error", ("web02", "shared_group"): "error"}
    assert "web02" in stays(result)["web01"]["message"]
    off = plan_from_snapshot(read(shared, state="off"), EvacuationRequest("NODE1")).as_result()
    assert set(severities(off).values()) == {"info"}


def test_a_vm_for_which_the_cluster_lists_no_role_is_no_part_of_the_plan() -> None:
    result = plan_from_snapshot(read({"web01": "web01"}), EvacuationRequest("NODE1")).as_result()
    assert severities(result) == {("web02", "no_role"): "error"}
    assert set(places(result)) == {"web01"}


MIXTURE = scenario(
    vms=[
        vm("app"),
        vm("db", memory_mb=8192, preferred_owners=("NODE3",)),
        vm("iso", attachments=(attachment("iso"),)),
        vm("replica", state="off", replication="replica"),
        vm("pinned", possible_owners=("NODE1", "NODE2")),
        vm("other", owner="NODE2", anti_affinity=("dc",)),
        vm("dc", anti_affinity=("dc",)),
    ],
    affinity_rules=[affinity_rule("pair", "same_node", ("app", "db"))],
)


@pytest.mark.parametrize(
    "switches",
    [
        {"wql": "refused"},
        {"host_name_form": "fqdn"},
        {"provider_on": ["NODE3"]},
        {"language": "ja-JP"},
        {"node_rows": False, "cluster_row": False},
    ],
    ids=str,
)
def test_however_the_cluster_tells_it_the_plan_is_the_same(switches: dict[str, t.Any]) -> None:
    assert plan(Simulated(MIXTURE, **switches)) == plan(Simulated(MIXTURE))


def test_a_node_of_64_vms_is_planned_over_three_destinations_with_pairs_apart() -> None:
    result = plan(
        Simulated(
            scenario(
                [node("NODE1", memory_mb=524288), node("NODE2"), node("NODE3"), node("NODE4")],
                [
                    vm("web", count=48, memory_mb=4096),
                    vm("db", count=12, memory_mb=8192, priority=3000),
                    vm("dc", count=2, anti_affinity=("dc",)),
                    vm("fs", count=2, anti_affinity=("fs",)),
                ],
            )
        )
    )
    where = places(result)
    assert (result["feasible"], len(where)) == (True, 64)
    assert where["dc01"] != where["dc02"]
    assert where["fs01"] != where["fs02"]
    assert all(one["free_after_mb"] >= one["reserve_mb"] for one in result["headroom"])
    assert {one["name"] for one in result["moves"][:12]} == {f"db{number:02}" for number in range(1, 13)}


def test_capacity_that_does_not_suffice_is_told_with_what_is_missing() -> None:
    result = of(scenario(vms=[vm("web", count=60, memory_mb=4096)]), reserve_percent=10)
    room = sum(one["free_before_mb"] - one["reserve_mb"] for one in result["headroom"])
    assert (result["feasible"], result["infeasibility"]["code"]) == (False, "total_memory")
    assert result["infeasibility"]["missing_mb"] == 60 * 4096 - room
    assert result["infeasibility"]["nodes"] == ["NODE2", "NODE3"]


def test_a_destination_is_excluded_for_single_vms() -> None:
    simulated = Simulated(scenario(vms=[vm("web01"), vm("web02")]))
    ids = {vm["name"]: vm["id"] for vm in simulated.server.state()["vms"]}
    first = places(plan(simulated))
    other = {"NODE2": "NODE3", "NODE3": "NODE2"}
    crossed = {ids[name]: frozenset({node.lower()}) for name, node in first.items()}
    assert places(plan(simulated, excluded=crossed)) == {name: other[node] for name, node in first.items()}
    nowhere = plan(simulated, excluded={ids["web01"]: frozenset({"node2", "node3"})})
    assert (nowhere["feasible"], set(places(nowhere))) == (False, {"web02"})
    assert "excluded" in stays(nowhere)["web01"]["message"]


def test_a_local_vm_that_is_stopped_says_so() -> None:
    simulated = Simulated(scenario(vms=[vm("edge01", clustered=False)]))
    (stay,) = plan(simulated, strategies=[("edge01", "shutdown")])["stays"]
    assert (stay["blocking"], stay["clustered"]) == (False, False)
    assert stay["message"] == "It is not a VM of the cluster, so it cannot be moved. It is shut down where it is."


def test_a_move_runs_at_the_rate_of_the_slower_of_both_links() -> None:
    given = scenario(vms=[vm("app01", memory_mb=8000)])
    assert of(given)["expected"]["seconds"] == 11
    slow = of(given, link_rates={"node1": 100, "node2": 1200, "node3": 1200})
    assert slow["expected"]["seconds"] == 83
    assert "at the given link rates" in slow["expected"]["message"]
    fast = of(given, link_rates={"node3": 4000, "nod2": 1})
    assert places(fast) == {"app01": "NODE3"}
    assert fast["expected"]["seconds"] == 5
    (note,) = [one for one in fast["notes"] if "link rates" in one]
    assert note.startswith("The link rates of NOD2 are not used: the nodes of the plan are NODE1, NODE2, NODE3.")
