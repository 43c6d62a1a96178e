# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why moves failed, as the event logs of their hosts tell it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    MigrationTask,
    Policy,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import (
    CLUSTER_GROUP,
    SYSTEM,
    MethodChoice,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.migrate import (
    MigrationOptions,
    migrate,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.move_results import failure_message
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.progress import Progress
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan

from tests.simulator.faults import Language
from tests.support.scenarios import NODES, Scenario, migration, node, one_vm, scenario, vm
from tests.support.simulated import Simulated

EVENTING = b"ws/2004/08/eventing"
SWITCH = migration(fails_at=5, hresult=None, message_id="21159", cause_in="log")
PROCESSOR_EN = "The VM uses processor features that host NODE2 does not support."
PROCESSOR_JA = "この VM はホスト NODE2 でサポートされていないプロセッサ機能を使用しています。"
DELEGATION = migration(fails_at=5, hresult=0x8009030E, error_type=7, cause_in="log")


class Done(t.NamedTuple):
    task: MigrationTask
    notes: list[str]
    lines: list[str]
    simulated: Simulated

    @property
    def eventing(self) -> list[str]:
        """The nodes that requests about event logs went to, with their operations."""
        about = [(host, request) for host, request in self.simulated.requests if b"windows/EventLog" in request]
        return [f"{host} {_operation(request)}" for host, request in about]


def _operation(request: bytes) -> str:
    return next(name for name in ("Unsubscribe", "Subscribe", "Pull") if f"/{name}</a:Action>".encode() in request)


def moved(given: Scenario, method: MethodChoice = SYSTEM, **switches: t.Any) -> Done:
    simulated = Simulated(given, **switches)
    lines: list[str] = []
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], method)
    report = Progress(lines.append, simulated).report
    done = migrate(simulated.cluster, moves, MigrationOptions(method, policy=Policy(precheck=False)), report)
    return Done(done.tasks[0], list(done.notes), lines, simulated)


@pytest.mark.parametrize("method", [SYSTEM, CLUSTER_GROUP])
@pytest.mark.parametrize("language", ["en-US", "ja-JP"])
def test_a_switch_that_is_missing_is_named_from_the_log_of_the_destination(
    method: MethodChoice, language: Language
) -> None:
    done = moved(one_vm(SWITCH, language=language), method)

    error = done.task.error
    assert error.cause.startswith("a virtual switch of the VM is missing on the destination")
    assert error.remedy == "Give the virtual switches the same names on all nodes, and connect them."
    assert error.quoted.startswith("Event 21159 in the log Hyper-V-High-Availability of NODE2 says: ")
    assert [event["node"] for event in done.task.events if event["id"] == 21159] == ["NODE2"]
    assert error.cause in failure_message([done.task])
    assert error.remedy in failure_message([done.task])


@pytest.mark.parametrize(("language", "reason"), [("en-US", PROCESSOR_EN), ("ja-JP", PROCESSOR_JA)])
def test_a_cause_without_an_id_is_quoted_from_the_log_of_the_destination(language: Language, reason: str) -> None:
    lacks_features = migration(fails_at=5, hresult=None, reason=reason, cause_in="log")
    done = moved(one_vm(lacks_features, language=language), CLUSTER_GROUP)

    assert reason in done.task.error.quoted
    assert "of NODE2 says" in done.task.error.quoted
    assert "processor" in done.task.error.remedy or "event logs" in done.task.error.remedy


@pytest.mark.parametrize("method", [CLUSTER_GROUP, SYSTEM])
@pytest.mark.parametrize("language", ["en-US", "ja-JP"])
def test_missing_delegation_is_named_from_the_log_of_the_source(method: MethodChoice, language: Language) -> None:
    done = moved(one_vm(DELEGATION, language=language), method)

    assert done.task.error.cause == "the hosts cannot log on to each other"
    assert "constrained delegation" in done.task.error.remedy
    assert {event["node"] for event in done.task.events if event["cause"]} == {"NODE1"}


def test_a_cause_that_the_job_told_stays() -> None:
    done = moved(one_vm(migration(fails_at=5, hresult=0x8007000E)))
    without = moved(one_vm(migration(fails_at=5, hresult=0x8007000E)), event_logs="absent")

    assert done.task.error == without.task.error
    assert done.task.events
    assert not without.task.events


