# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waits until a cluster is healthy enough to run without a node."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection

from ..._hostnames import first_label
from ..checks.cluster_health import Health, read_health
from ..cluster.cluster import Cluster
from .waiting import last_request


@dataclasses.dataclass(frozen=True)
class HealthGate:
    """How long is waited, and for what.

    Attributes:
        ignore: names whose problems do not count; see ``read_health``.
        timeout: seconds; 0 to look once.
        storage_timeout: seconds for storage that is being repaired, which takes hours where all else takes minutes.
        interval: seconds between two looks.
        report: shows a line when the wait begins, and when what is waited for has changed.
        paused_by_us: names of nodes that count as up while they are paused.
    """

    ignore: Collection[str]
    timeout: float
    storage_timeout: float
    interval: float
    report: Callable[[str], None]
    paused_by_us: Collection[str] = ()

    def wait(self, cluster: Cluster, node: str | None) -> Health:
        """Return the health as soon as nothing counts against it, else the last that was read.

        ``node`` is the one that is taken away. Raises HyperVError for a node that does not exist, Fault and
        TransportError.
        """
        begun = cluster.clock.now()
        storage_until = last_request(cluster.clock, self.storage_timeout, self.interval)
        unfit_since: float | None = None
        told = ""
        while True:
            health = self._without_our_own(read_health(cluster, node, self.ignore, storage_until))
            now = cluster.clock.now()
            if health.waits_for_storage:
                unfit_since = None
                left = begun + self.storage_timeout - now
            else:
                unfit_since = now if unfit_since is None else unfit_since
                left = unfit_since + self.timeout - now
            if not health.findings or left <= 0:
                return health
            if health.message != told:
                told = health.message
                self.report(f"Waiting for the cluster, {left:.0f} s at most: {told}")
            cluster.clock.pause(min(self.interval, left))

    def _without_our_own(self, health: Health) -> Health:
        ours = {first_label(name) for name in self.paused_by_us}
        paused = {
            node.name for node, _votes in health.nodes if node.state == "paused" and first_label(node.name) in ours
        }
        findings = tuple(one for one in health.findings if one.code != "node_not_up" or one.subject not in paused)
        return dataclasses.replace(health, findings=findings)
