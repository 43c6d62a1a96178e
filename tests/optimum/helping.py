# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes of crowded clusters that can be emptied, some only if VMs of other nodes step aside first."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping, Sequence

from tests.bench.figures import Figure

from . import judge
from .clusters import FILLINGS, FillingName, Whole
from .model import Situation
from .planner import ask, ask_for_help
from .sizes import SIZES, SizesName

_BRIM: FillingName = "to the brim"  # many of these need more helpers than are looked for
_SIZES: Sequence[tuple[FillingName, SizesName]] = [
    *((filling, sizes) for filling in FILLINGS for sizes in SIZES if filling != _BRIM),
    (_BRIM, "huawei"),
]  # of a cluster with 16 evacuations each
_MOST = 4  # helpers that may be needed
_POSSIBLE = 99.0  # percent of the evacuations, at least; of those to the brim, of the possible ones
_EFFORT = 20.0  # of the exact solver, about seconds
_LONGEST = 2.0  # seconds of CPU that a refusal may take


_WAYS: dict[FillingName, str] = {
    "node by node": "node by node",
    "the cluster": "as a whole",
    "the least full node": "evenly",
    "to the brim": "to the brim",
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one evacuation.

    Attributes:
        violations: what the plan, or a moment on the way to it, breaks.
        helpers: VMs of other nodes that step aside; None where the node cannot be emptied even so.
        is_possible: with as many helpers as may be needed; None where neither plan nor solver knows.
    """

    case: Whole
    violations: tuple[str, ...]
    helpers: int | None
    is_possible: bool | None
    cpu_seconds: float


def cases(seed: int, size: int) -> list[Whole]:
    """Return every node of clusters of 16 nodes that are 80 percent full."""
    return [
        Whole(f"{seed}/help {copy}", 16, 512, 80, sizes, bound=False, left=left, filling=filling)
        for filling, sizes in _SIZES
        for copy in range(size)
        for left in range(16)
    ]


def run(case: Whole) -> Outcome:
    """Plan an evacuation, with helpers where there is no plan without."""
    situation = case.draw()
    answer = ask(situation)
    if answer.is_complete:
        return Outcome(case, tuple(judge.violations(situation, answer.places)), 0, True, answer.cpu_seconds)
    help_ = ask_for_help(situation, case.residents(), _MOST)
    seconds = answer.cpu_seconds + help_.cpu_seconds
    if help_.moves is None:
        return Outcome(case, (), None, _is_possible(situation, case.residents()), seconds)
    after, broken_on_the_way = judge.after_helpers(situation, case.residents(), help_.moves)
    broken = (*broken_on_the_way, *judge.violations(after, help_.places))
    broken += tuple(f"{vm} has no place" for vm in judge.missing(after, help_.places))
    return Outcome(case, broken, len(help_.moves), True, seconds)


def _is_possible(situation: Situation, residents: Mapping[str, Mapping[str, int]]) -> bool | None:
    from . import exact  # only here: judging needs no solver

    if sum(vm.memory_mb for vm in situation.vms) > sum(map(situation.room_mb, situation.nodes)):
        return False
    return exact.is_possible_with_helpers(situation, residents, _MOST, _EFFORT)


def figures(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return how many evacuations are possible, and with how many helpers, for each way of filling a cluster."""
    found: list[Figure] = []
    for filling in FILLINGS:
        ours = [one for one in outcomes if one.case.filling == filling]
        if ours:
            found += _figures(f"80 % full, filled {_WAYS[filling]}", ours, is_brim=filling == _BRIM)
    return found


def _figures(name: str, outcomes: Sequence[Outcome], *, is_brim: bool) -> list[Figure]:
    counts = collections.Counter(one.helpers for one in outcomes)
    planned = sum(one.helpers is not None for one in outcomes)
    possible = sum(one.is_possible is True for one in outcomes)
    undecided = sum(one.is_possible is None for one in outcomes)
    found = [
        Figure(name, "evacuations", len(outcomes)),
        Figure(name, "violations", sum(bool(one.violations) for one in outcomes), 0),
        Figure(name, "possible without helpers", 100 * counts[0] / len(outcomes), unit="%"),
        Figure(
            name,
            "planned, with helpers",
            100 * planned / len(outcomes),
            None if is_brim else _POSSIBLE,
            at_least=True,
            unit="%",
        ),
        Figure(
            name,
            f"planned, of {possible} that are possible with {_MOST} helpers at most",
            100 * planned / max(1, possible),
            _POSSIBLE,
            at_least=True,
            unit="%",
        ),
        Figure(name, "CPU, worst", max(one.cpu_seconds for one in outcomes), _LONGEST, unit="s"),
    ]
    found += [Figure(name, f"with {number} helpers", counts[number]) for number in range(1, _MOST + 1)]
    return [*found, Figure(name, "not decided by the exact solver", undecided)]


def remarkable(outcome: Outcome) -> str:
    """Return a line about an outcome that a planner should not have, empty for any other."""
    if outcome.violations:
        return f"broken: {outcome.case}: {'; '.join(outcome.violations)}"
    return f"no helpers found: {outcome.case}" if outcome.helpers is None and outcome.is_possible else ""
