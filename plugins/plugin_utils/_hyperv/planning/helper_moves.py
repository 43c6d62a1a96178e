# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs of other nodes would have to step aside so that every VM of a node has a place. Pure.

It asks ``place`` what is possible and knows nothing of how that searches.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.affinity import NODE
from ..cluster.hosts import Memory
from .placement import Placement, place
from .problem import Candidate, Destination, PlacementProblem

_LEAST_PLACEMENTS, _MOST_PLACEMENTS = 8, 60  # that are asked for with a number of helper moves
_PAIRS = 100_000  # of VMs and destinations in all these placements
_BREADTH = 6  # ways of making room that are tried for a VM

_Rooms = Mapping[str, int]


@dataclasses.dataclass(frozen=True)
class Helper:
    """A VM of another node that may step aside, and the node that it is on."""

    candidate: Candidate
    node: str


@dataclasses.dataclass(frozen=True)
class HelperMove:
    """A VM of another node that steps aside."""

    helper: Helper
    destination: str


def step_aside(moves: Sequence[HelperMove]) -> str:
    """Return the sentences that say which VMs would have to step aside, and how to let them; empty for none."""
    if not moves:
        return ""
    told = [f"{one.helper.candidate.vm.name} from {one.helper.node} to {one.destination}" for one in moves]
    return (
        f"With helpers={len(moves)} (the roles' evacuate_node_helpers) every VM has a place: VMs of other nodes step "
        f"aside first, {', then '.join(told)}."
    )


@dataclasses.dataclass(frozen=True)
class Help:
    """Helper moves in their order, each of which fits when all before it are made, and the placement after them."""

    moves: tuple[HelperMove, ...]
    placement: Placement


def check_help(problem: PlacementProblem, moves: Sequence[HelperMove]) -> Help | None:
    """Return these moves with the placement after them; None where one does not fit in its turn, or a VM has no place.

    Every node that they are about is a destination.
    """
    after = problem
    for move in moves:
        candidate = move.helper.candidate
        there = next(one for one in after.destinations if first_label(one.name) == first_label(move.destination))
        if candidate.objection(there) or candidate.needs_mb > after.room_mb(there):
            return None
        if not keeps_rules(after, move.helper, there.name):
            return None
        after = _moved(after, (move,))
    placement = place(after, is_trial=True)
    return Help(tuple(moves), placement) if not placement.unplaced else None


def find_help(problem: PlacementProblem, helpers: Sequence[Helper], most: int) -> Help | None:
    """Return the fewest helper moves, at most ``most``, that let every VM have a place; None where none were found.

    The search is bounded: fewer moves than it found, or some where it found none, may exist. A helper keeps possible
    owners, builds, the reserve and affinity rules, soft ones too.
    """
    rooms = sum(max(0, problem.room_mb(one)) for one in problem.destinations)
    if sum(one.needs_mb for one in problem.candidates) > rooms:
        return None  # helpers stay on the destinations, so they free nothing in all
    return _HelpSearch(helpers).run(problem, most)


