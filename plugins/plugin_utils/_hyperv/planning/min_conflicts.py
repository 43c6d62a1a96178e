# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wishes by way of placements that keep no more of them, or fewer for a while. Private to this collection.

One bundle after the other that breaks or misses something takes its best move or exchange, even where that is worse
(Minton and others, "Minimizing conflicts", 1992), and does not go back soon; the best placement is kept.
"""

from __future__ import annotations

from collections.abc import Callable

from .assignment import Assignment
from .steps import Steps

_Cost = Callable[[Assignment, int, int], int]


class MinConflicts:
    """Moves placed bundles to lower the cost of all of them together; ``cost`` is that of one placed nowhere now."""

    def __init__(self, assignment: Assignment, cost: _Cost, steps: Steps) -> None:
        self._assignment = assignment
        self._cost = cost
        self._steps = steps
        self._forbidden: dict[tuple[int, int], int] = {}
        self._turn = 0

    def run(self, bundles: list[int]) -> None:
        """Take turns with some bundles until nothing is broken or the bound is reached; keep the best places."""
        assignment = self._assignment
        best, total, lowest = list(assignment.places), 0, 0
        while self._steps.left() > 0:
            moved = False
            for bundle in bundles:
                place = assignment.take(bundle)
                before = self._cost(assignment, bundle, place)
                assignment.put(bundle, place)
                if not before or self._steps.left() <= 0:
                    continue
                change = self._move(bundle, place, before)
                if change is None:
                    continue
                moved, total = True, total + change
                if total < lowest:
                    best, lowest = list(assignment.places), total
            if not moved:
                break
        assignment.set_places([None] * len(best))
        assignment.set_places(best)

    def _move(self, bundle: int, place: int, before: int) -> int | None:
        """Take the best move that is not forbidden; return what it changes, None where there is none."""
        assignment = self._assignment
        assignment.take(bundle)
        best: tuple[int, int, int] | None = None
        for there in assignment.bundles[bundle].open_to:
            if there == place or self._is_forbidden(bundle, there):
                continue
            self._steps.step()
            if assignment.fits(bundle, there):
                best = min(best or (1 << 60, 0, 0), (self._cost(assignment, bundle, there) - before, there, -1))
            for other in assignment.on(there):
                change = self._exchange(bundle, place, other, there, before)
                if change is not None:
                    best = min(best or (1 << 60, 0, 0), (change, there, other))
        if best is None:
            assignment.put(bundle, place)
            return None
        change, there, other = best
        if other >= 0:
            assignment.take(other)
            self._forbid(other, there)
            assignment.put(other, place)
        assignment.put(bundle, there)
        self._forbid(bundle, place)
        self._turn += 1
        return change

    def _exchange(self, bundle: int, place: int, other: int, there: int, before: int) -> int | None:
        """Return what an exchange with another bundle would change, None where it is not possible."""
        assignment = self._assignment
        self._steps.step()
        if (
            assignment.needs[bundle] > assignment.room[there] + assignment.needs[other]
            or assignment.needs[other] > assignment.room[place]
            or not assignment.is_open(other, place)
            or self._is_forbidden(other, place)
        ):
            return None
        self._steps.step(4)
        assignment.take(other)
        change = -before - self._cost(assignment, other, there)
        possible = assignment.fits(bundle, there)
        if possible:
            change += self._cost(assignment, bundle, there)
            assignment.put(bundle, there)
            possible = assignment.fits(other, place)
            change += self._cost(assignment, other, place)
            assignment.take(bundle)
        assignment.put(other, there)
        return change if possible else None

    def _is_forbidden(self, bundle: int, place: int) -> bool:
        return self._forbidden.get((bundle, place), -1) >= self._turn

    def _forbid(self, bundle: int, place: int) -> None:
        self._forbidden[bundle, place] = self._turn + 10 + self._turn % 7
