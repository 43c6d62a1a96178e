# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the cluster still answers about moves. Private to this collection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from ..cluster.cluster import Cluster
from ..failure.errors import NO_ANSWER, HyperVError, with_remedy
from ..failure.failures import Failure
from ..migration.moves import Move
from ..migration.runs import WAITING, Run

_LOST_AFTER = 300.0  # seconds; Hyper-V keeps an ended job as long (Msvm_MigrationJob.TimeBeforeRemoval)


class Contact:
    """Counts for how long nothing was heard of a move; meanwhile looks where the provider may have gone."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def heard(self, runs: Iterable[Run]) -> None:
        """Note that an answer about these moves came."""
        for run in runs:
            run.silent_since = None

    def lost(self, runs: Iterable[Run], error: Exception) -> None:
        """Look for the provider on other nodes; fail the moves of which nothing was heard for too long."""
        now = self._cluster.clock.now()
        with contextlib.suppress(HyperVError, *NO_ANSWER):  # the next look tries again
            self._cluster.find_provider()
        for run in runs:
            run.silent_since = now if run.silent_since is None else run.silent_since
            if self._cluster.clock.now() - run.silent_since >= _LOST_AFTER:
                cause = with_remedy(error).rstrip(".")
                waits = run.stage == WAITING
                known = _not_started(cause) if waits else outcome_unknown(run.move, cause)
                run.fail(known, self._cluster.clock.now(), goes_on=not waits)


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
