# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Is a plan allowed, and is there one where none was found? Plans of rooms and clusters beside the exact solver."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from tests.bench.figures import Figure

from . import judge
from .clusters import LARGE, Whole, all_clusters
from .model import Situation
from .planner import Answer, ask
from .rooms import SLACKS, Rooms, all_rooms

Case = Rooms | Whole
_ROOMS = 2  # of each kind
_EFFORT = 4.0  # of the exact solver, about seconds
_REFUSED = 0.1  # percent of the possible ones that may be refused
_LARGE_CPU = 0.3  # seconds, planned or refused


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one case.

    Attributes:
        row: the line that it is counted in.
        violations: what the plan breaks.
        planned: every VM has a place.
        proved: the planner says that it is impossible.
        possible: whether it is; None where neither the solver nor the drawing knows.
    """

    case: Case
    row: str
    violations: tuple[str, ...]
    planned: bool
    proved: bool
    possible: bool | None
    cpu_seconds: float


def cases(seed: int, size: int) -> list[Case]:
    """Return the cases of a size."""
    return [*all_rooms(seed, _ROOMS * size), *all_clusters(seed, size)]


def run(case: Case) -> Outcome:
    """Plan a case, and find out whether it is possible where no plan shows that."""
    from . import exact  # only here: judging needs no solver

    situation = case.draw()
    return judged(case, situation, ask(situation), lambda one: exact.is_possible(one, _EFFORT))


def judged(
    case: Case, situation: Situation, answer: Answer, is_possible: Callable[[Situation], bool | None]
) -> Outcome:
    """Return what an answer is worth; ``is_possible`` is asked only where neither plan nor drawing answers."""
    broken = tuple(judge.violations(situation, answer.places))
    if answer.is_complete:
        broken += tuple(f"{vm} has no place" for vm in judge.missing(situation, answer.places))
    possible: bool | None = True if answer.is_complete and not broken else case.is_possible
    if possible is None:
        possible = is_possible(situation)
    return Outcome(case, case.row, broken, answer.is_complete, answer.is_proved, possible, answer.cpu_seconds)


def figures(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return the figures of all outcomes and of each row."""
    found = [
        Figure("placing", "plans", len(outcomes)),
        Figure("placing", "violations", sum(bool(one.violations) for one in outcomes), 0),
        Figure("placing", "wrong proofs", sum(one.proved and one.possible is True for one in outcomes), 0),
    ]
    tight = {f"planted, slack {slack} %" for slack in SLACKS if slack} | {
        one.row for one in outcomes if one.row.startswith("random")
    }
    found += _refused("slack of 1 % and more, and random", [one for one in outcomes if one.row in tight], _REFUSED)
    for row in dict.fromkeys(one.row for one in outcomes):
        ours = [one for one in outcomes if one.row == row]
        found += _refused(row, ours, 0 if row.startswith("whole") else None)
        impossible = [one for one in ours if one.possible is False]
        if impossible:
            unproved = sum(not one.proved for one in impossible)
            found.append(Figure(row, f"impossible ones not proved, of {len(impossible)}", unproved))
        undecided = sum(one.possible is None for one in ours)
        if undecided:
            found.append(Figure(row, "not decided by the exact solver", undecided))
    large = [one for one in outcomes if one.row == LARGE]
    found += _cpu("rooms and small clusters", [one for one in outcomes if one.row != LARGE])
    return found + _cpu(LARGE, large, _LARGE_CPU)


def _refused(row: str, outcomes: Sequence[Outcome], limit: float | None) -> list[Figure]:
    possible = [one for one in outcomes if one.possible]
    refused = sum(not one.planned for one in possible)
    name = f"refused though possible, {refused} of {len(possible)}"
    return [Figure(row, name, 100 * refused / max(1, len(possible)), limit, unit="%")]


def _cpu(row: str, outcomes: Sequence[Outcome], limit: float | None = None) -> list[Figure]:
    seconds = [one.cpu_seconds for one in outcomes] or [0.0]
    return [
        Figure(row, "CPU of a plan, mean", sum(seconds) / len(seconds), unit="s"),
        Figure(row, "CPU of a plan, worst", max(seconds), limit, unit="s"),
    ]


def remarkable(outcome: Outcome) -> str:
    """Return a line about an outcome that a planner should not have, empty for any other."""
    if outcome.violations:
        return f"broken: {outcome.case}: {'; '.join(outcome.violations)}"
    if outcome.proved and outcome.possible:
        return f"wrong proof: {outcome.case}"
    if outcome.possible and not outcome.planned:
        return f"refused: {outcome.case}"
    return ""
