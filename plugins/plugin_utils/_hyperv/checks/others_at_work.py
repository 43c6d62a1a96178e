# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who else moves VMs of a cluster, or may: what an administrator should know before a maintenance begins.

Sources, Microsoft docs: "VM load balancing deep-dive" (AutoBalancerMode, AutoBalancerLevel), the properties of
MSCluster_Cluster (DrainOnShutdown, BackupInProgress), CLUSGROUP_TYPE of clusapi.h.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..cluster.cim_values import BALANCER_LEVELS, BALANCER_MODES, UPDATING_ROLE
from ..cluster.cluster import Cluster
from ..cluster.groups import GroupTraits
from ..failure.finding import INFO, WARNING, Finding


def find_others_at_work(cluster: Cluster, groups: Iterable[GroupTraits]) -> Iterator[Finding]:
    """Yield what ``groups`` and the cluster's own properties tell of them; none of it stands against a maintenance.

    It asks nothing that has not been asked. Raises Fault and TransportError.
    """
    yield from map(_updating, (one for one in groups if one.kind == UPDATING_ROLE))
    row = cluster.identity.cluster_row if cluster.is_clustered else None
    if row is None:
        return
    name = row.text("Name") or "the cluster"
    when = BALANCER_MODES.get(row.integer("AutoBalancerMode") or 0)
    if when is not None:
        level = BALANCER_LEVELS.get(row.integer("AutoBalancerLevel") or 0)
        above = f" from a node above {level} % of memory or CPU" if level else ""
        yield Finding(
            "balancer_on",
            INFO,
            name,
            "cluster",
            f"The cluster balances its VMs by itself: it may migrate some{above} {when}.",
            "To rule that out, empty the node with balancer_off=true (evacuate_node_balancer_off), which switches it "
            "off until the VMs are back. For moves of your own, set AutoBalancerMode to 0 until they are over.",
        )
    if row.integer("BackupInProgress"):
        yield Finding(
            "cluster_backup_running",
            WARNING,
            name,
            "cluster",
            "A backup of the cluster's configuration is running.",
            "Wait until it has ended before nodes are restarted.",
            transient=True,
        )
    if row.integer("DrainOnShutdown") == 0:
        yield Finding(
            "no_drain_on_shutdown",
            INFO,
            name,
            "cluster",
            "A node that is shut down does not drain itself first (DrainOnShutdown is 0).",
            "Restart only nodes that have been emptied.",
        )


def _updating(role: GroupTraits) -> Finding:
    return Finding(
        "updating_role",
        WARNING,
        role.name,
        "role",
        f"Cluster-Aware Updating has a role here, {role.name}, and may drain and restart nodes by itself.",
        "Make sure that no run is under way (Get-CauRun) and that none begins meanwhile (Disable-CauClusterRole).",
    )
