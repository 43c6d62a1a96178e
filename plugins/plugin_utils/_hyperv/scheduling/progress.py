# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task shows of its moves while it runs: lines that read well in a terminal and in a log.

Private to this collection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._wsman.transport import Clock
from ..migration.runs import CANCELLING, ENDED, RUNNING, SEARCHING, SETTLING, WAITING, Run

_EVERY = 5.0  # seconds between two lines about moves under way; ends, failures and warnings are told at once
_ESTIMATED_FROM = 0.1  # share of the work that must be done before the time that is left is estimated
# A move counts as started as soon as it was asked for, and nothing new is told while its owner is awaited.
_SHOWN_AS = {SEARCHING: RUNNING, SETTLING: RUNNING}


class Progress:
    """Turns what the scheduler reports into lines: each end and warning, and what is new about the moves under way."""

    def __init__(self, tell: Callable[[str], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._began = clock.now()
        self._next = self._began
        self._told: dict[str, tuple[str, int]] = {}
        self._told_at: dict[str, float] = {}
        self._warned: dict[str, int] = {}

    def report(self, runs: Sequence[Run]) -> None:
        """Tell what is new since the last call."""
        for run in runs:
            vm = run.move.vm
            for warning in run.warnings[self._warned.get(vm.id, 0) :]:
                self._line(runs, run, f"WARNING: {warning}")
            self._warned[vm.id] = len(run.warnings)
            if run.stage == ENDED and self._is_new(run):
                self._news(runs, run)
        under_way = [run for run in runs if run.stage != ENDED and self._is_new(run)]
        if under_way and self._clock.now() >= self._next:
            self._next = self._clock.now() + _EVERY
            self._news(runs, min(under_way, key=lambda run: self._told_at.get(run.move.vm.id, 0.0)))

    def _is_new(self, run: Run) -> bool:
        step, known = _step(run), self._told.get(run.move.vm.id, (WAITING, 0))
        return step != known and not (step[0] == RUNNING == known[0] and step[1] < known[1])

    def _news(self, runs: Sequence[Run], run: Run) -> None:
        self._told[run.move.vm.id], self._told_at[run.move.vm.id] = _step(run), self._clock.now()
        self._line(runs, run, _news(run))

    def _line(self, runs: Sequence[Run], run: Run, text: str) -> None:
        # Ends that are told in the lines to come are not counted yet.
        told = [one for one in runs if one.stage != ENDED or self._told.get(one.move.vm.id, ("",))[0] == ENDED]
        counts = _counts(told, len(runs), self._clock.now() - self._began)
        self._tell(f"[{counts}] {run.move.vm.name}: {text}" if len(runs) > 1 else f"{run.move.vm.name}: {text}")


def _percent(run: Run) -> int:
    return run.job.percent if run.job and run.job.percent is not None else 0


def _step(run: Run) -> tuple[str, int]:
    return _SHOWN_AS.get(run.stage, run.stage), _percent(run) // 10 if run.stage == RUNNING else 0


def _news(run: Run) -> str:
    way = f"{run.move.source} -> {run.move.destination.name}"
    if run.outcome == "failed" and run.error is not None:
        return f"{way} FAILED: {run.error.cause}"
    if run.outcome == "already_there":
        return f"already on {run.move.destination.name}"
    if run.stage == ENDED:
        seconds = f" in {run.ended - run.started:.0f} s" if run.started is not None and run.ended is not None else ""
        return f"{way} {run.outcome.replace('_', ' ')}{seconds}"
    if run.stage == WAITING:
        return f"{way} waits to be tried again"
    if run.stage == CANCELLING:
        return f"{way} takes too long and is being cancelled"
    percent = _percent(run)
    return f"{way} {percent} %" if percent else f"{way} started"


def _counts(runs: Sequence[Run], total: int, elapsed: float) -> str:
    ended = sum(run.stage == ENDED for run in runs)
    failed = sum(run.outcome == "failed" for run in runs)
    waiting = sum(run.stage == WAITING for run in runs)
    parts = [f"{ended}/{total} done", f"{total - ended - waiting} moving", f"{waiting} waiting"]
    if failed:
        parts.insert(1, f"{failed} failed")
    left = _seconds_left(runs, elapsed)
    if left:
        parts.append(f"about {_duration(left)} left")
    return ", ".join(parts)


def _seconds_left(runs: Sequence[Run], elapsed: float) -> float | None:
    """Return how long the rest takes at the pace so far, by memory; None while that is guesswork or nothing is left."""
    work = [(run, max(run.move.vm.memory_mb or 0, 1)) for run in runs]
    total = sum(size for unused, size in work)
    done = sum(size if run.stage == ENDED else size * _percent(run) / 100 for run, size in work)
    if total <= done or done < total * _ESTIMATED_FROM:
        return None
    return elapsed * (total - done) / done


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(5, round(seconds / 5) * 5)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
