# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Migration settings of the whole cluster (MSCluster_Cluster, Microsoft docs)."""

from __future__ import annotations

import dataclasses
import typing as t

from ..._wsman.wql import Query
from .cim_values import CORE_GROUP
from .cluster import Cluster

_HUNDREDTHS = 100  # SMBBandwidthLimitFactor counts hundredths of a percent


@dataclasses.dataclass(frozen=True)
class ClusterSettings:
    """The cluster's own settings; None for properties that its version does not have.

    Attributes:
        name, fqdn: its names.
        functional_level: ClusterFunctionalLevel, the lowest version that its nodes agree on.
        maximum_parallel_migrations: its limit, which overrides that of the nodes.
        smb_bandwidth_limit: whether migrations over SMB may take a part of the bandwidth only.
        smb_bandwidth_limit_percent: that part, in percent.
        enforced_anti_affinity: whether groups of one anti-affinity class are never put on one node.
        core_group_owner: the node that owns the core group, with which the provider of Root\\HyperVCluster\\v2 goes.
    """

    name: str | None
    fqdn: str | None
    functional_level: int | None
    maximum_parallel_migrations: int | None
    smb_bandwidth_limit: bool | None
    smb_bandwidth_limit_percent: float | None
    enforced_anti_affinity: bool | None
    core_group_owner: str | None

    def as_result(self) -> dict[str, t.Any]:
        """Return the settings for a task's result."""
        return dataclasses.asdict(self)


def read_cluster_settings(cluster: Cluster) -> ClusterSettings:
    """Return the cluster's settings, in two requests, without a cluster all None. Raises Fault and TransportError."""
    columns = ("Name", "OwnerNode")
    core = cluster.query_cluster_if_any(Query("MSCluster_ResourceGroup", columns, {"GroupType": (CORE_GROUP,)}))
    rows = cluster.query_cluster_if_any(Query("MSCluster_Cluster"))
    owner = core[0].text("OwnerNode") if core else None
    if not rows:
        return ClusterSettings(None, None, None, None, None, None, None, owner)
    (row,) = rows[:1]
    factor = row.integer("SMBBandwidthLimitFactor")
    return ClusterSettings(
        name=row.text("Name"),
        fqdn=row.text("Fqdn"),
        functional_level=row.integer("ClusterFunctionalLevel"),
        maximum_parallel_migrations=row.integer("MaximumParallelMigrations"),
        smb_bandwidth_limit=_flag(row.integer("SetSMBBandwidthLimit")),
        smb_bandwidth_limit_percent=None if factor is None else factor / _HUNDREDTHS,
        enforced_anti_affinity=_flag(row.integer("ClusterEnforcedAntiAffinity")),
        core_group_owner=owner,
    )


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