class _HelpSearch:
    def __init__(self, helpers: Sequence[Helper]) -> None:
        self._helpers = sorted(helpers, key=lambda one: (one.candidate.needs_mb, one.candidate.vm.id))
        self._placements = 0  # that may still be asked for

    def run(self, problem: PlacementProblem, most: int) -> Help | None:
        placement = place(problem, is_trial=True)
        pairs = max(1, len(problem.candidates) * len(problem.destinations))
        for count in range(1, most + 1):
            self._placements = min(_MOST_PLACEMENTS, max(_LEAST_PLACEMENTS, _PAIRS // pairs))
            found = self._extend(problem, placement, (), count)
            if found is not None:
                return found
        return None

    def _extend(
        self, problem: PlacementProblem, placement: Placement, made: tuple[HelperMove, ...], most: int
    ) -> Help | None:
        """Return what follows from one more set of helper moves for the biggest VM without a place."""
        for moves in _best(self._options(problem, placement, made, most)):
            if self._placements == 0:
                return None
            self._placements -= 1
            after = _moved(problem, moves)
            found, together = place(after, is_trial=True), (*made, *moves)
            if not found.unplaced:
                return Help(together, found)
            if most > len(moves):
                further = self._extend(after, found, together, most - len(moves))
                if further is not None:
                    return further
        return None

    def _options(
        self, problem: PlacementProblem, placement: Placement, made: tuple[HelperMove, ...], most: int
    ) -> Iterator[tuple[HelperMove, ...]]:
        """Yield sets of moves that make a hole for the biggest VM without a place.

        The holes are those that the other VMs leave when they are placed, or else those before that.
        """
        stuck = max((one.candidate for one in placement.unplaced), key=lambda one: (one.needs_mb, one.vm.id))
        gone = {move.helper.candidate.vm.id for move in made}
        now = {one.name: problem.room_mb(one) for one in problem.destinations}
        left = {one.node: one.free_after_mb - one.reserve_mb for one in placement.headroom}
        for destination in problem.destinations:
            pinned = first_label(stuck.pinned)
            if stuck.objection(destination) or (pinned and pinned != first_label(destination.name)):
                continue
            here = [
                one
                for one in self._helpers
                if first_label(one.node) == first_label(destination.name) and one.candidate.vm.id not in gone
            ]
            for rooms in (left, now):
                for count in range(1, most + 1):
                    moves = _make_hole(problem, here, destination, stuck.needs_mb, rooms, count)
                    if moves:
                        yield moves
                        break


def _best(options: Iterator[tuple[HelperMove, ...]]) -> list[tuple[HelperMove, ...]]:
    """Return the few sets with the fewest moves, and of these with the least memory."""
    found = sorted(
        set(options),
        key=lambda moves: (
            len(moves),
            sum(move.helper.candidate.needs_mb for move in moves),
            [(move.helper.candidate.vm.id, move.destination) for move in moves],
        ),
    )
    return found[:_BREADTH]


def _make_hole(
    problem: PlacementProblem,
    here: Sequence[Helper],
    destination: Destination,
    need_mb: int,
    rooms: _Rooms,
    count: int,
) -> tuple[HelperMove, ...]:
    """Return ``count`` moves that leave ``need_mb`` on a destination: big ones first, the last one as small as can be.

    Empty where there are none, or where it has that room anyway. ``here`` are the helpers on it, small ones first.
    """
    lacking = need_mb - rooms[destination.name]
    if lacking <= 0:
        return ()
    left, moves, waiting = dict(rooms), [], list(here)
    for last in (one == count for one in range(1, count + 1)):
        enough = [one for one in waiting if one.candidate.needs_mb >= lacking]
        for helper in enough if last else reversed(waiting):
            where = _best_fit(problem, helper, destination, left)
            if where:
                moves.append(HelperMove(helper, where))
                problem = _moved(problem, moves[-1:])
                left[where] -= helper.candidate.needs_mb
                lacking -= helper.candidate.needs_mb
                waiting.remove(helper)
                break
        else:
            return ()
    return tuple(moves) if lacking <= 0 else ()


def _best_fit(problem: PlacementProblem, helper: Helper, source: Destination, rooms: _Rooms) -> str:
    """Return the node with the smallest hole that takes a helper, empty for none."""
    fitting = [
        one
        for one in problem.destinations
        if one.name != source.name
        and helper.candidate.needs_mb <= rooms[one.name]
        and not helper.candidate.objection(one)
        and keeps_rules(problem, helper, one.name)
    ]
    return min(fitting, key=lambda one: (rooms[one.name], one.name)).name if fitting else ""


def keeps_rules(problem: PlacementProblem, helper: Helper, node: str) -> bool:
    """Report whether a helper may be on a node for all that the rules say of the VMs that stay where they are."""
    for rule in problem.rules:
        if helper.candidate.vm.id not in rule.members:
            continue
        others = [problem.where[one] for one in rule.members - {helper.candidate.vm.id} if one in problem.where]
        areas = [
            first_label(one) if rule.scope == NODE else problem.domains.get(first_label(one)) for one in (node, *others)
        ]
        if rule.together or (areas[0] is not None and areas[0] in areas[1:]):
            return False
    return True


def _moved(problem: PlacementProblem, moves: Sequence[HelperMove]) -> PlacementProblem:
    """Return the problem as it is when helpers have been moved."""
    free = {first_label(one.name): one.memory.free_mb for one in problem.destinations}
    where = dict(problem.where)
    for move in moves:
        free[first_label(move.helper.node)] += move.helper.candidate.needs_mb
        free[first_label(move.destination)] -= move.helper.candidate.needs_mb
        where[move.helper.candidate.vm.id] = move.destination
    destinations = tuple(
        dataclasses.replace(one, memory=Memory(one.memory.total_mb, free[first_label(one.name)]))
        for one in problem.destinations
    )
    return dataclasses.replace(problem, destinations=destinations, where=where)
