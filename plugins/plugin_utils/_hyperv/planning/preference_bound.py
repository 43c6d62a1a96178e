# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a placement in the making breaks and misses at least, and which places would be too much of it.

A bound as of branch and bound: what is placed costs what it costs, everything else at least what its best place does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from .assignment import Assignment
from .bits import bits, places_in
from .changes import RULE, cost


@dataclasses.dataclass(frozen=True)
class _Apart:
    """Members of a soft rule, the destinations that share a scope with each destination, and how many are there."""

    members: list[int]
    alike: list[list[int]]
    held: list[int]


class PreferenceBound:
    """Costs of an assignment in which nothing is placed, which are to stay below a bound.

    A soft rule that keeps VMs together counts by where its members are that do not leave.
    """

    def __init__(self, assignment: Assignment, below: int) -> None:
        self._below = below
        self._spent = 0
        places = range(len(assignment.room))
        self.with_preferences = [
            bundle
            for bundle, one in enumerate(assignment.bundles)
            if one.preferred or assignment.has_soft_rules(bundle)
        ]
        self._cost = {bundle: [cost(assignment, bundle, place) for place in places] for bundle in self.with_preferences}
        self._apart: dict[int, list[_Apart]] = {bundle: [] for bundle in self.with_preferences}
        for rule in assignment.soft_rules:
            if rule.together:
                continue
            members = [bundle for bundle in self.with_preferences if assignment.is_member(bundle, rule)]
            scopes = [assignment.scope(rule, place) for place in places]
            alike = [
                [other for other in places if scopes[place] is not None and scopes[other] == scopes[place]]
                for place in places
            ]
            shared = _Apart(members, alike, [int(assignment.is_broken_by(rule, place)) for place in places])
            for bundle in members:
                self._apart[bundle].append(shared)

    def key(self, bundle: int) -> tuple[object, ...]:
        """Return what two bundles have in common that cost the same everywhere."""
        if bundle not in self._cost:
            return ()
        return (*self._cost[bundle], *sorted(map(id, self._apart[bundle])))

    def put(self, bundle: int, place: int) -> None:
        """Count a bundle at a place."""
        self._count(bundle, place, 1)

    def take(self, bundle: int, place: int) -> None:
        """Count a bundle no more."""
        self._count(bundle, place, -1)

    def _count(self, bundle: int, place: int, sign: int) -> None:
        if bundle not in self._cost:
            return
        self._spent += sign * self._cost[bundle][place]
        for rule in self._apart[bundle]:
            for one in rule.alike[place]:
                before = rule.held[one] > 0
                rule.held[one] += sign
                if (rule.held[one] > 0) != before:
                    for other in rule.members:
                        if other != bundle:
                            self._cost[other][one] += sign * RULE

    def too_much(self, left: Collection[int], open_to: Mapping[int, int]) -> list[tuple[int, int]] | None:
        """Return bundles that are left with the places, as bits, that would cost too much; None where all would.

        ``open_to`` are the places of each as bits.
        """
        waiting = [
            (bundle, self._cost[bundle], places_in(open_to[bundle]))
            for bundle in self.with_preferences
            if bundle in left
        ]
        least = [min([costs[place] for place in places]) for unused, costs, places in waiting]
        slack = self._below - 1 - self._spent - sum(least)
        if slack < 0:
            return None
        found = []
        for (bundle, costs, places), lowest in zip(waiting, least, strict=True):
            most = slack + lowest
            dear = [place for place in places if costs[place] > most]
            if dear:
                found.append((bundle, bits(dear)))
        return found

    def cost(self, bundle: int, place: int) -> int:
        """Return what a bundle costs at a place as everything is placed now."""
        return self._cost[bundle][place] if bundle in self._cost else 0
