# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many moves from their beginning to their end, within the limits of their hosts. Private to this collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from ..cluster.cluster import Cluster
from ..cluster.hosts import Limits, read_limits
from ..failure.errors import MoveError
from ..methods.methods import AUTO, Methods
from ..migration.moves import Move
from ..migration.runs import Policy, Run
from ..migration.timeouts import Timeout
from ..settings.wanted_settings import WantedSettings
from .scheduler import Scheduler

Report = Callable[[Sequence[Run]], None]


@dataclasses.dataclass(frozen=True)
class MigrationOptions:
    """How moves are made.

    Attributes:
        method: ``auto`` or the one method that may be used.
        timeout: seconds that one move may take; 0 for a limit that follows from the VM's memory.
        max_parallel: how many may run at once; None for as many as the hosts allow. It only lowers their limit.
        policy: what is asked, waited for and tried again.
        settings: what the user wants the migrations to be like.
    """

    method: str = AUTO
    timeout: int = 0
    max_parallel: int | None = None
    policy: Policy = dataclasses.field(default_factory=Policy)
    settings: WantedSettings = dataclasses.field(default_factory=WantedSettings)


@dataclasses.dataclass(frozen=True)
class Migration:
    """What moves came to, in their order, and notes on what was not known about their hosts."""

    runs: Sequence[Run]
    notes: Sequence[str]


def say_nothing(runs: Sequence[Run]) -> None:
    """Report no progress."""


def migrate(
    cluster: Cluster, moves: Sequence[Move], options: MigrationOptions, report: Report = say_nothing
) -> Migration:
    """Bring all moves to their end; one that fails does not stop the others.

    ``report`` is called with all runs whenever one may have changed. Raises HyperVError, Fault and TransportError
    before the first move is started only.
    """
    runs = _runs(moves, options)
    report(runs)  # whoever is cut off on the way knows them
    left = [move for move in moves if not move.is_done]
    hosts = sorted({node for move in left for node in (move.source, move.destination.name)})
    limits = read_limits(cluster, hosts, options.max_parallel) if len(left) > 1 else Limits({})
    _scheduler(cluster, options, limits, report).run(runs)
    return Migration(runs, limits.notes)


def start(cluster: Cluster, move: Move, options: MigrationOptions, report: Report = say_nothing) -> Migration:
    """Start one move, and leave it as soon as its job is known. Raises as ``migrate`` does."""
    runs = _runs([move], options)
    _scheduler(cluster, options, Limits({}), report).start(runs[0])
    return Migration(runs, ())


def rehearse(cluster: Cluster, moves: Sequence[Move], options: MigrationOptions) -> Migration:
    """Ask what each move would come to, and change nothing."""
    runs = _runs(moves, options)
    _scheduler(cluster, options, Limits({}), say_nothing).rehearse(runs)
    return Migration(runs, ())


def foresee(
    cluster: Cluster, moves: Sequence[Move], options: MigrationOptions, objections: Mapping[str, MoveError]
) -> Migration:
    """Return what moves would come to as far as is known without asking Hyper-V about them.

    That is for VMs that are not yet as they will be when they are moved. ``objections`` are known by VM id.
    """
    runs = _runs(moves, options)
    for run in runs:
        now = cluster.clock.now()
        if run.move.vm.id in objections:
            run.fail(objections[run.move.vm.id], now)
        else:
            run.end("already_there" if run.move.is_done else "would_move", now)
    return Migration(runs, ())


def _runs(moves: Sequence[Move], options: MigrationOptions) -> list[Run]:
    return [
        Run(
            move,
            Timeout.of(options.timeout, move.vm.memory_mb, with_storage=move.storage is not None),
            stays=move.stays or not options.settings.moves_the_vm,
        )
        for move in moves
    ]


def _scheduler(cluster: Cluster, options: MigrationOptions, limits: Limits, report: Report) -> Scheduler:
    return Scheduler(cluster, Methods(cluster, options.method, options.settings), limits, options.policy, report)
