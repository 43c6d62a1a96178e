# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A search for places for all bundles, to its end or to a bound.

Depth first with forward checking: what a placement rules out for others is taken off their places at once. The bundle
with the fewest places left comes first, weighted by how often it was left without any (Boussemart, Hemery, Lecoutre and
Sais, "Boosting systematic search by weighting constraints", 2004), and the search begins again with other orders after
lengths of the sequence of Luby, Sinclair and Zuckerman ("Optimal speedup of Las Vegas algorithms", 1993).
"""

from __future__ import annotations

import collections
import dataclasses
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..cluster.affinity import Rule
from .assignment import Assignment
from .bits import bits, places_in
from .preference_bound import PreferenceBound
from .steps import Steps

_RUN = 100  # nodes of the shortest run
_RUNS = 24  # runs with other orders before the one that goes to its end
_SEED = 20260
_PLENTY = 1 << 50  # MB, more than any node has

_Undo = list[tuple[int, int]]


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """What a search came to.

    Attributes:
        places: of each bundle by its index, None where no placement was found.
        exhausted: there is no placement: every one was ruled out.
        steps: how many were taken.
    """

    places: Mapping[int, int] | None
    exhausted: bool = False
    steps: int = 0


@dataclasses.dataclass(frozen=True)
class _Apart:
    """Members of a hard rule that keeps them apart, and the destinations that share a scope with each destination."""

    members: tuple[int, ...]
    alike: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class _Together:
    """Members of a hard rule that keeps them in one scope that the first of them chooses."""

    members: tuple[int, ...]
    allowed: tuple[int, ...]


@dataclasses.dataclass
class _Choice:
    """A bundle and its places: the one that is tried now, those that are still to be tried, those that are as good.

    Attributes:
        ruled_out: places taken off bundles because they have failed here.
        undo: places taken off others by the place that is tried now.
        kinds: places by what they are for all that is left, None until one has failed.
    """

    bundle: int
    places: list[int]
    place: int = -1
    ruled_out: _Undo = dataclasses.field(default_factory=list)
    undo: _Undo = dataclasses.field(default_factory=list)
    kinds: Mapping[int, object] | None = None


def search(
    assignment: Assignment,
    steps: Steps,
    *,
    below: int | None = None,
    runs: int = _RUNS,
    without_memory: bool = False,
    variant: int = 0,
) -> SearchResult:
    """Search a complete placement of an assignment in which nothing is placed.

    ``below``: what it breaks and misses, as ``cost`` has it, is to be less than that. ``without_memory`` looks at the
    rules alone, and prefers roomy destinations; ``variant`` is for another one of many placements.
    One step is one bundle looked at.
    """
    return _Search(assignment, steps, below, more_mb=_PLENTY if without_memory else 0, variant=variant).run(runs)


class _Search:
    def __init__(
        self,
        assignment: Assignment,
        steps: Steps,
        below: int | None,
        *,
        more_mb: int,
        variant: int,
    ) -> None:
        self._assignment = assignment
        self._steps = steps
        bundles = assignment.bundles
        self._needs = [bundle.need for bundle in bundles]
        # What needs no memory and no rule concerns fits in any case, if anywhere; it only makes the search longer.
        self._rules = [assignment.hard_rules_of(bundle) for bundle in range(len(bundles))]
        self._bound = PreferenceBound(assignment, below) if below is not None else None
        with_preferences = self._bound.with_preferences if self._bound is not None else ()
        bound = {bundle for bundle, need in enumerate(self._needs) if need or self._rules[bundle]}.union(
            with_preferences
        )
        self._unbound = [bundle for bundle in range(len(bundles)) if bundle not in bound]
        self._order = sorted(bound, key=lambda one: (-self._needs[one], one))
        unit = math.gcd(*self._needs) or 1
        self._first_room = [room // unit * unit + more_mb for room in assignment.room]
        self._first_order = variant + 1 if more_mb else variant
        self._seed = _SEED + 1000 * variant
        self._domains = {bundle: bits(assignment.reachable(bundle)) for bundle in range(len(bundles))}
        self._weight = [1] * len(bundles)
        self._placed: dict[int, int] = {}
        self._place_rules()
        self._equivalents = self._find_equivalents()
        self._prepare()

    def _place_rules(self) -> None:
        assignment = self._assignment
        members: dict[Rule, list[int]] = {}
        for bundle in self._order:
            for rule in self._rules[bundle]:
                members.setdefault(rule, []).append(bundle)
        self._apart: list[list[_Apart]] = [[] for unused in assignment.bundles]
        self._together: list[list[_Together]] = [[] for unused in assignment.bundles]
        self._is_by_node = True
        for rule, inside in members.items():
            scopes = [assignment.scope(rule, place) for place in range(len(assignment.labels))]
            self._is_by_node = self._is_by_node and not rule.together and len(set(scopes)) == len(scopes)
            if not rule.together:
                alike = tuple(
                    0 if one is None else bits(place for place, other in enumerate(scopes) if other == one)
                    for one in scopes
                )
                for bundle in inside:
                    self._apart[bundle].append(_Apart(tuple(inside), alike))
            elif not assignment.is_held(rule):
                allowed = tuple(
                    -1 if one is None else bits(place for place, other in enumerate(scopes) if other in (one, None))
                    for one in scopes
                )
                shared = _Together(tuple(inside), allowed)
                for bundle in inside:
                    self._together[bundle].append(shared)

    def _find_equivalents(self) -> list[tuple[int, ...]]:
        """Return for each bundle those that are as good as it in every way."""
        alike: dict[tuple[object, ...], list[int]] = {}
        for bundle in self._order:
            rules = tuple(sorted(id(one) for one in self._together[bundle]))
            apart = tuple(one.members + one.alike for one in self._apart[bundle])
            preferred = self._bound.key(bundle) if self._bound is not None else ()
            alike.setdefault((self._needs[bundle], self._domains[bundle], apart, rules, preferred), []).append(bundle)
        equivalents: list[tuple[int, ...]] = [()] * len(self._needs)
        for group in alike.values():
            for bundle in group:
                equivalents[bundle] = tuple(one for one in group if one != bundle)
        return equivalents

    def _prepare(self) -> None:
        """Begin anew: nothing is placed."""
        if self._bound is not None:
            for bundle, place in reversed(self._placed.items()):
                self._bound.take(bundle, place)
        self._room = list(self._first_room)
        self._open = {bundle: self._domains[bundle] for bundle in self._order}
        self._left = set(self._order)
        self._left_mb = sum(self._needs[bundle] for bundle in self._order)
        self._placed = {}
        for bundle, places in self._open.items():
            if self._needs[bundle]:
                self._open[bundle] = places & bits(
                    place for place, room in enumerate(self._room) if room >= self._needs[bundle]
                )

    def run(self, runs: int) -> SearchResult:
        began = self._steps.taken
        if not all(self._domains.values()) or not all(self._open.values()):
            return SearchResult(None, exhausted=True)
        for number in range(runs + 1):
            if self._steps.left() <= 0:
                break
            is_last = number == runs
            share = self._steps.left() if is_last else min(self._steps.left(), self._length(number))
            self._until = self._steps.taken + share
            self._sort = _ORDERS[(number + self._first_order) % len(_ORDERS)]
            self._chance = random.Random(self._seed + number)
            self._prepare()
            found = self._check_preferences([]) and self._explore()
            if found is None:
                continue
            if not found:
                return SearchResult(None, exhausted=True, steps=self._steps.taken - began)
            places = dict(self._placed)
            places.update({one: places_in(self._domains[one])[0] for one in self._unbound})
            return SearchResult(places, steps=self._steps.taken - began)
        return SearchResult(None, steps=self._steps.taken - began)

    def _length(self, number: int) -> int:
        size = len(self._order)
        return _luby(number + 1) * size * max(_RUN, size)

    def _explore(self) -> bool | None:
        """Place everything; tell whether that succeeded, None where the bound was reached first."""
        if not self._left:
            return True
        first = self._choose()
        stack = [] if first is None else [first]
        while stack:
            choice = stack[-1]
            if choice.place >= 0:
                self._withdraw(choice)
                if not self._rule_out(choice):
                    choice.places = []
            if not self._advance(choice):
                self._restore(choice.ruled_out)
                stack.pop()
                continue
            if not self._left:
                return True
            if self._steps.taken > self._until:
                return None
            following = self._choose()
            if following is not None:
                stack.append(following)
        return False

    def _choose(self) -> _Choice | None:
        """Return the bundle to be placed next; None where the room that is left cannot suffice."""
        self._steps.step(len(self._left))
        bundle, usable = self._hardest()
        if self._left_mb > sum(self._room[place] for place in places_in(usable)):
            self._weight[bundle] += 1
            return None
        places = self._sort(self, bundle)
        if self._bound is not None:
            bound = self._bound
            places.sort(key=lambda place: bound.cost(bundle, place))
        return _Choice(bundle, places[::-1])

    def _hardest(self) -> tuple[int, int]:
        """Return the bundle with the fewest places, and the destinations open to any that needs memory."""
        best, lowest, usable = -1, math.inf, 0
        for bundle in self._order:
            if bundle not in self._left:
                continue
            places = self._open[bundle]
            if self._needs[bundle]:
                usable |= places
            score = places.bit_count() / self._weight[bundle]
            if score < lowest:
                best, lowest = bundle, score
        return best, usable

    def _advance(self, choice: _Choice) -> bool:
        """Place a bundle at the next place that leaves every other one some; False where there is none."""
        while choice.places:
            choice.place = choice.places.pop()
            if self._open[choice.bundle] >> choice.place & 1:
                if self._put(choice):
                    return True
                self._withdraw(choice)
                if not self._rule_out(choice):
                    break
        choice.place = -1
        return False

    def _kinds(self, choice: _Choice) -> Mapping[int, object]:
        """Return what each place of a choice is for all that is left: equal ones fail alike."""
        places = [choice.place, *choice.places]
        if not self._is_by_node or self._bound is not None:
            return {place: place for place in places}
        rooms = collections.Counter(self._room[place] for place in places)
        kinds: dict[int, object] = {}
        for place in places:
            room = self._room[place]
            if rooms[room] == 1:
                kinds[place] = place
                continue
            self._steps.step(len(self._left))
            kinds[place] = (room, tuple(self._open[one] >> place & 1 for one in self._order if one in self._left))
        return kinds

    def _rule_out(self, choice: _Choice) -> bool:
        """Take a place that has failed, and the like of it, off a bundle and its equivalents; False for none left."""
        if choice.kinds is None:
            choice.kinds = self._kinds(choice)
        failed = choice.kinds[choice.place]
        allowed = ~bits(place for place, kind in choice.kinds.items() if kind == failed)
        return all(
            self._narrow(other, allowed, choice.ruled_out)
            for other in (choice.bundle, *self._equivalents[choice.bundle])
            if other in self._left
        )

    def _narrow(self, bundle: int, allowed: int, undo: _Undo) -> bool:
        before = self._open[bundle]
        after = before & allowed
        if after != before:
            undo.append((bundle, before))
            self._open[bundle] = after
            if not after:
                self._weight[bundle] += 1
                return False
        return True

    def _restore(self, undo: _Undo) -> None:
        for bundle, places in reversed(undo):
            self._open[bundle] = places

    def _put(self, choice: _Choice) -> bool:
        """Place a bundle; False where another one is left without a place."""
        bundle, place, need = choice.bundle, choice.place, self._needs[choice.bundle]
        self._left.discard(bundle)
        self._placed[bundle] = place
        self._room[place] -= need
        self._left_mb -= need
        if self._bound is not None:
            self._bound.put(bundle, place)
        choice.undo = []
        return self._check(bundle, place, choice.undo)

    def _withdraw(self, choice: _Choice) -> None:
        bundle, need = choice.bundle, self._needs[choice.bundle]
        self._restore(choice.undo)
        if self._bound is not None:
            self._bound.take(bundle, choice.place)
        self._left_mb += need
        self._room[choice.place] += need
        del self._placed[bundle]
        self._left.add(bundle)

    def _check(self, bundle: int, place: int, undo: _Undo) -> bool:
        """Take off the places of others what a placement rules out; False where one is left none."""
        return (
            self._check_memory(bundle, place, undo)
            and all(self._narrow_all(rule.members, ~rule.alike[place], undo) for rule in self._apart[bundle])
            and all(self._narrow_all(rule.members, rule.allowed[place], undo) for rule in self._together[bundle])
            and self._check_preferences(undo)
        )

    def _check_preferences(self, undo: _Undo) -> bool:
        if self._bound is None:
            return True
        found = self._bound.too_much(self._left, self._open)
        return found is not None and all(self._narrow(bundle, ~places, undo) for bundle, places in found)

    def _check_memory(self, bundle: int, place: int, undo: _Undo) -> bool:
        if not self._needs[bundle]:
            return True
        room, bit = self._room[place], 1 << place
        for other in self._order:
            if self._needs[other] <= room:
                break
            if other in self._left and self._open[other] & bit and not self._narrow(other, ~bit, undo):
                return False
        return True

    def _narrow_all(self, bundles: Iterable[int], allowed: int, undo: _Undo) -> bool:
        return all(self._narrow(one, allowed, undo) for one in bundles if one in self._left)

    def fullest_first(self, bundle: int) -> list[int]:
        """Return the places of a bundle, where it leaves the least room first."""
        return sorted(places_in(self._open[bundle]), key=lambda place: (self._room[place], place))

    def roomiest_first(self, bundle: int) -> list[int]:
        """Return the places of a bundle, where it leaves the most room first."""
        return sorted(places_in(self._open[bundle]), key=lambda place: (-self._room[place], place))

    def fullest_first_with_chance(self, bundle: int) -> list[int]:
        """Return the places of a bundle, mostly where it leaves the least room first."""
        chance = self._chance.random
        return sorted(places_in(self._open[bundle]), key=lambda place: (self._room[place] * (0.5 + chance()), place))

    def by_chance(self, bundle: int) -> list[int]:
        """Return the places of a bundle in any order."""
        places = list(places_in(self._open[bundle]))
        self._chance.shuffle(places)
        return places


_ORDERS: Sequence[Callable[[_Search, int], list[int]]] = (
    _Search.fullest_first,
    _Search.roomiest_first,
    _Search.fullest_first_with_chance,
    _Search.by_chance,
)


def _luby(index: int) -> int:
    """Return a number of the sequence 1, 1, 2, 1, 1, 2, 4 ..., counted from 1."""
    power = 1
    while power - 1 < index:
        power *= 2
    if power - 1 == index:
        return power // 2
    return _luby(index - power // 2 + 1)
