# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Migration jobs: reading them, all that run in one request. Private to this collection."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Collection, Sequence

from .._wsman.faults import Fault
from .._wsman.instances import Instance
from .._wsman.references import Reference
from .._wsman.session import Session
from .._wsman.wql import Query
from .cluster import HYPERV_CLUSTER, Cluster
from .codes import JOB_STATES, UNKNOWN
from .errors import MoveError, job_failed

_SUCCESS = frozenset({"completed", "completed_with_warnings"})
# Microsoft's sample counts "service" as a failure; the other states are still under way, unknown ones too.
_FAILURE = frozenset({"terminated", "killed", "exception", "service"})
_COLUMNS = (
    "InstanceID",
    "JobState",
    "PercentComplete",
    "ErrorCode",
    "ErrorDescription",
    "ErrorSummaryDescription",
)
# Msvm_ConcreteJob has neither; asking for them there would make the whole query invalid.
_MIGRATION_COLUMNS = ("VirtualSystemName", "DestinationHost")
MIGRATION_JOB = "Msvm_MigrationJob"


@dataclasses.dataclass(frozen=True)
class Job:
    """One CIM job.

    Attributes:
        id: InstanceID.
        state: word of JobState, such as ``running``.
        percent: 0 to 100, or None where the host does not tell (it says 101 then).
        error_code: ErrorCode; 0 or None while all is well.
        texts: the host's error texts, in the host's language.
        vm_id, destination: of a migration job, in upper case and as registered; empty where not told.
    """

    id: str
    state: str
    percent: int | None = None
    error_code: int | None = None
    texts: tuple[str, ...] = ()
    vm_id: str = ""
    destination: str = ""

    @property
    def is_final(self) -> bool:
        """The job has ended."""
        return self.state in _SUCCESS or self.state in _FAILURE

    @property
    def is_success(self) -> bool:
        """The job ended and says that it succeeded."""
        return self.state in _SUCCESS and not (self.state == "completed" and self.error_code)

    def error(self) -> MoveError:
        """Return why the job failed."""
        return job_failed(self.state, self.percent, self.error_code, self.texts)

    def as_result(self) -> dict[str, t.Any]:
        """Return the job for a task's result."""
        return {"id": self.id, "state": self.state, "percent": self.percent, "error_code": self.error_code}


def _job(row: Instance) -> Job:
    percent = row.integer("PercentComplete")
    state = row.integer("JobState")
    summary, description = row.text("ErrorSummaryDescription") or "", row.text("ErrorDescription") or ""
    return Job(
        id=row.text("InstanceID") or "",
        state=JOB_STATES.get(-1 if state is None else state, UNKNOWN),
        percent=percent if percent is not None and percent <= 100 else None,
        error_code=row.integer("ErrorCode"),
        texts=tuple(text for text in dict.fromkeys((description, summary)) if text),
        vm_id=(row.text("VirtualSystemName") or "").strip("{}").upper(),
        destination=row.text("DestinationHost") or "",
    )


def read_job(session: Session, reference: Reference) -> Job | None:
    """Return one job by the reference that the method gave, None where it is gone. Raises Fault and TransportError."""
    try:
        return _job(session.get(reference))
    except Fault as fault:
        if fault.is_not_found:
            return None
        raise


def read_jobs(session: Session, references: Sequence[Reference]) -> dict[str, Job | None]:
    """Return jobs by id, with one request per class of job; None for a job that is gone.

    The classes and namespaces are those of the references: no source tells which the cluster uses. A job that the list
    does not show is asked for by itself before it counts as gone.
    """
    found: dict[str, Job | None] = {}
    for namespace, class_name in {(one.namespace, one.class_name) for one in references}:
        for job in list_jobs(session, namespace, class_name):
            found[job.id] = job
    return {
        job_id: found[job_id] if job_id in found else read_job(session, reference)
        for reference in references
        for job_id in (reference.key("InstanceID") or "",)
    }


def list_jobs(session: Session, namespace: str = HYPERV_CLUSTER, class_name: str = MIGRATION_JOB) -> list[Job]:
    """Return all jobs of one class, those that ended in the last minutes among them."""
    columns = (*_COLUMNS, *_MIGRATION_COLUMNS) if class_name == MIGRATION_JOB else _COLUMNS
    return [_job(row) for row in session.query(namespace, Query(class_name, columns))]


def find_job(cluster: Cluster, vm_id: str, known: Collection[str] = ()) -> tuple[Reference, Job] | None:
    """Return the migration job of a VM: a running one first, else one that has just ended. Raises as ``list_jobs``.

    Jobs with an id in ``known`` belong to earlier migrations and do not count.
    """
    jobs = [job for job in list_jobs(cluster.hyperv) if job.vm_id == vm_id and job.id not in known]
    jobs.sort(key=lambda job: job.is_final)
    if not jobs:
        return None
    return Reference.of(HYPERV_CLUSTER, MIGRATION_JOB, InstanceID=jobs[0].id), jobs[0]
