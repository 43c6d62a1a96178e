# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Live moves by the VM's cluster group: when they are made, how they are watched, and how they end."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Sequence

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import Limits
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.methods import Methods
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    MigrationTask,
    Policy,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.scheduler import Scheduler
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.setting_properties import TRANSPORT
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.wanted_settings import WantedSettings

from tests.simulator.scenario import MigrationSpec
from tests.simulator.scenario_roles import GroupCondition
from tests.support.requests import calls, invokes_migration, lose_first
from tests.support.scenarios import migration, one_vm, scenario, vm
from tests.support.simulated import Simulated

UNSUPPORTED = [
    {"migrate_method": "not_supported", "check_method": "not_supported"},
    {"migrate_method": "not_supported", "return_codes": "hyperv"},
    {"migrate_method": "missing", "check_method": "missing"},
    {"migrate_method": "missing"},
    {"cluster_migration_service": "class_missing"},
    {"cluster_migration_service": "namespace_missing"},
]


def by_group(
    moves: MigrationSpec | None = None, *, timeout: int = 0, **options: t.Any
) -> tuple[MigrationTask, Simulated]:
    switches = {name: options.pop(name) for name in list(options) if name.startswith(("group_", "byte_", "limit"))}
    simulated = Simulated(one_vm(moves or migration()), **switches)
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group", timeout=timeout, **options)
    return run, simulated


@pytest.mark.parametrize("switches", UNSUPPORTED, ids=str)
def test_auto_goes_on_to_the_group_where_the_cluster_does_not_support_the_method(switches: dict[str, str]) -> None:
    simulated = Simulated(**switches)
    runs = simulated.move(("web01", "NODE2"), ("web02", "NODE3"))
    assert [(run.outcome, run.method) for run in runs] == [("moved", "cluster_group")] * 2
    assert (simulated.owner("web01"), simulated.owner("web02")) == ("NODE2", "NODE3")
    assert "does not support MigrateVirtualSystemToSystem" in " ".join(runs[0].warnings)
    assert simulated.migrations("web01") == 1


@pytest.mark.parametrize("switches", UNSUPPORTED, ids=str)
def test_check_mode_says_by_which_method_it_would_be(switches: dict[str, str]) -> None:
    simulated = Simulated(**switches)
    (run,) = simulated.rehearse(("web01", "NODE2"))
    assert run.outcome == "would_move"
    # What the method itself would answer is not known before it is called.
    assert run.method == ("cluster_group" if "cluster_migration_service" in switches else "system")
    assert simulated.migrations("web01") == 0


@pytest.mark.parametrize("switches", UNSUPPORTED, ids=str)
def test_system_stays_with_what_it_was_told(switches: dict[str, str]) -> None:
    simulated = Simulated(**switches)
    (run,) = simulated.move(("web01", "NODE2"), method="system")
    assert (run.outcome, run.method, simulated.owner("web01")) == ("failed", "system", "NODE1")
    assert simulated.migrations("web01") == 0


@pytest.mark.parametrize("code", [3, 5, 7, 32768, 32769, 32771, 32772, 32775])
def test_auto_never_goes_on_after_any_other_answer(code: int) -> None:
    simulated = Simulated(one_vm(migration(return_value=code)))
    (run,) = simulated.move(("web01", "NODE2"))
    counted = simulated.called("MoveToNewNodeParams")
    assert (run.outcome, run.method, counted) == ("failed", "system", [])


@pytest.mark.parametrize("code", [1, 32770])
def test_auto_does_not_go_on_with_settings_that_a_group_cannot_carry(code: int) -> None:
    simulated = Simulated(one_vm(migration(return_value=code)))
    (run,) = simulated.runs(("web01", "NODE2"))
    methods = Methods(simulated.cluster, "auto", WantedSettings({TRANSPORT: "smb"}))
    Scheduler(simulated.cluster, methods, Limits({}), Policy(), lambda runs: None).execute([run])
    assert (run.outcome, run.method, run.error.error_code) == ("failed", "system", code)


@pytest.mark.parametrize("lost", ["before", "after"])
def test_auto_never_goes_on_after_a_lost_answer(lost: str) -> None:
    simulated = Simulated()
    counted: list[str] = []

    def lose(node: str, request: bytes) -> str:
        counted.extend([node] if b"MoveToNewNodeParams<" in request else [])
        return lost if invokes_migration(request) else ""

    simulated.lose = lose
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.method, counted) == ("system", [])


@pytest.mark.parametrize("answer", ["pending", "void"])
@pytest.mark.parametrize("job", ["source", "cluster", "destination", "both", "none"])
@pytest.mark.parametrize("state", ["pending", "online"])
@pytest.mark.parametrize("after", ["failures_kept", "kept", "cleared"])
def test_a_live_move_of_the_group_is_watched_to_its_end(answer: str, job: str, state: str, after: str) -> None:
    run, simulated = by_group(
        group_move_answer=answer, group_job=job, group_move_state=state, group_migration_state=after
    )
    assert (run.outcome, run.method, run.attempts, len(run.warnings)) == ("moved", "cluster_group", 1, 0)
    assert simulated.owner("web01") == "NODE2"
    # 2 s of set-up, 20 s of memory, 1 s of switch-over, and one poll.
    assert 23 <= run.ended - run.started <= 26


