# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finding a place for every bundle: greedily, by making room, and by trying everything within a bound.

Deterministic: steps are counted, time is not. Private to this collection.
"""

from __future__ import annotations

import dataclasses

from .assignment import Assignment

_MOST_EVICTIONS = 3  # bundles that make room for one another in a chain
_CHAIN_STEPS = 5_000  # places tried while room is made for all bundles together
_SEARCH_STEPS = 20_000  # places tried by the search
_SEARCHED_BUNDLES = 400  # the search is as deep as there are bundles

Places = list[int | None]


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """How an assignment was filled.

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


def place_all(assignment: Assignment) -> SearchResult:
    """Place every bundle if that is possible within the bounds, else as many as fit, most urgent first."""
    for bundle in range(len(assignment.bundles)):
        _put_best(assignment, bundle)
    steps = _Steps(_CHAIN_STEPS)
    for bundle in assignment.unplaced():
        _make_room(assignment, bundle, _MOST_EVICTIONS, steps, set())
    found = SearchResult()
    if assignment.unplaced():
        found = _try_everything(assignment)
    _improve(assignment)
    for bundle in assignment.unplaced():
        _put_best(assignment, bundle)
    return found


def _put_best(assignment: Assignment, bundle: int) -> bool:
    choices = assignment.choices(bundle)
    if choices:
        assignment.put(bundle, choices[0])
    return bool(choices)


def _make_room(assignment: Assignment, bundle: int, depth: int, steps: _Steps, moving: set[int]) -> bool:
    """Place a bundle by moving others out of its way, which may move others in turn. On failure all is as it was.

    ``moving`` are the bundles that wait for a place further up the chain.
    """
    if _put_best(assignment, bundle):
        return True
    if depth == 0:
        return False
    for place in sorted(assignment.bundles[bundle].open_to, key=lambda one: (-assignment.room[one], one)):
        for other in sorted(assignment.on(place), key=lambda one: (assignment.bundles[one].need, one)):
            if other in moving:
                continue
            if not steps.step():
                return False
            assignment.take(other)
            if assignment.fits(bundle, place):
                assignment.put(bundle, place)
                if _make_room(assignment, other, depth - 1, steps, moving | {bundle, other}):
                    return True
                assignment.take(bundle)
            assignment.put(other, place)
    return False


def _try_everything(assignment: Assignment) -> SearchResult:
    """Search all placements. The assignment is filled where one is found, and left as it was where none is."""
    before = list(assignment.places)
    # What needs no memory and no rule concerns fits in any case, if anywhere; it only makes the search longer.
    free = [bundle for bundle in range(len(assignment.bundles)) if assignment.is_unbound(bundle)]
    bound = [bundle for bundle in range(len(assignment.bundles)) if bundle not in free]
    if any(not bundle.open_to for bundle in assignment.bundles):
        return SearchResult(exhausted=True)
    if len(bound) > _SEARCHED_BUNDLES:
        return SearchResult()
    for bundle in range(len(assignment.bundles)):
        if assignment.places[bundle] is not None:
            assignment.take(bundle)
    search = _Search(assignment, bound)
    if search.run():
        for bundle in free:
            _put_best(assignment, bundle)
        return SearchResult(steps=search.steps.taken)
    for bundle, place in enumerate(before):
        if place is not None:
            assignment.put(bundle, place)
    return SearchResult(search.steps.taken <= search.steps.most, search.steps.taken)


