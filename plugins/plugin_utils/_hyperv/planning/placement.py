# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the VMs of a node would go: pure and deterministic. Private to this collection."""

from __future__ import annotations

import dataclasses

from ..failure.finding import ERROR
from .assignment import Board, Unit, move_order
from .infeasibility import Infeasibility, names, prove, why_no_node
from .problem import Resident, Situation
from .solver import fill
from .vm_finding import VmFinding, about_vm


@dataclasses.dataclass(frozen=True)
class Placed:
    """One VM and where it would go, in the order of the moves; ``reason`` says why there."""

    resident: Resident
    destination: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Unplaced:
    """One VM that has no place; the finding says why, and what would help."""

    resident: Resident
    finding: VmFinding


@dataclasses.dataclass(frozen=True)
class Headroom:
    """A destination's memory in MB before and after the moves; ``reserve_mb`` is kept free of the total."""

    node: str
    total_mb: int
    reserve_mb: int
    free_before_mb: int
    free_after_mb: int


@dataclasses.dataclass(frozen=True)
class Placement:
    """The answer of the planner; ``infeasibility`` says why ``unplaced`` have no place, None where there are none."""

    moves: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]
    headroom: tuple[Headroom, ...]
    infeasibility: Infeasibility | None = None


def place(situation: Situation) -> Placement:
    """Give every VM a place, if there is one: within memory less the reserve, possible owners, builds and hard rules.

    Of the nodes that remain, those that break no soft rule come first, then preferred owners, then the one with the
    most memory left. Urgent and big VMs choose first; others move out of the way of one that finds no place. The answer
    depends on the situation alone, not on the order in which it was read.
    """
    board = Board(situation)
    found = fill(board)
    infeasibility = prove(board, found)
    return Placement(_moves(board), _unplaced(board, infeasibility), _headroom(board), infeasibility)


def _moves(board: Board) -> tuple[Placed, ...]:
    """Return the moves in their order; the reasons tell the memory that is left before each of them."""
    left = Board(board.situation).room
    moves = []
    placed = [index for index, where in enumerate(board.places) if where is not None]
    for index in sorted(placed, key=lambda one: move_order(board.units[one].residents[0])):
        where, unit = board.places[index], board.units[index]
        if where is None:
            continue
        for resident in unit.residents:
            moves.append(Placed(resident, board.destinations[where].name, _reason(board, index, where, resident, left)))
            left[where] -= resident.needs_mb
    return tuple(moves)


def _reason(board: Board, index: int, where: int, resident: Resident, left: list[int]) -> str:
    unit, node = board.units[index], board.destinations[where].name
    if resident.pinned:
        return resident.pinned_because
    reserve = board.situation.reserve_mb(board.destinations[where])
    room = f"{left[where] + reserve} MB before this move"
    if not resident.needs_mb:
        text = f"it takes no memory along to {node}"
    elif left[where] == max(left[place] for place in unit.open_to):
        text = f"{node} has the most memory left ({room})"
    else:
        text = f"{node} has room for it ({room})"
    if where in unit.preferred:
        text += f"; {node} is a preferred owner"
    others = [one for one in unit.residents if one is not resident]
    if others:
        text += f"; a rule keeps it with {', '.join(one.vm.name for one in others)}"
    broken = _soft_rules_broken(board, index)
    return text + (f"; no other place was found, so it breaks the {' and the '.join(broken)}" if broken else "")


def _soft_rules_broken(board: Board, index: int) -> list[str]:
    where = board.take(index)
    broken = [rule.text for rule in board.broken_rules(index, where, hard=False)]
    board.put(index, where)
    return broken


def _unplaced(board: Board, infeasibility: Infeasibility | None) -> tuple[Unplaced, ...]:
    found: list[Unplaced] = []
    is_proved = infeasibility is None or infeasibility.is_proved
    for index in sorted(board.unplaced(), key=lambda one: move_order(board.units[one].residents[0])):
        code, message, remedy = _why(board, index)
        if not is_proved:
            message += " A placement may exist that was not found."
        found.extend(
            Unplaced(resident, about_vm(resident.vm, code, ERROR, message, remedy))
            for resident in board.units[index].residents
        )
    return tuple(found)


def _why(board: Board, index: int) -> tuple[str, str, str]:
    """Return why a unit has no place when all others have theirs, and what would help: code, message, remedy."""
    unit = board.units[index]
    if not unit.open_to:
        return "no_node", f"No destination can take it: {why_no_node(board, index)}.", _remedy_for_constraints(unit)
    bearing = [place for place in unit.open_to if not board.broken_rules(index, place, hard=True)]
    together = f"With {', '.join(names([unit])[1:])} it" if len(unit.residents) > 1 else "It"
    if not bearing:
        return (
            "rule",
            f"Every node that may take it would break a rule: {why_no_node(board, index)}.",
            "Disable the rule for the time of the maintenance, allow another destination, or let the VM stay.",
        )
    best = max(bearing, key=lambda place: (board.room[place], -place))
    node, reserve = board.destinations[best], board.situation.reserve_mb(board.destinations[best])
    return (
        "no_memory",
        f"{together} needs {unit.need} MB; the roomiest destination left, {node.name}, lacks "
        f"{unit.need - board.room[best]} MB ({board.room[best] + reserve} MB free, of which {reserve} MB are kept in "
        "reserve).",
        "Free memory on a destination, lower the reserve, or give the VM the strategy shutdown or save.",
    )


def _remedy_for_constraints(unit: Unit) -> str:
    if any(one.pinned for one in unit.residents):
        return "Plan anew, or wait until the running migration has ended."
    return (
        "Bring one of them up, resume it, or add a node to the possible owners of the VM; or give the VM the strategy "
        "stay."
    )


def _headroom(board: Board) -> tuple[Headroom, ...]:
    return tuple(
        Headroom(
            one.name,
            one.memory.total_mb,
            board.situation.reserve_mb(one),
            one.memory.free_mb,
            board.room[place] + board.situation.reserve_mb(one),
        )
        for place, one in enumerate(board.destinations)
    )
