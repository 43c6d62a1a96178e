# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every known reason why a live migration fails, from the failed job to the words that an operator gets.

Rows: Microsoft's live migration troubleshooting articles, event lists of Hyper-V-VMMS and Hyper-V-High-Availability,
winerror.h. ``transient`` is what those sources and running programs retry.
"""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure import known_failures
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.failures import Failure
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.win32_failures import WIN32_FAILURES

from tests.simulator.faults import Language
from tests.simulator.scenario import MigrationSpec
from tests.support.scenarios import fault, migration, one_vm, scenario, vm
from tests.support.simulated import Simulated


class Row(t.NamedTuple):
    """A code; words of its cause and its remedy; whether the same move may succeed later."""

    code: int
    cause: str
    remedy: str
    transient: bool = False


HRESULTS = [
    Row(0x8009030E, "log on", "delegation"),
    Row(0x8009030D, "log on", "delegation"),
    Row(0x80090322, "principal", "DNS"),
    Row(0x80070569, "log on as a service", "group policy"),
    Row(0x80070534, "security identifier", "updates"),
    Row(0x80070005, "access", "storage"),
    Row(0x8007274D, "connection", "6600", True),
    Row(0x80072746, "connection", "6600", True),
    Row(0x8007274C, "connection", "6600", True),
    Row(0x800705B4, "connection", "6600", True),
    Row(0x8007271D, "firewall", "3343"),
    Row(0x80071398, "possible owner", "possible owners"),
    Row(0x800713AB, "cluster network", "networks", True),
    Row(0x800705AA, "memory", "memory", True),
    Row(0x8007000E, "memory", "memory", True),
    Row(0xC03A0014, "ISO", "DVD"),
    Row(0xC0370027, "saved state", "saved state"),
    Row(0x80042001, "upper case", "TCP"),
    Row(0x8007000D, "upper case", "TCP"),
    Row(0x800700AA, "another migration", "again", True),
    Row(0x80004005, "no code for the reason", "event logs", True),
]
CLUSTER_CODES = [
    Row(5005, "not available", "Bring"),
    Row(5012, "group", "clustered role"),
    Row(5013, "group", "clustered role"),
    Row(5016, "possible owner", "possible owners"),
    Row(5023, "not in a state", "Failover Cluster Manager"),
    Row(5035, "cluster network", "networks", True),
    Row(5038, "resource", "Repair"),
    Row(5042, "does not know", "name"),
    Row(5050, "down", "Bring"),
    Row(5051, "cannot reach", "networks"),
    Row(5052, "not an active member", "Bring"),
    Row(5070, "paused", "Resume"),
    Row(5073, "shutting down", "another destination"),
    Row(5908, "being moved", "again", True),
    Row(5944, "operation", "again", True),
    Row(5953, "vetoed", "which resource"),
    Row(5955, "vetoed", "which resource"),
    Row(5957, "destination has not enough", "memory"),
    Row(5958, "source has not enough", "source"),
    Row(5959, "queued", "again", True),
    Row(5960, "locked", "again", True),
    Row(5962, "drained", "drain", True),
    Row(5971, "anti-affinity", "another destination"),
    Row(5987, "degraded", "repair", True),
    Row(5972, "replica", "Replica"),
]
MESSAGES = [
    Row(20406, "connection", "networks", True),
    Row(280, "connection", "networks", True),
    Row(20413, "configuration", "drive letters"),
    Row(21124, "more than one VM", "group of its own"),
    Row(21125, "virtual switch", "same names"),
    Row(21145, "virtual switch", "same names"),
    Row(21158, "virtual switch", "same names"),
    Row(21159, "virtual switch", "same names"),
    Row(33012, "virtual switch", "same names"),
    Row(21126, "network address", "networks of the destination"),
    Row(21131, "may be off", "both nodes"),
    Row(21117, "switch ports", "switches"),
    Row(21118, "settings could not be updated", "settings"),
    Row(21121, "cleaned", "remains"),
    Row(21142, "network settings", "network adapters"),
    Row(10698, "configuration version", "same version"),
    Row(40010, "ISO", "DVD"),
]
ERROR_TYPES = [
    Row(2, "communication", "networks", True),
    Row(3, "quality of service", "event logs", True),
    Row(4, "program", "event logs"),
    Row(5, "hardware", "hardware"),
    Row(6, "surroundings", "hardware"),
    Row(7, "security", "rights"),
    Row(8, "more to do", "less", True),
    Row(9, "not available", "storage"),
    Row(10, "does not support", "event logs"),
]
# Wrappers whose cause is inside, events that tell of no failure, a time-out of another program (SCVMM).
SILENT_MESSAGES = [21500, 21502, 21503, 21111, 21024, 20417, 21122, 21300, 21301, 21306, 21307, 23007]
NO_CODE = "no code"


def each(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "row", rows, ids=lambda row: f"0x{row.code:08X}" if row.code > 65535 else str(row.code)
    )


def fail(how: MigrationSpec, language: Language = "en-US", **switches: t.Any) -> Failure:
    """Let the job of a move fail at 60 %, and return the error; the VM must have stayed."""
    simulated = Simulated(one_vm(dataclasses.replace(how, fails_at=60), language=language), **switches)
    (run,) = simulated.move(("web01", "NODE2"), timeout=300)
    assert (run.outcome, run.job.state) == ("failed", "exception")
    assert (simulated.owner("web01"), simulated.migrations("web01")) == ("NODE1", 1)
    return run.error


def assert_is(error: Failure, row: Row, hresult: str) -> None:
    assert row.cause in error.cause
    assert row.remedy in error.remedy
    assert (error.code, error.hresult, error.transient) == ("job_failed", hresult, row.transient)
    assert error.text.startswith("The migration job failed at 60 %: ")
    assert error.cause in error.text
    assert error.remedy in error.text


@each([*HRESULTS, *(row._replace(code=0x80070000 | row.code) for row in CLUSTER_CODES)])
@pytest.mark.parametrize("language", ["en-US", "ja-JP"])
def test_an_hresult_decides_in_any_language(row: Row, language: Language) -> None:
    error = fail(migration(hresult=row.code), language)
    assert_is(error, row, f"0x{row.code:08X}")
    assert error.hresult in error.text


@each(CLUSTER_CODES)
@pytest.mark.parametrize("layout", ["wsman", "wmi_error"])
def test_a_code_of_the_cluster_is_understood_in_a_fault(row: Row, layout: str) -> None:
    """A VM at rest is moved by its group; the cluster's provider answers with Win32 codes as they are."""
    refused = fault("fault", code=row.code, operation="Invoke MoveToNewNode")
    given = scenario(vms=[vm("web01", state="off")], faults=[refused])
    simulated = Simulated(given, off_vm="refuse", fault_layout=layout)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.method, run.error.code) == ("failed", "cluster_group", "fault")
    assert row.cause in run.error.cause
    assert row.remedy in run.error.remedy
    assert (run.error.hresult, run.error.transient) == (f"0x{0x80070000 | row.code:08X}", row.transient)
    assert simulated.owner("web01") == "NODE1"


