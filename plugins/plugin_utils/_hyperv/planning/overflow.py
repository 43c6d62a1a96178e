# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A placement of everything with as little memory missing as can be found.

A tabu search (Glover, "Tabu search", 1989): it starts from a complete placement that keeps the hard rules and takes,
at the fullest destinations, the move or exchange after which the least is missing, even where that is more than before.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .assignment import Assignment
from .changes import Change, Tabu, added_cost
from .search import search
from .steps import Steps

_RULE_STEPS = 30_000  # to find a placement that keeps the rules


def reduce_overflow(assignment: Assignment, *, starts: int, steps: int, enough: int = 0) -> int | None:
    """Place everything so that as little memory is missing as is found, and return that in MB.

    The assignment is empty before. ``starts``: how many placements are begun with, each for ``steps`` exchanges that
    are looked at, until no more than ``enough`` MB are missing. None, and an empty assignment, where not even the rules
    were kept.
    """
    best: tuple[int, list[int | None]] | None = None
    for variant in range(starts):
        if not _begin(assignment, variant):
            break
        tabu = _Overflow(assignment, Steps(steps))
        tabu.reduce(enough)
        missing = tabu.missing()
        if best is None or missing < best[0]:
            best = missing, list(assignment.places)
        assignment.clear()
        if missing <= enough:
            break
    if best is None:
        return None
    assignment.set_places(best[1])
    return best[0]


def _begin(assignment: Assignment, variant: int) -> bool:
    """Place everything within the rules, where the most memory is left; tell whether that was found to be possible."""
    chance = random.Random(variant)
    shuffled = {bundle: chance.uniform(0.5, 1) if variant else 1 for bundle in range(len(assignment.bundles))}
    for bundle in sorted(shuffled, key=lambda one: (-assignment.needs[one] * shuffled[one], one)):
        places = assignment.reachable(bundle)
        if not places:
            break
        assignment.put(bundle, max(places, key=lambda place: (assignment.room[place], -place)))
    if not assignment.unplaced():
        return True
    assignment.clear()
    bound = Steps(max(_RULE_STEPS, len(assignment.bundles) ** 2))
    found = search(assignment, bound, without_memory=True, variant=variant)
    if found.places is not None:
        assignment.set_places([found.places[bundle] for bundle in range(len(assignment.bundles))])
    return found.places is not None


_Best = tuple[int, Change] | None  # the memory that is missing after a change


class _Overflow:
    """Bundles of an assignment in which all are placed, some of them where memory does not suffice."""

    def __init__(self, assignment: Assignment, steps: Steps) -> None:
        self._assignment = assignment
        self._steps = steps
        self._tabu = Tabu(4)

    def missing(self) -> int:
        """Return the memory in MB that is missing at all destinations together."""
        return sum(self._assignment.missing_at(place) for place in range(len(self._assignment.room)))

    def reduce(self, enough: int) -> None:
        """Move and exchange until no more than ``enough`` MB are missing, or to the bound; keep the best places."""
        assignment = self._assignment
        best, least = list(assignment.places), self.missing()
        stuck = 0
        while least > enough and stuck < self._patience() and self._steps.left() > 0:
            if not self._step(least):
                break
            stuck += 1
            missing = self.missing()
            if missing < least:
                best, least, stuck = list(assignment.places), missing, 0
        assignment.set_places(best)

    def _patience(self) -> int:
        return 40 + 10 * len(self._assignment.bundles)

    def _step(self, least: int) -> bool:
        """Take the best move or exchange that is not forbidden, or one that is better than all before."""
        assignment = self._assignment
        best: _Best = None
        places = range(len(assignment.room))
        lacking = [assignment.missing_at(place) for place in places]
        on = [assignment.on(place) for place in places]
        for place in places:
            for bundle in on[place] if lacking[place] else ():
                if assignment.needs[bundle]:
                    best = self._best_of(bundle, place, sum(lacking) - lacking[place], on, least, best)
        if best is None:
            return False
        self._tabu.made(best[1].make(assignment))
        return True

    def _best_of(
        self, bundle: int, place: int, elsewhere: int, on: Sequence[Sequence[int]], least: int, best: _Best
    ) -> _Best:
        """Return the better of ``best`` and the moves of a bundle at a place.

        ``elsewhere``: the memory that is missing at all other places, ``on`` the bundles on each.
        """
        assignment, room, needs = self._assignment, self._assignment.room, self._assignment.needs
        need, left = needs[bundle], room[place] + needs[bundle]
        for there in assignment.bundles[bundle].open_to:
            if there == place:
                continue
            here, others = room[there], on[there]
            self._steps.step(1 + len(others))
            rest = elsewhere - (max(0, -here) if others else 0)
            missing = rest + max(0, -left) + max(0, need - here)
            if best is None or missing < best[0]:
                best = self._if_allowed(Change(((bundle, there),)), missing, least) or best
            for other in others:
                size = needs[other]
                if size >= need:
                    continue
                missing = rest + max(0, size - left) + max(0, need - here - size)
                if (best is None or missing < best[0]) and assignment.is_open(other, place):
                    best = self._if_allowed(Change(((bundle, there), (other, place))), missing, least) or best
        return best

    def _if_allowed(self, change: Change, missing: int, least: int) -> _Best:
        """Return a change, None where it is forbidden or breaks a hard rule."""
        if missing >= least and not self._tabu.allows(change):
            return None
        return None if added_cost(self._assignment, change, Assignment.keeps_hard_rules) is None else (missing, change)
