# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Data that only a node itself has: migration settings, limits, networks, memory."""

from __future__ import annotations

import datetime as dt
import ipaddress
import typing as t
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer, UnreadableAnswer
from ..._wsman.instances import Instance
from ..._wsman.wql import Query
from ..failure.errors import passes, remedy_of, with_remedy
from ..failure.finding import WARNING, Finding
from .cim_values import AUTHENTICATION_TYPES, ENABLED_STATES
from .cluster import CIMV2, VIRTUALIZATION, Cluster
from .nodes import Node
from .states import UNKNOWN

ABSENT = "absent"
_NOTHING = Instance("", "", {})
_CAREFUL_LIMIT = 1  # for a node whose settings cannot be read


class MigrationNetwork(t.NamedTuple):
    """A subnet that a node offers for migrations (Msvm_VirtualSystemMigrationNetworkSettingData).

    Attributes:
        subnet, prefix_length: the subnet, such as ``10.20.0.0`` and 24.
        metric: of two networks the one with the lower metric is used first.
        tags: who set the entry.
    """

    subnet: str
    prefix_length: int | None
    metric: int | None
    tags: tuple[str, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return the network for a task's result."""
        return {**self._asdict(), "tags": list(self.tags)}


class HostSettings(t.NamedTuple):
    """Migration settings of one node (Msvm_VirtualSystemMigrationServiceSettingData and its service).

    Attributes:
        service_state: EnabledState of its migration service in words; ``absent`` where it shows no service or none of
            the service's settings, so that nothing else here means anything.
        enabled: whether the node takes part in live migrations.
        maximum_migrations: simultaneous live migrations.
        maximum_storage_migrations: simultaneous storage migrations.
        active_migrations, active_storage_migrations: how many of them run now.
        authentication: ``kerberos``, ``credssp`` or ``unknown``.
        compression, smb: transport options; SMB makes the node ignore compression.
        listener_addresses: addresses on which it receives migrations; empty means that it cannot.
        networks: its networks for migrations, the preferred one first.
    """

    node: str
    service_state: str
    enabled: bool
    maximum_migrations: int
    maximum_storage_migrations: int
    active_migrations: int
    active_storage_migrations: int
    authentication: str
    compression: bool
    smb: bool
    listener_addresses: tuple[str, ...]
    networks: tuple[MigrationNetwork, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return the settings for a task's result."""
        return {
            **self._asdict(),
            "listener_addresses": list(self.listener_addresses),
            "networks": [network.as_result() for network in self.networks],
        }


class Memory(t.NamedTuple):
    """A node's physical memory in MB (Win32_OperatingSystem counts in kB)."""

    total_mb: int
    free_mb: int


def read_uptime(cluster: Cluster, node: str) -> float | None:
    """Return for how many seconds the Windows of a node has run, None where it does not say.

    Both times are the node's own (Win32_OperatingSystem). Raises HyperVError, Fault and TransportError.
    """
    columns = ("LastBootUpTime", "LocalDateTime")
    rows = cluster.node(node).query(CIMV2, Query("Win32_OperatingSystem", columns))
    booted, now = (rows[0].datetime(column) if rows else None for column in columns)
    return (now - booted).total_seconds() if booted is not None and now is not None else None


def read_local_time(cluster: Cluster, node: str) -> dt.datetime | None:
    """Return what the clock of a node shows (Win32_OperatingSystem), None where it does not say.

    Raises HyperVError, Fault and TransportError.
    """
    rows = cluster.node(node).query(CIMV2, Query("Win32_OperatingSystem", ("LocalDateTime",)))
    return rows[0].datetime("LocalDateTime") if rows else None


def read_host_settings(cluster: Cluster, node: str, *, networks: bool = True) -> HostSettings:
    """Return one node's settings, in three queries; two without ``networks``. Raises Fault and TransportError."""
    session = cluster.node(node)
    settings = session.query(VIRTUALIZATION, Query("Msvm_VirtualSystemMigrationServiceSettingData"))
    services = session.query(VIRTUALIZATION, Query("Msvm_VirtualSystemMigrationService"))
    listed = session.query(VIRTUALIZATION, Query("Msvm_VirtualSystemMigrationNetworkSettingData")) if networks else []
    one = settings[0] if settings else _NOTHING
    service = services[0] if services else _NOTHING
    return HostSettings(
        node=node,
        service_state=enabled_state(service) if settings and services else ABSENT,
        enabled=bool(one.boolean("EnableVirtualSystemMigration")),
        maximum_migrations=one.integer("MaximumActiveVirtualSystemMigration") or 0,
        maximum_storage_migrations=one.integer("MaximumActiveStorageMigration") or 0,
        active_migrations=service.integer("ActiveVirtualSystemMigrationCount") or 0,
        active_storage_migrations=service.integer("ActiveStorageMigrationCount") or 0,
        authentication=_word(AUTHENTICATION_TYPES, one.integer("AuthenticationType")),
        compression=bool(one.boolean("EnableCompression")),
        smb=bool(one.boolean("EnableSmbTransport")),
        listener_addresses=service.texts("MigrationServiceListenerIPAddressList"),
        networks=_networks(listed),
    )


def enabled_state(service: Instance) -> str:
    """Return EnabledState of a service in words: ``enabled``, ``disabled`` ... or ``unknown``."""
    return _word(ENABLED_STATES, service.integer("EnabledState"))


def _word(words: Mapping[int, str], value: int | None) -> str:
    return UNKNOWN if value is None else words.get(value, UNKNOWN)


def _networks(rows: Sequence[Instance]) -> tuple[MigrationNetwork, ...]:
    networks = [
        MigrationNetwork(
            subnet=row.text("SubnetNumber") or "",
            prefix_length=row.integer("PrefixLength"),
            metric=row.integer("Metric"),
            tags=row.texts("Tags"),
        )
        for row in rows
    ]
    return tuple(sorted(networks, key=lambda network: network.metric or 0))


def is_host(cluster: Cluster, node: str, name: str) -> bool:
    """Tell whether a name means a host: by its label, or by one of the addresses on which it receives migrations."""
    if first_label(name) == first_label(node):
        return True
    try:
        address = ipaddress.ip_address(name)
        listeners = read_host_settings(cluster, node, networks=False).listener_addresses
    except (ValueError, NoAnswer):
        return False
    return str(address) in {first_label(one) for one in listeners}


def read_maximum_migrations(cluster: Cluster, node: str) -> int:
    """Return how many live migrations one node takes part in at once. Raises Fault and TransportError."""
    column = "MaximumActiveVirtualSystemMigration"
    rows = cluster.node(node).query(VIRTUALIZATION, Query("Msvm_VirtualSystemMigrationServiceSettingData", (column,)))
    return (rows[0].integer(column) if rows else None) or 0


def read_memory(cluster: Cluster, node: str) -> Memory:
    """Return one node's memory. Raises Fault and TransportError."""
    columns = ("TotalVisibleMemorySize", "FreePhysicalMemory")
    rows = cluster.node(node).query(CIMV2, Query("Win32_OperatingSystem", columns))
    if not rows:
        raise UnreadableAnswer(f"{node} shows no Win32_OperatingSystem")
    return Memory((rows[0].integer(columns[0]) or 0) // 1024, (rows[0].integer(columns[1]) or 0) // 1024)


def try_memory(cluster: Cluster, node: Node, silence: NoAnswer | None = None) -> tuple[Memory | None, Finding | None]:
    """Return one node's memory, or None and why it is not known; one that was silent before is not asked."""
    if not node.is_running:
        return None, Finding(f"node_{node.state}", WARNING, node.name, "node", f"The node is {node.state}.")
    try:
        if silence is not None:
            raise silence
        return read_memory(cluster, node.name), None
    except NoAnswer as error:
        message = f"The node is {node.state}, but could not be asked: {error}"
        return None, Finding("unreachable", WARNING, node.name, "node", message, remedy_of(error), passes(error))


def read_cluster_limit(cluster: Cluster) -> int | None:
    """Return MSCluster_Cluster.MaximumParallelMigrations; None without a cluster and where it has no such property."""
    row = cluster.identity.cluster_row if cluster.is_clustered else None
    return None if row is None else row.integer("MaximumParallelMigrations")


class Limits(t.NamedTuple):
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

    def allow(
        self,
        running: Collection[tuple[str, str]],
        source: str,
        destination: str,
        beside: Collection[tuple[str, str]] = (),
    ) -> bool:
        """Tell whether one more move fits beside ``running``, pairs of source and destination.

        ``beside`` are further ones that nodes take part in, and that do not count in ``total``.
        """
        if self.total is not None and len(running) >= self.total:
            return False
        pairs = [(first_label(one), first_label(other)) for one, other in (*running, *beside)]
        return all(
            sum(node in pair for pair in pairs) < self.nodes.get(node, _CAREFUL_LIMIT)
            for node in (first_label(source), first_label(destination))
        )


def read_limits(
    cluster: Cluster, nodes: Iterable[str], max_parallel: int | None, known: Mapping[str, int] | None = None
) -> Limits:
    """Return the effective limits for moves between ``nodes``: the hosts' own, the cluster's, and the user's if lower.

    ``known``: limits of hosts by first label, as they were just read. A node that cannot be asked counts with one
    migration at a time, and is named in the notes.
    """
    cluster_limit = read_cluster_limit(cluster)
    limits = dict(known or {})
    notes = []

    def read(node: str) -> tuple[int, str]:
        try:
            return max(1, read_maximum_migrations(cluster, node)), ""
        except NoAnswer as error:
            note = f"The limits of {node} could not be read, so it takes one migration at a time: {with_remedy(error)}"
            return _CAREFUL_LIMIT, note

    names = [name for name in nodes if first_label(name) not in limits]
    for node, (limit, note) in zip(names, cluster.ask_each(names, read), strict=True):
        limits[first_label(node)] = limit
        notes += [note] if note else []
    lowest = [limit for limit in (cluster_limit, max_parallel) if limit]
    return Limits(limits, min(lowest) if lowest else None, tuple(notes))
