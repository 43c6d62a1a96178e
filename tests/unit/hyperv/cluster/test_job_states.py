# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every JobState that a job may show or end in, documented or not, and what a move comes to.

Rows: CIM_ConcreteJob (DMTF) and Msvm_MigrationJob (Microsoft docs); 32768 is in Microsoft's sample code only.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cim_values import JOB_STATES
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.jobs import Job

from tests.support.scenarios import migration, one_vm, scenario, vm
from tests.support.simulated import Simulated


class Row(t.NamedTuple):
    number: int
    word: str
    outcome: t.Literal["wait", "success", "warning", "failure", "cancelled"]


ROWS = [
    Row(2, "new", "wait"),
    Row(3, "starting", "wait"),
    Row(4, "running", "wait"),
    Row(5, "suspended", "wait"),
    Row(6, "shutting_down", "wait"),
    Row(7, "completed", "success"),
    Row(8, "terminated", "cancelled"),
    Row(9, "killed", "cancelled"),
    Row(10, "exception", "failure"),
    Row(11, "service", "failure"),
    Row(12, "query_pending", "wait"),
    Row(32768, "completed_with_warnings", "warning"),
    *(Row(number, "unknown", "wait") for number in (0, 1, 13, 255, 32767, 32769, 65535)),
]


def with_outcome(*outcomes: str) -> pytest.MarkDecorator:
    rows = [row for row in ROWS if row.outcome in outcomes]
    return pytest.mark.parametrize("row", rows, ids=lambda row: f"{row.number}-{row.word}")


@with_outcome("wait")
def test_a_state_that_is_no_end_is_waited_through(row: Row) -> None:
    simulated = Simulated(one_vm(migration(job_state=row.number, job_state_seconds=8)))
    seen: set[str] = set()
    runs = simulated.runs(("web01", "NODE2"))
    simulated.scheduler(lambda runs: seen.update(run.job.state for run in runs if run.job)).execute(runs)
    assert row.word in seen
    assert (runs[0].outcome, runs[0].error) == ("moved", None)
    assert (simulated.owner("web01"), simulated.migrations("web01")) == ("NODE2", 1)


@with_outcome("wait")
def test_a_state_that_never_ends_is_waited_for_until_the_timeout(row: Row) -> None:
    simulated = Simulated(one_vm(migration(job_state=row.number, job_state_at=40)))
    (run,) = simulated.move(("web01", "NODE2"), timeout=100, stall_after=60, retries=3)
    assert (run.outcome, run.error.code, run.attempts) == ("failed", "timeout", 1)
    assert (run.job.state, run.job.percent) == (row.word, 40)
    assert 100 <= run.ended - run.started < 110
    assert [warning for warning in run.warnings if "without progress" in warning]
    assert simulated.owner("web01") == "NODE1"


@with_outcome("success", "warning")
@pytest.mark.parametrize("at", [1, 60])
def test_an_end_with_success_is_a_moved_vm(row: Row, at: int) -> None:
    simulated = Simulated(one_vm(migration(job_state=row.number, job_state_at=at)))
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.error, run.job.state) == ("moved", None, row.word)
    assert [warning for warning in run.warnings if "warnings" in warning] == run.warnings
    assert bool(run.warnings) == (row.outcome == "warning")
    assert simulated.owner("web01") == "NODE2"


@with_outcome("failure", "cancelled")
def test_an_end_without_success_is_a_failure_and_the_vm_stays(row: Row) -> None:
    simulated = Simulated(one_vm(migration(job_state=row.number, job_state_at=60)))
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.job.state) == ("failed", row.word)
    assert run.error.code == ("job_cancelled" if row.outcome == "cancelled" else "job_failed")
    assert run.error.error_code == 32768
    assert run.error.cause
    assert run.error.remedy
    assert "60 %" in run.error.message
    assert (simulated.owner("web01"), simulated.migrations("web01")) == ("NODE1", 1)


@with_outcome("cancelled")
def test_what_somebody_cancelled_is_not_tried_again(row: Row) -> None:
    simulated = Simulated(one_vm(migration(job_state=row.number)))
    (run,) = simulated.move(("web01", "NODE2"), retries=3)
    assert (run.attempts, run.error.transient) == (1, False)
    assert "cancelled" in run.error.cause


@with_outcome("failure")
def test_a_failed_job_that_gives_no_code_says_where_to_look(row: Row) -> None:
    simulated = Simulated(
        scenario(
            vms=[vm("web01", memory_mb=20000, migration=migration(job_state=row.number, hresult=None))],
            language="ja-JP",
        )
    )
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.error.code, run.error.hresult, run.error.transient) == ("job_failed", "", False)
    assert "no code" in run.error.cause
    assert "Hyper-V-VMMS" in run.error.remedy


@with_outcome("wait", "success", "warning", "failure", "cancelled")
def test_only_an_end_is_final_and_only_success_is_success(row: Row) -> None:
    job = Job("1", row.word)
    assert job.is_final == (row.outcome != "wait")
    assert job.is_success == (row.outcome in ("success", "warning"))


def test_a_completed_job_with_an_error_code_is_no_success() -> None:
    assert not Job("1", "completed", error_code=32778).is_success
    assert Job("1", "completed_with_warnings", error_code=32768).is_success


def test_every_state_that_is_known_has_a_row() -> None:
    assert {(row.number, row.word) for row in ROWS if row.word != "unknown"} == set(JOB_STATES.items())
