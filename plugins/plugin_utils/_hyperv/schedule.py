# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many moves in one loop: start what the limits allow, read all running jobs at once, verify by owner.

Private to this collection.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Sequence

from .._wsman.envelopes import UnreadableAnswer
from .._wsman.faults import Fault
from .._wsman.references import Reference
from .._wsman.transport import TransportError
from .._wsman.values import UnexpectedValue
from .cluster import Cluster, first_label
from .errors import HyperVError, MoveError, obstacle
from .hosts import Limits
from .jobs import Job, find_job, list_jobs, read_jobs
from .moves import Move, obstacle_to, possible_owners_of, reread
from .service import MigrationService
from .timeouts import Timeout
from .verification import judge

_FRESH_FOR = 30.0  # seconds that a VM's owner and state count as known before its move is started
_SETTLE_EVERY = 5.0  # seconds between two looks at owners, so that one look serves all moves that ended meanwhile
_CONTACT_LOST_AFTER = 300.0  # seconds without any answer about running jobs; Hyper-V keeps an ended job as long
_LOOKS_FOR_JOB = 3  # looks for a job whose start was not answered; it may need time to be listed
_BETWEEN_LOOKS = 10.0  # seconds
_MOST_STARTS = 2  # a lost call is repeated once, when nothing shows that it was carried out
_NO_ANSWER = (Fault, TransportError, UnreadableAnswer, UnexpectedValue)

WAITING, RUNNING, SETTLING, ENDED = "waiting", "running", "settling", "ended"


@dataclasses.dataclass
class Run:
    """One move on its way.

    Attributes:
        stage: ``waiting``, ``running`` (its job runs), ``settling`` (its owner is awaited) or ``ended``.
        outcome: ``moved``, ``already_there``, ``would_move``, ``started`` or ``failed`` once ended.
        job, reference: the job as last seen and its reference; None where there is none or it is gone.
        started, ended: clock readings in seconds.
        attempts: how often the migration was asked for.
        adopted: the migration was running before this task.
        checked: Hyper-V was asked beforehand and did not object.
        form: form of setting data the provider took; return_value: what the method returned.
    """

    move: Move
    timeout: Timeout
    stage: str = WAITING
    outcome: str = ""
    job: Job | None = None
    reference: Reference | None = None
    started: float | None = None
    ended: float | None = None
    settling_since: float = 0.0
    attempts: int = 0
    adopted: bool = False
    checked: bool = False
    form: str = ""
    return_value: int | None = None
    error: MoveError | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)

    @property
    def is_active(self) -> bool:
        """The move has been started and has not ended."""
        return self.stage in (RUNNING, SETTLING)


