# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long an evacuation takes as planned, to the shortest one that is known."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

from tests.bench.figures import Figure

from . import judge
from .planner import ask
from .queues import FAMILIES, LINKS, Queue, all_queues
from .schedule import makespan, shortest_listed

_COPIES = 8  # of each family
_EFFORT = 3.0  # of the exact solver, about seconds
_MEAN, _WORST = 1.03, 1.25  # to the best known, over all families but that of links


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Durations in tenths of a second.

    Attributes:
        took: of the plan, its moves started in their order.
        rearranged: of the same destinations in the best order that is known.
        known: the shortest that is known.
        bound: the least that is possible, as far as that is proved.
    """

    case: Queue
    violations: tuple[str, ...]
    took: int
    rearranged: int
    known: int
    bound: int


def cases(seed: int, size: int) -> list[Queue]:
    """Return the cases of a size."""
    return all_queues(seed, _COPIES * size)


def run(case: Queue) -> Outcome | None:
    """Plan a case and find the shortest; None where there is no plan."""
    from . import exact_schedule  # only here: judging needs no solver

    situation = case.draw()
    answer = ask(situation)
    best = exact_schedule.shortest(situation, _EFFORT)
    if not answer.is_complete or best is None:
        return None
    took = makespan(situation, answer.places, list(answer.places))
    rearranged = min(took, shortest_listed(situation, answer.places))
    broken = tuple(judge.violations(situation, answer.places))
    return Outcome(case, broken, took, rearranged, min(best.known, rearranged), best.bound)


def figures(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return the figures of all families and of each."""
    most = [one for one in outcomes if one.case.family != LINKS]
    found = [
        Figure("makespan", "plans", len(outcomes)),
        Figure("makespan", "violations", sum(bool(one.violations) for one in outcomes), 0),
        Figure("makespan", "best known to the proven bound, mean", _mean(outcomes, "known", "bound"), unit="x"),
        Figure("makespan but links", "to the best known, mean", _mean(most, "took", "known"), _MEAN, unit="x"),
        Figure("makespan but links", "to the best known, worst", _worst(most, "took", "known"), _WORST, unit="x"),
    ]
    for family in FAMILIES:
        ours = [one for one in outcomes if one.case.family == family]
        if not ours:
            continue
        found += [
            Figure(family, "to the best known, mean", _mean(ours, "took", "known"), unit="x"),
            Figure(family, "to the best known, worst", _worst(ours, "took", "known"), unit="x"),
            Figure(family, "of that the order of the moves, mean", _mean(ours, "took", "rearranged"), unit="x"),
        ]
    return found


def remarkable(outcome: Outcome) -> str:
    """Return a line about an outcome that a planner should not have, empty for any other."""
    if outcome.violations:
        return f"broken: {outcome.case}: {'; '.join(outcome.violations)}"
    if outcome.took > outcome.known * _WORST:
        return f"makespan {outcome.took / outcome.known:.2f}: {outcome.case}"
    return ""


def _ratios(outcomes: Sequence[Outcome], over: str, under: str) -> list[float]:
    return [getattr(one, over) / getattr(one, under) for one in outcomes]


def _mean(outcomes: Sequence[Outcome], over: str, under: str) -> float:
    return statistics.fmean(_ratios(outcomes, over, under) or [1.0])


def _worst(outcomes: Sequence[Outcome], over: str, under: str) -> float:
    return max(_ratios(outcomes, over, under), default=1.0)
