# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Error details of a failed job from GetErrorEx and GetError.

Source: Microsoft docs, classes Msvm_MigrationJob, Msvm_ConcreteJob and Msvm_Error.
"""

from __future__ import annotations

from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.values import CimType
from ..failure.codes import COMPLETED
from ..failure.job_errors import JobErrorDetail
from .jobs import Job

# GetErrorEx gives the whole chain, GetError its first error; a provider need not have the newer one.
_METHODS = (("GetErrorEx", "Errors"), ("GetError", "Error"))


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
        except NoAnswer:
            return ()
    return ()


def with_errors(session: Session, reference: Reference, job: Job) -> Job:
    """Return a failed job with its errors as ``read_job_errors`` reads them."""
    return job._replace(details=read_job_errors(session, reference))


def _detail(error: Instance) -> JobErrorDetail:
    return JobErrorDetail(
        error.integer("ErrorType", CimType.UINT16),
        error.text("MessageID") or "",
        error.text("Message") or "",
        error.texts("MessageArguments"),
        error.text("ProbableCauseDescription") or "",
        error.texts("RecommendedActions"),
    )