def test_a_move_that_succeeds_costs_no_request_about_events() -> None:
    assert moved(one_vm()).eventing == []


def test_a_move_that_fails_costs_three_requests_for_each_of_its_hosts() -> None:
    asked = ("Subscribe", "Pull", "Unsubscribe")

    assert moved(one_vm(SWITCH)).eventing == [f"{host} {name}" for host in ("NODE2", "NODE1") for name in asked]


def test_ten_moves_that_fail_cost_as_much_as_one() -> None:
    names = [f"vm{number}" for number in range(10)]
    simulated = Simulated(scenario(NODES, [vm(name, memory_mb=1000, migration=SWITCH) for name in names]))
    moves = plan(simulated.cluster, [MoveRequest("NODE2", name) for name in names], SYSTEM)
    done = migrate(simulated.cluster, moves, MigrationOptions(SYSTEM, policy=Policy(precheck=False)))

    assert sum(b"windows/EventLog" in request for unused, request in simulated.requests) == 6
    for task in done.tasks:
        named = {event["message"] for event in task.events if event["id"] == 21159}
        assert len(named) == 1
        assert all(f"'{task.move.vm.name}'" in text for text in named)


def test_the_events_are_shown_while_the_task_runs() -> None:
    lines = moved(one_vm(SWITCH)).lines

    assert any("NODE2, Microsoft-Windows-Hyper-V-High-Availability-Admin, event 21159 of 20" in line for line in lines)


@pytest.mark.parametrize("switch", ["denied", "absent"])
def test_a_host_that_refuses_is_a_note(switch: str) -> None:
    plain = moved(one_vm(SWITCH), event_logs="absent").task
    done = moved(one_vm(SWITCH), event_logs=switch)

    assert done.task.outcome == "failed"
    assert done.task.error == plain.error
    assert done.task.events == ()
    assert [note.partition(" could not be read")[0] for note in done.notes] == [
        "The event logs of NODE2",
        "The event logs of NODE1",
    ]
    hint = "Event Log Readers" if switch == "denied" else "does not offer its event logs"
    assert all(hint in note for note in done.notes)


@pytest.mark.parametrize("break_at", range(6))
@pytest.mark.parametrize("how", ["down", "before", "after"])
def test_broken_readings_never_change_the_outcome(break_at: int, how: str) -> None:
    simulated = Simulated(one_vm(SWITCH))
    asked = 0

    def lose(host: str, request: bytes) -> str:
        nonlocal asked
        if b"windows/EventLog" not in request:
            return ""
        asked += 1
        return how if asked == break_at + 1 else ""

    simulated.lose = lose
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], SYSTEM)
    (task,) = migrate(simulated.cluster, moves, MigrationOptions(SYSTEM, policy=Policy(precheck=False))).tasks

    assert task.outcome == "failed"
    assert task.error.code == "job_failed"
    assert simulated.owner("web01") == "NODE1"


@pytest.mark.parametrize(
    "garbage",
    [
        lambda answer: answer[: len(answer) // 2],
        lambda answer: b"<html>502 Bad Gateway</html>",
        lambda answer: answer.replace(b"EventID", b"EventId"),
        lambda answer: answer.replace(b">21159<", b">" + b"9" * 400 + b"<"),
        lambda answer: answer.replace(b"<System>", b"<System><System>").replace(b"</System>", b"</System></System>"),
    ],
)
def test_answers_that_make_no_sense_never_change_the_outcome(garbage: t.Callable[[bytes], bytes]) -> None:
    simulated = Simulated(one_vm(SWITCH))
    simulated.alter = lambda request, answer: garbage(answer) if b"windows/EventLog" in request else answer
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], SYSTEM)
    (task,) = migrate(simulated.cluster, moves, MigrationOptions(SYSTEM, policy=Policy(precheck=False))).tasks

    assert task.outcome == "failed"
    assert task.error.code == "job_failed"


