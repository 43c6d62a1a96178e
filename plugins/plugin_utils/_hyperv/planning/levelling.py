# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Destinations that are evenly loaded: first in the time that their moves take, then in their share of memory.

Bundles are moved and exchanged away from the highest destination as long as that lowers it. No preference is given up
for it, unless the evacuation is to take no longer than a limit: then preferred owners are. Bounded in steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .assignment import Assignment
from .changes import RULE, Change, added_cost
from .steps import Steps

_TIME_STEPS = 40_000
_MEMORY_STEPS = 8_000


_MOST_TOGETHER = 8  # bundles that are exchanged for one

_Measure = Callable[[int, Sequence[int], Sequence[int]], float]
"""How high a destination is loaded: without some bundles of it, and with some that are not there."""


def level_out(assignment: Assignment) -> None:
    """Shorten the evacuation, then even out the memory without making it longer."""
    if assignment.is_timed:
        _Levelling(assignment, assignment.finish, assignment.floor(), None, 0, Steps(_TIME_STEPS)).run()
    _level_memory(assignment)


def give_up_preferred(assignment: Assignment, longest: float) -> None:
    """Miss as few preferred owners as are in the way of an evacuation that takes ``longest`` milliseconds at most."""
    steps = Steps(_TIME_STEPS)
    _Levelling(assignment, assignment.finish, longest, None, 0, steps, most_added=RULE - 1).run()
    _level_memory(assignment)


def _level_memory(assignment: Assignment) -> None:
    if assignment.is_timed and assignment.has_rates:
        return  # what goes to a slower link for it holds a slot of the source for longer
    guard = assignment.finish if assignment.is_timed else None

    def memory(place: int, without: Sequence[int], plus: Sequence[int]) -> float:
        needs = assignment.needs
        return assignment.share_used(place, sum(needs[one] for one in plus) - sum(needs[one] for one in without))

    _Levelling(assignment, memory, 0, guard, assignment.end(), Steps(_MEMORY_STEPS)).run()


class _Levelling:
    """Lowers the highest destination until all are at a floor; a second measure stays within its limit.

    ``most_added``: what one change may break and miss more than before it, as ``cost`` has it; less goes first.
    """

    def __init__(
        self,
        assignment: Assignment,
        measure: _Measure,
        floor: float,
        guard: _Measure | None,
        limit: float,
        steps: Steps,
        *,
        most_added: int = 0,
    ) -> None:
        self._assignment = assignment
        self._measure = measure
        self._floor = floor
        self._guard = guard
        self._limit = limit
        self._steps = steps
        self._most_added = most_added

    def run(self) -> None:
        assignment = self._assignment
        while self._steps.left() > 0:
            places = [place for place in range(len(assignment.destinations)) if assignment.on(place)]
            if not places:
                return
            highest = max(places, key=lambda place: (self._measure(place, (), ()), -place))
            level = self._measure(highest, (), ())
            change = self._best_change(highest, level) if level > self._floor else None
            if change is None:
                return
            change.make(assignment)

    def _best_change(self, place: int, level: float) -> Change | None:
        """Return the change after which both destinations are lowest: one for one, or else several for one."""
        for changes in (self._single(place), self._several(place)):
            best, lowest = None, (self._most_added, level)
            for change, there in changes:
                self._steps.step()
                after = self._after(self._measure, change, place, there)
                if after >= level or (0, after) >= lowest or not self._keeps_limit(change, place, there):
                    continue
                added = added_cost(self._assignment, change)
                if added is not None and (max(0, added), after) < lowest:
                    best, lowest = change, (max(0, added), after)
            if best is not None:
                return best
        return None

    def _single(self, place: int) -> Iterator[tuple[Change, int]]:
        """Yield the moves from a place and the exchanges with others, and where they lead."""
        assignment = self._assignment
        for bundle in assignment.on(place):
            if self._steps.left() <= 0:
                return
            for there in assignment.bundles[bundle].open_to:
                if there != place:
                    yield Change(((bundle, there),)), there
                    for other in assignment.on(there):
                        if assignment.is_open(other, place):
                            yield Change(((bundle, there), (other, place))), there

    def _several(self, place: int) -> Iterator[tuple[Change, int]]:
        """Yield exchanges of several bundles of a place for a bigger one, and where they lead."""
        assignment, needs = self._assignment, self._assignment.needs
        small_first = sorted(assignment.on(place), key=lambda one: (needs[one], one))
        for there in range(len(assignment.destinations)):
            ours = [one for one in small_first if assignment.is_open(one, there)]
            for other in assignment.on(there) if there != place else ():
                if self._steps.left() <= 0:
                    return
                if not assignment.is_open(other, place):
                    continue
                room = assignment.room[there] + needs[other]
                for count in range(2, _MOST_TOGETHER + 1):
                    biggest = _biggest_run(ours, needs, count, room)
                    if not biggest:
                        break
                    yield Change(((other, place), *((one, there) for one in biggest))), there

    @staticmethod
    def _after(measure: _Measure, change: Change, place: int, there: int) -> float:
        """Return how high the higher one of both destinations is loaded after a change."""
        leave = [bundle for bundle, where in change.moves if where == there]
        come = [bundle for bundle, where in change.moves if where == place]
        return max(measure(place, leave, come), measure(there, come, leave))

    def _keeps_limit(self, change: Change, place: int, there: int) -> bool:
        return self._guard is None or self._after(self._guard, change, place, there) <= self._limit


def _biggest_run(ordered: Sequence[int], needs: Sequence[int], count: int, room: int) -> Sequence[int]:
    """Return the ``count`` neighbours in an order, small ones first, that need most within ``room``, if any."""
    found: Sequence[int] = ()
    for start in range(len(ordered) - count + 1):
        run = ordered[start : start + count]
        if sum(needs[one] for one in run) > room:
            break
        found = run
    return found
