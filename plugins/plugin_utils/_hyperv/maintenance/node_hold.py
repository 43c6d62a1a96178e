# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The node of a maintenance: paused, resumed, and read again, with who did what to it."""

from __future__ import annotations

from collections.abc import Sequence

from ..._hostnames import first_label
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node, find_node, pause_node, read_nodes, resume_node
from ..cluster.states import ANSWERING
from ..failure.errors import HyperVError, with_remedy
from .disk_maintenance import DiskMaintenance
from .observation import UNREADABLE, read_node_state
from .storage_gate import StorageGate


class NodeHold:
    """One node, as far as it can be paused: a host by itself cannot, and nothing is done to it or read of it.

    Attributes:
        cluster: where it is asked for.
        name: what it is called.
        node: as it was read last, None where it was not or could not be read.
        unread: why it could not be read; empty where it was.
        nodes: all nodes of the cluster as they were then.
        asked_to_pause, asked_to_resume: this run called for it, whatever it saw of that.
        is_paused_by_us: this run called for it, and saw the node paused.
        is_resumed_by_us: likewise.
        why_not_resumed: empty where it was not to be resumed, or was.
    """

    def __init__(self, cluster: Cluster, name: str, disks: DiskMaintenance, *, is_clustered: bool) -> None:
        """``disks`` are those of the node, which is not given back while they are in maintenance mode."""
        self.cluster = cluster
        self.node: Node | None = None
        self.unread = ""
        self.nodes: list[Node] = []
        self.asked_to_pause = False
        self.asked_to_resume = False
        self.is_paused_by_us = False
        self.is_resumed_by_us = False
        self.why_not_resumed = ""
        self.name = name
        self._disks = disks
        self._is_clustered = is_clustered

    @property
    def is_paused(self) -> bool:
        """It was paused when it was read last."""
        return self.node is not None and self.node.state == "paused"

    @property
    def down(self) -> frozenset[str]:
        """The nodes of the cluster that were down when it was read last, by first label."""
        return frozenset(first_label(one.name) for one in self.nodes if one.state == "down")

    @property
    def state(self) -> str:
        """Its state as it was read last, empty where it was not read."""
        return self.node.state if self.node is not None else ""

    def look(self, what: str) -> None:
        """Read it before anything is changed, and refuse one of which ``what`` cannot be done. Raises HyperVError."""
        if not self._is_clustered:
            return
        self.nodes = read_nodes(self.cluster)
        self.node = find_node(self.cluster, self.nodes, self.name)
        if self.node.state not in ANSWERING:
            raise HyperVError(
                f"Nothing was changed. Node {self.node.name} is {self.node.state}: only a node that is up or paused "
                f"can {what}. Bring it up first."
            )

    def pause(self) -> None:
        """Pause it, so that no VM comes to it, unless it is. Raises HyperVError, Fault, TransportError."""
        if self.node is None or self.node.state == "paused":
            return
        self.asked_to_pause = True
        self.node = pause_node(self.cluster, self.node)
        self.is_paused_by_us = True

    def resume(self) -> None:
        """Resume it unless it is up, and see to it that its disks are in service.

        Raises HyperVError, also where they are not, Fault and TransportError.
        """
        if self.node is None:
            return
        if self.node.state != "up":
            self._disks.end(self.cluster, self.node)
            self.asked_to_resume = True
            self.node = resume_node(self.cluster, self.node, "none")
            self.is_resumed_by_us = True
        self._disks.came_back(self.cluster, self.node)

    def rest(self, remains: Sequence[str], gate: StorageGate) -> list[str]:
        """Let its disks rest; return warnings where they do not. Raises as ``DiskMaintenance.rest``."""
        return self._disks.rest(self.cluster, self.node, remains, gate) if self.node is not None else []

    def give_back(self) -> None:
        """Resume it if it is paused by now, and note why it could not be."""
        self.read()
        if self.node is None:
            self.why_not_resumed = self.unread
            return
        if self.is_paused:
            try:
                self.resume()
            except UNREADABLE as error:
                self.why_not_resumed = with_remedy(error)

    def read(self) -> None:
        """Read it again, or note why it cannot be read."""
        if self._is_clustered:
            self.node, self.unread = None, "it was not read"
            self.node, self.unread, self.nodes = read_node_state(self.cluster, self.name)
