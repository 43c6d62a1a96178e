# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which places bundles that are left can have, as their sizes add up: memory that no sum of them reaches is wasted.

The sums that are reachable at a place are bits of a number, as in ``best_fills``, here for what a search has placed so
far. What is wasted in all must not be more than there is to spare, which is the bound of bin completion (Fukunaga and
Korf, "Bin completion algorithms for multicontainer packing, knapsack, and covering problems", 2007); what a single
bundle would waste, and what is wasted elsewhere, tells where it cannot go.
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

        ``open_to`` are the places of each as bits, ``rooms`` the MB that are left at each place. One step is one size
        at one place.
        """
        sizes, units = self._sizes, [max(0, room) // self._unit for room in rooms]
        at: list[dict[int, int]] = [{} for unused in units]
        for (size, places), count in collections.Counter((sizes[one], open_to[one]) for one in left).items():
            for place in places_in(places) if size else ():
                at[place][size] = at[place].get(size, 0) + count
        self._steps.step(sum(map(len, at)) // 2)
        sums = [_sums(counts, room) for counts, room in zip(at, units, strict=True)]
        wasted = [room - one.bit_length() + 1 for one, room in zip(sums, units, strict=True)]
        spare = sum(units) - sum(wasted) - sum([sizes[one] for one in left])
        if spare < 0:
            return None
        barred: dict[int, int] = {}
        for place, counts in enumerate(at):
            room, most = units[place], spare + wasted[place]
            if most >= room:
                continue
            reached = _smeared(sums[place], most)
            for size in counts:
                if size <= room and not reached >> room - size & 1:
                    barred[size] = barred.get(size, 0) | 1 << place
        return [(one, places) for one in left if (places := barred.get(sizes[one], 0) & open_to[one])] if barred else []


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
