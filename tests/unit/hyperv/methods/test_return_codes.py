# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every return code of MigrateVirtualSystemToSystem, in both families, from the call to the owner of the VM.

Rows: Microsoft docs of CIM_VirtualSystemMigrationService (family A) and Msvm_VirtualSystemMigrationService (family B).
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.codes import RETURN_CODES
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.failures import refused
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import MigrationTask
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import MethodChoice

from tests.simulator.scenario import MigrationSpec, VmState
from tests.support.scenarios import migration, scenario, vm
from tests.support.simulated import Simulated


class Row(t.NamedTuple):
    """A code, its documented name, and what a client makes of it when it is the answer to a call."""

    code: int
    name: str
    outcome: t.Literal["transient", "permanent", "unknown", "unsupported", "parameters"]


FAMILY_A = [
    Row(1, "Not Supported", "unsupported"),
    Row(2, "Failed", "transient"),  # once more, after a fresh look at the VM
    Row(3, "Timeout", "unknown"),
    Row(4, "Invalid Parameter", "parameters"),
    Row(5, "Invalid State", "transient"),
    Row(6, "Incompatible Parameters", "parameters"),
    *(Row(code, "DMTF Reserved", "permanent") for code in (7, 100, 4095)),
    *(Row(code, "Method Reserved", "permanent") for code in (4097, 32767)),
    *(Row(code, "Vendor Specific", "permanent") for code in (32779, 32785, 65535)),
]
FAMILY_B = [
    Row(32768, "Failed", "permanent"),
    Row(32769, "Access Denied", "permanent"),
    Row(32770, "Not Supported", "unsupported"),
    Row(32771, "Status is unknown", "unknown"),
    Row(32772, "Timeout", "unknown"),
    Row(32773, "Invalid parameter", "parameters"),
    Row(32774, "System is in use", "transient"),
    Row(32775, "Invalid state for this operation", "transient"),
    Row(32776, "Incorrect data type", "parameters"),
    Row(32777, "System is not available", "transient"),
    Row(32778, "Out of memory", "transient"),
    Row(32784, "Not compatible", "permanent"),
]
ROWS = [*FAMILY_A, *FAMILY_B, Row(4294967295, "Out of range", "permanent")]


def with_outcome(*outcomes: str) -> pytest.MarkDecorator:
    rows = [row for row in ROWS if row.outcome in outcomes]
    return pytest.mark.parametrize("row", rows, ids=lambda row: f"{row.code}-{row.name.replace(' ', '_')}")


class Moved(t.NamedTuple):
    run: MigrationTask
    simulated: Simulated
    calls: int


def move(
    moves: MigrationSpec,
    state: VmState = "running",
    retries: int = 0,
    method: MethodChoice = "system",
    **switches: t.Any,
) -> Moved:
    """Move a VM and count the calls of the method that its node got."""
    given = scenario(vms=[vm("web01", memory_mb=20000, state=state, migration=moves)])
    simulated = Simulated(given, **switches)
    (run,) = simulated.move(("web01", "NODE2"), retries=retries, method=method)
    return Moved(run, simulated, len(simulated.called("MigrateVirtualSystemToSystem")))


@with_outcome("transient", "permanent", "unknown", "unsupported", "parameters")
def test_a_code_without_a_move_is_a_failure_that_names_it(row: Row) -> None:
    moved = move(migration(return_value=row.code))
    error = moved.run.error
    # What may have been started all the same is told as such.
    name = "outcome_unknown" if row.outcome == "unknown" else "refused"
    assert (moved.run.outcome, error.code, error.error_code) == ("failed", name, row.code)
    assert f"{row.code} ({row.name})" in error.message
    assert error.cause
    assert error.remedy
    assert error.hresult == ""
    assert moved.run.attempt.return_value == row.code
    assert error.transient == (row.outcome == "transient")
    assert (moved.simulated.owner("web01"), moved.simulated.migrations("web01")) == ("NODE1", 0)


@with_outcome("transient")
def test_a_transient_code_is_worth_another_try(row: Row) -> None:
    moved = move(migration(return_value=row.code, return_times=1), retries=1)
    assert (moved.run.outcome, moved.calls) == ("moved", 2)
    assert (moved.simulated.owner("web01"), moved.simulated.migrations("web01")) == ("NODE2", 1)


@with_outcome("permanent", "unsupported", "unknown")
def test_any_other_code_ends_the_move_after_one_call(row: Row) -> None:
    moved = move(migration(return_value=row.code, return_times=1), retries=3)
    assert (moved.run.outcome, moved.calls) == ("failed", 1)
    assert moved.simulated.owner("web01") == "NODE1"


@with_outcome("parameters")
def test_refused_parameters_are_offered_in_another_form(row: Row) -> None:
    moved = move(migration(return_value=row.code, return_times=1))
    assert (moved.run.outcome, moved.calls) == ("moved", 2)
    assert moved.run.attempt.form == "typed_net"
    assert (moved.simulated.owner("web01"), moved.simulated.migrations("web01")) == ("NODE2", 1)


@with_outcome("unknown")
def test_a_code_that_leaves_the_outcome_open_is_answered_by_a_look(row: Row) -> None:
    moved = move(migration(return_value=row.code, return_moves=True), retries=3)
    assert (moved.run.outcome, moved.calls) == ("moved", 1)
    assert (moved.simulated.owner("web01"), moved.run.attempt.return_value) == ("NODE2", row.code)


@with_outcome("unsupported")
def test_a_vm_at_rest_is_moved_by_its_group_where_the_method_is_not_supported(row: Row) -> None:
    moved = move(migration(return_value=row.code), state="off", method="auto")
    assert (moved.run.outcome, moved.run.method, moved.calls) == ("moved", "cluster_group", 1)
    assert moved.simulated.owner("web01") == "NODE2"


@with_outcome("permanent", "parameters", "unknown")
def test_a_vm_at_rest_stays_where_anything_else_is_answered(row: Row) -> None:
    moved = move(migration(return_value=row.code), state="off", method="auto")
    assert (moved.run.outcome, moved.run.method) == ("failed", "system")
    assert moved.simulated.owner("web01") == "NODE1"


@pytest.mark.parametrize(
    ("code", "form"), [(0, "synchronous"), (0, "done_with_job"), (4096, "job"), (4096, "job_unnamed")]
)
def test_success_and_a_started_job_are_verified_by_the_owner(code: int, form: str) -> None:
    moved = move(migration(), return_form=form)
    assert (moved.run.outcome, moved.run.attempt.return_value, moved.calls) == ("moved", code, 1)
    assert (moved.simulated.owner("web01"), moved.simulated.migrations("web01")) == ("NODE2", 1)


@pytest.mark.parametrize("code", [0, 4096])
def test_success_is_not_believed_where_the_vm_did_not_move(code: int) -> None:
    moved = move(migration(return_value=code), retries=3)
    assert (moved.run.outcome, moved.run.error.code, moved.calls) == ("failed", "not_arrived", 1)
    assert moved.run.attempt.return_value == code
    assert moved.simulated.owner("web01") == "NODE1"


def test_an_answer_without_a_return_value_has_no_code() -> None:
    error = refused("CheckVirtualSystemIsMigratableToSystem", -1)
    assert (error.code, error.error_code) == ("refused", None)
    assert "returned no value" in error.message


def test_every_code_that_is_known_has_a_row() -> None:
    assert set(RETURN_CODES) <= {row.code for row in ROWS}
