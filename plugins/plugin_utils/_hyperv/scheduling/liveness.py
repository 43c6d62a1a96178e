# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the cluster still answers about moves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.vms import read_local_vms
from ..failure.errors import HyperVError, with_remedy
from ..failure.failures import Failure
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move, reread
from ..migration.stage import Stage
from ..migration.verification import Evidence, Verdict, judge
from ..settings.storage import find_misplaced, read_storage
from .restarted import Restarts

_LOST_AFTER = 300.0  # seconds; Hyper-V keeps an ended job as long (Msvm_MigrationJob.TimeBeforeRemoval)


class Liveness:
    """Counts for how long no answer about a move came; meanwhile looks where the provider may have gone."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def answered(self, tasks: Iterable[MigrationTask]) -> None:
        """Note that an answer about these moves came."""
        for task in tasks:
            task.answered()

    def unanswered(self, tasks: Iterable[MigrationTask], error: Exception) -> None:
        """Look for the provider on other nodes; fail the moves about which no answer came for too long."""
        since = self._cluster.clock.now()
        with contextlib.suppress(HyperVError, NoAnswer):  # the next look tries again
            self._cluster.find_provider()
        for task in tasks:
            now = self._cluster.clock.now()
            if task.unanswered(since, now) >= _LOST_AFTER:
                cause = with_remedy(error).rstrip(".")
                waits = task.stage is Stage.WAITING
                if waits or not self._has_arrived(task):
                    known = _not_started(cause) if waits else outcome_unknown(task.move, cause)
                    task.fail(known, now, goes_on=not waits)
                    continue
                task.seen_at(task.move.destination.name)
                restart = self._restart(task)
                if restart is not None:
                    task.fail(restart, now)
                    continue
                silent = task.move.source if task.move.hosts else "What knows its migration"
                task.warn(f"{silent} does not answer ({cause}); the VM was seen on its destination.")
                task.end("moved" if task.was_asked_for else "already_there", now)

    def _has_arrived(self, task: MigrationTask) -> bool:
        """Look for a VM on its destination without the node that is silent.

        The cluster knows the owner, also where the source kept the job; of a VM that only hosts know, the destination.
        """
        move, destination = task.move, task.move.destination.name
        if task.storage_only:
            return False
        with contextlib.suppress(HyperVError, NoAnswer):
            if move.storage is not None:
                files = read_storage(self._cluster, destination, move.vm.id)
                if find_misplaced(move.storage, files, move.vm.name) is not None:
                    return False
            if not move.hosts:
                seen = Evidence(*reread(self._cluster, [move])[move.vm.id], task.job, waited=0.0)
                return judge(move, seen).verdict is Verdict.ARRIVED
            for vm in read_local_vms(self._cluster, destination):
                if vm.id == move.vm.id and vm.state == move.vm.state and not vm.is_migrating:
                    return True
        return False

    def _restart(self, task: MigrationTask) -> Failure | None:
        with contextlib.suppress(HyperVError, NoAnswer):  # nothing else speaks against what was just read
            return Restarts(self._cluster).find(task)
        return None


def _not_started(why: str) -> Failure:
    return Failure(
        "not_started",
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
