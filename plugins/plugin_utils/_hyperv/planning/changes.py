# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves and exchanges of placed bundles, and what they do to soft rules and preferred owners."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from .assignment import Assignment

RULE = 1 << 20  # a broken rule counts more than any number of preferred owners missed


@dataclasses.dataclass(frozen=True)
class Change:
    """Bundles that go to destinations, all at once."""

    moves: tuple[tuple[int, int], ...]

    def make(self, assignment: Assignment) -> list[tuple[int, int]]:
        """Carry it out, whatever speaks against it; return each bundle and where it was."""
        left = [(bundle, assignment.take(bundle)) for bundle, unused in self.moves]
        for bundle, there in self.moves:
            assignment.put(bundle, there)
        return left


class Tabu:
    """Places to which bundles are not to go back for some turns."""

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self._until: dict[tuple[int, int], int] = {}
        self._turn = 0

    def allows(self, change: Change) -> bool:
        """Tell whether the bundles of a change may go where they would by now."""
        return all(self._until.get(move, -1) < self._turn for move in change.moves)

    def made(self, left: Iterable[tuple[int, int]]) -> None:
        """Note that a change was made by which bundles have left places: the next turn begins."""
        for one in left:
            self._until[one] = self._turn + self._turns + self._turn % 7
        self._turn += 1


def cost(assignment: Assignment, bundle: int, place: int) -> int:
    """Return what a bundle, placed nowhere now, would break and miss at a place."""
    return RULE * assignment.soft_violations(bundle, place) + assignment.misses_preferred(bundle, place)


def added_cost(
    assignment: Assignment, change: Change, bears: Callable[[Assignment, int, int], bool] = Assignment.fits
) -> int | None:
    """Return what a change would break and miss more than now, None where a destination does not bear it.

    ``bears`` tells whether a destination takes a bundle.
    """
    added, left = 0, []
    for bundle, unused in change.moves:
        place = assignment.take(bundle)
        left.append((bundle, place))
        added -= cost(assignment, bundle, place)
    put = []
    for bundle, there in change.moves:
        if not bears(assignment, bundle, there):
            break
        added += cost(assignment, bundle, there)
        assignment.put(bundle, there)
        put.append(bundle)
    for bundle in put:
        assignment.take(bundle)
    for bundle, place in left:
        assignment.put(bundle, place)
    return added if len(put) == len(left) else None


def total_cost(assignment: Assignment) -> int:
    """Return what all that is placed breaks and misses together. It is placed anew."""
    places, total = list(assignment.places), 0
    assignment.clear()
    for bundle, place in enumerate(places):
        if place is not None:
            total += cost(assignment, bundle, place)
            assignment.put(bundle, place)
    return total
