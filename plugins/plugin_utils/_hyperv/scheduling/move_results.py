# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task says of its moves at the end: records for machines, a diff, and the message of a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..._hostnames import first_label
from ..._text import clean
from ..failure.finding import full_stop
from ..failure.grouping import told_together
from ..migration.migration_task import MigrationTask
from ..migration.move_record import JobOfMove, MoveRecord, error_message


def has_changed(task: MigrationTask) -> bool:
    """Tell whether something changed: the VM was moved or would be, or a migration that was started goes on."""
    if task.outcome in ("moved", "completed", "would_move"):
        return True
    if task.outcome == "started":
        return task.attempts > 0
    return task.outcome == "failed" and task.attempts > 0 and (task.goes_on or _has_left(task))


def _has_left(task: MigrationTask) -> bool:
    return task.owner is not None and first_label(task.owner) != first_label(task.move.source)


def move_record(task: MigrationTask, moment: Callable[[float], str]) -> MoveRecord:
    """Return one move for a task's result. ``moment`` turns a clock reading into ISO 8601 text."""
    vm = task.move.vm
    elapsed = task.ended - task.started if task.ended is not None and task.started is not None else 0.0
    return {
        "vm": {"id": vm.id, "name": vm.name, "state": vm.state},
        "source_host": task.move.source,
        "destination_host": task.move.destination.name,
        "host_after": _where_after(task),
        "outcome": task.outcome,
        "changed": has_changed(task),
        "verified": task.outcome in ("moved", "already_there"),
        "checked": task.attempt.checked,
        "attached": task.attempt.attached,
        "attempts": task.attempts,
        "method": task.method,
        "started": moment(task.started) if task.started is not None else None,
        "job_ended": moment(task.freed) if task.freed is not None else None,
        "ended": moment(task.ended) if task.ended is not None else None,
        "elapsed_seconds": round(elapsed, 1),
        "timeout_seconds": round(task.timeout.seconds),
        "timeout_from": task.timeout.origin,
        "setting_data": task.attempt.form,
        "return_value": task.attempt.return_value,
        "job": _job(task),
        "warnings": list(task.warnings),
        "error": task.error.about(vm.name).as_result() if task.error else None,
        "events": list(task.events),
    }


def _job(task: MigrationTask) -> JobOfMove | None:
    """Return the job with where it is: no source tells which class and namespace a cluster uses."""
    watched = task.attempt.job
    if watched is None or watched.seen is None:
        return None
    return {
        **watched.seen.as_result(),
        "class": watched.reference.class_name,
        "namespace": watched.reference.namespace,
        "node": watched.node,
    }


def _where_after(task: MigrationTask) -> str:
    """Return where a VM is as it was read last, or would be in a dry run."""
    arrives = task.outcome not in ("failed", "elsewhere", "not_begun") and not task.storage_only
    return task.move.destination.name if arrives else task.owner or task.move.source


def locations_diff(records: Iterable[MoveRecord]) -> dict[str, str]:
    """Return in the form of Ansible's diff mode where VMs were and are, or would be in a dry run."""
    sides: dict[str, str] = {"before": "", "after": ""}
    for one in records:
        name = clean(one["vm"]["name"])
        sides["before"] += f"{name}: {one['source_host']}\n"
        sides["after"] += f"{name}: {one['host_after']}\n"
    return sides


def failure_message(tasks: Sequence[MigrationTask]) -> str:
    """Return the message of a failed task: every failed move, and each reason once."""
    failed = [
        (
            f"{task.move.vm.name} ({task.move.source} -> {task.move.destination.name})",
            task.error.about(task.move.vm.name).as_result(),
            task.move.destination.name,
        )
        for task in tasks
        if task.error is not None
    ]
    told = " | ".join(told_together(failed))
    return told if len(tasks) == 1 else f"{len(failed)} of {len(tasks)} moves failed. {told}"


def cut_off(why: str, records: Sequence[MoveRecord]) -> str:
    """Return what became of the moves of a task that was cut off, as it was read after that."""
    words = {"moved": "Moved", "started": "Still moving", "not_begun": "Not begun", "elsewhere": "Moved by others"}
    by_outcome = {
        word: ", ".join(describe_move(one) if outcome == "started" else str(one["vm"]["name"]) for one in those)
        for outcome, word in words.items()
        if (those := [one for one in records if one["outcome"] == outcome])
    }
    failed = [f"{describe_move(one)}: {error_message(one)}" for one in records if one["outcome"] == "failed"]
    parts = (full_stop(why), *(f"{word}: {those}." for word, those in by_outcome.items()), *failed)
    return clean(
        f"{' '.join(parts)} Migrations that run go on at the cluster. Run the same again with a longer limit: it takes "
        "them up."
    )


def describe_move(record: MoveRecord) -> str:
    """Return which VM was to move from where to where."""
    return f"{record['vm']['name']} ({record['source_host']} -> {record['destination_host']})"
