# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One error that a failed job tells of itself.

Source: Microsoft docs, class Msvm_Error.
"""

from __future__ import annotations

import typing as t

from .hresults import as_hresult, hresults_in, message_number


class JobErrorDetail(t.NamedTuple):
    """One Msvm_Error of a job.

    Attributes:
        error_type: its ErrorType, None where not told.
        message_id: its MessageID, a number in most cases.
        message: its sentence, in the host's language.
        arguments: what was put into that sentence.
        probable_cause: ProbableCauseDescription, in the host's language.
        recommended_actions: in the host's language.
    """

    error_type: int | None = None
    message_id: str = ""
    message: str = ""
    arguments: tuple[str, ...] = ()
    probable_cause: str = ""
    recommended_actions: tuple[str, ...] = ()

    @property
    def number(self) -> int | None:
        """The number of the message, None where there is none or it is an HRESULT."""
        number = message_number(self.message_id)
        return number if number is not None and number <= 0xFFFF else None

    @property
    def hresults(self) -> tuple[int, ...]:
        """The HRESULTs that it tells, the most certain one last: those of its id, its arguments, its sentence."""
        number = message_number(self.message_id)
        of_id = as_hresult(number) if number is not None and number > 0xFFFF else None
        told = tuple(hresult for text in (*self.arguments, self.message) for hresult in hresults_in(text))
        return told if of_id is None else (of_id, *told)
