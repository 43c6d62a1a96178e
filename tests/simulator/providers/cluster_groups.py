# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""MSCluster_ResourceGroup and MSCluster_Resource: the VMs as clustered roles, the core group, and who may own them.

Values: Microsoft docs of the failover cluster WMI provider (ClusWmi) and of the Failover Cluster API.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping

from ..cim import ANYTHING, Embedded, Instance, ObjectPath, Value, Where
from ..scenario_roles import CORE_GROUP, RoleSpec
from ..world import Machine
from . import group_moves, role_moves
from .cluster_nodes import node_path
from .group_moves import GROUP
from .namespace import ClassTable, View
from .role_moves import INTERNAL_ROLES, group_of, object_id

RESOURCE = "MSCluster_Resource"
VM_TYPE, CONFIGURATION_TYPE = "Virtual Machine", "Virtual Machine Configuration"
CORE_RESOURCES = {
    "Cluster Name": "Network Name",
    "Cluster IP Address": "IP Address",
    "Virtual Machine Cluster WMI": "Virtual Machine Cluster WMI",
}
ROLE_RESOURCES = {"file_server": "File Server", "print_server": "Print Spooler", "dhcp_server": "DHCP Service"}
VIRTUAL_MACHINE_GROUP = 111
DISK_TYPE = "Physical Disk"
# CLUSGROUP_TYPE of clusapi.h
ROLE_TYPES: Mapping[str, int] = {
    "core": 1,
    "available_storage": 2,
    "temporary": 3,
    "shared_volume": 4,
    "storage_pool": 5,
    "file_server": 100,
    "print_server": 101,
    "dhcp_server": 102,
    "dtc": 103,
    "message_queuing": 104,
    "wins_server": 105,
    "dfs_namespace": 106,
    "generic_application": 107,
    "generic_service": 108,
    "generic_script": 109,
    "isns_server": 110,
    "connection_broker": 112,
    "iscsi_target": 113,
    "scale_out_file_server": 114,
    "replica_broker": 115,
    "task_scheduler": 116,
    "updating": 117,
    "scale_out_cluster": 118,
    "storage_replica": 119,
    "vm_replica_coordinator": 120,
    "cross_cluster_orchestrator": 121,
    "infrastructure_file_server": 122,
    "core_sddc": 123,
    "user_manager": 124,
    "unknown": 9999,
}
CORE_TYPES = ("core", "available_storage", "shared_volume", "storage_pool")
# Microsoft docs, MSCluster_Resource.State
RESOURCE_STATES = {"online": 2, "offline": 3, "failed": 4, "pending": 129}
RESOURCE_ONLINE, RESOURCE_OFFLINE = 2, 3
NO_DEFAULT_OWNER = 0xFFFFFFFF
LIVE_BY_DEFAULT = 0xFFFFFFFF
SAVE = 1
VM_STATES = {"running": 2, "off": 3, "saved": 32769, "paused": 32768}


def _machines(view: View, groups: Collection[str] | None = None) -> list[Machine]:
    """Return the VMs that have a group, or those of them whose group is called by one of some texts."""
    everyone = view.world.machines.values()
    machines = everyone if groups is None else view.world.directory.find("group", groups)
    return [machine for machine in machines if machine.spec.clustered]


def _group_path(view: View, name: str) -> ObjectPath:
    return view.path(GROUP, Name=name)


def _vm_resource(machine: Machine) -> str:
    return f"{VM_TYPE} {machine.group}"


def _configuration_resource(machine: Machine) -> str:
    return f"{CONFIGURATION_TYPE} {machine.group}"


def _resource_path(view: View, name: str) -> ObjectPath:
    return view.path(RESOURCE, Name=name)


def _groups(view: View, where: Where = ANYTHING) -> Iterator[Instance]:
    for role in _listed_roles(view):
        yield {
            **_group_row(view, group_of(view, role), view.world.roles.owner(role.name), kept_online=role.online),
            "GroupType": ROLE_TYPES[role.type],
            "Priority": role.priority,
            "State": role_moves.STATES[view.world.roles.state(role.name)],
            "IsCore": role.type in CORE_TYPES,
            "AntiAffinityClassNames": None,
            "StatusInformation": role_moves.status_information(role),
        }
    for machine in _machines(view, where.get("Name")):
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
    return [role for role in view.world.roles.specs.values() if lists_internal or role.type not in INTERNAL_ROLES]


def _kept_online(machine: Machine) -> bool:
    return machine.has_memory or machine.spec.kept_online


