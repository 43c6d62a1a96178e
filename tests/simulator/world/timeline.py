# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is due when: actions on a heap, carried out in the order of their times when somebody looks."""

from __future__ import annotations

import heapq
import itertools
import typing as t


class Timeline:
    """Actions at simulated seconds. ``now``: the time of the action that is being carried out, or of the last look."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, t.Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, seconds: float, action: t.Callable[[], None]) -> None:
        """Have ``action`` carried out ``seconds`` from now; actions of the same time keep the order of their calls."""
        heapq.heappush(self._due, (self.now + seconds, next(self._order), action))

    def run_until(self, moment: float) -> None:
        """Carry out everything that is due up to ``moment``, actions that others bring about included."""
        while self._due and self._due[0][0] <= moment:
            self.now, unused, action = heapq.heappop(self._due)
            action()
        self.now = max(self.now, moment)
