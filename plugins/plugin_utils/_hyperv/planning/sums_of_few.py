# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of few bundles that need exactly so much memory: up to six of many, or any number of a few bundles.

Two tables of sums meet in the middle (Horowitz and Sahni, "Computing partitions with applications to the knapsack
problem", 1974): those of pairs and triples, or those of one half of the bundles beside the other half. Sets are numbers
whose bits are bundles.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Collection, Iterator, Mapping, Sequence

from .bits import places_in
from .steps import Steps

FEW = 20  # bundles of which all sets are looked at
_MOST_TOGETHER = 3  # bundles in a set of a table
_MOST_IN_TABLE = 60_000  # sets
_MOST_SETS = 4_000  # of one sum: more of them tell nothing

_Table = Mapping[int, Sequence[int]]  # sets by the memory that they need


class SumsOfFew:
    """Sets of up to ``most`` bundles by the memory that they need; not all of them beyond the bound on steps.

    One step is one set of a table that is looked at.
    """

    def __init__(self, needs: Sequence[int], bundles: int, steps: Steps) -> None:
        self._needs = needs
        self._steps = steps
        inside = places_in(bundles)
        sets = [(0, 0)]
        self._tables: list[_Table] = [_by_sum(sets)]
        for size in range(1, _MOST_TOGETHER + 1):
            if math.comb(len(inside), size) > _MOST_IN_TABLE:
                break
            sets = [(need + needs[one], few | 1 << one) for one in inside for need, few in sets if few < 1 << one]
            self._tables.append(_by_sum(sets))
        self._steps.step(2 * sum(map(len, self._tables)))
        self.most = 2 * (len(self._tables) - 1)

    def reaching(self, wanted: int, allowed: int) -> list[int]:
        """Return the sets of ``allowed`` bundles that need as much as is wanted, those of the fewest bundles first."""
        found: set[int] = set()
        for size in range(1, self.most + 1):
            big = self._tables[(size + 1) // 2]
            for one in self._joined(big, self._tables[size // 2], wanted):
                if not one & ~allowed:
                    found.add(one)
                    if len(found) >= _MOST_SETS:
                        return _fewest_first(found)
        return _fewest_first(found)

    def _joined(self, big: _Table, small: _Table, wanted: int) -> Iterator[int]:
        self._steps.step(len(big))
        for need in [one for one in big if wanted - one in small]:
            if not self._steps.step(2 * len(big[need]) * len(small[wanted - need])):
                return
            for one in big[need]:
                for other in small[wanted - need]:
                    if not one & other:
                        yield one | other


class SumsOfAll:
    """All sets of some bundles, ``FEW`` at most, by the memory that they need. One step is one set of one half."""

    def __init__(self, needs: Sequence[int], bundles: int, steps: Steps) -> None:
        inside = places_in(bundles)
        half = len(inside) // 2
        self._steps = steps
        self._first, self._second = _all_sums(needs, inside[:half]), _all_sums(needs, inside[half:])
        self._count()

    def _count(self) -> None:
        self._steps.step(len(self._first) + len(self._second))

    def reaching(self, wanted: int) -> list[int]:
        """Return the sets that need as much as is wanted, those of the fewest bundles first; none beyond the bound."""
        self._count()
        missing = {wanted - need for need, unused in self._first}
        table = _by_sum([one for one in self._second if one[0] in missing])
        halves = [(one, table[wanted - need]) for need, one in self._first if wanted - need in table]
        if not self._steps.step(sum(len(others) for unused, others in halves)):
            return []
        return _fewest_first([one | other for one, others in halves for other in others])


def _all_sums(needs: Sequence[int], bundles: Sequence[int]) -> list[tuple[int, int]]:
    found = [(0, 0)]
    for bundle in bundles:
        need, bit = needs[bundle], 1 << bundle
        found += [(other + need, chosen | bit) for other, chosen in found]
    return found


def _by_sum(sums: Sequence[tuple[int, int]]) -> _Table:
    table: dict[int, list[int]] = collections.defaultdict(list)
    for need, chosen in sums:
        table[need].append(chosen)
    return dict(table)


def _fewest_first(sets: Collection[int]) -> list[int]:
    return sorted(sets, key=lambda one: (one.bit_count(), one))
