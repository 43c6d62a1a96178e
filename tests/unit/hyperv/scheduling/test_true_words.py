# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Situations in which it is tempting to say something that is not so: unclear answers, owners that lag, other roles."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    MigrationRequest,
    MigrationTask,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest, reread
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.timeouts import Timeout
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import MethodChoice
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.move_results import (
    has_changed,
    locations_diff,
    move_record,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.restarted import Restarts
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.job_listing import read_listing
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnreadableAnswer
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

from tests.simulator.fault_rules import FaultRule
from tests.simulator.scenario import MigrationSpec, ReachedSpec, VmState
from tests.support.requests import calls, invokes_migration, lose_first, without
from tests.support.scenarios import event, migration, node, one_vm, scenario, vm
from tests.support.simulated import Simulated

SOAP = 'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
ENUMERATION = 'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"'


def fault(code: int) -> bytes:
    detail = (
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{code}" Machine="NODE1">'
        "<f:Message>text</f:Message></f:WSManFault>"
        if code
        else ""
    )
    return (
        f'<s:Envelope {SOAP} xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Body><s:Fault><s:Code>'
        "<s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code><s:Reason>"
        f'<s:Text xml:lang="en">text</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault></s:Body></s:Envelope>'
    ).encode()


FIRST, SECOND = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


@pytest.mark.parametrize(("state", "off_vm"), [("running", "allow"), ("off", "refuse"), ("off", "allow")])
def test_a_namesake_is_never_taken_for_the_vm(state: VmState, off_vm: str) -> None:
    namesakes = [vm("web01", state=state, id=FIRST), vm("web01", owner="NODE3", state=state, id=SECOND, group="other")]
    simulated = Simulated(scenario(vms=namesakes), private_properties="absent", off_vm=off_vm)
    (move,) = plan(simulated.cluster, [MoveRequest("NODE2", None, SECOND)], "system")
    run = MigrationTask(MigrationRequest(move, Timeout.of(0, 2000)))
    simulated.scheduler().execute([run])
    owners = {vm["id"][:1]: vm["owner"] for vm in simulated.server.state()["vms"]}
    assert owners["1"] == "NODE1"
    assert (run.outcome == "moved") == (owners["2"] == "NODE2")
    assert run.outcome == ("failed" if off_vm == "refuse" else "moved")


@pytest.mark.parametrize("code", [0, 0x800705B4, 0x80041069, 0x800706BE, 0x80041001, 995])
def test_a_fault_that_says_nothing_of_the_parameters_may_hide_a_migration(code: int) -> None:
    simulated = Simulated()
    sent = []

    def alter(request: bytes, answer: bytes) -> bytes:
        if not invokes_migration(request):
            return answer
        sent.append(request)
        return fault(code)

    simulated.alter = alter
    (run,) = simulated.move(("web01", "NODE2"), retries=3)
    assert run.outcome == "moved", run.error
    assert (len(sent), simulated.migrations("web01")) == (1, 1)


@pytest.mark.parametrize("delay", [10, 40, 60, 120])
def test_a_call_that_timed_out_and_is_carried_out_late_is_never_sent_again(delay: int) -> None:
    simulated = Simulated()
    sent: list[tuple[bytes, float]] = []

    def lose(node: str, request: bytes) -> str:
        if invokes_migration(request) and not sent:
            sent.append((request, simulated.now()))
            return "before"
        if len(sent) == 1 and simulated.now() >= sent[0][1] + delay:
            sent.append((b"", simulated.now()))
            simulated.server.endpoint("NODE1").handle(sent[0][0])
        return ""

    simulated.lose = lose
    (run,) = simulated.move(("web01", "NODE2"))
    simulated.pause(300)
    # After 65 s without a trace the call is repeated: by then no node would begin it any more.
    assert simulated.migrations("web01") == 1 or delay > 65
    assert run.outcome == "moved"
    assert simulated.owner("web01") == "NODE2"


@pytest.mark.parametrize("retries", [0, 1])
def test_a_job_that_says_it_failed_while_the_owner_lags_is_doubted(retries: int) -> None:
    simulated = Simulated(owner_lag_seconds=10)
    failed = b"<p:ErrorDescription>x (0x80072746)</p:ErrorDescription>"
    simulated.alter = lambda request, answer: re.sub(
        rb"<p:ErrorDescription>[^<]*</p:ErrorDescription>", failed, answer
    ).replace(b"JobState>7<", b"JobState>10<")
    (run,) = simulated.move(("web01", "NODE2"), retries=retries)
    assert (run.outcome, has_changed(run), run.attempts) == ("moved", True, 1)


def test_a_vm_that_arrived_in_another_state_is_told_where_it_is() -> None:
    simulated = Simulated()
    simulated.alter = lambda request, answer: (
        answer.replace(b"EnabledState>2<", b"EnabledState>9<") if simulated.owner("web01") == "NODE2" else answer
    )
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error.code, has_changed(run)) == ("failed", "state_changed", True)
    assert locations_diff([move_record(run, str)]) == {"before": "web01: NODE1\n", "after": "web01: NODE2\n"}


