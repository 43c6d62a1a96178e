# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starting, saving and stopping VMs against the simulated cluster, on a manual clock."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import read_local_vms, read_vms
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.power_changes import Change, DesiredState
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.power_progress import StateProgress
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.power.state_changer import StateChanger

from tests.simulator.scenario import Activity, NodeState, VmState
from tests.simulator.scenario_power import GuestShutdown, PowerSpec
from tests.support.requests import calls, lose_first
from tests.support.scenarios import node, power, scenario, vm
from tests.support.simulated import Simulated

NORMAL = power()


def web01(
    state: VmState = "running",
    acts: PowerSpec = NORMAL,
    *,
    node_state: NodeState = "up",
    memory_mb: int = 4096,
    activity: Activity | None = None,
    **switches: t.Any,
) -> Simulated:
    """Return two nodes, the smaller of which has VM web01 in this state; ``acts``: how it starts and stops."""
    nodes = [node("NODE1", state=node_state, memory_mb=16384), node("NODE2")]
    machine = vm("web01", state=state, memory_mb=memory_mb, activity=activity, power=acts)
    return Simulated(scenario(nodes, [machine]), "NODE2", **switches)


def bring(
    simulated: Simulated, wish: DesiredState, *, force: bool = False, timeout: int = 600, check: bool = False
) -> Change:
    changer = StateChanger(simulated.cluster, wish, force=force, timeout=timeout, poll_interval=2.0)
    changes = changer.plan(read_vms(simulated.cluster))
    if check:
        changer.dry_run(changes)
    else:
        changer.run(changes, lambda unused: None)
    return changes[0]


def the_vm(simulated: Simulated) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", simulated.server.state()["vms"][0])


def error_of(change: Change) -> tuple[str, str]:
    assert change.error is not None
    return change.error.code, change.error.message


def is_request(request: bytes) -> bool:
    return calls("RequestStateChange", request) or calls("InitiateShutdown", request)


@pytest.mark.parametrize(
    ("state", "wish", "ends", "command"),
    [
        ("off", "running", "running", "running"),
        ("saved", "running", "running", "running"),
        ("paused", "running", "running", "running"),
        ("running", "saved", "saved", "saved"),
        ("paused", "saved", "saved", "saved"),
        ("running", "shut_down", "off", "shut_down"),
    ],
)
@pytest.mark.parametrize("shown", ["old", "transitional"])
def test_a_vm_is_brought_into_a_state_by_one_command(
    state: VmState, wish: DesiredState, ends: str, command: str, shown: str
) -> None:
    simulated = web01(state, changing_state=shown)

    change = bring(simulated, wish)

    assert (change.outcome, change.before, change.vm.state) == ("changed", state, ends)
    assert (the_vm(simulated)["state"], the_vm(simulated)["commands"]) == (ends, [command])


@pytest.mark.parametrize(
    ("state", "wish"), [("running", "running"), ("off", "off"), ("off", "shut_down"), ("saved", "saved")]
)
def test_a_vm_that_is_there_is_left_alone(state: VmState, wish: DesiredState) -> None:
    simulated = web01(state)

    assert bring(simulated, wish).outcome == "unchanged"
    assert the_vm(simulated)["commands"] == []


@pytest.mark.parametrize(("state", "loses"), [("running", "has not written to disk"), ("saved", "its saved state")])
def test_a_vm_is_turned_off_by_force_only(state: VmState, loses: str) -> None:
    simulated = web01(state)

    refused = bring(simulated, "off")

    assert error_of(refused)[0] == "needs_force"
    assert loses in error_of(refused)[1]
    assert the_vm(simulated)["commands"] == []
    assert bring(simulated, "off", force=True).outcome == "changed"
    assert (the_vm(simulated)["state"], the_vm(simulated)["commands"]) == ("off", ["off"])


@pytest.mark.parametrize(("state", "wish"), [("saved", "shut_down"), ("paused", "shut_down"), ("off", "saved")])
def test_what_makes_no_sense_is_refused_before_anything_is_asked(state: VmState, wish: DesiredState) -> None:
    simulated = web01(state)

    assert error_of(bring(simulated, wish, force=True))[0] == "not_running"
    assert the_vm(simulated)["commands"] == []


