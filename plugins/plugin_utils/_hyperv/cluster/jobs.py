# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Migration jobs: reading them, all running ones in one query, and finding the job of a VM.

Source: Microsoft docs, classes Msvm_MigrationJob, Msvm_ConcreteJob and Msvm_AffectedJobElement.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t
from collections.abc import Collection, Sequence

from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..failure.failures import Failure, job_failed
from ..failure.job_errors import JobErrorDetail
from .cim_values import JOB_STATES, JOB_TYPES
from .cluster import HYPERV_CLUSTER, VIRTUALIZATION, Cluster
from .guids import plain_guid
from .states import UNKNOWN

_SUCCESS = frozenset({"completed", "completed_with_warnings"})
# Microsoft's sample counts "service" as a failure; the other states are still under way, unknown ones too.
_FAILURE = frozenset({"terminated", "killed", "exception", "service"})
_COLUMNS = (
    "InstanceID",
    "JobState",
    "JobType",
    "PercentComplete",
    "ErrorCode",
    "ErrorDescription",
    "ErrorSummaryDescription",
)
# Msvm_ConcreteJob has neither; asking for them there would make the whole query invalid.
_MIGRATION_COLUMNS = ("VirtualSystemName", "DestinationHost")
_DETAIL_COLUMNS = ("TimeSubmitted", "StartTime", "TimeOfLastStateChange", "ElapsedTime", "Owner", "Cancellable")
MIGRATION_JOB = "Msvm_MigrationJob"
CONCRETE_JOB = "Msvm_ConcreteJob"
JOB_CLASSES = (MIGRATION_JOB, CONCRETE_JOB)

_OTHER = "other"
_ONLY_STORAGE = frozenset({"checking_storage_compatibility", "checking_storage_migration", "moving_storage"})


class JobResult(t.TypedDict):
    """A job in a task's result; the keys are attributes of ``Job``."""

    id: str
    state: str
    percent: int | None
    error_code: int | None


class Job(t.NamedTuple):
    """One CIM job.

    Attributes:
        id: InstanceID.
        state: word of JobState, such as ``running``.
        percent: 0 to 100, or None where the host does not tell (it says 101 then).
        error_code: ErrorCode; 0 or None while all is well.
        texts: the host's error texts, in the host's language.
        vm_id, destination: of a migration job, in upper case and as registered; empty where not told.
        job_type: word of JobType, such as ``moving_vm``; ``other`` for what is no migration.
        submitted, started, turned, elapsed, account, cancellable: only where a job was read with its details;
            ``turned`` when it entered its state, ``elapsed`` in seconds, ``account`` who asked for it, ``cancellable``
            what the host promises.
        details: what GetErrorEx said, where it was asked.
    """

    id: str
    state: str
    percent: int | None = None
    error_code: int | None = None
    texts: tuple[str, ...] = ()
    vm_id: str = ""
    destination: str = ""
    job_type: str = UNKNOWN
    submitted: dt.datetime | None = None
    started: dt.datetime | None = None
    turned: dt.datetime | None = None
    elapsed: float | None = None
    account: str = ""
    cancellable: bool | None = None
    details: tuple[JobErrorDetail, ...] = ()

    @property
    def is_migration(self) -> bool:
        """It is a migration, as far as its type tells."""
        return self.job_type != _OTHER

    @property
    def moves_vm(self) -> bool:
        """It may bring the VM to another node: a migration that is not of its storage only."""
        return self.is_migration and self.job_type not in _ONLY_STORAGE

    @property
    def is_final(self) -> bool:
        """The job has ended."""
        return self.state in _SUCCESS or self.state in _FAILURE

    @property
    def is_success(self) -> bool:
        """The job ended and says that it succeeded."""
        return self.state in _SUCCESS and not (self.state == "completed" and self.error_code)

    def error(self) -> Failure:
        """Return why the job failed."""
        return job_failed(self.state, self.percent, self.error_code, self.texts, self.details)

    def as_result(self) -> JobResult:
        """Return the job for a task's result."""
        return {"id": self.id, "state": self.state, "percent": self.percent, "error_code": self.error_code}


