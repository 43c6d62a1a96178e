# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How likely a set of bundles fills a destination to the last MB by chance, beside all others that do.

Every bundle is taken to go to every destination as likely as to any other one. Then each further bundle makes a fill
less likely by the same factor. How many fills there are of more bundles than were listed is guessed from a normal
distribution of their sums.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

from .bits import places_in
from .steps import Steps

_MOST_GUESSED = 14  # bundles in fills of which the number is guessed


class FillChances:
    """Weights of fills, and of those that were not listed: of more than ``listed`` bundles.

    ``room`` is in MB by destination, ``open_to`` are the bundles that each of them can take, as bits. One step is one
    bundle that is looked at.
    """

    def __init__(
        self, needs: Sequence[int], room: Sequence[int], open_to: Sequence[int], listed: int, steps: Steps
    ) -> None:
        unit = math.gcd(*needs) or 1
        self._sizes = [need / unit for need in needs]
        self._room = [mb / unit for mb in room]
        self._open_to = open_to
        self._listed = listed
        self._steps = steps
        self._guessed: dict[tuple[int, int, int], float] = {}

    def weight(self, fills: Sequence[int], wanted: int) -> float:
        """Return what fills weigh together where so many destinations are still to be filled."""
        weights = _weights(wanted, len(self._sizes))
        return sum([weights[fill.bit_count()] for fill in fills])

    def unlisted(self, left: int, place: int, wanted: int) -> float:
        """Return what those fills of a destination weigh that were not listed, where some bundles are left."""
        inside = left & self._open_to[place]
        key = inside, place, wanted
        if key not in self._guessed:
            self._guessed[key] = self._guess([self._sizes[one] for one in places_in(inside)], place, wanted)
        return self._guessed[key]

    def _guess(self, sizes: Sequence[float], place: int, wanted: int) -> float:
        self._steps.step(len(sizes))
        count, weights = len(sizes), _weights(wanted, len(self._sizes))
        if count <= self._listed:
            return 0.0
        mean = sum(sizes) / count
        variance = sum((one - mean) ** 2 for one in sizes) / count
        total = 0.0
        for chosen in range(self._listed + 1, min(count, _MOST_GUESSED) + 1):
            spread = max(1.0, chosen * variance * (1 - (chosen - 1) / (count - 1)))  # drawn without replacement
            far = self._room[place] - chosen * mean
            density = math.exp(-(far**2) / (2 * spread)) / math.sqrt(2 * math.pi * spread)
            total += weights[chosen] * math.comb(count, chosen) * density
        return total


@functools.lru_cache(maxsize=64)
def _weights(wanted: int, most: int) -> list[float]:
    return [float(max(1, wanted - 1)) ** -chosen for chosen in range(most + 1)]
