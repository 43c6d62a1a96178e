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

_GB = 1024


@dataclasses.dataclass(frozen=True)
class Case:
    """VMs that leave for alike nodes; each soft class has ``members`` of them.

    Attributes:
        spare: how many times the memory that is needed the nodes have.
        limit: seconds of CPU that the answer may take.
    """

    name: str
    seed: str
    nodes: int
    vms: int
    classes: int
    members: int
    spare: float
    limit: float

    def draw(self) -> Situation:
        """Return the situation; the same one each time."""
        chance = random.Random(repr(self))
        vms = tuple(Vm(f"vm{number:04}", chance.choice([2, 4, 8, 16, 32]) * _GB) for number in range(self.vms))
        room = int(sum(vm.memory_mb for vm in vms) * self.spare / self.nodes)
        nodes = tuple(Node(f"N{number:02}", 2 * room, room) for number in range(1, self.nodes + 1))
        names = [vm.name for vm in vms]
        rules = [
            Rule(f"soft {number:03}", frozenset(chance.sample(names, self.members)), hard=False)
            for number in range(self.classes)
        ]
        return Situation(nodes, vms, tuple(rules))


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What an answer took."""

    case: Case
    violations: tuple[str, ...]
    is_complete: bool
    cpu_seconds: float


def cases(seed: int, unused: int) -> list[Case]:
    """Return the cases of a seed, the longest first."""
    return [
        Case("1,000 VMs, 100 soft classes of 80", f"{seed}", 63, 1000, 100, 80, 2, 5),
        Case("400 VMs, one soft class of all", f"{seed}", 63, 400, 1, 400, 2, 5),
        Case("125 VMs, planned", f"{seed}", 63, 125, 0, 0, 2, 0.15),
        Case("125 VMs, refused", f"{seed}", 63, 125, 0, 0, 0.98, 0.3),
        Case("125 VMs, tight", f"{seed}", 63, 125, 0, 0, 1.02, 0.3),
        Case("1,000 VMs, tight", f"{seed}", 63, 1000, 0, 0, 1.02, 5),
    ]


def run(case: Case) -> Outcome:
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
