# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task shows of its moves while it runs: lines that read well in a terminal and in a log."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._wsman.transport import Clock
from ..migration.migration_task import MigrationTask
from ..migration.stage import Stage

_EVERY = 5.0  # seconds between two lines about moves under way; ends, failures and warnings are told at once
_EVENTS_TOLD = 4  # of one move that failed; its result has all that were read
_ESTIMATED_FROM = 0.1  # share of the work that must be done before the time that is left is estimated
# A move counts as started as soon as it was asked for, and nothing new is told while its owner is awaited.
_SHOWN_AS = {Stage.SEARCHING: Stage.RUNNING, Stage.VERIFYING: Stage.RUNNING}


class Progress:
    """Turns what the scheduler reports into lines: each end and warning, and what is new about the moves under way."""

    def __init__(self, tell: Callable[[str], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._began = clock.now()
        self._next = self._began
        self._told: dict[str, tuple[Stage, int]] = {}
        self._told_at: dict[str, float] = {}
        self._warned: dict[str, int] = {}
        self._warnings: dict[str, str] = {}
        self._explained: set[str] = set()

    def report(self, tasks: Sequence[MigrationTask]) -> None:
        """Tell what is new since the last call."""
        for task in tasks:
            vm = task.move.vm
            for warning in task.warnings[self._warned.get(vm.id, 0) :]:
                self._warn(tasks, task, warning)
            self._warned[vm.id] = len(task.warnings)
            if task.stage is Stage.ENDED and self._is_new(task):
                self._news(tasks, task)
            self._events(tasks, task)
        under_way = [task for task in tasks if task.stage is not Stage.ENDED and self._is_new(task)]
        if under_way and self._clock.now() >= self._next:
            self._next = self._clock.now() + _EVERY
            self._news(tasks, min(under_way, key=lambda task: self._told_at.get(task.move.vm.id, 0.0)))

    def _warn(self, tasks: Sequence[MigrationTask], task: MigrationTask, warning: str) -> None:
        """Tell a warning; of a further VM of which it says the same, only that."""
        name = task.move.vm.name
        first = self._warnings.setdefault(warning.replace(name, ""), name)
        self._line(tasks, task, f"WARNING: {warning}" if first == name else f"WARNING: the same as of {first}")

    def _events(self, tasks: Sequence[MigrationTask], task: MigrationTask) -> None:
        """Tell the last events of a move that failed, once they are known."""
        if not task.events or task.move.vm.id in self._explained:
            return
        self._explained.add(task.move.vm.id)
        for event in task.events[-_EVENTS_TOLD:]:
            where = f"{event['node']}, {event['channel']}, event {event['id']} of {event['time'][:19]}Z"
            self._line(tasks, task, f"{where}: {event['message']}")

    def _is_new(self, task: MigrationTask) -> bool:
        step, known = _step(task), self._told.get(task.move.vm.id, (Stage.WAITING, 0))
        return step != known and not (step[0] is Stage.RUNNING is known[0] and step[1] < known[1])

    def _is_told(self, task: MigrationTask) -> bool:
        return task.move.vm.id in self._told and self._told[task.move.vm.id][0] is Stage.ENDED

    def _news(self, tasks: Sequence[MigrationTask], task: MigrationTask) -> None:
        self._told[task.move.vm.id], self._told_at[task.move.vm.id] = _step(task), self._clock.now()
        self._line(tasks, task, _news(task))

    def _line(self, tasks: Sequence[MigrationTask], task: MigrationTask, text: str) -> None:
        # Ends that are told in the lines to come are not counted as done yet, so that the numbers rise line by line.
        told = [one for one in tasks if one.stage is not Stage.ENDED or self._is_told(one)]
        counts = _counts(told, len(tasks), self._clock.now() - self._began)
        self._tell(f"[{counts}] {task.move.vm.name}: {text}" if len(tasks) > 1 else f"{task.move.vm.name}: {text}")


def _percent(task: MigrationTask) -> int:
    return task.job.percent if task.job and task.job.percent is not None else 0


def _step(task: MigrationTask) -> tuple[Stage, int]:
    return _SHOWN_AS.get(task.stage, task.stage), _percent(task) // 10 if task.stage is Stage.RUNNING else 0


def _news(task: MigrationTask) -> str:
    way = f"{task.move.source} -> {task.move.destination.name}"
    if task.outcome == "failed" and task.error is not None:
        return f"{way} FAILED: {task.error.cause}"
    if task.outcome == "already_there":
        return f"already on {task.move.destination.name}"
    if task.outcome == "elsewhere":
        return f"on {task.move.source}, where somebody else has moved it; it is left there"
    if task.outcome is not None:
        seconds = (
            f" in {task.ended - task.started:.0f} s" if task.started is not None and task.ended is not None else ""
        )
        return f"{way} {task.outcome.replace('_', ' ')}{seconds}"
    if task.stage is Stage.WAITING:
        return f"{way} waits to be tried again"
    if task.stage is Stage.CANCELLING:
        return f"{way} takes too long and is being cancelled"
    percent = _percent(task)
    return f"{way} {percent} %" if percent else f"{way} started"


def _counts(tasks: Sequence[MigrationTask], total: int, elapsed: float) -> str:
    ended = sum(task.stage is Stage.ENDED for task in tasks)
    failed = sum(task.outcome == "failed" for task in tasks)
    waiting = sum(task.stage is Stage.WAITING for task in tasks)
    # Their migrations have ended, so that others may have begun in their place; their ends are told later.
    arriving = sum(task.stage is Stage.VERIFYING and not task.takes_a_slot for task in tasks) + total - len(tasks)
    parts = [f"{ended}/{total} done", f"{total - ended - waiting - arriving} moving", f"{waiting} waiting"]
    if arriving:
        parts.insert(2, f"{arriving} arriving")
    if failed:
        parts.insert(1, f"{failed} failed")
    left = _seconds_left(tasks, elapsed)
    if left:
        parts.append(f"about {_duration(left)} left")
    return ", ".join(parts)


def _seconds_left(tasks: Sequence[MigrationTask], elapsed: float) -> float | None:
    """Return how long the rest takes at the pace so far, by memory; None while that is guesswork or nothing is left."""
    work = [(task, max(task.move.vm.memory_mb or 0, 1)) for task in tasks]
    total = sum(size for unused, size in work)
    done = sum(size if task.stage is Stage.ENDED else size * _percent(task) / 100 for task, size in work)
    if total <= done or done < total * _ESTIMATED_FROM:
        return None
    return elapsed * (total - done) / done


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(5, round(seconds / 5) * 5)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
