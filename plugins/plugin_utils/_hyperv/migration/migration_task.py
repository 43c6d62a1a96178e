# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One move from its beginning to its end: what is known of it, and what may follow."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.references import Reference
from ..cluster.groups import VmGroup
from ..cluster.jobs import Job
from ..cluster.nodes import Node
from ..cluster.owners import owner_of, owners_of
from ..cluster.states import AT_REST, VmState
from ..cluster.vms import Vm
from ..failure.failures import Failure
from ..failure.finding import ERROR, Finding
from .attempt import Attempt, JobProgress, WatchedJob
from .cancellation import Cancellation
from .moves import Move
from .stage import TRANSITIONS, Stage
from .timeouts import Timeout
from .vocabulary import MethodName, OnTimeout, Outcome


class Policy(t.NamedTuple):
    """How moves are made.

    Attributes:
        poll_interval: most seconds between two looks at the running jobs.
        precheck: ask Hyper-V before each migration.
        retries: how often a move is tried again after a failure that may pass.
        on_timeout: ``leave`` the job of a move that takes too long, or ``cancel`` it.
        stall_after: seconds without progress after which a job is called stalled; 0 for never.
    """

    poll_interval: float = 2.0
    precheck: bool = True
    retries: int = 0
    on_timeout: OnTimeout = "leave"
    stall_after: float = 300.0


class MigrationRequest(t.NamedTuple):
    """What is asked for.

    Attributes:
        move: the VM as it was planned, and where it shall be.
        timeout: how long one attempt may take.
        storage_only: the migration leaves the VM where it is (storage, staging): its job alone decides.
    """

    move: Move
    timeout: Timeout
    storage_only: bool = False


class IllegalTransition(Exception):
    """A move was to go to a stage that does not follow the one it is in: a mistake of the code that drives it."""


