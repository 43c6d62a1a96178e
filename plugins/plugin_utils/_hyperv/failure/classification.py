# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what a host tells of a failure to the one cause that is worth showing. Pure.

HRESULTs come first, then message ids, then error types, then the job's error code; sentences are read for the codes in
them alone. The docs do not say in which order GetErrorEx gives its chain, so ids that are known to stand around the
cause do not decide, wherever they are; of the rest the last one counts, which is the innermost as far as is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .codes import RETURN_CODES
from .hresults import as_hresult, hresults_in, win32_code
from .job_errors import JobErrorDetail
from .known_failures import (
    ERROR_TYPES,
    HRESULTS,
    INFORMATION,
    LIMIT,
    MESSAGES,
    NO_SLOT,
    UNKNOWN_CODE,
    UNTOLD,
    WRAPPERS,
    KnownFailure,
)
from .win32_failures import WIN32_FAILURES


def failure_of(code: int) -> KnownFailure | None:
    """Return what an HRESULT or a Win32 code means for a migration, None where it is not known."""
    hresult = as_hresult(code)
    if hresult is None:
        return None
    return HRESULTS.get(hresult) or WIN32_FAILURES.get(win32_code(hresult) or 0)


def classify(
    texts: Sequence[str], details: Sequence[JobErrorDetail] = (), error_code: int | None = None
) -> tuple[KnownFailure, int | None]:
    """Return what a failed job comes to, and the HRESULT behind it: the deciding one, else the innermost, or None.

    ``texts`` are the job's own sentences, ``details`` what GetErrorEx said, ``error_code`` its ErrorCode.
    """
    hresults = sorted(_innermost_first(texts, details), key=_says_little)
    if not hresults and (error_code or 0) > 0xFFFF:
        hresults = [code for code in (as_hresult(error_code or 0),) if code is not None]  # the cluster's is an HRESULT
    told = hresults[0] if hresults else None
    by_code = [(failure_of(hresult) or UNKNOWN_CODE, hresult) for hresult in hresults]
    others = [*_of_messages(details, told), *_of_types(details), *_of_error_code(error_code)]
    candidates = [*by_code, *((failure, told) for failure in (*others, UNTOLD))]
    return next((candidate for candidate in candidates if not candidate[0].vague), candidates[0])


def _says_little(hresult: int) -> bool:
    return hresult in HRESULTS and HRESULTS[hresult].vague


def _innermost_first(texts: Sequence[str], details: Sequence[JobErrorDetail]) -> list[int]:
    cores = [detail for detail in details if detail.number not in WRAPPERS]
    wrappers = [detail for detail in details if detail.number in WRAPPERS]
    inward = [hresult for text in reversed(texts) for hresult in hresults_in(text)]
    for detail in (*wrappers, *cores):
        inward += detail.hresults if detail.number not in INFORMATION else ()
    return list(dict.fromkeys(reversed(inward)))


def _of_messages(details: Sequence[JobErrorDetail], hresult: int | None) -> Iterator[KnownFailure]:
    numbers = [detail.number for detail in reversed(details)]
    yield from (MESSAGES[number] for number in numbers if number in MESSAGES)
    if hresult is None and NO_SLOT in numbers:
        yield LIMIT


def _of_types(details: Sequence[JobErrorDetail]) -> Iterator[KnownFailure]:
    for detail in reversed(details):
        if detail.error_type in ERROR_TYPES and detail.number not in WRAPPERS | INFORMATION:
            yield ERROR_TYPES[detail.error_type]


def _of_error_code(error_code: int | None) -> Iterator[KnownFailure]:
    code = RETURN_CODES.get(error_code or 0)
    if code is not None and not code.vague:
        yield KnownFailure(code.cause, code.remedy, code.transient)
