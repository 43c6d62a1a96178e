# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the limits leave for more moves at one moment, looked at once for hundreds that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..cluster.hosts import Limits
from ..migration.migration_task import MigrationTask

Pair = tuple[str, str]
"""The nodes of a move, source and destination, each of which it takes a slot of."""


class SharedSlots:
    """The slots that schedulers hold which run in threads side by side, so that no node is asked for one too many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Share, Sequence[Pair]] = {}

    def share(self) -> Share:
        """Return what one more of them holds."""
        return Share(self._lock, self._held)


class Share:
    """The slots that one scheduler holds, beside those of the others."""

    def __init__(self, lock: threading.Lock, held: dict[Share, Sequence[Pair]]) -> None:
        self._lock = lock
        self._held = held

    def others(self) -> list[Pair]:
        """Return the moves of the others."""
        with self._lock:
            return self._others()

    def hold(self, pairs: Sequence[Pair]) -> None:
        """Let the others see which moves this one makes."""
        with self._lock:
            self._held[self] = pairs

    def hold_if(self, pairs: Sequence[Pair], fit: Callable[[Sequence[Pair]], bool]) -> bool:
        """Do so if they fit beside those of the others, which cannot change meanwhile; tell whether they do."""
        with self._lock:
            fits = fit(self._others())
            if fits:
                self._held[self] = pairs
            return fits

    def _others(self) -> list[Pair]:
        return [pair for share, pairs in self._held.items() if share is not self for pair in pairs]


class Slots:
    """The slots that are left while nothing ends: two nodes without one for a move have none for the next either."""

    def __init__(self, limits: Limits, tasks: Sequence[MigrationTask], share: Share) -> None:
        """Take off those that the moves among ``tasks`` hold, and the others of a share."""
        self._limits = limits
        self._share = share
        self._beside = share.others()
        self._busy = [_nodes(task) for task in tasks if task.takes_a_slot]
        self._refused: set[Pair] = set()

    def hold(self) -> None:
        """Let others see what the moves hold."""
        self._share.hold(self._busy)

    def allow(self, task: MigrationTask) -> bool:
        """Tell whether a move fits."""
        nodes = _nodes(task)
        if nodes not in self._refused and not self._limits.allow(self._busy, *nodes, self._beside):
            self._refused.add(nodes)
        return nodes not in self._refused

    def take(self, task: MigrationTask) -> bool:
        """Tell whether a move fits; it holds a slot from now on if it does."""
        if not self.allow(task):
            return False
        self._busy.append(_nodes(task))
        return True

    def claim(self, task: MigrationTask) -> bool:
        """Tell whether a move fits beside what others hold by now; they see its slot from then on if it does."""
        nodes = _nodes(task)
        return self.allow(task) and self._share.hold_if(
            [*self._busy, nodes], lambda others: self._limits.allow(self._busy, *nodes, others)
        )


def _nodes(task: MigrationTask) -> Pair:
    return task.move.source, task.move.destination.name
