# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many moves from their beginning to their end, within the limits of their hosts."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Collection, Mapping, Sequence

from ..cluster.cluster import Cluster
from ..cluster.hosts import Limits, read_limits
from ..failure.failures import Failure
from ..methods.methods import Methods
from ..migration.migration_task import MigrationRequest, MigrationTask, Policy
from ..migration.moves import Move, blocking_reason, possible_owners_of
from ..migration.timeouts import Timeout
from ..migration.vocabulary import AUTO, MethodChoice
from ..settings.wanted_settings import WantedSettings
from .scheduler import Scheduler
from .slots import Share

Report = Callable[[Sequence[MigrationTask]], None]


class MigrationOptions(t.NamedTuple):
    """How moves are made.

    Attributes:
        method: ``auto`` or the one method that may be used.
        timeout: seconds that one move may take; 0 for a limit that follows from the VM's memory.
        max_parallel: how many may run at once; None for as many as the hosts allow. It only lowers their limit.
        policy: what is asked, waited for and tried again.
        settings: what the user wants the migrations to be like.
    """

    method: MethodChoice = AUTO
    timeout: int = 0
    max_parallel: int | None = None
    policy: Policy = Policy()
    settings: WantedSettings = WantedSettings()

    def timeout_of(self, move: Move) -> Timeout:
        """Return how long one attempt of a move may take."""
        return Timeout.of(self.timeout, move.vm.memory_mb, with_storage=move.storage is not None)


class Migration(t.NamedTuple):
    """What moves came to, in their order, the limits of their hosts, and notes on what was not known about these."""

    tasks: Sequence[MigrationTask]
    notes: Sequence[str] = ()
    limits: Limits | None = None


def say_nothing(tasks: Sequence[MigrationTask]) -> None:
    """Report no progress."""


def migrate(
    cluster: Cluster,
    moves: Sequence[Move],
    options: MigrationOptions,
    report: Report = say_nothing,
    slots: Mapping[str, int] | None = None,
    share: Share | None = None,
) -> Migration:
    """Bring all moves to their end; one that fails does not stop the others.

    ``slots``: how many migrations hosts take part in at once, by first label, as was just read. ``share``: the slots
    that these moves hold, among those of other moves that are made at the same time; None for no others. ``report`` is
    called with all tasks whenever one may have changed. Raises HyperVError, Fault and TransportError before the first
    move is started only.
    """
    tasks = _tasks(moves, options)
    report(tasks)  # whoever is cut off on the way knows them
    left = [move for move in moves if not move.is_done]
    hosts = sorted({node for move in left for node in (move.source, move.destination.name)})
    is_alone = share is None and len(left) <= 1
    limits = Limits({}) if is_alone else read_limits(cluster, hosts, options.max_parallel, slots)
    notes = [*limits.notes]
    try:
        _scheduler(cluster, options, limits, report, notes, share).execute(tasks)
    finally:
        if share is not None:
            share.hold([])
    return Migration(tasks, notes, limits)


def start(cluster: Cluster, move: Move, options: MigrationOptions, report: Report = say_nothing) -> Migration:
    """Start one move, and leave it as soon as its job is known. Raises as ``migrate`` does."""
    tasks = _tasks([move], options)
    notes: list[str] = []
    _scheduler(cluster, options, Limits({}), report, notes).start(tasks[0])
    return Migration(tasks, notes)


def dry_run(
    cluster: Cluster, moves: Sequence[Move], options: MigrationOptions, stopped_first: Collection[str] = ()
) -> Migration:
    """Ask what each move would come to, and change nothing.

    ``stopped_first``: ids of VMs that run now and will not by then. Hyper-V is not asked about them: it would judge
    what is not going to be.
    """
    tasks = _tasks(moves, options)
    asked = [task for task in tasks if task.move.vm.id not in stopped_first]
    _scheduler(cluster, options, Limits({}), say_nothing, []).dry_run(asked)
    for task in tasks:
        if task.move.vm.id in stopped_first:
            _foresee(cluster, task, None)
    return Migration(tasks)


def foresee(
    cluster: Cluster, moves: Sequence[Move], options: MigrationOptions, objections: Mapping[str, Failure]
) -> Migration:
    """Return what moves would come to as far as is known without asking Hyper-V about them.

    That is for VMs that are not yet as they will be when they are moved. ``objections`` are known by VM id.
    """
    tasks = _tasks(moves, options)
    for task in tasks:
        _foresee(cluster, task, objections.get(task.move.vm.id))
    return Migration(tasks)


def _foresee(cluster: Cluster, task: MigrationTask, objection: Failure | None) -> None:
    known = blocking_reason(task.move, possible_owners_of(cluster, task.move)) or objection
    now = cluster.clock.now()
    if task.move.is_done:
        task.end("already_there", now)
    elif known is not None:
        task.fail(known, now)
    else:
        task.end("would_move", now)


def _tasks(moves: Sequence[Move], options: MigrationOptions) -> list[MigrationTask]:
    return [
        MigrationTask(
            MigrationRequest(
                move,
                options.timeout_of(move),
                storage_only=move.stays or not options.settings.moves_the_vm,
            )
        )
        for move in moves
    ]


def _scheduler(
    cluster: Cluster,
    options: MigrationOptions,
    limits: Limits,
    report: Report,
    notes: list[str],
    share: Share | None = None,
) -> Scheduler:
    """Return a scheduler of moves; ``notes`` gets those on event logs that could not be read."""

    def explain(failed: Sequence[MigrationTask]) -> None:
        # Imported here because only failures need it.
        from .causes import add_causes

        notes.extend(add_causes(cluster, failed))

    methods = Methods(cluster, options.method, options.settings)
    return Scheduler(cluster, methods, limits, options.policy, report, explain, share)
