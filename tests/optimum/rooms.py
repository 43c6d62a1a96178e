# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rooms near the edge: drawn around a hidden placement and widened, or drawn at random with a share that is needed."""

from __future__ import annotations

import dataclasses
import itertools
import random
import typing as t
from collections.abc import Sequence

from .model import Node, Rule, Situation, Vm
from .sizes import SIZES, SizesName, draw_sizes

BindingName = t.Literal["plain", "classes", "owners", "all", "domains"]
BINDINGS: tuple[BindingName, ...] = t.get_args(BindingName)
SHAPES = ((2, 6), (3, 12), (4, 20), (5, 30), (8, 24), (8, 48), (16, 40), (16, 60))  # nodes, VMs
SLACKS = (0, 1, 3, 10)  # percent
SHARES = (90, 95, 98, 100)  # percent
_TOTAL = 4 * 1024 * 1024  # MB of each node; only what is free counts here


@dataclasses.dataclass(frozen=True)
class Rooms:
    """Which rooms are drawn: a ``slack`` around a hidden placement, or the ``share`` of all rooms that is needed."""

    seed: str
    shape: tuple[int, int]
    sizes: SizesName
    binding: BindingName
    slack: int | None = None
    share: int | None = None

    @property
    def row(self) -> str:
        """The line of the table that they are counted in."""
        return f"planted, slack {self.slack} %" if self.slack is not None else f"random, {self.share} % needed"

    @property
    def is_possible(self) -> bool | None:
        """A placement exists by construction; None where that is not known."""
        return True if self.slack is not None else None

    def draw(self) -> Situation:
        """Return the situation; the same one each time."""
        chance = random.Random(repr(self))
        count, vms = self.shape
        names = [f"N{number:02}" for number in range(1, count + 1)]
        sizes = draw_sizes(self.sizes, vms, chance)
        hidden = [chance.choice(names) for unused in sizes]
        rooms = (
            self._widened(names, sizes, hidden, chance) if self.slack is not None else self._at_random(sizes, chance)
        )
        nodes = tuple(Node(name, _TOTAL, room) for name, room in zip(names, rooms, strict=True))
        owners = [_owners(one, names, chance) if self.binding in ("owners", "all") else frozenset() for one in hidden]
        listed = tuple(
            Vm(f"vm{number:02}", size, possible)
            for number, (size, possible) in enumerate(zip(sizes, owners, strict=True))
        )
        return Situation(nodes, listed, self._rules(listed, hidden, names, chance), domains=_domains(names))

    def _widened(
        self, names: Sequence[str], sizes: Sequence[int], hidden: Sequence[str], chance: random.Random
    ) -> list[int]:
        wide = (self.slack or 0) / 100
        needed = [sum(size for size, where in zip(sizes, hidden, strict=True) if where == name) for name in names]
        return [int(one * (1 + chance.uniform(0, 2 * wide))) for one in needed]

    def _at_random(self, sizes: Sequence[int], chance: random.Random) -> list[int]:
        parts = [chance.uniform(0.5, 1.5) for unused in range(self.shape[0])]
        whole = sum(sizes) * 100 / (self.share or 100)
        return [int(whole * part / sum(parts)) for part in parts]

    def _rules(
        self, vms: Sequence[Vm], hidden: Sequence[str], names: Sequence[str], chance: random.Random
    ) -> tuple[Rule, ...]:
        if self.binding == "domains":
            return tuple(_of_domains(vms, hidden, names, chance))
        if self.binding not in ("classes", "all"):
            return ()
        rules = [_class(f"class {number}", vms, hidden, names, chance) for number in range(1, 4)]
        if self.binding == "all":
            rules += _pair(vms, hidden)
        return tuple(rules)


def all_rooms(seed: int, copies: int) -> list[Rooms]:
    """Return ``copies`` of each kind of rooms."""
    edges: list[tuple[int | None, int | None]] = [(slack, None) for slack in SLACKS]
    edges += [(None, share) for share in SHARES]
    return [
        Rooms(f"{seed}/{copy}", shape, sizes, binding, slack, share)
        for (slack, share), shape, sizes, binding, copy in itertools.product(
            edges, SHAPES, SIZES, BINDINGS, range(copies)
        )
    ]


def _owners(hidden: str, names: Sequence[str], chance: random.Random) -> frozenset[str]:
    """Return nodes with the hidden one among them, for four VMs in ten."""
    if chance.random() >= 0.4:
        return frozenset()
    return frozenset({hidden, *chance.sample(list(names), chance.randint(1, max(1, len(names) // 2)))})


def _class(name: str, vms: Sequence[Vm], hidden: Sequence[str], names: Sequence[str], chance: random.Random) -> Rule:
    """Return a class that the hidden placement keeps, with members on some nodes that it does not use."""
    by_node: dict[str, str] = {}
    for index in chance.sample(range(len(vms)), len(vms)):
        by_node.setdefault(hidden[index], vms[index].name)
    used = chance.sample(sorted(by_node), chance.randint(1, len(by_node)))
    free = [one for one in names if one not in used]
    held = chance.sample(free, chance.randint(0, len(free)))
    return Rule(name, frozenset(by_node[one] for one in used), tuple(held))


def _pair(vms: Sequence[Vm], hidden: Sequence[str]) -> list[Rule]:
    """Return the rule that two VMs are to stay together that are so in the hidden placement."""
    for (one, here), (other, there) in itertools.combinations(zip(vms, hidden, strict=True), 2):
        if here == there and (not one.owners or not other.owners):
            return [Rule("pair", frozenset({one.name, other.name}), together=True)]
    return []


def _domains(names: Sequence[str]) -> dict[str, str]:
    """Return fault domains of two nodes each."""
    return {name: f"D{number // 2:02}" for number, name in enumerate(names)}


def _of_domains(vms: Sequence[Vm], hidden: Sequence[str], names: Sequence[str], chance: random.Random) -> list[Rule]:
    """Return rules on fault domains that the hidden placement keeps: a class, and two VMs that stay in one domain."""
    domains = _domains(names)
    places = [domains[one] for one in hidden]
    apart = _class("class of domains", vms, places, sorted(set(places)), chance)
    rules = [dataclasses.replace(apart, held=(), by_domain=True)]
    for (one, here), (other, there) in itertools.combinations(zip(vms, places, strict=True), 2):
        if here == there:
            pair = frozenset({one.name, other.name})
            return [*rules, Rule("pair of a domain", pair, together=True, by_domain=True)]
    return rules
