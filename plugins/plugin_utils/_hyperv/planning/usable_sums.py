# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which places bundles that are left can have, as their sizes add up: memory that no sum of them reaches is wasted.

The sums that are reachable at a place are bits of a number, as in ``best_fills``, here for what a search has placed so
far. Two bounds tell what cannot be, and for each place of a single bundle what would remain:

- What is wasted in all must not be more than there is to spare, as in bin completion (Fukunaga and Korf, "Bin
  completion algorithms for multicontainer packing, knapsack, and covering problems", 2007).
- Cut into whole pieces of one size, bundles must not be more pieces than the places have room for, because bundles at
  one place together are at least as many pieces as each of them alone. That is a dual feasible function (Fekete and
  Schepers, "New classes of fast lower bounds for bin packing problems", 2001), here for places of any size.
"""

from __future__ import annotations

import collections
from collections.abc import Collection, Mapping, Sequence

from .bits import places_in
from .steps import Steps

_MOST_UNITS = 1 << 13  # memory of all places together: beyond, the numbers get too long


class UsableSums:
    """Sums of bundles by what each of them needs, in MB; ``unit`` divides all of them."""

    def __init__(self, needs: Sequence[int], unit: int, steps: Steps) -> None:
        self._sizes = [need // unit for need in needs]
        self._pieces = sorted(set(self._sizes) - {0, 1})
        self._unit = unit
        self._steps = steps

    @staticmethod
    def are_few(rooms: Sequence[int], unit: int) -> bool:
        """Tell whether there are so few sums within rooms in MB that looking at all of them is cheap."""
        return sum(max(0, room) for room in rooms) // unit <= _MOST_UNITS

    def too_much(
        self, left: Collection[int], open_to: Mapping[int, int], rooms: Sequence[int]
    ) -> list[tuple[int, int]] | None:
        """Return bundles that are left with the places, as bits, that they cannot have; None where not all have one.

        ``open_to`` are the places of each as bits, ``rooms`` the MB that are left at each place. One step is about
        three looks at one size at one place.
        """
        units = [max(0, room) // self._unit for room in rooms]
        at = self._sizes_at(left, open_to, len(units))
        sums = [_sums(counts, room) for counts, room in zip(at, units, strict=True)]
        most = [one.bit_length() - 1 for one in sums]
        sizes = [self._sizes[one] for one in left]
        spare, pieces = sum(most) - sum(sizes), self._scarce_pieces(sizes, most)
        self._steps.step((len(units) * len(self._pieces) + (1 + len(pieces or ())) * sum(map(len, at))) // 3)
        if spare < 0 or pieces is None:
            return None
        barred: dict[int, int] = collections.defaultdict(int)
        for place, room in enumerate(units):
            inside = [size for size in at[place] if size <= room]
            wasted = room - most[place] + spare
            for size in (*_wasting(inside, room, sums[place], wasted), *_cutting(inside, room, most[place], pieces)):
                barred[size] |= 1 << place
        return [(one, places) for one in left if (places := barred.get(self._sizes[one], 0) & open_to[one])]

    def _sizes_at(self, left: Collection[int], open_to: Mapping[int, int], count: int) -> list[dict[int, int]]:
        """Return for each place how many bundles of each size may go there."""
        at: list[dict[int, int]] = [{} for unused in range(count)]
        for (size, places), alike in collections.Counter((self._sizes[one], open_to[one]) for one in left).items():
            for place in places_in(places) if size else ():
                at[place][size] = at[place].get(size, 0) + alike
        return at

    def _scarce_pieces(self, sizes: Sequence[int], most: Sequence[int]) -> list[int] | None:
        """Return the sizes of pieces of which all are needed; None where more of one are needed than there are."""
        scarce = []
        for piece in self._pieces:
            spare = sum([room // piece for room in most]) - sum([size // piece for size in sizes])
            if spare < 0:
                return None
            if not spare:
                scarce.append(piece)
        return scarce


def _wasting(sizes: Sequence[int], room: int, sums: int, most: int) -> list[int]:
    """Return the sizes that leave more of a room to waste than ``most``, whatever else comes."""
    if most >= room:
        return []
    reached = _smeared(sums, most)
    return [size for size in sizes if not reached >> room - size & 1]


def _cutting(sizes: Sequence[int], room: int, most: int, pieces: Sequence[int]) -> list[int]:
    """Return the sizes that leave fewer whole pieces to a room of which ``most`` can be used than it has to hold."""
    return [size for piece in pieces for size in sizes if size // piece + (room - size) // piece < most // piece]


def _sums(counts: Mapping[int, int], room: int) -> int:
    """Return the sums of so many bundles of each size that are within a room, as bits."""
    sums = 1
    for size, count in counts.items():
        taken = 1
        while count > 0:  # 1, 2, 4 ... of them at once
            if taken > count:
                taken = count
            sums |= sums << size * taken
            count -= taken
            taken += taken
        sums &= (2 << room) - 1
    return sums


def _smeared(sums: int, most: int) -> int:
    """Return sums, as bits, and whatever exceeds one of them by so much at most."""
    width = 1
    while width <= most:
        more = min(width, most + 1 - width)
        sums |= sums << more
        width += more
    return sums
