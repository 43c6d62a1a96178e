# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving what is no VM: MoveToNewNode of a group, and MoveToNewHost of a shared volume.

Sources: Microsoft docs, MSCluster_ResourceGroup.MoveToNewNode, MSCluster_ClusterSharedVolume.MoveToNewHost and
MoveClusterGroup: success says that the ownership changes, and nothing of the states of resources.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterator, Mapping

from ..cim import Instance, ObjectPath, Value
from ..scenario_roles import SHARED_VOLUMES, RoleSpec
from ..world import Node
from . import win32_errors
from .cluster_nodes import node_named
from .namespace import Call, View

SHARED_VOLUME = "MSCluster_ClusterSharedVolume"
STATES = {"online": 0, "offline": 1, "failed": 2, "pending": 4}
INTERNAL_ROLES = ("shared_volume", "storage_pool")
LOCKED, QUEUED_FOR_MOVE = 1, 4


@functools.cache
def object_id(kind: str, name: str, cluster: str) -> str:
    """Return the id of a group or a resource."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind} {name} of {cluster}"))


def group_of(view: View, role: RoleSpec) -> str:
    """Return the name of a role's group, which is a GUID where it is the cluster's own."""
    if role.type not in INTERNAL_ROLES:
        return role.name
    return object_id("group", role.name, view.world.scenario.cluster.fqdn)


def find_role(view: View, group: str) -> RoleSpec | None:
    """Return what has a group of this name in any letter case."""
    roles = view.world.roles.specs.values()
    return next((role for role in roles if group_of(view, role).lower() == group.lower()), None)


def status_information(role: RoleSpec) -> int:
    """Return StatusInformation of a group."""
    return {"locked": LOCKED, "queued": QUEUED_FOR_MOVE}.get(role.condition, 0)


def begin_move(view: View, role: RoleSpec, destination: Node | None) -> None:
    """Begin to move a group, to the node with the fewest of them where none is named. Raises CimFault."""
    roles = view.world.roles
    if role.name in roles.moving or role.condition == "pending":
        raise win32_errors.fault(win32_errors.GROUP_MOVING)
    destination = destination or _best(view, role)
    if destination.name == roles.owner(role.name):
        return
    if not roles.may_run_on(role.name, destination.name):
        raise win32_errors.fault(win32_errors.NOT_A_POSSIBLE_OWNER)
    if role.condition == "locked":
        raise win32_errors.fault(win32_errors.RESOURCE_LOCKED)
    if role.condition == "queued":
        raise win32_errors.fault(win32_errors.GROUP_QUEUED)
    if role.behaviour(destination.name) == "vetoed":
        raise win32_errors.fault(win32_errors.RESOURCE_VETOED)
    roles.begin(role.name, destination.name)
    answer = view.world.scenario.switches.role_move_answer
    if answer != "void":
        raise win32_errors.fault(win32_errors.IO_PENDING if answer == "pending" else win32_errors.WAIT_TIMEOUT)


def _best(view: View, role: RoleSpec) -> Node:
    up = [node for node in view.world.members.values() if node.state == "up" and node.name != _owner(view, role)]
    able = [node for node in up if view.world.roles.may_run_on(role.name, node.name)]
    if not able:
        raise win32_errors.fault(win32_errors.HOST_NODE_NOT_AVAILABLE)
    owners = [view.world.roles.owner(name) for name in view.world.roles.specs]
    return min(able, key=lambda node: owners.count(node.name))


def _owner(view: View, role: RoleSpec) -> str:
    return view.world.roles.owner(role.name)


def volume_of(view: View, role: RoleSpec) -> str:
    """Return the path of the volume on a shared disk: the one that its name has in parentheses, or the next."""
    names = view.world.scenario.storage.volume_names
    named = next((name for name in names if f"({name})" in role.name), None)
    disks = [one.name for one in view.world.roles.specs.values() if one.type == "shared_volume"]
    return f"{SHARED_VOLUMES}\\{named or names[disks.index(role.name) % len(names)]}"


def _disks_of(view: View, volume: str) -> list[RoleSpec]:
    roles = view.world.roles.specs.values()
    return [one for one in roles if one.type == "shared_volume" and volume_of(view, one).lower() == volume.lower()]


def volume_links(view: View) -> Iterator[Instance]:
    """Yield which shared volume is on which disk."""
    if view.world.scenario.switches.shared_volume_links == "absent":
        return
    for role in view.world.roles.specs.values():
        if role.type == "shared_volume":
            volume = view.path(SHARED_VOLUME, Name=volume_of(view, role))
            yield {"GroupComponent": volume, "PartComponent": view.path("MSCluster_Resource", Name=role.name)}


def volume_owners(view: View) -> Iterator[Instance]:
    """Yield which node coordinates which shared volume."""
    for role in view.world.roles.specs.values():
        if role.type == "shared_volume":
            volume = view.path(SHARED_VOLUME, Name=volume_of(view, role))
            yield {"GroupComponent": volume, "PartComponent": view.path("MSCluster_Node", Name=_owner(view, role))}


def _move_to_new_host(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    destination = able_node(view, parameters.get("HostName"))
    disks = _disks_of(view, str(path.key("Name")))
    if not disks:
        raise win32_errors.fault(win32_errors.RESOURCE_NOT_FOUND)
    begin_move(view, disks[0], destination)
    return {}


def able_node(view: View, name: Value) -> Node:
    """Return the node that something may be moved to. Raises CimFault."""
    destination = node_named(view, name)
    if not destination.answers:
        raise win32_errors.fault(win32_errors.NODE_DOWN)
    if destination.state == "paused":
        raise win32_errors.fault(win32_errors.NODE_PAUSED)
    return destination


CALLS: Mapping[tuple[str, str], Call] = {(SHARED_VOLUME, "MoveToNewHost"): _move_to_new_host}