def _group_row(view: View, name: str, owner: str, *, kept_online: bool = True) -> dict[str, Value]:
    return {
        "Name": name,
        "Id": object_id("group", name, view.world.scenario.cluster.fqdn),
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


def _resources(view: View, where: Where = ANYTHING) -> Iterator[Instance]:
    yield from _resources_of_roles(view)
    groups: Collection[str] | None = where.get("OwnerGroup")
    if "Name" in where:
        groups = {name[len(kind) + 1 :] for name in where["Name"] for kind in (VM_TYPE, CONFIGURATION_TYPE)}
    owners = {owner.casefold() for owner in where.get("OwnerNode", ())}
    for machine in _machines(view, groups):
        if "OwnerNode" not in where or machine.owner_in_cluster.casefold() in owners:
            yield from _resources_of(view, machine)


def _resources_of_roles(view: View) -> Iterator[Instance]:
    for role in view.world.roles.specs.values():
        owner, state = view.world.roles.owner(role.name), RESOURCE_STATES[view.world.roles.state(role.name)]
        for name, kind in _role_resources(role).items():
            row = _resource_row(view, name, kind, group_of(view, role), owner, state)
            yield {**row, "IsClusterSharedVolume": role.type == "shared_volume"}


def _resources_of(view: View, machine: Machine) -> Iterator[Instance]:
    owner = machine.owner_in_cluster
    state = RESOURCE_ONLINE if machine.has_memory else RESOURCE_OFFLINE
    yield {
        **_resource_row(view, _vm_resource(machine), VM_TYPE, machine.group, owner, state),
        "PrivateProperties": Embedded("MSCluster_Property", _private_properties(view, machine)),
    }
    yield _resource_row(
        view, _configuration_resource(machine), CONFIGURATION_TYPE, machine.group, owner, RESOURCE_ONLINE
    )


def _role_resources(role: RoleSpec) -> Mapping[str, str]:
    """Return the resources of a group and their types."""
    if role.type == "core":
        return CORE_RESOURCES
    if role.type == "shared_volume":
        return {role.name: DISK_TYPE}
    if role.type == "storage_pool":
        return {role.name: "Storage Pool"}
    if role.type in ("available_storage", "temporary"):
        return {}
    return {role.name: "Network Name", f"{role.name} Service": ROLE_RESOURCES.get(role.type, "Generic Service")}


def _resource_row(view: View, name: str, kind: str, group: str, owner: str, state: int) -> dict[str, Value]:
    return {
        "Name": name,
        "Id": object_id("resource", name, view.world.scenario.cluster.fqdn),
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
    for role in view.world.roles.specs.values():
        for name in _role_resources(role):
            for owner in filter(functools.partial(view.world.roles.may_run_on, role.name), nodes):
                yield {"GroupComponent": _resource_path(view, name), "PartComponent": nodes[owner]}


def _preferred_owner_links(view: View) -> Iterator[Instance]:
    for machine in _machines(view):
        for owner in machine.spec.preferred_owners:
            yield {"GroupComponent": _group_path(view, machine.group), "PartComponent": node_path(view, owner)}
    for role in _listed_roles(view):
        for owner in role.preferred_owners:
            yield {"GroupComponent": _group_path(view, group_of(view, role)), "PartComponent": node_path(view, owner)}


def _group_resource_links(view: View) -> Iterator[Instance]:
    for role in _listed_roles(view):
        for name in _role_resources(role):
            group = _group_path(view, group_of(view, role))
            yield {"GroupComponent": group, "PartComponent": _resource_path(view, name)}
    for machine in _machines(view):
        for name in (_vm_resource(machine), _configuration_resource(machine)):
            yield {"GroupComponent": _group_path(view, machine.group), "PartComponent": _resource_path(view, name)}


def _active_group_links(view: View) -> Iterator[Instance]:
    for role in _listed_roles(view):
        owner, group = view.world.roles.owner(role.name), _group_path(view, group_of(view, role))
        yield {"GroupComponent": node_path(view, owner), "PartComponent": group}
    for machine in _machines(view):
        yield {
            "GroupComponent": node_path(view, machine.owner_in_cluster),
            "PartComponent": _group_path(view, machine.group),
        }


def _active_resource_links(view: View) -> Iterator[Instance]:
    for role in view.world.roles.specs.values():
        for name in _role_resources(role):
            owner = node_path(view, view.world.roles.owner(role.name))
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
    for role in view.world.roles.specs.values():
        if name in _role_resources(role):
            return {"NodeNames": [node for node in view.world.members if view.world.roles.may_run_on(role.name, node)]}
    return {"NodeNames": list(view.world.members)}


def _get_preferred_owners(view: View, path: ObjectPath, unused: Mapping[str, Value]) -> Mapping[str, Value]:
    name = str(path.key("Name"))
    machine = view.world.find_group(name)
    role = role_moves.find_role(view, name)
    owners = machine.spec.preferred_owners if machine else role.preferred_owners if role else ()
    return {"NodeNames": list(owners) or None}


def _group_sets(view: View) -> Iterator[Instance]:
    for role in view.world.roles.specs.values():
        if role.starts_after or any(role.name in other.starts_after for other in view.world.roles.specs.values()):
            yield {
                "Name": f"{role.name} set",
                "GroupNames": [role.name],
                "ProviderNames": [f"{name} set" for name in role.starts_after] or None,
                "IsGlobal": False,
            }


TABLE = ClassTable(
    {
        "MSCluster_GroupSet": _group_sets,
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
    narrowed={GROUP: _groups, RESOURCE: _resources},
)