@pytest.mark.parametrize(
    "switches",
    [
        {"event_filter_form": "element"},
        {"event_filter_form": "text"},
        {"event_identifier_in": "parameters"},
        {"event_page_limit": 1},
        {"event_noise": 300},
        {"missing_channels": ("Microsoft-Windows-Hyper-V-Worker-Admin", "System")},
    ],
)
def test_whatever_form_a_host_takes_the_cause_is_found(switches: dict[str, t.Any]) -> None:
    done = moved(one_vm(SWITCH), **switches)

    assert done.task.error.cause.startswith("a virtual switch of the VM is missing")
    assert len(done.task.events) <= 12
    assert done.task.events[0]["message"].find("web01") >= 0
    assert done.simulated.server.counters()["open_enumerations"] == 0


def test_more_noise_than_is_read_hides_the_cause_and_nothing_else() -> None:
    done = moved(one_vm(SWITCH), event_noise=600)

    assert done.task.outcome == "failed"
    assert done.task.error.code == "job_failed"
    assert len(done.task.events) <= 12
    assert sum(name.endswith("Pull") for name in done.eventing) == 2


def test_a_host_that_has_no_text_for_an_event_tells_it_by_its_id_and_values() -> None:
    done = moved(one_vm(DELEGATION), CLUSTER_GROUP, event_messages="raw")

    assert done.task.error.cause == "the hosts cannot log on to each other"
    assert all("0x8009030E" in event["message"] for event in done.task.events if event["cause"])


@pytest.mark.parametrize("empty", ["items", "timed_out"])
def test_hosts_without_events_are_no_note(empty: str) -> None:
    lost = migration(stuck_at=40)
    simulated = Simulated(one_vm(lost), event_pull_empty=empty, event_pull_seconds=5.0)
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], SYSTEM)
    done = migrate(simulated.cluster, moves, MigrationOptions(SYSTEM, timeout=60, policy=Policy(precheck=False)))

    assert done.tasks[0].error.code == "timeout"
    assert done.tasks[0].events == ()
    assert not done.notes


def test_events_of_long_before_are_left_out() -> None:
    simulated = Simulated(scenario(NODES, [vm("web01", memory_mb=1000, migration=SWITCH)]))
    policy = MigrationOptions(SYSTEM, policy=Policy(precheck=False))

    def fail() -> MigrationTask:
        moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], SYSTEM)
        return migrate(simulated.cluster, moves, policy).tasks[0]

    before = fail()
    simulated.pause(3600)
    after = fail()

    assert len(before.events) == len(after.events) > 0
    assert {event["time"] for event in before.events}.isdisjoint(event["time"] for event in after.events)


def test_a_message_is_data_whatever_is_in_it() -> None:
    evil = "{{ lookup('pipe', 'id') }} \x1b[31m </Message><script>"
    hostile = migration(fails_at=5, hresult=None, reason=evil.replace("\x1b", "\u202e"), cause_in="log")
    done = moved(one_vm(hostile), CLUSTER_GROUP)

    messages = [event["message"] for event in done.task.events]
    assert any("{{ lookup('pipe', 'id') }}" in text and "<script>" in text for text in messages)
    assert not any("\u202e" in text for text in (*messages, done.task.error.quoted))


def test_a_vm_whose_name_begins_like_another_one_is_told_from_it() -> None:
    both = [vm("web1", memory_mb=1000, migration=SWITCH), vm("web10", memory_mb=1000, migration=DELEGATION)]
    simulated = Simulated(scenario([node("NODE1"), node("NODE2"), node("NODE3")], both))
    moves = plan(simulated.cluster, [MoveRequest("NODE2", name) for name in ("web1", "web10")], SYSTEM)
    first, second = migrate(simulated.cluster, moves, MigrationOptions(SYSTEM, policy=Policy(precheck=False))).tasks

    assert "switch" in first.error.cause
    assert "log on" in second.error.cause


def test_the_job_of_the_source_tells_why_the_cluster_could_not_move_a_group() -> None:
    at_once = migration(fails_at=5, hresult=None, message_id="33012")
    done = moved(one_vm(at_once), CLUSTER_GROUP, event_logs="denied")
    without = moved(one_vm(at_once), CLUSTER_GROUP, event_logs="denied", group_job="none")

    assert done.task.error.cause.startswith("a virtual switch of the VM is missing")
    assert done.task.error.operation == without.task.error.operation
    assert without.task.error.cause == "Hyper-V gives no code for the reason (unspecified error)"


