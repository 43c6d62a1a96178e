# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that a plan of several nodes depends on, read once from the cluster."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.attachments import Attachment
from ..cluster.cim_values import ReplicationMode
from ..cluster.cluster import Cluster
from ..cluster.hosts import Memory, try_memory
from ..cluster.nodes import Node, read_nodes_if_any
from ..cluster.owners import read_owners
from ..cluster.side_by_side import SideBySide, side_by_side
from ..cluster.vms import Vm
from ..failure.errors import HyperVError
from .lacking import lacks_everywhere
from .node_facts import read_replicas, read_source, try_destination
from .snapshot import Snapshot, read_vms_and_groups, with_rules


@dataclasses.dataclass(frozen=True)
class ClusterNode:
    """One node, and what only it knows.

    Attributes:
        memory: None where it takes no VMs and is not merely paused.
        unusable: why it takes none now, in sentences; else empty.
        slots: how many live migrations it takes part in at once, None where not known.
        local_vms: VMs of it that the cluster does not know.
    """

    node: Node
    memory: Memory | None
    unusable: str = ""
    slots: int | None = None
    local_vms: tuple[Vm, ...] = ()


@dataclasses.dataclass(frozen=True)
class WholeCluster:
    """All nodes, and a snapshot of which owners, attachments, replicas and lacks are those of every VM.

    The node of the snapshot is any one, and it has no destinations.
    """

    nodes: tuple[ClusterNode, ...]
    snapshot: Snapshot

    def others(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names of all nodes but these."""
        labels = {first_label(one) for one in names}
        return tuple(one.node.name for one in self.nodes if first_label(one.node.name) not in labels)


def read_whole_cluster(cluster: Cluster) -> WholeCluster:
    """Read the nodes and all their VMs; nothing is changed. Raises HyperVError, Fault and TransportError."""
    nodes = read_nodes_if_any(cluster)
    if not nodes:
        raise HyperVError("The host is not a node of a failover cluster, and a rolling maintenance goes through one.")
    with side_by_side(cluster, [node.name for node in nodes if node.is_running]) as beside:
        return _read(cluster, nodes, beside)


def _read(cluster: Cluster, nodes: Sequence[Node], beside: SideBySide) -> WholeCluster:
    snapshot = with_rules(cluster, read_vms_and_groups(cluster, nodes[0], nodes, beside.answering()), nodes)
    known, by_name = {vm.id for vm in snapshot.vms}, {node.name: node for node in nodes}

    def look(name: str) -> _Looked:
        node, silence = by_name[name], beside.silence(name)
        memory, slots, unusable = try_destination(cluster, node, silence)
        if memory is None and node.state == "paused":
            memory, _unknown = try_memory(cluster, node, silence)  # it takes VMs once it is resumed
        source = read_source(cluster, node, silence)
        replicas, notes = ({}, []) if cluster.offers_hyperv else read_replicas(cluster, node)
        if unusable:
            notes.append(f"{node.name} is not counted as a destination: {unusable}")
        one = ClusterNode(node, memory, unusable, source.slots or slots or None, source.not_among(known))
        return _Looked(one, source.attachments, replicas, (*source.notes, *notes))

    replicas, notes = read_replicas(cluster, nodes[0]) if cluster.offers_hyperv else ({}, [])
    looked = beside.each(list(by_name), look)()
    return WholeCluster(
        tuple(one.node for one in looked),
        dataclasses.replace(
            snapshot,
            owners=read_owners(cluster, snapshot.roles, len(snapshot.roles) * len(nodes), list(beside.answering())),
            attachments={vm_id: found for one in looked for vm_id, found in one.attachments.items()},
            replication=dict(replicas) | {vm_id: mode for one in looked for vm_id, mode in one.replicas.items()},
            notes=(*snapshot.notes, *notes, *(note for one in looked for note in one.notes)),
            lacks=lacks_everywhere(cluster, snapshot.vms, nodes),
        ),
    )


@dataclasses.dataclass(frozen=True)
class _Looked:
    """What one node shows: attachments and replicas by VM id, and what could not be read."""

    node: ClusterNode
    attachments: Mapping[str, tuple[Attachment, ...]]
    replicas: Mapping[str, ReplicationMode]
    notes: tuple[str, ...]