@each(MESSAGES)
@pytest.mark.parametrize("order", ["outermost_first", "innermost_first"])
def test_a_message_id_decides_where_no_hresult_does(row: Row, order: str) -> None:
    assert_is(fail(migration(hresult=None, message_id=str(row.code)), job_error_order=order), row, "")


@each(MESSAGES)
def test_a_message_id_says_more_than_an_unspecified_error(row: Row) -> None:
    assert_is(fail(migration(hresult=0x80004005, message_id=str(row.code))), row, "0x80004005")


@each(MESSAGES)
def test_an_hresult_comes_before_a_message_id(row: Row) -> None:
    error = fail(migration(hresult=0x8009030E, message_id=str(row.code)))
    assert (error.hresult, "log on" in error.cause) == ("0x8009030E", True)


@pytest.mark.parametrize("message_id", SILENT_MESSAGES)
def test_a_message_around_the_cause_does_not_decide(message_id: int) -> None:
    error = fail(migration(hresult=None, message_id=str(message_id)))
    assert (error.code, error.hresult, error.transient) == ("job_failed", "", False)
    assert NO_CODE in error.cause


@pytest.mark.parametrize("message_id", [*SILENT_MESSAGES, 21501])
def test_the_code_inside_such_a_message_decides(message_id: int) -> None:
    error = fail(migration(hresult=0x8007000E, message_id=str(message_id)))
    assert (error.code, error.hresult, "memory" in error.cause) == ("job_failed", "0x8007000E", True)


