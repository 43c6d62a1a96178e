# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What hosts can be to each other: nodes of a failover cluster, or hosts by themselves."""

from __future__ import annotations

import enum


class Topology(enum.Enum):
    """What the task's host is a part of."""

    FAILOVER_CLUSTER = "failover_cluster"
    """It is a node of a failover cluster: Root\\MSCluster exists on it, and lists the nodes and the clustered VMs."""
    STANDALONE_HOSTS = "standalone_hosts"
    """It stands alone, as the other hosts of the task do: each host knows its own VMs, and none the other hosts."""