def test_a_cancelled_vm_that_arrived_in_another_state_is_not_said_to_have_stayed() -> None:
    simulated = Simulated(one_vm(migration(seconds=30, cancel="race")))
    simulated.alter = lambda request, answer: (
        answer.replace(b"EnabledState>2<", b"EnabledState>3<") if simulated.owner("web01") == "NODE2" else answer
    )
    (run,) = simulated.move(("web01", "NODE2"), timeout=5, on_timeout="cancel")
    assert run.error.code == "state_changed"
    assert "stays on" not in run.error.message


def test_a_migration_that_goes_on_is_a_change() -> None:
    simulated = Simulated(one_vm(migration(stuck_at=40)))
    (run,) = simulated.move(("web01", "NODE2"), timeout=100)
    assert (run.outcome, run.goes_on, has_changed(run)) == ("failed", True, True)


def test_only_a_migration_of_its_own_makes_a_start_a_change() -> None:
    simulated = Simulated()
    (first,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(first)
    (second,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(second)
    assert [(run.outcome, has_changed(run), run.attempt.attached) for run in (first, second)] == [
        ("started", True, False),
        ("started", False, True),
    ]
    assert first.job.id == second.job.id


def test_an_owner_that_hyperv_does_not_tell_is_left_to_the_cluster() -> None:
    simulated = Simulated()
    simulated.alter = without("HostComputerSystemName")
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved", run.error
    assert simulated.move(("web01", "NODE2"))[0].outcome == "already_there"


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_vm_that_only_the_cluster_has_not_seen_arrive_is_there_already(dry_run: bool) -> None:
    simulated = Simulated(owner_lag_seconds=60, owner_lag_in="cluster")
    (run,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(run)
    while simulated.owner("web01") != "NODE2":
        simulated.pause(1)
    (again,) = simulated.runs(("web01", "NODE2"))
    scheduler = simulated.scheduler()
    (scheduler.dry_run if dry_run else scheduler.execute)([again])
    assert (again.outcome, has_changed(again), again.attempts) == ("already_there", False, 0)


def test_one_vm_that_nobody_answers_about_does_not_hold_up_the_others() -> None:
    simulated = Simulated(scenario(vms=[vm("vm", count=4, memory_mb=2000)]))
    sick = b"Virtual Machine vm01"
    simulated.lose = lambda node, request: "before" if calls("GetPossibleOwners", request) and sick in request else ""
    runs = simulated.runs(("vm01", "NODE2"), ("vm02", "NODE2"))
    runs += simulated.runs(("vm03", "NODE2"), ("vm04", "NODE2"))
    simulated.scheduler().execute(runs)
    assert [run.outcome for run in runs] == ["failed", "moved", "moved", "moved"]
    assert runs[0].error.code == "not_started"
    assert "about it" in runs[0].error.message
    assert max(run.ended for run in runs[1:]) < 200


def test_a_rehearsal_goes_on_past_a_vm_that_cannot_be_asked_about() -> None:
    simulated = Simulated()
    ids = {vm["name"]: vm["id"].encode() for vm in simulated.server.state()["vms"]}
    check = "CheckVirtualSystemIsMigratableToSystem"
    simulated.lose = lambda node, request: "down" if calls(check, request) and ids["web01"] in request.upper() else ""
    runs = simulated.runs(("web01", "NODE2"), ("web02", "NODE2"))
    simulated.scheduler().dry_run(runs)
    assert [(run.outcome, run.error.code if run.error else None) for run in runs] == [
        ("failed", "not_asked"),
        ("would_move", None),
    ]


def test_a_check_without_a_verdict_is_no_consent() -> None:
    simulated = Simulated()
    simulated.alter = without("IsMigratable")
    runs = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().dry_run(runs)
    assert (runs[0].outcome, runs[0].attempt.checked) == ("would_move", False)
    assert runs[0].warnings


def test_a_migration_that_begins_during_the_check_is_taken_up() -> None:
    simulated = Simulated()
    (run,) = simulated.runs(("web01", "NODE2"))
    (other,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(other)
    simulated.scheduler().execute([run])
    assert (run.outcome, run.attempt.attached, run.attempts) == ("moved", True, 0)
    assert simulated.migrations("web01") == 1


def test_a_garbled_answer_of_the_cluster_does_not_move_a_group_twice() -> None:
    simulated = Simulated(scenario(vms=[vm("web01", state="off")]), off_vm="refuse")
    sent = []

    def garble(request: bytes) -> bool:
        if calls("MoveToNewNode", request):
            sent.append(request)
            return True
        return False

    simulated.garble = garble
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.method, len(sent)) == ("moved", "cluster_group", 1)


@pytest.mark.parametrize(
    ("moves", "outcome"), [(migration(), "completed"), (migration(fails_at=50, hresult=0x80070005), "failed")]
)
def test_a_migration_that_leaves_the_vm_in_place_is_decided_by_its_job(moves: MigrationSpec, outcome: str) -> None:
    simulated = Simulated(one_vm(moves))
    (asked,) = simulated.runs(("web01", "NODE2"))
    run = MigrationTask(MigrationRequest(asked.move, asked.timeout, storage_only=True))
    simulated.scheduler().execute([run])
    assert (run.outcome, has_changed(run)) == (outcome, outcome == "completed")
    assert locations_diff([move_record(run, str)])["after"] == f"web01: {run.owner}\n"


def test_an_enumeration_that_never_ends_is_ended() -> None:
    requests = []

    def send(request: bytes) -> bytes:
        requests.append(request)
        kind = "Enumerate" if b"<n:Enumerate>" in request else "Pull"
        context = "<n:EnumerationContext>x</n:EnumerationContext>"
        body = f"<n:{kind}Response>{context}</n:{kind}Response>"
        return f"<s:Envelope {SOAP} {ENUMERATION}><s:Body>{body}</s:Body></s:Envelope>".encode()

    with pytest.raises(UnreadableAnswer, match="no end"):
        Session(send, Simulated(), "NODE1").query("root/cimv2", Query("Win32_OperatingSystem"))
    assert len(requests) < 200


def test_a_node_that_never_answers_is_given_up_in_time() -> None:
    simulated = Simulated()

    def lose(node: str, request: bytes) -> str:
        simulated.pause(70)  # the connection's read timeout
        return "before"

    simulated.lose = lose
    began = simulated.now()
    with pytest.raises(Exception, match="reset"):
        simulated.runs(("web01", "NODE2"))
    assert simulated.now() - began < 300


def test_possible_owners_of_many_vms_take_as_many_requests_as_of_three() -> None:
    def requests_for(count: int) -> int:
        simulated = Simulated(scenario(vms=[vm("vm", count=count, memory_mb=100)]))
        names = [vm["name"] for vm in simulated.server.state()["vms"]]
        runs = simulated.runs(*((name, "NODE2") for name in names))
        before = sum(simulated.sent.values())
        simulated.scheduler().dry_run(runs)
        return sum(simulated.sent.values()) - before

    # One check for each VM, and what is needed once.
    assert requests_for(24) - requests_for(4) == 20


def blind_after_call(simulated: Simulated, *, lose_first: bool = False) -> dict[str, int]:
    """Have the seven readings of VMs lost that follow a call; ``lose_first``: the first call does not arrive at all."""
    seen = {"calls": 0, "blind": 0}

    def lose(node: str, request: bytes) -> str:
        if invokes_migration(request):
            seen["calls"] += 1
            seen["blind"] = 0 if lose_first and seen["calls"] == 1 else 7
            return "before" if lose_first and seen["calls"] == 1 else ""
        if seen["blind"] and b"SummaryInformation" in request:
            seen["blind"] -= 1
            return "before"
        return ""

    simulated.lose = lose
    return seen


@pytest.mark.parametrize(("lose_first", "calls"), [(False, 1), (True, 2)])
def test_a_refusal_stands_although_nothing_can_be_read_after_it(lose_first: bool, calls: int) -> None:
    simulated = Simulated(one_vm(migration(return_value=2)))
    seen = blind_after_call(simulated, lose_first=lose_first)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error.code, run.error.error_code) == ("failed", "refused", 2)
    assert (seen["calls"], run.attempts) == (calls, calls)


def test_a_migration_that_somebody_else_started_is_not_cancelled() -> None:
    simulated = Simulated(one_vm(migration(stuck_at=40), [event(at=0, move="web01", to="NODE2")]))
    simulated.pause(5)
    (run,) = simulated.move(("web01", "NODE2"), timeout=50, on_timeout="cancel")
    assert (run.attempt.attached, run.outcome, run.error.code, run.goes_on) == (True, "failed", "timeout", True)
    assert "goes on: it was not cancelled, for this task did not start it" in run.error.message
    (job,) = simulated.server.state()["jobs"]
    assert job["state"] == "running"


def test_a_node_that_is_paused_meanwhile_takes_no_more_vms() -> None:
    vms = [vm(f"web{number:02}", memory_mb=25000, migration=migration(seconds=60)) for number in range(4)]
    simulated = Simulated(scenario(vms=vms, events=[event(at=20, pause="NODE2")]), paused_destination="allow")
    runs = simulated.move(*((f"web{n:02}", "NODE2") for n in range(4)))
    assert [run.outcome for run in runs] == ["moved", "moved", "failed", "failed"]
    assert {run.error.code for run in runs[2:]} == {"destination_paused"}


def test_a_vm_that_was_started_meanwhile_is_not_left_to_the_cluster() -> None:
    refused = FaultRule("fault", code=5908, operation="Invoke MoveToNewNode")
    simulated = Simulated(scenario(vms=[vm("web01", state="off")], faults=[refused]), off_vm="refuse")
    (machine,) = simulated.server.world.machines.values()
    moved_by_group = []

    def start(request: bytes, answer: bytes) -> bytes:
        if calls("MoveToNewNode", request):
            moved_by_group.append(machine.state)
            machine.state = "running"
        return answer

    simulated.alter = start
    (run,) = simulated.move(("web01", "NODE2"), retries=1)
    assert (run.outcome, run.method, moved_by_group) == ("moved", "system", ["off"])


def test_a_repeated_call_goes_from_where_the_vm_is_by_then() -> None:
    simulated = Simulated(one_vm(migration(seconds=5), [event(at=30, move="web01", to="NODE3", instant=True)]))
    simulated.lose = lose_first("before", invokes_migration)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.attempts, run.move.source) == ("moved", 2, "NODE3")
    assert any("has left NODE1 for NODE3" in warning for warning in run.warnings)


def test_one_node_whose_answer_is_garbled_does_not_hide_the_jobs_of_the_others() -> None:
    simulated = Simulated(one_vm(migration(stuck_at=40), [event(at=0, move="web01", to="NODE2")]))
    simulated.pause(5)
    simulated.garble = lambda request: b"virtualization/v2" in request and b"MigrationJob" in request
    jobs, notes = read_listing(simulated.cluster)
    assert len(jobs) == 1
    assert len(notes) == 3


@pytest.mark.parametrize("method", ["system", "cluster_group"])
def test_a_vm_that_the_cluster_restarted_elsewhere_was_not_moved(method: MethodChoice) -> None:
    crash = event(when=ReachedSpec("web01", 50), down="NODE1")
    nodes = [node("NODE1"), node("NODE2")]
    simulated = Simulated(scenario(nodes, [vm("web01", memory_mb=20000)], events=[crash]), home="NODE2")
    (run,) = simulated.move(("web01", "NODE2"), retries=3, method=method)
    assert (run.outcome, run.retried, simulated.owner("web01")) == ("failed", 0, "NODE2")
    assert run.error is not None
    assert (run.error.code, has_changed(run)) == ("restarted", True)
    ended = {"system": "its migration ended as exception", "cluster_group": "no end of it was seen"}[method]
    assert f"NODE1 is down and {ended}" in run.error.message
    assert "its guest has lost what was in its memory. Look at the guest" in run.error.text


def test_a_move_that_was_refused_long_before_its_node_went_down_ends_with_the_restart() -> None:
    crash = event(when=ReachedSpec("web02", 50), down="NODE1")
    vms = [
        vm("web01", possible_owners=("NODE1", "NODE2"), migration=migration(refuse_check="No.")),
        vm("web02", owner="NODE3", migration=migration(seconds=60)),
    ]
    simulated = Simulated(scenario(vms=vms, events=[crash]), home="NODE2")
    refused, moved = simulated.move(("web01", "NODE2"), ("web02", "NODE2"))
    assert (simulated.owner("web01"), moved.outcome, refused.outcome) == ("NODE2", "moved", "failed")
    assert refused.error is not None
    assert refused.error.code == "restarted"


def test_a_paused_vm_whose_node_crashed_was_not_moved() -> None:
    crash = event(when=ReachedSpec("web01", 50), down="NODE1")
    given = scenario([node("NODE1"), node("NODE2")], [vm("web01", state="paused")], events=[crash])
    simulated = Simulated(given, home="NODE2")
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, simulated.owner("web01")) == ("failed", "NODE2")
    assert run.error is not None
    assert run.error.code == "restarted"