def test_its_progress_is_told() -> None:
    simulated = Simulated()
    seen: set[int | None] = set()
    (run,) = simulated.runs(("web01", "NODE2"), method="cluster_group")

    def report(runs: Sequence[MigrationTask]) -> None:
        seen.add(runs[0].job.percent if runs[0].job else None)

    simulated.scheduler(report, method="cluster_group").execute([run])
    assert len(seen & set(range(1, 100))) >= 5
    assert run.outcome == "moved"


def watched(slow: MigrationSpec, **switches: t.Any) -> tuple[MigrationTask, set[int], Simulated]:
    """Return a move by the group, the percentages that were told while it ran, and the cluster."""
    simulated = Simulated(one_vm(slow), **switches)
    seen: set[int] = set()

    def report(runs: Sequence[MigrationTask]) -> None:
        seen.update(run.job.percent for run in runs if run.job and run.job.percent)

    (run,) = simulated.runs(("web01", "NODE2"), method="cluster_group")
    simulated.scheduler(report, method="cluster_group").execute([run])
    return run, seen, simulated


def queries_for_jobs(simulated: Simulated) -> list[str]:
    """Return the nodes that were asked for their own migration jobs, once for each request."""
    return [
        host
        for host, request in simulated.requests
        if b"FROM Msvm_MigrationJob" in request and b"virtualization/v2" in request
    ]


@pytest.mark.parametrize("progress", ["state", "zero"])
@pytest.mark.parametrize("job", ["source", "destination", "both"])
def test_the_hosts_tell_the_progress_that_the_cluster_does_not(progress: str, job: str) -> None:
    run, seen, simulated = watched(migration(seconds=300), group_progress=progress, group_job=job)
    assert (run.outcome, run.attempts, run.warnings) == ("moved", 1, [])
    assert len(seen & set(range(1, 100))) >= 20
    # One question every ten seconds to the source, and to the destination where the source shows nothing.
    assert len(queries_for_jobs(simulated)) <= (62 if job == "destination" else 31)


@pytest.mark.parametrize(("job", "at"), [("source", " at 9"), ("none", ": ")])
def test_a_move_that_fails_is_said_to_have_failed_where_it_was_seen_last(job: str, at: str) -> None:
    fails = migration(seconds=300, fails_at=95, hresult=0x8007274D)
    run, _seen, _simulated = watched(fails, group_progress="zero", group_job=job)
    assert run.error is not None
    assert run.error.operation.startswith("The migration job failed")
    assert (" at 0 %" in run.error.message, f"failed{at}" in run.error.message) == (False, True)


def test_a_move_without_any_progress_is_watched_to_its_end_all_the_same() -> None:
    run, seen, unused = watched(migration(seconds=300), group_progress="zero", group_job="none")
    assert (run.outcome, seen & set(range(1, 100))) == ("moved", set())


def test_the_hosts_are_not_asked_for_what_the_cluster_tells() -> None:
    run, unused, simulated = watched(migration(seconds=300))
    assert (run.outcome, queries_for_jobs(simulated)) == ("moved", [])


@pytest.mark.parametrize("job", ["source", "destination"])
def test_a_job_of_a_host_is_a_witness_that_a_move_runs_of_which_the_cluster_shows_nothing(job: str) -> None:
    hidden = {"group_progress": "none", "group_move_state": "online"}
    run, seen, unused = watched(migration(seconds=300), group_job=job, **hidden)
    assert (run.outcome, run.attempts, run.warnings) == ("moved", 1, [])
    assert len(seen) >= 20
    without, seen, unused = watched(migration(seconds=300), group_job="none", **hidden)
    assert (without.outcome, seen) == ("moved", set())
    assert without.warnings == ["The job vanished before its end was seen; the owner decided."]


def test_a_host_that_does_not_answer_is_asked_for_its_jobs_once() -> None:
    simulated = Simulated(one_vm(migration(seconds=300)), group_progress="zero")
    simulated.lose = lambda host, request: "down" if b"FROM Msvm_MigrationJob" in request else ""
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group")
    asked = queries_for_jobs(simulated)
    assert run.outcome == "moved"
    assert set(asked) == {"NODE1", "NODE2"}
    assert len(asked) <= 8  # each with the repetitions that a lost query has


@pytest.mark.parametrize("form", ["elements", "base64"])
def test_the_property_list_is_sent_in_either_form_of_a_byte_array(form: str) -> None:
    run, simulated = by_group(byte_arrays=form)
    assert (run.outcome, simulated.migrations("web01")) == ("moved", 1)


def test_a_second_move_goes_its_way_although_the_state_of_the_first_is_still_shown() -> None:
    run, simulated = by_group(group_migration_state="kept")
    (again,) = simulated.move(("web01", "NODE3"), method="cluster_group")
    assert (run.outcome, again.outcome, simulated.owner("web01")) == ("moved", "moved", "NODE3")
    assert (again.attempt.attached, simulated.migrations("web01")) == (False, 2)
    assert again.ended - again.started >= 23


