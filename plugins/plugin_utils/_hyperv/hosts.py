# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What only a node itself knows: migration settings, limits, networks, memory. Private to this collection."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable, Mapping

from .._wsman.faults import Fault
from .._wsman.transport import TransportError
from .._wsman.wql import Query
from .cluster import CIMV2, MSCLUSTER, VIRTUALIZATION, Cluster, first_label
from .nodes import Node

_AUTHENTICATION = {0: "credssp", 1: "kerberos"}
_CAREFUL_LIMIT = 1  # for a node whose settings cannot be read


@dataclasses.dataclass(frozen=True)
class HostSettings:
    """Migration settings of one node (Msvm_VirtualSystemMigrationServiceSettingData and its service).

    Attributes:
        enabled: whether the node takes part in live migrations.
        maximum_migrations: simultaneous live migrations.
        maximum_storage_migrations: simultaneous storage migrations.
        active_migrations: live migrations that run now.
        authentication: ``kerberos``, ``credssp`` or ``unknown``.
        compression, smb: transport options; SMB makes the node ignore compression.
        listener_addresses: addresses on which it receives migrations; empty means that it cannot.
        networks: ``subnet/prefix_length`` in order of preference.
    """

    node: str
    enabled: bool
    maximum_migrations: int
    maximum_storage_migrations: int
    active_migrations: int
    authentication: str
    compression: bool
    smb: bool
    listener_addresses: tuple[str, ...]
    networks: tuple[str, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return the settings for a task's result."""
        return {name: list(one) if isinstance(one, tuple) else one for name, one in dataclasses.asdict(self).items()}

    def problems(self) -> list[dict[str, str]]:
        """Return what would stop a migration to or from this node, each with its remedy."""
        found = []
        if not self.enabled:
            found.append(("Live migration is switched off.", "Run Enable-VMMigration on the node."))
        if not self.listener_addresses:
            found.append(
                (
                    "It listens on no address for migrations.",
                    "Set its live migration networks (Set-VMMigrationNetwork).",
                )
            )
        if self.maximum_migrations == 0:
            found.append(("Its limit of simultaneous live migrations is 0.", "Raise it (Set-VMHost)."))
        return [{"node": self.node, "problem": problem, "remedy": remedy} for problem, remedy in found]


@dataclasses.dataclass(frozen=True)
class Memory:
    """A node's physical memory in MB (Win32_OperatingSystem counts in kB)."""

    total_mb: int
    free_mb: int


def read_host_settings(cluster: Cluster, node: str) -> HostSettings:
    """Return one node's settings. Raises Fault and TransportError."""
    session = cluster.node(node)
    settings = session.query(VIRTUALIZATION, Query("Msvm_VirtualSystemMigrationServiceSettingData"))
    services = session.query(VIRTUALIZATION, Query("Msvm_VirtualSystemMigrationService"))
    networks = session.query(VIRTUALIZATION, Query("Msvm_VirtualSystemMigrationNetworkSettingData"))
    by_metric = sorted(networks, key=lambda one: one.integer("Metric") or 0)
    one = settings[0] if settings else None
    service = services[0] if services else None
    return HostSettings(
        node=node,
        enabled=bool(one and one.boolean("EnableVirtualSystemMigration")),
        maximum_migrations=(one.integer("MaximumActiveVirtualSystemMigration") if one else None) or 0,
        maximum_storage_migrations=(one.integer("MaximumActiveStorageMigration") if one else None) or 0,
        active_migrations=(service.integer("ActiveVirtualSystemMigrationCount") if service else None) or 0,
        authentication=_AUTHENTICATION.get(_or(one.integer("AuthenticationType") if one else None, -1), "unknown"),
        compression=bool(one and one.boolean("EnableCompression")),
        smb=bool(one and one.boolean("EnableSmbTransport")),
        listener_addresses=service.texts("MigrationServiceListenerIPAddressList") if service else (),
        networks=tuple(f"{one.text('SubnetNumber')}/{one.integer('PrefixLength')}" for one in by_metric),
    )


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def read_memory(cluster: Cluster, node: str) -> Memory:
    """Return one node's memory. Raises Fault and TransportError."""
    columns = ("TotalVisibleMemorySize", "FreePhysicalMemory")
    (row,) = cluster.node(node).query(CIMV2, Query("Win32_OperatingSystem", columns))
    return Memory((row.integer(columns[0]) or 0) // 1024, (row.integer(columns[1]) or 0) // 1024)


def try_memory(cluster: Cluster, node: Node) -> tuple[Memory | None, str]:
    """Return one node's memory, or None and why it is not known."""
    if node.state not in ("up", "paused"):
        return None, f"The node is {node.state}."
    try:
        return read_memory(cluster, node.name), ""
    except (Fault, TransportError) as error:
        return None, str(error)


def read_cluster_limit(cluster: Cluster) -> int | None:
    """Return MSCluster_Cluster.MaximumParallelMigrations; None on clusters that have no such property."""
    rows = cluster.home.query(MSCLUSTER, Query("MSCluster_Cluster"))
    return rows[0].integer("MaximumParallelMigrations") if rows else None


@dataclasses.dataclass(frozen=True)
class Limits:
    """How many migrations may run at once.

    Attributes:
        nodes: limit by first label of the node, counted at source and destination.
        total: limit over the whole cluster, None for none. No source says whether the cluster's
            MaximumParallelMigrations counts per node or in all; the stricter reading is taken.
        notes: what could not be read.
    """

    nodes: Mapping[str, int]
    total: int | None = None
    notes: tuple[str, ...] = ()

    def allow(self, running: Iterable[tuple[str, str]], source: str, destination: str) -> bool:
        """Tell whether one more move fits beside ``running``, pairs of source and destination."""
        pairs = [(first_label(one), first_label(other)) for one, other in running]
        if self.total is not None and len(pairs) >= self.total:
            return False
        return all(
            sum(node in pair for pair in pairs) < self.nodes.get(node, _CAREFUL_LIMIT)
            for node in (first_label(source), first_label(destination))
        )


def read_limits(cluster: Cluster, nodes: Iterable[str], max_parallel: int | None) -> Limits:
    """Return the effective limits for moves between ``nodes``: the hosts' own, the cluster's, and the user's if lower.

    A node that cannot be asked counts with one migration at a time, and is named in the notes.
    """
    cluster_limit = read_cluster_limit(cluster)
    limits: dict[str, int] = {}
    notes = []
    for node in nodes:
        try:
            limits[first_label(node)] = max(1, read_host_settings(cluster, node).maximum_migrations)
        except (Fault, TransportError) as error:
            limits[first_label(node)] = _CAREFUL_LIMIT
            notes.append(f"The limits of {node} could not be read, so it takes one migration at a time: {error}")
    lowest = [limit for limit in (cluster_limit, max_parallel) if limit]
    return Limits(limits, min(lowest) if lowest else None, tuple(notes))
