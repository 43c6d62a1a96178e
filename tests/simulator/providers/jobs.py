# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The job objects of migrations: their rows, their errors, and requests to end them.

Values: Microsoft docs of Msvm_MigrationJob, Msvm_ConcreteJob, Msvm_Error and CIM_ConcreteJob.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from ..cim import CimFault, Embedded, Instance, ObjectPath, Value
from ..world import Job, JobState, Refusal
from ..world.failures import Failure
from .namespace import CLUSTER, VIRTUALIZATION, ClassTable, View
from .systems import NEVER, system_path

MIGRATION_JOB = "Msvm_MigrationJob"
CONCRETE_JOB = "Msvm_ConcreteJob"
# JobType by what moves, and of a check of it; MigrationType.
MOVING = {"vm": 305, "both": 306, "storage": 307, "staged": 300}
CHECKING = {"vm": 301, "both": 302, "storage": 304, "staged": 301}
MIGRATION_TYPES = {"vm": 32768, "storage": 32769, "staged": 32770, "both": 32771}
ALL_IS_WELL, COMPLETED, FAILED = 2, 17, 6
TERMINATE, KILL = 4, 5
OTHER_REQUESTS = (2, 3, 6)
METHOD_NOT_IMPLEMENTED = 0x80041055  # WBEM_E_METHOD_NOT_IMPLEMENTED (wbemcli.h)
TRANSITION_STARTED, TIMEOUT_NOT_SUPPORTED = 4096, 4098
# What CIM_ConcreteJob.RequestStateChange returns where Msvm_MigrationJob has codes of Hyper-V.
DMTF_REFUSALS = {
    Refusal.NOT_SUPPORTED: 1,
    Refusal.INVALID_PARAMETER: 5,
    Refusal.INVALID_STATE: 4097,
    Refusal.IN_USE: 4099,
}


def job_path(view: View, job: Job) -> ObjectPath:
    """Return the reference to a job as the migration method hands it out, by the switches."""
    switches = view.world.scenario.switches
    namespace = CLUSTER if switches.job_namespace == "cluster" else VIRTUALIZATION
    return ObjectPath(namespace, switches.job_class, {"InstanceID": job.id})


def jobs_seen(view: View) -> list[Job]:
    """Return the cluster's jobs in the cluster namespace, elsewhere those that this node lists."""
    jobs, switches = view.world.migrations.jobs.values(), view.world.scenario.switches
    shown = [job for job in jobs if not job.order.by_group or switches.group_job != "none"]
    if view.namespace != CLUSTER:
        return [job for job in shown if view.node.name in _hosts(view, job)]
    if switches.job_namespace != "cluster":
        return []
    of_cluster = [job for job in shown if not job.order.by_host]
    return [job for job in of_cluster if not job.order.by_group or switches.group_job == "cluster"]


def _hosts(view: View, job: Job) -> tuple[str, ...]:
    """Return the nodes that list a job among their own."""
    if not job.order.by_group:
        return (job.host,)
    hosts = {"destination": (job.destination,), "both": (job.source, job.destination)}
    return hosts.get(view.world.scenario.switches.group_job, (job.host,))


def _statuses(view: View, job: Job) -> tuple[str, list[int], list[str]]:
    texts = view.texts
    if job.state is JobState.COMPLETED:
        return texts.job_completed, [COMPLETED, ALL_IS_WELL], [texts.job_completed, texts.job_succeeded]
    if job.state is JobState.COMPLETED_WITH_WARNINGS:
        return texts.job_warned, [COMPLETED, ALL_IS_WELL], [texts.job_completed, texts.job_warned]
    if job.state is JobState.EXCEPTION:
        return texts.job_failed, [COMPLETED, FAILED], [texts.job_completed, texts.job_failed]
    if job.state.final:
        return texts.job_cancelled, [COMPLETED, FAILED], [texts.job_completed, texts.job_cancelled]
    text = texts.job_new if job.state is JobState.NEW else texts.job_running
    return text, [ALL_IS_WELL], [text]


def _job_row(view: View, job: Job) -> dict[str, Value]:
    world = view.world
    status, operational, descriptions = _statuses(view, job)
    failed = bool(job.failures)
    submitted = world.date(job.submitted)
    return {
        "InstanceID": job.id,
        "Caption": view.texts.moving,
        "Description": view.texts.moving,
        "ElementName": view.texts.moving,
        "Name": view.texts.moving,
        "JobState": int(job.state) if job.shown_state is None else job.shown_state,
        "JobStatus": status,
        "OperationalStatus": operational,
        "StatusDescriptions": descriptions,
        "Status": "Error" if failed else "OK",
        "HealthState": 25 if failed else 5,
        "PercentComplete": job.percent(world.now),
        "ErrorCode": job.machine.spec.migration.error_code if failed else 0,
        "ErrorDescription": _description(view, job),
        "ErrorSummaryDescription": view.texts.job_failed if failed else "",
        "Cancellable": True,
        "DeleteOnCompletion": False,
        "ElapsedTime": datetime.timedelta(seconds=job.elapsed(world.now)),
        "InstallDate": NEVER,
        "JobRunTimes": 1,
        "JobType": (CHECKING if job.is_check else MOVING)[job.order.kind],
        "LocalOrUtcTime": 2,
        "Notify": "",
        "OtherRecoveryAction": "",
        "Owner": job.caller,
        "Priority": 0,
        "RecoveryAction": 2,
        "ScheduledStartTime": submitted,
        "StartTime": submitted if job.started is None else world.date(job.started),
        "TimeBeforeRemoval": datetime.timedelta(seconds=world.scenario.switches.job_lifetime_seconds),
        "TimeOfLastStateChange": world.date(job.changed_at),
        "TimeSubmitted": submitted,
    }


