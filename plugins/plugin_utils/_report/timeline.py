# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When each VM was migrated, and how many at the same time. Positions are percent of the whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .account import Account, Move
from .wording import time_of_day

_MINUTE, _HOUR = 60, 3600
_STEPS = (
    1,
    2,
    5,
    10,
    15,
    30,
    *(_MINUTE * one for one in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * one for one in (1, 2, 3, 6)),
)
_MOST_TICKS = 5


@dataclasses.dataclass(frozen=True)
class Bar:
    """A move on the time axis.

    Attributes:
        left, width: from when it was asked for to the end of its job, in percent; left is None where it never began.
        tail: from there until its VM was seen to have arrived, in percent.
    """

    move: Move
    left: float | None
    width: float
    tail: float = 0.0


@dataclasses.dataclass(frozen=True)
class Load:
    """How many moves were under way at once.

    Attributes:
        name: the node, empty for all moves.
        steps: (percent, number): from there on so many, until the next step.
        peak: the highest number.
        limit: how many may be, 0 where nothing limits it, None where nobody told.
    """

    name: str
    steps: tuple[tuple[float, int], ...]
    peak: int
    limit: int | None


@dataclasses.dataclass(frozen=True)
class Lane:
    """The moves ``to`` or ``from`` one node in the order in which they began, and how many at once."""

    direction: str
    load: Load
    bars: tuple[Bar, ...]


@dataclasses.dataclass(frozen=True)
class Timeline:
    """All moves on one time axis.

    Attributes:
        ticks: (percent, time of day).
        loads: over all, and for nodes that have no lane of their own.
        lanes: every move is in one of them.
        has_pauses: a bar holds pauses between tries, so that more may seem to be under way than were.
    """

    ticks: tuple[tuple[float, str], ...]
    loads: tuple[Load, ...]
    lanes: tuple[Lane, ...]
    has_pauses: bool


class Axis:
    """Turns seconds since 1970 into percent of the time from ``began`` to ``ended``."""

    def __init__(self, began: int, ended: int) -> None:
        self._began = began
        self._length = max(1, ended - began)

    def percent(self, moment: int) -> float:
        """Return where a moment is."""
        return round(min(100.0, max(0.0, 100.0 * (moment - self._began) / self._length)), 3)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return a few round times of day and where they are."""
        step = next((one for one in _STEPS if self._length / one <= _MOST_TICKS), _STEPS[-1])
        while self._length / step > _MOST_TICKS:
            step *= 2
        first = -(-self._began // step) * step
        moments = range(first, self._began + self._length + 1, step)
        return tuple((self.percent(one), time_of_day(one, seconds=step < _MINUTE)) for one in moments)


def timeline(account: Account) -> Timeline | None:
    """Return the timeline of an account; None where no move was ever asked for."""
    began = account.began
    if began is None:
        return None
    last = max(_end(move) for move in account.moves if move.began is not None)
    axis = Axis(began, last)
    lanes = tuple(
        Lane(direction, _load(axis, node, moves, account.limits.nodes.get(node)), _bars(axis, moves))
        for direction, node, moves in account.routes()
    )
    shown = {lane.load.name for lane in lanes}
    others = sorted({node for move in account.moves for node in (move.source, move.destination)} - shown)
    total = account.limits.total or (0 if account.limits.nodes else None)
    loads = [_load(axis, "", account.moves, total)]
    for node in others:
        involved = [move for move in account.moves if node in (move.source, move.destination)]
        loads.append(_load(axis, node, involved, account.limits.nodes.get(node)))
    return Timeline(axis.ticks(), tuple(loads), lanes, has_pauses(account.moves))


def has_pauses(moves: Sequence[Move]) -> bool:
    """Return whether the time of a move holds pauses between tries, in which nothing was under way."""
    return any(move.attempts > 1 for move in moves)


def peak(moves: Sequence[Move]) -> int:
    """Return how many moves were under way at once at most."""
    at_all = any(move.began is not None for move in moves)
    return max((number for unused, number in _numbers(moves)), default=0) or int(at_all)


def _end(move: Move) -> int:
    return max(move.began or 0, move.ended or 0)


def _release(move: Move) -> int:
    return _end(move) if move.released is None else min(_end(move), max(move.began or 0, move.released))


def _numbers(moves: Sequence[Move]) -> list[tuple[int, int]]:
    """Return (moment, how many from then on).

    A move is not counted in the second in which it ends: the next one may have begun in it.
    """
    events: dict[int, int] = {}
    for move in moves:
        if move.began is not None:
            events[move.began] = events.get(move.began, 0) + 1
            events[_release(move)] = events.get(_release(move), 0) - 1
    numbers, now = [], 0
    for moment in sorted(events):
        now += events[moment]
        numbers.append((moment, now))
    return numbers


def _load(axis: Axis, name: str, moves: Sequence[Move], limit: int | None) -> Load:
    steps = tuple((axis.percent(moment), number) for moment, number in _numbers(moves))
    return Load(name, steps, peak(moves), limit)


def _bars(axis: Axis, moves: Sequence[Move]) -> tuple[Bar, ...]:
    begun = sorted((move for move in moves if move.began is not None), key=lambda move: (move.began, _end(move)))
    bars = [_bar(axis, move) for move in begun]
    return (*bars, *(Bar(move, None, 0.0) for move in moves if move.began is None))


def _bar(axis: Axis, move: Move) -> Bar:
    left, middle, right = (axis.percent(moment) for moment in (move.began or 0, _release(move), _end(move)))
    return Bar(move, left, round(middle - left, 3), round(right - middle, 3))
