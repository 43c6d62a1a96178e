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
from ..migration.moves import Move
from ..migration.stage import Stage

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
                if not waits and self._has_arrived(task):
                    task.warn(f"{task.move.source} does not answer ({cause}); the VM was seen on its destination.")
                    task.end("moved" if task.was_asked_for else "already_there", now)
                    continue
                known = _not_started(cause) if waits else outcome_unknown(task.move, cause)
                task.fail(known, now, goes_on=not waits)

    def _has_arrived(self, task: MigrationTask) -> bool:
        """Ask the destination alone for a VM that only hosts know: nobody else can say where it is."""
        if not task.move.hosts or task.storage_only or task.move.storage is not None:
            return False
        with contextlib.suppress(HyperVError, NoAnswer):
            for vm in read_local_vms(self._cluster, task.move.destination.name):
                if vm.id == task.move.vm.id and vm.state == task.move.vm.state and not vm.is_migrating:
                    task.seen_at(task.move.destination.name)
                    return True
        return False


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
