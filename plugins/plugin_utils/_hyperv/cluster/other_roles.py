# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node owns beside VMs: roles of other types, and the shared volumes that it coordinates.

The disk resource of a shared volume is owned by the node that
coordinates it (Microsoft docs, "Use Cluster Shared Volumes in a failover cluster"). Whether MSCluster_ResourceGroup
lists the groups of shared volumes and pools is not documented: they are left out, and volumes are read as resources.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable

from ..._hostnames import first_label
from ..._wsman.wql import Query
from .cim_values import GROUP_TYPES, INTERNAL_GROUPS, VIRTUAL_MACHINE_GROUP
from .cluster import Cluster
from .groups import GroupTraits, read_traits

_AT_REST = "offline"
_DISK = "Physical Disk"  # MSCluster_Resource.Type, not localised


@dataclasses.dataclass(frozen=True)
class OtherRoles:
    """What a node owns beside VMs.

    Attributes:
        roles: name and type of its roles that are not offline.
        shared_volumes: names of the disk resources of the shared volumes that it coordinates.
    """

    roles: tuple[tuple[str, str], ...] = ()
    shared_volumes: tuple[str, ...] = ()

    def text(self, node: str) -> str:
        """Say what a node owns and what becomes of it, in sentences; empty for nothing."""
        if not self.roles and not self.shared_volumes:
            return ""
        found = []
        if self.roles:
            found.append(f"owns roles that are not VMs: {', '.join(f'{name} ({kind})' for name, kind in self.roles)}")
        if self.shared_volumes:
            found.append(f"coordinates shared volumes: {', '.join(self.shared_volumes)}")
        return f"{node} {', and '.join(found)}. They are not moved, and fail over when it restarts."

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {
            "other_roles": [{"name": name, "type": kind} for name, kind in self.roles],
            "shared_volumes": list(self.shared_volumes),
        }


def read_other_roles(cluster: Cluster, node: str, traits: Iterable[GroupTraits] | None = None) -> OtherRoles:
    """Return what a node owns beside VMs; ``traits`` of all groups where they are known.

    Raises Fault and TransportError.
    """
    if not cluster.is_clustered:
        return OtherRoles()
    label = first_label(node)
    groups = read_traits(cluster, owner=node).values() if traits is None else traits
    disks = cluster.query_cluster_if_any(
        Query("MSCluster_Resource", ("Name", "OwnerNode", "IsClusterSharedVolume"), {"Type": (_DISK,)})
    )
    return OtherRoles(
        tuple(
            sorted(
                (one.name, _kind(one)) for one in groups if first_label(one.owner) == label and _is_another_role(one)
            )
        ),
        tuple(
            sorted(
                row.text("Name") or ""
                for row in disks
                if first_label(row.text("OwnerNode") or "") == label and row.boolean("IsClusterSharedVolume")
            )
        ),
    )


def _is_another_role(group: GroupTraits) -> bool:
    return group.kind not in (None, VIRTUAL_MACHINE_GROUP, *INTERNAL_GROUPS) and group.state != _AT_REST


def _kind(group: GroupTraits) -> str:
    return GROUP_TYPES.get(group.kind or 0, f"type {group.kind}")
