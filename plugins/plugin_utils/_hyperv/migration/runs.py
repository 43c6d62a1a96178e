# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One move on its way: what is known of it, and the stages that it goes through. Private to this collection."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..._hostnames import first_label
from ..._wsman.references import Reference
from ..cluster.groups import VmGroup
from ..cluster.jobs import Job
from ..cluster.vms import Vm
from ..failure.errors import MoveError
from ..failure.job_errors import JobErrorDetail
from .cancellation import Cancellation
from .moves import Move
from .timeouts import Timeout

WAITING, SEARCHING, RUNNING, CANCELLING, SETTLING, ENDED = (
    "waiting",
    "searching",
    "running",
    "cancelling",
    "settling",
    "ended",
)


# What a VM is moved by: MigrateVirtualSystemToSystem; MoveToNewNodeParams and MoveToNewNode of its group;
# MigrateVirtualSystemToHost.
SYSTEM, CLUSTER_GROUP, HOST = "system", "cluster_group", "host"


@dataclasses.dataclass(frozen=True)
class Policy:
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
    on_timeout: t.Literal["leave", "cancel"] = "leave"
    stall_after: float = 300.0


@dataclasses.dataclass
class Run:
    """One move on its way.

    Attributes:
        stage: ``waiting``; ``searching`` (the call's outcome is unclear and its job is looked for); ``running``;
            ``cancelling``; ``settling`` (the job has ended and the owner is awaited); ``ended``.
        outcome: ``moved``, ``already_there``, ``elsewhere`` (where somebody moved the VM), ``would_move``, ``started``,
            ``completed`` (of one that ``stays``), ``not_begun`` (of a task that was cut off) or ``failed`` once ended.
        due: clock reading before which the move is left alone.
        started, ended: clock readings of the first attempt and of the end; None before.
        since: clock reading at which the present stage began.
        freed: clock reading at which its job was seen to end, so that it takes no slot any more; None before.
        migrating_since: clock reading at which the present attempt began.
        attempts: how often the migration was asked for; retried: how many of these followed a failure.
        unanswered: calls of the present attempt, the last ones in a row, that got no answer.
        method: ``system``, ``cluster_group`` or ``host``.
        job, reference: the job as last seen and its reference; None where there is none or it is gone.
        job_node: the node that shows the job; empty for the one that answers Root\\HyperVCluster\\v2.
        earlier_jobs: ids of jobs that were there before the present attempt.
        details: what GetErrorEx said of a failed job.
        stays: the migration that is asked for leaves the VM where it is (storage, staging): its job alone decides.
        adopted: the migration was running before this task.
        checked: Hyper-V was asked beforehand and gave a verdict.
        form: form of setting data the provider took; return_value: what the method returned.
        progress: state and percentage as last seen to change, and when.
        doubt: what the node said to a call that may have started something all the same.
        silent_since: clock reading since when nothing was heard of the move; None while there are answers.
        owner: the node that was last seen to own the VM.
        goes_on: it failed, and its migration may still run.
    """

    move: Move
    timeout: Timeout
    stays: bool = False
    stage: str = WAITING
    outcome: str = ""
    due: float = 0.0
    started: float | None = None
    ended: float | None = None
    since: float = 0.0
    freed: float | None = None
    migrating_since: float = 0.0
    attempts: int = 0
    retried: int = 0
    unanswered: int = 0
    method: str = SYSTEM
    job: Job | None = None
    reference: Reference | None = None
    job_node: str = ""
    earlier_jobs: frozenset[str] = frozenset()
    details: Sequence[JobErrorDetail] = ()
    cancellation: Cancellation | None = None
    adopted: bool = False
    checked: bool = False
    form: str = ""
    return_value: int | None = None
    progress: tuple[str, int | None, float] = ("", None, 0.0)
    stalled: bool = False
    doubt: MoveError | None = None
    silent_since: float | None = None
    owner: str = ""
    goes_on: bool = False
    error: MoveError | None = None
    warnings: list[str] = dataclasses.field(default_factory=list)

    @property
    def is_active(self) -> bool:
        """The move has been started, as far as is known, and has not ended."""
        return self.stage not in (WAITING, ENDED)

    @property
    def takes_a_slot(self) -> bool:
        """Its migration occupies its hosts: a job that was seen to end does not, although its owner is awaited."""
        return self.is_active and self.freed is None

    def seconds_left(self, now: float) -> float | None:
        """Return how long its job takes from now on at its pace so far; None where nothing is known of that."""
        if self.stage != RUNNING or self.job is None or not self.job.percent:
            return None
        # Percents are whole, so that even 100 can be off by almost one.
        return (now - self.migrating_since) * max(100 - self.job.percent, 1) / self.job.percent

    def enter(self, stage: str, now: float) -> None:
        """Go on to a stage."""
        self.stage, self.since = stage, now
        if stage != ENDED:
            self.freed = now if stage == SETTLING and self.job is not None and self.job.is_final else None

    def now_at(self, vm: Vm, role: VmGroup | None) -> None:
        """Go on from where the VM was just seen, and say so where that is another node than before."""
        owner = vm.node or (role.owner if role else "")
        known = {first_label(self.move.source), first_label(self.move.destination.name)}
        if first_label(owner) not in known and not self.move.fetched_from:
            self.warnings.append(f"The VM was moved from {self.move.source} to {owner} while it waited here.")
        self.move, self.owner = dataclasses.replace(self.move, vm=vm, role=role, source=owner), owner

    def warn_once(self, text: str) -> None:
        """Add a warning unless it stands there already."""
        if text not in self.warnings:
            self.warnings.append(text)

    def begin(self, now: float) -> None:
        """Begin an attempt."""
        self.migrating_since = now
        self.started = now if self.started is None else self.started

    def follow(self, reference: Reference, job: Job | None, now: float) -> None:
        """Wait for a job from now on."""
        # A host's job is its own; that of a cluster is where the cluster's provider is, or it will be looked for.
        self.reference, self.job, self.job_node = reference, job, self.move.source if self.method == HOST else ""
        self.progress = ("", None, now)
        self.enter(RUNNING, now)

    def end(self, outcome: str, now: float) -> None:
        """End the move."""
        self.enter(ENDED, now)
        self.outcome, self.ended = outcome, now

    def fail(self, error: MoveError, now: float, *, goes_on: bool = False) -> None:
        """End the move without success; ``goes_on``: its migration may still run."""
        self.error, self.goes_on = error, goes_on
        self.end("failed", now)

    def wait_again(self, due: float, now: float) -> None:
        """Put a failed move back in the queue; what the failed attempt left behind is not taken for the next one's."""
        if self.job is not None:
            self.earlier_jobs |= {self.job.id}
        self.outcome, self.ended, self.error, self.doubt = "", None, None, None
        self.job, self.reference, self.job_node, self.details, self.cancellation = None, None, "", (), None
        self.adopted, self.stalled, self.unanswered, self.due = False, False, 0, due
        self.enter(WAITING, now)