@pytest.mark.parametrize("answers", [True, False])
def test_a_node_that_crashed_and_is_up_again_did_not_migrate_its_vm(answers: bool) -> None:
    given = scenario([node("NODE1"), node("NODE2")], [vm("web01", migration=migration(seconds=60))])
    simulated = Simulated(given, home="NODE2")
    world = simulated.server.world

    def crash_and_return(unused: str, request: bytes) -> str:
        if simulated.now() >= 20 and world.nodes["NODE1"].booted_at is None:
            world.events.carry_out(event(down="NODE1"))
            simulated.pause(30)
            world.events.carry_out(event(up="NODE1"))
            world.nodes["NODE1"].booted_at = simulated.now()
        return "before" if not answers and b"Win32_OperatingSystem" in request else ""

    simulated.lose = crash_and_return
    (run,) = simulated.move(("web01", "NODE2"))
    assert simulated.owner("web01") == "NODE2"
    if answers:
        assert run.error is not None
        assert run.error.code == "restarted"
        assert "NODE1 has started anew since the move began" in run.error.message
    else:  # then nothing tells it from a migration whose job was lost, and that is said
        assert run.outcome == "moved"
        assert any("the cluster restarted it there" in one for one in run.warnings), run.warnings


def test_a_vm_that_somebody_turned_off_before_its_turn_came_is_said_to_be_off() -> None:
    given = scenario([node("NODE1", simultaneous_migrations=1), node("NODE2")], [vm("big"), vm("web01")])
    simulated = Simulated(given)
    runs = simulated.runs(("big", "NODE2"), ("web01", "NODE2"))
    simulated.server.world.events.carry_out(event(power_off="web01"))
    simulated.scheduler().execute(runs)
    assert [run.outcome for run in runs] == ["moved", "moved"]
    assert runs[1].warnings == ["It was running when the task began, and is off."]


