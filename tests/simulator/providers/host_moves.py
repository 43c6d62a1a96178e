# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
r"""The migration methods of a host's own Msvm_VirtualSystemMigrationService in root\virtualization\v2.

Signatures, return codes and value maps: Microsoft docs. What a migration of storage is given (whole settings with new
paths, an empty PoolID, no destination): Microsoft's sample of storage migration and os-win.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Mapping

from ..cim import CimFault, Embedded, ObjectPath, Value
from ..world import Files, Job, Machine, Node, Order, Refusal, check, find_obstacle
from .attachments import HARD_DISK, STORAGE, resource_id
from .migration_service import ACTION_NOT_SUPPORTED, GUID, SERVICE, STARTED, recorded
from .namespace import NOT_CAPABLE, VIRTUALIZATION, ClassTable, View
from .setting_data import TYPED, has_known_values
from .systems import SYSTEM

MIGRATE, CHECK = "MigrateVirtualSystemToHost", "CheckVirtualSystemIsMigratable"
CHECK_TO_HOST = "CheckVirtualSystemIsMigratableToHost"
KINDS = {32768: "vm", 32769: "storage", 32770: "staged", 32771: "both"}
SYSTEM_SETTINGS = "Msvm_VirtualSystemSettingData"
ROOTS = {"ConfigurationDataRoot": "configuration", "SnapshotDataRoot": "snapshots", "SwapFileDataRoot": "swap"}
FULL_PATH = re.compile(r"([A-Za-z]:\\|\\\\[^\\]+\\)[^\\].*")

Asked = tuple[Machine, Node, Order]


def _migrate(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    asked = _read(view, parameters)
    if isinstance(asked, Refusal):
        return {"ReturnValue": asked.value[1]}
    machine, destination, order = asked
    spec = machine.spec.migration
    if spec.return_value is not None and (spec.return_times is None or machine.times_returned < spec.return_times):
        machine.times_returned += 1
        return {"ReturnValue": spec.return_value}
    limit = view.world.scenario.switches.limit
    started = view.world.migrations.start(machine, destination, _caller(view), machine.owner, limit, order=order)
    if isinstance(started, Job):
        machine.times_migrated += 1
    return _started(started)


def _check(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    _refuse_missing(view, CHECK)
    asked = _read(view, parameters)
    if isinstance(asked, Refusal):
        return {"ReturnValue": asked.value[1]}
    machine, destination, order = asked
    return _started(check(view.world, machine, destination, _caller(view), order))


def _check_to_host(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    _refuse_missing(view, CHECK_TO_HOST)
    asked = _read(view, parameters)
    if isinstance(asked, Refusal):
        return {"ReturnValue": asked.value[1]}
    return {"ReturnValue": 0, "IsMigratable": find_obstacle(view.world, *asked) is None}


def _refuse_missing(view: View, method: str) -> None:
    offered = view.world.scenario.switches.host_checks
    if offered == "none" or (offered == "to_host" and method == CHECK):
        raise CimFault(ACTION_NOT_SUPPORTED, "The WS-Management service does not support the action.", "ExecMethod")


def _started(started: Job | Refusal) -> Mapping[str, Value]:
    if isinstance(started, Refusal):
        return {"ReturnValue": started.value[1]}
    return {"ReturnValue": STARTED, "Job": ObjectPath(VIRTUALIZATION, "Msvm_MigrationJob", {"InstanceID": started.id})}


def _caller(view: View) -> str:
    user = view.world.scenario.user
    return f"{user.domain}\\{user.name}"


def _read(view: View, parameters: Mapping[str, Value]) -> Asked | Refusal:
    reference = parameters.get("ComputerSystem")
    machine = _resident(view, reference) if isinstance(reference, ObjectPath) else None
    data = parameters.get("MigrationSettingData")
    if machine is None or not _is_taken(view, data):
        return Refusal.INVALID_PARAMETER
    if machine.spec.clustered:
        return Refusal.INVALID_STATE
    given: Mapping[str, Value] = data.properties if isinstance(data, Embedded) else {}
    kind = KINDS.get(given.get("MigrationType", 32768))
    destination = _destination(view, parameters.get("DestinationHost"), kind == "storage")
    if kind is None or destination is None:
        return Refusal.INVALID_PARAMETER
    planned = given.get("DestinationPlannedVirtualSystemId")
    if planned is not None and planned.upper() not in destination.planned:
        return Refusal.INVALID_PARAMETER
    if given.get("UnmanagedVhds"):
        raise CimFault(NOT_CAPABLE, "A migration of unmanaged disks is not simulated", "ExecMethod")
    order = Order(
        kind=kind,  # type: ignore[arg-type]
        by_host=True,
        keeps_disks=bool(given.get("RetainVhdCopiesOnSource")),
        addresses=tuple(given.get("DestinationIPAddressList") or ()),
    )
    return _with_files(machine, destination, order, parameters)


def _resident(view: View, reference: ObjectPath) -> Machine | None:
    name = reference.key("Name") or ""
    known = reference.class_name == SYSTEM and reference.namespace.lower() == VIRTUALIZATION.lower()
    return view.node.residents.get(name.upper()) if known and GUID.fullmatch(name) else None


def _is_taken(view: View, data: Value) -> bool:
    if data is None:
        return view.world.scenario.switches.host_takes_no_settings
    return isinstance(data, Embedded) and data.class_name == TYPED and has_known_values(view, data)


def _destination(view: View, name: Value, alone: bool) -> Node | None:
    """Return the host that is named in a form that this host takes; with storage alone, itself."""
    if alone:
        return view.node if not name else None
    if not isinstance(name, str) or _format(name) not in view.node.spec.destination_formats:
        return None
    return view.world.find_host(name)


def _format(name: str) -> str:
    try:
        return f"ipv{ipaddress.ip_address(name).version}"
    except ValueError:
        return "domain_name"


def _with_files(machine: Machine, destination: Node, order: Order, parameters: Mapping[str, Value]) -> Asked | Refusal:
    system, resources = parameters.get("NewSystemSettingData"), parameters.get("NewResourceSettingData") or []
    if not order.takes_disks:
        changes = system is not None or bool(resources)
        return Refusal.INVALID_PARAMETER if changes else (machine, destination, order)
    files = _new_files(machine, system, resources)
    if files is None:
        return Refusal.INVALID_PARAMETER
    return machine, destination, dataclasses.replace(order, files=files)


def _new_files(machine: Machine, system: Value, resources: list[Value]) -> Files | None:
    files = machine.files
    if system is not None:
        if system.class_name != SYSTEM_SETTINGS:
            return None
        roots = {field: system.properties.get(name) for name, field in ROOTS.items()}
        files = dataclasses.replace(files, **{field: path for field, path in roots.items() if path})
    disks = list(files.disks)
    ids = {resource_id(machine, HARD_DISK, number): number for number in range(len(disks))}
    for one in resources:
        number = ids.get(one.properties.get("InstanceID") or "")
        paths = one.properties.get("HostResource") or []
        if one.class_name != STORAGE or number is None or len(paths) != 1 or one.properties.get("PoolID") != "":
            return None
        disks[number] = paths[0]
    new = dataclasses.replace(files, disks=tuple(disks))
    paths = [new.configuration, new.snapshots, new.swap, *disks]
    alike = len({path.lower() for path in disks}) < len(disks)
    return None if alike or not all(map(FULL_PATH.fullmatch, paths)) else new


TABLE = ClassTable(
    {},
    {
        (SERVICE, MIGRATE): recorded(MIGRATE, _migrate),
        (SERVICE, CHECK): recorded(CHECK, _check),
        (SERVICE, CHECK_TO_HOST): recorded(CHECK_TO_HOST, _check_to_host),
        **{
            (SERVICE, method): lambda view, path, parameters: {"ReturnValue": Refusal.NOT_SUPPORTED.value[1]}
            for method in ("MigrateVirtualSystemToSystem", "CheckVirtualSystemIsMigratableToSystem")
        },
    },
)