class Scheduler:
    """Runs moves to their end within the limits.

    ``report`` is called with all runs whenever something about one of them changed.
    """

    def __init__(
        self,
        cluster: Cluster,
        limits: Limits,
        *,
        poll_interval: float,
        precheck: bool,
        report: Callable[[Sequence[Run]], None],
    ) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._service = MigrationService(cluster)
        self._limits = limits
        self._poll_interval = poll_interval
        self._precheck = precheck
        self._report = report
        self._jobs_before: frozenset[str] | None = None
        self._read_at = self._settled_at = self._answered_at = self._clock.now()

    def rehearse(self, runs: Sequence[Run]) -> None:
        """Ask what every move would come to, and end it with ``would_move`` or ``failed``. Changes nothing."""
        for run in runs:
            if not self._end_if_done(run) and not self._end_if_impossible(run, always_ask=True):
                self._end(run, "would_move")

    def start(self, run: Run) -> None:
        """Start one move and return without waiting for it."""
        if not self._end_if_done(run):
            self._start(run)
            if run.stage == RUNNING:
                self._end(run, "started")

    def run(self, runs: Sequence[Run]) -> None:
        """Bring every move to its end. A move that fails does not stop the others."""
        for run in runs:
            self._end_if_done(run)
        while True:
            self._start_what_fits(runs)
            self._report(runs)
            if all(run.stage == ENDED for run in runs):
                return
            self._clock.pause(self._poll_interval)
            self._poll([run for run in runs if run.stage == RUNNING])
            self._settle(runs)

    def _end_if_done(self, run: Run) -> bool:
        if run.move.is_done and not run.move.vm.is_migrating:
            self._end(run, "already_there")
        return run.stage == ENDED

    def _end_if_impossible(self, run: Run, *, always_ask: bool = False) -> bool:
        """End a move that cannot succeed: by what was read, then by Hyper-V's own check."""
        owners = possible_owners_of(self._cluster, run.move)
        error = obstacle_to(run.move, owners)
        if error is None and (self._precheck or always_ask):
            verdict = self._service.check(run.move.vm, run.move.destination)
            run.checked, error = verdict.asked, verdict.error
            if not verdict.asked:
                run.warnings.append("This cluster offers no check beforehand, so Hyper-V's own verdict is not known.")
        if error is not None:
            self._fail(run, error)
        return run.stage == ENDED

    def _start_what_fits(self, runs: Sequence[Run]) -> None:
        for run in [run for run in runs if run.stage == WAITING]:
            busy = [(other.move.source, other.move.destination.name) for other in runs if other.is_active]
            if not self._limits.allow(busy, run.move.source, run.move.destination.name):
                continue
            try:
                if self._clock.now() - self._read_at > _FRESH_FOR:
                    self._refresh([waiting for waiting in runs if waiting.stage == WAITING])
                if run.stage == WAITING:
                    self._start(run)
            except (HyperVError, *_NO_ANSWER) as error:
                transient = not isinstance(error, HyperVError) and not (
                    isinstance(error, Fault) and not error.is_transient
                )
                self._fail(run, obstacle("not_started", str(error), "Nothing was started.", transient=transient))
            self._report(runs)

    def _refresh(self, waiting: Sequence[Run]) -> None:
        """Read owners and states again before a queued move starts: somebody may have moved the VM meanwhile."""
        now = reread(self._cluster, [run.move for run in waiting])
        self._read_at = self._clock.now()
        for run in waiting:
            vm, role = now[run.move.vm.id]
            if vm is None:
                self._fail(run, obstacle("vm_gone", f"VM {run.move.vm.name} is gone", "Look for it in the cluster."))
                continue
            if first_label(vm.node) != first_label(run.move.source):
                run.warnings.append(f"The VM was moved from {run.move.source} to {vm.node} while it waited here.")
            run.move = dataclasses.replace(run.move, vm=vm, role=role, source=vm.node)
            self._end_if_done(run)

    def _start(self, run: Run) -> None:
        if run.move.vm.is_migrating:
            self._adopt(run)
            return
        if run.move.source and first_label(run.move.source) == first_label(run.move.destination.name):
            self._to_settling(run)  # Hyper-V says it is there, the cluster not yet
            return
        if self._end_if_impossible(run):
            return
        self._earlier_jobs()
        run.attempts += 1
        run.started = self._clock.now() if run.started is None else run.started
        answer = self._service.migrate(run.move.vm, run.move.destination)
        run.form, run.return_value, run.reference = self._service.form, answer.value, answer.job
        if answer.error is not None:
            self._fail(run, answer.error)
        elif answer.job is not None:
            run.stage = RUNNING
        elif answer.unknown:
            self._look_for_job(run)
        else:
            self._to_settling(run)

    def _earlier_jobs(self) -> frozenset[str]:
        """Return the jobs that were there before the first call: what a lost answer started is not among them."""
        if self._jobs_before is None:
            self._jobs_before = frozenset(job.id for job in list_jobs(self._cluster.hyperv))
        return self._jobs_before

    def _adopt(self, run: Run) -> None:
        """Wait for a migration that already runs, if it goes where it should; otherwise leave it alone."""
        run.started = self._clock.now()
        found = find_job(self._cluster, run.move.vm.id)
        if found is None or found[1].is_final:
            self._fail(run, _busy_migrating(run.move, "", ""))
        elif first_label(found[1].destination) != first_label(run.move.destination.name):
            self._fail(run, _busy_migrating(run.move, f" to {found[1].destination}", found[1].id))
        else:
            run.reference, run.job = found
            run.adopted, run.stage = True, RUNNING

    def _look_for_job(self, run: Run) -> None:
        """The call was not answered: find out what became of it, and repeat it only if nothing did."""
        for look in range(_LOOKS_FOR_JOB):
            self._clock.pause(_BETWEEN_LOOKS if look else self._poll_interval)
            try:
                found = find_job(self._cluster, run.move.vm.id, self._earlier_jobs())
                vm, role = reread(self._cluster, [run.move])[run.move.vm.id]
            except _NO_ANSWER:
                self._find_provider()
                continue
            if found is not None:
                run.reference, run.job = found
                run.stage = RUNNING
                return
            if vm is None or vm.is_migrating or dataclasses.replace(run.move, vm=vm, role=role).is_done:
                self._to_settling(run)
                return
        if run.attempts < _MOST_STARTS:
            run.warnings.append("The first call was not answered and had no effect, so it was repeated.")
            self._start(run)
        else:
            self._to_settling(run)

    def _poll(self, running: Sequence[Run]) -> None:
        references = [run.reference for run in running if run.reference is not None]
        if not references:
            return
        try:
            jobs = read_jobs(self._cluster.hyperv, references)
            if None in jobs.values() and not self._cluster.provider_answers():
                self._contact_lost(running, HyperVError("the provider of Root\\HyperVCluster\\v2 is not there"))
                return
        except _NO_ANSWER as error:
            self._contact_lost(running, error)
            return
        self._answered_at = now = self._clock.now()
        for run in running:
            job = jobs.get((run.reference.key("InstanceID") if run.reference else None) or "")
            run.job = job or run.job
            if job is None or job.is_final:
                if job is None:
                    run.job = None
                    run.warnings.append("The job vanished before its end was seen; the owner decided.")
                self._to_settling(run)
            elif run.timeout.is_over(now - (now if run.started is None else run.started)):
                self._fail(run, run.timeout.error(run.move, job))

    def _contact_lost(self, running: Iterable[Run], error: Exception) -> None:
        """The provider may be moving to another node, or restarting: look for it there, for a while."""
        self._find_provider()
        if self._clock.now() - self._answered_at < _CONTACT_LOST_AFTER:
            return
        for run in running:
            self._fail(run, _outcome_unknown(run.move, str(error)))

    def _find_provider(self) -> None:
        with contextlib.suppress(HyperVError, *_NO_ANSWER):  # the next look tries again
            self._cluster.find_provider()

    def _to_settling(self, run: Run) -> None:
        run.stage, run.settling_since = SETTLING, self._clock.now()
        run.started = run.settling_since if run.started is None else run.started

    def _settle(self, runs: Sequence[Run]) -> None:
        """Look at the owners of all moves whose job has ended, at most every few seconds while others run."""
        settling = [run for run in runs if run.stage == SETTLING]
        now = self._clock.now()
        if not settling or (now - self._settled_at < _SETTLE_EVERY and any(run.stage == RUNNING for run in runs)):
            return
        try:
            seen = reread(self._cluster, [run.move for run in settling])
        except _NO_ANSWER as error:
            self._contact_lost(settling, error)
            return
        self._settled_at = self._answered_at = now
        for run in settling:
            vm, role = seen[run.move.vm.id]
            judgement = judge(run.move, run.job, vm, role, now - run.settling_since)
            if judgement.warning:
                run.warnings.append(judgement.warning)
            if judgement.arrived:
                self._end(run, "moved")
            elif judgement.error is not None:
                self._fail(run, judgement.error)

    def _fail(self, run: Run, error: MoveError) -> None:
        run.error = error
        self._end(run, "failed")

    def _end(self, run: Run, outcome: str) -> None:
        run.stage, run.outcome, run.ended = ENDED, outcome, self._clock.now()


def _busy_migrating(move: Move, where: str, job: str) -> MoveError:
    return obstacle(
        "already_migrating",
        f"VM {move.vm.name} is being migrated{where} by somebody else{f' (job {job})' if job else ''}",
        "Wait until that migration has ended, then run the task again.",
        transient=True,
    )


def _outcome_unknown(move: Move, why: str) -> MoveError:
    return obstacle(
        "outcome_unknown",
        f"the cluster did not answer for {_CONTACT_LOST_AFTER:.0f} s while VM {move.vm.name} moved from {move.source} "
        f"to {move.destination.name} ({why}); the migration may still run",
        "Look where the VM is before anything else; running the task again takes up a migration that still runs.",
    )
