# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a move that waits to one whose job or owner can be watched.

A call of the method is never repeated blindly: whatever is unclear is looked at first.
"""

from __future__ import annotations

import contextlib

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..checks.comparison import Comparison
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup
from ..cluster.hosts import is_host
from ..cluster.jobs import Job
from ..cluster.lost_answers import LostAnswer, NextStep
from ..cluster.nodes import why_not_receiving
from ..cluster.patience import SETTLES_WITHIN
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from ..failure.codes import return_code
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..failure.finding import ERROR
from ..methods.methods import Methods
from ..methods.results import CheckResult, StartResult
from ..methods.traits import traits_of
from ..migration.migration_task import MigrationTask, Policy
from ..migration.moves import Move, blocking_reason, possible_owners_of, reread
from ..migration.stage import Stage
from .liveness import Liveness, outcome_unknown
from .restarted import Restarts

NO_CHECK = "This cluster offers no check beforehand, so Hyper-V's own verdict is not known."
_BETWEEN_LOOKS = 10.0  # seconds


def lacks_verdict(task: MigrationTask) -> bool:
    """Tell whether Hyper-V's verdict on a move is missing after a dry run; one that runs or was made needs none."""
    needs_none = task.attempt.attached or task.outcome == "already_there"
    return not task.attempt.checked and not needs_none and traits_of(task.method).has_check


