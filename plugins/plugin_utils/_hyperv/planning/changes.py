# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves and exchanges of placed bundles, and what they do to soft rules and preferred owners."""

from __future__ import annotations

import dataclasses

from .assignment import Assignment

_RULE = 1 << 20  # a broken rule counts more than any number of preferred owners missed


@dataclasses.dataclass(frozen=True)
class Change:
    """A bundle that goes to a destination, in exchange for another one from there or for none."""

    bundle: int
    there: int
    other: int | None = None

    def make(self, assignment: Assignment) -> int:
        """Carry it out, whatever speaks against it; return where the bundle was."""
        place = assignment.take(self.bundle)
        if self.other is not None:
            assignment.take(self.other)
            assignment.put(self.other, place)
        assignment.put(self.bundle, self.there)
        return place


class Tabu:
    """Places to which bundles are not to go back for some turns."""

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self._until: dict[tuple[int, int], int] = {}
        self._turn = 0

    def allows(self, bundle: int, place: int) -> bool:
        """Tell whether a bundle may go to a place by now."""
        return self._until.get((bundle, place), -1) < self._turn

    def made(self, change: Change, place: int) -> None:
        """Note that a change was made, and that its bundle was at a place before: the next turn begins."""
        for bundle, left in ((change.bundle, place), (change.other, change.there)):
            if bundle is not None:
                self._until[bundle, left] = self._turn + self._turns + self._turn % 7
        self._turn += 1


def cost(assignment: Assignment, bundle: int, place: int) -> int:
    """Return what a bundle, placed nowhere now, would break and miss at a place."""
    return _RULE * assignment.soft_violations(bundle, place) + assignment.misses_preferred(bundle, place)


def added_cost(assignment: Assignment, change: Change, place: int, before: int) -> int | None:
    """Return what a change would break and miss more than now, None where memory or a hard rule is against it.

    Its bundle was taken from ``place``, where it costs ``before``.
    """
    bundle, there, other = change.bundle, change.there, change.other
    if other is None:
        return cost(assignment, bundle, there) - before if assignment.fits(bundle, there) else None
    assignment.take(other)
    before += cost(assignment, other, there)
    after, possible = 0, assignment.fits(bundle, there)
    if possible:
        after = cost(assignment, bundle, there)
        assignment.put(bundle, there)
        possible = assignment.fits(other, place)
        after += cost(assignment, other, place)
        assignment.take(bundle)
    assignment.put(other, there)
    return after - before if possible else None
