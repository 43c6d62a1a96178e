# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A search for places for all bundles, to its end or to a bound.

Depth first. The bundle with the fewest places left comes first, weighted by how often it was left without any
(Boussemart, Hemery, Lecoutre and Sais, "Boosting systematic search by weighting constraints", 2004), and the search
begins again with other orders after lengths of the sequence of Luby, Sinclair and Zuckerman ("Optimal speedup of Las
Vegas algorithms", 1993).

It can look at sums: then it also takes off the places with which too much memory would be wasted, and prefers big
bundles, because small ones fill up what is left.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Mapping

from .assignment import Assignment
from .bits import places_in
from .open_places import OpenPlaces, Undo
from .place_orders import BIG_FIRST, IN_TURN
from .steps import Steps

_RUN = 100  # nodes of the shortest run
_RUNS = 24  # runs with other orders before the one that goes to its end
_SEED = 20260
_PLENTY = 1 << 50  # MB, more than any node has


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """What a search came to.

    Attributes:
        places: of each bundle by its index, None where no placement was found.
        exhausted: there is no placement: every one was ruled out.
        steps: how many were taken.
    """

    places: Mapping[int, int] | None
    exhausted: bool = False
    steps: int = 0

    @property
    def is_decided(self) -> bool:
        """There is a placement, or it is known that there is none."""
        return self.exhausted or self.places is not None


@dataclasses.dataclass
class _Choice:
    """A bundle and its places: the one that is tried now, those that are still to be tried, those that are as good.

    Attributes:
        ruled_out: places taken off bundles because they have failed here.
        undo: places taken off others by the place that is tried now.
        kinds: places by what they are for all that is left, None until one has failed.
    """

    bundle: int
    places: list[int]
    place: int = -1
    ruled_out: Undo = dataclasses.field(default_factory=list)
    undo: Undo = dataclasses.field(default_factory=list)
    kinds: Mapping[int, object] | None = None


def search(
    assignment: Assignment,
    steps: Steps,
    *,
    below: int | None = None,
    runs: int = _RUNS,
    without_memory: bool = False,
    with_sums: bool = False,
    variant: int = 0,
) -> SearchResult:
    """Search a complete placement of an assignment in which nothing is placed.

    ``below``: what it breaks and misses, as ``cost`` has it, is to be less than that. ``without_memory`` looks at the
    rules alone, and prefers roomy destinations; ``with_sums`` looks at how sizes add up, which costs more where little
    memory is to spare or sizes are odd. ``variant`` is for another one of many placements. One step is one bundle
    looked at.
    """
    more_mb = _PLENTY if without_memory else 0
    places = OpenPlaces(assignment, steps, below, more_mb=more_mb, with_sums=with_sums)
    return _Search(places, steps, variant=variant, first_order=variant + without_memory, is_big_first=with_sums).run(
        runs
    )


class _Search:
    def __init__(self, places: OpenPlaces, steps: Steps, *, variant: int, first_order: int, is_big_first: bool) -> None:
        self._places = places
        self._steps = steps
        self._seed = _SEED + 1000 * variant
        self._orders = BIG_FIRST if is_big_first else IN_TURN
        self._first_order = first_order
        unit = math.gcd(*places.needs) or 1
        self._pull = [1 + need // unit if is_big_first else 1 for need in places.needs]

    def run(self, runs: int) -> SearchResult:
        began, places = self._steps.taken, self._places
        if not all(places.domains.values()) or not all(places.open_to.values()):
            return SearchResult(None, exhausted=True)
        for number in range(runs + 1):
            if self._steps.left() <= 0:
                break
            is_last = number == runs
            share = self._steps.left() if is_last else min(self._steps.left(), self._length(number))
            self._until = self._steps.taken + share
            self._sort = self._orders[(number + self._first_order) % len(self._orders)]
            self._chance = random.Random(self._seed + number)
            places.clear()
            found = places.look_ahead() and self._explore()
            if found is None:
                continue
            if not found:
                return SearchResult(None, exhausted=True, steps=self._steps.taken - began)
            anywhere = {one: places_in(places.domains[one])[0] for one in places.unbound}
            return SearchResult({**places.placed, **anywhere}, steps=self._steps.taken - began)
        return SearchResult(None, steps=self._steps.taken - began)

    def _length(self, number: int) -> int:
        size = len(self._places.order)
        return _luby(number + 1) * size * max(_RUN, size)

    def _explore(self) -> bool | None:
        """Place everything; tell whether that succeeded, None where the bound was reached first."""
        places = self._places
        if not places.left:
            return True
        first = self._choose()
        stack = [] if first is None else [first]
        while stack:
            choice = stack[-1]
            if choice.place >= 0:
                places.withdraw(choice.bundle, choice.undo)
                if not self._rule_out(choice):
                    choice.places = []
            if not self._advance(choice):
                places.restore(choice.ruled_out)
                stack.pop()
                continue
            if not places.left:
                return True
            if self._steps.taken > self._until:
                return None
            following = self._choose()
            if following is not None:
                stack.append(following)
        return False

    def _choose(self) -> _Choice | None:
        """Return the bundle to be placed next; None where the room that is left cannot suffice."""
        places = self._places
        self._steps.step(len(places.left))
        bundle, usable = self._hardest()
        if places.left_mb > sum(places.room[place] for place in places_in(usable)):
            places.weight[bundle] += 1
            return None
        ordered = self._sort(places_in(places.open_to[bundle]), places.room, self._chance)
        bound = places.preferences
        if bound is not None:
            ordered.sort(key=lambda place: bound.cost(bundle, place))
        return _Choice(bundle, ordered[::-1])

    def _hardest(self) -> tuple[int, int]:
        """Return the bundle with the fewest places, and the destinations open to any that needs memory."""
        places = self._places
        best, lowest, usable = -1, math.inf, 0
        for bundle in places.order:
            if bundle not in places.left:
                continue
            open_to = places.open_to[bundle]
            if places.needs[bundle]:
                usable |= open_to
            score = open_to.bit_count() / (places.weight[bundle] * self._pull[bundle])
            if score < lowest:
                best, lowest = bundle, score
        return best, usable

    def _advance(self, choice: _Choice) -> bool:
        """Place a bundle at the next place that leaves every other one some; False where there is none."""
        places = self._places
        while choice.places:
            choice.place = choice.places.pop()
            if places.open_to[choice.bundle] >> choice.place & 1:
                choice.undo = []
                if places.put(choice.bundle, choice.place, choice.undo):
                    return True
                places.withdraw(choice.bundle, choice.undo)
                if not self._rule_out(choice):
                    break
        choice.place = -1
        return False

    def _rule_out(self, choice: _Choice) -> bool:
        """Take a place that has failed, and the like of it, off a bundle and its equivalents; False for none left."""
        if choice.kinds is None:
            choice.kinds = self._places.kinds([choice.place, *choice.places])
        failed = choice.kinds[choice.place]
        alike = [place for place, kind in choice.kinds.items() if kind == failed]
        return self._places.rule_out(choice.bundle, alike, choice.ruled_out)


def _luby(index: int) -> int:
    """Return a number of the sequence 1, 1, 2, 1, 1, 2, 4 ..., counted from 1."""
    power = 1
    while power - 1 < index:
        power *= 2
    if power - 1 == index:
        return power // 2
    return _luby(index - power // 2 + 1)
