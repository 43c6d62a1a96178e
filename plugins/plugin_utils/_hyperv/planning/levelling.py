# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Destinations that are evenly loaded: first in the time that their moves take, then in their share of memory.

Bundles are moved and exchanged away from the highest destination as long as that lowers it; no wish is given up for it.
Bounded in steps.
"""

from __future__ import annotations

from collections.abc import Callable

from .assignment import Assignment
from .changes import Change, added_cost, cost
from .steps import Steps

_TIME_STEPS = 40_000
_MEMORY_STEPS = 8_000


_Measure = Callable[[int, "int | None", "int | None"], float]
"""How high a destination is loaded: without one bundle of it, and with another one that is not there."""


def level_out(assignment: Assignment) -> None:
    """Shorten the evacuation, then even out the memory without making it longer."""
    time = assignment.finish
    limit = 0.0
    if assignment.is_timed:
        _Levelling(assignment, time, assignment.least_time, None, 0, Steps(_TIME_STEPS)).run()
        limit = max(assignment.least_time, *(time(place) for place in range(len(assignment.destinations))), 0)
    guard = time if assignment.is_timed else None

    def memory(place: int, without: int | None = None, plus: int | None = None) -> float:
        needs = assignment.needs
        return assignment.share_used(
            place, (0 if plus is None else needs[plus]) - (0 if without is None else needs[without])
        )

    _Levelling(assignment, memory, 0, guard, limit, Steps(_MEMORY_STEPS)).run()


class _Levelling:
    """Lowers the highest destination until all are at a floor; a second measure stays within its limit."""

    def __init__(
        self,
        assignment: Assignment,
        measure: _Measure,
        floor: float,
        guard: _Measure | None,
        limit: float,
        steps: Steps,
    ) -> None:
        self._assignment = assignment
        self._measure = measure
        self._floor = floor
        self._guard = guard
        self._limit = limit
        self._steps = steps

    def run(self) -> None:
        assignment = self._assignment
        while self._steps.left() > 0:
            places = [place for place in range(len(assignment.destinations)) if assignment.on(place)]
            if not places:
                return
            highest = max(places, key=lambda place: (self._measure(place, None, None), -place))
            level = self._measure(highest, None, None)
            change = self._best_change(highest, level) if level > self._floor else None
            if change is None:
                return
            change.make(assignment)

    def _best_change(self, place: int, level: float) -> Change | None:
        """Return the move or exchange after which both destinations are lowest."""
        assignment, best, lowest = self._assignment, None, level
        for bundle in assignment.on(place):
            for there in assignment.bundles[bundle].open_to:
                if there == place:
                    continue
                for other in (None, *assignment.on(there)):
                    self._steps.step()
                    change = Change(bundle, there, other)
                    after = self._after(self._measure, change, place)
                    if after < lowest and self._is_allowed(change, place):
                        best, lowest = change, after
                if self._steps.left() <= 0:
                    return best
        return best

    @staticmethod
    def _after(measure: _Measure, change: Change, place: int) -> float:
        """Return how high the higher one of both destinations is loaded after a change."""
        return max(
            measure(place, change.bundle, change.other),
            measure(change.there, change.other, change.bundle),
        )

    def _is_allowed(self, change: Change, place: int) -> bool:
        """Tell whether a change fits, keeps to the limit, and gives up no wish."""
        assignment = self._assignment
        if change.other is not None and not assignment.is_open(change.other, place):
            return False
        if self._guard and self._after(self._guard, change, place) > self._limit:
            return False
        assignment.take(change.bundle)
        added = added_cost(assignment, change, place, cost(assignment, change.bundle, place))
        assignment.put(change.bundle, place)
        return added is not None and added <= 0
