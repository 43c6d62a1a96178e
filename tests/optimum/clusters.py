# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole clusters of which one node is emptied: 3 to 16 nodes, and 64."""

from __future__ import annotations

import dataclasses
import random
import typing as t
from collections.abc import Sequence

from .model import Node, Rule, Situation, Vm
from .sizes import SIZES, SizesName, draw_sizes

LARGE = "whole clusters of 64 nodes"
_GB = 1024
_RESERVE = 10  # percent
_MISSES = 20  # VMs that are too much for a node, until it is full to the brim
SMALL = (3, 4, 6, 8, 12, 16)  # nodes
FILLS = (50, 60, 65, 70, 75, 80, 84)  # percent


FillingName = t.Literal["the cluster", "node by node", "the least full node", "to the brim"]
FILLINGS: tuple[FillingName, ...] = t.get_args(FillingName)


@dataclasses.dataclass(frozen=True)
class Whole:
    """A cluster of ``count`` alike nodes that are ``fill`` percent full, of which number ``left`` is emptied.

    ``filling``: VMs are drawn for one node after the other until the next one is too much, or (to the brim) several
    are; or for the cluster as a whole until it is that full, each put on some node with room for it or on the least
    full one.
    """

    seed: str
    count: int
    node_gb: int
    fill: int
    sizes: SizesName
    bound: bool
    left: int
    filling: FillingName = "node by node"

    @property
    def row(self) -> str:
        """The line of the table that it is counted in."""
        return LARGE if self.count == 64 else "whole clusters"

    @property
    def is_possible(self) -> bool | None:
        """Nobody knows before it is solved."""
        return None

    def draw(self) -> Situation:
        """Return the situation; the same one each time, and the same cluster whichever node is left."""
        chance = random.Random(repr(dataclasses.replace(self, left=0)))
        names = [f"N{number:02}" for number in range(1, self.count + 1)]
        on = self._filled(names, chance)
        left = names[self.left]
        owners = self._owners(names, on, chance) if self.bound else {}
        nodes = tuple(
            Node(name, self.node_gb * _GB, self.node_gb * _GB - sum(on[name].values()))
            for name in names
            if name != left
        )
        vms = tuple(Vm(name, size, owners.get(name, frozenset())) for name, size in on[left].items())
        rules = self._classes(on, left, chance) if self.bound else ()
        return Situation(nodes, vms, rules, reserve_percent=_RESERVE)

    def residents(self) -> dict[str, dict[str, int]]:
        """Return the memory of the VMs of every other node."""
        chance = random.Random(repr(dataclasses.replace(self, left=0)))
        names = [f"N{number:02}" for number in range(1, self.count + 1)]
        on = self._filled(names, chance)
        return {name: vms for name, vms in on.items() if name != names[self.left]}

    def _filled(self, names: Sequence[str], chance: random.Random) -> dict[str, dict[str, int]]:
        if self.filling in ("node by node", "to the brim"):
            return {name: self._fill(name, chance) for name in names}
        on: dict[str, dict[str, int]] = {name: {} for name in names}
        taken = dict.fromkeys(names, 0)
        while True:
            (size,) = draw_sizes(self.sizes, 1, chance)
            fitting = [name for name in names if taken[name] + size <= self.node_gb * _GB * (100 - _RESERVE) / 100]
            if not fitting or sum(taken.values()) + size > self.node_gb * _GB * self.count * self.fill / 100:
                return on
            least = min(fitting, key=lambda name: taken[name])
            name = least if self.filling == "the least full node" else chance.choice(fitting)
            on[name][f"{name}-vm{len(on[name]):03}"] = size
            taken[name] += size

    def _fill(self, node: str, chance: random.Random) -> dict[str, int]:
        found: dict[str, int] = {}
        most = self.node_gb * _GB * self.fill / 100
        misses = _MISSES if self.filling == "to the brim" else 1
        while misses:
            (size,) = draw_sizes(self.sizes, 1, chance)
            if sum(found.values()) + size > most:
                misses -= 1
            else:
                found[f"{node}-vm{len(found):03}"] = size
        return found

    def _owners(
        self, names: Sequence[str], on: dict[str, dict[str, int]], chance: random.Random
    ) -> dict[str, frozenset[str]]:
        """Return possible owners for one VM in five: its node and half of the others."""
        return {
            vm: frozenset({node, *chance.sample(list(names), max(1, self.count // 2))})
            for node in names
            for vm in on[node]
            if chance.random() < 0.2
        }

    def _classes(self, on: dict[str, dict[str, int]], left: str, chance: random.Random) -> tuple[Rule, ...]:
        """Return hard classes, each with one member on some of the nodes, fewer than there are."""
        rules = []
        for number in range(600 if self.count == 64 else self.count):
            nodes = chance.sample(sorted(on), chance.randint(2, max(2, min(self.count - 1, 24))))
            picked = {node: chance.choice(sorted(on[node])) for node in sorted(nodes) if on[node]}
            if left in picked:
                held = tuple(node for node in picked if node != left)
                rules.append(Rule(f"class {number:03}", frozenset({picked[left]}), held))
        return tuple(rules)


def all_clusters(seed: int, copies: int) -> list[Whole]:
    """Return every node of ``copies`` small clusters of each kind, and four of each large one."""
    small = [
        Whole(f"{seed}/{copy}", count, 512, fill, SIZES[(count + fill + copy) % len(SIZES)], bound, left)
        for copy in range(copies)
        for count in SMALL
        for fill in FILLS
        for bound in (False, True)
        for left in range(count)
    ]
    large: t.Iterator[Whole] = (
        Whole(f"{seed}/{copy}", 64, 2048, fill, "whole GB", bound, left)
        for copy in range(copies)
        for fill in (70, 80, 85)
        for bound in (False, True)
        for left in (0, 21)
    )
    return [*small, *large]
