# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Retries, stalls, time-outs and lost contact, against the simulated cluster on its manual clock."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.stage import Stage

from tests.simulator.scenario import MigrationSpec, VmState
from tests.support.requests import invokes_migration
from tests.support.scenarios import Scenario, event, migration, one_vm, scenario, vm
from tests.support.simulated import Simulated


def test_a_failure_that_may_pass_is_tried_again_after_a_pause() -> None:
    simulated = Simulated(one_vm(migration(fails_at=50, hresult=0x8007274D, fail_times=2)))
    (run,) = simulated.move(("web01", "NODE2"), retries=2)
    assert (run.outcome, run.attempts, run.retried) == ("moved", 3, 2)
    assert simulated.owner("web01") == "NODE2"
    assert len([text for text in run.warnings if "was repeated" in text]) == 2
    # 20 s of memory at 1,000 MB/s, half of it twice more, and the pauses of 10 and 20 s.
    assert run.ended - run.started >= 20 + 10 + 10 + 10 + 20


def test_retries_end() -> None:
    simulated = Simulated(one_vm(migration(fails_at=50, hresult=0x8007274D)))
    (run,) = simulated.move(("web01", "NODE2"), retries=2)
    assert (run.outcome, run.attempts) == ("failed", 3)
    assert run.error.hresult == "0x8007274D"


def test_without_retries_the_first_failure_counts() -> None:
    (run,) = Simulated(one_vm(migration(fails_at=50, hresult=0x8007274D, fail_times=1))).move(("web01", "NODE2"))
    assert (run.outcome, run.attempts) == ("failed", 1)


def test_a_failure_that_will_not_pass_is_not_tried_again() -> None:
    (run,) = Simulated(one_vm(migration(fails_at=50, hresult=0x8009030E))).move(("web01", "NODE2"), retries=5)
    assert (run.outcome, run.attempts) == ("failed", 1)


def test_a_refusal_that_may_pass_is_tried_again() -> None:
    simulated = Simulated(one_vm(migration(return_value=32775, return_times=1)))
    (run,) = simulated.move(("web01", "NODE2"), retries=1)
    assert (run.outcome, run.attempts) == ("moved", 2)
    assert simulated.migrations("web01") == 1


def test_a_vm_that_was_moved_by_hand_between_two_attempts_is_not_moved_again() -> None:
    given = one_vm(
        migration(fails_at=50, hresult=0x8007274D, fail_times=1), [event(at=18, move="web01", to="NODE2", instant=True)]
    )
    simulated = Simulated(given)
    (run,) = simulated.move(("web01", "NODE2"), retries=3)
    assert (run.outcome, run.attempts) == ("moved", 1)


def test_a_lost_call_of_a_retry_is_not_taken_for_the_failed_attempt() -> None:
    simulated = Simulated(one_vm(migration(fails_at=50, hresult=0x8007274D, fail_times=1)))
    calls: list[bytes] = []

    def lose_the_second(node: str, request: bytes) -> str:
        if invokes_migration(request):
            calls.append(request)
            return "before" if len(calls) == 2 else ""
        return ""

    simulated.lose = lose_the_second
    (run,) = simulated.move(("web01", "NODE2"), retries=1)
    assert (run.outcome, run.attempts) == ("moved", 3)
    assert simulated.owner("web01") == "NODE2"


def test_a_stalled_job_is_a_warning_and_no_failure() -> None:
    simulated = Simulated(one_vm(migration(stuck_at=40)))
    (run,) = simulated.move(("web01", "NODE2"), timeout=1000, stall_after=60)
    assert [text for text in run.warnings if "running at 40 % for" in text and "without progress" in text]
    assert len(run.warnings) == 1
    assert run.error.code == "timeout"


def test_a_late_job_is_cancelled_if_wished_and_the_vm_stays() -> None:
    simulated = Simulated(one_vm(migration(stuck_at=40)))
    (run,) = simulated.move(("web01", "NODE2"), timeout=100, on_timeout="cancel", retries=3)
    assert (run.outcome, run.error.code, run.attempts) == ("failed", "timeout", 1)
    assert "was cancelled" in run.error.message
    assert simulated.owner("web01") == "NODE1"
    assert all(job["state"] != "running" for job in simulated.server.state()["jobs"])


def test_a_cancelled_vm_that_arrives_all_the_same_is_a_success_with_a_warning() -> None:
    simulated = Simulated(one_vm(migration(seconds=110, cancel="race")))
    (run,) = simulated.move(("web01", "NODE2"), timeout=100, on_timeout="cancel")
    assert run.outcome == "moved", run.error
    assert [text for text in run.warnings if "after its timeout of 100 s" in text]
    assert simulated.owner("web01") == "NODE2"


def test_a_job_that_cannot_be_cancelled_goes_on_and_the_error_says_so() -> None:
    simulated = Simulated(one_vm(migration(stuck_at=40, cancel="refuse")))
    (run,) = simulated.move(("web01", "NODE2"), timeout=100, on_timeout="cancel")
    assert (run.outcome, run.error.code) == ("failed", "timeout")
    assert "goes on" in run.error.message
    assert "cancel" in run.error.message


