# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why something that was to be done was not done.

A failure is kept in parts; its texts are composed when they are asked for. Who knows better than the one that made it
replaces a part (``_replace``), never words in a text.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..._wsman.faults import Fault
from .classification import classify, failure_of
from .codes import LOOK, return_code
from .errors import fault_remedy, passes, remedy_of
from .finding import ERROR, Finding, FindingResult, SubjectKind, sentence
from .hresults import as_hresult, hex_text, hresults_in, win32_code
from .job_errors import JobErrorDetail
from .known_failures import CANCELLED

_FAILED = "job_failed"
_ERROR_CANCELLED = 1223  # winerror.h
# How an end without success reads; a state that is not here is named as it is.
_ENDS = {
    "exception": "failed",
    "terminated": "was cancelled",
    "killed": "was cancelled by force",
    "service": "needs service",
}
_LONGEST_QUOTE = 800  # characters of a host's own words


class FailureResult(FindingResult):
    """A failure in a task's result; the keys are attributes of ``Failure``."""

    cause: str
    quoted: str
    error_code: int | None
    hresult: str


class Failure(t.NamedTuple):
    """Why a VM was not moved, or not brought into another state, or a node cannot take it.

    Attributes:
        code: short and stable, in snake_case, for programs: ``job_failed``.
        cause: a clause that says why; it begins in lower case where it does not begin with a name.
        remedy: what to do about it, in whole sentences.
        operation: what was asked of whom and what came back, as the beginning of the message: ``The migration job
            failed at 60 %``. Empty where nothing was asked.
        quoted: what the host itself says, and who says it.
        error_code: return value of the method or ErrorCode of the job, or None.
        hresult: ``0x8007000E`` or empty.
        transient: the same operation may succeed later.
        subject, subject_kind: what it is about; no subject is what was to be moved or changed.
        vague: nobody told the cause, so that whoever knows one may put it there.
    """

    code: str
    cause: str
    remedy: str = ""
    operation: str = ""
    quoted: str = ""
    error_code: int | None = None
    hresult: str = ""
    transient: bool = False
    subject: str = ""
    subject_kind: SubjectKind = "vm"
    vague: bool = False

    @property
    def clause(self) -> str:
        """What happened and why, to stand in a sentence."""
        number = f" ({self.hresult})" if self.hresult and self.hresult not in self.cause else ""
        return f"{self.operation}: {self.cause}{number}" if self.operation else f"{self.cause}{number}"

    @property
    def message(self) -> str:
        """What happened and why, in a sentence that does not say what to do."""
        return sentence(self.clause)

    @property
    def text(self) -> str:
        """The whole of it for people: what happened, what to do, and what the host says."""
        return " ".join(filter(None, (self.message, self.remedy, self.quoted)))

    def about(self, subject: str, kind: SubjectKind = "vm") -> Failure:
        """Return the failure with a subject, unless it has one."""
        return self if self.subject else self._replace(subject=subject, subject_kind=kind)

    def because(self, cause: str, remedy: str) -> Failure:
        """Return the failure with what is most likely behind it, which nobody who refused said."""
        return self._replace(cause=f"{self.cause}; {cause.rstrip('.')}", remedy=remedy, vague=False)

    def as_finding(self) -> Finding:
        """Return the failure as a finding."""
        return Finding(
            self.code, ERROR, self.subject, self.subject_kind, self.message, self.remedy, transient=self.transient
        )

    def as_result(self) -> FailureResult:
        """Return the failure for a task's result: the keys of a finding, and what only a failure has."""
        return {
            **self.as_finding().as_result(),
            "cause": self.cause,
            "quoted": self.quoted,
            "error_code": self.error_code,
            "hresult": self.hresult,
        }


def not_begun(code: str, error: Exception, outlook: str) -> Failure:
    """Return the failure for something that an error kept from beginning; ``outlook`` says what that means."""
    remedy = f"{remedy_of(error)} {outlook}".lstrip()
    return Failure(code, str(error).rstrip("."), remedy, transient=passes(error))


def refused(operation: str, value: int) -> Failure:
    """Return the failure for a return value of the migration service; -1 stands for an answer without one."""
    code = return_code(value)
    returned = f"{operation} returned {value} ({code.name})" if value >= 0 else f"{operation} returned no value"
    return Failure(
        "refused",
        code.cause,
        code.remedy,
        operation=returned,
        error_code=value if value >= 0 else None,
        transient=code.transient,
        vague=code.vague,
    )


def faulted(operation: str, fault: Fault) -> Failure:
    """Return the failure for a SOAP fault that a call of the migration service or of the cluster met."""
    known = next(filter(None, map(failure_of, _codes(fault))), None)
    return Failure(
        "fault",
        known.cause if known else str(fault).rstrip("."),
        fault_remedy(fault) or (known.remedy if known else LOOK),
        operation=operation,
        quoted=str(fault) if known else "",
        hresult=hex_text(as_hresult(fault.code) if fault.code is not None else None),
        transient=known.transient if known else fault.is_transient,
        vague=known is None or known.vague,
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
) -> Failure:
    """Return the failure of a job that ended without success.

    ``texts`` are the job's own and ``details`` what GetErrorEx said. The host's words are quoted and never decide, for
    they are in its language; the codes among them do.
    """
    known, hresult = classify(texts, details, error_code)
    by_request = state in ("terminated", "killed")
    if by_request and known.vague:
        known = failure_of(_ERROR_CANCELLED) or known
    end = _ENDS.get(state, f"ended as {state}")
    at = f" at {percent} %" if percent is not None and percent <= 100 else ""
    words = _quoted(texts, details, hex_text(hresult))
    return Failure(
        CANCELLED if by_request else known.code or _FAILED,
        known.cause,
        known.remedy,
        operation=f"The migration job {end}{at}",
        quoted=f"Hyper-V says: {words}" if words else "",
        error_code=error_code,
        hresult=hex_text(hresult),
        transient=known.transient,
        vague=known.vague,
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
    words = " / ".join(parts)
    return words if len(words) <= _LONGEST_QUOTE else f"{words[: _LONGEST_QUOTE - 3]}..."


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
