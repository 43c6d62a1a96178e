# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Soft rules and preferred owners: how many a plan misses that another plan of the same VMs would grant."""

from __future__ import annotations

import dataclasses
import itertools
import random
import typing as t
from collections.abc import Sequence

from tests.bench.figures import Figure

from . import judge
from .model import Node, Rule, Situation, Vm
from .planner import ask
from .sizes import SIZES, SizesName, draw_sizes

WishName = t.Literal["soft classes", "preferred owners", "both"]
_WISHES: tuple[WishName, ...] = t.get_args(WishName)
_SHAPES = ((3, 10), (4, 16), (6, 24), (8, 32))  # nodes, VMs
_FILLS = (60, 75, 85)  # percent of the rooms that is needed
_EFFORT = 4.0  # of the exact solver, about seconds
_MISSED = 5.0  # percent of the cases in which a wish may be missed though avoidable


@dataclasses.dataclass(frozen=True)
class Case:
    """VMs with wishes, of which there is a plan."""

    seed: str
    wish: WishName
    shape: tuple[int, int]
    fill: int
    sizes: SizesName

    def draw(self) -> Situation:
        """Return the situation; the same one each time."""
        chance = random.Random(repr(self))
        count, vms = self.shape
        names = [f"N{number}" for number in range(1, count + 1)]
        sizes = draw_sizes(self.sizes, vms, chance)
        parts = [chance.uniform(0.6, 1.4) for unused in names]
        whole = max(sum(sizes) * 100 / self.fill, max(sizes) * count)
        rooms = [int(whole * part / sum(parts)) for part in parts]
        nodes = tuple(Node(name, 4 * room + 1, room) for name, room in zip(names, rooms, strict=True))
        wanting = self.wish != "soft classes"
        listed = tuple(
            Vm(f"vm{number:02}", size, preferred=_preferred(names, chance) if wanting else frozenset())
            for number, size in enumerate(sizes)
        )
        return Situation(nodes, listed, _classes(listed, names, chance) if self.wish != "preferred owners" else ())


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a plan grants, and the least that any plan must miss; ``least`` is None where that is not known."""

    case: Case
    violations: tuple[str, ...]
    breaks: int
    least_breaks: int | None
    missed: int
    least_missed: int | None


def cases(seed: int, size: int) -> list[Case]:
    """Return the cases of a size."""
    return [
        Case(f"{seed}/{copy}", wish, shape, fill, sizes)
        for wish, shape, fill, sizes, copy in itertools.product(_WISHES, _SHAPES, _FILLS, SIZES, range(size))
    ]


def run(case: Case) -> Outcome | None:
    """Plan a case; None where there is no plan to be judged."""
    from . import exact  # only here: judging needs no solver

    situation = case.draw()
    answer = ask(situation)
    if not answer.is_complete:
        return None
    breaks = judge.soft_breaks(situation, answer.places)
    missed = judge.preferred_missed(situation, answer.places)
    return Outcome(
        case,
        tuple(judge.violations(situation, answer.places)),
        breaks,
        exact.fewest_soft_breaks(situation, _EFFORT) if breaks else 0,
        missed,
        exact.fewest_preferred_missed(situation, breaks, _EFFORT) if missed else 0,
    )


def figures(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return the figures of each wish."""
    found = [Figure("wishes", "violations", sum(bool(one.violations) for one in outcomes), 0)]
    for wish in _WISHES:
        ours = [one for one in outcomes if one.case.wish == wish]
        if wish != "preferred owners":
            found += _figures(wish, "soft breaks", [(one.breaks, one.least_breaks) for one in ours])
        if wish != "soft classes":
            found += _figures(wish, "preferred owners missed", [(one.missed, one.least_missed) for one in ours])
    return found


def _figures(wish: str, what: str, pairs: Sequence[tuple[int, int | None]]) -> list[Figure]:
    known = [(had, least) for had, least in pairs if least is not None]
    avoidable = sum(had > least for had, least in known)
    return [
        Figure(wish, what, sum(had for had, unused in known)),
        Figure(wish, f"{what}, the fewest", sum(least for unused, least in known)),
        Figure(
            wish,
            f"{what} though avoidable, {avoidable} of {len(known)} plans",
            100 * avoidable / max(1, len(known)),
            _MISSED,
            unit="%",
        ),
    ]


def remarkable(outcome: Outcome) -> str:
    """Return a line about an outcome that a planner should not have, empty for any other."""
    if outcome.violations:
        return f"broken: {outcome.case}: {'; '.join(outcome.violations)}"
    if outcome.least_missed is not None and outcome.missed > outcome.least_missed:
        return f"preferred owners {outcome.missed} instead of {outcome.least_missed}: {outcome.case}"
    if outcome.least_breaks is not None and outcome.breaks > outcome.least_breaks:
        return f"soft breaks {outcome.breaks} instead of {outcome.least_breaks}: {outcome.case}"
    return ""


def _preferred(names: Sequence[str], chance: random.Random) -> frozenset[str]:
    """Return one or two nodes for every second VM."""
    return frozenset(chance.sample(list(names), chance.randint(1, 2))) if chance.random() < 0.5 else frozenset()


def _classes(vms: Sequence[Vm], names: Sequence[str], chance: random.Random) -> tuple[Rule, ...]:
    """Return three soft classes, some with more members than nodes are free of them."""
    return tuple(
        Rule(
            f"soft {number}",
            frozenset(vm.name for vm in chance.sample(list(vms), chance.randint(2, len(names)))),
            tuple(chance.sample(list(names), chance.randint(0, len(names) // 2))),
            hard=False,
        )
        for number in range(1, 4)
    )
