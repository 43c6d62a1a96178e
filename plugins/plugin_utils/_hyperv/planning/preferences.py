# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Soft rules and preferred owners: kept wherever that is found to be possible.

First bundles are moved, then a placement that misses less is searched for, again and again. Both are bounded in steps.
"""

from __future__ import annotations

from .assignment import Assignment
from .changes import cost, total_cost
from .min_conflicts import MinConflicts
from .search import search
from .steps import Steps

_MOVE_STEPS = 300_000  # places looked at by bundles with preferences, or that might make room
_SEARCH_STEPS = 90_000  # of all searches, where there are few bundles and destinations
_SMALL = 300  # bundles times destinations: beyond, the search gets fewer steps, each of which costs more
_RUNS = 6  # of a search, with other orders, before the one that goes to its end


def meet_preferences(assignment: Assignment) -> None:
    """Move placed bundles so that fewer soft rules are broken, and then fewer preferred owners missed."""
    placed = [bundle for bundle in range(len(assignment.bundles)) if assignment.is_movable(bundle)]
    with_preferences = [
        bundle for bundle in placed if assignment.bundles[bundle].preferred or assignment.has_soft_rules(bundle)
    ]
    if not with_preferences:
        return
    floors = _floors(assignment)
    MinConflicts(assignment, Steps(_MOVE_STEPS), floors).run(with_preferences)
    if not assignment.unplaced():
        _search_better(assignment, sum(floors))


def _floors(assignment: Assignment) -> list[int]:
    """Return what each bundle costs at least, whatever is placed where."""
    places = list(assignment.places)
    assignment.clear()
    floors = [
        min(
            (
                cost(assignment, bundle, one)
                for one in range(len(assignment.room))
                if assignment.is_open(bundle, one) and assignment.fits(bundle, one)
            ),
            default=0,
        )
        for bundle in range(len(places))
    ]
    assignment.set_places(places)
    return floors


def _search_better(assignment: Assignment, floor: int) -> None:
    size = len(assignment.bundles) * len(assignment.room)
    steps = Steps(_SEARCH_STEPS * _SMALL // max(_SMALL, size))
    total = total_cost(assignment)
    while total > floor and steps.left() > len(assignment.bundles) ** 2:
        best = list(assignment.places)
        assignment.clear()
        found = search(assignment, steps, below=total, runs=_RUNS)
        places = [found.places[one] for one in range(len(best))] if found.places is not None else best
        assignment.set_places(places)
        if found.places is None:
            return
        total = total_cost(assignment)
