# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A search for places where no memory is to spare: the fills that are least likely a coincidence come first.

Where sizes are odd, few bundles that fill a destination to the last MB hardly do so by chance, while sets of many do.
So it goes on at the destination of which a fill is the surest, in the order of a bound on how unlikely all choices
together may be, which grows: as limited discrepancy search does (Harvey and Ginsberg, "Limited discrepancy search",
1995), with discrepancies that count by how likely they are. Once few bundles are left, all of their fills are known.
It finds, and proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from .assignment import Assignment
from .bits import bits, places_in
from .fill_chances import FillChances
from .steps import Steps
from .sums_of_few import FEW, SumsOfAll, SumsOfFew

_FIRST_BOUND = 2.0  # on the sum of the logarithms of how unlikely choices are
_MORE = 1.2  # by which it grows
_LAST_BOUND = 60.0
_SECOND_LOOK = 2.0  # beyond the bound: what others can still be filled with may make up for so much
_PER_CHOICE = 100  # steps

_Fills = Mapping[int, Sequence[int]]  # by destination, numbers whose bits are bundles, those of few bundles first


class _GaveUp(Exception):
    """The bound on steps was reached."""


def fill_likely(assignment: Assignment, room: Sequence[int], steps: Steps) -> Mapping[int, int] | None:
    """Return the place of each bundle that needs memory, where all of them need all of ``room``; None if not found.

    ``room`` is in MB by destination. Nothing is placed in the assignment, before and after. One step is about one sum
    or fill that is looked at.
    """
    search = _LikelyFills(assignment, room, steps)
    try:
        return search.run()
    except _GaveUp:
        return None
    finally:
        assignment.clear()


