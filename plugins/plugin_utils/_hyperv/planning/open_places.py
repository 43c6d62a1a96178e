# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A placement in the making with the places that are still open to each bundle that is left, as bits.

What a placement rules out for others, by memory, hard rules, preferences or sums, is taken off their places at once:
forward checking (Haralick and Elliott, "Increasing tree search efficiency for constraint satisfaction problems", 1980).
"""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable, Mapping, Sequence

from .assignment import Assignment
from .bits import bits
from .preference_bound import PreferenceBound
from .rules_as_bits import RulesAsBits
from .steps import Steps
from .usable_sums import UsableSums

_LOOKS = 2  # at sums after one placement: what is taken off places changes them

Undo = list[tuple[int, int]]
"""Bundles and the places that were open to each of them before, the latest change last."""


class OpenPlaces:
    """The bundles of an empty assignment of which it matters where they go.

    ``more_mb``: memory that every destination has besides. ``below`` bounds what is broken and missed.

    Attributes:
        needs: memory in MB of every bundle of the assignment.
        order: bundles that are to be placed, the big ones first.
        domains: the places that are open to each bundle of the assignment before anything is placed.
        unbound: bundles that fit anywhere in their domain.
        preferences: the bound on what is broken and missed, None for no bound.
        weight: of each bundle, how often it was left without a place.
        open_to: the places of each bundle in ``order``, as everything is placed now.
        room: memory in MB that is left at each place.
        left: bundles that have no place yet, and ``left_mb`` what they need.
        placed: bundles that have a place.
    """

    def __init__(
        self, assignment: Assignment, steps: Steps, below: int | None, *, more_mb: int, with_sums: bool
    ) -> None:
        self._steps = steps
        self.needs: Sequence[int] = assignment.needs
        self._rules = RulesAsBits(assignment)
        self.preferences = PreferenceBound(assignment, below) if below is not None else None
        # What needs no memory and no rule concerns fits in any case, if anywhere; it only makes the search longer.
        bound = {bundle for bundle, need in enumerate(self.needs) if need or self._rules.of[bundle]}
        if self.preferences is not None:
            bound.update(self.preferences.with_preferences)
        self.unbound = [bundle for bundle in range(len(self.needs)) if bundle not in bound]
        self.order = sorted(bound, key=lambda one: (-self.needs[one], one))
        self._rules.concern(self.order)
        unit = math.gcd(*self.needs) or 1
        self._first_room = [room // unit * unit + more_mb for room in assignment.room]
        self._sums = UsableSums(self.needs, unit, steps) if with_sums else None
        self.domains = {bundle: bits(assignment.reachable(bundle)) for bundle in range(len(self.needs))}
        self.weight = [1] * len(self.needs)
        self.placed: dict[int, int] = {}
        self._equivalents = self._find_equivalents()
        self.clear()

    def _find_equivalents(self) -> list[tuple[int, ...]]:
        """Return for each bundle those that are as good as it in every way."""
        alike: dict[tuple[object, ...], list[int]] = {}
        for bundle in self.order:
            preferred = self.preferences.key(bundle) if self.preferences is not None else ()
            key = self.needs[bundle], self.domains[bundle], self._rules.key(bundle), preferred
            alike.setdefault(key, []).append(bundle)
        equivalents: list[tuple[int, ...]] = [()] * len(self.needs)
        for group in alike.values():
            for bundle in group:
                equivalents[bundle] = tuple(one for one in group if one != bundle)
        return equivalents

    def clear(self) -> None:
        """Begin anew: nothing is placed."""
        if self.preferences is not None:
            for bundle, place in reversed(self.placed.items()):
                self.preferences.take(bundle, place)
        self.room = list(self._first_room)
        self.open_to = {bundle: self.domains[bundle] for bundle in self.order}
        self.left = set(self.order)
        self.left_mb = sum(self.needs[bundle] for bundle in self.order)
        self.placed = {}
        for bundle, places in self.open_to.items():
            if self.needs[bundle]:
                self.open_to[bundle] = places & bits(
                    place for place, room in enumerate(self.room) if room >= self.needs[bundle]
                )

    def look_ahead(self) -> bool:
        """Take off places what preferences and sums rule out before anything is placed; False where none is left."""
        return self._check_preferences([]) and self._check_sums([])

    def put(self, bundle: int, place: int, undo: Undo) -> bool:
        """Place a bundle; False where another one is left without a place."""
        need = self.needs[bundle]
        self.left.discard(bundle)
        self.placed[bundle] = place
        self.room[place] -= need
        self.left_mb -= need
        if self.preferences is not None:
            self.preferences.put(bundle, place)
        return self._check(bundle, place, undo)

    def withdraw(self, bundle: int, undo: Undo) -> None:
        """Take a bundle from its place again, with all that this had taken off others."""
        place, need = self.placed.pop(bundle), self.needs[bundle]
        self.restore(undo)
        if self.preferences is not None:
            self.preferences.take(bundle, place)
        self.left_mb += need
        self.room[place] += need
        self.left.add(bundle)

    def restore(self, undo: Undo) -> None:
        """Give places back that were taken off."""
        for bundle, places in reversed(undo):
            self.open_to[bundle] = places

    def kinds(self, places: Sequence[int]) -> Mapping[int, object]:
        """Return what each place is for all that is left: equal ones fail alike."""
        if not self._rules.is_by_node or self.preferences is not None:
            return {place: place for place in places}
        rooms = collections.Counter(self.room[place] for place in places)
        kinds: dict[int, object] = {}
        for place in places:
            room = self.room[place]
            if rooms[room] == 1:
                kinds[place] = place
                continue
            self._steps.step(len(self.left))
            kinds[place] = (room, tuple(self.open_to[one] >> place & 1 for one in self.order if one in self.left))
        return kinds

    def rule_out(self, bundle: int, places: Iterable[int], undo: Undo) -> bool:
        """Take places off a bundle and its equivalents; False where one is left none."""
        return self._narrow_all((bundle, *self._equivalents[bundle]), ~bits(places), undo)

    def _narrow(self, bundle: int, allowed: int, undo: Undo) -> bool:
        before = self.open_to[bundle]
        after = before & allowed
        if after != before:
            undo.append((bundle, before))
            self.open_to[bundle] = after
            if not after:
                self.weight[bundle] += 1
                return False
        return True

    def _narrow_all(self, bundles: Iterable[int], allowed: int, undo: Undo) -> bool:
        return all(self._narrow(one, allowed, undo) for one in bundles if one in self.left)

    def _check(self, bundle: int, place: int, undo: Undo) -> bool:
        """Take off the places of others what a placement rules out; False where one is left none."""
        return (
            self._check_memory(bundle, place, undo)
            and all(self._narrow_all(others, allowed, undo) for others, allowed in self._rules.allowed(bundle, place))
            and self._check_preferences(undo)
            and self._check_sums(undo)
        )

    def _check_preferences(self, undo: Undo) -> bool:
        if self.preferences is None:
            return True
        found = self.preferences.too_much(self.left, self.open_to)
        return found is not None and all(self._narrow(bundle, ~places, undo) for bundle, places in found)

    def _check_sums(self, undo: Undo) -> bool:
        if self._sums is None:
            return True
        for unused in range(_LOOKS):
            found = self._sums.too_much(self.left, self.open_to, self.room)
            if found is None or not all(self._narrow(bundle, ~places, undo) for bundle, places in found):
                return False
            if not found:
                break
        return True

    def _check_memory(self, bundle: int, place: int, undo: Undo) -> bool:
        if not self.needs[bundle]:
            return True
        room, bit = self.room[place], 1 << place
        for other in self.order:
            if self.needs[other] <= room:
                break
            if other in self.left and self.open_to[other] & bit and not self._narrow(other, ~bit, undo):
                return False
        return True
