# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a move whose job runs to its verified end: progress, stalls, time-outs, owners. Private to this collection."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
from collections.abc import Sequence

from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.groups import VmGroup
from ..cluster.job_error_details import read_job_errors
from ..cluster.jobs import Job, read_job, read_jobs
from ..cluster.vms import Vm
from ..failure.codes import COMPLETED
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..failure.job_errors import JobErrorDetail
from ..methods.delegation import explained
from ..methods.group_jobs import GROUP, GroupCancellation
from ..methods.methods import Methods
from ..migration.attempt import WatchedJob
from ..migration.cancellation import Cancellation
from ..migration.migration_task import MigrationTask, Policy
from ..migration.moves import Move, reread
from ..migration.stage import Stage
from ..migration.verification import SETTLED_WITHIN, judge
from ..migration.vocabulary import HOST
from ..settings.storage import misplaced, read_storage
from .liveness import Liveness, outcome_unknown

_VERIFY_EVERY = 5.0  # seconds between two looks at owners, so that one look serves all moves that ended meanwhile


class Watcher:
    """Watches jobs, all of them with one request, and verifies by owner whatever has ended."""

    def __init__(self, cluster: Cluster, methods: Methods, policy: Policy, liveness: Liveness) -> None:
        self._cluster = cluster
        self._groups = methods.groups
        self._clock = cluster.clock
        self._policy = policy
        self._liveness = liveness
        self._verified_at = self._clock.now()

    def poll(self, tasks: Sequence[MigrationTask]) -> None:
        """Read the jobs of all moves that wait for one."""
        watched = [task for task in tasks if task.stage in (Stage.RUNNING, Stage.CANCELLING)]
        if not watched:
            return
        try:
            groups = [task for task in watched if _is_of_group(task)]
            jobs = self._read([task for task in watched if task not in groups])
            if None in jobs.values() and not self._cluster.provider_answers():
                raise HyperVError("the provider of Root\\HyperVCluster\\v2 is not there")
            if groups:
                jobs.update(self._groups.read(groups))
        except (HyperVError, NoAnswer) as error:
            self._liveness.unanswered(watched, error)
            return
        self._liveness.answered(watched)
        for task in watched:
            self._see(task, jobs[task.move.vm.id])

    def _read(self, watched: Sequence[MigrationTask]) -> dict[str, WatchedJob | None]:
        """Return the jobs by VM id, with one request for each node and class; None for a job that is gone."""
        wanted = {task.move.vm.id: task.attempt.job for task in watched if task.attempt.job is not None}
        by_node: dict[str | None, list[Reference]] = collections.defaultdict(list)
        for job in wanted.values():
            by_node[job.node].append(job.reference)
        shown = {node: read_jobs(self._session(node), references) for node, references in by_node.items()}
        found: dict[str, WatchedJob | None] = {}
        for task in watched:
            job = wanted[task.move.vm.id]
            seen = shown[job.node].get(job.reference.key("InstanceID") or "")
            found[task.move.vm.id] = (
                dataclasses.replace(job, seen=seen) if seen is not None else self._on_its_hosts(task.move, job)
            )
        return found

    def _session_of(self, task: MigrationTask) -> Session:
        if _is_of_group(task) or task.attempt.job is None:
            return self._cluster.home
        return self._session(task.attempt.job.node)

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
                    return dataclasses.replace(job, node=node, seen=seen)
        return None

    def _see(self, task: MigrationTask, job: WatchedJob | None) -> None:
        now = self._clock.now()
        if job is not None and job.seen is not None and job.seen.is_final and not job.seen.is_success:
            job = self._with_details(task, job)
        task.job_seen(job, now)
        if task.job is None or task.job.is_final:
            return
        cancellation = task.attempt.cancellation
        if cancellation is not None:
            cancellation.step(task.job)
            if cancellation.given_up:
                task.fail(task.timeout.error(task.move, task.job, cancellation.told), now, goes_on=True)
        elif task.is_late(now):
            self._late(task, task.job)
        else:
            task.progressed(task.job, now, self._policy.stall_after)

    def _with_details(self, task: MigrationTask, job: WatchedJob) -> WatchedJob:
        if _is_of_group(task):
            return job
        return dataclasses.replace(job, details=read_job_errors(self._session(job.node), job.reference))

    def _late(self, task: MigrationTask, job: Job) -> None:
        if self._policy.on_timeout == "leave" or task.reference is None or task.attempt.attached:
            task.fail(self._left_alone(task, job), self._clock.now(), goes_on=True)
            return
        kind = GroupCancellation if _is_of_group(task) else Cancellation
        cancellation = kind(lambda: self._session_of(task), task.reference, self._clock)
        cancellation.request()
        task.cancel(cancellation, self._clock.now())

    def _left_alone(self, task: MigrationTask, job: Job | None) -> Failure:
        """Return the error of a late move whose migration goes on, and why it was not cancelled if it was to be."""
        if self._policy.on_timeout == "leave":
            return task.timeout.error(task.move, job)
        why = "this task did not start it" if task.attempt.attached else "no node shows its job"
        return task.timeout.error(task.move, job, f"goes on: it was not cancelled, for {why}")

    def verify(self, tasks: Sequence[MigrationTask]) -> None:
        """Look at the owners of all moves whose job has ended, at most every few seconds while others run or wait."""
        verifying = [task for task in tasks if task.stage is Stage.VERIFYING]
        now = self._clock.now()
        more_to_come = any(task.stage in (Stage.RUNNING, Stage.WAITING) for task in tasks)
        if not verifying or (more_to_come and now - self._verified_at < _VERIFY_EVERY):
            return
        try:
            seen = reread(self._cluster, [task.move for task in verifying])
            for task in verifying:
                self._judge(task, *seen[task.move.vm.id])
        except (HyperVError, NoAnswer) as error:
            self._liveness.unanswered([task for task in verifying if task.stage is Stage.VERIFYING], error)
            return
        self._liveness.answered(verifying)
        self._verified_at = now

    def _judge(self, task: MigrationTask, vm: Vm | None, role: VmGroup | None) -> None:
        now = self._clock.now()
        task.seen_at(vm.node if vm is not None else "")
        if task.storage_only:
            self._judge_by_job(task)
            return
        judgement = judge(task.move, task.job, vm, role, now - task.since, _details(task))
        if judgement.warning:
            task.warn(judgement.warning)
        if judgement.arrived:
            wrong = self._misplaced(task)
            if wrong is None:
                self._arrived(task)
            elif now - task.since >= SETTLED_WITHIN:
                task.fail(wrong, now)
        elif judgement.error is not None:
            error = self._explained(task, judgement.error)
            # A job that was cancelled because it took too long failed for that reason, and for no other.
            cancelled = task.attempt.cancellation is not None and (task.job is None or error.code == "job_cancelled")
            task.fail(task.timeout.error(task.move, task.job, "was cancelled") if cancelled else error, now)
        elif vm is not None and vm.is_leaving and task.is_late(now):
            task.fail(self._left_alone(task, None), now, goes_on=True)

    def _explained(self, task: MigrationTask, error: Failure) -> Failure:
        return explained(self._cluster, task.move, error) if task.method == HOST else error

    def _misplaced(self, task: MigrationTask) -> Failure | None:
        """Return what of the files of an arrived VM is not where it shall be. Raises Fault and TransportError."""
        if task.move.storage is None or not task.was_asked_for:
            return None
        name = task.move.vm.name
        return misplaced(
            task.move.storage, read_storage(self._cluster, task.move.destination.name, task.move.vm.id), name
        )

    def _judge_by_job(self, task: MigrationTask) -> None:
        now = self._clock.now()
        if task.job is not None and not task.job.is_success:
            task.fail(self._explained(task, task.job.error(_details(task))), now)
            return
        wrong = self._misplaced(task)
        if wrong is not None and now - task.since < SETTLED_WITHIN:
            return
        if wrong is None and (task.job is not None or task.attempt.return_value == COMPLETED or task.move.stays):
            task.end("completed", now)
        elif wrong is not None and task.job is not None:
            task.fail(wrong, now)
        else:
            task.fail(outcome_unknown(task.move, "its job vanished before its end was seen"), now, goes_on=True)

    def _arrived(self, task: MigrationTask) -> None:
        if task.attempt.cancellation is not None:
            task.warn(
                f"The VM arrived after its timeout of {task.timeout.seconds:.0f} s, while the migration was being "
                "cancelled."
            )
        task.end("moved" if task.was_asked_for else "already_there", self._clock.now())


def _is_of_group(task: MigrationTask) -> bool:
    """Tell whether it is a cluster group that shows how far a move is, and not a CIM job."""
    return task.reference is not None and task.reference.class_name == GROUP


def _details(task: MigrationTask) -> Sequence[JobErrorDetail]:
    return task.attempt.job.details if task.attempt.job is not None else ()
