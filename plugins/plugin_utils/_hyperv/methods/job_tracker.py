# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The CIM jobs of Hyper-V's own migration methods: found, read many at once, and ended."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Collection, Sequence

from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.job_error_details import with_errors
from ..cluster.jobs import find_job, job_ids, read_job, read_jobs
from ..failure.errors import HyperVError
from ..migration.attempt import WatchedJob
from ..migration.cancellation import Cancellation
from ..migration.end_requests import JobEnd
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move
from ..migration.vocabulary import MethodName
from ..settings.wanted_settings import WantedSettings


class JobTracker:
    """The jobs of the moves that one method makes."""

    def __init__(self, cluster: Cluster, method: MethodName, settings: WantedSettings, *, on_source: bool) -> None:
        """``on_source``: the source of a move keeps its job, and not the cluster."""
        self._cluster = cluster
        self._method = method
        self._settings = settings
        self._on_source = on_source
        self._known: dict[str, frozenset[str]] = {}
        self._name_their_vms = False

    def started(self, move: Move, reference: Reference) -> WatchedJob:
        """Return the job of a reference that the method gave."""
        return WatchedJob(reference, self._method, self._node(move))

    def known(self, move: Move) -> frozenset[str]:
        """Return the ids of the jobs that are there before a call: what a lost answer started is not among them.

        They are read once, until ``forget``. Once a job of these moves was seen to name its VM, that of a lost answer
        will be found by that too, and what jobs affect is not read. Raises Fault and TransportError.
        """
        node = self._node(move) or ""
        if node not in self._known:
            self._known[node] = job_ids(self._cluster, [node] if node else [], named_alone=self._name_their_vms)
        return self._known[node]

    def forget(self) -> None:
        """Forget which jobs there were: some time has passed."""
        self._known.clear()

    def find(self, move: Move, known: Collection[str]) -> WatchedJob | None:
        """Return the job of a VM that is not among the known ones. Raises Fault and TransportError."""
        any_kind = move.stays or not self._settings.moves_the_vm
        found = find_job(self._cluster, move.vm.id, known, source=move.source, any_kind=any_kind)
        return WatchedJob(found[0], self._method, self._node(move), found[1]) if found is not None else None

    def read(self, tasks: Sequence[MigrationTask]) -> dict[str, WatchedJob | None]:
        """Return the jobs by VM id, with one query for each node and class; None for a job that is gone.

        Raises HyperVError where the provider is not there that would show them, Fault and TransportError.
        """
        watched = {task.move.vm.id: (task.move, task.attempt.job) for task in tasks}
        by_node: dict[str | None, list[Reference]] = collections.defaultdict(list)
        for unused, job in watched.values():
            if job is not None:
                by_node[job.node].append(job.reference)
        shown = {node: read_jobs(self._session(node), references) for node, references in by_node.items()}
        found: dict[str, WatchedJob | None] = {}
        for vm_id, (move, job) in watched.items():
            seen = shown[job.node].get(job.reference.key("InstanceID") or "") if job is not None else None
            here = job._replace(seen=seen) if job is not None and seen is not None else None
            found[vm_id] = here or (self._on_its_hosts(move, job) if job is not None else None)
        self._name_their_vms |= any(job and job.seen and job.seen.vm_id == vm_id for vm_id, job in found.items())
        if None in found.values() and not self._cluster.provider_answers():
            raise HyperVError("the provider of Root\\HyperVCluster\\v2 is not there")
        return {vm_id: self._explained(job) if job is not None else None for vm_id, job in found.items()}

    def cancellation(self, task: MigrationTask) -> Cancellation:
        """Return what ends the job of a move; nothing is sent yet."""
        job = task.attempt.job
        if job is None:
            raise ValueError("a move without a job cannot be cancelled")
        return Cancellation(JobEnd(lambda: self._session(_node_of(task)), job.reference), self._cluster.clock)

    def _node(self, move: Move) -> str | None:
        return move.source if self._on_source else None

    def _session(self, node: str | None) -> Session:
        return self._cluster.node(node) if node is not None else self._cluster.hyperv

    def _on_its_hosts(self, move: Move, job: WatchedJob) -> WatchedJob | None:
        """Look for a job of root\\virtualization\\v2 on the hosts of the move: that namespace is each host's own."""
        if job.node is not None or job.reference.namespace.lower() != VIRTUALIZATION.lower():
            return None
        for node in (move.source, move.destination.name):
            with contextlib.suppress(NoAnswer):
                seen = read_job(self._cluster.node(node), job.reference)
                if seen is not None:
                    return job._replace(node=node, seen=seen)
        return None

    def _explained(self, job: WatchedJob) -> WatchedJob:
        """Return a job with what it says of itself where it has failed."""
        if job.seen is None or not job.seen.is_final or job.seen.is_success:
            return job
        return job._replace(seen=with_errors(self._session(job.node), job.reference, job.seen))


def _node_of(task: MigrationTask) -> str | None:
    return task.attempt.job.node if task.attempt.job is not None else None
