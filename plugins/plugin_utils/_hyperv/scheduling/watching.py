# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a move whose job runs to its verified end: progress, stalls, time-outs, owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup
from ..cluster.jobs import Job
from ..cluster.owners import owner_of
from ..cluster.patience import SETTLES_WITHIN
from ..cluster.vms import Vm
from ..failure.codes import COMPLETED
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..methods.methods import Methods
from ..migration.attempt import WatchedJob
from ..migration.cancellation import why_given_up
from ..migration.migration_task import MigrationTask, Policy
from ..migration.moves import reread
from ..migration.stage import Stage
from ..migration.verification import MOVED_ELSEWHERE, STATE_CHANGED, Evidence, Verdict, judge
from ..settings.storage import find_misplaced, read_storage
from .liveness import Liveness, outcome_unknown
from .restarted import Restarts

_VERIFY_EVERY = 5.0  # seconds between two looks at owners, so that one look serves all moves that ended meanwhile

Seen = Mapping[str, tuple[Vm | None, VmGroup | None]]
"""By VM id what was just read of it, None for what is not shown."""


class Watcher:
    """Watches jobs, all of them with one query, and verifies by owner whatever has ended."""

    def __init__(self, cluster: Cluster, methods: Methods, policy: Policy, liveness: Liveness) -> None:
        self._cluster = cluster
        self._methods = methods
        self._clock = cluster.clock
        self._policy = policy
        self._liveness = liveness
        self._verified_at = self._clock.now()

    def poll(self, tasks: Sequence[MigrationTask]) -> None:
        """Read the jobs of all moves that wait for one."""
        watched = [task for task in tasks if task.stage in (Stage.RUNNING, Stage.CANCELLING)]
        if not watched:
            return
        asked_at = self._clock.now()
        try:
            jobs = self._methods.read(watched)
        except (HyperVError, NoAnswer) as error:
            self._liveness.unanswered(watched, error, asked_at)
            return
        self._liveness.answered(watched)
        for task in watched:
            self._see(task, jobs[task.move.vm.id])

    def _see(self, task: MigrationTask, job: WatchedJob | None) -> None:
        now = self._clock.now()
        task.job_seen(job, now)
        if task.job is None or task.job.is_final:
            return
        cancellation = task.attempt.cancellation
        if cancellation is not None:
            cancellation.step(task.job)
            if cancellation.given_up:
                task.fail(task.timeout.error(task.move, task.job, why_given_up(cancellation)), now, goes_on=True)
        elif task.is_late(now):
            self._late(task, task.job)
        else:
            task.progressed(task.job, now, self._policy.stall_after)

    def _late(self, task: MigrationTask, job: Job) -> None:
        wanted = self._policy.on_timeout == "cancel" and not task.attempt.attached
        cancellation = self._methods.cancellation(task) if wanted else None
        if cancellation is None:
            task.fail(self._left_alone(task, job), self._clock.now(), goes_on=True)
            return
        cancellation.request()
        task.cancel(cancellation, self._clock.now())

    def _left_alone(self, task: MigrationTask, job: Job | None) -> Failure:
        """Return the error of a late move whose migration goes on, and why it was not cancelled if it was to be."""
        if self._policy.on_timeout == "leave":
            return task.timeout.error(task.move, job)
        why = "this task did not start it" if task.attempt.attached else "no node shows its job"
        return task.timeout.error(task.move, job, f"goes on: it was not cancelled, for {why}")

    def verify(self, tasks: Sequence[MigrationTask], next_up: Sequence[MigrationTask] = ()) -> Seen:
        """Look at the owners of all moves whose job has ended, at most every few seconds while others run or wait.

        ``next_up``: moves that start right after this. The same requests read them; returns what they show of them,
        nothing where there was no look.
        """
        verifying = [task for task in tasks if task.stage is Stage.VERIFYING]
        now = self._clock.now()
        more_to_come = any(task.stage in (Stage.RUNNING, Stage.WAITING) for task in tasks)
        if not verifying or (more_to_come and now - self._verified_at < _VERIFY_EVERY):
            return {}
        try:
            seen = reread(self._cluster, [task.move for task in (*verifying, *next_up)])
            restarts = Restarts(self._cluster)
            for task in verifying:
                self._judge(task, *seen[task.move.vm.id], restarts, asked_at=now)
        except (HyperVError, NoAnswer) as error:
            left = [task for task in verifying if task.stage is Stage.VERIFYING]
            self._liveness.unanswered(left, error, now)
            return {}
        self._liveness.answered(verifying)
        self._verified_at = now
        return {task.move.vm.id: seen[task.move.vm.id] for task in next_up}

    def _judge(
        self, task: MigrationTask, vm: Vm | None, role: VmGroup | None, restarts: Restarts, *, asked_at: float
    ) -> None:
        # What was read is as old as its first request, however long the others took: by then too little time may have
        # passed for owners to settle.
        waited, now = asked_at - task.since, self._clock.now()
        task.seen_at(vm.node if vm is not None else "")
        if task.storage_only:
            self._judge_by_job(task)
            return
        judgement = judge(task.move, Evidence(vm, role, task.job, waited))
        if judgement.warning is not None:
            task.warn(judgement.warning)
        if judgement.verdict is Verdict.ARRIVED:
            restart = restarts.find(task)
            wrong = self._misplaced(task)
            if restart is not None:
                task.fail(restart, now)
            elif wrong is None:
                self._arrived(task)
            elif waited >= SETTLES_WITHIN:
                task.fail(wrong, now)
        elif judgement.error is not None:
            error = self._explained(task, judgement.error, vm, role, restarts)
            if vm is not None and error.code != STATE_CHANGED:
                # A migration that failed may leave its VM off, as after Hyper-V's event 21131.
                task.compare_state(vm.state)
            # A job that was cancelled because it took too long failed for that reason, and for no other.
            cancelled = task.attempt.cancellation is not None and (task.job is None or error.code == "job_cancelled")
            task.fail(task.timeout.error(task.move, task.job, "was cancelled") if cancelled else error, now)
        elif vm is not None and vm.is_leaving and task.is_late(now):
            task.fail(self._left_alone(task, None), now, goes_on=True)

    def _explained(
        self, task: MigrationTask, error: Failure, vm: Vm | None, role: VmGroup | None, restarts: Restarts
    ) -> Failure:
        """Return why a move failed, with what else is known of that. Raises Fault and TransportError."""
        restart = None
        if vm is not None and error.code == MOVED_ELSEWHERE:
            restart = restarts.find_elsewhere(task, owner_of(vm, role))
        return restart or self._methods.of(task).explain(error, task.move)

    def _misplaced(self, task: MigrationTask) -> Failure | None:
        """Return what of the files of an arrived VM is not where it shall be. Raises Fault and TransportError."""
        if task.move.storage is None or not task.was_asked_for:
            return None
        name = task.move.vm.name
        return find_misplaced(
            task.move.storage, read_storage(self._cluster, task.move.destination.name, task.move.vm.id), name
        )

    def _judge_by_job(self, task: MigrationTask) -> None:
        now = self._clock.now()
        if task.job is not None and not task.job.is_success:
            task.fail(self._methods.of(task).explain(task.job.error(), task.move), now)
            return
        wrong = self._misplaced(task)
        if wrong is not None and now - task.since < SETTLES_WITHIN:
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
