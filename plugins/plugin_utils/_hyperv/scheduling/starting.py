# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a move that waits to one whose job or owner can be watched. Private to this collection.

A call of the method is never repeated blindly: whatever is unclear is looked at first.
"""

from __future__ import annotations

import dataclasses

from ..._hostnames import first_label
from ..._wsman.references import Reference
from ..cluster.cluster import VIRTUALIZATION, Cluster
from ..cluster.groups import VmGroup
from ..cluster.hosts import is_host
from ..cluster.jobs import Job, find_job, job_ids
from ..cluster.vms import Vm
from ..failure.errors import NO_ANSWER, HyperVError, MoveError, obstacle
from ..methods.by_group import group_can_move
from ..methods.delegation import explained
from ..methods.group_jobs import group_reference
from ..methods.methods import Methods
from ..methods.results import Answer, Verdict
from ..migration.moves import Move, obstacle_to, possible_owners_of, reread
from ..migration.runs import CLUSTER_GROUP, ENDED, HOST, SEARCHING, SETTLING, SYSTEM, Policy, Run
from .liveness import Contact, outcome_unknown

# Seconds for which a trace of an unclear call is looked for: longer than the node itself may take for one call.
_LOOK_FOR = 65.0
_BETWEEN_LOOKS = 10.0  # seconds
_MOST_CALLS = 2  # a call without an answer is repeated once, when nothing shows that it was carried out
_IN_USE = frozenset({5, 32774, 32775})  # Invalid State, System is in use: perhaps by a migration of this VM


class Starter:
    """Starts moves, adopts what runs already, and finds out what unanswered calls have done."""

    def __init__(self, cluster: Cluster, methods: Methods, policy: Policy, contact: Contact) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._methods = methods
        self._policy = policy
        self._contact = contact
        self._jobs_at_first: dict[str, frozenset[str]] = {}

    def end_if_done(self, run: Run) -> bool:
        """End a move whose VM is on its destination already, or is no longer where it was to be fetched from."""
        if not run.stays and run.move.is_elsewhere:
            run.warn_once(
                f"It is on {run.move.source}, and no longer on {run.move.fetched_from}: somebody moved it, so it is "
                "left there."
            )
            run.end("elsewhere", self._clock.now())
            return True
        if run.stays or not run.move.is_done or run.move.vm.is_leaving:
            return False
        # After an attempt of its own it is this task that moved the VM, however that came to light.
        run.end("moved" if run.attempts else "already_there", self._clock.now())
        return True

    def rehearse(self, run: Run) -> None:
        """Ask what a move would come to, and end it with ``would_move`` or ``failed``. Changes nothing.

        Raises as ``start``.
        """
        if self.end_if_done(run):
            return
        if run.move.vm.is_leaving:
            self._adopt(run)
        elif self._is_home(run):
            run.end("already_there", self._clock.now())
        else:
            self._is_possible(run, always_ask=True)
        if run.stage != ENDED:
            run.end("would_move", self._clock.now())

    def start(self, run: Run) -> None:
        """Start one move, or end it with what speaks against it. Raises HyperVError and the errors of the wire."""
        if run.move.vm.is_leaving:
            self._adopt(run)
        elif self._is_home(run):
            run.begin(self._clock.now())
            run.enter(SETTLING, self._clock.now())
        elif self._is_possible(run):
            self._call(run)

    def _is_home(self, run: Run) -> bool:
        """Tell whether Hyper-V says that the VM is on its destination, and only the cluster not yet."""
        return (
            not run.stays
            and bool(run.move.source)
            and first_label(run.move.source) == first_label(run.move.destination.name)
        )

    def search(self, run: Run) -> None:
        """Look once for a trace of a call whose outcome is unclear; repeat the call only if there is none."""
        try:
            found = self._trace(run)
            vm, role = reread(self._cluster, [run.move])[run.move.vm.id]
        except (HyperVError, *NO_ANSWER) as error:
            run.due = self._clock.now() + _BETWEEN_LOOKS
            self._contact.lost([run], error)
            return
        self._contact.heard([run])
        now = self._clock.now()
        if found is not None and not (run.method == SYSTEM and _may_be_earlier(*found)):
            run.follow(*found, now)
        elif vm is None or vm.is_leaving or dataclasses.replace(run.move, vm=vm, role=role).is_done:
            run.enter(SETTLING, now)
        elif now - run.since < _LOOK_FOR:
            run.due = now + _BETWEEN_LOOKS
        elif run.doubt is not None:
            unknown = outcome_unknown(run.move, run.doubt.message.partition(". ")[0])
            run.fail(dataclasses.replace(unknown, code=run.doubt.code, hresult=run.doubt.hresult), now, goes_on=True)
        elif 0 < run.unanswered < _MOST_CALLS:
            self._repeat(run, vm, role)
        else:
            run.enter(SETTLING, now)

    def _repeat(self, run: Run, vm: Vm, role: VmGroup | None) -> None:
        """Call once more, from where the VM is now and only if it still can be moved."""
        run.now_at(vm, role)
        if not self.end_if_done(run) and self._is_possible(run):
            run.warnings.append("The first call was not answered and had no effect, so it was repeated.")
            self._call(run)

    def _is_possible(self, run: Run, *, always_ask: bool = False) -> bool:
        """Ask what was read, then Hyper-V, whether a move can succeed; end it if not. False also once it is adopted."""
        error = obstacle_to(run.move, possible_owners_of(self._cluster, run.move))
        if error is None and (self._policy.precheck or always_ask):
            verdict = self._check(run)
            run.checked, run.form, error = verdict.asked, self._methods.of(run).form, verdict.error
            if error is not None and run.method == HOST:
                error = explained(self._cluster, run.move, error)
            if not verdict.asked:
                run.warnings.append("This cluster offers no check beforehand, so Hyper-V's own verdict is not known.")
            elif error is not None and self._began_meanwhile(run):
                return False
            elif error is not None and self._methods.may_leave_to_group(run) and group_can_move(run.move, error):
                run.method, error = CLUSTER_GROUP, self._methods.groups.obstacle(run.move)
        if error is not None:
            run.fail(error, self._clock.now())
        return error is None

    def _check(self, run: Run) -> Verdict:
        verdict = self._methods.of(run).check(run.move)
        if verdict.unsupported is None:
            return verdict
        if self._methods.go_on(run, verdict.unsupported):
            return self._methods.of(run).check(run.move)
        return dataclasses.replace(verdict, asked=True, error=verdict.unsupported)

    def _began_meanwhile(self, run: Run) -> bool:
        """Look whether Hyper-V says no because somebody else's migration of the VM runs by now; take that up."""
        vm, role = reread(self._cluster, [run.move])[run.move.vm.id]
        if vm is None:
            return False
        run.move = dataclasses.replace(run.move, vm=vm, role=role)
        if vm.is_leaving:
            self._adopt(run)
            return True
        return self.end_if_done(run)

    def _call(self, run: Run) -> None:
        if run.method != CLUSTER_GROUP:
            run.earlier_jobs |= self._earlier_jobs(run)
        run.begin(self._clock.now())
        run.attempts += 1
        answer = self._methods.of(run).migrate(run.move)
        run.form, run.return_value = self._methods.of(run).form, answer.value
        if answer.unsupported and answer.error is not None and self._methods.go_on(run, answer.error):
            answer = self._methods.of(run).migrate(run.move)
        if answer.job is not None:
            run.follow(answer.job, None, self._clock.now())
        elif answer.unknown:
            self._doubt(run, answer)
        elif answer.error is None:
            run.enter(SETTLING, self._clock.now())
        elif not self._is_taken_up(run, answer):
            run.fail(answer.error, self._clock.now())

    def _is_taken_up(self, run: Run, answer: Answer) -> bool:
        """Tell whether a refused move goes on all the same: by a migration of somebody else, or by its group.

        Where that cannot be read, the refusal stands: no call is made again for want of an answer to something else.
        """
        try:
            if self._began_meanwhile(run) or (answer.value in _IN_USE and self._adopt_running(run)):
                return True
        except (HyperVError, *NO_ANSWER):
            return False
        if answer.error is None or not self._methods.may_leave_to_group(run):
            return False
        if not group_can_move(run.move, answer.error):
            return False
        run.method = CLUSTER_GROUP
        error = self._methods.groups.migrate(run.move).error
        if error is not None:
            run.fail(error, self._clock.now())
        else:
            run.enter(SETTLING, self._clock.now())
        return True

    def _doubt(self, run: Run, answer: Answer) -> None:
        run.doubt = answer.error
        run.unanswered = run.unanswered + 1 if answer.lost else 0
        run.due = self._clock.now() + self._policy.poll_interval
        run.enter(SEARCHING, self._clock.now())

    def read_jobs_again(self) -> None:
        """Forget which jobs there were: some time has passed."""
        self._jobs_at_first.clear()

    def _earlier_jobs(self, run: Run) -> frozenset[str]:
        """Return the jobs that were there shortly before a call: what a lost answer started is not among them."""
        host = run.move.source if run.method == HOST else ""
        if host not in self._jobs_at_first:
            self._jobs_at_first[host] = job_ids(self._cluster, [host] if host else [])
        return self._jobs_at_first[host]

    def _adopt(self, run: Run) -> None:
        """Wait for a migration that already runs, unless it is known to go elsewhere."""
        run.begin(self._clock.now())
        if not self._adopt_running(run):
            run.adopted = True
            run.warnings.append(
                "The VM was being migrated already. Its job has ended or is not shown; its end was read from its owner."
            )
            run.enter(SETTLING, self._clock.now())

    def _adopt_running(self, run: Run) -> bool:
        """Follow the VM's running job; fail if that goes to another node. False where there is no such job."""
        found = find_job(self._cluster, run.move.vm.id, source=run.move.source, any_kind=run.stays)
        if found is None or found[1].is_final:
            found = self._of_group(run) if run.move.role is not None else None
        if found is None or found[1].is_final:
            return False
        reference, job = found
        if job.destination and not is_host(self._cluster, run.move.destination.name, job.destination):
            run.fail(_busy_migrating(run.move, job), self._clock.now())
            return True
        if not job.destination:
            run.warnings.append(
                "The VM was being migrated already, and the job does not say where to; its end was waited for."
            )
        run.adopted = True
        run.follow(reference, job, self._clock.now())
        return True

    def _trace(self, run: Run) -> tuple[Reference, Job] | None:
        """Return the job that a call without an answer has started. Raises Fault and TransportError."""
        if run.method == CLUSTER_GROUP:
            return self._of_group(run)
        return find_job(self._cluster, run.move.vm.id, run.earlier_jobs, source=run.move.source, any_kind=run.stays)

    def _of_group(self, run: Run) -> tuple[Reference, Job] | None:
        job = self._methods.groups.trace(run.move)
        return (group_reference(run.move.role), job) if job is not None and run.move.role is not None else None


def _may_be_earlier(reference: Reference, job: Job) -> bool:
    """Tell whether a job may be from before the call: those that a host lists for itself are not read beforehand."""
    return job.is_final and reference.namespace.lower() == VIRTUALIZATION.lower()


def _busy_migrating(move: Move, job: Job) -> MoveError:
    return obstacle(
        "already_migrating",
        f"VM {move.vm.name} is being migrated to {job.destination} already (job {job.id})",
        "Wait until that migration has ended, or cancel it with hyperv_migration_job, then run the task again.",
        transient=True,
    )