class Starter:
    """Starts moves, attaches to what runs already, and finds out what unanswered calls have done."""

    def __init__(self, cluster: Cluster, methods: Methods, policy: Policy, liveness: Liveness) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._methods = methods
        self._policy = policy
        self._liveness = liveness
        self._comparison = Comparison(cluster)
        self._looked_at: set[str] = set()  # ids of VMs that left their nodes while they waited
        self._restarted: set[str] = set()  # those of them that were most likely restarted

    def end_if_done(self, task: MigrationTask) -> bool:
        """End a move whose VM is on its destination already, or is no longer where it was to be fetched from.

        Raises as ``start``.
        """
        self._note_restart(task)
        if not task.storage_only and task.move.is_elsewhere:
            by = "the cluster restarted it" if task.move.vm.id in self._restarted else "somebody moved it"
            task.warn_once(
                f"It is on {task.move.source}, and no longer on {task.move.fetched_from}: {by}, so it is left there."
            )
            task.end("elsewhere", self._clock.now())
            return True
        if task.storage_only or not task.move.is_done or task.move.vm.is_leaving:
            return False
        restart = Restarts(self._cluster).find(task) if task.attempts else None
        if restart is not None:
            task.fail(restart, self._clock.now())
            return True
        # After an attempt of its own it is this task that moved the VM, however that came to light.
        task.end("moved" if task.attempts else "already_there", self._clock.now())
        return True

    def _note_restart(self, task: MigrationTask) -> None:
        """Warn once of a VM that left its node before its turn came, and that was not migrated: its node is down."""
        left = first_label(task.request.move.source) != first_label(task.move.source)
        if not left or task.attempts or task.storage_only or task.move.vm.id in self._looked_at:
            return
        self._looked_at.add(task.move.vm.id)
        with contextlib.suppress(HyperVError, NoAnswer):  # what is not known is not said
            restart = Restarts(self._cluster).find_while_waiting(task)
            if restart:
                self._restarted.add(task.move.vm.id)
                task.warn_once(restart)

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
        elif not self._waits_for_owners(task) and self._is_possible(task):
            self._call(task)

    def _waits_for_owners(self, task: MigrationTask) -> bool:
        """Put a move off whose VM somebody seems to have just moved on; fail it where that is not settled in time."""
        if not task.move.is_in_doubt:
            return False
        now = self._clock.now()
        if task.seconds_in_doubt(now) < SETTLES_WITHIN:
            task.put_off(now + _BETWEEN_LOOKS)
        else:
            task.fail(_owner_in_doubt(task.move), now)
        return True

    def _is_home(self, task: MigrationTask) -> bool:
        """Tell whether Hyper-V says that the VM is on its destination, and only the cluster not yet."""
        return (
            not task.storage_only
            and bool(task.move.source)
            and first_label(task.move.source) == first_label(task.move.destination.name)
        )

    def search(self, task: MigrationTask) -> None:
        """Look once for evidence of a call whose outcome is unclear; repeat the call only if there is none."""
        asked_at = self._clock.now()
        try:
            found = self._methods.of(task).find_running(task.move, task.attempt.earlier_jobs)
            vm, role = reread(self._cluster, [task.move])[task.move.vm.id]
        except (HyperVError, NoAnswer) as error:
            task.put_off(self._clock.now() + _BETWEEN_LOOKS)
            self._liveness.unanswered([task], error, asked_at)
            return
        self._liveness.answered([task])
        now = self._clock.now()
        lost = LostAnswer(task.since, task.attempt.unanswered, self._cluster.look_for_lost)
        if found is not None:
            task.follow(found, now)
        elif vm is None or vm.is_leaving or task.move._replace(vm=vm, role=role).is_done:
            task.verify(now)
        elif lost.next_step(now) is NextStep.LOOK:
            task.put_off(now + _BETWEEN_LOOKS)
        elif task.attempt.unconfirmed is not None:
            doubt = task.attempt.unconfirmed
            unclear = outcome_unknown(task.move, doubt.clause)._replace(
                error_code=doubt.error_code,
                hresult=doubt.hresult,
                quoted=doubt.quoted,
            )
            task.fail(unclear, now, goes_on=True)
        elif lost.next_step(now) is NextStep.REPEAT:
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
        error = blocking_reason(task.move, possible_owners_of(self._cluster, task.move))
        if error is None and (self._policy.precheck or always_ask):
            result = self._check(task)
            task.checked(result.form, asked=result.asked)
            error = self._methods.of(task).explain(result.error, task.move) if result.error is not None else None
            if error is not None and error.vague:
                error = self._not_receiving(task) or self._with_cause(task, error)
            if not result.asked:
                task.warn(NO_CHECK)
            elif error is not None and self._began_meanwhile(task):
                return False
            elif error is not None and self._methods.leave_to_group(task, error):
                error = self._methods.of(task).check(task.move).error
            # Hyper-V's verdict is enough for a move that is made now; a dry run says what may be wrong beside it.
            if error is None and (always_ask or not result.asked):
                # What goes to a node of a cluster is judged all together, which counts its memory.
                error = self._lack(task, with_memory=always_ask and not self._cluster.is_clustered)
        if error is not None:
            task.fail(error, self._clock.now())
        return error is None

    def _lack(self, task: MigrationTask, *, with_memory: bool) -> Failure | None:
        """Return what the destination certainly lacks for the VM, None for nothing; what it may lack is a warning."""
        if task.storage_only or self._methods.replaces_devices:
            return None
        move, judged = task.move, task.attempt.checked
        task.compared(
            self._comparison.find(move.vm, move.source, move.destination, judged=judged, with_memory=with_memory)
        )
        lack = next((finding for finding in task.findings if finding.severity == ERROR), None)
        return None if lack is None else Failure(lack.code, lack.message.rstrip("."), lack.remedy, subject=move.vm.name)

    def _not_receiving(self, task: MigrationTask) -> Failure | None:
        """Return why the destination takes no VMs by now: somebody may have paused it since it was read."""
        destination = task.move.destination
        return None if task.storage_only else why_not_receiving(self._cluster, [destination]).get(destination.name)

    def _with_cause(self, task: MigrationTask, error: Failure) -> Failure:
        """Return a no of Hyper-V's check that does not say why with what may be why, as the hosts tell it.

        That takes a login to source and destination, as their event logs do after a move that failed.
        """
        move = task.move
        if task.storage_only or self._methods.replaces_devices or move.vm.state in AT_REST:
            return error
        self._comparison.forget_memory()
        task.compared(
            self._comparison.find(
                move.vm,
                move.source,
                move.destination,
                judged=False,
                with_memory=not self._cluster.is_clustered,
                log_in=True,
            )
        )
        lack = min(task.findings, key=lambda finding: finding.severity != ERROR, default=None)
        if lack is not None and lack.severity == ERROR:
            return error.because(lack.message, lack.remedy)
        silent = self._comparison.is_silent(move.source) or self._comparison.is_silent(move.destination.name)
        verdict = None if silent else self._methods.compare(move).error
        if verdict is not None:
            return error.because(verdict.cause, verdict.remedy)._replace(quoted=verdict.quoted)
        return error.because(lack.message, lack.remedy) if lack is not None else error

    def _check(self, task: MigrationTask) -> CheckResult:
        result = self._methods.of(task).check(task.move)
        if result.unsupported is None:
            return result
        if self._methods.take_next(task, result.unsupported):
            return self._methods.of(task).check(task.move)
        return result._replace(asked=True, error=result.unsupported)

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
        method = self._methods.of(task)
        task.call(method.known_jobs(task.move), self._clock.now())
        result = method.start(task.move)
        task.returned(result.form, result.return_value)
        if result.unsupported and result.error is not None and self._methods.take_next(task, result.error):
            result = self._methods.of(task).start(task.move)
        if result.job is not None:
            task.follow(result.job, self._clock.now())
        elif result.unconfirmed:
            self._look_for_job(task, result)
        elif result.error is None:
            task.verify(self._clock.now())
        elif not self._is_taken_up(task, result.error, result.return_value):
            task.fail(result.error, self._clock.now())

    def _is_taken_up(self, task: MigrationTask, error: Failure, return_value: int | None) -> bool:
        """Tell whether a refused move goes on all the same: by a migration of somebody else, or by its group.

        Where that cannot be read, the refusal stands: no call is made again for want of an answer to something else.
        """
        try:
            if self._began_meanwhile(task) or (_is_busy(return_value) and self._attach_to_running(task)):
                return True
        except (HyperVError, NoAnswer):
            return False
        if not self._methods.leave_to_group(task, error):
            return False
        refusal = self._methods.of(task).start(task.move).error
        if refusal is not None:
            task.fail(refusal, self._clock.now())
        else:
            task.verify(self._clock.now())
        return True

    def _look_for_job(self, task: MigrationTask, result: StartResult) -> None:
        now = self._clock.now()
        task.search(result.error, now + self._policy.poll_interval, now, no_answer=result.unanswered)

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
        found = self._methods.find_running(task)
        if found is None or found.seen is None:
            return False
        job = found.seen
        if job.destination and not is_host(self._cluster, task.move.destination.name, job.destination):
            task.fail(_busy_migrating(task.move, job), self._clock.now())
            return True
        if not job.destination:
            task.warn("The VM was being migrated already, and the job does not say where to; its end was waited for.")
        task.attach()
        task.follow(found, self._clock.now())
        return True


def _is_busy(return_value: int | None) -> bool:
    """Tell whether a refusal may be about another operation on the VM: perhaps a migration of it."""
    return return_value is not None and return_code(return_value).busy


def _owner_in_doubt(move: Move) -> Failure:
    role = move.role.owner if move.role is not None else "no node"
    return Failure(
        "owner_in_doubt",
        f"Hyper-V shows VM {move.vm.name} on {move.vm.node or 'no node'}, and the cluster has shown it on {role} for "
        f"{SETTLES_WITHIN:.0f} s: somebody may have moved it",
        "Look where the VM is, and run the task again once both name one node. Nothing was started.",
        transient=True,
    )


def _busy_migrating(move: Move, job: Job) -> Failure:
    return Failure(
        "already_migrating",
        f"VM {move.vm.name} is being migrated to {job.destination} already (job {job.id})",
        "Wait until that migration has ended, or cancel it with hyperv_migration_job, then run the task again.",
        transient=True,
    )
