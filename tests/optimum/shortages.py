# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a refused plan says of memory: whether "at least" is a bound, and "enough" is enough."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

from tests.bench.figures import Figure

from .model import Situation
from .planner import ask
from .rooms import BindingName, Rooms
from .sizes import SIZES

_SHAPES = ((2, 6), (3, 12), (4, 20))  # nodes, VMs
_BINDINGS: tuple[BindingName, ...] = ("plain", "all")
_SHARES = (98, 100, 110)  # percent of all rooms that is needed
_EFFORT = 0.5  # of the exact solver, about seconds


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one refusal says of memory in MB.

    Attributes:
        at_least: what is missing in any case.
        enough: what would be enough, 0 where the plan names none.
        suffices: a placement exists with that; None where it names none or the solver does not know.
        least: what is missing at least; None where the solver could not prove it.
    """

    case: Rooms
    at_least: int
    enough: int
    suffices: bool | None
    least: int | None


def cases(seed: int, size: int) -> list[Rooms]:
    """Return the cases of a size."""
    return [
        Rooms(f"{seed}/short {copy}", shape, sizes, binding, share=share)
        for shape, sizes, binding, share, copy in itertools.product(_SHAPES, SIZES, _BINDINGS, _SHARES, range(size))
    ]


def run(case: Rooms) -> Outcome | None:
    """Plan a case and judge the amounts; None where every VM has a place, or rules and not memory are in the way."""
    from . import exact  # only here: judging needs no solver

    situation = case.draw()
    answer = ask(situation)
    if answer.is_complete or answer.code in ("no_node", "too_few_nodes"):
        return None
    suffices = exact.is_possible(grown(situation, answer.enough), _EFFORT) if answer.enough else None
    least = exact.least_memory_missing(situation, _EFFORT)
    return Outcome(case, answer.at_least_mb, sum(answer.enough.values()), suffices, least)


def grown(situation: Situation, more: Mapping[str, int]) -> Situation:
    """Return a situation in which nodes have more memory."""
    nodes = tuple(
        dataclasses.replace(node, free_mb=max(node.free_mb, 0) + more.get(node.name, 0)) for node in situation.nodes
    )
    return dataclasses.replace(situation, nodes=nodes)


def figures(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return how often the amounts are wrong, and how far they are from the least."""
    known = [one for one in outcomes if one.least]
    named = [one for one in known if one.enough]
    tried = [one for one in outcomes if one.suffices is not None]
    over = [one.enough / one.least for one in named if one.least]
    return [
        Figure("memory missing", "plans refused for memory", len(outcomes)),
        Figure("memory missing", "at least, though less would do", sum(_is_too_much(one) for one in outcomes), 0),
        Figure("memory missing", "enough, though it is not", sum(not one.suffices for one in tried), 0),
        Figure("memory missing", "no amount named", sum(not one.enough for one in outcomes)),
        Figure(
            "memory missing", f"enough is the least, of {len(known)}", sum(one.enough == one.least for one in known)
        ),
        Figure("memory missing", "enough to the least, mean", sum(over) / max(1, len(over)), unit="x"),
    ]


def _is_too_much(outcome: Outcome) -> bool:
    return outcome.least is not None and outcome.at_least > outcome.least


def remarkable(outcome: Outcome) -> str:
    """Return a line about an outcome that a planner should not have, empty for any other."""
    if _is_too_much(outcome):
        return f"at least {outcome.at_least} MB, and {outcome.least} would do: {outcome.case}"
    return f"{outcome.enough} MB are not enough: {outcome.case}" if outcome.suffices is False else ""
