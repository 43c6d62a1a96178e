# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What changed at a cluster between two looks: states of nodes, migrations."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..._wsman.references import Reference
from ..cluster.cluster import HYPERV_CLUSTER, Cluster
from ..cluster.hosts import ABSENT
from ..cluster.jobs import MIGRATION_JOB, Job, list_jobs
from ..cluster.nodes import Node, read_nodes
from ..cluster.vms import is_vm_id, read_vms
from .job_listing import ListedJob, why_failed

Change = dict[str, t.Any]


class Changes:
    """Compares each look at the cluster with the one before; the first look only notes how things are.

    A look takes one query for the nodes and one for the jobs. More are made only where there is something to tell (a
    VM's name, why a job failed), and where no job is shown: a node without the provider shows none either.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._nodes: Mapping[str, Node] | None = None
        self._jobs: Mapping[str, Job] | None = None
        self._provider_is_known = False

    def look(self) -> list[Change]:
        """Return what changed since the last look that succeeded, nodes first.

        A look that fails is no look: what it had seen is told by the next one. Raises HyperVError, Fault,
        TransportError and what an answer that cannot be read raises.
        """
        provider_was_known, self._provider_is_known = self._provider_is_known, False
        if not provider_was_known:
            self._cluster.find_provider()
        nodes = {node.name: node for node in read_nodes(self._cluster)}
        jobs = self._read_jobs()
        changes: list[Change] = []
        if self._nodes is not None and self._jobs is not None:
            changes = [*_of_nodes(self._nodes, nodes), *self._of_jobs(self._jobs, jobs)]
        self._nodes, self._jobs, self._provider_is_known = nodes, jobs, True
        return changes

    def _read_jobs(self) -> dict[str, Job]:
        jobs = list_jobs(self._cluster.hyperv, details=True)
        if not jobs and not self._cluster.provider_answers():
            self._cluster.find_provider()
            jobs = list_jobs(self._cluster.hyperv, details=True)
        return {job.id: job for job in jobs if job.is_migration}

    def _of_jobs(self, before: Mapping[str, Job], now: Mapping[str, Job]) -> list[Change]:
        changed = {job_id: word for job_id, job in now.items() if (word := _ending_or_start(before.get(job_id), job))}
        changed.update({job_id: "vanished" for job_id, job in before.items() if job_id not in now and not job.is_final})
        jobs = {**before, **now}
        ids = sorted({jobs[job_id].vm_id for job_id in changed if is_vm_id(jobs[job_id].vm_id)})
        vms = {vm.id: vm for vm in (read_vms(self._cluster, ids=ids) if ids else ())}
        changes: list[Change] = []
        for job_id, word in changed.items():
            reference = Reference.of(HYPERV_CLUSTER, MIGRATION_JOB, InstanceID=job_id)
            listed = ListedJob(jobs[job_id], reference, "", vms.get(jobs[job_id].vm_id))
            error = why_failed(self._cluster, listed) if word == "failed" else None
            changes.append({"type": "migration", "change": word, "migration": listed.as_result(error)})
        return changes


def _ending_or_start(before: Job | None, now: Job) -> str:
    """Return what a job's new look is worth telling: ``started``, ``succeeded``, ``failed``, or nothing."""
    if now.is_final:
        return "" if before is not None and before.is_final else "succeeded" if now.is_success else "failed"
    return "started" if before is None else ""


def _of_nodes(before: Mapping[str, Node], now: Mapping[str, Node]) -> list[Change]:
    changes: list[Change] = []
    for name in sorted({*before, *now}):
        (old_state, old_condition), (state, condition) = _standing(before.get(name)), _standing(now.get(name))
        if (old_state, old_condition) == (state, condition):
            continue
        node = {
            "name": name,
            "state": state,
            "previous_state": old_state,
            "condition": condition,
            "previous_condition": old_condition,
        }
        changes.append({"type": "node", "change": state, "node": node})
    return changes


def _standing(node: Node | None) -> tuple[str, str | None]:
    return (ABSENT, None) if node is None else (node.state, node.condition or None)
