# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster's own view of a VM: its resource and its group.

Root\\MSCluster knows the owner independently of Hyper-V: the second opinion on where a VM is.
"""

from __future__ import annotations

import collections
import contextlib
import typing as t
from collections.abc import Iterable, Sequence

from ..._names import in_capitals
from ..._wsman.errors import UnexpectedValue
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.wql import Query
from .cim_values import GROUP_STATES, LOCKED, QUEUED
from .cluster import MSCLUSTER, Cluster
from .guids import plain_guid
from .patience import NAMES_IN_A_QUERY
from .states import UNKNOWN
from .vms import Vm, read_vms

_TYPE = "Virtual Machine"  # MSCluster_Resource.Type, a resource type's name, not localised
_PRIVATE = "PrivateProperties"
# A whole row has 42 properties, so a list of them takes several times as many pages.
_COLUMNS = ("Name", "OwnerGroup", "OwnerNode", _PRIVATE)


class VmGroup(t.NamedTuple):
    """A VM's clustered role.

    Attributes:
        resource: name of its resource of type "Virtual Machine".
        group: name of its group, normally the VM's name.
        owner: node that the cluster says owns it.
        by_name: the cluster does not show whose it is; its name says so, and only one VM has that name.
    """

    resource: str
    group: str
    owner: str
    by_name: bool = False


VmResource = tuple["str | None", VmGroup]
"""A resource of type "Virtual Machine": the VM's id, None where the node does not show it, and what it is part of."""


class GroupTraits(t.NamedTuple):
    """What a group says of itself.

    Attributes:
        priority: 0 to 4999, higher goes first.
        anti_affinity: classes; groups that share one avoid the same node.
        name, id: as the cluster calls it; the id is not that of a VM.
        owner: node that owns it.
        kind: its GroupType, 111 of a VM; None where it is not told.
        state: ``online``, ``offline``, ``failed``, ``partly_online``, ``pending`` or ``unknown``.
        is_locked: it is locked against moves.
        is_queued: it waits in the cluster's own queue to be moved.
    """

    priority: int | None
    anti_affinity: tuple[str, ...]
    name: str = ""
    id: str = ""
    owner: str = ""
    kind: int | None = None
    state: str = UNKNOWN
    is_locked: bool = False
    is_queued: bool = False


def read_groups(cluster: Cluster, vms: Sequence[Vm]) -> dict[str, VmGroup]:
    """Return the roles of some VMs by VM id; VMs that the cluster does not list are missing.

    A few VMs are looked up by the resource name that the cluster gives by default, believed only where VmID agrees;
    whatever is not found that way, and many VMs, by a listing of all of them. Raises Fault and TransportError.
    """
    found: dict[str, VmGroup] = {}
    if 0 < len(vms) <= NAMES_IN_A_QUERY:
        names = tuple(f"{_TYPE} {vm.name}" for vm in vms)
        rows = cluster.query_cluster_if_any(Query("MSCluster_Resource", (), {"Name": names}))
        found = roles_of(cluster, list(map(_resource, filter(_is_of_vm, rows))), vms)
    if len(found) < len(vms):
        found = roles_of(cluster, read_vm_resources(cluster), vms)
    return found


def read_vm_resources(cluster: Cluster, owners: Sequence[str] = ()) -> list[VmResource]:
    """Return the resources of all VMs, or of those that some nodes own. Raises Fault and TransportError.

    Whole rows are read where one with columns does not show private properties: no source has an object in a row with
    columns, and without it only names tell whose a resource is.
    """
    where = {"Type": (_TYPE,), **({"OwnerNode": tuple(owners)} if owners else {})}
    rows = cluster.query_cluster_if_any(Query("MSCluster_Resource", _COLUMNS, where))
    with contextlib.suppress(UnexpectedValue):
        found = list(map(_resource, rows))
        if not any(role.by_name for _vm_id, role in found):
            return found
    return list(map(_resource, cluster.query_cluster_if_any(Query("MSCluster_Resource", (), where))))


def _is_of_vm(row: Instance) -> bool:
    return (row.text("Type") or _TYPE) == _TYPE


