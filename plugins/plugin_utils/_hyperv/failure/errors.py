# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong above the wire, in operators' words. Private to this collection."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..._wsman.envelopes import UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.transport import TransportError
from ..._wsman.values import UnexpectedValue
from .classification import classify, failure_of
from .codes import LOOK, return_code
from .hresults import as_hresult, hex_text, hresults_in, win32_code
from .job_errors import JobErrorDetail
from .known_failures import CANCELLED
from .rights import missing_right

# What a request may come to instead of an answer that can be read.
NO_ANSWER = (Fault, TransportError, UnreadableAnswer, UnexpectedValue)
_FAILED = "job_failed"
_ERROR_CANCELLED = 1223  # winerror.h
# How an end without success reads; a state that is not here is named as it is.
_ENDS = {
    "exception": "failed",
    "terminated": "was cancelled",
    "killed": "was cancelled by force",
    "service": "needs service",
}
_LONGEST_QUOTE = 800  # characters of a host's own words in a message


class HyperVError(Exception):
    """The wish cannot be fulfilled. The text names the value, the cause and the cure; nothing was changed."""


class UnknownVm(HyperVError):
    """There is no such VM among those that were looked at."""


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
    """Return the error for a return value of the migration service; -1 stands for an answer without one."""
    code = return_code(value)
    told = f"{operation} returned {value} ({code.name})" if value >= 0 else f"{operation} returned no value"
    return MoveError(
        "refused",
        f"{told}: {code.cause}. {code.remedy}",
        code.cause,
        code.remedy,
        value if value >= 0 else None,
        transient=code.transient,
    )


def faulted(operation: str, fault: Fault) -> MoveError:
    """Return the error for a SOAP fault that a call of the migration service or of the cluster met."""
    known = next(filter(None, map(failure_of, _codes(fault))), None)
    cause = known.cause if known else str(fault)
    remedy = fault_remedy(fault) or (known.remedy if known else LOOK)
    return MoveError(
        "fault",
        f"{operation}: {fault}. {f'That is: {cause}. ' if known else ''}{remedy}",
        cause,
        remedy,
        hresult=hex_text(as_hresult(fault.code) if fault.code is not None else None),
        transient=known.transient if known else fault.is_transient,
    )


def win32_codes(fault: Fault) -> tuple[int, ...]:
    """Return the Win32 codes that a fault tells, its own first."""
    return tuple(code for code in map(win32_code, filter(None, map(as_hresult, _codes(fault)))) if code is not None)


def _codes(fault: Fault) -> tuple[int, ...]:
    # The cluster's provider may answer with a general code and tell its own in the text.
    return (fault.code or 0, *reversed(hresults_in(f"{fault.reason} {fault.detail}")))


def job_failed(
    state: str,
    percent: int | None,
    error_code: int | None,
    texts: Sequence[str],
    details: Sequence[JobErrorDetail] = (),
) -> MoveError:
    """Return the error for a job that ended without success.

    ``texts`` are the job's own and ``details`` what GetErrorEx said. The host's words are quoted and never decide, for
    they are in its language; the codes among them do.
    """
    failure, hresult = classify(texts, details, error_code)
    by_request = state in ("terminated", "killed")
    if by_request and failure.vague:
        failure = failure_of(_ERROR_CANCELLED) or failure
    end = _ENDS.get(state, f"ended as {state}")
    at = f" at {percent} %" if percent is not None and percent <= 100 else ""
    code = f" ({hex_text(hresult)})" if hresult is not None else ""
    said = f" Hyper-V says: {quoted}" if (quoted := _quoted(texts, details, hex_text(hresult))) else ""
    return MoveError(
        CANCELLED if by_request else failure.name or _FAILED,
        f"The migration job {end}{at}: {failure.cause}{code}. {failure.remedy}{said}",
        failure.cause,
        failure.remedy,
        error_code,
        hex_text(hresult),
        failure.transient,
    )


def _quoted(texts: Sequence[str], details: Sequence[JobErrorDetail], code: str) -> str:
    """Return the host's own sentences in one line: each once, without what another one contains, and not too long.

    Where several name the code that decided, the longest of them is enough.
    """
    told = [*texts]
    for detail in details:
        told += (detail.message, detail.probable_cause, *detail.recommended_actions)
    sentences = list(dict.fromkeys(_one_line(text) for text in told))
    parts = [one for one in sentences if one and not any(one != other and one in other for other in sentences)]
    telling = [one for one in parts if code and code.lower() in one.lower()]
    parts = [one for one in parts if one not in telling or one == max(telling, key=len)]
    said = " / ".join(parts)
    return said if len(said) <= _LONGEST_QUOTE else f"{said[: _LONGEST_QUOTE - 3]}..."


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def with_remedy(error: Exception) -> str:
    """Return the text of an error, with what to do about it where it is a fault that says so."""
    return f"{error} {fault_remedy(error)}".rstrip() if isinstance(error, Fault) else str(error)


def fault_remedy(fault: Fault) -> str:
    """Return what to do about a fault, or nothing where the fault itself must do."""
    if fault.is_access_denied:
        return missing_right(fault)
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
