# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One try of a move: how it was asked for, and what is known of its job. Values only."""

from __future__ import annotations

import typing as t

from ..._wsman.references import Reference
from ..cluster.jobs import Job
from ..failure.failures import Failure
from .cancellation import Cancellation
from .vocabulary import SYSTEM, MethodName


class WatchedJob(t.NamedTuple):
    """The job that a move waits for.

    Attributes:
        reference: to ask for it, and to end it.
        method: the method whose kind of job it is, which reads it and ends it.
        node: the node that shows it; None for the one that answers Root\\HyperVCluster\\v2.
        seen: as last seen, None before the first look and where it is gone.
    """

    reference: Reference
    method: MethodName
    node: str | None = None
    seen: Job | None = None

    @property
    def has_ended(self) -> bool:
        """It was seen to have ended."""
        return self.seen is not None and self.seen.is_final


class JobProgress(t.NamedTuple):
    """State and percentage of a job as last seen to change.

    Attributes:
        since: clock reading of that change.
        stalled: it was said that they have not changed for long.
    """

    state: str = ""
    percent: int | None = None
    since: float = 0.0
    stalled: bool = False


class Attempt(t.NamedTuple):
    """One try of a move.

    Attributes:
        method: what the VM is moved by.
        began: clock reading at which its migration was asked for, or was found running.
        checked: Hyper-V was asked beforehand and gave a verdict.
        form: form of setting data that the provider took; None for none.
        return_value: what the method returned; None for no answer.
        earlier_jobs: ids of jobs that were there before.
        job: the job that is waited for, None where there is none.
        progress: how far that job is.
        attached: the migration was running before this task, which only waits for it.
        unanswered: calls, the last ones in a row, that got no answer.
        unconfirmed: what the node said to a call that may have started something all the same.
        cancellation: of its job, None where that was not asked to end.
    """

    method: MethodName = SYSTEM
    began: float = 0.0
    checked: bool = False
    form: str | None = None
    return_value: int | None = None
    earlier_jobs: frozenset[str] = frozenset()
    job: WatchedJob | None = None
    progress: JobProgress = JobProgress()
    attached: bool = False
    unanswered: int = 0
    unconfirmed: Failure | None = None
    cancellation: Cancellation | None = None

    def next(self) -> Attempt:
        """Return the next attempt: the job of this one is not taken for its own.

        What Hyper-V last said of the move stays what it said until it is asked again.
        """
        ended = {self.job.seen.id} if self.job is not None and self.job.seen is not None else set()
        return Attempt(self.method, self.began, self.checked, self.form, self.return_value, self.earlier_jobs | ended)
