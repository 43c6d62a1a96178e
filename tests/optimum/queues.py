# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes that are emptied within limits on migrations at a time: families of slots, memory, links and priorities."""

from __future__ import annotations

import dataclasses
import random
import typing as t
from collections.abc import Callable, Mapping, Sequence

from .model import Node, Situation, Vm
from .sizes import SIZES, SizesName, draw_sizes

_GB = 1024
_RATE = 1000  # MB/s
_LINKS = (119, 1192, 2980)  # MB/s: 1, 10 and 25 Gbit/s
_HIGH, _MEDIUM, _LOW = 3000, 2000, 1000
LINKS = "links of 1, 10 and 25 Gbit/s"
KNOWN_LINKS = "links of 1, 10 and 25 Gbit/s, known"


class _Slots(t.NamedTuple):
    """Migrations at a time: of the node that is left, of each destination, and of the cluster."""

    source: int
    each: Sequence[int]
    limit: int | None = None


def _alike(count: int, chance: random.Random) -> _Slots:
    slots = chance.choice([2, 4, 8])
    return _Slots(slots, [slots] * count)


def _drawn(count: int, chance: random.Random) -> _Slots:
    return _Slots(chance.choice([2, 4, 8]), [chance.choice([1, 2, 4, 8]) for unused in range(count)])


_SLOTS: Mapping[str, Callable[[int, random.Random], _Slots]] = {
    "nodes alike": _alike,
    "8 slots at the source, 4 elsewhere": lambda count, unused: _Slots(8, [4] * count),
    "cluster limit of 4": lambda count, unused: _Slots(8, [8] * count, 4),
    "cluster limit of 1": lambda count, unused: _Slots(8, [8] * count, 1),
    "8 slots to 2, 4, 2": lambda unused, chance: _Slots(8, [2, 4, 2]),
    "few slots with much memory": lambda count, unused: _Slots(8, [1 if one % 2 else 4 for one in range(count)]),
    "slots drawn": _drawn,
    "slots drawn, memory tight": _drawn,
    "one slot at each destination": lambda count, unused: _Slots(8, [1] * count),
    LINKS: _alike,
    KNOWN_LINKS: _alike,
    "priorities mixed": lambda count, chance: _Slots(
        chance.choice([2, 4]), [chance.choice([2, 4]) for _n in range(count)]
    ),
    "one giant": lambda count, unused: _Slots(2, [2] * count),
    "one giant of low priority": lambda count, unused: _Slots(2, [2] * count),
}
FAMILIES = tuple(_SLOTS)


@dataclasses.dataclass(frozen=True)
class Queue:
    """One evacuation of a family."""

    seed: str
    family: str

    def draw(self) -> Situation:
        """Return the situation; the same one each time."""
        chance = random.Random(repr(self))
        slots = _SLOTS[self.family](chance.randint(2, 7), chance)
        vms = self._vms(chance)
        whole = sum(vm.memory_mb for vm in vms) * 100 / (85 if "tight" in self.family else 45)
        parts = [self._part(number, chance) for number in range(len(slots.each))]
        least = max(vm.memory_mb for vm in vms) if "giant" in self.family else 0
        rooms = [max(least, int(whole * part / sum(parts))) for part in parts]
        nodes = tuple(
            Node(f"N{number}", 2 * room, room, one, self._rate(chance), self.family == KNOWN_LINKS)
            for number, (room, one) in enumerate(zip(rooms, slots.each, strict=True), 1)
        )
        return Situation(nodes, vms, slots=slots.source, limit=slots.limit)

    def _vms(self, chance: random.Random) -> tuple[Vm, ...]:
        kind: SizesName = chance.choice(SIZES)
        sizes = draw_sizes(kind, chance.randint(10, 60), chance)
        mixed = self.family == "priorities mixed"
        vms = [
            Vm(f"vm{number:02}", size, priority=chance.choice([_HIGH, _MEDIUM, _LOW]) if mixed else _MEDIUM)
            for number, size in enumerate(sizes)
        ]
        if "giant" in self.family:
            vms.append(Vm("giant", 512 * _GB, priority=_LOW if "low" in self.family else _MEDIUM))
        return tuple(vms)

    def _rate(self, chance: random.Random) -> int:
        return chance.choice(_LINKS) if self.family in (LINKS, KNOWN_LINKS) else _RATE

    def _part(self, number: int, chance: random.Random) -> float:
        if self.family == "few slots with much memory":
            return 2 if number % 2 else 1
        return chance.uniform(0.7, 1.3)


def all_queues(seed: int, copies: int) -> list[Queue]:
    """Return ``copies`` of each family."""
    return [Queue(f"{seed}/{copy}", family) for family in FAMILIES for copy in range(copies)]
