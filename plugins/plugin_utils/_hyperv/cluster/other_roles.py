# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node owns beside VMs: roles of other types, the core group, and the shared volumes that it coordinates.

The disk resource of a shared volume is owned by the node that coordinates it (Microsoft docs, "Use Cluster Shared
Volumes in a failover cluster"). Whether MSCluster_ResourceGroup lists the groups of shared volumes and pools is not
documented, so volumes are read as resources. MSCluster_ClusterSharedVolumeToResource says which volume is on which.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals, same_name
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from .cim_values import (
    CORE_GROUP,
    GROUP_TYPES,
    MOVABLE_GROUPS,
    RESOURCE_STATES,
    SHARED_VOLUME_GROUP,
    VIRTUAL_MACHINE_GROUP,
)
from .cluster import Cluster
from .groups import GroupTraits, read_traits
from .patience import NAMES_IN_A_QUERY
from .states import UNKNOWN

RoleKind = t.Literal["role", "shared_volume", "core_group"]
ROLE: t.Final = "role"
SHARED_VOLUME: t.Final = "shared_volume"
THE_CORE_GROUP: t.Final = "core_group"
KINDS: tuple[RoleKind, ...] = t.get_args(RoleKind)
AT_REST: t.Final = frozenset({"offline", "failed"})

_VOLUME = "shared volume"
_DISK = "Physical Disk"  # MSCluster_Resource.Type, not localised
# Of these a group may have one for each subnet, and needs one that is online (Microsoft docs, "IP Address").
_ADDRESSES = frozenset({"IP Address", "IPv6 Address", "IPv6 Tunnel Address"})


@dataclasses.dataclass(frozen=True)
class OwnedRole:
    """Something that a node owns beside VMs.

    Attributes:
        name: of its group; of its disk resource where it is a shared volume.
        type: in words, such as ``file server``.
        owner: the node that owns it.
        state: ``online``, ``offline``, ``failed``, ``partly_online``, ``pending`` or ``unknown``.
        number: GroupType of its group, 0 of a shared volume.
        group: name of the group that it is in; a GUID of a shared volume.
        priority: 0 to 4999, higher goes first.
        is_locked, is_queued: as ``GroupTraits`` has them.
    """

    kind: RoleKind
    name: str
    type: str
    owner: str
    state: str = UNKNOWN
    number: int = 0
    group: str = ""
    priority: int = 0
    is_locked: bool = False
    is_queued: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.kind, in_capitals(self.name)

    @property
    def text(self) -> str:
        """Name and type, for a sentence."""
        return f"{self.name} ({self.type})"

    @property
    def is_movable(self) -> bool:
        """It is of a type that is moved from node to node."""
        return self.kind == SHARED_VOLUME or self.number in MOVABLE_GROUPS

    @property
    def is_changing(self) -> bool:
        """The cluster is moving it, or is about to."""
        return self.state == "pending" or self.is_queued


@dataclasses.dataclass(frozen=True)
class OtherRoles:
    """What the nodes of a cluster own beside VMs, by kind and name.

    ``unread``: why that could not be read, in sentences; else empty.
    """

    all: tuple[OwnedRole, ...] = ()
    unread: str = ""

    def on(self, node: str) -> tuple[OwnedRole, ...]:
        """Return what a node owns that is not offline."""
        label = first_label(node)
        return tuple(one for one in self.all if first_label(one.owner) == label and one.state != "offline")

    def find(self, kind: str, name: str) -> OwnedRole | None:
        """Return the one of this name, in any letter case."""
        return next((one for one in self.all if one.kind == kind and same_name(one.name, name)), None)


def read_other_roles(cluster: Cluster, traits: Iterable[GroupTraits] | None = None) -> OtherRoles:
    """Return what is owned beside VMs in two queries, in one where ``traits`` of all groups are given.

    Raises Fault and TransportError.
    """
    if not cluster.is_clustered:
        return OtherRoles()
    groups = read_traits(cluster).values() if traits is None else traits
    roles = [_role(one) for one in groups if one.kind not in (None, VIRTUAL_MACHINE_GROUP, SHARED_VOLUME_GROUP)]
    found = [*roles, *_read_volumes(cluster)]
    return OtherRoles(tuple(sorted(found, key=lambda one: (KINDS.index(one.kind), one.name.casefold()))))


def read_some_roles(cluster: Cluster, roles: Sequence[tuple[str, str]]) -> OtherRoles:
    """Return those of some kinds and names, in one or two queries. Raises Fault and TransportError."""
    names = [name for kind, name in roles if kind != SHARED_VOLUME]
    found = [_role(one) for one in read_traits(cluster, names).values()] if names else []
    disks = [name for kind, name in roles if kind == SHARED_VOLUME]
    wanted = {in_capitals(name) for name in disks}
    volumes = [one for one in _read_volumes(cluster, disks) if in_capitals(one.name) in wanted] if wanted else []
    return OtherRoles((*found, *volumes))


def _role(group: GroupTraits) -> OwnedRole:
    number = group.kind or 0
    return OwnedRole(
        THE_CORE_GROUP if number == CORE_GROUP else ROLE,
        group.name,
        GROUP_TYPES.get(number, f"type {number}"),
        group.owner,
        group.state,
        number,
        group.name,
        group.priority or 0,
        group.is_locked,
        group.is_queued,
    )


def _read_volumes(cluster: Cluster, names: Sequence[str] = ()) -> list[OwnedRole]:
    columns = ("Name", "OwnerNode", "OwnerGroup", "State", "IsClusterSharedVolume")
    where = {"Type": (_DISK,), **({"Name": tuple(names)} if 0 < len(names) <= NAMES_IN_A_QUERY else {})}
    rows = cluster.query_cluster_if_any(Query("MSCluster_Resource", columns, where))
    return [_volume(row) for row in rows if row.boolean("IsClusterSharedVolume")]


def _volume(row: Instance) -> OwnedRole:
    state = row.integer("State")
    return OwnedRole(
        SHARED_VOLUME,
        row.text("Name") or "",
        _VOLUME,
        row.text("OwnerNode") or "",
        RESOURCE_STATES.get(-1 if state is None else state, UNKNOWN),
        group=row.text("OwnerGroup") or "",
    )


def read_resources(cluster: Cluster, roles: Sequence[OwnedRole]) -> dict[str, str]:
    """Return the group of each resource of some roles by its name, without addresses, in one query.

    An address may be of one subnet alone: who may own it says nothing of its role. Raises Fault and TransportError.
    """
    groups = tuple(one.group for one in roles)
    if not groups:
        return {}
    query = Query("MSCluster_Resource", ("Name", "OwnerGroup", "Type"), {"OwnerGroup": groups})
    return {
        row.text("Name") or "": row.text("OwnerGroup") or ""
        for row in cluster.query_cluster_if_any(query)
        if row.text("Type") not in _ADDRESSES
    }


def read_start_order(cluster: Cluster) -> dict[str, frozenset[str]]:
    """Return which groups each group starts after, as group sets say; names in capitals.

    Microsoft docs, MSCluster_GroupSet; whether ProviderNames are those of sets or of groups is not documented, and
    older Windows has no group sets. Raises Fault and TransportError.
    """
    query = Query("MSCluster_GroupSet", ("Name", "GroupNames", "ProviderNames"))
    rows = cluster.query_cluster_if_any(query, missing_ok=True)
    sets = {_key(row.text("Name")): [_key(name) for name in row.texts("GroupNames")] for row in rows}
    order: dict[str, frozenset[str]] = {}
    for row in rows:
        providers = {group for name in row.texts("ProviderNames") for group in sets.get(_key(name), [_key(name)])}
        for group in sets[_key(row.text("Name"))]:
            order[group] = order.get(group, frozenset()) | providers
    return order


def _key(name: str | None) -> str:
    return in_capitals(name or "")


def read_volumes_by_disk(cluster: Cluster) -> dict[str, Reference]:
    """Return the shared volumes by the name of their disk resource in capitals. Raises Fault and TransportError."""
    query = Query("MSCluster_ClusterSharedVolumeToResource")
    found: dict[str, Reference] = {}
    for row in cluster.query_cluster_if_any(query, missing_ok=True):
        volume, resource = row.reference("GroupComponent"), row.reference("PartComponent")
        if volume is not None and resource is not None:
            found.setdefault(_key(resource.key("Name")), volume)
    return found
