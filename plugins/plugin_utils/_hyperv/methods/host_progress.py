# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the hosts' jobs add to what the cluster shows of moves by groups: that one runs, or how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..cluster.cluster import Cluster
from ..cluster.jobs import Job
from ..cluster.patience import GROUP_BEGINS_WITHIN
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move
from .host_witness import HostWitness, as_witnessed

_ASK_EVERY = 10.0  # seconds between two questions for a percentage that the cluster does not tell


class HostProgress:
    """Asks hosts about moves of which the cluster shows nothing, or no percentage for long; keeps their answers."""

    def __init__(self, cluster: Cluster, witness: HostWitness) -> None:
        self._clock = cluster.clock
        self._witness = witness
        self._seen: dict[str, Job] = {}
        self._asked_at = float("-inf")

    def add_to(self, tasks: Sequence[MigrationTask], jobs: Mapping[str, Job | None]) -> dict[str, Job | None]:
        """Return ``jobs``, which are what the cluster shows by VM id, with what hosts show of them. Raises nothing."""
        now = self._clock.now()
        unseen = [task.move for task in tasks if jobs[task.move.vm.id] is None]
        without_percent = [task.move for task in tasks if _lacks_a_percentage(task, jobs[task.move.vm.id], now)]
        is_due = bool(without_percent) and now - self._asked_at >= _ASK_EVERY
        self._ask([*unseen, *(without_percent if is_due else ())])
        if is_due:
            self._asked_at = now
        added = {
            move.vm.id: as_witnessed(jobs[move.vm.id] or unshown(move), self._seen[move.vm.id])
            for move in (*unseen, *without_percent)
            if move.vm.id in self._seen
        }
        return {**jobs, **added}

    def _ask(self, moves: Sequence[Move]) -> None:
        if not moves:
            return
        shown = self._witness.running(moves)
        for move in moves:
            self._seen.pop(move.vm.id, None)
        self._seen |= shown


def unshown(move: Move) -> Job:
    """Return the job of a group of which the cluster shows nothing."""
    return Job(move.role.group if move.role else "", "running", vm_id=move.vm.id, job_type="moving_vm")


def with_percentage_at_the_end(task: MigrationTask, job: Job | None) -> Job | None:
    """Return the job of a move; where it ended badly, with the percentage that was seen of it last.

    What the cluster shows of one that has ended may be 0, or may never have been more.
    """
    if job is None or not job.is_final or job.is_success or job.percent:
        return job
    return job._replace(percent=(task.job.percent if task.job is not None else None) or None)


def _lacks_a_percentage(task: MigrationTask, job: Job | None, now: float) -> bool:
    if job is None or job.state != "running" or job.percent:
        return False
    return now - task.since >= GROUP_BEGINS_WITHIN
