# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong above the wire, in operators' words. Private to this collection."""

from __future__ import annotations

import dataclasses
import typing as t

from .._wsman.faults import Fault
from .codes import return_code
from .failures import FAILURES, hresult_in

_LOOK = "See the event logs Hyper-V-VMMS and Hyper-V-High-Availability on both nodes."


class HyperVError(Exception):
    """The wish cannot be fulfilled. The text names the value, the cause and the cure; nothing was changed."""


@dataclasses.dataclass(frozen=True)
class MoveError:
    """Why one move failed.

    Attributes:
        name: short and stable word for programs, such as ``job_failed``.
        message: the whole story for people.
        cause, remedy: its parts.
        code: return value of the method or error code of the job, or None.
        hresult: ``0x8007000E`` or empty.
        transient: the same move may succeed later.
    """

    name: str
    message: str
    cause: str = ""
    remedy: str = ""
    code: int | None = None
    hresult: str = ""
    transient: bool = False

    def as_result(self) -> dict[str, t.Any]:
        """Return the error for a task's result."""
        return dataclasses.asdict(self)


def obstacle(name: str, cause: str, remedy: str, *, transient: bool = False) -> MoveError:
    """Return the error for something seen before or after the move rather than told by Hyper-V."""
    return MoveError(name, f"{cause[:1].upper()}{cause[1:]}. {remedy}", cause, remedy, transient=transient)


def refused(operation: str, value: int) -> MoveError:
    """Return the error for a return value of the migration service."""
    code = return_code(value)
    message = f"{operation} returned {value} ({code.name}): {code.cause}. {code.remedy}"
    return MoveError("refused", message, code.cause, code.remedy, value, transient=code.transient)


def faulted(operation: str, fault: Fault) -> MoveError:
    """Return the error for a SOAP fault that a call of the migration service met."""
    hresult = fault.code if fault.code is not None and fault.code > 0xFFFF else None
    known = FAILURES.get(hresult or 0)
    cause, remedy = (known.cause, known.remedy) if known else (str(fault), fault_remedy(fault) or _LOOK)
    return MoveError(
        "fault",
        f"{operation}: {fault}. {remedy}",
        cause,
        remedy,
        hresult=f"0x{hresult:08X}" if hresult is not None else "",
        transient=fault.is_transient,
    )


def job_failed(state: str, percent: int | None, error_code: int | None, texts: tuple[str, ...]) -> MoveError:
    """Return the error for a job that ended without success. ``texts`` are the host's own, which may be localised."""
    hresult = hresult_in(*texts)
    known = FAILURES.get(hresult or 0)
    said = " ".join(text for text in texts if text)
    cause = known.cause if known else said or f"the job ended as {state}"
    remedy = known.remedy if known else _LOOK
    at = f" at {percent} %" if percent is not None and percent <= 100 else ""
    told = f" Hyper-V says: {said}" if said and known else ""
    return MoveError(
        "job_failed" if state not in ("terminated", "killed") else "job_cancelled",
        f"The migration job ended as {state}{at}: {cause.rstrip('.')}. {remedy}{told}",
        cause,
        remedy,
        error_code,
        f"0x{hresult:08X}" if hresult is not None else "",
        known.transient if known else False,
    )


def fault_remedy(fault: Fault) -> str:
    """Return what to do about a fault, or nothing where the fault itself must do."""
    if fault.is_access_denied:
        return (
            "The account lacks a right on this node: make it a local administrator, or a member of Remote Management "
            "Users and Hyper-V Administrators with access to the cluster and the WMI namespace."
        )
    if fault.is_missing_class:
        return (
            "The node has no such CIM class or namespace. It must be a node of a failover cluster with Hyper-V on "
            "Windows Server 2016 or later."
        )
    if fault.is_quota:
        return "WinRM's limit of concurrent operations was reached. Run fewer tasks against this node at once."
    if fault.is_transient:
        return "The node's management service is busy or starting. Run the task again in a minute."
    return ""
