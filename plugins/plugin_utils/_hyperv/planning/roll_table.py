# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a rolling maintenance as lines for a terminal. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from ..._text import clean
from .roll_plan import Amount, RollPlan
from .roll_request import KEEP
from .roll_steps import RollStep

_HEAD = ("", "node", "leave", "aside", "return", "GB", "moves take", "done after", "")
_LEFT = frozenset({1, len(_HEAD) - 1})  # columns of words


def roll_table(plan: RollPlan) -> list[str]:
    """Return the turns as a table, the sums beside those of a plan that brings all back and the bound, and notes.

    Nodes that are away together have the same number.
    """
    rows: list[tuple[str, ...]] = [_HEAD]
    for batch, ends, step in plan.timed():
        rows.append(_row(batch, step, ends, is_kept=step.is_kept and plan.layout != KEEP))
    below = [plan.refusal.text] if plan.refusal is not None else list(_sums(plan))
    return [*(_lines(rows) if plan.steps else []), *map(clean, (*below, *plan.notes))]


def _row(number: int, step: RollStep, ends: int | None, *, is_kept: bool) -> tuple[str, ...]:
    return (
        str(number),
        clean(step.node),
        str(len(step.plan.moves)),
        str(len(step.plan.steps_aside) or ""),
        str(len(step.returns) or ""),
        _gigabytes(step.memory_mb),
        _time(step.seconds),
        _time(ends),
        "all return, so that the next nodes can be emptied" if is_kept else "",
    )


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    wide = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return [
        "  ".join(
            f"{cell:<{wide[column]}}" if column in _LEFT else f"{cell:>{wide[column]}}"
            for column, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


def _sums(plan: RollPlan) -> Iterator[str]:
    if plan.refill:
        moved = sum(one.helper.candidate.needs_mb for one in plan.refill)
        yield f"To even out the memory of the nodes after that: {_moves(len(plan.refill))} of {_gigabytes(moved)} GB."
    if plan.at_once > 1:
        yield f"Nodes of one number are away together, {plan.at_once} at most."
    yield f"In all {_amount(plan.total)}."
    if plan.layout != KEEP:
        yield f"If every VM returned to its node, at least {_amount(plan.keep)}."
    least = f"{_moves(plan.bound.moves)}, or moves less than {_gigabytes(plan.bound.memory_mb)} GB"
    yield f"No plan of this layout has fewer than {least}."


def _amount(amount: Amount) -> str:
    moves = f"{_moves(amount.moves)} of {_gigabytes(amount.memory_mb)} GB"
    return moves if amount.seconds is None else f"{moves}, expected to take {_time(amount.seconds)} with the work"


def _moves(count: int) -> str:
    return f"{count} move{'' if count == 1 else 's'}"


def _gigabytes(megabytes: int) -> str:
    return f"{megabytes / 1024:.0f}"


def _time(seconds: int | None) -> str:
    return "" if seconds is None else str(dt.timedelta(seconds=seconds))
