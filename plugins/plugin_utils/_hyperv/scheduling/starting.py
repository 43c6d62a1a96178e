# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a move that waits to one whose job or owner can be watched. Private to this collection.

A call of the method is never repeated blindly: whatever is unclear is looked at first.
"""

from __future__ import annotations

import dataclasses

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.groups import VmGroup
from ..cluster.hosts import is_host
from ..cluster.jobs import Job, find_job, job_ids
from ..cluster.vms import Vm
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..methods.by_group import group_can_move
from ..methods.delegation import explained
from ..methods.group_jobs import group_reference
from ..methods.methods import Methods
from ..methods.results import Answer, Verdict
from ..migration.attempt import WatchedJob
from ..migration.migration_task import MigrationTask, Policy
from ..migration.moves import Move, obstacle_to, possible_owners_of, reread
from ..migration.stage import Stage
from ..migration.vocabulary import CLUSTER_GROUP, HOST, SYSTEM
from .liveness import Liveness, outcome_unknown

# Seconds for which a trace of an unclear call is looked for: longer than the node itself may take for one call.
_LOOK_FOR = 65.0
_BETWEEN_LOOKS = 10.0  # seconds
_MOST_CALLS = 2  # a call without an answer is repeated once, when nothing shows that it was carried out
_IN_USE = frozenset({5, 32774, 32775})  # Invalid State, System is in use: perhaps by a migration of this VM


class Starter:
    """Starts moves, attaches to what runs already, and finds out what unanswered calls have done."""

    def __init__(self, cluster: Cluster, methods: Methods, policy: Policy, liveness: Liveness) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._methods = methods
        self._policy = policy
        self._liveness = liveness
        self._jobs_at_first: dict[str, frozenset[str]] = {}

    def end_if_done(self, task: MigrationTask) -> bool:
        """End a move whose VM is on its destination already, or is no longer where it was to be fetched from."""
        if not task.storage_only and task.move.is_elsewhere:
            task.warn_once(
                f"It is on {task.move.source}, and no longer on {task.move.fetched_from}: somebody moved it, so it is "
                "left there."
            )
            task.end("elsewhere", self._clock.now())
            return True
        if task.storage_only or not task.move.is_done or task.move.vm.is_leaving:
            return False
        # After an attempt of its own it is this task that moved the VM, however that came to light.
        task.end("moved" if task.attempts else "already_there", self._clock.now())
        return True

    def dry_run(self, task: MigrationTask) -> None:
        """Ask what a move would come to, and end it with ``would_move`` or ``failed``. Changes nothing.

        Raises as ``start``.
        """
        if self.end_if_done(task):
            return
        if task.move.vm.is_leaving:
            self._attach(task)
        elif self._is_home(task):
            task.end("already_there", self._clock.now())
        else:
            self._is_possible(task, always_ask=True)
        if task.stage is not Stage.ENDED:
            task.end("would_move", self._clock.now())

    def start(self, task: MigrationTask) -> None:
        """Start one move, or end it with what speaks against it. Raises HyperVError and the errors of the wire."""
        if task.move.vm.is_leaving:
            self._attach(task)
        elif self._is_home(task):
            task.begin(self._clock.now())
            task.verify(self._clock.now())
        elif self._is_possible(task):
            self._call(task)

    def _is_home(self, task: MigrationTask) -> bool:
        """Tell whether Hyper-V says that the VM is on its destination, and only the cluster not yet."""
        return (
            not task.storage_only
            and bool(task.move.source)
            and first_label(task.move.source) == first_label(task.move.destination.name)
        )

    def search(self, task: MigrationTask) -> None:
        """Look once for a trace of a call whose outcome is unclear; repeat the call only if there is none."""
        try:
            found = self._evidence(task)
            vm, role = reread(self._cluster, [task.move])[task.move.vm.id]
        except (HyperVError, NoAnswer) as error:
            task.put_off(self._clock.now() + _BETWEEN_LOOKS)
            self._liveness.unanswered([task], error)
            return
        self._liveness.answered([task])
        now = self._clock.now()
        if found is not None and not (task.method == SYSTEM and _may_be_earlier(*found)):
            task.follow(self._watched(task, *found), now)
        elif vm is None or vm.is_leaving or dataclasses.replace(task.move, vm=vm, role=role).is_done:
            task.verify(now)
        elif now - task.since < _LOOK_FOR:
            task.put_off(now + _BETWEEN_LOOKS)
        elif task.attempt.unconfirmed is not None:
            doubt = task.attempt.unconfirmed
            unclear = dataclasses.replace(
                outcome_unknown(task.move, doubt.clause),
                error_code=doubt.error_code,
                hresult=doubt.hresult,
                quoted=doubt.quoted,
            )
            task.fail(unclear, now, goes_on=True)
        elif 0 < task.attempt.unanswered < _MOST_CALLS:
            self._repeat(task, vm, role)
        else:
            task.verify(now)

    def _repeat(self, task: MigrationTask, vm: Vm, role: VmGroup | None) -> None:
        """Call once more, from where the VM is now and only if it still can be moved."""
        task.go_on_from(vm, role)
        if not self.end_if_done(task) and self._is_possible(task):
            task.warn("The first call was not answered and had no effect, so it was repeated.")
            self._call(task)

    def _is_possible(self, task: MigrationTask, *, always_ask: bool = False) -> bool:
        """Ask what was read, then Hyper-V, whether a move can succeed; end it if not. False also if it runs."""
        error = obstacle_to(task.move, possible_owners_of(self._cluster, task.move))
        if error is None and (self._policy.precheck or always_ask):
            verdict = self._check(task)
            task.checked(self._methods.of(task).form or None, asked=verdict.asked)
            error = verdict.error
            if error is not None and task.method == HOST:
                error = explained(self._cluster, task.move, error)
            if not verdict.asked:
                task.warn("This cluster offers no check beforehand, so Hyper-V's own verdict is not known.")
            elif error is not None and self._began_meanwhile(task):
                return False
            elif error is not None and self._methods.may_leave_to_group(task) and group_can_move(task.move, error):
                task.use(CLUSTER_GROUP)
                error = self._methods.groups.obstacle(task.move)
        if error is not None:
            task.fail(error, self._clock.now())
        return error is None

    def _check(self, task: MigrationTask) -> Verdict:
        verdict = self._methods.of(task).check(task.move)
        if verdict.unsupported is None:
            return verdict
        if self._methods.go_on(task, verdict.unsupported):
            return self._methods.of(task).check(task.move)
        return dataclasses.replace(verdict, asked=True, error=verdict.unsupported)

    def _began_meanwhile(self, task: MigrationTask) -> bool:
        """Look whether Hyper-V says no because somebody else's migration of the VM runs by now; take that up."""
        vm, role = reread(self._cluster, [task.move])[task.move.vm.id]
        if vm is None:
            return False
        task.seen(vm, role)
        if vm.is_leaving:
            self._attach(task)
            return True
        return self.end_if_done(task)

    def _call(self, task: MigrationTask) -> None:
        earlier = self._earlier_jobs(task) if task.method != CLUSTER_GROUP else frozenset()
        task.call(earlier, self._clock.now())
        answer = self._methods.of(task).migrate(task.move)
        task.returned(self._methods.of(task).form or None, answer.value)
        if answer.unsupported and answer.error is not None and self._methods.go_on(task, answer.error):
            answer = self._methods.of(task).migrate(task.move)
        if answer.job is not None:
            task.follow(self._watched(task, answer.job, None), self._clock.now())
        elif answer.unknown:
            self._look_for_job(task, answer)
        elif answer.error is None:
            task.verify(self._clock.now())
        elif not self._is_taken_up(task, answer):
            task.fail(answer.error, self._clock.now())

    def _is_taken_up(self, task: MigrationTask, answer: Answer) -> bool:
        """Tell whether a refused move goes on all the same: by a migration of somebody else, or by its group.

        Where that cannot be read, the refusal stands: no call is made again for want of an answer to something else.
        """
        try:
            if self._began_meanwhile(task) or (answer.value in _IN_USE and self._attach_to_running(task)):
                return True
        except (HyperVError, NoAnswer):
            return False
        if answer.error is None or not self._methods.may_leave_to_group(task):
            return False
        if not group_can_move(task.move, answer.error):
            return False
        task.use(CLUSTER_GROUP)
        error = self._methods.groups.migrate(task.move).error
        if error is not None:
            task.fail(error, self._clock.now())
        else:
            task.verify(self._clock.now())
        return True

    def _look_for_job(self, task: MigrationTask, answer: Answer) -> None:
        now = self._clock.now()
        task.search(answer.error, now + self._policy.poll_interval, now, no_answer=answer.lost)

    def _watched(self, task: MigrationTask, reference: Reference, job: Job | None) -> WatchedJob:
        # A host's job is its own; that of a cluster is where the cluster's provider is, or it will be looked for.
        return WatchedJob(reference, task.move.source if task.method == HOST else None, job)

    def read_jobs_again(self) -> None:
        """Forget which jobs there were: some time has passed."""
        self._jobs_at_first.clear()

    def _earlier_jobs(self, task: MigrationTask) -> frozenset[str]:
        """Return the jobs that were there shortly before a call: what a lost answer started is not among them."""
        host = task.move.source if task.method == HOST else ""
        if host not in self._jobs_at_first:
            self._jobs_at_first[host] = job_ids(self._cluster, [host] if host else [])
        return self._jobs_at_first[host]

    def _attach(self, task: MigrationTask) -> None:
        """Wait for a migration that already runs, unless it is known to go elsewhere."""
        task.begin(self._clock.now())
        if not self._attach_to_running(task):
            task.attach()
            task.warn(
                "The VM was being migrated already. Its job has ended or is not shown; its end was read from its owner."
            )
            task.verify(self._clock.now())

    def _attach_to_running(self, task: MigrationTask) -> bool:
        """Follow the VM's running job; fail if that goes to another node. False where there is no such job."""
        found = find_job(self._cluster, task.move.vm.id, source=task.move.source, any_kind=task.storage_only)
        if found is None or found[1].is_final:
            found = self._of_group(task) if task.move.role is not None else None
        if found is None or found[1].is_final:
            return False
        reference, job = found
        if job.destination and not is_host(self._cluster, task.move.destination.name, job.destination):
            task.fail(_busy_migrating(task.move, job), self._clock.now())
            return True
        if not job.destination:
            task.warn("The VM was being migrated already, and the job does not say where to; its end was waited for.")
        task.attach()
        task.follow(self._watched(task, reference, job), self._clock.now())
        return True

    def _evidence(self, task: MigrationTask) -> tuple[Reference, Job] | None:
        """Return the job that a call without an answer has started. Raises Fault and TransportError."""
        if task.method == CLUSTER_GROUP:
            return self._of_group(task)
        return find_job(
            self._cluster,
            task.move.vm.id,
            task.attempt.earlier_jobs,
            source=task.move.source,
            any_kind=task.storage_only,
        )

    def _of_group(self, task: MigrationTask) -> tuple[Reference, Job] | None:
        job = self._methods.groups.trace(task.move)
        return (group_reference(task.move.role), job) if job is not None and task.move.role is not None else None


def _may_be_earlier(reference: Reference, job: Job) -> bool:
    """Tell whether a job may be from before the call: those that a host lists for itself are not read beforehand."""
    return job.is_final and reference.namespace.lower() == VIRTUALIZATION.lower()


def _busy_migrating(move: Move, job: Job) -> Failure:
    return Failure(
        "already_migrating",
        f"VM {move.vm.name} is being migrated to {job.destination} already (job {job.id})",
        "Wait until that migration has ended, or cancel it with hyperv_migration_job, then run the task again.",
        transient=True,
    )
