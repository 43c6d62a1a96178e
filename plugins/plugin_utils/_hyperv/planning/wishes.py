# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Soft rules and preferred owners: kept wherever that is found to be possible.

First bundles are moved, exchanged or pushed on to third destinations as long as that helps, then every wish that is
left is searched for with all those kept that are. Both are bounded in steps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..cluster.affinity import Rule
from .assignment import Assignment
from .changes import cost
from .min_conflicts import MinConflicts
from .search import bits, search
from .steps import Steps

_EXCHANGE_STEPS = 300_000  # places looked at by bundles that might make room
_CONFLICT_STEPS = 150_000  # places and bundles looked at by way of placements that are no better
_SEARCH_STEPS = 150_000  # of all searches
_DIVES = 4  # times that one of them may go down to the last bundle


def grant_wishes(assignment: Assignment) -> None:
    """Move placed bundles so that fewer soft rules are broken, and then fewer preferred owners missed."""
    steps = Steps(_EXCHANGE_STEPS)
    placed = [bundle for bundle in range(len(assignment.bundles)) if assignment.is_movable(bundle)]
    wishing = [bundle for bundle in placed if assignment.bundles[bundle].preferred or assignment.has_soft_rules(bundle)]
    if not wishing:
        return
    while sum([_oblige(assignment, bundle, steps) for bundle in wishing]) and steps.left() > 0:
        pass
    MinConflicts(assignment, Steps(_CONFLICT_STEPS)).run(wishing)
    if not assignment.unplaced():
        _Searches(assignment).run()


def _oblige(assignment: Assignment, bundle: int, steps: Steps) -> bool:
    """Move a bundle that breaks or misses something, and another one for it, if less is broken then."""
    place = assignment.take(bundle)
    before = cost(assignment, bundle, place)
    if before and steps.left() > 0 and _place_better(assignment, bundle, place, before, steps):
        return True
    assignment.put(bundle, place)
    return False


def _place_better(assignment: Assignment, bundle: int, place: int, before: int, steps: Steps) -> bool:
    steps.step(len(assignment.bundles[bundle].open_to))
    best = assignment.best_place(bundle)
    if best is not None and cost(assignment, bundle, best) < before:
        assignment.put(bundle, best)
        return True
    need = assignment.needs[bundle]
    for there in assignment.bundles[bundle].open_to:
        for other in assignment.on(there) if there != place else ():
            if need > assignment.room[there] + assignment.needs[other]:
                continue
            if not steps.step(5):
                return False
            if _push_on(assignment, bundle, there, other, before, steps):
                return True
    return False


def _push_on(assignment: Assignment, bundle: int, there: int, other: int, before: int, steps: Steps) -> bool:
    """Put a bundle in the place of another one, and that elsewhere, if less is broken then; else change nothing."""
    assignment.take(other)
    before += cost(assignment, other, there)
    after = cost(assignment, bundle, there)
    if after < before and assignment.fits(bundle, there):
        assignment.put(bundle, there)
        steps.step(len(assignment.bundles[other].open_to))
        best = assignment.best_place(other)
        if best is not None and after + cost(assignment, other, best) < before:
            assignment.put(other, best)
            return True
        assignment.take(bundle)
    assignment.put(other, there)
    return False


class _Searches:
    """Searches for placements that keep one wish more than there are kept."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._steps = Steps(_SEARCH_STEPS)
        size = len(assignment.bundles)
        self._each = max(2_000, _DIVES * size * (size + 1) // 2)

    def run(self) -> None:
        for rule in self._broken():
            if rule in self._broken():
                self._try({*self._kept(), rule}, self._granted())
        for bundle in self._missing():
            if bundle in self._missing():
                self._try(self._kept(), {**self._granted(), bundle: self._wish(bundle)})
        for bundle in sorted(self._granted(), key=lambda one: (-self._assignment.needs[one], one)):
            if len(self._missing()) > 1:
                self._try_for_more(bundle)

    def _wish(self, bundle: int) -> int:
        return bits(self._assignment.bundles[bundle].preferred)

    def _broken(self) -> list[Rule]:
        return [rule for rule in self._assignment.soft_rules if self._assignment.is_broken(rule)]

    def _kept(self) -> list[Rule]:
        return [rule for rule in self._assignment.soft_rules if not self._assignment.is_broken(rule)]

    def _missing(self) -> list[int]:
        """Return the bundles that miss a preferred owner, the small ones first."""
        found = [one for one in range(len(self._assignment.bundles)) if self._misses(one)]
        return sorted(found, key=lambda one: (self._assignment.needs[one], one))

    def _misses(self, bundle: int) -> bool:
        place = self._assignment.places[bundle]
        return place is not None and self._assignment.misses_preferred(bundle, place)

    def _granted(self) -> dict[int, int]:
        return {
            bundle: self._wish(bundle)
            for bundle, one in enumerate(self._assignment.bundles)
            if one.preferred and not self._misses(bundle)
        }

    def _try_for_more(self, bundle: int) -> None:
        """Give up one wish for two others."""
        wish = self._wish(bundle)
        rivals = [one for one in self._missing() if self._wish(one) & wish][:2]
        if len(rivals) == 2:
            kept = {one: places for one, places in self._granted().items() if one != bundle}
            self._try(self._kept(), {**kept, **{one: self._wish(one) for one in rivals}})

    def _try(self, rules: Collection[Rule], wishes: Mapping[int, int]) -> None:
        """Take a placement that keeps rules and wishes, if one is found and breaks less in all."""
        if self._steps.left() < self._each:
            return
        assignment, before = self._assignment, list(self._assignment.places)
        total = self._refill(before)
        bound = Steps(self._each)
        assignment.clear()
        found = search(assignment, bound, only=wishes, also_hard=frozenset(rules), runs=2)
        self._steps.step(max(1, bound.taken))
        if found.places is None or self._refill([found.places[one] for one in range(len(before))]) >= total:
            self._refill(before)

    def _refill(self, places: list[int | None]) -> int:
        """Place everything as given and return what that breaks and misses in all."""
        assignment, total = self._assignment, 0
        assignment.clear()
        for bundle, place in enumerate(places):
            if place is not None:
                total += cost(assignment, bundle, place)
                assignment.put(bundle, place)
        return total