def _job(row: Instance) -> Job:
    percent = row.integer("PercentComplete")
    state = row.integer("JobState")
    elapsed = row.interval("ElapsedTime")
    summary, description = row.text("ErrorSummaryDescription") or "", row.text("ErrorDescription") or ""
    return Job(
        id=row.text("InstanceID") or "",
        state=JOB_STATES.get(-1 if state is None else state, UNKNOWN),
        percent=percent if percent is not None and percent <= 100 else None,
        error_code=row.integer("ErrorCode"),
        texts=tuple(text for text in dict.fromkeys((description, summary)) if text),
        vm_id=plain_guid(row.text("VirtualSystemName") or ""),
        destination=row.text("DestinationHost") or "",
        job_type=JOB_TYPES.get(row.integer("JobType") or 0, _OTHER),
        submitted=row.datetime("TimeSubmitted"),
        started=row.datetime("StartTime"),
        turned=row.datetime("TimeOfLastStateChange"),
        elapsed=elapsed.total_seconds() if elapsed is not None else None,
        account=row.text("Owner") or "",
        cancellable=row.boolean("Cancellable"),
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
    """Return jobs by id, with one query per class of job; None for a job that is gone.

    The classes and namespaces are those of the references: no source tells which the cluster uses. A job that the list
    does not show is asked for by itself before it counts as gone.
    """
    wanted = {reference.key("InstanceID") for reference in references}
    found: dict[str, Job | None] = {}
    for namespace, class_name in {(one.namespace, one.class_name) for one in references}:
        for row in _query_jobs(session, namespace, class_name):
            # Most of a long evacuation's list are jobs that ended minutes ago.
            if row.text("InstanceID") in wanted:
                job = _job(row)
                found[job.id] = job
    return {
        job_id: found[job_id] if job_id in found else read_job(session, reference)
        for reference in references
        for job_id in (reference.key("InstanceID") or "",)
    }


def list_jobs(
    session: Session, namespace: str = HYPERV_CLUSTER, class_name: str = MIGRATION_JOB, *, details: bool = False
) -> list[Job]:
    """Return all jobs of one class, those that ended in the last minutes among them. One query.

    A class that the namespace does not have has no jobs. Raises Fault and TransportError.
    """
    return [_job(row) for row in _query_jobs(session, namespace, class_name, _DETAIL_COLUMNS if details else ())]


def _query_jobs(session: Session, namespace: str, class_name: str, more: Sequence[str] = ()) -> list[Instance]:
    columns = (*_COLUMNS, *more, *(_MIGRATION_COLUMNS if class_name == MIGRATION_JOB else ()))
    return session.query(namespace, Query(class_name, columns), missing_ok=True)


def affected_vms(session: Session, namespace: str) -> dict[str, tuple[Reference, frozenset[str]]]:
    """Return of each job that affects VMs its reference and their ids, by the job's id. One query.

    This is how a VM's job is found where its class does not name the VM. Raises Fault and TransportError.
    """
    found: dict[str, tuple[Reference, frozenset[str]]] = {}
    for row in session.query(namespace, Query("Msvm_AffectedJobElement"), missing_ok=True):
        job, element = row.reference("AffectingElement"), row.reference("AffectedElement")
        job_id = job.key("InstanceID") if job is not None else None
        vm_id = element.key("Name") if element is not None else None
        if job is not None and job_id and vm_id:
            others = found[job_id][1] if job_id in found else frozenset()
            found[job_id] = job, others | {plain_guid(vm_id)}
    return found


def find_job(
    cluster: Cluster, vm_id: str, known: Collection[str] = (), *, source: str = "", any_kind: bool = False
) -> tuple[Reference, Job] | None:
    """Return the migration job of a VM: a running one first, else the one that was submitted last.

    Jobs with an id in ``known`` belong to earlier migrations and do not count, nor, without
    ``any_kind``, do those of its storage alone. No source tells where a cluster keeps the job: first the cluster's
    namespace is asked, and where that shows none that runs, root/virtualization/v2 of the node ``source``, which is the
    VM's owner. That node may be out of reach; then it shows nothing. Raises Fault and TransportError of the cluster's
    namespace.
    """
    found = _jobs_of(cluster.hyperv, HYPERV_CLUSTER, vm_id, known, any_kind) if cluster.offers_hyperv else []
    if source and all(job.is_final for unused, job in found):
        with contextlib.suppress(NoAnswer):
            found += _jobs_of(cluster.node(source), VIRTUALIZATION, vm_id, known, any_kind)
    return min(found, key=lambda pair: _turn(pair[1]), default=None)


def _turn(job: Job) -> tuple[bool, float]:
    return job.is_final, -job.submitted.timestamp() if job.submitted is not None else 0.0


def _jobs_of(
    session: Session, namespace: str, vm_id: str, known: Collection[str], any_kind: bool
) -> list[tuple[Reference, Job]]:
    """Return a VM's jobs in one namespace. A second request is made only where no running job names the VM."""
    named = [job for job in list_jobs(session, namespace, details=True) if job.vm_id == vm_id]
    found: list[tuple[Reference, Job]] = [
        (Reference.of(namespace, MIGRATION_JOB, InstanceID=job.id), job) for job in named
    ]
    if all(job.is_final for job in named):
        ids = {job.id for job in named}
        for job_id, (reference, vms) in affected_vms(session, namespace).items():
            job = read_job(session, reference) if vm_id in vms and job_id not in ids else None
            if job is not None:
                found.append((reference, job._replace(vm_id=vm_id)))
    return [(reference, job) for reference, job in found if (any_kind or job.moves_vm) and job.id not in known]


def job_ids(cluster: Cluster, sources: Collection[str] = (), *, named_alone: bool = False) -> frozenset[str]:
    """Return the ids of all jobs that exist now where ``find_job`` would look: later ones are not among them.

    ``sources`` are the nodes whose root/virtualization/v2 counts as well. ``named_alone``: without those whose class
    does not name the VM, which are another request. Raises as ``find_job``.
    """

    def ids_of(session: Session, namespace: str) -> set[str]:
        ids = {job.id for job in list_jobs(session, namespace)}
        return ids if named_alone else ids | set(affected_vms(session, namespace))

    found = ids_of(cluster.hyperv, HYPERV_CLUSTER) if cluster.offers_hyperv else set()
    for node in sources:
        with contextlib.suppress(NoAnswer):
            found |= ids_of(cluster.node(node), VIRTUALIZATION)
    return frozenset(found)
