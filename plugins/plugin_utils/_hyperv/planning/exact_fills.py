# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A search for places where no memory is to spare: every destination has to be filled to the last MB.

It fills one destination at a time, that with the fewest ways to do so, as bin completion does (Fukunaga and Korf, "Bin
completion algorithms for multicontainer packing, knapsack, and covering problems", 2007). The ways to fill one are
found by meeting in the middle (Horowitz and Sahni, "Computing partitions with applications to the knapsack problem",
1974): sums of big bundles beside sums of small ones. Ways that share a bundle exclude each other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from .assignment import Assignment
from .bits import places_in
from .steps import Steps

_MOST_FILLS = 20_000  # sums or fills of one destination, and fills that are known at once
_FEW_SUMS = 256  # of small bundles, before big ones are combined
_FEW_FILLS = 30  # of a destination: it is filled next, without a look at others

_Fills = Mapping[int, list[int] | None]  # by destination, each a number whose bits are bundles; None if not known


@dataclasses.dataclass(frozen=True)
class FillResult:
    """What it came to: the place of each bundle that needs memory, or that there is none, or neither."""

    places: Mapping[int, int] | None = None
    exhausted: bool = False


class _GaveUp(Exception):
    """The bound was reached, or every destination has more fills than can be listed."""


def fill_exactly(assignment: Assignment, room: Sequence[int], steps: Steps) -> FillResult:
    """Search places for all bundles that need memory where they need all of ``room``, in MB by destination.

    Nothing is placed in the assignment, before and after. One step is one sum or fill that is looked at.
    """
    wanted = [place for place, mb in enumerate(room) if mb]
    search = _FillSearch(assignment, room, steps)
    try:
        found = search.extend(search.everything, dict.fromkeys(wanted))
    except _GaveUp:
        return FillResult()
    finally:
        assignment.clear()
    return FillResult(search.places) if found else FillResult(exhausted=True)


class _FillSearch:
    def __init__(self, assignment: Assignment, room: Sequence[int], steps: Steps) -> None:
        self._assignment = assignment
        self._room = room
        self._steps = steps
        self._shift = len(assignment.bundles)
        self._by_size = sorted((one for one, need in enumerate(assignment.needs) if need), key=self._big_first)
        self.everything = sum(1 << bundle for bundle in self._by_size)
        self.places: dict[int, int] = {}

    def _big_first(self, bundle: int) -> tuple[int, int]:
        return -self._assignment.needs[bundle], bundle

    def extend(self, left: int, fills: _Fills) -> bool:
        """Fill what is not filled yet with the bundles that are left; tell whether that succeeded."""
        if not fills:
            return not left
        known = self._list_more(left, fills)
        if known is None:
            return False
        place = min(known, key=lambda one: (len(known[one]), one))
        others = [one for one in fills if one != place]
        for fill in known[place]:
            self._step(1)
            rest: dict[int, list[int] | None] = {}
            for other in others:
                rest[other] = self._without(known[other], fill) if other in known else None
                if rest[other] == []:
                    break
            else:
                if self._put(fill, place) and self.extend(left & ~fill, rest):
                    self.places.update(dict.fromkeys(places_in(fill), place))
                    return True
                self._take(fill)
        return False

    def _without(self, fills: Sequence[int], taken: int) -> list[int]:
        self._step(len(fills) // 8)
        return [one for one in fills if not one & taken]

    def _list_more(self, left: int, fills: _Fills) -> dict[int, list[int]] | None:
        """Return the fills of those destinations of which they are known or few; None where one has none."""
        known = {place: found for place, found in fills.items() if found is not None}
        is_first = left == self.everything
        total = sum(map(len, known.values()))
        if len(known) > 1 and min(map(len, known.values())) <= _FEW_FILLS:
            return known
        for place in sorted((one for one in fills if one not in known), key=lambda one: (self._room[one], one)):
            if total >= _MOST_FILLS:
                break
            found = self._list(left, place)
            if found is None:
                break
            if not found:
                return None
            known[place] = found
            total += len(found)
            if not is_first:
                break
        if not known:
            raise _GaveUp
        return known

    def _list(self, left: int, place: int) -> list[int] | None:
        """Return how bundles that are left can fill a destination; None where there are too many ways.

        Sums are kept above the bits of their bundles, in one number, so that one addition makes both.
        """
        assignment, room, shift = self._assignment, self._room[place], self._shift
        items = [
            bundle
            for bundle in self._by_size
            if left >> bundle & 1
            and assignment.needs[bundle] <= room
            and assignment.is_open(bundle, place)
            and assignment.keeps_hard_rules(bundle, place)
        ]
        rest = sum(assignment.needs[bundle] for bundle in items)
        if rest < room:
            return []
        packed = [assignment.needs[bundle] << shift | 1 << bundle for bundle in items]
        bundles = (1 << shift) - 1
        limit = room << shift | bundles
        big, small, first, last = [0], [0], 0, len(items)
        while first < last:
            if len(small) <= max(len(big), _FEW_SUMS):
                last -= 1
                more = packed[last]
                small += [one + more for one in small if one + more <= limit]
            else:
                more = packed[first]
                rest -= assignment.needs[items[first]]
                first += 1
                least, most = max(0, room - rest) << shift, limit - more
                big = [one for one in big if one >= least] + [one + more for one in big if least - more <= one <= most]
            if len(small) + len(big) > _MOST_FILLS:
                self._step(len(small) + len(big))
                return None
        self._step(len(small) + len(big))
        by_sum: dict[int, list[int]] = {}
        for one in small:
            by_sum.setdefault(one >> shift, []).append(one & bundles)
        found: list[int] = []
        for one in big:
            matching = by_sum.get(room - (one >> shift))
            if matching:
                found += [one & bundles | other for other in matching]
                if len(found) > _MOST_FILLS:
                    return None
        return found

    def _put(self, fill: int, place: int) -> bool:
        for bundle in places_in(fill):
            if not self._assignment.keeps_hard_rules(bundle, place):
                return False
            self._assignment.put(bundle, place)
        return True

    def _take(self, fill: int) -> None:
        for bundle in places_in(fill):
            if self._assignment.places[bundle] is not None:
                self._assignment.take(bundle)

    def _step(self, count: int) -> None:
        if not self._steps.step(count):
            raise _GaveUp