def test_the_job_of_the_destination_tells_it_where_the_source_has_none() -> None:
    at_once = migration(fails_at=5, hresult=None, message_id="33012")
    done = moved(one_vm(at_once), CLUSTER_GROUP, event_logs="denied", group_job="destination")

    assert done.task.error.cause.startswith("a virtual switch of the VM is missing")


def test_a_cause_that_the_cluster_tells_stays_and_the_job_is_quoted_beside_it() -> None:
    fails = migration(fails_at=5, hresult=0x8007000E)
    done = moved(one_vm(fails), CLUSTER_GROUP, event_logs="denied")
    without = moved(one_vm(fails), CLUSTER_GROUP, event_logs="denied", group_job="none")

    assert done.task.error.cause == without.task.error.cause
    assert done.task.error.hresult == without.task.error.hresult == "0x8007000E"
    assert without.task.error.quoted == ""
    assert done.task.error.quoted.startswith("Hyper-V says: ")


def test_a_failure_that_the_cluster_does_not_keep_is_told_by_the_job_of_a_host() -> None:
    fails = migration(fails_at=40, hresult=0x8007000E)
    done = moved(one_vm(fails), CLUSTER_GROUP, event_logs="denied", group_migration_state="cleared")

    error = done.task.error
    assert (error.code, error.hresult) == ("not_arrived", "0x8007000E")
    assert error.operation == "The migration job failed at 40 %"


def test_the_job_of_an_earlier_move_is_not_the_cause_of_this_one() -> None:
    fails_once = migration(fails_at=5, hresult=None, message_id="33012", fail_times=1)
    simulated = Simulated(one_vm(fails_once), group_migration_state="cleared", event_logs="denied")
    options = MigrationOptions(CLUSTER_GROUP, policy=Policy(precheck=False))
    request = MoveRequest("NODE2", "web01")
    (first,) = migrate(simulated.cluster, plan(simulated.cluster, [request], CLUSTER_GROUP), options).tasks
    assert first.error.cause.startswith("a virtual switch of the VM is missing")

    simulated.lose = lambda host, sent: "before" if b"MoveToNewNodeParams<" in sent else ""
    (second,) = migrate(simulated.cluster, plan(simulated.cluster, [request], CLUSTER_GROUP), options).tasks
    assert (second.outcome, second.error.code) == ("failed", "not_arrived")
    assert "switch" not in second.error.cause
    assert any(job["state"] == "exception" for job in simulated.server.state()["jobs"])


@pytest.mark.parametrize("how", ["down", "before", "after"])
def test_a_source_that_does_not_tell_its_jobs_changes_nothing(how: str) -> None:
    simulated = Simulated(one_vm(migration(fails_at=5, hresult=None, message_id="33012")))
    simulated.lose = lambda host, request: how if b"FROM Msvm_MigrationJob" in request else ""
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], CLUSTER_GROUP)
    options = MigrationOptions(CLUSTER_GROUP, policy=Policy(precheck=False))
    (task,) = migrate(simulated.cluster, moves, options).tasks

    assert task.outcome == "failed"
    assert task.error.code == "job_failed"


@pytest.mark.parametrize("method", ["system", "cluster_group"])
@pytest.mark.parametrize(("workgroup", "remedy"), [(True, "LocalAccountTokenFilterPolicy"), (False, "delegation")])
def test_hosts_that_cannot_log_on_to_each_other_get_the_remedy_that_suits_them(
    method: MethodChoice, workgroup: bool, remedy: str
) -> None:
    nodes = [node(f"NODE{number}", workgroup=workgroup, windows=2025) for number in (1, 2)]
    fails = migration(fails_at=5, hresult=0x8009030E, error_type=7)
    simulated = Simulated(scenario(nodes, [vm("web01", memory_mb=2000, migration=fails)]))
    moves = plan(simulated.cluster, [MoveRequest("NODE2", "web01")], method)
    (task,) = migrate(simulated.cluster, moves, MigrationOptions(method=method)).tasks

    assert (task.outcome, task.error.cause) == ("failed", "the hosts cannot log on to each other")
    assert remedy in task.error.remedy
