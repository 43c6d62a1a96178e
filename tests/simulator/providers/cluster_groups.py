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
from ..scenario_roles import RoleSpec, RoleType
from ..world import Machine
from . import group_moves
from .cluster_nodes import node_path
from .group_moves import GROUP, OFFLINE, ONLINE
from .namespace import ClassTable, View

RESOURCE = "MSCluster_Resource"
CORE_GROUP = "Cluster Group"
VM_TYPE, CONFIGURATION_TYPE = "Virtual Machine", "Virtual Machine Configuration"
CORE_RESOURCES = {
    "Cluster Name": "Network Name",
    "Cluster IP Address": "IP Address",
    "Virtual Machine Cluster WMI": "Virtual Machine Cluster WMI",
}
VIRTUAL_MACHINE_GROUP, CORE_GROUP_TYPE = 111, 1
DISK_TYPE = "Physical Disk"
# CLUSGROUP_TYPE of clusapi.h
ROLE_TYPES: Mapping[RoleType, int] = {
    "available_storage": 2,
    "shared_volume": 4,
    "storage_pool": 5,
    "file_server": 100,
    "generic_service": 108,
    "scale_out_file_server": 114,
    "replica_broker": 115,
    "updating": 117,
}
INTERNAL_ROLES = ("shared_volume", "storage_pool")
RESOURCE_ONLINE, RESOURCE_OFFLINE = 2, 3
NO_DEFAULT_OWNER = 0xFFFFFFFF
LIVE_BY_DEFAULT = 0xFFFFFFFF
SAVE = 1
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
    for role in _listed_roles(view):
        yield {
            **_group_row(view, _group_of(view, role), view.world.role_owners[role.name], kept_online=role.online),
            "GroupType": ROLE_TYPES[role.type],
            "Priority": 2000,
            "State": ONLINE if role.online else OFFLINE,
            "IsCore": role.type in ("available_storage", *INTERNAL_ROLES),
            "AntiAffinityClassNames": None,
            "StatusInformation": 0,
        }
    for machine in _machines(view):
        yield {
            **_group_row(view, machine.group, machine.owner_in_cluster, kept_online=_kept_online(machine)),
            "GroupType": VIRTUAL_MACHINE_GROUP,
            "Priority": machine.spec.priority,
            "State": group_moves.group_state(view, machine),
            "IsCore": False,
            "AntiAffinityClassNames": list(machine.spec.anti_affinity) or None,
            "StatusInformation": group_moves.status_information(machine),
        }


def _listed_roles(view: View) -> list[RoleSpec]:
    lists_internal = view.world.scenario.switches.internal_groups == "listed"
    return [role for role in view.world.scenario.roles if lists_internal or role.type not in INTERNAL_ROLES]


def _group_of(view: View, role: RoleSpec) -> str:
    if role.type not in INTERNAL_ROLES:
        return role.name
    return _object_id("group", role.name, view.world.scenario.cluster.fqdn)


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
    for role in view.world.scenario.roles:
        if role.type == "shared_volume":
            owner = view.world.role_owners[role.name]
            row = _resource_row(view, role.name, DISK_TYPE, _group_of(view, role), owner, RESOURCE_ONLINE)
            yield {**row, "IsClusterSharedVolume": True}
    for machine in _machines(view):
        owner = machine.owner_in_cluster
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
    state, progress, reason = group_moves.migration_state(view, machine.last_job)
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
    return [name for name in view.world.members if machine.may_run_on(name)]


def _possible_owner_links(view: View) -> Iterator[Instance]:
    nodes = {name: node_path(view, name) for name in view.world.members}
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
    for role in _listed_roles(view):
        owner, group = view.world.role_owners[role.name], _group_path(view, _group_of(view, role))
        yield {"GroupComponent": node_path(view, owner), "PartComponent": group}
    for machine in _machines(view):
        yield {
            "GroupComponent": node_path(view, machine.owner_in_cluster),
            "PartComponent": _group_path(view, machine.group),
        }


def _active_resource_links(view: View) -> Iterator[Instance]:
    for name in CORE_RESOURCES:
        owner = node_path(view, view.world.core_group_owner)
        yield {"GroupComponent": owner, "PartComponent": _resource_path(view, name)}
    for machine in _machines(view):
        owner = node_path(view, machine.owner_in_cluster)
        for name in (_vm_resource(machine), _configuration_resource(machine)):
            yield {"GroupComponent": owner, "PartComponent": _resource_path(view, name)}


def _get_possible_owners(view: View, path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    name = str(path.key("Name"))
    for prefix in (CONFIGURATION_TYPE, VM_TYPE):
        machine = view.world.find_group(name.removeprefix(f"{prefix} "))
        if name.startswith(f"{prefix} ") and machine is not None:
            return {"NodeNames": _possible_owners(view, machine)}
    return {"NodeNames": list(view.world.members)}


def _get_preferred_owners(view: View, path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    machine = view.world.find_group(str(path.key("Name")))
    return {"NodeNames": list(machine.spec.preferred_owners) or None if machine else None}


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
        **group_moves.CALLS,
        (GROUP, "GetPreferredOwners"): _get_preferred_owners,
        (RESOURCE, "GetPossibleOwners"): _get_possible_owners,
    },
)