@pytest.mark.parametrize(
    ("guest", "name", "said"),
    [
        ("absent", "no_shutdown_service", "offers no shutdown service"),
        ("not_ready", "refused", "InitiateShutdown of VM web01 returned 32780: its guest is not ready"),
        ("locked", "refused", "its guest is locked, with somebody logged on"),
        ("ignores", "timeout", "did not become off within 600 s; it is running"),
    ],
)
def test_a_guest_that_does_not_shut_down_is_not_turned_off(guest: GuestShutdown, name: str, said: str) -> None:
    simulated = web01(acts=power(guest=guest))

    change = bring(simulated, "shut_down")

    assert error_of(change)[0] == name
    assert said in error_of(change)[1]
    assert the_vm(simulated)["state"] == "running"
    assert "off" not in the_vm(simulated)["commands"]


@pytest.mark.parametrize(
    ("guest", "turned_off"), [("absent", True), ("not_ready", True), ("ignores", True), ("locked", False)]
)
def test_force_turns_off_what_does_not_shut_down(guest: GuestShutdown, turned_off: bool) -> None:
    simulated = web01(acts=power(guest=guest))

    change = bring(simulated, "shut_down", force=True)

    assert (change.outcome, change.turned_off, the_vm(simulated)["state"]) == ("changed", turned_off, "off")


@pytest.mark.parametrize("in_cluster", ["not_supported", "missing"])
def test_the_owner_is_asked_where_the_cluster_namespace_does_not_change_states(in_cluster: str) -> None:
    simulated = web01(state_changes_in_cluster=in_cluster)

    assert bring(simulated, "saved").outcome == "changed"
    assert the_vm(simulated)["commands"] == ["saved"]
    assert simulated.sent["NODE1"] >= 1


def test_a_change_without_a_job_is_seen_in_the_state() -> None:
    assert bring(web01("off", state_change_form="synchronous"), "running").outcome == "changed"


@pytest.mark.parametrize("wish", ["saved", "shut_down"])
def test_no_second_command_is_sent_when_the_answer_was_lost(wish: DesiredState) -> None:
    simulated = web01(acts=power(save_seconds=40, stop_seconds=40))
    simulated.lose = lose_first("after", is_request)

    assert bring(simulated, wish).outcome == "changed"
    assert the_vm(simulated)["commands"] == [wish]


def test_a_command_that_never_arrived_is_repeated_once_after_looking() -> None:
    simulated = web01()
    simulated.lose = lose_first("before", is_request)
    before = simulated.now()

    assert bring(simulated, "saved").outcome == "changed"
    assert the_vm(simulated)["commands"] == ["saved"]
    assert simulated.now() - before > 65


def test_a_node_that_may_take_long_for_a_command_is_looked_at_for_as_long() -> None:
    simulated = web01()
    simulated.cluster.home.operation_timeout = 200
    simulated.lose = lose_first("before", is_request)
    before = simulated.now()
    assert bring(simulated, "saved").outcome == "changed"
    assert simulated.now() - before > 200


def test_a_long_change_that_was_begun_by_a_lost_command_is_waited_for() -> None:
    simulated = web01(acts=power(save_seconds=200))
    simulated.lose = lose_first("after", is_request)

    change = bring(simulated, "saved")

    assert (change.outcome, the_vm(simulated)["state"]) == ("changed", "saved")
    assert the_vm(simulated)["commands"] == ["saved", "saved"]  # the second one was refused as busy


def test_an_outcome_that_cannot_be_known_is_told() -> None:
    simulated = web01()
    simulated.lose = lambda node, request: "before" if is_request(request) else ""

    assert error_of(bring(simulated, "saved"))[0] == "outcome_unknown"


def test_why_a_job_failed_is_told() -> None:
    simulated = web01("off", memory_mb=40000)

    name, message = error_of(bring(simulated, "running"))

    assert name == "state_change_failed"
    assert message.startswith("VM web01 did not become running: ")
    assert "0x8007000E" in message
    assert "both nodes" not in message


@pytest.mark.parametrize("check", [False, True])
def test_a_vm_is_not_started_on_a_paused_node(check: bool) -> None:
    simulated = web01("off", node_state="paused")

    name, message = error_of(bring(simulated, "running", check=check))

    assert (name, the_vm(simulated)["commands"]) == ("node_not_up", [])
    assert "NODE1, which is paused" in message


def test_a_vm_that_is_busy_is_waited_for_until_the_timeout() -> None:
    simulated = web01(activity="backing_up")

    name, message = error_of(bring(simulated, "shut_down", timeout=60))

    assert (name, the_vm(simulated)["commands"]) == ("timeout", [])
    assert "could not be asked, for it is being backed up" in message


