# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves of one task that make room for one another: one that is refused waits until another has left."""

from __future__ import annotations

from collections.abc import Sequence

from ..._hostnames import first_label
from ..failure.failures import Failure
from ..migration.migration_task import MigrationTask
from ..migration.stage import Stage

# What memory, classes and rules on the destination may be behind, and what may pass once a VM has left it.
_FOR_WANT_OF_ROOM = frozenset({"not_migratable", "refused"})
_GONE = frozenset({"moved", "elsewhere"})


def leaving(task: MigrationTask, tasks: Sequence[MigrationTask]) -> list[MigrationTask]:
    """Return the moves of other VMs away from the destination of a move."""
    wanted = first_label(task.move.destination.name)
    return [
        other
        for other in tasks
        if other is not task
        and not other.storage_only
        and first_label(other.request.move.source) == wanted != first_label(other.move.destination.name)
    ]


def wants_room(task: MigrationTask) -> bool:
    """Tell whether a move was refused for what another one may change by leaving its destination."""
    error = task.error
    return task.outcome == "failed" and error is not None and error.code in _FOR_WANT_OF_ROOM and not error.transient


class RoomQueue:
    """Holds refused moves back as long as others of the same task still leave their destination."""

    def __init__(self) -> None:
        self._held: dict[str, Failure] = {}
        self._ended: set[str] = set()
        self._gone: dict[str, int] = {}  # by VM id: how many had left when the move was refused

    def hold(self, tasks: Sequence[MigrationTask], now: float) -> bool:
        """Hold back what was refused, let go what may be tried again, and end what nothing will change for.

        Returns whether something is to be tried again.
        """
        refused = [task for task in tasks if wants_room(task) and task.move.vm.id not in self._ended]
        for task, others in [(task, leaving(task, tasks)) for task in refused]:
            vm_id = task.move.vm.id
            has_changed = _count_gone(others) > self._gone.setdefault(vm_id, 0)
            if task.error and (has_changed or any(one.stage is not Stage.ENDED or one in refused for one in others)):
                self._held[vm_id] = task.error
                task.wait_again(float("inf"), now)
        held = [task for task in tasks if task.move.vm.id in self._held and task.stage is Stage.WAITING]
        self._held = {task.move.vm.id: self._held[task.move.vm.id] for task in held}
        again = [task for task in held if _count_gone(leaving(task, tasks)) > self._gone[task.move.vm.id]]
        for task in again:
            self._gone[task.move.vm.id] = _count_gone(leaving(task, tasks))
            del self._held[task.move.vm.id]
            task.put_off(now)
        self._end_what_waits_in_vain([task for task in held if task not in again], tasks, now)
        return bool(again)

    def _end_what_waits_in_vain(
        self, held: Sequence[MigrationTask], tasks: Sequence[MigrationTask], now: float
    ) -> None:
        ids = {task.move.vm.id for task in held}
        hopeless = [
            task
            for task in held
            if all(other.stage is Stage.ENDED or other.move.vm.id in ids for other in leaving(task, tasks))
        ]
        if any(other.stage is not Stage.ENDED and other.move.vm.id not in ids for other in tasks):
            return  # what is under way may still let one of them go, and by that the next
        waiting = {task.move.vm.id: [one for one in leaving(task, tasks) if one in held] for task in hopeless}
        for task in hopeless:
            error = self._held.pop(task.move.vm.id)
            self._ended.add(task.move.vm.id)
            task.fail(in_a_circle(error, task, waiting[task.move.vm.id]), now)


def in_a_circle(error: Failure, task: MigrationTask, others: Sequence[MigrationTask]) -> Failure:
    """Return the refusal of a move that waits for others that wait themselves; the same where none does."""
    if not others:
        return error
    names = ", ".join(other.move.vm.name for other in others)
    verb = "waits" if len(others) == 1 else "wait"
    return error._replace(
        remedy=f"It may go once {names} has left {task.move.destination.name}, which {verb} for room as well: move one "
        f"of these VMs to a third node first. {error.remedy}",
    )


def _count_gone(tasks: Sequence[MigrationTask]) -> int:
    return sum(task.outcome in _GONE for task in tasks)