@pytest.mark.parametrize("method", ["system", "cluster_group"])
def test_a_vm_that_its_failed_migration_left_off_is_said_to_be_off(method: MethodChoice) -> None:
    dies = event(when=ReachedSpec("web01", 50), power_off="web01")
    given = scenario([node("NODE1"), node("NODE2")], [vm("web01", migration=migration(seconds=60))], [dies])
    simulated = Simulated(given, home="NODE2")
    (run,) = simulated.move(("web01", "NODE2"), method=method)
    assert (run.outcome, simulated.owner("web01")) == ("failed", "NODE1")
    assert "It was running when the task began, and is off." in run.warnings
    assert move_record(run, str)["vm"]["state"] == "running"  # as documented: before the move


def test_a_vm_that_was_restarted_and_is_off_by_now_was_not_moved() -> None:
    given = scenario([node("NODE1"), node("NODE2")], [vm("web01", migration=migration(seconds=60))])
    simulated = Simulated(given, home="NODE2")
    run = simulated.runs(("web01", "NODE2"))[0]
    run.begin(simulated.now())
    for what in (event(at=0, down="NODE1"), event(at=0, power_off="web01")):
        simulated.server.world.events.carry_out(what)
    run.go_on_from(*reread(simulated.cluster, [run.move])[run.move.vm.id])
    restart = Restarts(simulated.cluster).find(run)
    assert run.move.vm.state == "off"
    assert restart is not None
    assert restart.code == "restarted"


