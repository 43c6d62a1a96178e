# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the limits leave for more moves at one moment, looked at once for hundreds that wait."""

from __future__ import annotations

from collections.abc import Sequence

from ..cluster.hosts import Limits
from ..migration.migration_task import MigrationTask


class Slots:
    """The slots that are left while nothing ends: two nodes without one for a move have none for the next either."""

    def __init__(self, limits: Limits, tasks: Sequence[MigrationTask]) -> None:
        """Take off those that the moves among ``tasks`` hold."""
        self._limits = limits
        self._busy = [_nodes(task) for task in tasks if task.takes_a_slot]
        self._refused: set[tuple[str, str]] = set()

    def allow(self, task: MigrationTask) -> bool:
        """Tell whether a move fits."""
        nodes = _nodes(task)
        if nodes not in self._refused and not self._limits.allow(self._busy, *nodes):
            self._refused.add(nodes)
        return nodes not in self._refused

    def take(self, task: MigrationTask) -> bool:
        """Tell whether a move fits; it holds a slot from now on if it does."""
        if not self.allow(task):
            return False
        self._busy.append(_nodes(task))
        return True


def _nodes(task: MigrationTask) -> tuple[str, str]:
    return task.move.source, task.move.destination.name
