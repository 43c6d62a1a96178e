# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MSCluster_ResourceGroup and MSCluster_Resource: the VMs as clustered roles, the core group, and who may own them.

Values: Microsoft docs of the failover cluster WMI provider (ClusWmi) and of the Failover Cluster API.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterator, Mapping

from ..cim import Embedded, Instance, ObjectPath, Value
from ..world import JobState, Machine, Refusal
from . import win32_errors
from .cluster_nodes import node_named, node_path
from .namespace import ClassTable, View

GROUP = "MSCluster_ResourceGroup"
RESOURCE = "MSCluster_Resource"
CORE_GROUP = "Cluster Group"
VM_TYPE, CONFIGURATION_TYPE = "Virtual Machine", "Virtual Machine Configuration"
CORE_RESOURCES = {
    "Cluster Name": "Network Name",
    "Cluster IP Address": "IP Address",
    "Virtual Machine Cluster WMI": "Virtual Machine Cluster WMI",
}
VIRTUAL_MACHINE_GROUP, CORE_GROUP_TYPE = 111, 1
ONLINE, OFFLINE = 0, 1
RESOURCE_ONLINE, RESOURCE_OFFLINE = 2, 3
GROUP_STATES = {"failed": 2, "pending": 4}
LOCKED, QUEUED_FOR_MOVE = 1, 4
NO_DEFAULT_OWNER = 0xFFFFFFFF
LIVE_BY_DEFAULT = 0xFFFFFFFF
SAVE = 1
# MigrationState of the private properties of a VM resource.
NO_MIGRATION, SETUP, DATA_TRANSFER, MOVE, CANCELLED, FAILED = range(6)
VM_STATES = {"running": 2, "off": 3, "saved": 32769, "paused": 32768}


def _machines(view: View) -> list[Machine]:
    return [machine for machine in view.world.machines.values() if machine.spec.clustered]


def _group_path(view: View, name: str) -> ObjectPath:
    return view.path(GROUP, Name=name)


def _vm_resource(machine: Machine) -> str:
    return f"{VM_TYPE} {machine.group}"


def _configuration_resource(machine: Machine) -> str:
    return f"{CONFIGURATION_TYPE} {machine.group}"


def _resource_path(view: View, name: str) -> ObjectPath:
    return view.path(RESOURCE, Name=name)


@functools.cache
def _object_id(kind: str, name: str, cluster: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind} {name} of {cluster}"))


def _groups(view: View) -> Iterator[Instance]:
    yield {
        **_group_row(view, CORE_GROUP, view.world.core_group_owner),
        "GroupType": CORE_GROUP_TYPE,
        "Priority": 2000,
        "State": ONLINE,
        "IsCore": True,
        "AntiAffinityClassNames": None,
        "StatusInformation": 0,
    }
    for machine in _machines(view):
        yield {
            **_group_row(view, machine.group, machine.told_by_cluster, kept_online=_kept_online(machine)),
            "GroupType": VIRTUAL_MACHINE_GROUP,
            "Priority": machine.spec.priority,
            "State": GROUP_STATES.get(machine.spec.group_condition, ONLINE if machine.has_memory else OFFLINE),
            "IsCore": False,
            "AntiAffinityClassNames": list(machine.spec.anti_affinity) or None,
            "StatusInformation": _status_information(machine),
        }


def _status_information(machine: Machine) -> int:
    queued = machine.job is not None and machine.job.state is JobState.NEW
    condition = machine.spec.group_condition
    locked = LOCKED if condition == "locked" else 0
    return locked | (QUEUED_FOR_MOVE if queued or condition == "queued" else 0)


def _kept_online(machine: Machine) -> bool:
    return machine.has_memory or machine.spec.kept_online


def _group_row(view: View, name: str, owner: str, *, kept_online: bool = True) -> dict[str, Value]:
    return {
        "Name": name,
        "Id": _object_id("group", name, view.world.scenario.cluster.fqdn),
        "OwnerNode": owner,
        "AutoFailbackType": 0,
        "FailbackWindowStart": -1,
        "FailbackWindowEnd": -1,
        "FailoverPeriod": 6,
        "FailoverThreshold": 0xFFFFFFFF,
        "DefaultOwner": NO_DEFAULT_OWNER,
        "PersistentState": kept_online,
        "ColdStartSetting": 0,
        "ResiliencyPeriod": 240,
    }


def _resources(view: View) -> Iterator[Instance]:
    for name, kind in CORE_RESOURCES.items():
        yield _resource_row(view, name, kind, CORE_GROUP, view.world.core_group_owner, RESOURCE_ONLINE)
    for machine in _machines(view):
        owner = machine.told_by_cluster
        state = RESOURCE_ONLINE if machine.has_memory else RESOURCE_OFFLINE
        yield {
            **_resource_row(view, _vm_resource(machine), VM_TYPE, machine.group, owner, state),
            "PrivateProperties": Embedded("MSCluster_Property", _private_properties(view, machine)),
        }
        yield _resource_row(
            view, _configuration_resource(machine), CONFIGURATION_TYPE, machine.group, owner, RESOURCE_ONLINE
        )


def _resource_row(view: View, name: str, kind: str, group: str, owner: str, state: int) -> dict[str, Value]:
    return {
        "Name": name,
        "Id": _object_id("resource", name, view.world.scenario.cluster.fqdn),
        "Type": kind,
        "OwnerGroup": group,
        "OwnerNode": owner,
        "State": state,
        "CoreResource": group == CORE_GROUP,
        "IsClusterSharedVolume": False,
    }


