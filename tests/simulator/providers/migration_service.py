# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Msvm_VirtualSystemMigrationService of the cluster namespace: the method that the product is about, and its check.

Signatures and return codes: Microsoft docs of CIM_VirtualSystemMigrationService and Msvm_VirtualSystemMigrationService.
What they leave open is decided by the scenario's switches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..cim import CimFault, Instance, ObjectPath, Value
from ..world import Call as Record
from ..world import Job, Machine, Node, Refusal, find_obstacle
from .jobs import job_path, jobs_seen
from .namespace import CLUSTER, Call, ClassTable, View
from .setting_data import plain, refusal_of
from .systems import SYSTEM, machines_seen, system_path

SERVICE = "Msvm_VirtualSystemMigrationService"
MIGRATE = "MigrateVirtualSystemToSystem"
CHECK = "CheckVirtualSystemIsMigratableToSystem"
STARTED = 4096
# ERROR_WSMAN_ACTION_NOT_SUPPORTED ([MS-WSMV] 2.2.4.43): what a verb that the class does not have ends in.
ACTION_NOT_SUPPORTED = 0x80338013
GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def service_path(view: View, system: str) -> ObjectPath:
    """Return the reference to the migration service of ``system`` (the cluster or a node)."""
    return view.path(
        SERVICE, CreationClassName=SERVICE, Name="migrationwmi", SystemCreationClassName=SYSTEM, SystemName=system
    )


def service_row(view: View, system: str) -> dict[str, Value]:
    """Return what the rows of the service have in common in both namespaces."""
    return {
        "CreationClassName": SERVICE,
        "Name": "migrationwmi",
        "SystemCreationClassName": SYSTEM,
        "SystemName": system,
        "Caption": view.texts.service,
        "Description": view.texts.service,
        "ElementName": view.texts.service,
        "EnabledDefault": 2,
        "EnabledState": 2,
        "RequestedState": 12,
        "HealthState": 5,
        "OperationalStatus": [2],
        "Status": "OK",
        "StatusDescriptions": [view.texts.fine],
        "Started": True,
        "StartMode": "Automatic",
    }


def _services(view: View) -> Iterator[Instance]:
    migrations = view.world.migrations
    yield {
        **service_row(view, view.world.scenario.cluster.name),
        "ActiveVirtualSystemMigrationCount": len(migrations.active),
        "ActiveStorageMigrationCount": 0,
    }


def _hosted_services(view: View) -> Iterator[Instance]:
    cluster = view.world.scenario.cluster.name
    yield {"Antecedent": system_path(view, cluster), "Dependent": service_path(view, cluster)}


def _affected(view: View) -> Iterator[Instance]:
    service = service_path(view, view.world.scenario.cluster.name)
    for machine in machines_seen(view):
        yield {"AffectedElement": system_path(view, machine.id), "AffectingElement": service, "ElementEffects": [0]}


def _owned_jobs(view: View) -> Iterator[Instance]:
    service = service_path(view, view.world.scenario.cluster.name)
    job_class = view.world.scenario.switches.job_class
    for job in jobs_seen(view):
        yield {"OwningElement": service, "OwnedElement": view.path(job_class, InstanceID=job.id)}


