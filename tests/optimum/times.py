# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CPU of plans that are large or hard to grant, beside limits."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

from tests.bench.figures import Figure

from . import judge
from .model import Node, Rule, Situation, Vm
from .planner import ask
from .rooms import Rooms

_GB = 1024


@dataclasses.dataclass(frozen=True)
class Case:
    """VMs that leave for alike nodes; each soft class has ``members`` of them.

    Attributes:
        spare: how many times the memory that is needed the nodes have.
        limit: seconds of CPU that the answer may take.
        is_preferring: every second VM prefers two nodes.
    """

    name: str
    seed: str
    nodes: int
    vms: int
    classes: int
    members: int
    spare: float
    limit: float
    is_preferring: bool = False

    def draw(self) -> Situation:
        """Return the situation; the same one each time."""
        chance = random.Random(repr(self))
        listed = [f"N{number:02}" for number in range(1, self.nodes + 1)]
        vms = tuple(
            Vm(
                f"vm{number:04}",
                chance.choice([2, 4, 8, 16, 32]) * _GB,
                preferred=frozenset(chance.sample(listed, 2)) if self.is_preferring and number % 2 else frozenset(),
            )
            for number in range(self.vms)
        )
        room = int(sum(vm.memory_mb for vm in vms) * self.spare / self.nodes)
        nodes = tuple(Node(name, 2 * room, room) for name in listed)
        names = [vm.name for vm in vms]
        rules = [
            Rule(f"soft {number:03}", frozenset(chance.sample(names, self.members)), hard=False)
            for number in range(self.classes)
        ]
        return Situation(nodes, vms, tuple(rules))


@dataclasses.dataclass(frozen=True)
class Edge:
    """Rooms that hold the VMs, though no planner is likely to find out how."""

    name: str
    rooms: Rooms
    limit: float

    def draw(self) -> Situation:
        """Return the situation; the same one each time."""
        return self.rooms.draw()


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What an answer took."""

    case: Case | Edge
    violations: tuple[str, ...]
    is_complete: bool
    cpu_seconds: float


def cases(seed: int, unused: int) -> list[Case | Edge]:
    """Return the cases of a seed, the longest first."""
    return [
        Case("1,000 VMs, 100 soft classes of 80", f"{seed}", 63, 1000, 100, 80, 2, 5),
        Case("400 VMs, one soft class of all", f"{seed}", 63, 400, 1, 400, 2, 5),
        Case("125 VMs, planned", f"{seed}", 63, 125, 0, 0, 2, 0.15),
        Case("125 VMs, preferred owners for half", f"{seed}", 63, 125, 0, 0, 1.6, 0.15, is_preferring=True),
        Case("125 VMs, refused", f"{seed}", 63, 125, 0, 0, 0.98, 0.3),
        Case("125 VMs, tight", f"{seed}", 63, 125, 0, 0, 1.02, 0.3),
        Case("1,000 VMs, tight", f"{seed}", 63, 1000, 0, 0, 1.02, 5),
        Edge("125 VMs, no room to spare", Rooms(f"{seed}", (63, 125), "odd MB", "plain", slack=0), 0.3),
        Edge("125 VMs, no room to spare, rules", Rooms(f"{seed}", (63, 125), "odd MB", "all", slack=0), 0.3),
    ]


def run(case: Case | Edge) -> Outcome:
    """Plan a case."""
    situation = case.draw()
    answer = ask(situation)
    return Outcome(case, tuple(judge.violations(situation, answer.places)), answer.is_complete, answer.cpu_seconds)


def figures(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return the CPU of each case."""
    found = [Figure("times", "violations", sum(bool(one.violations) for one in outcomes), 0)]
    return found + [
        Figure(one.case.name, "CPU of the answer", one.cpu_seconds, one.case.limit, unit="s") for one in outcomes
    ]


def remarkable(outcome: Outcome) -> str:
    """Return a line about an outcome that a planner should not have, empty for any other."""
    return f"broken: {outcome.case}: {'; '.join(outcome.violations)}" if outcome.violations else ""