def test_moves_beyond_the_hosts_limit_wait_in_the_queue_of_the_cluster() -> None:
    simulated = Simulated(
        "nodes: [{name: NODE1, simultaneous_migrations: 1}, {name: NODE2}]\n"
        "vms: [{name: web, count: 3, owner: NODE1, memory_mb: 10000}]"
    )
    runs = simulated.runs(*((f"web0{number}", "NODE2") for number in (1, 2, 3)), method="cluster_group")
    states: set[str] = set()

    def report(runs: Sequence[MigrationTask]) -> None:
        states.update(run.job.state for run in runs if run.job)

    Scheduler(
        simulated.cluster,
        Methods(simulated.cluster, "cluster_group"),
        Limits({"node1": 9, "node2": 9}),
        Policy(),
        report,
    ).execute(runs)
    assert [run.outcome for run in runs] == ["moved"] * 3
    assert "new" in states


@pytest.mark.parametrize(
    ("moves", "hresult"),
    [
        (migration(fails_at=40, hresult=0x8007274D), "0x8007274D"),
        (migration(fails_at=90, hresult=0x8009030E), "0x8009030E"),
    ],
)
def test_a_failed_move_tells_its_reason_and_the_vm_is_where_it_was(moves: MigrationSpec, hresult: str) -> None:
    run, simulated = by_group(moves)
    assert (run.outcome, run.error.hresult, simulated.owner("web01")) == ("failed", hresult, "NODE1")
    assert run.error.remedy


def test_a_failure_that_the_cluster_does_not_keep_is_told_as_not_arrived() -> None:
    run, simulated = by_group(migration(fails_at=40, hresult=0x8007274D), group_migration_state="cleared")
    assert (run.outcome, run.error.code, simulated.owner("web01")) == ("failed", "not_arrived", "NODE1")


def test_the_same_failure_twice_is_told_twice() -> None:
    run, simulated = by_group(migration(fails_at=40, hresult=0x8007274D))
    (again,) = simulated.move(("web01", "NODE2"), method="cluster_group")
    assert (run.error.hresult, again.error.hresult) == ("0x8007274D", "0x8007274D")
    assert simulated.migrations("web01") == 2


def test_a_group_that_stays_pending_is_no_reason_to_doubt_a_vm_that_arrived() -> None:
    run, simulated = by_group(group_moves="left_pending")
    assert (run.outcome, simulated.owner("web01")) == ("moved", "NODE2")


def test_a_generic_failure_of_the_call_is_a_failure_and_the_call_is_not_repeated() -> None:
    simulated = Simulated(group_moves="fail")
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group", retries=2)
    counted = simulated.called("MoveToNewNodeParams")
    assert (run.outcome, simulated.owner("web01"), len(counted)) == ("failed", "NODE1", 1)


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_answer_is_looked_after(lost: str) -> None:
    simulated = Simulated()
    simulated.lose = lose_first(lost, functools.partial(calls, "MoveToNewNodeParams"))
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group")
    assert (run.outcome, simulated.owner("web01"), simulated.migrations("web01")) == ("moved", "NODE2", 1)


def test_a_late_move_is_cancelled_by_the_cluster() -> None:
    run, simulated = by_group(migration(seconds=3000), timeout=60, on_timeout="cancel")
    assert (run.outcome, run.error.code, simulated.owner("web01")) == ("failed", "timeout", "NODE1")
    assert "was cancelled" in run.error.message
    assert not [job for job in simulated.server.state()["jobs"] if job["state"] == "running"]


def test_a_late_move_is_left_alone_and_taken_up_by_the_next_task() -> None:
    run, simulated = by_group(migration(seconds=300), timeout=60)
    assert (run.error.code, run.goes_on) == ("timeout", True)
    (again,) = simulated.move(("web01", "NODE2"), method="cluster_group")
    assert (again.outcome, again.attempt.attached, simulated.migrations("web01")) == ("moved", True, 1)


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("locked", "0x80071748"),
        ("queued", "0x80071747"),
    ],
)
def test_what_the_cluster_refuses_is_told_with_its_remedy(condition: GroupCondition, code: str) -> None:
    simulated = Simulated(scenario(vms=[vm("web01", group_condition=condition)]))
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group")
    assert (run.outcome, simulated.owner("web01")) == ("failed", "NODE1")
    assert run.error.hresult == code
    assert run.error.remedy


def test_a_vm_that_is_off_is_moved_by_its_group_without_a_live_move() -> None:
    simulated = Simulated(scenario(vms=[vm("web01", state="off")]))
    (run,) = simulated.move(("web01", "NODE2"), method="cluster_group")
    counted = simulated.called("MoveToNewNodeParams")
    assert (run.outcome, run.method, counted) == ("moved", "cluster_group", [])
    assert simulated.owner("web01") == "NODE2"
