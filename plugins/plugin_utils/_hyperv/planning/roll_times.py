# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long moves between many nodes take together. Pure."""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True)
class TimedMove:
    """A move between two nodes, by the first labels of their names, and its milliseconds."""

    source: str
    destination: str
    milliseconds: int


def together(moves: Sequence[TimedMove], slots: Mapping[str, int | None], cluster_slots: int | None) -> int | None:
    """Return the seconds that moves take if each begins as soon as both of its nodes have a slot, the long ones first.

    ``slots``: how many moves each node takes part in at once, by label; ``cluster_slots``: how many run in the cluster,
    None or 0 for no limit. None where the slots of a node are not known.
    """
    if not moves:
        return 0
    free = {label: slots.get(label) or 0 for one in moves for label in (one.source, one.destination)}
    if not all(free.values()):
        return None
    waiting = sorted(enumerate(moves), key=lambda one: -one[1].milliseconds)
    running: list[tuple[int, int, TimedMove]] = []  # when it ends, and its number, which no other has
    left, now = cluster_slots or len(moves), 0
    while waiting or running:
        later = []
        for number, one in waiting:
            if left and free[one.source] and free[one.destination]:
                left -= 1
                free[one.source] -= 1
                free[one.destination] -= 1
                heapq.heappush(running, (now + one.milliseconds, number, one))
            else:
                later.append((number, one))
        waiting = later
        now = running[0][0]
        while running and running[0][0] == now:
            ended = heapq.heappop(running)[2]
            left += 1
            free[ended.source] += 1
            free[ended.destination] += 1
    return -(-now // 1000)
