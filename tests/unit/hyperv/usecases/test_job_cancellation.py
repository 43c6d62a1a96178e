# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user is told of migrations that were to be cancelled, and whether it is what happened in the cluster."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.job_cancellation import (
    CancelledJob,
    cancel,
    dry_run,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.job_listing import read_listing

from tests.support.scenarios import migration, one_vm
from tests.support.simulated import Simulated, started


def cancelled(simulated: Simulated, *, wait: bool = True, timeout: float = 120.0) -> CancelledJob:
    listing, unused = read_listing(simulated.cluster)
    (ended,) = cancel(simulated.cluster, listing, wait=wait, timeout=timeout)
    return ended


def test_a_cancelled_migration_leaves_the_vm_where_it_was() -> None:
    simulated, unused = started(one_vm())
    ended = cancelled(simulated)
    shown = ended.as_result(simulated.cluster)
    assert (ended.outcome, ended.changed, ended.is_failure) == ("cancelled", True, False)
    assert (shown["state"], shown["running"], shown["source_host"]) == ("terminated", False, "NODE1")
    assert (shown["vm"]["node"], simulated.owner("web01")) == ("NODE1", "NODE1")
    assert shown["error"]["hresult"] == "0x800704C7"
    assert "was cancelled. The VM is on NODE1." in ended.message


@pytest.mark.parametrize("wait", [True, False])
def test_a_wait_for_the_end_is_told(wait: bool) -> None:
    simulated, unused = started(one_vm(migration(stuck_at=40, cancel="ignored")))
    told: list[str] = []
    simulated.cluster.tell = told.append
    cancelled(simulated, wait=wait, timeout=60)
    assert [line.startswith("The migration of VM web01 to NODE2 (job ") for line in told] == [True] * wait
    assert all(line.endswith(" is being cancelled. Waiting 60 s at most for its end.") for line in told)


@pytest.mark.parametrize("lag", [0, 20])
@pytest.mark.parametrize("home", ["NODE1", "NODE3"])
def test_a_migration_that_was_faster_is_no_change_and_tells_the_new_owner(lag: int, home: str) -> None:
    simulated, unused = started(one_vm(migration(cancel="race")), owner_lag_seconds=lag, home=home)
    ended = cancelled(simulated)
    assert (ended.outcome, ended.changed, ended.is_failure) == ("completed", False, False)
    assert (ended.listed.vm.node, simulated.owner("web01")) == ("NODE2", "NODE2")
    assert "before it could be cancelled. The VM is on NODE2." in ended.message


@pytest.mark.parametrize(("way", "outcome"), [("refuse", "refused"), ("ignored", "still_running")])
def test_a_migration_that_goes_on_is_a_failure(way: t.Literal["refuse", "ignored"], outcome: str) -> None:
    simulated, unused = started(one_vm(migration(stuck_at=40, cancel=way)))
    ended = cancelled(simulated)
    assert (ended.outcome, ended.changed, ended.is_failure) == (outcome, False, True)
    assert ended.as_result(simulated.cluster)["running"] is True
    assert "goes on" in ended.message


def test_a_job_that_vanishes_at_its_end_was_cancelled_if_the_vm_stayed() -> None:
    simulated, unused = started(one_vm(), job_lifetime_seconds=0)
    ended = cancelled(simulated)
    assert (ended.outcome, ended.changed, simulated.owner("web01")) == ("cancelled", True, "NODE1")


def test_a_job_that_vanishes_at_its_end_completed_if_the_vm_arrived() -> None:
    simulated, unused = started(one_vm(migration(cancel="race")), job_lifetime_seconds=0)
    ended = cancelled(simulated)
    assert (ended.outcome, ended.changed, simulated.owner("web01")) == ("completed", False, "NODE2")


def test_a_job_that_vanishes_while_the_vm_still_moves_leaves_it_unclear() -> None:
    simulated, unused = started(one_vm(migration(seconds=1000, job_vanishes_at=2, cancel="ignored")), after=15)
    ended = cancelled(simulated)
    assert (ended.outcome, ended.changed, ended.is_failure) == ("unclear", False, True)
    assert "not known" in ended.message


def test_a_vm_of_a_job_without_destination_is_told_by_its_new_owner() -> None:
    simulated, unused = started(one_vm(migration(cancel="race")), job_class="Msvm_ConcreteJob", job_lifetime_seconds=0)
    assert cancelled(simulated).outcome == "completed"


def test_without_waiting_the_request_is_the_change() -> None:
    simulated, unused = started(one_vm(migration(stuck_at=40, cancel="ignored")))
    ended = cancelled(simulated, wait=False)
    assert (ended.outcome, ended.changed, ended.is_failure) == ("requested", True, False)


def test_a_short_timeout_ends_the_wait() -> None:
    simulated, unused = started(one_vm(migration(stuck_at=40, cancel="ignored")))
    began = simulated.now()
    assert cancelled(simulated, timeout=10).outcome == "still_running"
    assert simulated.now() - began == 10


def test_a_rehearsal_sends_no_request() -> None:
    simulated, unused = started(one_vm())
    ((one,), unused_notes) = read_listing(simulated.cluster)
    said = dry_run(one)
    assert (said.outcome, said.changed) == ("would_cancel", True)
    assert [job["state"] for job in simulated.server.state()["jobs"]] == ["running"]
