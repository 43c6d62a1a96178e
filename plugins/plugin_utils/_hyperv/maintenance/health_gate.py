# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waits until a cluster is healthy enough to run without a node."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection

from ..checks.cluster_health import Health, read_health
from ..cluster.cluster import Cluster


@dataclasses.dataclass(frozen=True)
class HealthGate:
    """How long is waited, and for what.

    Attributes:
        ignore: names of nodes, VMs, roles and networks whose problems do not count.
        timeout: seconds; 0 to look once.
        interval: seconds between two looks.
        report: shows a line when the wait begins, and when what is waited for has changed.
    """

    ignore: Collection[str]
    timeout: float
    interval: float
    report: Callable[[str], None]

    def wait(self, cluster: Cluster, node: str | None) -> Health:
        """Return the health as soon as nothing counts against it, else the last that was read.

        ``node`` is the one that is taken away. Raises HyperVError for a node that does not exist, Fault and
        TransportError.
        """
        deadline = cluster.clock.now() + self.timeout
        told = ""
        while True:
            health = read_health(cluster, node, self.ignore)
            left = deadline - cluster.clock.now()
            if not health.findings or left <= 0:
                return health
            if health.message != told:
                told = health.message
                self.report(f"Waiting for the cluster, {left:.0f} s at most: {told}")
            cluster.clock.pause(min(self.interval, left))
