# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much of each destination bundles can use, as their sizes add up: memory that no sum of them reaches is of no use.

The sums that are reachable are bits of a number, as in subset sum by dynamic programming (Bellman, "Notes on the theory
of dynamic programming IV", 1957). That the big bundles alone have to fit is a bound of bin packing (Martello and Toth,
"Lower bounds and reduction procedures for the bin packing problem", 1990), here for destinations of any size.
"""

from __future__ import annotations

import math

from .assignment import Assignment


def best_fills(assignment: Assignment) -> list[int] | None:
    """Return the most memory in MB that bundles can use of each destination; None where not all can have a place.

    Nothing is placed in the assignment. None is a proof: of the bundles of some size or more, each of which needs a
    place, destinations hold less together however they are combined.
    """
    unit = math.gcd(*assignment.needs) or 1
    most = [max(0, room) // unit for room in assignment.room]
    within = [(1 << room + 1) - 1 for room in most]
    sums = [1] * len(most)
    needed = 0
    for need in sorted(set(assignment.needs) - {0}, reverse=True):
        size = need // unit
        for bundle in (one for one, other in enumerate(assignment.needs) if other == need):
            needed += size
            for place in assignment.reachable(bundle):
                if size <= most[place]:
                    sums[place] |= sums[place] << size & within[place]
        if sum(one.bit_length() - 1 for one in sums) < needed:
            return None
    return [unit * (one.bit_length() - 1) for one in sums]
