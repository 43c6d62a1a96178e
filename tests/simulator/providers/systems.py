# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Msvm_ComputerSystem and what describes it: VMs, hosts and the cluster, their summaries, settings and associations.

Values: Microsoft docs of Msvm_ComputerSystem, Msvm_SummaryInformation and Msvm_VirtualSystemSettingData.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator

from ..cim import ANYTHING, Instance, ObjectPath, Where
from ..world import Machine, Node
from .namespace import CLUSTER, ClassTable, View

SYSTEM = "Msvm_ComputerSystem"
ENABLED_STATES = {"running": 2, "off": 3, "saved": 6, "paused": 9}
ON_THE_WAY = {"running": 10, "off": 4, "saved": 32773, "paused": 32776}
MIGRATING = 32774
ACTIVITIES = {
    "creating_snapshot": 32768,
    "applying_snapshot": 32769,
    "deleting_snapshot": 32770,
    "waiting_to_start": 32771,
    "merging": 32772,
    "exporting": 32773,
    "backing_up": 32776,
    "modifying": 32777,
    "checking_compatibility": 32781,
    "critical_io": 32795,
}
REPLICATION_MODES = {"none": 0, "primary": 1, "replica": 2, "test_replica": 3, "extended_replica": 4}
NEVER = datetime.datetime(1601, 1, 1, tzinfo=datetime.timezone.utc)
AGE = datetime.timedelta(days=200)


def system_path(view: View, name: str) -> ObjectPath:
    """Return the reference to a VM (by GUID), a node or the cluster in the view's namespace."""
    return view.path(SYSTEM, CreationClassName=SYSTEM, Name=name)


def operational_status(view: View, machine: Machine) -> list[int]:
    """Return OperationalStatus: one value, or two while something is done with the VM."""
    if machine.id in view.world.migrations.active:
        return [11 if view.world.scenario.switches.moving_status == "in_service" else 2, MIGRATING]
    if machine.activity is not None:
        return [11, ACTIVITIES[machine.activity]]
    return [2]


def status_descriptions(view: View, machine: Machine) -> list[str]:
    """Return the texts that go with ``operational_status``."""
    if machine.id in view.world.migrations.active:
        return [view.texts.operating_normally, view.texts.migrating]
    if machine.activity is not None:
        return [view.texts.busy, view.texts.busy]
    return [view.texts.operating_normally]


def enabled_state(view: View, machine: Machine) -> int:
    """Return EnabledState, on the way to another one by the switch."""
    if machine.changing_to is not None and view.world.scenario.switches.changing_state == "transitional":
        return ON_THE_WAY[machine.changing_to]
    return ENABLED_STATES[machine.state]


def requested_state(machine: Machine) -> int:
    """Return RequestedState: while a change is in progress, what was requested."""
    if machine.changing_to is not None:
        return ENABLED_STATES[machine.changing_to]
    return 5 if machine.state == "running" else 12


def uptime_ms(view: View, machine: Machine) -> int:
    """Return for how long the VM has been running, in milliseconds."""
    return int((AGE.total_seconds() / 2 + view.world.now) * 1000) if machine.has_memory else 0