def _migrate(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    refused = _unavailable(view, view.world.scenario.switches.migrate_method)
    if refused is not None:
        return refused
    read = _read(view, parameters)
    if isinstance(read, Refusal):
        return {"ReturnValue": code(view, read)}
    user = view.world.scenario.user
    started = view.world.migrations.invoke(*read, f"{user.domain}\\{user.name}", view.node.name)
    if isinstance(started, Job):
        return _accepted(view, started)
    return {"ReturnValue": code(view, started) if isinstance(started, Refusal) else started}


def _accepted(view: View, job: Job) -> Mapping[str, Value]:
    form = view.world.scenario.switches.return_form
    if form == "synchronous":
        view.world.migrations.forget(job)
    named = form in ("job", "done_with_job")
    return {
        "ReturnValue": STARTED if form in ("job", "job_unnamed") else 0,
        "Job": job_path(view, job) if named else None,
        "NewComputerSystem": None,
    }


def _check(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    refused = _unavailable(view, view.world.scenario.switches.check_method)
    if refused is not None:
        return refused
    read = _read(view, parameters)
    if isinstance(read, Refusal):
        return {"ReturnValue": code(view, read)}
    return {"ReturnValue": 0, "IsMigratable": find_obstacle(view.world, *read) is None}


def _not_supported(view: View, unused_path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    return {"ReturnValue": code(view, Refusal.NOT_SUPPORTED)}


def _unavailable(view: View, switch: str) -> Mapping[str, Value] | None:
    if switch == "missing":
        raise CimFault(ACTION_NOT_SUPPORTED, "The WS-Management service does not support the action.", "ExecMethod")
    return {"ReturnValue": code(view, Refusal.NOT_SUPPORTED)} if switch == "not_supported" else None


def code(view: View, refusal: Refusal) -> int:
    """Return the number of a refusal in the family of return codes that the scenario uses."""
    dmtf, hyperv = refusal.value
    return int(dmtf if view.world.scenario.switches.return_codes == "dmtf" else hyperv)


def _read(view: View, parameters: Mapping[str, Value]) -> tuple[Machine, Node] | Refusal:
    machine_name = _system_name(parameters.get("ComputerSystem"))
    destination_name = _system_name(parameters.get("DestinationSystem"))
    if machine_name is None or destination_name is None or not GUID.fullmatch(machine_name):
        return Refusal.INVALID_PARAMETER
    machine = view.world.find_machine(machine_name)
    destination = view.world.find_node(destination_name)
    if machine is None or destination is None or not (machine.spec.clustered and destination.spec.member):
        return Refusal.INVALID_PARAMETER
    settings = ("MigrationSettingData", "NewSystemSettingData", "NewResourceSettingData")
    return refusal_of(view, *(parameters.get(name) for name in settings)) or (machine, destination)


def _system_name(reference: Value) -> str | None:
    if not isinstance(reference, ObjectPath) or reference.namespace.lower() != CLUSTER.lower():
        return None
    return reference.key("Name") if reference.class_name == SYSTEM else None


def _key_of(reference: Value) -> str | None:
    return reference.key("Name") if isinstance(reference, ObjectPath) else None


def recorded(method: str, call: Call) -> Call:
    """Return ``call`` so that what it was called with can be read afterwards."""

    def carried_out(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
        returned = None
        try:
            answer = call(view, path, parameters)
            returned = answer.get("ReturnValue")
            return answer
        finally:
            view.world.calls.append(_record(view, method, parameters, returned))

    return carried_out


def _record(view: View, method: str, parameters: Mapping[str, Value], returned: int | None) -> Record:
    return Record(
        round(view.world.now, 3),
        view.node.name,
        method,
        _key_of(parameters.get("ComputerSystem")),
        parameters.get("DestinationHost") or _key_of(parameters.get("DestinationSystem")),
        plain(parameters.get("MigrationSettingData")),
        plain(parameters.get("NewSystemSettingData")),
        plain(parameters.get("NewResourceSettingData")),
        returned,
    )


CLUSTER_TABLE = ClassTable(
    {
        SERVICE: _services,
        "Msvm_HostedService": _hosted_services,
        "Msvm_ServiceAffectsElement": _affected,
        "Msvm_OwningJobElement": _owned_jobs,
    },
    {
        (SERVICE, MIGRATE): recorded(MIGRATE, _migrate),
        (SERVICE, CHECK): recorded(CHECK, _check),
        (SERVICE, "MigrateVirtualSystemToHost"): _not_supported,
        (SERVICE, "CheckVirtualSystemIsMigratable"): _not_supported,
        (SERVICE, "CheckVirtualSystemIsMigratableToHost"): _not_supported,
    },
)
