# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many moves in one loop: start what the limits allow, watch what runs, try again what may pass.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from ..._wsman.faults import Fault
from ..cluster.cluster import Cluster
from ..cluster.hosts import Limits
from ..cluster.nodes import read_nodes
from ..failure.errors import NO_ANSWER, HyperVError, with_remedy
from ..failure.failures import Failure
from ..methods.methods import Methods
from ..migration.moves import reread
from ..migration.runs import ENDED, RUNNING, SEARCHING, WAITING, Policy, Run
from .liveness import Contact
from .starting import Starter
from .watching import Watcher

_FRESH_FOR = 30.0  # seconds that a VM's owner and state count as known before its move is started
_FIRST_BACKOFF, _LONGEST_BACKOFF = 10.0, 120.0  # seconds before a retry; each waits twice as long as the one before
_FOR_A_SLOT = 30.0  # seconds before a host is asked again that had no slot left for one more migration
_SOONEST = 4  # the next look comes after this part of the interval at the soonest
# Failures that trying again would not mend, or would make worse, though they pass: something still runs.
_NEVER_RETRIED = frozenset({"timeout", "already_migrating", "outcome_unknown"})
_NO_SLOT = "limit_reached"


class Scheduler:
    """Runs moves to their end within the limits.

    ``report`` is called with all runs whenever something about one of them may have changed.
    """

    def __init__(
        self,
        cluster: Cluster,
        methods: Methods,
        limits: Limits,
        policy: Policy,
        report: Callable[[Sequence[Run]], None],
    ) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._limits = limits
        self._policy = policy
        self._report = report
        self._contact = Contact(cluster)
        self._methods = methods
        self._starter = Starter(cluster, methods, policy, self._contact)
        self._watcher = Watcher(cluster, methods, policy, self._contact)
        self._read_at = self._clock.now()

    def rehearse(self, runs: Sequence[Run]) -> None:
        """Ask what every move would come to, and end it with ``would_move`` or ``failed``. Changes nothing."""
        for run in runs:
            self._methods.choose(run)
            try:
                self._starter.rehearse(run)
            except (HyperVError, *NO_ANSWER) as error:
                cure = "Nothing was changed. Look at that first, then rehearse again."
                run.fail(
                    Failure("not_asked", with_remedy(error).rstrip("."), cure, transient=_passes(error)),
                    self._clock.now(),
                )

    def start(self, run: Run) -> None:
        """Start one move and end it as ``started`` as soon as its job is known. A move without a job is waited for."""
        self.run([run], until_started=True)
        self._watcher.poll([run])  # so that the result shows the job
        if run.stage != ENDED:
            run.end("started", self._clock.now())

    def run(self, runs: Sequence[Run], *, until_started: bool = False) -> None:
        """Bring every move to its end. A move that fails does not stop the others."""
        for run in runs:
            self._methods.choose(run)
            self._starter.end_if_done(run)
        # What is under way already takes its slots before anything is started.
        for run in runs:
            if run.stage == WAITING and run.move.vm.is_leaving:
                self._attempt(run, self._starter.start, runs)
        while True:
            self._start_what_fits(runs)
            self._try_again(runs)
            self._report(runs)
            if all(run.stage == ENDED or (until_started and run.stage == RUNNING) for run in runs):
                return
            self._pause(runs)
            for run in runs:
                if run.stage == SEARCHING and run.due <= self._clock.now():
                    self._attempt(run, self._starter.search, runs)
            self._watcher.poll(runs)
            self._watcher.settle(runs)

    def _pause(self, runs: Sequence[Run]) -> None:
        """Wait for the next look: less than the interval where a job is about to end, for others wait for its slot."""
        now, interval = self._clock.now(), self._policy.poll_interval
        known = [left for left in (run.seconds_left(now) for run in runs) if left is not None]
        self._clock.pause(min(interval, max(interval / _SOONEST, min(known, default=interval))))

    def _start_what_fits(self, runs: Sequence[Run]) -> None:
        for run in runs:
            if run.stage != WAITING or run.due > self._clock.now():
                continue
            busy = [(other.move.source, other.move.destination.name) for other in runs if other.takes_a_slot]
            if self._limits.allow(busy, run.move.source, run.move.destination.name):
                self._attempt(run, lambda run: self._start(run, runs), runs)
                self._report(runs)

    def _start(self, run: Run, runs: Sequence[Run]) -> None:
        if self._clock.now() - self._read_at > _FRESH_FOR:
            self._refresh([waiting for waiting in runs if waiting.stage == WAITING])
        if run.stage == WAITING:
            self._methods.choose(run)
            self._starter.start(run)
            self._contact.heard([run])

    def _attempt(self, run: Run, step: Callable[[Run], None], runs: Sequence[Run]) -> None:
        """Take a step that must not end the loop: what the node refuses fails this move only.

        A move about which the node gives no answer is put off, and the others with it where nothing is answered at all.
        """
        try:
            step(run)
        except (HyperVError, *NO_ANSWER) as error:
            if not _passes(error):
                why = with_remedy(error).rstrip(".")
                run.fail(Failure("not_started", why, "Nothing was started."), self._clock.now())
                return
            self._contact.lost([run], error)
            for waiting in [run] if self._is_answered() else runs:
                if waiting.stage == WAITING:
                    waiting.due = self._clock.now() + _FIRST_BACKOFF

    def _is_answered(self) -> bool:
        try:
            return self._cluster.provider_answers()
        except NO_ANSWER:
            return False

    def _refresh(self, waiting: Sequence[Run]) -> None:
        """Read owners and states again before a queued move starts: of the VMs, and of the nodes they are to go to."""
        now = reread(self._cluster, [run.move for run in waiting])
        nodes = {node.name: node for node in read_nodes(self._cluster)}
        self._starter.read_jobs_again()
        self._read_at = self._clock.now()
        for run in waiting:
            vm, role = now[run.move.vm.id]
            if vm is None:
                gone = Failure("vm_gone", f"VM {run.move.vm.name} is gone", "Look for it in the cluster.")
                run.fail(gone, self._clock.now())
                continue
            run.now_at(vm, role)
            run.move = dataclasses.replace(
                run.move, destination=nodes.get(run.move.destination.name, run.move.destination)
            )
            self._starter.end_if_done(run)

    def _try_again(self, runs: Sequence[Run]) -> None:
        """Put failed moves back in the queue whose failure may pass. Owner and state are read before the next try."""
        now = self._clock.now()
        for run in runs:
            error = run.error
            if run.stage != ENDED or error is None or not error.transient or error.code in _NEVER_RETRIED:
                continue
            if error.code == _NO_SLOT and not run.timeout.is_over(now - (now if run.started is None else run.started)):
                self._queue_again(run, _FOR_A_SLOT)
            elif run.retried < self._policy.retries:
                run.warnings.append(f"Attempt {run.retried + 1} failed and was repeated: {error.text}")
                self._queue_again(run, min(_FIRST_BACKOFF * 2**run.retried, _LONGEST_BACKOFF))
                run.retried += 1

    def _queue_again(self, run: Run, seconds: float) -> None:
        run.wait_again(self._clock.now() + seconds, self._clock.now())
        self._read_at = float("-inf")


def _passes(error: Exception) -> bool:
    """Tell whether the same request may be answered later."""
    return not isinstance(error, HyperVError) and (not isinstance(error, Fault) or error.is_transient)