class _Search:
    """A depth-first search: the least free and biggest bundles first, each tried where it leaves the least room."""

    def __init__(self, assignment: Assignment, bundles: list[int]) -> None:
        self.assignment = assignment
        self.steps = _Steps(_SEARCH_STEPS)
        self._order = sorted(
            bundles, key=lambda one: (len(assignment.bundles[one].open_to), -assignment.bundles[one].need, one)
        )
        needs = [assignment.bundles[bundle].need for bundle in self._order]
        self._left = [sum(needs[index:]) for index in range(len(needs) + 1)]
        self._equivalents = assignment.equivalent_destinations()
        self._dead: set[tuple[int, tuple[int, ...]]] = set()

    def run(self, index: int = 0) -> bool:
        """Place the bundles from ``index`` on; tell whether that succeeded. Where it did not, they are nowhere."""
        if index == len(self._order):
            return True
        assignment, bundle = self.assignment, self._order[index]
        if self._left[index] > sum(room for room in assignment.room if room > 0):
            return False
        state = (index, tuple(assignment.room))
        if state in self._dead:
            return False
        for place in self._promising(bundle):
            if not self.steps.step():
                return False
            assignment.put(bundle, place)
            if self.run(index + 1):
                return True
            assignment.take(bundle)
            if self.steps.taken > self.steps.most:
                return False
        if assignment.is_free_of_hard_rules:
            self._dead.add(state)
        return False

    def _promising(self, bundle: int) -> list[int]:
        """Return where a bundle fits, without places that are as good as an earlier one."""
        assignment, seen, promising = self.assignment, set(), []
        for place in sorted(assignment.bundles[bundle].open_to, key=lambda one: (assignment.room[one], one)):
            kind = (self._equivalents[place], assignment.room[place])
            if kind not in seen and assignment.fits(bundle, place):
                seen.add(kind)
                promising.append(place)
        return promising


def _improve(assignment: Assignment) -> None:
    """Move or exchange bundles, as long as soft rules or preferred owners gain by it."""
    for unused in range(len(assignment.destinations)):
        movable = [
            bundle
            for bundle, place in enumerate(assignment.places)
            if place is not None and not assignment.bundles[bundle].pinned
        ]
        if sum(_relocate(assignment, bundle) or _exchange(assignment, bundle) for bundle in movable) == 0:
            return


def _cost(assignment: Assignment, bundle: int, place: int) -> tuple[int, int]:
    wanted = assignment.bundles[bundle]
    return assignment.soft_violations(bundle, place), int(bool(wanted.preferred) and place not in wanted.preferred)


def _relocate(assignment: Assignment, bundle: int) -> bool:
    place = assignment.take(bundle)
    choices = assignment.choices(bundle)
    better = bool(choices) and _cost(assignment, bundle, choices[0]) < _cost(assignment, bundle, place)
    assignment.put(bundle, choices[0] if better else place)
    return better


def _exchange(assignment: Assignment, bundle: int) -> bool:
    """Exchange a bundle that breaks a soft rule with another, if fewer are broken then; else leave all as it is."""
    place = assignment.take(bundle)
    if assignment.soft_violations(bundle, place) == 0:
        assignment.put(bundle, place)
        return False
    for there in assignment.bundles[bundle].open_to:
        for other in assignment.on(there) if there != place else ():
            if place not in assignment.bundles[other].open_to:
                continue
            if _is_better_exchanged(assignment, bundle, place, other, there):
                return True
    assignment.put(bundle, place)
    return False


def _is_better_exchanged(assignment: Assignment, bundle: int, place: int, other: int, there: int) -> bool:
    """Exchange the bundle taken from ``place`` with ``other`` on ``there``; undo it where nothing is gained."""
    assignment.put(bundle, place)
    before = _cost_of(assignment, bundle, other)
    assignment.take(bundle)
    assignment.take(other)
    if assignment.fits(bundle, there):
        assignment.put(bundle, there)
        if assignment.fits(other, place):
            assignment.put(other, place)
            if _cost_of(assignment, bundle, other) < before:
                return True
            assignment.take(other)
        assignment.take(bundle)
    assignment.put(other, there)
    return False


def _cost_of(assignment: Assignment, *bundles: int) -> tuple[int, int]:
    """Return the cost of bundles at their places, added up."""
    total = (0, 0)
    for bundle in bundles:
        place = assignment.take(bundle)
        cost = _cost(assignment, bundle, place)
        assignment.put(bundle, place)
        total = (total[0] + cost[0], total[1] + cost[1])
    return total
