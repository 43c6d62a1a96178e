# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ending migrations that run: in order first, by force later, and what came of it.

A request that Hyper-V takes promises nothing: the job may complete all the same. What is said here is about the job
only; where the VM is, its owner tells.
"""

from __future__ import annotations

import contextlib
import functools
import typing as t
from collections.abc import Sequence

from ..._wsman.errors import NoAnswer
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.transport import Clock
from ..cluster.cluster import Cluster
from ..cluster.jobs import Job, read_job
from ..failure.errors import HyperVError
from .end_requests import EndRequest, JobEnd, Reply

_FORCE_AFTER = 30.0  # seconds that a job may take to end before force is used
_AGAIN_AFTER = 5.0  # seconds before a request is repeated that was not taken, or not answered
# Seconds that a job is watched which cannot be ended now: past the copying of memory it is about to end by itself.
_TOO_LATE_FOR = 30.0
_LOOK_EVERY = 1.0  # seconds between two looks of ``cancel_jobs``
GIVE_UP_AFTER = 120.0  # seconds in all; what os-win waits for a job to end
_CANCELLED = "0x800704C7"  # HRESULT of ERROR_CANCELLED (winerror.h)

CancellationOutcome = t.Literal["cancelled", "completed", "failed", "gone", "refused", "still_running", "unclear"]
"""What came of a job that was to end.

``completed``: it was faster. ``failed``: it ended with another error. ``gone``: it vanished, and how it ended is not
known. ``refused``, ``still_running``: it goes on. ``unclear``: it could not be looked at any more.
"""


class Cancellation:
    """One migration being cancelled: ``request`` once, then ``step`` with every look at its job. Never waits or raises.

    Attributes:
        job: as last seen, None before the first look and where it is gone.
        taken: a request to end the job was taken, or may have been: its answer was lost.
        outcome: what came of it, None while that is open.
        last_reply: what was answered last, a clause without a full stop; empty for nothing.
        patience: seconds in all after which it is given up.
    """

    def __init__(self, end: EndRequest, clock: Clock, patience: float = GIVE_UP_AFTER) -> None:
        self.job: Job | None = None
        self.taken = False
        self.outcome: CancellationOutcome | None = None
        self.last_reply = ""
        self.patience = patience
        self._end = end
        self._clock = clock
        self._began = clock.now()
        self._force = False
        self._due: float | None = None
        self._refused = False
        self._too_late_since: float | None = None

    @property
    def given_up(self) -> bool:
        """The job goes on, or may go on, and nothing more is tried."""
        return self.outcome in ("refused", "still_running", "unclear")

    def request(self) -> None:
        """Ask for the job's end."""
        self._began = self._clock.now()
        self._send(force=False)

    def step(self, job: Job | None) -> None:
        """Go on after a look at the job; None is one that is gone. Sends at most what is due."""
        if self.outcome is not None:
            return
        self.job = job
        waited = self._clock.now() - self._began
        if job is None:
            self.outcome = "gone"
        elif job.is_final:
            self.outcome = self._ended(job)
        else:
            self._go_on(waited, ending=job.state == "shutting_down")

    def _go_on(self, waited: float, *, ending: bool) -> None:
        now = self._clock.now()
        # A job that is ending refuses to be ended: that counts for nothing.
        too_late = None if ending else self._too_late_since
        for_good = self._refused and not (ending or self.taken)
        if for_good or (too_late is not None and now - too_late >= _TOO_LATE_FOR):
            self.outcome = "refused"
        elif waited >= self.patience:
            self.outcome = "still_running" if too_late is None else "refused"
        elif too_late is None and not self._force and waited >= _FORCE_AFTER:
            self._send(force=True)
        elif not ending and self._due is not None and now >= self._due:
            self._send(force=self._force)

    def not_seen(self) -> None:
        """Note that the job could not be looked at this time."""
        if self.outcome is None and self._clock.now() - self._began >= self.patience:
            self.outcome = "unclear"

    def _ended(self, job: Job) -> CancellationOutcome:
        if job.is_success:
            return "completed"
        # No source tells which state Hyper-V gives to a job that was cancelled: an error that says so counts as well.
        if job.state in ("terminated", "killed") or (self.taken and job.error().hresult == _CANCELLED):
            return "cancelled"
        return "failed"

    def _send(self, *, force: bool) -> None:
        """Send one request. After a lost answer the job is looked at before it is sent again."""
        self._force, self._due = force, None
        answer = self._end(force)
        if answer.reply is Reply.UNSUPPORTED and not force:
            self._force = True
            answer = self._end(True)
        self.last_reply = answer.text
        if answer.reply is Reply.TAKEN:
            self.taken, self._too_late_since = True, None
        elif answer.reply in (Reply.NOT_NOW, Reply.UNKNOWN, Reply.TOO_LATE):
            self.taken = self.taken or answer.reply is Reply.UNKNOWN
            if answer.reply is Reply.TOO_LATE and self._too_late_since is None:
                self._too_late_since = self._clock.now()
            self._due = self._clock.now() + _AGAIN_AFTER
        else:
            self._refused = True


def why_given_up(cancellation: Cancellation) -> str:
    """Return what became of a migration whose cancellation was given up, as a predicate: "could not be cancelled"."""
    if cancellation.outcome == "refused":
        return f"could not be cancelled: {cancellation.last_reply}; it goes on"
    within = f"{cancellation.patience:.0f} s"
    if cancellation.outcome == "unclear":
        return f"was to be cancelled, but its job could not be read for {within}; it may go on"
    why = f" ({cancellation.last_reply})" if cancellation.last_reply else ""
    return f"did not end within {within} of being cancelled{why}; it goes on"


def cancel_jobs(
    cluster: Cluster, jobs: Sequence[tuple[str, Reference]], *, wait: bool = True, patience: float = GIVE_UP_AFTER
) -> list[Cancellation]:
    """Cancel jobs and return what came of each, in their order.

    A job is given as the node that shows it (empty for the one that answers Root\\HyperVCluster\\v2) and its reference.
    Without ``wait`` it is enough that Hyper-V took the request; the outcome is then None. ``patience`` are the seconds
    in all. Raises what opening a session to a node raises.
    """
    for node in dict.fromkeys(node for node, unused in jobs):
        _session(cluster, node)
    open_jobs = []
    for node, reference in jobs:
        end = JobEnd(functools.partial(_session, cluster, node), reference)
        open_jobs.append((node, reference, Cancellation(end, cluster.clock, patience)))
    cancellations = [cancellation for node, reference, cancellation in open_jobs]
    for cancellation in cancellations:
        cancellation.request()
    while True:
        for node, reference, cancellation in open_jobs:
            _look(cluster, node, reference, cancellation)
        open_jobs = [one for one in open_jobs if one[2].outcome is None and (wait or not one[2].taken)]
        if not open_jobs:
            return cancellations
        cluster.clock.pause(_LOOK_EVERY)


def _session(cluster: Cluster, node: str) -> Session:
    return cluster.node(node) if node else cluster.hyperv


def _look(cluster: Cluster, node: str, reference: Reference, cancellation: Cancellation) -> None:
    try:
        job = read_job(_session(cluster, node), reference)
        if job is None and not node and not cluster.provider_answers():
            raise HyperVError("the provider of Root\\HyperVCluster\\v2 is not there")
    except (HyperVError, NoAnswer):
        cancellation.not_seen()
        if not node:
            with contextlib.suppress(HyperVError, NoAnswer):  # the next look tries again
                cluster.find_provider()
    else:
        cancellation.step(job)