def test_a_cancelled_move_does_not_stop_the_others() -> None:
    given = scenario(vms=[vm("bad", migration=migration(stuck_at=10)), vm("web01"), vm("web02"), vm("web03")])
    simulated = Simulated(given)
    runs = simulated.move(
        *((name, "NODE2") for name in ("bad", "web01", "web02", "web03")), timeout=60, on_timeout="cancel"
    )
    assert [run.outcome for run in runs] == ["failed", "moved", "moved", "moved"]


SMOOTH = migration()


def at_rest(state: VmState, *, kept_online: bool = False, moves: MigrationSpec = SMOOTH) -> Scenario:
    return scenario(vms=[vm("web01", state=state, kept_online=kept_online, migration=moves)])


@pytest.mark.parametrize(
    ("state", "off_vm", "method"),
    [
        ("off", "allow", "system"),
        ("saved", "allow", "system"),
        ("paused", "allow", "system"),
        ("paused", "refuse", "system"),
        ("off", "refuse", "cluster_group"),
    ],
)
def test_a_vm_that_does_not_run_is_moved_as_it_is(state: VmState, off_vm: str, method: str) -> None:
    simulated = Simulated(at_rest(state), off_vm=off_vm)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.method) == ("moved", method), run.error
    (vm,) = simulated.server.state()["vms"]
    assert (vm["owner"], vm["state"]) == ("NODE2", state)


@pytest.mark.parametrize("code", [5, 32775, 1, 32770])
@pytest.mark.parametrize("state", ["off", "saved"])
def test_a_vm_at_rest_that_the_method_does_not_take_is_moved_by_its_group(state: VmState, code: int) -> None:
    simulated = Simulated(at_rest(state, moves=migration(return_value=code)))
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.method) == ("moved", "cluster_group"), run.error


def test_a_vm_that_the_cluster_would_start_is_not_moved_by_its_group() -> None:
    simulated = Simulated(at_rest("off", kept_online=True), off_vm="refuse")
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error.code) == ("failed", "would_start")
    (vm,) = simulated.server.state()["vms"]
    assert (vm["owner"], vm["state"]) == ("NODE1", "off")
    runs = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().dry_run(runs)
    assert runs[0].error.code == "would_start"


def test_a_saved_vm_that_the_check_refuses_stays_where_it_is() -> None:
    simulated = Simulated(at_rest("saved"), off_vm="refuse")
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error.code) == ("failed", "not_migratable")
    assert simulated.owner("web01") == "NODE1"


def test_a_rehearsal_says_how_a_vm_at_rest_would_be_moved() -> None:
    simulated = Simulated(at_rest("off"), off_vm="refuse")
    runs = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().dry_run(runs)
    assert (runs[0].outcome, runs[0].method) == ("would_move", "cluster_group")
    assert simulated.owner("web01") == "NODE1"


@pytest.mark.parametrize(
    "switches",
    [
        {"job_namespace": "v2", "job_on": "source"},
        {"job_class": "Msvm_ConcreteJob", "job_namespace": "v2", "job_on": "source"},
    ],
)
def test_a_job_on_the_source_host_is_followed_there(switches: dict[str, str]) -> None:
    simulated = Simulated(one_vm(migration(fails_at=60, hresult=0x8007000E)), home="NODE3", **switches)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error.hresult) == ("failed", "0x8007000E")


@pytest.mark.parametrize("job_class", ["Msvm_MigrationJob", "Msvm_ConcreteJob"])
@pytest.mark.parametrize("job_namespace", ["cluster", "v2"])
def test_a_running_migration_is_taken_up_wherever_its_job_is(job_class: str, job_namespace: str) -> None:
    given = one_vm(events=[event(at=1, move="web01", to="NODE2")])
    simulated = Simulated(given, job_class=job_class, job_namespace=job_namespace, job_on="source")
    simulated.pause(5)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.attempt.attached, run.attempts) == ("moved", True, 0)


def test_a_rehearsal_takes_up_what_the_real_run_would() -> None:
    simulated = Simulated(one_vm(events=[event(at=1, move="web01", to="NODE2")]))
    simulated.pause(5)
    runs = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().dry_run(runs)
    assert (runs[0].outcome, runs[0].attempt.attached) == ("would_move", True)


def test_looks_that_fail_do_not_count_as_looks() -> None:
    """A call that was carried out, and then silence: the call must not be repeated because nothing could be seen."""
    simulated = Simulated()
    asked: list[float] = []

    def lose(node: str, request: bytes) -> str:
        if invokes_migration(request):
            asked.append(simulated.now())
            return "after"
        return "before" if asked and simulated.now() < asked[0] + 120 else ""

    simulated.lose = lose
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved", run.error
    assert (len(asked), simulated.migrations("web01")) == (1, 1)


def test_a_cluster_that_is_silent_for_good_ends_the_wait() -> None:
    simulated = Simulated()
    asked: list[float] = []

    def lose(node: str, request: bytes) -> str:
        if invokes_migration(request):
            asked.append(simulated.now())
        return "before" if asked and not invokes_migration(request) else ""

    simulated.lose = lose
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error.code) == ("failed", "outcome_unknown")
    assert simulated.now() < asked[0] + 1500


def test_a_start_without_waiting_names_the_job() -> None:
    simulated = Simulated()
    (run,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(run)
    assert (run.outcome, run.stage) == ("started", Stage.ENDED)
    assert run.reference.key("InstanceID")


def test_a_start_without_waiting_that_gives_no_job_is_verified() -> None:
    simulated = Simulated(return_form="synchronous")
    (run,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(run)
    assert run.outcome == "moved"
