# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the VMs of a node would go: pure and deterministic."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from ..failure.finding import ERROR
from .assignment import Assignment, Bundle, move_order
from .enough_memory import enough_memory
from .infeasibility import Infeasibility, names_of, not_found, prove, why_no_node
from .problem import Candidate, PlacementProblem
from .schedule import ExpectedDuration, schedule
from .solver import Outcome, place_all, place_some
from .vm_finding import VmFinding, about_vm


@dataclasses.dataclass(frozen=True)
class Placed:
    """One VM and where it would go, in the order of the moves; ``reason`` says why there."""

    candidate: Candidate
    destination: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Unplaced:
    """One VM that has no place; the finding says why, and what would help."""

    candidate: Candidate
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
    """The answer of the planner.

    Attributes:
        infeasibility: why ``unplaced`` have no place, None where there are none.
        expected: how long the moves take together, None where the slots of a node are not known.
    """

    moves: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]
    headroom: tuple[Headroom, ...]
    infeasibility: Infeasibility | None = None
    expected: ExpectedDuration | None = None


def place(problem: PlacementProblem, *, is_trial: bool = False) -> Placement:
    """Give every VM a place, if there is one: within memory less the reserve, possible owners, builds and hard rules.

    Of the nodes that remain, those that break no soft rule come first, then preferred owners, then those whose slots
    the evacuation does not wait for, then the one with the least share of its memory in use. Others move out of the way
    of a VM that finds no place, urgent and big VMs first where not all have one. The answer depends on the problem
    alone, not on the order in which it was read.

    A trial is one of many: it is bounded in fewer steps, and does not say how much memory would be enough.
    """
    assignment = Assignment(problem)
    infeasibility, found = prove(assignment), Outcome()
    if infeasibility is None:
        found = place_all(assignment, is_trial=is_trial)
        if assignment.unplaced():
            infeasibility = not_found(assignment, exhausted=found.exhausted, steps=found.steps)
    else:
        place_some(assignment)
    if infeasibility is not None and not is_trial:
        infeasibility = infeasibility.with_enough(enough_memory(problem, infeasibility, found.missing))
    moves, expected = _schedule(assignment, found.given_up)
    return Placement(moves, _unplaced(assignment, infeasibility), _headroom(assignment), infeasibility, expected)


def _schedule(assignment: Assignment, given_up: Collection[int]) -> tuple[tuple[Placed, ...], ExpectedDuration | None]:
    """Return the moves in their order, and how long they take; the reasons tell the memory left before each of them.

    ``given_up``: bundles that do not go to a preferred owner because that would take too long.
    """
    left = [assignment.problem.room_mb(one) for one in assignment.destinations]
    placed = [
        (candidate, index, where)
        for index, where in enumerate(assignment.places)
        if where is not None
        for candidate in assignment.bundles[index].candidates
    ]
    placed.sort(key=lambda one: (move_order(assignment.bundles[one[1]].candidates[0]), move_order(one[0])))
    found = schedule(assignment.problem, [(one[0], assignment.destinations[one[2]]) for one in placed])
    moves = []
    for number in found.order:
        candidate, index, where = placed[number]
        reason = _reason(assignment, index, where, candidate, left)
        if index in given_up:
            reason += "; the evacuation would take too long if it went to a preferred owner"
        if number in found.ahead:
            reason += (
                "; it goes before VMs of higher priority, because its move or the queue for its node takes so long"
            )
        moves.append(Placed(candidate, assignment.destinations[where].name, reason))
        left[where] -= candidate.needs_mb
    return tuple(moves), found.expected


def _reason(assignment: Assignment, index: int, where: int, candidate: Candidate, left: list[int]) -> str:
    bundle, node = assignment.bundles[index], assignment.destinations[where].name
    if candidate.pinned:
        return candidate.pinned_because
    reserve = assignment.problem.reserve_mb(assignment.destinations[where])
    room = f"{left[where] + reserve} MB before this move"
    if not candidate.needs_mb:
        text = f"it takes no memory along to {node}"
    elif left[where] == max(left[place] for place in bundle.open_to):
        text = f"{node} has the most memory left ({room})"
    else:
        text = f"{node} has room for it ({room})"
    if where in bundle.preferred:
        text += f"; {node} is {candidate.preferred_as}"
    others = [one for one in bundle.candidates if one is not candidate]
    if others:
        text += f"; a rule keeps it with {', '.join(one.vm.name for one in others)}"
    broken = _soft_rules_broken(assignment, index)
    return text + (f"; no other place was found, so it breaks the {' and the '.join(broken)}" if broken else "")


def _soft_rules_broken(assignment: Assignment, index: int) -> list[str]:
    where = assignment.take(index)
    broken = [rule.text for rule in assignment.broken_rules(index, where, hard=False)]
    assignment.put(index, where)
    return broken


def _unplaced(assignment: Assignment, infeasibility: Infeasibility | None) -> tuple[Unplaced, ...]:
    found: list[Unplaced] = []
    is_proved = infeasibility is None or infeasibility.is_proved
    for index in sorted(assignment.unplaced(), key=lambda one: move_order(assignment.bundles[one].candidates[0])):
        code, message, remedy = _why(assignment, index)
        if not is_proved:
            message += " A placement may exist that was not found."
        found.extend(
            Unplaced(candidate, about_vm(candidate.vm, code, ERROR, message, remedy))
            for candidate in assignment.bundles[index].candidates
        )
    return tuple(found)


def _why(assignment: Assignment, index: int) -> tuple[str, str, str]:
    """Return why a bundle has no place when all others have theirs, and what would help: code, message, remedy."""
    bundle = assignment.bundles[index]
    if not bundle.open_to:
        return (
            "no_node",
            f"No destination can take it: {why_no_node(assignment, index)}.",
            _remedy_for_constraints(bundle),
        )
    bearing = [place for place in bundle.open_to if not assignment.broken_rules(index, place, hard=True)]
    together = f"With {', '.join(names_of([bundle])[1:])} it" if len(bundle.candidates) > 1 else "It"
    if not bearing:
        return (
            "rule",
            f"Every node that may take it would break a rule: {why_no_node(assignment, index)}.",
            "Disable the rule for the time of the maintenance, or allow another destination.",
        )
    best = max(bearing, key=lambda place: (assignment.room[place], -place))
    node, reserve = assignment.destinations[best], assignment.problem.reserve_mb(assignment.destinations[best])
    return (
        "no_memory",
        f"{together} needs {bundle.need} MB; the roomiest destination left, {node.name}, lacks "
        f"{bundle.need - assignment.room[best]} MB ({assignment.room[best] + reserve} MB free, of which {reserve} MB "
        "are kept in reserve).",
        f"Free memory on a destination{', or lower the reserve' if reserve else ''}.",
    )


def _remedy_for_constraints(bundle: Bundle) -> str:
    if any(one.pinned for one in bundle.candidates):
        return "Plan anew, or wait until the running migration has ended."
    return "Bring one of them up, resume it, or add a node to the possible owners of the VM."


def _headroom(assignment: Assignment) -> tuple[Headroom, ...]:
    return tuple(
        Headroom(
            one.name,
            one.memory.total_mb,
            assignment.problem.reserve_mb(one),
            one.memory.free_mb,
            assignment.room[place] + assignment.problem.reserve_mb(one),
        )
        for place, one in enumerate(assignment.destinations)
    )
