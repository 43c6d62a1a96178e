# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finding a place for every unit of a board: greedily, by making room, and by trying everything within a bound.

Deterministic: steps are counted, time is not. Private to this collection.
"""

from __future__ import annotations

import dataclasses

from .assignment import Board

_MOST_EVICTIONS = 3  # units that make room for one another in a chain
_CHAIN_STEPS = 5_000  # places tried while room is made for all units together
_SEARCH_STEPS = 20_000  # places tried by the search
_SEARCHED_UNITS = 400  # the search is as deep as there are units

Places = list[int | None]


@dataclasses.dataclass(frozen=True)
class Found:
    """How a board was filled.

    Attributes:
        exhausted: there is no complete placement: every one was ruled out.
        steps: places that the search tried before it gave up or ended.
    """

    exhausted: bool = False
    steps: int = 0


class _Steps:
    """A bound on work that does not depend on the speed of the machine."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def step(self) -> bool:
        """Count one; tell whether there was one left."""
        self.taken += 1
        return self.taken <= self.most


def fill(board: Board) -> Found:
    """Place every unit if that is possible within the bounds, else as many as were found to fit, most urgent first."""
    for unit in range(len(board.units)):
        _put_best(board, unit)
    steps = _Steps(_CHAIN_STEPS)
    for unit in board.unplaced():
        _make_room(board, unit, _MOST_EVICTIONS, steps, set())
    found = Found()
    if board.unplaced():
        found = _try_everything(board)
    _ease(board)
    for unit in board.unplaced():
        _put_best(board, unit)
    return found


def _put_best(board: Board, unit: int) -> bool:
    choices = board.choices(unit)
    if choices:
        board.put(unit, choices[0])
    return bool(choices)


def _make_room(board: Board, unit: int, depth: int, steps: _Steps, moving: set[int]) -> bool:
    """Place a unit by moving others out of its way, which may have to move others in turn. On failure all is as it was.

    ``moving`` are the units that wait for a place further up the chain.
    """
    if _put_best(board, unit):
        return True
    if depth == 0:
        return False
    for place in sorted(board.units[unit].open_to, key=lambda one: (-board.room[one], one)):
        for other in sorted(board.on(place), key=lambda one: (board.units[one].need, one)):
            if other in moving:
                continue
            if not steps.step():
                return False
            board.take(other)
            if board.fits(unit, place):
                board.put(unit, place)
                if _make_room(board, other, depth - 1, steps, moving | {unit, other}):
                    return True
                board.take(unit)
            board.put(other, place)
    return False


def _try_everything(board: Board) -> Found:
    """Search all placements. The board is filled where one is found, and left as it was where none is."""
    before = list(board.places)
    # What needs no memory and no rule concerns fits in any case, if anywhere; it only makes the search longer.
    free = [unit for unit in range(len(board.units)) if board.is_unbound(unit)]
    bound = [unit for unit in range(len(board.units)) if unit not in free]
    if any(not unit.open_to for unit in board.units):
        return Found(exhausted=True)
    if len(bound) > _SEARCHED_UNITS:
        return Found()
    for unit in range(len(board.units)):
        if board.places[unit] is not None:
            board.take(unit)
    search = _Search(board, bound)
    if search.run():
        for unit in free:
            _put_best(board, unit)
        return Found(steps=search.steps.taken)
    for unit, place in enumerate(before):
        if place is not None:
            board.put(unit, place)
    return Found(search.steps.taken <= search.steps.most, search.steps.taken)


class _Search:
    """A depth-first search: the least free and biggest units first, each tried where it leaves the least room."""

    def __init__(self, board: Board, units: list[int]) -> None:
        self.board = board
        self.steps = _Steps(_SEARCH_STEPS)
        self._order = sorted(units, key=lambda one: (len(board.units[one].open_to), -board.units[one].need, one))
        needs = [board.units[unit].need for unit in self._order]
        self._left = [sum(needs[index:]) for index in range(len(needs) + 1)]
        self._twins = board.interchangeable()
        self._dead: set[tuple[int, tuple[int, ...]]] = set()

    def run(self, index: int = 0) -> bool:
        """Place the units from ``index`` on; tell whether that succeeded. Where it did not, they are nowhere."""
        if index == len(self._order):
            return True
        board, unit = self.board, self._order[index]
        if self._left[index] > sum(room for room in board.room if room > 0):
            return False
        state = (index, tuple(board.room))
        if state in self._dead:
            return False
        for place in self._promising(unit):
            if not self.steps.step():
                return False
            board.put(unit, place)
            if self.run(index + 1):
                return True
            board.take(unit)
            if self.steps.taken > self.steps.most:
                return False
        if board.is_free_of_hard_rules:
            self._dead.add(state)
        return False

    def _promising(self, unit: int) -> list[int]:
        """Return where a unit fits, without places that are as good as an earlier one."""
        board, seen, promising = self.board, set(), []
        for place in sorted(board.units[unit].open_to, key=lambda one: (board.room[one], one)):
            kind = (self._twins[place], board.room[place])
            if kind not in seen and board.fits(unit, place):
                seen.add(kind)
                promising.append(place)
        return promising


def _ease(board: Board) -> None:
    """Move or exchange units, as long as soft rules or preferred owners gain by it."""
    for unused in range(len(board.destinations)):
        movable = [
            unit for unit, place in enumerate(board.places) if place is not None and not board.units[unit].pinned
        ]
        if sum(_relocate(board, unit) or _exchange(board, unit) for unit in movable) == 0:
            return


def _pain(board: Board, unit: int, place: int) -> tuple[int, int]:
    wanted = board.units[unit]
    return board.strain(unit, place), int(bool(wanted.preferred) and place not in wanted.preferred)


def _relocate(board: Board, unit: int) -> bool:
    place = board.take(unit)
    choices = board.choices(unit)
    better = bool(choices) and _pain(board, unit, choices[0]) < _pain(board, unit, place)
    board.put(unit, choices[0] if better else place)
    return better


def _exchange(board: Board, unit: int) -> bool:
    """Exchange a unit that breaks a soft rule with another, if fewer are broken then; else leave all as it is."""
    place = board.take(unit)
    if board.strain(unit, place) == 0:
        board.put(unit, place)
        return False
    for there in board.units[unit].open_to:
        for other in board.on(there) if there != place else ():
            if place not in board.units[other].open_to:
                continue
            if _is_better_exchanged(board, unit, place, other, there):
                return True
    board.put(unit, place)
    return False


def _is_better_exchanged(board: Board, unit: int, place: int, other: int, there: int) -> bool:
    """Exchange the unit that was taken from ``place`` with ``other`` on ``there``; undo it where nothing is gained."""
    board.put(unit, place)
    before = _two(board, unit, other)
    board.take(unit)
    board.take(other)
    if board.fits(unit, there):
        board.put(unit, there)
        if board.fits(other, place):
            board.put(other, place)
            if _two(board, unit, other) < before:
                return True
            board.take(other)
        board.take(unit)
    board.put(other, there)
    return False


def _two(board: Board, *units: int) -> tuple[int, int]:
    """Return the pain of units at their places, added up."""
    total = (0, 0)
    for unit in units:
        place = board.take(unit)
        pain = _pain(board, unit, place)
        board.put(unit, place)
        total = (total[0] + pain[0], total[1] + pain[1])
    return total
