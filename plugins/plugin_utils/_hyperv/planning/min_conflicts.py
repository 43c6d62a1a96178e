# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fewer preferences missed by moving bundles.

Every bundle that breaks or misses something goes where it breaks less if others can make room at no cost. Then it goes
there, or changes places with another one, even where that is worse in all (Minton and others, "Minimizing conflicts",
1992), and does not go back soon; the best placement is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .assignment import Assignment
from .chains import make_room
from .changes import Change, Tabu, cost
from .steps import Steps

_CHAIN_STEPS = 300  # bundles looked at that might make room for one

_Option = tuple[int, Change]  # what a change costs more than now


class MinConflicts:
    """Moves placed bundles to lower the cost of all of them together.

    ``floors``: what each bundle costs at least, wherever everything is.
    """

    def __init__(self, assignment: Assignment, steps: Steps, floors: Sequence[int]) -> None:
        self._assignment = assignment
        self._steps = steps
        self._floors = floors
        self._tabu = Tabu(10)

    def run(self, bundles: Sequence[int]) -> None:
        """Take turns with some bundles until nothing changes any more or the bound is reached; keep the best places."""
        assignment = self._assignment
        while sum(map(self._spare, bundles)) and self._steps.left() > 0:
            pass
        best, total, lowest = list(assignment.places), 0, 0
        stuck, patience = 0, 10 + 2 * len(bundles)
        while stuck < patience and self._steps.left() > 0:
            moved = False
            for bundle in bundles:
                added = self._turn(bundle)
                if added is None:
                    continue
                moved, total, stuck = True, total + added, stuck + 1
                if total < lowest:
                    best, lowest, stuck = list(assignment.places), total, 0
            if not moved:
                break
        assignment.set_places(best)

    def _spare(self, bundle: int) -> bool:
        """Move a bundle where it costs less if none costs more for that; tell whether that was done."""
        assignment = self._assignment
        place = assignment.take(bundle)
        before = cost(assignment, bundle, place)
        steps = Steps(min(_CHAIN_STEPS, self._steps.left()))
        done = before > self._floors[bundle] and make_room(assignment, bundle, steps, before - 1)
        self._steps.step((1 + steps.taken) * len(assignment.room) // 4)  # places of each are looked at
        if not done:
            assignment.put(bundle, place)
        return done

    def _turn(self, bundle: int) -> int | None:
        """Move a bundle if it costs anything that can be spared; return what that adds, None where it stays."""
        assignment = self._assignment
        if self._steps.left() <= 0:
            return None
        place = assignment.take(bundle)
        before = cost(assignment, bundle, place)
        found = self._best(self._options(bundle, place, before)) if before > self._floors[bundle] else None
        assignment.put(bundle, place)
        if found is None:
            return None
        self._tabu.made(found[1].make(assignment))
        return found[0]

    def _best(self, options: Iterator[_Option]) -> _Option | None:
        allowed = (option for option in options if self._tabu.allows(option[1]))
        return min(allowed, key=lambda option: option[0], default=None)

    def _options(self, bundle: int, place: int, before: int) -> Iterator[_Option]:
        """Yield what lets a bundle that was taken from ``place`` cost less there than ``before``."""
        assignment = self._assignment
        need = assignment.needs[bundle]
        for there in assignment.bundles[bundle].open_to:
            if there == place or not self._steps.step():
                continue
            after = cost(assignment, bundle, there)
            if after < before and assignment.fits(bundle, there):
                yield after - before, Change(((bundle, there),))
            for other in assignment.on(there):
                if need > assignment.room[there] + assignment.needs[other]:
                    continue
                if after < before or assignment.share_soft_rule(bundle, other):
                    found = self._push_on(bundle, place, before, there, other)
                    if found is not None:
                        yield found

    def _push_on(self, bundle: int, place: int, before: int, there: int, other: int) -> _Option | None:
        """Return the best way to put a bundle in the place of another one, None where it would cost no less."""
        assignment, best = self._assignment, None
        self._steps.step(3)
        assignment.take(other)
        after, spared = cost(assignment, bundle, there), cost(assignment, other, there)
        if after < before and assignment.fits(bundle, there):
            assignment.put(bundle, there)
            for onward in (place, *assignment.bundles[other].open_to):
                if onward == there or not assignment.is_open(other, onward):
                    continue
                self._steps.step()
                if assignment.fits(other, onward):
                    added = after - before + cost(assignment, other, onward) - spared
                    if best is None or added < best[0]:
                        best = added, Change(((bundle, there), (other, onward)))
                    if added <= after - before - spared:
                        break
            assignment.take(bundle)
        assignment.put(other, there)
        return best