def vm_row(view: View, machine: Machine) -> Instance:
    """Return the row of a VM."""
    world = view.world
    changed = world.date(machine.changed_at)
    return {
        "CreationClassName": SYSTEM,
        "Name": machine.id,
        "ElementName": machine.name,
        "Caption": view.texts.vm_caption,
        "Description": "Microsoft Virtual Machine",
        "EnabledDefault": 2,
        "EnabledState": enabled_state(view, machine),
        "RequestedState": requested_state(machine),
        "EnhancedSessionModeState": 6,
        "FailedOverReplicationType": 0,
        "HealthState": 5,
        "HwThreadsPerCoreRealized": 2,
        "InstallDate": world.date(0) - AGE,
        "LastApplicationConsistentReplicationTime": NEVER,
        "LastReplicationTime": NEVER,
        "LastReplicationType": 0,
        "NumberOfNumaNodes": 1,
        "OnTimeInMilliseconds": uptime_ms(view, machine),
        "OperationalStatus": operational_status(view, machine),
        "ProcessID": 4000 + 4 * (int(machine.id[:4], 16) % 10000) if machine.has_memory else None,
        "ReplicationHealth": 0,
        "ReplicationMode": REPLICATION_MODES[machine.spec.replication],
        "ReplicationState": 0,
        "ResetCapability": 1,
        "Status": "OK",
        "StatusDescriptions": status_descriptions(view, machine),
        "TimeOfLastConfigurationChange": changed,
        "TimeOfLastStateChange": changed,
    }


def host_row(view: View, name: str) -> Instance:
    """Return the row of a node or of the cluster itself."""
    return {
        "CreationClassName": SYSTEM,
        "Name": name,
        "ElementName": name,
        "Caption": view.texts.host_caption,
        "Description": view.texts.host_description,
        "EnabledDefault": 2,
        "EnabledState": 2,
        "RequestedState": 12,
        "HealthState": 5,
        "NumberOfNumaNodes": 1,
        "OperationalStatus": [2],
        "ResetCapability": 1,
        "Status": "OK",
        "StatusDescriptions": [view.texts.fine],
    }


def machines_seen(view: View, where: Where = ANYTHING) -> list[Machine]:
    """Return all VMs of the cluster in the cluster namespace, the node's own ones elsewhere.

    Those may be left out whose ids or names are not as ``where`` says, for rows that call them Name and ElementName.
    """
    if view.namespace != CLUSTER:
        return list(view.node.residents.values())
    ids, names = where.get("Name"), {name.casefold() for name in where.get("ElementName", ())}
    machines = view.world.machines.values() if ids is None else view.world.directory.find("id", ids)
    return [one for one in machines if one.spec.clustered and (not names or one.name.casefold() in names)]


def _nodes_seen(view: View) -> list[Node]:
    return list(view.world.members.values()) if view.world.scenario.switches.node_rows else []


def _cluster_systems(view: View, where: Where = ANYTHING) -> Iterator[Instance]:
    if view.world.scenario.switches.cluster_row:
        # As Microsoft's own management client looks for it; no documentation says so.
        of_cluster = {"Dedicated": [2], "OtherDedicatedDescriptions": ["Hyper-V Cluster"]}
        yield {**host_row(view, view.world.scenario.cluster.name), **of_cluster}
    for node in _nodes_seen(view):
        yield host_row(view, node.name)
    for machine in machines_seen(view, where):
        yield vm_row(view, machine)


def _host_systems(view: View) -> Iterator[Instance]:
    yield host_row(view, view.node.name)
    for machine in machines_seen(view):
        yield vm_row(view, machine)


def _summary_id(machine: Machine) -> str:
    return f"Microsoft:{machine.id}"


def summaries(view: View, where: Where = ANYTHING) -> Iterator[Instance]:
    """Return the summaries of the VMs that the view shows."""
    for machine in machines_seen(view, where):
        yield {
            "InstanceID": _summary_id(machine),
            "Name": machine.id,
            "ElementName": machine.name,
            "CreationTime": view.world.date(0) - AGE,
            "EnabledState": enabled_state(view, machine),
            "HealthState": 5,
            "OperationalStatus": operational_status(view, machine),
            "StatusDescriptions": status_descriptions(view, machine),
            "HostComputerSystemName": view.world.host_name(machine.owner_in_summary),
            "Notes": machine.spec.notes or "",
            "NumberOfProcessors": machine.spec.processors,
            "UpTime": uptime_ms(view, machine),
            "Version": machine.spec.hardware.version,
            "VirtualSwitchNames": [one.switch for one in machine.spec.hardware.adapters if one.switch] or None,
            "VirtualSystemSubType": "Microsoft:Hyper-V:SubType:2",
            "EnhancedSessionModeState": 6,
            "MemoryUsage": machine.needs_mb,
            "MemorySpansPhysicalNumaNodes": False,
            "ProcessorLoad": 3 if machine.state == "running" else 0,
            "Shielded": False,
        }