def _resource(row: Instance) -> VmResource:
    private = row.embedded(_PRIVATE)
    vm_id = None if private is None else plain_guid(private.text("VmID") or "")
    group = VmGroup(
        row.text("Name") or "", row.text("OwnerGroup") or "", row.text("OwnerNode") or "", by_name=private is None
    )
    return vm_id, group


def roles_of(cluster: Cluster, resources: Sequence[VmResource], vms: Sequence[Vm]) -> dict[str, VmGroup]:
    """Return the roles of some VMs by VM id, from their resources. Raises Fault and TransportError."""
    # This is all there is where a node does not show private properties.
    ids = _ids_by_name(cluster) if any(vm_id is None for vm_id, unused in resources) else {}
    found = {ids.get(in_capitals(role.resource), "") if vm_id is None else vm_id: role for vm_id, role in resources}
    return {vm.id: found[vm.id] for vm in vms if vm.id in found}


def _ids_by_name(cluster: Cluster) -> dict[str, str]:
    """Return VM ids by the resource name that the cluster gives by default, for names that a single VM bears."""
    everyone = read_vms(cluster)
    names = collections.Counter(in_capitals(vm.name) for vm in everyone)
    return {in_capitals(f"{_TYPE} {vm.name}"): vm.id for vm in everyone if names[in_capitals(vm.name)] == 1}


def read_priorities(cluster: Cluster, roles: Iterable[VmGroup]) -> dict[str, int | None]:
    """Return the priorities of the groups of these roles, by name in capitals. Raises Fault and TransportError."""
    names = tuple({role.group for role in roles})
    if not names:
        return {}
    columns = ("Name", "Priority")
    where = {columns[0]: names} if len(names) <= NAMES_IN_A_QUERY else {}
    rows = cluster.home.query(MSCLUSTER, Query("MSCluster_ResourceGroup", columns, where))
    return {in_capitals(row.text("Name") or ""): row.integer("Priority") for row in rows}


def read_traits(cluster: Cluster, names: Sequence[str] = (), owner: str = "") -> dict[str, GroupTraits]:
    """Return the traits of groups, also of those that are no VMs, by name in capitals, in one query.

    Of all groups without ``names``, of which there may be at most NAMES_IN_A_QUERY; ``owner`` narrows them to a node.
    """
    columns = (
        "Name",
        "Id",
        "OwnerNode",
        "State",
        "StatusInformation",
        "Priority",
        "AntiAffinityClassNames",
        "GroupType",
    )
    where = {**({columns[0]: tuple(names)} if names else {}), **({"OwnerNode": (owner,)} if owner else {})}
    rows = cluster.query_cluster_if_any(Query("MSCluster_ResourceGroup", columns, where))
    return {in_capitals(row.text("Name") or ""): _traits(row) for row in rows}


def _traits(row: Instance) -> GroupTraits:
    state, status = row.integer("State"), row.integer("StatusInformation") or 0
    return GroupTraits(
        priority=row.integer("Priority"),
        anti_affinity=row.texts("AntiAffinityClassNames"),
        name=row.text("Name") or "",
        id=row.text("Id") or "",
        owner=row.text("OwnerNode") or "",
        kind=row.integer("GroupType"),
        state=GROUP_STATES.get(-1 if state is None else state, UNKNOWN),
        is_locked=bool(status & LOCKED),
        is_queued=bool(status & QUEUED),
    )


def read_possible_owners(node: Session, role: VmGroup) -> tuple[str, ...]:
    """Return the nodes that may own a VM (MSCluster_Resource.GetPossibleOwners). Raises Fault and TransportError.

    ``node`` is any of the cluster.
    """
    resource = Reference.of(MSCLUSTER, "MSCluster_Resource", Name=role.resource)
    return node.invoke(resource, "GetPossibleOwners", {}).texts("NodeNames")


def read_preferred_owners(node: Session, role: VmGroup) -> tuple[str, ...]:
    """Return the nodes that a group prefers (MSCluster_ResourceGroup.GetPreferredOwners).

    ``node`` is any of the cluster. Raises Fault and TransportError.
    """
    group = Reference.of(MSCLUSTER, "MSCluster_ResourceGroup", Name=role.group)
    return node.invoke(group, "GetPreferredOwners", {}).texts("NodeNames")
