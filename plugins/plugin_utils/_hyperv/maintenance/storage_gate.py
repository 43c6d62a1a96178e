# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""No node is taken away while Storage Spaces Direct cannot do without its disks.

Windows refuses a pause with a drain then (5987, ERROR_CLUSTER_SPACE_DEGRADED), and Cluster-Aware Updating waits and
asks again, without counting it as a failure (Microsoft docs, Invoke-CauRun).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection

from ..._hostnames import first_label
from ..._wsman.faults import Fault
from ..checks.overlooking import that_count
from ..checks.shared_volumes import read_shared_volumes
from ..checks.storage_health import StorageHealth, is_on_the_nodes, read_storage_health
from ..cluster.cluster import Cluster
from ..cluster.nodes import pick_node, read_named_nodes
from ..failure.errors import HyperVError
from ..failure.failures import win32_codes
from ..failure.finding import ERROR
from .waiting import last_request, wait_while_it_passes

_SPACE_DEGRADED = 5987


@dataclasses.dataclass(frozen=True)
class StorageWait:
    """How long storage is waited for.

    Attributes:
        timeout: seconds; 0 to look once.
        interval: seconds between two looks.
        ignore: names whose problems do not count.
    """

    timeout: float = 14400.0
    interval: float = 10.0
    ignore: Collection[str] = ()


class StorageGate:
    """Waits for storage before one node is taken away.

    Attributes:
        cluster: where it is asked.
        health: what was read last; before anything was read, that nothing was looked at.
    """

    def __init__(self, cluster: Cluster, wait: StorageWait, tell: Callable[[str], None]) -> None:
        self.cluster = cluster
        self.health = StorageHealth(on_the_nodes=False)
        self._wait = wait
        self._tell = tell

    def look(self, name: str, until: float = math.inf) -> StorageHealth:
        """Return what speaks against taking a node away, in five queries; it asks nothing where storage is elsewhere.

        ``until``: as ``read_storage_health`` has it.

        Raises HyperVError for a node that does not exist, or is down: nothing is whole before it is back. Raises Fault
        and TransportError.
        """
        if is_on_the_nodes(self.cluster):
            node = pick_node(read_named_nodes(self.cluster, [first_label(name)]), name)
            if node.state == "down":
                raise HyperVError(
                    f"Node {node.name} is down, and storage is not whole before it is back: only a node that is up or "
                    "paused can be emptied. Bring it up first."
                )
            health = read_storage_health(self.cluster, node, until)
            volumes = [one for one in read_shared_volumes(self.cluster) if one.severity == ERROR]
            counting = that_count([*health.findings, *volumes], self._wait.ignore)
            self.health = dataclasses.replace(health, findings=tuple(counting))
        return self.health

    def wait(self, name: str) -> bool:
        """Return when nothing speaks against it, and whether that took time.

        Raises HyperVError where something still does after the time that it may take, or will not pass by itself, and
        as ``look``.
        """
        until = last_request(self.cluster.clock, self._wait.timeout, self._wait.interval)
        waited = wait_while_it_passes(
            self.cluster.clock,
            lambda: self.look(name, until).findings,
            self._wait.timeout,
            self._wait.interval,
            lambda left, text: self._tell(f"Waiting for the storage of the cluster, {left:.0f} s at most: {text}"),
        )
        if waited.findings:
            raise HyperVError(f"{name} cannot be taken away, because its storage is needed. {waited.text}")
        return waited.took_time

    def through(self, call: Callable[[], None]) -> None:
        """Make a call that Windows refuses while a space is degraded, again and again as long as it does.

        Raises what ``call`` raises, and that refusal after the time that storage may take.
        """
        clock = self.cluster.clock
        deadline = clock.now() + self._wait.timeout
        is_told = False
        while True:
            try:
                return call()
            except Fault as fault:
                if _SPACE_DEGRADED not in win32_codes(fault) or clock.now() >= deadline:
                    raise
            if not is_told:
                is_told = True
                self._tell(
                    "Windows does not pause the node while a clustered space is degraded: waiting for its repair."
                )
            clock.pause(self._wait.interval)
