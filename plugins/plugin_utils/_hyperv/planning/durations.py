# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long moves take beside one another, as far as that can be known before. Pure.

What a network carries is not known unless the user says so: the speed of an adapter is not what live migration makes of
it, which depends on the networks that it uses, on compression, on SMB and on teams. Moves to nodes of which nothing is
said are taken to run at the same pace. That is enough to compare plans: only their ratio to one another matters.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

from .problem import Candidate, Destination, PlacementProblem

MEGABYTES_PER_SECOND = 1000  # about what 10 Gbit/s carry
_BEGIN_AND_END = 3  # seconds of a move besides copying its memory
_FEW = 6  # moves for each slot: up to then it matters how they are dealt out to the slots


def milliseconds(candidate: Candidate, destination: Destination) -> int:
    """Return how long a move is taken to run."""
    return _BEGIN_AND_END * 1000 + candidate.needs_mb * 1000 // rate_of(destination)


def rate_of(destination: Destination) -> int:
    """Return how many MB a second each move to a destination is taken to copy."""
    return destination.rate or MEGABYTES_PER_SECOND


def slots_of(problem: PlacementProblem) -> int | None:
    """Return how many moves can run at once, as the node and the cluster let them; None where not known."""
    known = [one for one in (problem.source_slots, problem.cluster_slots) if one]
    return min(known) if problem.source_slots and known else None


def finish(durations: Sequence[int], slots: int) -> float:
    """Return when moves to one destination have ended that begin together, the long ones first.

    Where there are many for each slot, the bound that they come close to.
    """
    if not durations:
        return 0
    if len(durations) <= slots:
        return max(durations)
    if len(durations) > _FEW * slots:
        return max(sum(durations) / slots, *durations)
    ends = [0] * slots
    for one in sorted(durations, reverse=True):
        heapq.heapreplace(ends, ends[0] + one)
    return max(ends)


def least_time(durations: Sequence[int], source_slots: int, destination_slots: Sequence[int]) -> int:
    """Return the milliseconds that no schedule can do without."""
    if not durations or not destination_slots:
        return 0
    total, longest = sum(durations), max(durations)
    return max(longest, math.ceil(total / source_slots), math.ceil(total / sum(destination_slots)))
