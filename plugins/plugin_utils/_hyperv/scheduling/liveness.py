# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the cluster still answers about moves."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterable, Sequence

from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup, read_groups
from ..cluster.vms import Vm, read_local_vms
from ..failure.errors import HyperVError, with_remedy
from ..failure.failures import Failure
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move, reread
from ..migration.stage import Stage
from ..migration.verification import Evidence, Verdict, judge
from ..settings.storage import find_misplaced, read_storage
from .restarted import Restarts

NOT_STARTED: t.Final = "not_started"
_LOST_AFTER = 300.0  # seconds; Hyper-V keeps an ended job as long (Msvm_MigrationJob.TimeBeforeRemoval)
_LOOKED_FOR_AFTER = 30.0  # seconds of silence after which VMs are looked for where they go, and between two looks


class Liveness:
    """Counts for how long no answer about a move came; looks meanwhile where the provider and the VMs may have gone."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._look_at = float("-inf")
        self._nothing_since: float | None = None
        self._is_told = False
        self._is_last = False  # all have been asked for the last time

    def answered(self, tasks: Iterable[MigrationTask]) -> None:
        """Note that an answer about these moves came."""
        self._is_told = self._is_last = False
        self._nothing_since = None
        for task in tasks:
            task.answered()

    def nothing_answers(self, waiting: Sequence[MigrationTask], error: Exception, asked_at: float) -> None:
        """Fail the moves that wait where for too long no question was answered, whichever of them it was about."""
        now = self._cluster.clock.now()
        cause = with_remedy(error).rstrip(".")
        self._nothing_since = asked_at if self._nothing_since is None else self._nothing_since
        self._tell(waiting, cause)
        if now - self._nothing_since >= _LOST_AFTER and self._is_over():
            for task in waiting:
                task.fail(_not_started(cause), now)

    def unanswered(self, tasks: Sequence[MigrationTask], error: Exception, asked_at: float) -> None:
        """End the moves whose VMs have arrived, and fail those about which no answer came for too long.

        The provider is looked for on other nodes. ``asked_at`` is when the question was asked that ``error`` came of.
        """
        with contextlib.suppress(HyperVError):  # the next look tries again
            try:
                self._cluster.find_provider()
            except NoAnswer as silent:
                error = silent  # it names the node
        now, cause = self._cluster.clock.now(), with_remedy(error).rstrip(".")
        silence = {task: task.unanswered(asked_at, now) for task in tasks}
        self._tell([task for task in tasks if task.stage is not Stage.WAITING], cause)
        begun = [task for task in tasks if task.stage is not Stage.WAITING and silence[task] >= _LOOKED_FOR_AFTER]
        is_last = any(silence[task] >= _LOST_AFTER for task in begun)
        if begun and (is_last or now >= self._look_at):
            for task in self._arrived(begun):
                self._end(task, cause)
            self._look_at = self._cluster.clock.now() + _LOOKED_FOR_AFTER
        lost = [task for task in tasks if task.stage is not Stage.ENDED and silence[task] >= _LOST_AFTER]
        if lost and self._is_over():
            for task in lost:
                waits = task.stage is Stage.WAITING
                task.fail(_not_started(cause) if waits else outcome_unknown(task.move, cause), now, goes_on=not waits)

    def _is_over(self) -> bool:
        """Tell whether to wait no longer: all are asked once more before, for one that was left alone may answer."""
        if self._is_last:
            return True
        self._cluster.ask_again()
        self._is_last = True
        return False

    def _tell(self, tasks: Sequence[MigrationTask], cause: str) -> None:
        """Show once what is not known, why, and for how long that is waited for."""
        if self._is_told or not tasks:
            return
        self._is_told = True
        begun = ", ".join(task.move.vm.name for task in tasks if task.stage is not Stage.WAITING)
        unknown = f"What becomes of {begun} is not known" if begun else "No VM can be moved now"
        self._cluster.tell(f"{unknown}: {cause}. An answer is waited for, {_LOST_AFTER:.0f} s at most.")

    def _end(self, task: MigrationTask, cause: str) -> None:
        now = self._cluster.clock.now()
        task.seen_at(task.move.destination.name)
        restart = self._restart(task)
        if restart is not None:
            task.fail(restart, now)
            return
        silent = task.move.source if task.move.hosts else "What knows its migration"
        task.warn(f"{silent} does not answer ({cause}); the VM was seen on its destination.")
        task.end("moved" if task.was_asked_for else "already_there", now)

    def _arrived(self, tasks: Sequence[MigrationTask]) -> list[MigrationTask]:
        """Return those whose VM is on its destination, as is seen without the node that is silent."""
        wanted = [task for task in tasks if not task.storage_only]
        seen = self._seen([task.move for task in wanted])
        return [task for task in wanted if self._is_there(task, *seen.get(task.move.vm.id, (None, None)))]

    def _seen(self, moves: Sequence[Move]) -> dict[str, tuple[Vm | None, VmGroup | None]]:
        """Return VMs and roles by VM id, as the cluster shows them, or as it and the destinations themselves do.

        The cluster knows the owner, also where the source kept the job; of a VM that only hosts know, the destination.
        """
        clustered = [move for move in moves if not move.hosts]
        found: dict[str, tuple[Vm | None, VmGroup | None]] = {}
        with contextlib.suppress(HyperVError, NoAnswer):
            found.update(reread(self._cluster, clustered) if clustered else {})
        missing = [move for move in moves if move.vm.id not in found]
        roles: dict[str, VmGroup] = {}
        with contextlib.suppress(HyperVError, NoAnswer):
            roles = read_groups(self._cluster, [move.vm for move in missing if not move.hosts])
        for destination in dict.fromkeys(move.destination.name for move in missing):
            with contextlib.suppress(HyperVError, NoAnswer):
                there = {vm.id: vm for vm in read_local_vms(self._cluster, destination) if not vm.is_migrating}
                coming = [move for move in missing if move.destination.name == destination and move.vm.id in there]
                known = [move.vm.id for move in coming if move.hosts or move.vm.id in roles]
                found.update({vm_id: (there[vm_id], roles.get(vm_id)) for vm_id in known})
        return found

    def _is_there(self, task: MigrationTask, vm: Vm | None, role: VmGroup | None) -> bool:
        move = task.move
        with contextlib.suppress(HyperVError, NoAnswer):
            if move.storage is not None:
                files = read_storage(self._cluster, move.destination.name, move.vm.id)
                if find_misplaced(move.storage, files, move.vm.name) is not None:
                    return False
            return judge(move, Evidence(vm, role, task.job, waited=0.0)).verdict is Verdict.ARRIVED
        return False

    def _restart(self, task: MigrationTask) -> Failure | None:
        with contextlib.suppress(HyperVError, NoAnswer):  # nothing else speaks against what was just read
            return Restarts(self._cluster).find(task)
        return None


def is_without_answer(error: Failure) -> bool:
    """Tell whether a move was not begun because the cluster gave no answer about it, which may be another one later."""
    return error.code == NOT_STARTED and error.transient


def _not_started(why: str) -> Failure:
    return Failure(
        NOT_STARTED,
        f"the cluster gave no answer about it for {_LOST_AFTER:.0f} s ({why})",
        "Nothing was started. Check the nodes and run the task again.",
        transient=True,
    )


def outcome_unknown(move: Move, why: str) -> Failure:
    """Return the error for a move that may have been made, or may still be under way."""
    return Failure(
        "outcome_unknown",
        f"it is not known what became of the migration of VM {move.vm.name} from {move.source} to "
        f"{move.destination.name}, which may still run ({why})",
        "Look where the VM is before anything else; running the task again takes up a migration that still runs.",
    )
