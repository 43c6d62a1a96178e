# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves that were made or asked about, with what the cluster's own data say of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.states import AT_REST
from ..failure.errors import HyperVError, with_remedy
from ..migration.migration_task import MigrationTask
from ..planning.move_objections import (
    Around,
    Intended,
    Judged,
    judge_moves,
    less_than_reserve,
    read_around,
    with_known_cause,
)

_MADE = frozenset({"would_move", "moved", "started"})


def judge_together(
    cluster: Cluster,
    tasks: Sequence[MigrationTask],
    stopped_first: Collection[str] = (),
    *,
    is_dry_run: bool,
    is_planned: bool = False,
    was_asked: bool = True,
) -> list[str]:
    """Say of refused moves what speaks against them, and of the others which rules they break.

    In a dry run moves fail for which the destination lacks memory beside the others; after several moves that were made
    the last one to each node warns where little is left there. Neither is done where a plan has counted the memory
    (``is_planned``). ``stopped_first`` are ids of VMs that will not run by then. ``was_asked``: Hyper-V let the moves
    pass. Returns notes on what could not be read.
    """
    judged = {
        task.move.vm.id: (
            task,
            Intended(
                task.move.vm,
                task.move.role,
                task.request.move.source,
                task.move.destination,
                runs=task.move.vm.id not in stopped_first and task.move.vm.state not in AT_REST,
            ),
        )
        for task in tasks
        if not task.storage_only and (task.outcome in _MADE or _is_unexplained(task))
    }
    moves = [move for _task, move in judged.values()]
    if not moves:
        return []
    refused = any(task.error is not None for task, _move in judged.values())
    counts_memory = is_dry_run and not is_planned
    looks_back = not is_dry_run and not is_planned and len(moves) > 1
    try:
        around = read_around(cluster, moves, with_memory=counts_memory or looks_back or refused)
    except (HyperVError, NoAnswer) as error:
        return [f"Rules, and the memory of destinations, could not be read: {with_remedy(error)}"]
    found = judge_moves(around, moves, are_made=is_dry_run)
    for vm_id, (task, _move) in judged.items():
        asked = was_asked and vm_id not in stopped_first
        _add(task, found[vm_id], counts_memory=counts_memory, was_asked=asked)
    if looks_back:
        _look_back(around, [task for task, move in judged.values() if task.outcome == "moved" and move.runs])
    return list(around.notes)


def _look_back(around: Around, moved: Sequence[MigrationTask]) -> None:
    for task in {first_label(one.move.destination.name): one for one in moved}.values():
        name = task.move.destination.name
        memory = around.memory.get(first_label(name))
        less = less_than_reserve(name, memory.free_mb, memory.total_mb, is_now=True) if memory is not None else ""
        if less:
            task.warn_once(less)


def _add(task: MigrationTask, known: Judged, *, counts_memory: bool, was_asked: bool) -> None:
    if task.error is not None:
        task.overrule(with_known_cause(task.error, known, task.move.destination.name))
        return
    for rule in known.broken:
        task.warn_once(f"{rule}. The cluster does not refuse that." if was_asked else f"{rule}.")
    if counts_memory and known.shortage is not None:
        task.overrule(known.shortage)
    elif counts_memory and known.tight:
        task.warn_once(known.tight)


def _is_unexplained(task: MigrationTask) -> bool:
    return task.error is not None and task.error.code == "not_migratable"
