# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changing the state of VMs: Msvm_ComputerSystem.RequestStateChange with its jobs, and the guests' shutdown service.

Values: Microsoft docs of Msvm_ComputerSystem.RequestStateChange (of the cluster and of the host), Msvm_ConcreteJob,
and Msvm_ShutdownComponent.InitiateShutdown.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from ..cim import CimFault, Embedded, Instance, ObjectPath, Value
from ..scenario import VmState
from ..world import JobState, Refusal, StateJob
from . import jobs
from .namespace import CLUSTER, Call, ClassTable, View
from .systems import SYSTEM

SHUTDOWN_COMPONENT = "Msvm_ShutdownComponent"
REQUESTED: dict[int, VmState] = {2: "running", 3: "off", 6: "saved", 9: "paused"}
JOB_STARTED = 4096
# JobType of Msvm_ConcreteJob; the docs have no number for every change of state.
JOB_TYPES = {"running": 12, "off": 13, "saved": 14, "paused": 15}
GUEST_ANSWERS = {"begins": 0, "not_running": 32775, "not_ready": 32780, "locked": 32781, "in_progress": 32782}
FAILED = 32768


def _request_state_change(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    switches = view.world.scenario.switches
    if view.namespace == CLUSTER and switches.state_changes_in_cluster == "missing":
        raise CimFault(jobs.METHOD_NOT_IMPLEMENTED, "RequestStateChange is not implemented in any class", "ExecMethod")
    machine = view.world.find_machine(str(path.key("Name")))
    if machine is None or (view.namespace == CLUSTER and switches.state_changes_in_cluster == "not_supported"):
        return {"ReturnValue": Refusal.NOT_SUPPORTED.value[1]}
    # Shut Down (4) is of the first version of the provider; the other values of the map are no states of a VM.
    wanted = REQUESTED.get(int(parameters.get("RequestedState") or 0))
    if wanted is None:
        return {"ReturnValue": Refusal.INVALID_STATE.value[1]}
    host = None if view.namespace == CLUSTER else view.node.name
    begun = view.world.power.request(machine, wanted, host)
    if isinstance(begun, Refusal):
        return {"ReturnValue": begun.value[1]}
    if switches.state_change_form == "synchronous":
        return {"ReturnValue": 0}
    return {"ReturnValue": JOB_STARTED, "Job": view.path(jobs.CONCRETE_JOB, InstanceID=begun.id)}


def _jobs_seen(view: View) -> list[StateJob]:
    host = None if view.namespace == CLUSTER else view.node.name
    return [job for job in view.world.power.jobs.values() if job.host == host]


def _job_rows(view: View) -> Iterator[Instance]:
    yield from jobs.TABLE.rows[jobs.CONCRETE_JOB](view)
    world = view.world
    for job in _jobs_seen(view):
        submitted = world.date(job.submitted)
        ended = world.now if job.ended is None else job.ended
        state = JobState.RUNNING if job.ended is None else JobState.EXCEPTION if job.failed else JobState.COMPLETED
        yield {
            "InstanceID": job.id,
            "JobState": int(state),
            "JobType": JOB_TYPES[job.wanted],
            "OperationalStatus": [2] if job.ended is None else [17, 6] if job.failed else [17, 2],
            "PercentComplete": job.percent(world.now),
            "ErrorCode": FAILED if job.failed else 0,
            "ErrorDescription": _error_text(job) if job.failed else "",
            "Cancellable": False,
            "ElapsedTime": datetime.timedelta(seconds=ended - job.submitted),
            "StartTime": submitted,
            "TimeSubmitted": submitted,
        }


def _error_text(job: StateJob) -> str:
    return f"'{job.machine.name}' failed to change state. (0x{job.hresult or 0:08X})"


def _own_or(method: str) -> Call:
    """Return a method of jobs that knows the jobs here beside those of migrations."""

    def call(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
        job = view.world.power.jobs.get(str(path.key("InstanceID")))
        if job is None:
            return jobs.TABLE.calls[jobs.CONCRETE_JOB, method](view, path, parameters)
        if method == "RequestStateChange":
            return {"ReturnValue": Refusal.INVALID_STATE.value[1]}
        error = Embedded("Msvm_Error", {"ErrorType": 4, "MessageID": "12010", "Message": _error_text(job)})
        found = [error] if job.failed else None
        return {"ReturnValue": 0, **({"Errors": found} if method == "GetErrorEx" else {"Error": found and error})}

    return call


def _shutdown_components(view: View) -> Iterator[Instance]:
    for machine in view.node.residents.values():
        if machine.state == "running" and machine.spec.power.guest != "absent":
            yield {
                "SystemCreationClassName": SYSTEM,
                "SystemName": machine.id,
                "CreationClassName": SHUTDOWN_COMPONENT,
                "DeviceID": rf"Microsoft:{machine.id}\9F8233AC-BE49-4C79-8EE3-E7E1985B2077",
                "ElementName": "Shutdown",
                "EnabledState": 2,
                "OperationalStatus": [2],
            }


def _initiate_shutdown(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    machine = view.world.find_machine(str(path.key("SystemName")))
    if machine is None or parameters.get("Force") is None or parameters.get("Reason") is None:
        return {"ReturnValue": Refusal.INVALID_PARAMETER.value[1]}
    answer = view.world.power.shut_down_guest(machine, force=bool(parameters["Force"]))
    return {"ReturnValue": GUEST_ANSWERS[answer]}


TABLE = ClassTable(
    {jobs.CONCRETE_JOB: _job_rows},
    {
        (SYSTEM, "RequestStateChange"): _request_state_change,
        **{(jobs.CONCRETE_JOB, name): _own_or(name) for name in ("RequestStateChange", "GetError", "GetErrorEx")},
    },
)
HOST_TABLE = TABLE | ClassTable(
    {SHUTDOWN_COMPONENT: _shutdown_components}, {(SHUTDOWN_COMPONENT, "InitiateShutdown"): _initiate_shutdown}
)
