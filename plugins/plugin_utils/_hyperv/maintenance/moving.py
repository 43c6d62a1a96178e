# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves of a plan, brought to their end in one or several attempts, with what became of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from ..cluster.cluster import Cluster
from ..cluster.hosts import Limits
from ..cluster.states import AT_REST
from ..failure.failures import Failure
from ..migration.migration_task import MigrationTask
from ..migration.move_record import MoveRecord, error_code
from ..migration.moves import Move, MoveRequest
from ..migration.timeouts import Timeout
from ..migration.verification import MOVED_ELSEWHERE
from ..planning.strategies import MIGRATE
from ..scheduling.cut_off import account_for
from ..scheduling.liveness import is_without_answer
from ..scheduling.migrate import MigrationOptions, dry_run, foresee, migrate
from ..scheduling.move_results import move_record
from ..scheduling.progress import Progress
from ..scheduling.resolve_moves import plan as resolve
from .controller import Controller
from .judging import judge_together

# These moves may still come to their end by themselves, so no other node is tried.
_STILL_OPEN = frozenset({"timeout", "already_migrating"})


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One move of a plan.

    Attributes:
        strategy: how its VM leaves: ``migrate``, or stopped by then.
        possible_owners: the nodes that may own the VM where the plan has just read them, else None.
    """

    vm_id: str
    name: str
    source: str
    destination: str
    strategy: str = MIGRATE
    possible_owners: tuple[str, ...] | None = None


class Moving:
    """Makes moves and keeps what became of them.

    Attributes:
        records: the last word on each VM, by its id, in the form of hyperv_vm_migrate.
        excluded: nodes on which the move of a VM has failed, by its id.
        warnings: what was not known about the limits of hosts.
        limits: those that the last moves were made by, None before any.
    """

    def __init__(self, cluster: Cluster, options: MigrationOptions, controller: Controller) -> None:
        self.cluster = cluster
        self.records: dict[str, MoveRecord] = {}
        self.excluded: dict[str, frozenset[str]] = {}
        self.warnings: list[str] = []
        self.limits: Limits | None = None
        self._options = options
        self._controller = controller
        self._tasks: Sequence[MigrationTask] = ()
        self._unanswered: set[str] = set()

    def make(self, wanted: Sequence[Wanted], slots: Mapping[str, int] | None = None) -> None:
        """Bring moves to their end; one that fails does not stop the others. Raises as ``scheduling.migrate``.

        ``slots``: how many migrations hosts take part in at once, by first label, where that was just read.
        """
        if not wanted:
            return
        moves = self._resolved(wanted)
        progress = Progress(self._controller.tell, self.cluster.clock) if self._controller.shows_progress else None

        def report(tasks: Sequence[MigrationTask]) -> None:
            self._tasks = tasks
            if progress is not None:
                progress.report(tasks)

        done = migrate(self.cluster, moves, self._options, report, slots, self._controller.share)
        self.limits = done.limits
        self.warnings += done.notes
        self.warnings += judge_together(self.cluster, done.tasks, is_dry_run=False, is_planned=True)
        self._keep(done.tasks)

    def dry_run(self, wanted: Sequence[Wanted]) -> None:
        """Ask Hyper-V what moves would come to, and change nothing."""
        moves = self._resolved(wanted)
        by_id = {move.vm.id: move for move in moves}
        stopped = {one.vm_id for one in wanted if one.strategy != MIGRATE and by_id[one.vm_id].vm.state not in AT_REST}
        asked = dry_run(self.cluster, moves, self._options, stopped).tasks
        self.warnings += judge_together(self.cluster, asked, stopped, is_dry_run=True, is_planned=True)
        self._keep(asked)

    def foresee(self, moves: Sequence[Move], objections: Mapping[str, Failure]) -> None:
        """Note what moves would come to as far as is known without asking Hyper-V; ``objections`` are by VM id."""
        tasks = foresee(self.cluster, moves, self._options, objections).tasks
        self.warnings += judge_together(self.cluster, tasks, is_dry_run=True, is_planned=True, was_asked=False)
        self._keep(tasks)

    def account_for(self, cluster: Cluster, why: str) -> None:
        """Note of moves that were cut off where their VMs are now; ``cluster`` has new sessions."""
        self.cluster = cluster
        account_for(cluster, self._tasks, why)
        self._keep(self._tasks)

    def resolve(self, wanted: Sequence[Wanted]) -> list[Move]:
        """Return the moves as they can be made from what is read now. Raises HyperVError, Fault, TransportError."""
        return self._resolved(wanted) if wanted else []

    def _resolved(self, wanted: Sequence[Wanted]) -> list[Move]:
        requests = [
            MoveRequest(one.destination, one.name, one.vm_id, source=one.source, possible_owners=one.possible_owners)
            for one in wanted
        ]
        return resolve(self.cluster, requests, self._options.method)

    def _keep(self, tasks: Sequence[MigrationTask]) -> None:
        for task in tasks:
            vm_id = task.move.vm.id
            self.records[vm_id] = move_record(task, self._controller.moment)
            if task.outcome == "failed" and task.error is not None and is_without_answer(task.error):
                self._unanswered.add(vm_id)
            elif task.outcome == "failed" and task.error is not None and task.error.code not in _STILL_OPEN:
                there = task.move.destination.name
                self.excluded[vm_id] = self.excluded.get(vm_id, frozenset()) | {there}
        self._tasks = ()

    @property
    def failed(self) -> list[MoveRecord]:
        """The moves that failed."""
        return [one for one in self.records.values() if one["outcome"] == "failed"]

    @property
    def may_be_tried_again(self) -> bool:
        """One of the moves failed for good on its node, or somebody else moves its VM to another one.

        Where the cluster gave no answer, it is waited for no second time.
        """
        return any(error_code(one) != "timeout" and one["vm"]["id"] not in self._unanswered for one in self.failed)

    @property
    def moved_by_others(self) -> set[str]:
        """The ids of VMs that somebody else was migrating to another node when their turn came, or had by then."""
        return {one["vm"]["id"] for one in self.failed if error_code(one) in ("already_migrating", MOVED_ELSEWHERE)}

    @property
    def under_way(self) -> list[MoveRecord]:
        """The moves whose migrations run on without being watched."""
        return [one for one in self.records.values() if one["outcome"] == "started"]

    def longest(self, memory: Collection[int | None]) -> float:
        """Return the seconds that the slowest of some moves may take, by their memory in MB."""
        return max((Timeout.of(self._options.timeout, one).seconds for one in memory), default=0.0)