def test_check_mode_asks_for_nothing() -> None:
    simulated = web01()

    assert bring(simulated, "saved", check=True).outcome == "would_change"
    assert error_of(bring(web01(acts=power(guest="absent")), "shut_down", check=True))[0] == "no_shutdown_service"
    assert (the_vm(simulated)["commands"], the_vm(simulated)["state"]) == ([], "running")


def test_many_vms_are_changed_together() -> None:
    simulated = Simulated(
        "nodes: [{name: NODE1}, {name: NODE2}]\n"
        "vms: [{name: web, count: 30, owner: [NODE1, NODE2], memory_mb: 1024, power: {stop_seconds: 50}}]"
    )
    before = simulated.now()
    changer = StateChanger(simulated.cluster, "shut_down", force=False, timeout=600, poll_interval=2.0)
    changes = changer.plan(read_vms(simulated.cluster))

    changer.run(changes, lambda unused: None)

    assert {change.outcome for change in changes} == {"changed"}
    assert simulated.now() - before < 60
    # 30 calls, and polls of a query for each of the two nodes, which takes a Pull while several VMs are on their way.
    assert sum(simulated.sent.values()) < 90


@pytest.mark.parametrize(("deleted", "outcome"), [(False, "changed"), (True, "failed")])
def test_a_vm_that_is_not_shown_is_gone_only_where_the_cluster_has_no_role_of_it(deleted: bool, outcome: str) -> None:
    simulated = Simulated(scenario(vms=[vm("web01", power=power(stop_seconds=60))]))
    changer = StateChanger(simulated.cluster, "shut_down", force=False, timeout=300.0, poll_interval=2.0)
    (change,) = changer.plan(read_vms(simulated.cluster, names=["web01"]))
    vm_id = change.vm.id.encode()
    hidden = simulated.now() + 10

    def alter(request: bytes, answer: bytes) -> bytes:
        shows_vms = b"Msvm_SummaryInformation" in request or (deleted and b"MSCluster_Resource" in request)
        return answer.replace(vm_id, vm_id[::-1]) if shows_vms and hidden <= simulated.now() <= hidden + 5 else answer

    simulated.alter = alter
    changer.run([change], lambda unused: None)
    assert (change.outcome, change.error.code if change.error is not None else "") == (
        outcome,
        "vm_gone" if deleted else "",
    )


def test_a_vm_that_only_its_host_knows_is_changed_there() -> None:
    simulated = Simulated(
        "nodes: [{name: NODE1}, {name: NODE2}]\nvms: [{name: old01, owner: NODE1, clustered: false}]", "NODE2"
    )
    changer = StateChanger(simulated.cluster, "shut_down", force=False, timeout=600, poll_interval=2.0)
    changes = changer.plan([], read_local_vms(simulated.cluster, "NODE1"))

    changer.run(changes, lambda unused: None)

    assert [change.outcome for change in changes] == ["changed"]
    assert (the_vm(simulated)["state"], the_vm(simulated)["commands"]) == ("off", ["shut_down"])


def test_each_vm_that_is_there_is_told_and_so_is_whom_the_task_waits_for() -> None:
    simulated = Simulated(
        """
nodes: [{name: NODE1}]
vms:
  - {name: quick, owner: NODE1}
  - {name: slow, owner: NODE1, power: {stop_seconds: 100}}
  - {name: idle, owner: NODE1, state: "off"}
"""
    )
    lines: list[str] = []
    changer = StateChanger(simulated.cluster, "shut_down", force=False, timeout=600.0, poll_interval=2.0)
    changer.run(changer.plan(read_vms(simulated.cluster)), StateProgress(lines.append, simulated.cluster.clock).report)
    assert lines == [
        "[2/3 done] quick: running -> off",
        *["[2/3 done] waiting for slow"] * 3,
        "[3/3 done] slow: running -> off",
    ]


def test_a_task_says_what_it_waits_for_before_it_says_that_it_still_waits() -> None:
    simulated, lines = Simulated(scenario(vms=[vm("web01", power=power(stop_seconds=25))])), list[str]()
    changer = StateChanger(simulated.cluster, "shut_down", force=False, timeout=600.0, poll_interval=2.0)
    changer.run(changer.plan(read_vms(simulated.cluster)), StateProgress(lines.append, simulated.cluster.clock).report)
    assert lines[0] == "[0/1 done] waiting for web01"