def test_a_vm_that_has_no_memory_to_lose_is_moved_by_the_crash_of_its_node() -> None:
    crash = event(at=0.0, down="NODE1")
    given = scenario([node("NODE1"), node("NODE2")], [vm("web01", state="off", migration=migration(seconds=60))])
    simulated = Simulated(given, home="NODE2")
    runs = simulated.runs(("web01", "NODE2"))
    simulated.lose = carry_out_after_the_call(simulated, crash)
    simulated.scheduler().execute(runs)
    assert (runs[0].outcome, simulated.owner("web01")) == ("moved", "NODE2")


def carry_out_after_the_call(simulated: Simulated, what: event) -> Callable[[str, bytes], str]:
    called: list[bool] = []

    def lose(node: str, request: bytes) -> str:
        if called == [True]:
            simulated.server.world.events.carry_out(what)
            called.append(False)
        if invokes_migration(request) and not called:
            called.append(True)
        return ""

    return lose


def test_a_vm_that_is_not_where_it_was_to_be_fetched_from_is_left_there() -> None:
    simulated = Simulated(scenario(vms=[vm("web01", owner="NODE3"), vm("web02")]))
    requests = [
        MoveRequest("NODE2", "web01", source="NODE1"),
        MoveRequest("NODE3", "web01", source="NODE1"),
        MoveRequest("NODE2", "web01", source="node3.corp.example"),
        MoveRequest("NODE2", "web01"),
    ]
    moves = [plan(simulated.cluster, [one], "auto")[0] for one in requests]
    assert [move.is_elsewhere for move in moves] == [True, False, False, False]
    runs = [MigrationTask(MigrationRequest(move, Timeout.of(0, move.vm.memory_mb))) for move in moves[:2]]
    simulated.scheduler().execute(runs)
    assert [run.outcome for run in runs] == ["elsewhere", "already_there"]
    assert (has_changed(runs[0]), locations_diff([move_record(run, str) for run in runs])["after"]) == (
        False,
        "web01: NODE3\nweb01: NODE3\n",
    )
    assert simulated.migrations("web01") == 0
