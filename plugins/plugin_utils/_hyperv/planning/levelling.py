# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Destinations that are evenly loaded: first in the time that their moves take, then in their share of memory.

Bundles are moved and exchanged away from the highest destination as long as that lowers it; no wish is given up for it.
Bounded in steps. Private to this collection.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .assignment import Assignment
from .steps import Steps
from .wishes import cost

_TIME_STEPS = 40_000
_MEMORY_STEPS = 8_000


class _Measure(t.Protocol):
    """How high a destination is loaded, without one bundle of it and with another one that is not there."""

    def level(self, place: int, without: int | None = None, plus: int | None = None) -> float:
        """Return the load."""


class _Time:
    """When the moves to a destination have ended."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment

    def level(self, place: int, without: int | None = None, plus: int | None = None) -> float:
        return self._assignment.finish(place, without, plus)


class _Memory:
    """The share of a destination's memory that is in use."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment

    def level(self, place: int, without: int | None = None, plus: int | None = None) -> float:
        needs = self._assignment.needs
        more = (0 if plus is None else needs[plus]) - (0 if without is None else needs[without])
        return self._assignment.share_used(place, more)


@dataclasses.dataclass(frozen=True)
class _Change:
    bundle: int
    there: int
    other: int | None


def level_out(assignment: Assignment) -> None:
    """Shorten the evacuation, then even out the memory without making it longer."""
    time = _Time(assignment)
    places = range(len(assignment.destinations))
    if assignment.is_timed:
        _Levelling(assignment, time, assignment.least_time, None, 0, Steps(_TIME_STEPS)).run()
    limit = max(assignment.least_time, *(time.level(place) for place in places), 0) if assignment.is_timed else 0
    guard = time if assignment.is_timed else None
    _Levelling(assignment, _Memory(assignment), 0, guard, limit, Steps(_MEMORY_STEPS)).run()


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
            highest = max(places, key=lambda place: (self._measure.level(place), -place))
            level = self._measure.level(highest)
            change = self._best_change(highest, level) if level > self._floor else None
            if change is None:
                return
            assignment.take(change.bundle)
            if change.other is not None:
                assignment.take(change.other)
                assignment.put(change.other, highest)
            assignment.put(change.bundle, change.there)

    def _best_change(self, place: int, level: float) -> _Change | None:
        """Return the move or exchange after which both destinations are lowest."""
        assignment, best, lowest = self._assignment, None, level
        for bundle in assignment.on(place):
            for there in assignment.bundles[bundle].open_to:
                if there == place:
                    continue
                for other in (None, *assignment.on(there)):
                    self._steps.step()
                    after = self._after(bundle, place, other, there)
                    if after < lowest and self._is_allowed(bundle, place, other, there):
                        best, lowest = _Change(bundle, there, other), after
                if self._steps.left() <= 0:
                    return best
        return best

    def _after(self, bundle: int, place: int, other: int | None, there: int) -> float:
        return max(self._measure.level(place, bundle, other), self._measure.level(there, other, bundle))

    def _is_allowed(self, bundle: int, place: int, other: int | None, there: int) -> bool:
        """Tell whether a change fits, keeps to the limit, and gives up no wish."""
        assignment, guard = self._assignment, self._guard
        if other is not None and not assignment.is_open(other, place):
            return False
        if guard and max(guard.level(place, bundle, other), guard.level(there, other, bundle)) > self._limit:
            return False
        assignment.take(bundle)
        before = cost(assignment, bundle, place)
        if other is not None:
            assignment.take(other)
            before += cost(assignment, other, there)
        allowed = assignment.fits(bundle, there)
        if allowed:
            after = cost(assignment, bundle, there)
            if other is not None:
                assignment.put(bundle, there)
                allowed = assignment.fits(other, place)
                after += cost(assignment, other, place)
                assignment.take(bundle)
            allowed = allowed and after <= before
        if other is not None:
            assignment.put(other, there)
        assignment.put(bundle, place)
        return allowed
