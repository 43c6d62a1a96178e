# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs go back to an evacuated node, and which are left alone."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import Vm, read_vms
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.lacking import MoveLacks
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.restoration import plan_restoration
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import (
    mark_restored,
    record_outcomes,
    start_ledger,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import (
    LeavingVm,
    Ledger,
    LedgerVm,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import (
    plan as plan_moves,
)

from tests.simulator.scenario import VmState
from tests.simulator.scenario_hardware import AdapterSpec, HostHardwareSpec, VmHardwareSpec
from tests.support.records import leaving, record
from tests.support.scenarios import event, node, one_vm, scenario, vm, with_vms
from tests.support.simulated import Simulated

CLUSTER = scenario(
    vms=[
        vm("web01", owner="NODE2"),
        vm("db01", owner="NODE2"),
        vm("app01", owner="NODE3"),
        vm("off01", owner="NODE2", state="off"),
    ]
)


def ledger_of(simulated: Simulated, **changes: Mapping[str, object]) -> Ledger:
    """Return a ledger that says: all VMs were moved from NODE1 to NODE2."""

    def move_of(vm: Vm) -> LeavingVm:
        return t.cast("LeavingVm", {**leaving(vm.id, vm.name), "state": vm.state, **changes.get(vm.name, {})})

    moves = [move_of(vm) for vm in read_vms(simulated.cluster)]
    records = [record(move["vm_id"]) for move in moves]
    return record_outcomes(start_ledger(None, "NODE1", "hvc1.corp.example", moves, "t1"), records, "t2")


def test_vms_go_back_from_where_they_were_moved_and_others_stay() -> None:
    simulated = Simulated(CLUSTER)
    plan = plan_restoration(simulated.cluster, ledger_of(simulated, db01={"priority": 3000})).as_result()
    assert [(move["order"], move["name"], move["destination_host"]) for move in plan["moves"]] == [
        (1, "db01", "NODE1"),
        (2, "web01", "NODE1"),
        (3, "off01", "NODE1"),
    ]
    (stays,) = plan["stays"]
    assert (stays["name"], stays["message"]) == (
        "app01",
        "It is on NODE3, although the evacuation moved it to NODE2.",
    )


@pytest.mark.parametrize("outcome", ["left", "failed", "planned"])
def test_a_vm_that_the_evacuation_did_not_move_is_not_said_to_have_been_moved(outcome: str) -> None:
    simulated = Simulated(CLUSTER)
    ledger = ledger_of(simulated)
    for entry in ledger["vms"]:
        entry["outcome"] = outcome
    (stays,) = plan_restoration(simulated.cluster, ledger).as_result()["stays"]
    assert stays["message"] == "It is on NODE3, although the evacuation was to move it to NODE2."


def test_the_moves_of_the_plan_are_moves() -> None:
    simulated = Simulated(CLUSTER)
    plan = plan_restoration(simulated.cluster, ledger_of(simulated)).as_result()
    wishes = [MoveRequest(move["destination_host"], move["name"], move["vm_id"]) for move in plan["moves"]]
    assert {move.destination.name for move in plan_moves(simulated.cluster, wishes, "system")} == {"NODE1"}


def test_what_is_home_stays_and_what_nobody_knows_is_told_as_gone() -> None:
    simulated = Simulated(with_vms(CLUSTER, vm("web01")))
    ledger = ledger_of(simulated)
    ledger["vms"].append({**ledger["vms"][0], "vm_id": "FFFFFFFF-0000-0000-0000-000000000000", "name": "gone01"})
    plan = plan_restoration(simulated.cluster, ledger).as_result()
    assert {vm["name"]: vm["message"] for vm in plan["stays"]}["web01"] == "It is on NODE1 already."
    assert [(vm["name"], vm["message"]) for vm in plan["gone"]] == [
        ("gone01", "It is no longer among the VMs of the cluster.")
    ]


STRANGER = "FFFFFFFF-0000-0000-0000-000000000000"


def test_a_ledger_of_another_cluster_is_refused_with_both_names() -> None:
    simulated = Simulated(CLUSTER)
    ledger: Ledger = {**ledger_of(simulated), "cluster": "hvc1.branch.example"}
    with pytest.raises(HyperVError, match=r"belongs to hvc1\.branch\.example .* and this is hvc1\.corp\.example"):
        plan_restoration(simulated.cluster, ledger)


def test_a_ledger_with_the_short_name_alone_is_taken_by_a_vm_that_the_cluster_knows() -> None:
    simulated = Simulated(CLUSTER)
    ledger: Ledger = {**ledger_of(simulated), "cluster": "HVC1"}
    assert plan_restoration(simulated.cluster, ledger).moves
    (first, *rest) = ledger["vms"]
    strange: LedgerVm = {**rest[0], "vm_id": STRANGER}
    ledger["vms"] = [{**first, "restored": True}, strange]
    assert [vm.vm_id for vm in plan_restoration(simulated.cluster, ledger).gone] == [STRANGER]
    ledger["vms"] = ledger["vms"][1:]
    with pytest.raises(
        HyperVError, match=r"is of a cluster called HVC1, and this is hvc1\.corp\.example, which knows none"
    ):
        plan_restoration(simulated.cluster, ledger)


def test_a_vm_that_only_the_cluster_shows_is_not_gone() -> None:
    simulated = Simulated(CLUSTER)
    ledger = ledger_of(simulated)
    web01 = next(vm["vm_id"] for vm in ledger["vms"] if vm["name"] == "web01").encode()

    def hide(request: bytes, answer: bytes) -> bytes:
        return answer.replace(web01, web01[::-1]) if b"Msvm_SummaryInformation" in request else answer

    simulated.alter = hide
    plan = plan_restoration(simulated.cluster, ledger)

    assert [(vm.subject, vm.message) for vm in plan.leaving] == [
        ("web01", "The cluster has its role on NODE2, but Hyper-V does not show the VM.")
    ]
    assert "web01" not in {move["name"] for move in plan.moves} | {vm.subject for vm in plan.stays}


def test_settled_vms_are_not_looked_at_again() -> None:
    simulated = Simulated(CLUSTER)
    ledger = ledger_of(simulated)
    done = mark_restored(ledger, [vm["vm_id"] for vm in ledger["vms"]], "t3")
    plan = plan_restoration(simulated.cluster, done)
    assert (plan.moves, plan.stays, plan.start) == ((), (), ())


def test_a_vm_that_still_migrates_away_is_not_taken_for_one_at_home() -> None:
    simulated = Simulated(one_vm(events=[event(at=1, move="web01", to="NODE2")]))
    ledger = ledger_of(simulated)
    simulated.pause(5)
    plan = plan_restoration(simulated.cluster, ledger)
    assert (plan.moves, plan.stays) == ((), ())
    assert [(vm.subject, vm.message) for vm in plan.leaving] == [("web01", "Its migration away from NODE1 still runs.")]
    simulated.pause(60)
    plan = plan_restoration(simulated.cluster, ledger)
    assert ([move["name"] for move in plan.moves], plan.leaving) == (["web01"], ())


def test_a_local_vm_that_was_only_stopped_is_started_where_it_stayed() -> None:
    simulated = Simulated(scenario(vms=[vm("edge01", clustered=False, state="off"), vm("web01", owner="NODE2")]))
    (edge,) = (vm for vm in simulated.server.state()["vms"] if vm["name"] == "edge01")
    ledger = ledger_of(simulated)
    stays = {"vm_id": edge["id"], "name": "edge01", "destination_host": "NODE1", "outcome": "stays"}
    ledger["vms"].append(t.cast(LedgerVm, {**ledger["vms"][0], **stays, "state": "running", "strategy": "shutdown"}))
    plan = plan_restoration(simulated.cluster, ledger)
    assert [vm["name"] for vm in plan.start] == ["edge01"]
    assert [(vm.subject, vm.message) for vm in plan.stays] == [("edge01", "It stayed on NODE1.")]


def test_vms_that_the_evacuation_stopped_are_started_again() -> None:
    simulated = Simulated(CLUSTER)
    ledger = ledger_of(
        simulated,
        off01={"state": "running", "strategy": "shutdown"},
        web01={"state": "running", "strategy": "shutdown"},
        app01={"state": "running", "strategy": "shutdown"},
    )
    # web01 runs again by now, and app01 was moved by somebody.
    assert [vm["name"] for vm in plan_restoration(simulated.cluster, ledger).start] == ["off01"]


def test_a_vm_that_was_renamed_is_named_as_it_is_called_now() -> None:
    simulated = Simulated(CLUSTER)
    ledger = ledger_of(simulated)
    for entry in ledger["vms"]:
        entry["name"] = f"old {entry['name']}"
    plan = plan_restoration(simulated.cluster, ledger)
    assert [stay.subject for stay in plan.stays] == ["app01"]


WITHOUT = HostHardwareSpec(switches=("External",))
HAS_BOTH = HostHardwareSpec(switches=("External", "Internal"))
ON_INTERNAL = VmHardwareSpec(adapters=(AdapterSpec("Internal"),))


def away(state: VmState = "running", home: HostHardwareSpec = WITHOUT) -> Simulated:
    nodes = [node("NODE1", hardware=home), node("NODE2", hardware=HAS_BOTH), node("NODE3", hardware=HAS_BOTH)]
    vms = [vm("web01", owner="NODE2", state=state, hardware=ON_INTERNAL), vm("db01", owner="NODE2")]
    return Simulated(scenario(nodes, vms), home="NODE3")


def test_a_vm_whose_home_lacks_its_switch_by_now_stays_by_name_and_cause() -> None:
    simulated = away()
    plan = plan_restoration(simulated.cluster, ledger_of(simulated), lacks=MoveLacks(simulated.cluster))
    (stays,) = plan.stays
    assert (stays.subject, stays.code, stays.severity) == ("web01", "home_lacks", "warning")
    assert stays.message.startswith("NODE1 has no virtual switch Internal")
    assert stays.remedy.endswith("Then run the restoration again.")
    assert [move["name"] for move in plan.moves] == ["db01"]
    assert plan.as_result()["without_room"] == ["web01"]


@pytest.mark.parametrize(
    "simulated",
    [away("off"), away("saved"), away(home=HAS_BOTH)],
    ids=["off", "saved", "nothing lacks"],
)
def test_what_lacks_nothing_or_has_nothing_to_transfer_goes_home(simulated: Simulated) -> None:
    plan = plan_restoration(simulated.cluster, ledger_of(simulated), lacks=MoveLacks(simulated.cluster))
    assert (len(plan.moves), plan.stays) == (2, ())


@pytest.mark.parametrize("silent", ["NODE1", "NODE2"])
def test_a_node_that_does_not_tell_what_it_has_or_its_vms_need_keeps_nothing_away(silent: str) -> None:
    simulated = away()
    about = (b"Msvm_VirtualEthernetSwitch", b"Msvm_EthernetPortAllocationSettingData")
    simulated.lose = lambda host, request: "down" if host == silent and any(one in request for one in about) else ""
    plan = plan_restoration(simulated.cluster, ledger_of(simulated), lacks=MoveLacks(simulated.cluster))
    assert len(plan.moves) == 2


def test_a_plan_of_which_no_move_is_made_asks_nobody_what_it_lacks() -> None:
    simulated = away()
    plan = plan_restoration(simulated.cluster, ledger_of(simulated))
    assert len(plan.moves) == 2
    assert simulated.sent["NODE2"] == 0


def test_what_is_lacking_is_asked_once_for_all_vms_of_a_node() -> None:
    vms = [vm(f"web{number:02}", owner="NODE2", memory_mb=512) for number in range(20)]
    simulated = Simulated(scenario(vms=vms), home="NODE3")
    plan = plan_restoration(simulated.cluster, ledger_of(simulated), lacks=MoveLacks(simulated.cluster))
    assert len(plan.moves) == 20
    # Connections, with the Pull that 20 take, the names of their switches, GPU partitions, and the processor.
    assert simulated.sent["NODE2"] == 5
