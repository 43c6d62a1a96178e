# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The record of a move: what became of it, in the form of the ``moves`` of hyperv_vm_migrate. Values only.

``scheduling/move_results.py`` makes it; the ledger, the maintenance and its messages read it.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..cluster.states import VmState
from ..failure.failures import FailureResult
from .vocabulary import MethodName, Outcome


class MovedVm(t.TypedDict):
    """The VM of a record; ``state`` is the one that it had when its move was resolved."""

    id: str
    name: str
    state: VmState


# "class" cannot be written as the name of an attribute, so the keys of JobResult stand here once more.
JobOfMove = t.TypedDict(
    "JobOfMove",
    {
        "id": str,
        "state": str,
        "percent": "int | None",
        "error_code": "int | None",
        "class": str,
        "namespace": str,
        "node": "str | None",
    },
)
"""The job of a move, and where it was found."""


class MoveRecord(t.TypedDict):
    """What became of one move.

    Attributes:
        host_after: where the VM is as it was read last, or would be in a dry run.
        started, job_ended, ended: ISO 8601, None where that did not happen.
        timeout_from: ``origin`` of its timeout.
        setting_data: the form of setting data that Hyper-V took, None for none.
        error: why it failed; None for every other outcome.
        events: what the event logs of its hosts say of it.
    """

    vm: MovedVm
    source_host: str
    destination_host: str
    host_after: str
    outcome: Outcome | None
    changed: bool
    verified: bool
    checked: bool
    attached: bool
    attempts: int
    method: MethodName
    started: str | None
    job_ended: str | None
    ended: str | None
    elapsed_seconds: float
    timeout_seconds: int
    timeout_from: str
    setting_data: str | None
    return_value: int | None
    job: JobOfMove | None
    warnings: list[str]
    error: FailureResult | None
    events: list[Mapping[str, t.Any]]


class MaintenanceRecord(MoveRecord):
    """What became of a move of an evacuation or a restoration; ``helper``: of a VM of another node."""

    helper: bool


def error_code(record: MoveRecord) -> str:
    """Return the code of why a move failed; empty where it did not."""
    return record["error"]["code"] if record["error"] is not None else ""


def error_message(record: MoveRecord) -> str:
    """Return why a move failed, without what to do; empty where it did not."""
    return record["error"]["message"] if record["error"] is not None else ""
