# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the cluster still answers about moves. Private to this collection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
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
                known = _not_started(cause) if waits else outcome_unknown(task.move, cause)
                task.fail(known, now, goes_on=not waits)


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
