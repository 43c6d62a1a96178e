# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is due when: deeds on a heap, carried out in the order of their times when somebody looks."""

from __future__ import annotations

import heapq
import itertools
import typing as t


class Timeline:
    """Deeds at simulated seconds. ``now`` is the time of the deed that is being carried out, or of the last look."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, t.Callable[[], None]]] = []
        self._order = itertools.count()

    def after(self, seconds: float, deed: t.Callable[[], None]) -> None:
        """Have ``deed`` carried out ``seconds`` from now; deeds of the same time keep the order of their calls."""
        heapq.heappush(self._due, (self.now + seconds, next(self._order), deed))

    def run_until(self, moment: float) -> None:
        """Carry out everything that is due up to ``moment``, deeds that others bring about included."""
        while self._due and self._due[0][0] <= moment:
            self.now, unused, deed = heapq.heappop(self._due)
            deed()
        self.now = max(self.now, moment)