def _description(view: View, job: Job) -> str:
    told = view.world.scenario.switches.job_error_texts
    if not job.failures or told == "empty":
        return ""
    return view.texts.of_failure(job.failures[0], reason=told == "full")


def _migration_jobs(view: View) -> Iterator[Instance]:
    for job in jobs_seen(view):
        if _class_of(view, job) == MIGRATION_JOB:
            yield {
                **_job_row(view, job),
                "MigrationType": MIGRATION_TYPES[job.order.kind],
                "VirtualSystemName": job.machine.id,
                "DestinationHost": None if job.order.kind == "storage" else view.world.host_name(job.destination),
            }


def _concrete_jobs(view: View) -> Iterator[Instance]:
    for job in jobs_seen(view):
        if _class_of(view, job) == CONCRETE_JOB:
            yield _job_row(view, job)


def _class_of(view: View, job: Job) -> str:
    # Those of a host are documented; the switch is about the cluster's.
    return MIGRATION_JOB if job.order.by_host else view.world.scenario.switches.job_class


def _affected(view: View) -> Iterator[Instance]:
    for job in jobs_seen(view):
        yield {
            "AffectedElement": system_path(view, job.machine.id),
            "AffectingElement": view.path(_class_of(view, job), InstanceID=job.id),
            "ElementEffects": [0],
        }


def _request_state_change(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    requested = parameters.get("RequestedState")
    dmtf = view.world.scenario.switches.job_return_codes == "dmtf"
    refusal: Refusal | None
    if requested in OTHER_REQUESTS:
        refusal = Refusal.NOT_SUPPORTED
    elif requested not in (TERMINATE, KILL):
        refusal = Refusal.INVALID_PARAMETER
    elif parameters.get("TimeoutPeriod"):  # NULL and zero alone are allowed
        return {"ReturnValue": TIMEOUT_NOT_SUPPORTED if dmtf else Refusal.INVALID_PARAMETER.value[1]}
    else:
        refusal = view.world.migrations.cancel(_called(view, path), kill=requested == KILL)
    if refusal is None:
        return {"ReturnValue": TRANSITION_STARTED if dmtf and requested == TERMINATE else 0}
    return {"ReturnValue": DMTF_REFUSALS[refusal] if dmtf else refusal.value[1]}


def _get_error(view: View, path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    methods = view.world.scenario.switches.job_error_methods
    if methods in ("not_supported", "missing"):
        return _no_errors(methods, "GetError")
    failures = _called(view, path).failures
    return {"ReturnValue": 0, "Error": _error(view, failures[0]) if failures else None}


def _get_errors(view: View, path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    switches = view.world.scenario.switches
    if switches.job_error_methods != "both":
        return _no_errors(switches.job_error_methods, "GetErrorEx")
    errors = [_error(view, failure) for failure in _called(view, path).failures]
    if switches.job_error_order == "innermost_first":
        errors.reverse()
    return {"ReturnValue": 0, "Errors": errors or None}


def _no_errors(methods: str, method: str) -> Mapping[str, Value]:
    if methods == "missing":
        raise CimFault(METHOD_NOT_IMPLEMENTED, f"{method} is not implemented in any class", "ExecMethod")
    return {"ReturnValue": Refusal.NOT_SUPPORTED.value[1]}


def _called(view: View, path: ObjectPath) -> Job:
    return view.world.migrations.jobs[str(path.key("InstanceID"))]


def _error(view: View, failure: Failure) -> Embedded:
    return Embedded(
        "Msvm_Error",
        {
            "ErrorType": failure.error_type,
            "OwningEntity": "Microsoft-Windows-Hyper-V-VMMS",
            "MessageID": failure.message_id,
            "Message": view.texts.of_failure(failure),
            "MessageArguments": list(failure.arguments),
            "PerceivedSeverity": 4,
            "ProbableCause": 0,
            "ErrorSourceFormat": 0,
            "CIMStatusCode": 1,
        },
    )


TABLE = ClassTable(
    {MIGRATION_JOB: _migration_jobs, CONCRETE_JOB: _concrete_jobs, "Msvm_AffectedJobElement": _affected},
    {
        (job_class, method): call
        for job_class in (MIGRATION_JOB, CONCRETE_JOB)
        for method, call in (
            ("RequestStateChange", _request_state_change),
            ("GetError", _get_error),
            ("GetErrorEx", _get_errors),
        )
    },
)
