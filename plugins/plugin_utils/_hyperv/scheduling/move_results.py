# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task says of its moves at the end: records for machines, a diff, and the message of a failure.

Private to this collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..._hostnames import first_label
from ..._text import clean
from ..migration.runs import Run


def changed(run: Run) -> bool:
    """Tell whether something changed: the VM was moved or would be, or a migration that was started goes on."""
    if run.outcome in ("moved", "completed", "would_move"):
        return True
    if run.outcome == "started":
        return run.attempts > 0
    return run.outcome == "failed" and run.attempts > 0 and (run.goes_on or _has_left(run))


def _has_left(run: Run) -> bool:
    return bool(run.owner) and first_label(run.owner) != first_label(run.move.source)


def record(run: Run, moment: t.Callable[[float], str]) -> dict[str, t.Any]:
    """Return one move for a task's result. ``moment`` turns a clock reading into ISO 8601 text."""
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
        "method": run.method,
        "started": moment(run.started) if run.started is not None else None,
        "job_ended": moment(run.freed) if run.freed is not None else None,
        "ended": moment(run.ended) if run.ended is not None else None,
        "elapsed_seconds": round(elapsed, 1),
        "timeout_seconds": round(run.timeout.seconds),
        "timeout_from": run.timeout.origin,
        "setting_data": run.form or None,
        "return_value": run.return_value,
        "job": _job(run),
        "warnings": list(run.warnings),
        "error": run.error.as_result() if run.error else None,
    }


def _job(run: Run) -> dict[str, t.Any] | None:
    """Return the job with where it is: no source tells which class and namespace a cluster uses."""
    if run.job is None or run.reference is None:
        return None
    where = {"class": run.reference.class_name, "namespace": run.reference.namespace, "node": run.job_node or None}
    return {**run.job.as_result(), **where}


def diff(runs: Sequence[Run]) -> dict[str, str]:
    """Return owners before and after."""
    before = [f"{clean(run.move.vm.name)}: {run.move.source}\n" for run in runs]
    after = [f"{clean(run.move.vm.name)}: {_where_after(run)}\n" for run in runs]
    return {"before": "".join(before), "after": "".join(after)}


def _where_after(run: Run) -> str:
    arrives = run.outcome not in ("failed", "elsewhere", "not_begun") and not run.stays
    return run.move.destination.name if arrives else run.owner or run.move.source


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
