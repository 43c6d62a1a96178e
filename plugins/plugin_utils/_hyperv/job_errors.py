# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a failed job says of itself through GetErrorEx and GetError. Private to this collection.

Source: Microsoft docs, classes Msvm_MigrationJob, Msvm_ConcreteJob and Msvm_Error.
"""

from __future__ import annotations

import dataclasses

from .._wsman.envelopes import UnreadableAnswer
from .._wsman.faults import Fault
from .._wsman.instances import Instance
from .._wsman.references import Reference
from .._wsman.session import Session
from .._wsman.transport import TransportError
from .._wsman.values import CimType, UnexpectedValue
from .codes import COMPLETED
from .hresults import as_hresult, hresults_in, message_number

# GetErrorEx gives the whole chain, GetError its first error; a provider need not have the newer one.
_METHODS = (("GetErrorEx", "Errors"), ("GetError", "Error"))


@dataclasses.dataclass(frozen=True)
class JobErrorDetail:
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


def read_job_errors(session: Session, reference: Reference) -> tuple[JobErrorDetail, ...]:
    """Return the errors of a job, as its host orders them (outermost first, as far as is known).

    Empty while the job is fine, and where it is gone or cannot be asked: this only adds to what is known already, so
    it raises nothing. One request, and a second one where the provider does not have GetErrorEx.
    """
    for method, parameter in _METHODS:
        try:
            output = session.invoke(reference, method, {})
            if output.integer("ReturnValue") == COMPLETED:
                return tuple(_detail(error) for error in output.embeddeds(parameter))
        except Fault as fault:
            if not fault.is_missing_method:
                return ()
        except (TransportError, UnreadableAnswer, UnexpectedValue):
            return ()
    return ()


def _detail(error: Instance) -> JobErrorDetail:
    return JobErrorDetail(
        error.integer("ErrorType", CimType.UINT16),
        error.text("MessageID") or "",
        error.text("Message") or "",
        error.texts("MessageArguments"),
        error.text("ProbableCauseDescription") or "",
        error.texts("RecommendedActions"),
    )
