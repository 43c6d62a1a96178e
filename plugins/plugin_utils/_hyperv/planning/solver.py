# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finding a place for every bundle: greedily, by search, and by exchanges from a placement that lacks memory.

Deterministic: steps are counted, time is not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from .assignment import Assignment
from .best_fills import best_fills
from .chains import make_room, put_best
from .changes import RULE, total_cost
from .exact_fills import fill_exactly
from .levelling import give_up_preferred, level_out
from .likely_fills import fill_likely
from .overflow import reduce_overflow
from .preferences import meet_preferences
from .search import SearchResult, search
from .steps import Steps
from .usable_sums import UsableSums

_CHAIN_STEPS = 3_000  # places tried while room is made for all bundles together
_FIRST_STEPS = 60_000  # of the search, before anything else is tried
_FIRST_TRIAL_STEPS = 30_000  # of it in a trial
_SEARCH_STEPS = 700_000  # of the search in all, where there are few bundles and destinations
_SMALL = 1_000  # bundles times destinations: beyond, the search gets fewer steps, each of which costs more
_SUM_RUNS = 60  # of that search, with other orders each
_FILL_STEPS = 4_000_000  # sums and fills looked at where no memory is to spare
_MOST_SUMMED = 4_000  # bundles times destinations: beyond, it is not looked at how sizes add up
_DIVES = 1  # times that the search may go down to the last bundle in any case
_STARTS = 16  # placements from which exchanges begin
_EXCHANGE_STEPS = 60_000  # exchanges looked at from each of them
_TRIAL_STEPS = 10_000  # exchanges looked at in a trial


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How an assignment was filled.

    Attributes:
        exhausted: there is no complete placement: every one was ruled out.
        steps: of the search, until it ended.
        missing: memory in MB that each destination lacks in the best placement of everything that exchanges came to,
            empty where they were not tried.
        given_up: bundles that are beside their preferred owners because the evacuation would take too long otherwise.
    """

    exhausted: bool = False
    steps: int = 0
    missing: tuple[int, ...] = ()
    given_up: frozenset[int] = frozenset()


def place_all(assignment: Assignment, *, is_trial: bool = False) -> Outcome:
    """Place every bundle if that is possible within the bounds, which are low in a trial; else as ``place_some``."""
    outcome = Outcome()
    if not place_in_turn(assignment) and not _place_big_first(assignment):
        assignment.clear()
        outcome = _search_places(assignment, is_trial=is_trial)
        if assignment.unplaced():
            place_some(assignment)
            return outcome
    meet_preferences(assignment)
    level_out(assignment)
    return dataclasses.replace(outcome, given_up=_limit_preferred(assignment))


def _limit_preferred(assignment: Assignment) -> frozenset[int]:
    """Give up preferred owners for which the evacuation would take longer than it may; return the bundles."""
    problem = assignment.problem
    if problem.preferred_owner_cost is None:
        return frozenset()
    longer = 1 + problem.preferred_owner_cost / 100
    if assignment.end() <= assignment.least_time * longer:
        return frozenset()
    candidates = tuple(dataclasses.replace(one, preferred_owners=()) for one in problem.candidates)
    shortest = Assignment(dataclasses.replace(problem, candidates=candidates, preferred_owner_cost=None))
    place_all(shortest)
    longest = shortest.end() * longer
    if shortest.unplaced() or assignment.end() <= longest:
        return frozenset()
    before = [bundle for bundle, place in enumerate(assignment.places) if _is_preferred(assignment, bundle, place)]
    broken = total_cost(assignment) // RULE
    give_up_preferred(assignment, longest)
    if assignment.end() > longest and total_cost(shortest) // RULE <= broken:
        assignment.set_places(shortest.places)
    return frozenset(one for one in before if not _is_preferred(assignment, one, assignment.places[one]))


def _is_preferred(assignment: Assignment, bundle: int, place: int | None) -> bool:
    return place in assignment.bundles[bundle].preferred


def place_some(assignment: Assignment) -> None:
    """Place as many bundles as fit, most urgent first, some of which make room for others."""
    assignment.clear()
    place_in_turn(assignment)
    steps = Steps(_CHAIN_STEPS)
    for bundle in assignment.unplaced():
        make_room(assignment, bundle, steps)
    meet_preferences(assignment)
    place_in_turn(assignment)


def place_in_turn(assignment: Assignment) -> bool:
    """Place each bundle that fits at its best place; tell whether all did."""
    for bundle in assignment.unplaced():
        put_best(assignment, bundle)
    return not assignment.unplaced()


def _place_big_first(assignment: Assignment) -> bool:
    """Place every bundle anew, the big ones first; tell whether all have a place."""
    assignment.clear()
    for bundle in sorted(assignment.unplaced(), key=lambda one: (-assignment.needs[one], one)):
        if not put_best(assignment, bundle):
            return False
    return True


def _search_places(assignment: Assignment, *, is_trial: bool) -> Outcome:
    """Fill an empty assignment if the search or exchanges find how; else leave it empty."""
    count = len(assignment.bundles)
    size = max(_SMALL, count * len(assignment.destinations))
    most = _SEARCH_STEPS * _SMALL**2 // size**2
    dive = _DIVES * count * (count + 1) // 2
    room = _usable_room(assignment)
    if room is None:
        return Outcome(exhausted=True)
    first = Steps(max(min(_FIRST_TRIAL_STEPS if is_trial else _FIRST_STEPS, most), dive))
    found, missing = search(assignment, first, runs=6), tuple[int, ...]()
    if not found.is_decided and not is_trial:
        found = _search_sums(assignment, room, most * 5 // 7, found)
    if not found.is_decided:
        starts = 1 if is_trial else max(1, _STARTS * _SMALL**2 // size**2)
        reduce_overflow(assignment, starts=starts, steps=_TRIAL_STEPS if is_trial else _EXCHANGE_STEPS)
        if not assignment.unplaced():
            missing = assignment.missing()
            if not any(missing):
                return Outcome()
        assignment.clear()
        if not is_trial:
            found = search(assignment, Steps(max(most, dive)))
    if found.places is not None:
        for bundle, place in found.places.items():
            assignment.put(bundle, place)
        place_in_turn(assignment)  # what needs no memory may be left
    return Outcome(found.exhausted, found.steps, missing)


def _usable_room(assignment: Assignment) -> list[int] | None:
    if len(assignment.bundles) * len(assignment.destinations) <= _MOST_SUMMED:
        return best_fills(assignment)
    return [max(0, one) for one in assignment.room]


def _search_sums(assignment: Assignment, room: Sequence[int], steps: int, before: SearchResult) -> SearchResult:
    """Search by how sizes add up; return what was found ``before`` where that decides nothing."""
    are_few = UsableSums.are_few(room, math.gcd(*assignment.needs) or 1)
    found = before
    if are_few:
        found = search(assignment, Steps(steps), runs=_SUM_RUNS, with_sums=True)
    if not found.is_decided and sum(room) == sum(assignment.needs):
        found = _fill(assignment, room, are_odd=not are_few)
    return dataclasses.replace(found if found.is_decided else before, steps=before.steps)


def _fill(assignment: Assignment, room: Sequence[int], *, are_odd: bool) -> SearchResult:
    """Search places where no memory is to spare: by few fills of each destination, then by likely ones of odd sizes.

    What needs no memory is placed last, so no rule may concern it.
    """
    if any(assignment.hard_rules_of(bundle) for bundle, need in enumerate(assignment.needs) if not need):
        return SearchResult(None)
    filled = fill_exactly(assignment, room, Steps(_FILL_STEPS // 7))
    if filled.places is None and not filled.exhausted and are_odd:
        return SearchResult(fill_likely(assignment, room, Steps(_FILL_STEPS)))
    return SearchResult(filled.places, filled.exhausted)
