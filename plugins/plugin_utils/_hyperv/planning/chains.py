# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Places for bundles by chains of others that move out of the way."""

from __future__ import annotations

from .assignment import Assignment
from .changes import cost
from .steps import Steps

_MOST_EVICTIONS = 3  # bundles that make room for one another


def put_best(assignment: Assignment, bundle: int) -> bool:
    """Place a bundle where it goes best; tell whether it fits anywhere."""
    best = assignment.best_place(bundle)
    if best is not None:
        assignment.put(bundle, best)
    return best is not None


def make_room(assignment: Assignment, bundle: int, steps: Steps, most: int | None = None) -> bool:
    """Place a bundle, and others that are in its way elsewhere; on failure all is as it was.

    With ``most``, the bundle is to cost no more than that, and each of the others no more than now.
    """
    return _Chain(assignment, steps, is_free=most is None).extend(bundle, most or 0, _MOST_EVICTIONS, set())


class _Chain:
    def __init__(self, assignment: Assignment, steps: Steps, *, is_free: bool) -> None:
        self._assignment = assignment
        self._steps = steps
        self._is_free = is_free

    def _bears(self, bundle: int, place: int, most: int) -> bool:
        return self._is_free or cost(self._assignment, bundle, place) <= most

    def extend(self, bundle: int, most: int, depth: int, moving: set[int]) -> bool:
        """Place a bundle; ``moving`` are those that wait for a place further up the chain."""
        assignment = self._assignment
        best = assignment.best_place(bundle)
        if best is not None and self._bears(bundle, best, most):
            assignment.put(bundle, best)
            return True
        if depth == 0:
            return False
        need = assignment.needs[bundle]
        for place in sorted(assignment.bundles[bundle].open_to, key=lambda one: (-assignment.room[one], one)):
            lacking = need - assignment.room[place]
            for other in sorted(assignment.on(place), key=lambda one: (assignment.needs[one], one)):
                if other in moving or lacking > assignment.needs[other]:
                    continue
                if not self._steps.step():
                    return False
                assignment.take(other)
                before = 0 if self._is_free else cost(assignment, other, place)
                if assignment.fits(bundle, place) and self._bears(bundle, place, most):
                    assignment.put(bundle, place)
                    if self.extend(other, before, depth - 1, moving | {bundle, other}):
                        return True
                    assignment.take(bundle)
                assignment.put(other, place)
        return False