@each(ERROR_TYPES)
def test_an_error_type_decides_where_nothing_else_does(row: Row) -> None:
    assert_is(fail(migration(hresult=None, error_type=row.code)), row, "")


@each(ERROR_TYPES)
def test_a_message_id_comes_before_an_error_type(row: Row) -> None:
    error = fail(migration(hresult=None, message_id="21124", error_type=row.code))
    assert "more than one VM" in error.cause


@pytest.mark.parametrize("error_type", [0, 1, 11, 65535])
def test_an_error_type_that_says_nothing_does_not_decide(error_type: int) -> None:
    assert NO_CODE in fail(migration(hresult=None, error_type=error_type)).cause


@pytest.mark.parametrize(
    ("error_code", "cause", "transient"),
    [
        (5, "not in a state", True),
        (32769, "may not migrate", False),
        (32774, "another operation", True),
        (32775, "not in a state", True),
        (32777, "does not answer", True),
        (32778, "out of memory", True),
        (32784, "does not fit", False),
        (32768, NO_CODE, False),
        (2, NO_CODE, False),
        (40000, NO_CODE, False),
        (0, NO_CODE, False),
    ],
)
def test_the_error_code_of_the_job_comes_last(error_code: int, cause: str, transient: bool) -> None:
    error = fail(migration(hresult=None, error_code=error_code))
    assert (error.error_code, error.transient) == (error_code, transient)
    assert cause in error.cause
    assert "ISO" in fail(migration(hresult=0xC03A0014, error_code=error_code)).cause


def test_a_reached_limit_waits_for_a_slot() -> None:
    given = one_vm(migration(fails_at=10, fail_times=2, hresult=None, message_id="21501"))
    simulated = Simulated(given)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, run.attempts, simulated.owner("web01")) == ("moved", 3, "NODE2")


def test_a_limit_that_stays_reached_is_told_as_such() -> None:
    simulated = Simulated(one_vm(migration(fails_at=10, hresult=None, message_id="21501")))
    simulated.pause(1)
    (run,) = simulated.move(("web01", "NODE2"), timeout=100)
    assert (run.outcome, run.error.code, run.error.transient) == ("failed", "limit_reached", True)
    assert "limit" in run.error.cause
    assert simulated.owner("web01") == "NODE1"


@pytest.mark.parametrize(
    "sentence",
    [
        "The virtual machine is using processor-specific features not supported on the destination.",
        "The key protector could not be unwrapped.",
        "The virtual machine is being backed up.",
        "A pass-through disk is attached; shared virtual hard disks are not supported.",
    ],
)
@pytest.mark.parametrize("language", ["en-US", "ja-JP"])
def test_a_cause_that_only_a_sentence_tells_is_quoted_and_named_among_the_usual_ones(
    sentence: str, language: Language
) -> None:
    error = fail(migration(hresult=None, reason=sentence), language)
    assert NO_CODE in error.cause
    assert all(word in error.remedy for word in ("processor", "virtual TPM", "backup", "pass-through"))
    assert (sentence in error.text) == (language == "en-US")


def test_a_vm_that_is_being_backed_up_is_not_moved_before_that_has_ended() -> None:
    given = scenario(vms=[vm("web01", activity="backing_up")])
    simulated = Simulated(given)
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.error.code, run.error.transient, simulated.migrations("web01")) == ("vm_busy", True, 0)


def test_every_code_that_is_known_has_a_row() -> None:
    rows = {row.code for row in HRESULTS} | {0x80070000 | row.code for row in CLUSTER_CODES}
    known = set(known_failures.HRESULTS) | {0x80070000 | code for code in WIN32_FAILURES}
    cancelled = 0x80070000 | 1223  # ERROR_CANCELLED, which ends a job that was cancelled
    assert rows | {cancelled} == known
    assert {row.code for row in MESSAGES} == set(known_failures.MESSAGES)
    assert {row.code for row in ERROR_TYPES} == set(known_failures.ERROR_TYPES)


def test_no_row_is_missing() -> None:
    codes = {row.code for row in (*HRESULTS, *CLUSTER_CODES, *MESSAGES)}
    assert len(codes) == len(HRESULTS) + len(CLUSTER_CODES) + len(MESSAGES) == 21 + 25 + 17