def _private_properties(view: View, machine: Machine) -> Mapping[str, Value]:
    job = machine.last_job
    state, progress, reason = NO_MIGRATION, 0, 0
    if job is not None and job.state in (JobState.EXCEPTION, JobState.TERMINATED, JobState.KILLED):
        state = FAILED if job.state is JobState.EXCEPTION else CANCELLED
        reason = next((failure.hresult for failure in job.failures if failure.hresult is not None), 0x80004005)
    elif job is not None and not job.state.final:
        progress = job.percent(view.world.now)
        state = (MOVE if progress >= 95 else DATA_TRANSFER) if job.state is JobState.RUNNING else SETUP
    return {
        "VmID": machine.id,
        "VmState": VM_STATES[machine.state],
        "MigrationState": state,
        "MigrationProgress": progress,
        "MigrationFailureReason": reason,
        "OfflineAction": SAVE,
        "CheckHeartbeat": 1,
        "StartMemory": machine.spec.memory_mb,
        "DefaultMoveType": LIVE_BY_DEFAULT,
    }


def _possible_owners(view: View, machine: Machine) -> list[str]:
    return [name for name in view.world.nodes if machine.may_run_on(name)]


def _possible_owner_links(view: View) -> Iterator[Instance]:
    nodes = {name: node_path(view, name) for name in view.world.nodes}
    for machine in _machines(view):
        for name in (_vm_resource(machine), _configuration_resource(machine)):
            resource = _resource_path(view, name)
            for owner in _possible_owners(view, machine):
                yield {"GroupComponent": resource, "PartComponent": nodes[owner]}


def _preferred_owner_links(view: View) -> Iterator[Instance]:
    for machine in _machines(view):
        for owner in machine.spec.preferred_owners:
            yield {"GroupComponent": _group_path(view, machine.group), "PartComponent": node_path(view, owner)}


def _group_resource_links(view: View) -> Iterator[Instance]:
    for name in CORE_RESOURCES:
        yield {"GroupComponent": _group_path(view, CORE_GROUP), "PartComponent": _resource_path(view, name)}
    for machine in _machines(view):
        for name in (_vm_resource(machine), _configuration_resource(machine)):
            yield {"GroupComponent": _group_path(view, machine.group), "PartComponent": _resource_path(view, name)}


def _active_group_links(view: View) -> Iterator[Instance]:
    core = _group_path(view, CORE_GROUP)
    yield {"GroupComponent": node_path(view, view.world.core_group_owner), "PartComponent": core}
    for machine in _machines(view):
        yield {
            "GroupComponent": node_path(view, machine.told_by_cluster),
            "PartComponent": _group_path(view, machine.group),
        }


def _active_resource_links(view: View) -> Iterator[Instance]:
    for name in CORE_RESOURCES:
        owner = node_path(view, view.world.core_group_owner)
        yield {"GroupComponent": owner, "PartComponent": _resource_path(view, name)}
    for machine in _machines(view):
        owner = node_path(view, machine.told_by_cluster)
        for name in (_vm_resource(machine), _configuration_resource(machine)):
            yield {"GroupComponent": owner, "PartComponent": _resource_path(view, name)}


def _get_possible_owners(view: View, path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    name = str(path.key("Name"))
    for prefix in (CONFIGURATION_TYPE, VM_TYPE):
        machine = view.world.find_group(name.removeprefix(f"{prefix} "))
        if name.startswith(f"{prefix} ") and machine is not None:
            return {"NodeNames": _possible_owners(view, machine)}
    return {"NodeNames": list(view.world.nodes)}


def _get_preferred_owners(view: View, path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    machine = view.world.find_group(str(path.key("Name")))
    return {"NodeNames": list(machine.spec.preferred_owners) or None if machine else None}


def _move_to_new_node(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    destination = node_named(view, parameters.get("NodeName"))
    if not destination.answers:
        raise win32_errors.fault(win32_errors.NODE_DOWN)
    if destination.state == "paused":
        raise win32_errors.fault(win32_errors.NODE_PAUSED)
    machine = view.world.find_group(str(path.key("Name")))
    if machine is None:
        view.world.move_core_group(destination.name)
    elif machine.owner != destination.name:
        _move_machine(view, machine, destination.name)
    return {}


def _move_machine(view: View, machine: Machine, destination: str) -> None:
    if not machine.may_run_on(destination):
        raise win32_errors.fault(win32_errors.NOT_A_POSSIBLE_OWNER)
    if machine.job is not None:
        raise win32_errors.fault(win32_errors.GROUP_MOVING)
    if not machine.has_memory:
        view.world.relocate(machine, destination)
        if machine.spec.kept_online:
            machine.state = "running"
        return
    user = view.world.scenario.user
    started = view.world.migrations.start(
        machine, view.world.nodes[destination], f"{user.domain}\\{user.name}", machine.owner, "queue"
    )
    if isinstance(started, Refusal):
        raise win32_errors.fault(win32_errors.INVALID_STATE)


TABLE = ClassTable(
    {
        GROUP: _groups,
        RESOURCE: _resources,
        "MSCluster_ResourceToPossibleOwner": _possible_owner_links,
        "MSCluster_ResourceGroupToPreferredNode": _preferred_owner_links,
        "MSCluster_ResourceGroupToResource": _group_resource_links,
        "MSCluster_NodeToActiveGroup": _active_group_links,
        "MSCluster_NodeToActiveResource": _active_resource_links,
    },
    {
        (GROUP, "MoveToNewNode"): _move_to_new_node,
        (GROUP, "GetPreferredOwners"): _get_preferred_owners,
        (RESOURCE, "GetPossibleOwners"): _get_possible_owners,
    },
)
