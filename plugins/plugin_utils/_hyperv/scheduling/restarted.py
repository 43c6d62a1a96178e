# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a VM reached its destination by a restart, as the cluster does with VMs of a node that went down."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.hosts import read_uptime
from ..cluster.nodes import Node, read_nodes_if_any
from ..cluster.states import IN_MEMORY
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..methods.traits import traits_of
from ..migration.migration_task import MigrationTask
from ..migration.verification import may_be_restarted


class Restarts:
    """One look at the nodes, which serves all moves that are judged together. Nothing is read before it is needed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._nodes: Mapping[str, Node] | None = None
        self._uptimes: dict[str, float | None] = {}

    def find(self, task: MigrationTask) -> Failure | None:
        """Return why a VM that is on its destination was not migrated there; None where nothing says so.

        Only what ran or was paused when the task began can lose its memory: it may be off by now all the same, but what
        is saved has lost nothing. Nothing is read where the job was seen to succeed. The move is given a warning where
        its source does not say for how long it has run. Raises Fault and TransportError.
        """
        had_memory = task.request.move.vm.state in IN_MEMORY and task.move.vm.state != "saved"
        watched = task.attempt.job
        own_job = watched.seen if watched is not None and traits_of(watched.method).has_job else None
        if not had_memory or (own_job is not None and own_job.is_success):
            return None
        fetched_from, destination = task.request.move.source, task.move.destination.name
        source = self._known.get(first_label(fetched_from))
        if source is None or first_label(fetched_from) == first_label(destination):
            return None
        went = self._how_it_went_down(source, task.started)
        if went is None:
            task.warn_once(may_be_restarted(source.name))
        if not went:
            return None
        job = f"its migration ended as {own_job.state}" if own_job and own_job.is_final else "no end of it was seen"
        return Failure(
            "restarted",
            f"VM {task.move.vm.name} is on {destination}, but {source.name} {went} and {job}: most likely the VM was "
            "not migrated, and the cluster restarted it there, so that its guest has lost what was in its memory",
            "Look at the guest, and at the event log of the cluster.",
        )

    def find_elsewhere(self, task: MigrationTask, owner: str) -> Failure | None:
        """Return why a VM is on ``owner``, where nobody wanted it: its destination is down. None where that is not why.

        Raises Fault and TransportError.
        """
        destination = self._known.get(first_label(task.move.destination.name))
        if destination is None or destination.is_running or task.request.move.vm.state not in IN_MEMORY:
            return None
        return Failure(
            "restarted",
            f"VM {task.move.vm.name} was to be migrated to {destination.name}, which is {destination.state}, and is on "
            f"{owner}: most likely the cluster restarted it there, so that its guest has lost what was in its memory",
            "Look at the guest, and at the event log of the cluster.",
        )

    def find_while_waiting(self, task: MigrationTask) -> str:
        """Return a sentence on a VM that left its node by a restart before its turn came; empty where nothing says so.

        Raises Fault and TransportError.
        """
        left, now_on = task.request.move.source, task.move.source
        has_left = bool(now_on) and first_label(left) != first_label(now_on)
        source = self._known.get(first_label(left)) if has_left else None
        if source is None or source.is_running or task.request.move.vm.state not in IN_MEMORY:
            return ""
        return (
            f"{source.name} is {source.state}: most likely the cluster restarted the VM on {now_on} while it waited "
            "here, so that its guest has lost what was in its memory. Look at the guest, and at the event log of the "
            "cluster."
        )

    @property
    def all_are_running(self) -> bool:
        """No node is down now. Raises Fault and TransportError."""
        return all(node.is_running for node in self._known.values())

    @property
    def _known(self) -> Mapping[str, Node]:
        if self._nodes is None:
            self._nodes = {first_label(node.name): node for node in read_nodes_if_any(self._cluster)}
        return self._nodes

    def _how_it_went_down(self, node: Node, since: float | None) -> str | None:
        """Return in words that a node is down, or was since then; empty for neither, None where that is not known."""
        if not node.is_running:
            return f"is {node.state}"
        if since is None:
            return ""
        if node.name not in self._uptimes:
            self._uptimes[node.name] = self._uptime(node.name)
        uptime = self._uptimes[node.name]
        if uptime is None:
            return None
        return "has started anew since the move began" if uptime < self._cluster.clock.now() - since else ""

    def _uptime(self, node: str) -> float | None:
        with contextlib.suppress(HyperVError, NoAnswer):  # it may not be reachable, though the cluster has it
            return read_uptime(self._cluster, node)
        return None
