# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task says of its moves: for machines in the result, for people while it runs and at the end.

Private to this collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from .schedule import ENDED, RUNNING, SETTLING, WAITING, Run


def changed(run: Run) -> bool:
    """Tell whether the task changed something: the VM was moved by it, or would be."""
    return run.outcome in ("moved", "started", "would_move")


def record(run: Run) -> dict[str, t.Any]:
    """Return one move for a task's result."""
    vm = run.move.vm
    elapsed = run.ended - run.started if run.ended is not None and run.started is not None else 0.0
    return {
        "vm": {"id": vm.id, "name": vm.name, "state": vm.state},
        "source_host": run.move.source,
        "destination_host": run.move.destination.name,
        "outcome": run.outcome,
        "changed": changed(run),
        "verified": run.outcome in ("moved", "already_there"),
        "checked": run.checked,
        "adopted": run.adopted,
        "attempts": run.attempts,
        "elapsed_seconds": round(elapsed, 1),
        "timeout_seconds": round(run.timeout.seconds),
        "timeout_from": run.timeout.origin,
        "setting_data": run.form or None,
        "return_value": run.return_value,
        "job": run.job.as_result() if run.job else None,
        "warnings": list(run.warnings),
        "error": run.error.as_result() if run.error else None,
    }


def diff(runs: Sequence[Run]) -> dict[str, str]:
    """Return owners before and after."""
    before = [f"{run.move.vm.name}: {run.move.source}\n" for run in runs]
    after = [f"{run.move.vm.name}: {run.move.destination.name if _arrives(run) else run.move.source}\n" for run in runs]
    return {"before": "".join(before), "after": "".join(after)}


def _arrives(run: Run) -> bool:
    return run.outcome != "failed"


def failure(runs: Sequence[Run]) -> str:
    """Return the message of a failed task: every failed move with its reason."""
    failed = [run for run in runs if run.error is not None]
    lines = [
        f"{run.move.vm.name} ({run.move.source} -> {run.move.destination.name}): {run.error.message}"
        for run in failed
        if run.error is not None
    ]
    if len(runs) == 1:
        return lines[0]
    return f"{len(failed)} of {len(runs)} moves failed. " + " | ".join(lines)


class Progress:
    """Turns what the scheduler reports into lines for people: starts, each tenth of the way, and ends."""

    def __init__(self, tell: t.Callable[[str], None]) -> None:
        self._tell = tell
        self._told: dict[str, tuple[str, int]] = {}

    def report(self, runs: Sequence[Run]) -> None:
        """Tell what is new since the last call."""
        for run in runs:
            percent = run.job.percent if run.job and run.job.percent is not None else 0
            step = (run.stage if run.stage != SETTLING else RUNNING, percent // 10 if run.stage == RUNNING else 0)
            known = self._told.get(run.move.vm.id, (WAITING, 0))
            if run.stage == SETTLING or step == known or (step[0] == RUNNING == known[0] and step[1] < known[1]):
                continue
            self._told[run.move.vm.id] = step
            self._tell(f"{_counts(runs)} {run.move.vm.name}: {_news(run, percent)}")


def _news(run: Run, percent: int) -> str:
    way = f"{run.move.source} -> {run.move.destination.name}"
    if run.outcome == "failed" and run.error is not None:
        return f"{way} FAILED: {run.error.cause}"
    if run.outcome == "already_there":
        return f"already on {run.move.destination.name}"
    if run.stage == ENDED:
        seconds = f" in {run.ended - run.started:.0f} s" if run.started is not None and run.ended is not None else ""
        return f"{way} {run.outcome.replace('_', ' ')}{seconds}"
    return f"{way} {percent} %" if percent else f"{way} started"


def _counts(runs: Sequence[Run]) -> str:
    ended = sum(run.stage == ENDED for run in runs)
    waiting = sum(run.stage == WAITING for run in runs)
    return f"[{ended}/{len(runs)} done, {len(runs) - ended - waiting} moving, {waiting} waiting]"
