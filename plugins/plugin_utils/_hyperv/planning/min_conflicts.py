# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wishes by way of placements that keep no more of them, or fewer for a while.

One bundle after the other that breaks or misses something takes its best move or exchange, even where that is worse
(Minton and others, "Minimizing conflicts", 1992), and does not go back soon; the best placement is kept.
"""

from __future__ import annotations

from .assignment import Assignment
from .changes import Change, Tabu, added_cost, cost
from .steps import Steps


class MinConflicts:
    """Moves placed bundles to lower the cost of all of them together."""

    def __init__(self, assignment: Assignment, steps: Steps) -> None:
        self._assignment = assignment
        self._steps = steps
        self._tabu = Tabu(10)

    def run(self, bundles: list[int]) -> None:
        """Take turns with some bundles until nothing is broken or the bound is reached; keep the best places."""
        assignment = self._assignment
        best, total, lowest = list(assignment.places), 0, 0
        while self._steps.left() > 0:
            moved = False
            for bundle in bundles:
                place = assignment.take(bundle)
                before = cost(assignment, bundle, place)
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
        assignment.clear()
        assignment.set_places(best)

    def _move(self, bundle: int, place: int, before: int) -> int | None:
        """Take the best move that is not forbidden; return what it changes, None where there is none."""
        assignment = self._assignment
        assignment.take(bundle)
        best: tuple[int, Change] | None = None
        for there in assignment.bundles[bundle].open_to:
            if there == place or not self._tabu.allows(bundle, there):
                continue
            for other in (None, *assignment.on(there)):
                self._steps.step()
                change = Change(bundle, there, other)
                added = self._added(change, place, before)
                if added is not None and (best is None or added < best[0]):
                    best = added, change
        assignment.put(bundle, place)
        if best is None:
            return None
        self._tabu.made(best[1], best[1].make(assignment))
        return best[0]

    def _added(self, change: Change, place: int, before: int) -> int | None:
        """Return what a change would cost more than now, None where it is not possible or forbidden."""
        assignment, other = self._assignment, change.other
        if other is not None:
            if (
                assignment.needs[change.bundle] > assignment.room[change.there] + assignment.needs[other]
                or assignment.needs[other] > assignment.room[place]
                or not assignment.is_open(other, place)
                or not self._tabu.allows(other, place)
            ):
                return None
            self._steps.step(4)
        return added_cost(assignment, change, place, before)