def _summary_links(view: View) -> Iterator[Instance]:
    for machine in machines_seen(view):
        yield {
            "Antecedent": system_path(view, machine.id),
            "Dependent": view.path("Msvm_SummaryInformation", InstanceID=_summary_id(machine)),
        }


def _hosted(view: View) -> Iterator[Instance]:
    for machine in machines_seen(view):
        host = machine.owner_in_summary if view.namespace == CLUSTER else view.node.name
        yield {"Antecedent": system_path(view, host), "Dependent": system_path(view, machine.id)}


def _components(view: View) -> Iterator[Instance]:
    cluster = system_path(view, view.world.scenario.cluster.name)
    for node in _nodes_seen(view):
        yield {"GroupComponent": cluster, "PartComponent": system_path(view, node.name)}


def _settings_id(machine: Machine) -> str:
    return f"Microsoft:{machine.id}"


def _settings(view: View) -> Iterator[Instance]:
    for machine in machines_seen(view):
        yield {
            "InstanceID": _settings_id(machine),
            "ElementName": machine.name,
            "Caption": view.texts.vm_caption,
            "VirtualSystemIdentifier": machine.id,
            "VirtualSystemType": "Microsoft:Hyper-V:System:Realized",
            "VirtualSystemSubType": "Microsoft:Hyper-V:SubType:2",
            "Version": machine.spec.hardware.version,
            "BIOSGUID": f"{{{uuid.uuid5(uuid.NAMESPACE_OID, machine.id)}}}".upper(),
            "ConfigurationDataRoot": machine.files.configuration,
            "SnapshotDataRoot": machine.files.snapshots,
            "SwapFileDataRoot": machine.files.swap,
            "Notes": [machine.spec.notes] if machine.spec.notes else None,
        }


def _settings_links(view: View) -> Iterator[Instance]:
    for machine in machines_seen(view):
        yield {
            "ManagedElement": system_path(view, machine.id),
            "SettingData": view.path("Msvm_VirtualSystemSettingData", InstanceID=_settings_id(machine)),
        }


def _memory(view: View) -> Iterator[Instance]:
    for machine in machines_seen(view):
        yield {
            "InstanceID": rf"{_settings_id(machine)}\4764334d-e001-4176-82ee-5594ec9b530e",
            "ElementName": "Memory",
            "AllocationUnits": "byte * 2^20",
            "ResourceType": 4,
            "ResourceSubType": "Microsoft:Hyper-V:Memory",
            "VirtualQuantity": machine.spec.memory_mb,
            "Reservation": machine.spec.memory_mb,
            "Limit": machine.spec.memory_mb,
            "DynamicMemoryEnabled": False,
        }


CLUSTER_TABLE = ClassTable(
    {
        SYSTEM: _cluster_systems,
        "Msvm_SummaryInformation": summaries,
        "Msvm_ComputerSystemSummaryInformation": _summary_links,
        "Msvm_HostedDependency": _hosted,
        "Msvm_ComponentCS": _components,
        "Msvm_VirtualSystemSettingData": _settings,
        "Msvm_SettingsDefineState": _settings_links,
    },
    narrowed={SYSTEM: _cluster_systems, "Msvm_SummaryInformation": summaries},
)
HOST_TABLE = ClassTable(
    {
        SYSTEM: _host_systems,
        "Msvm_HostedDependency": _hosted,
        "Msvm_VirtualSystemSettingData": _settings,
        "Msvm_SettingsDefineState": _settings_links,
        "Msvm_MemorySettingData": _memory,
    }
)