class _LikelyFills:
    def __init__(self, assignment: Assignment, room: Sequence[int], steps: Steps) -> None:
        self._assignment = assignment
        self._room = room
        self._steps = steps
        self._bundles = 0
        self._with_rules = bits(one for one in range(len(assignment.needs)) if assignment.hard_rules_of(one))
        self._open_to = [0] * len(room)
        for bundle in (one for one, need in enumerate(assignment.needs) if need):
            self._bundles |= 1 << bundle
            for place in assignment.reachable(bundle):
                self._open_to[place] |= 1 << bundle
        self._sums: dict[int, SumsOfAll] = {}
        # A rule on fault domains may have failed one of these that another way to it would not: nothing is proved here.
        self._failed: set[tuple[int, tuple[int, ...]]] = set()
        self._is_cut = True
        self._places: dict[int, int] = {}

    def run(self) -> Mapping[int, int] | None:
        assignment, wanted = self._assignment, [place for place, mb in enumerate(self._room) if mb]
        sums = SumsOfFew(assignment.needs, self._bundles, self._steps)
        self._chances = FillChances(assignment.needs, self._room, self._open_to, sums.most, self._steps)
        fills = {}
        for place in wanted:
            fills[place] = self._kept(sums.reaching(self._room[place], self._open_to[place]), place)
        bound = _FIRST_BOUND
        while bound < _LAST_BOUND and self._is_cut:
            self._is_cut = False
            if self._extend(self._bundles, fills, bound):
                return self._places
            bound += _MORE
        return None

    def _extend(self, left: int, fills: _Fills, bound: float) -> bool:
        """Fill destinations with what is left; ``fills`` are those that are listed. Tell whether that succeeded."""
        if not fills:
            return not left
        self._step(_PER_CHOICE)
        if left.bit_count() <= FEW:
            return self._fill(left, {place: self._list_all(left, place) for place in fills})
        for cost, place, fill in self._options(left, fills, bound):
            rest = self._without(fills, place, fill)
            if self._put(fill, place) and self._extend(left & ~fill, rest, bound - cost):
                self._note(fill, place)
                return True
            self._take(fill)
        self._is_cut = True
        return False

    def _options(self, left: int, fills: _Fills, bound: float) -> Iterable[tuple[float, int, int]]:
        """Return the fills of the surest destination that are within the bound: cost, destination, fill."""
        chances, wanted = self._chances, len(fills)
        surest, place, weight = 0.0, -1, 0.0
        for one, listed in fills.items():
            if listed:
                total = chances.weight(listed, wanted) + chances.unlisted(left, one, wanted)
                share = chances.weight(listed[:1], wanted) / total
                if share > surest:
                    surest, place, weight = share, one, total
        if place < 0:
            return []
        costs = [(-math.log(chances.weight([fill], wanted) / weight), fill) for fill in fills[place]]
        within = [(cost, fill) for cost, fill in costs if cost <= bound + _SECOND_LOOK]
        if len(within) > 1:
            within = self._look_again(left, fills, place, within)
        return [(cost, place, fill) for cost, fill in within if cost <= bound]

    def _look_again(
        self, left: int, fills: _Fills, place: int, options: Sequence[tuple[float, int]]
    ) -> list[tuple[float, int]]:
        """Return the options of a destination by how likely they are with what they leave to all others."""
        chances, wanted = self._chances, len(fills)
        others = [(one, listed, chances.unlisted(left, one, wanted)) for one, listed in fills.items() if one != place]
        self._step(len(options) * sum(len(listed) for unused, listed, guessed in others) // 4)
        seen = []
        for cost, fill in options:
            weights = [
                chances.weight([other for other in listed if not other & fill], wanted) + guessed
                for unused, listed, guessed in others
            ]
            if all(weights):
                seen.append((sum(map(math.log, weights)) - cost, fill))
        if not seen:
            return []
        best = max(seen)[0]
        total = best + math.log(sum(math.exp(one - best) for one, unused in seen))
        together = -math.log(min(1.0, sum(math.exp(-cost) for cost, unused in options)))
        return sorted((total - one + together, fill) for one, fill in seen)

    def _fill(self, left: int, fills: _Fills) -> bool:
        """Fill destinations with what is left, all fills being known; tell whether that succeeded."""
        if not fills:
            return not left
        state = left, tuple(fills)
        if state in self._failed or not all(fills.values()) or not self._is_covered(left, fills):
            return False
        self._step(_PER_CHOICE)
        place = min(fills, key=lambda one: (len(fills[one]), one))
        for fill in fills[place]:
            if self._put(fill, place) and self._fill(left & ~fill, self._without(fills, place, fill)):
                self._note(fill, place)
                return True
            self._take(fill)
        self._failed.add(state)
        return False

    def _list_all(self, left: int, place: int) -> list[int]:
        """Return all fills of a destination."""
        inside = left & self._open_to[place]
        if inside not in self._sums:
            self._sums = {inside: SumsOfAll(self._assignment.needs, inside, self._steps)}  # most others come at once
        return self._kept(self._sums[inside].reaching(self._room[place]), place)

    def _kept(self, fills: Sequence[int], place: int) -> list[int]:
        """Return the fills that keep the hard rules as everything is placed now."""
        self._step(len(fills))
        if not self._with_rules:
            return list(fills)
        kept = []
        for fill in fills:
            if self._put(fill, place):
                kept.append(fill)
            self._take(fill)
        return kept

    def _without(self, fills: _Fills, place: int, taken: int) -> _Fills:
        """Return the fills of all other destinations without those that share a bundle with one."""
        self._step(sum(map(len, fills.values())) // 8)
        return {one: [fill for fill in listed if not fill & taken] for one, listed in fills.items() if one != place}

    @staticmethod
    def _is_covered(left: int, fills: _Fills) -> bool:
        covered = 0
        for listed in fills.values():
            for fill in listed:
                covered |= fill
        return covered == left

    def _put(self, fill: int, place: int) -> bool:
        for bundle in places_in(fill & self._with_rules):
            if not self._assignment.keeps_hard_rules(bundle, place):
                return False
            self._assignment.put(bundle, place)
        return True

    def _take(self, fill: int) -> None:
        for bundle in places_in(fill & self._with_rules):
            if self._assignment.places[bundle] is not None:
                self._assignment.take(bundle)

    def _note(self, fill: int, place: int) -> None:
        self._places.update(dict.fromkeys(places_in(fill), place))

    def _step(self, count: int) -> None:
        if not self._steps.step(count):
            raise _GaveUp