class MigrationTask:
    """One move of a batch. Only its own methods change it.

    Attributes:
        request: what is asked for.
        move: the move from where the VM was last seen.
        stage: where it is.
        since: clock reading at which that stage began.
        outcome: how it ended, None before.
        error: why it failed, None where it did not.
        goes_on: it failed, and its migration may still run.
        due: clock reading before which it is left alone.
        started, ended: clock readings of the first attempt and of the end; None before.
        freed: clock reading at which its job was seen to end, so that it takes no slot any more; None before.
        attempts: how often the migration was asked for.
        retried: how many of its attempts followed a failure.
        attempt: the present attempt.
        silent_since: clock reading since when nothing was heard of it; None while there are answers.
        hidden_since: clock reading since when its VM is not shown, although the cluster has its role; None where it is.
        in_doubt_since: clock reading since when Hyper-V and the cluster show it on different nodes; None otherwise.
        no_slot_since: clock reading at which a host first had no slot left for it; None before.
        owner: the node that was last seen to own the VM, None for none.
        warnings: for people.
        events: what the event logs of its hosts say of its failure, in the form of a result.
        findings: what its destination lacks for the VM, as it was last compared.
    """

    def __init__(self, request: MigrationRequest) -> None:
        self.request = request
        self.move = request.move
        self.stage = Stage.WAITING
        self.since = 0.0
        self.outcome: Outcome | None = None
        self.error: Failure | None = None
        self.goes_on = False
        self.due = 0.0
        self.started: float | None = None
        self.ended: float | None = None
        self.freed: float | None = None
        self.attempts = 0
        self.retried = 0
        self.attempt = Attempt()
        self.silent_since: float | None = None
        self.hidden_since: float | None = None
        self.in_doubt_since: float | None = None
        self.no_slot_since: float | None = None
        self.owner: str | None = None
        self.warnings: list[str] = []
        self.events: tuple[Mapping[str, t.Any], ...] = ()
        self.findings: tuple[Finding, ...] = ()

    @property
    def timeout(self) -> Timeout:
        """How long one attempt may take."""
        return self.request.timeout

    @property
    def storage_only(self) -> bool:
        """The migration leaves the VM where it is."""
        return self.request.storage_only

    @property
    def method(self) -> MethodName:
        """What the VM is moved by in the present attempt."""
        return self.attempt.method

    @property
    def job(self) -> Job | None:
        """Its job as last seen."""
        return self.attempt.job.seen if self.attempt.job is not None else None

    @property
    def reference(self) -> Reference | None:
        """The reference of its job."""
        return self.attempt.job.reference if self.attempt.job is not None else None

    @property
    def is_active(self) -> bool:
        """The move has been started, as far as is known, and has not ended."""
        return self.stage not in (Stage.WAITING, Stage.ENDED)

    @property
    def takes_a_slot(self) -> bool:
        """Its migration occupies its hosts: a job that was seen to end does not, although its owner is awaited."""
        return self.is_active and self.freed is None

    @property
    def was_asked_for(self) -> bool:
        """A migration was called for, or one that ran already is waited for."""
        return self.attempts > 0 or self.attempt.attached

    def is_late(self, now: float) -> bool:
        """Tell whether the present attempt takes too long."""
        return self.timeout.is_over(now - self.attempt.began)

    def seconds_left(self, now: float) -> float | None:
        """Return how long its job takes from now on at its pace so far; None where nothing is known of that."""
        if self.stage is not Stage.RUNNING or self.job is None or not self.job.percent:
            return None
        # Percents are whole, so that even 100 can be off by almost one.
        return (now - self.attempt.began) * max(100 - self.job.percent, 1) / self.job.percent

    def warn(self, text: str) -> None:
        """Add a warning."""
        self.warnings.append(text)

    def warn_once(self, text: str) -> None:
        """Add a warning unless it stands there already."""
        if text not in self.warnings:
            self.warnings.append(text)

    def put_off(self, due: float) -> None:
        """Leave the move alone until then."""
        self.due = due

    def answered(self) -> None:
        """Note that an answer about the move came."""
        self.silent_since = None

    def unanswered(self, since: float, now: float) -> float:
        """Note that no answer about the move came, and return for how many seconds now."""
        self.silent_since = since if self.silent_since is None else self.silent_since
        return now - self.silent_since

    def seconds_hidden(self, now: float) -> float:
        """Note that its VM is not shown, and return for how long now."""
        self.hidden_since = now if self.hidden_since is None else self.hidden_since
        return now - self.hidden_since

    def seconds_in_doubt(self, now: float) -> float:
        """Note that its VM is told on different nodes, and return for how long now."""
        self.in_doubt_since = now if self.in_doubt_since is None else self.in_doubt_since
        return now - self.in_doubt_since

    def seconds_without_slot(self, now: float) -> float:
        """Note that a host has no slot left for it, and return for how long it has been trying by now."""
        self.no_slot_since = now if self.no_slot_since is None else self.no_slot_since
        return now - (self.no_slot_since if self.started is None else min(self.started, self.no_slot_since))

    def seen(self, vm: Vm, role: VmGroup | None) -> None:
        """Note what the VM and its role are like by now."""
        self.move = self.move._replace(vm=vm, role=role)

    def seen_at(self, owner: str) -> None:
        """Note which node owns the VM; empty for none."""
        self.owner = owner or None

    def go_on_from(self, vm: Vm, role: VmGroup | None) -> None:
        """Go on from where the VM was just seen, and say so where that is another node than before."""
        self.hidden_since = None
        if len(owners_of(vm, role)) <= 1:
            self.in_doubt_since = None
        owner = owner_of(vm, role)
        known = {first_label(self.move.source), first_label(self.move.destination.name)}
        if first_label(owner) not in known and not self.move.fetched_from:
            self.warn(f"The VM has left {self.move.source} for {owner} while it waited here.")
        self.move = self.move._replace(vm=vm, role=role, source=owner)
        self.seen_at(owner)

    def destination_seen(self, destination: Node) -> None:
        """Note what the destination is like by now."""
        self.move = self.move._replace(destination=destination)

    def use(self, method: MethodName) -> None:
        """Go by another method from now on."""
        self.attempt = self.attempt._replace(method=method)

    def checked(self, form: str | None, *, asked: bool) -> None:
        """Note a check: whether Hyper-V gave a verdict, and the form of setting data that the provider took."""
        self.attempt = self.attempt._replace(checked=asked, form=form)

    def compared(self, findings: Sequence[Finding]) -> None:
        """Note what the destination lacks, and warn of what may stop the move."""
        self.findings = tuple(findings)
        for finding in findings:
            if finding.severity != ERROR:
                self.warn_once(finding.text)

    def begin(self, now: float) -> None:
        """Begin an attempt."""
        self.attempt = self.attempt._replace(began=now)
        self.started = now if self.started is None else self.started

    def call(self, earlier_jobs: frozenset[str], now: float) -> None:
        """Begin an attempt with a call; ``earlier_jobs`` were there before it."""
        self.begin(now)
        self.attempt = self.attempt._replace(earlier_jobs=self.attempt.earlier_jobs | earlier_jobs)
        self.attempts += 1

    def returned(self, form: str | None, value: int | None) -> None:
        """Note what a call returned, and the form of setting data that the provider took."""
        self.attempt = self.attempt._replace(form=form, return_value=value)

    def search(self, doubt: Failure | None, due: float, now: float, *, no_answer: bool) -> None:
        """Look from ``due`` on for what a call has started; ``doubt`` is what the node said to it."""
        self.attempt = self.attempt._replace(
            unconfirmed=doubt, unanswered=self.attempt.unanswered + 1 if no_answer else 0
        )
        self.due = due
        self._enter(Stage.SEARCHING, now)

    def follow(self, job: WatchedJob, now: float) -> None:
        """Wait for a job from now on."""
        self.attempt = self.attempt._replace(job=job, progress=JobProgress(since=now))
        self._enter(Stage.RUNNING, now)

    def attach(self) -> None:
        """Note that a migration is waited for that ran already."""
        self.attempt = self.attempt._replace(attached=True)

    def verify(self, now: float) -> None:
        """Wait for the owner from now on: there is no job, or it has ended."""
        self._enter(Stage.VERIFYING, now)

    def cancel(self, cancellation: Cancellation, now: float) -> None:
        """Wait for what comes of ending its job."""
        self.attempt = self.attempt._replace(cancellation=cancellation)
        self._enter(Stage.CANCELLING, now)

    def job_seen(self, job: WatchedJob | None, now: float) -> None:
        """Note its job as it is now, None where it is gone, and go on to the owner once that has ended."""
        watched = self.attempt.job
        if job is None:
            self.attempt = self.attempt._replace(job=watched._replace(seen=None) if watched is not None else None)
            self.warn("The job vanished before its end was seen; the owner decided.")
            self.verify(now)
            return
        self.attempt = self.attempt._replace(job=job)
        if job.seen is not None and job.seen.is_final:
            self.verify(now)

    def progressed(self, job: Job, now: float, stall_after: float) -> None:
        """Note how far its job is; warn once where that has not changed for ``stall_after`` seconds, 0 for never."""
        before = self.attempt.progress
        if (job.state, job.percent) != (before.state, before.percent):
            self.attempt = self.attempt._replace(progress=JobProgress(job.state, job.percent, now))
        elif stall_after and now - before.since >= stall_after and not before.stalled:
            self.attempt = self.attempt._replace(progress=before._replace(stalled=True))
            at = f" at {before.percent} %" if before.percent is not None else ""
            self.warn(f"Its job has been {before.state}{at} for {now - before.since:.0f} s without progress.")

    def end(self, outcome: Outcome, now: float) -> None:
        """End the move, and say so where the VM ran when it was asked for and does not any more."""
        self._enter(Stage.ENDED, now)
        if outcome == "moved":
            self.compare_state(self.move.vm.state)
        self.outcome, self.ended = outcome, now

    def compare_state(self, after: VmState) -> None:
        """Warn where the VM was not at rest when the move was asked for and is by ``after``, its state by now."""
        before = self.request.move.vm.state
        if before not in AT_REST and after in AT_REST:
            self.warn_once(f"It was {before} when the task began, and is {after}.")

    def fail(self, error: Failure, now: float, *, goes_on: bool = False) -> None:
        """End the move without success; ``goes_on``: its migration may still run."""
        self.error, self.goes_on = error, goes_on
        self.end("failed", now)

    def overrule(self, error: Failure) -> None:
        """Have a dry run that ended well fail after all, or a failure say more than it did."""
        self.error, self.outcome = error, "failed"

    def told(self, events: Sequence[Mapping[str, t.Any]]) -> None:
        """Note what the event logs of its hosts say."""
        self.events = tuple(events)

    def wait_again(self, due: float, now: float) -> None:
        """Put a failed move back in the queue."""
        self._enter(Stage.WAITING, now)
        self.outcome, self.ended, self.error, self.goes_on, self.due = None, None, None, False, due
        self.attempt = self.attempt.next()

    def retry(self, due: float, now: float) -> None:
        """Put a failed move back in the queue, count that, and warn of the failure."""
        if self.error is not None:
            self.warn(f"Attempt {self.retried + 1} failed and was repeated: {self.error.text}")
        self.wait_again(due, now)
        self.retried += 1

    def _enter(self, stage: Stage, now: float) -> None:
        if stage not in TRANSITIONS[self.stage]:
            raise IllegalTransition(f"a move that is {self.stage.value} cannot become {stage.value}")
        self.stage, self.since = stage, now
        if stage is not Stage.ENDED:
            has_ended = stage is Stage.VERIFYING and self.job is not None and self.job.is_final
            self.freed = now if has_ended else None
