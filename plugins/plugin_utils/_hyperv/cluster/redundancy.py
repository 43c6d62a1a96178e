# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster needs of its nodes besides their memory: votes, fault domains, disks.

Source: Microsoft docs of the failover cluster WMI provider (MSCluster_Node: NodeWeight, DynamicWeight, FaultDomain) and
S2DEnabled of live schemas.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ..._hostnames import first_label
from .affinity import read_domains
from .cluster import Cluster
from .nodes import EVERY_NODE, nodes_of


@dataclasses.dataclass(frozen=True)
class Redundancy:
    """What was read; nodes are by the first label of their names.

    Attributes:
        configured: vote of each node as it is configured, of those of which it is told.
        counted: vote of each node as it counts now, likewise.
        running: nodes whose cluster service runs.
        domains: fault domain of each node that has one.
        spaces_direct: the disks of the nodes are the storage of the cluster.
    """

    configured: Mapping[str, int]
    counted: Mapping[str, int]
    running: frozenset[str]
    domains: Mapping[str, str] = dataclasses.field(default_factory=dict)
    spaces_direct: bool = False


def read_redundancy(cluster: Cluster) -> Redundancy:
    """Return it, in three requests at most; nothing is changed. Raises Fault and TransportError."""
    rows = cluster.query_cluster(EVERY_NODE)
    configured: dict[str, int] = {}
    counted: dict[str, int] = {}
    for row in rows:
        label = first_label(row.text("Name") or "")
        for votes, weight in ((configured, row.integer("NodeWeight")), (counted, row.integer("DynamicWeight"))):
            if weight is not None:
                votes[label] = weight
    whole = cluster.identity.cluster_row
    return Redundancy(
        configured,
        counted,
        frozenset(first_label(node.name) for node in nodes_of(rows) if node.is_running),
        read_domains(cluster),
        bool(whole.integer("S2DEnabled")) if whole is not None else False,
    )
