# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A placement in the making: who is where, what room is left, which rules bear another move.

Bundles and destinations are known by their index here, so that trying thousands of places stays cheap.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Collection, Sequence

from ..._hostnames import first_label
from ..cluster.affinity import NODE, Rule
from .durations import finish, least_time, milliseconds, rate_of, slots_of
from .problem import Candidate, Destination, PlacementProblem


@dataclasses.dataclass(frozen=True)
class Bundle:
    """VMs that can only be placed together: one, or several that a hard rule keeps on the same node.

    Attributes:
        candidates: in the order of their moves.
        need: memory in MB that all of them take.
        open_to: destinations to which nothing objects but memory and the rules.
        preferred: those of them that are preferred owners of all VMs that prefer any.
        pinned: it has no choice: it goes there or nowhere.
    """

    candidates: tuple[Candidate, ...]
    need: int
    open_to: tuple[int, ...]
    preferred: frozenset[int]
    pinned: bool


def move_order(candidate: Candidate) -> tuple[bool, int, int, str, str]:
    """Return the key that sorts VMs: what runs first, then high priority, then big, then by name."""
    vm = candidate.vm
    return not candidate.leaves_live, -candidate.priority, -candidate.needs_mb, vm.name.casefold(), vm.id


@dataclasses.dataclass
class _RuleState:
    """Where the members of a rule are now.

    Attributes:
        scope_of: index of the node or fault domain of each destination, None where that is not known.
        held: how many members each of them has.
        total: how many members are where the rule can be judged.
    """

    rule: Rule
    scope_of: list[int | None]
    held: list[int]
    total: int

    def breaks(self, place: int, count: int) -> bool:
        """Tell whether ``count`` more members at a destination would break the rule."""
        scope = self.scope_of[place]
        if scope is None:
            return False
        if self.rule.together:
            return self.held[scope] == 0 and self.total > 0
        return self.held[scope] > 0 or count > 1

    def add(self, place: int, count: int) -> None:
        """Count members at a destination; below 0 where they leave it."""
        scope = self.scope_of[place]
        if scope is not None:
            self.held[scope] += count
            self.total += count


class Assignment:
    """Bundles, destinations and rules of a problem, and where each bundle is placed (``places``; None for nowhere)."""

    def __init__(self, problem: PlacementProblem) -> None:
        self.problem = problem
        self.destinations = tuple(sorted(problem.destinations, key=lambda one: one.name.casefold()))
        self.labels = [first_label(one.name) for one in self.destinations]
        self.bundles = _list_bundles(problem, self.labels)
        self.needs = [bundle.need for bundle in self.bundles]
        self._open_to = [frozenset(bundle.open_to) for bundle in self.bundles]
        self.room = [problem.room_mb(one) for one in self.destinations]
        self.total = [max(1, one.memory.total_mb) for one in self.destinations]
        by_rate = {rate_of(one): one for one in self.destinations}
        times = {
            rate: [[milliseconds(vm, one) for vm in bundle.candidates] for bundle in self.bundles]
            for rate, one in by_rate.items()
        }
        work = {rate: list(map(sum, moves)) for rate, moves in times.items()}
        self.has_rates = len(by_rate) > 1
        self._times = [times[rate_of(one)] for one in self.destinations]
        self._work = [work[rate_of(one)] for one in self.destinations]
        self.slots = [one.slots or 1 for one in self.destinations]
        source = slots_of(problem)
        self.is_timed = source is not None and all(one.slots for one in self.destinations)
        self._source_slots = source or 1
        self._work_placed = 0
        moves = [
            time
            for bundle, one in enumerate(self.bundles)
            for time in min((self._times[place][bundle] for place in one.open_to), default=[])
        ]
        self.least_time = least_time(moves, source, self.slots) if source is not None else 0
        self._queue = [0] * len(self.destinations)
        self.without_memory = [0] * len(self.destinations)
        self.places: list[int | None] = [None] * len(self.bundles)
        self.rules = [rule for rule in sorted(problem.rules, key=_rule_order) if self._concerns(rule)]
        states = [self._state(rule) for rule in self.rules]
        self._state_of = dict(zip(self.rules, states, strict=True))
        of = [[(state, n) for state in states if (n := _members(state.rule, bundle))] for bundle in self.bundles]
        self._hard_rules_of = [[one for one in mine if one[0].rule.hard] for mine in of]
        self._soft_rules_of = [[one for one in mine if not one[0].rule.hard] for mine in of]
        self._soft_of = [frozenset(state.rule for state, unused in mine) for mine in self._soft_rules_of]
        self._on: list[set[int]] = [set() for unused in self.destinations]

    def _concerns(self, rule: Rule) -> bool:
        return any(one.vm.id in rule.members for one in self.problem.candidates)

    def scope(self, rule: Rule, place: int) -> str | None:
        """Return the node or fault domain of a destination, whichever a rule is about; None where it is not known."""
        return self._scope_of(rule, self.labels[place])

    def _scope_of(self, rule: Rule, label: str) -> str | None:
        return label if rule.scope == NODE else self.problem.domains.get(label)

    def _state(self, rule: Rule) -> _RuleState:
        nodes = [self.problem.where[one] for one in rule.members if one in self.problem.where]
        held = collections.Counter(self._scope_of(rule, first_label(node)) for node in nodes)
        del held[None]
        scopes = [self.scope(rule, place) for place in range(len(self.labels))]
        known = sorted({*held, *scopes} - {None}, key=str)
        index = {scope: number for number, scope in enumerate(known)}
        return _RuleState(
            rule,
            [index.get(scope) for scope in scopes],
            [held[scope] for scope in known],
            sum(held.values()),
        )

    def broken_rules(self, bundle: int, place: int, *, hard: bool) -> list[Rule]:
        """Return the hard or soft rules that a bundle would break there, as everything else is placed now."""
        rules = self._hard_rules_of[bundle] if hard else self._soft_rules_of[bundle]
        return [state.rule for state, count in rules if state.breaks(place, count)]

    def keeps_hard_rules(self, bundle: int, place: int) -> bool:
        """Tell whether the hard rules let a bundle go to a destination, as everything else is placed now."""
        return not any(state.breaks(place, count) for state, count in self._hard_rules_of[bundle])

    def fits(self, bundle: int, place: int) -> bool:
        """Tell whether memory and hard rules let a bundle go to a destination that is open to it."""
        need = self.bundles[bundle].need
        return (need == 0 or need <= self.room[place]) and self.keeps_hard_rules(bundle, place)

    def reachable(self, bundle: int) -> list[int]:
        """Return the destinations that are open to a bundle under the hard rules, memory apart."""
        return [place for place in self.bundles[bundle].open_to if self.keeps_hard_rules(bundle, place)]

    def hard_rules_of(self, bundle: int) -> list[Rule]:
        """Return the hard rules that a bundle is a member of."""
        return [state.rule for state, unused in self._hard_rules_of[bundle]]

    def is_member(self, bundle: int, rule: Rule) -> bool:
        """Tell whether a bundle is a member of a soft rule."""
        return rule in self._soft_of[bundle]

    def is_broken_by(self, rule: Rule, place: int) -> bool:
        """Tell whether one more member at a destination would break a rule, as everything is placed now."""
        return self._state_of[rule].breaks(place, 1)

    def share_soft_rule(self, bundle: int, other: int) -> bool:
        """Tell whether two bundles are members of the same soft rule."""
        return not self._soft_of[bundle].isdisjoint(self._soft_of[other])

    @property
    def soft_rules(self) -> list[Rule]:
        """The soft rules that any bundle is a member of."""
        return [rule for rule in self.rules if not rule.hard]

    def is_movable(self, bundle: int) -> bool:
        """Tell whether a bundle is placed and may be placed elsewhere."""
        return self.places[bundle] is not None and not self.bundles[bundle].pinned

    def soft_violations(self, bundle: int, place: int) -> int:
        """Return how many soft rules a bundle would break there."""
        return sum(state.breaks(place, count) for state, count in self._soft_rules_of[bundle])

    def misses_preferred(self, bundle: int, place: int) -> bool:
        """Tell whether a bundle prefers other destinations to this one."""
        preferred = self.bundles[bundle].preferred
        return bool(preferred) and place not in preferred

    def put(self, bundle: int, place: int) -> None:
        """Place a bundle that is nowhere."""
        self._count(bundle, place, 1)
        self.places[bundle] = place
        self._on[place].add(bundle)

    def take(self, bundle: int) -> int:
        """Remove a bundle from its place and return that place."""
        place = self.places[bundle]
        if place is None:
            raise ValueError(f"bundle {bundle} is placed nowhere")
        self._count(bundle, place, -1)
        self.places[bundle] = None
        self._on[place].discard(bundle)
        return place

    def _count(self, bundle: int, place: int, sign: int) -> None:
        self.room[place] -= sign * self.bundles[bundle].need
        work = self._work[place][bundle]
        self._queue[place] += sign * work
        self._work_placed += sign * work
        self.without_memory[place] += sign * (self.bundles[bundle].need == 0)
        for state, count in self._hard_rules_of[bundle]:
            state.add(place, sign * count)
        for state, count in self._soft_rules_of[bundle]:
            state.add(place, sign * count)

    def set_places(self, places: Sequence[int | None]) -> None:
        """Place every bundle as given, whatever speaks against it."""
        for bundle, place in enumerate(self.places):
            if place is not None and place != places[bundle]:
                self.take(bundle)
        for bundle, place in enumerate(places):
            if place is not None and self.places[bundle] is None:
                self.put(bundle, place)

    def clear(self) -> None:
        """Place every bundle nowhere."""
        self.set_places([None] * len(self.bundles))

    def share_used(self, place: int, more: int = 0) -> float:
        """Return the share of a destination's memory that is in use with ``more`` MB placed there."""
        return (more - self.room[place]) / self.total[place]

    def finish(self, place: int, without: Collection[int] = (), plus: Sequence[int] = ()) -> float:
        """Return when the moves to a destination have ended, in milliseconds: without some bundles, with others."""
        on = [one for one in self._on[place] if one not in without]
        times = self._times[place]
        return finish([time for bundle in (*on, *plus) for time in times[bundle]], self.slots[place])

    def end(self) -> float:
        """Return when all moves have ended, in milliseconds; 0 where that is not known."""
        if not self.is_timed:
            return 0
        return max([self.floor(), *map(self.finish, range(len(self.destinations)))])

    def floor(self) -> float:
        """Return the milliseconds before which the slots of the source let no schedule of what is placed end."""
        return max(self.least_time, self._work_placed / self._source_slots)

    def _delay(self, bundle: int, place: int) -> float:
        """Return for how long a destination's slots would be taken where that makes the evacuation longer, else 0."""
        if not self.is_timed:
            return 0
        queue = (self._queue[place] + self._work[place][bundle]) / self.slots[place]
        return queue if queue > self.least_time else 0

    def best_place(self, bundle: int) -> int | None:
        """Return where a bundle goes best, None where it fits nowhere.

        Soft rules count first, then preferred owners, then that the evacuation does not get longer, then fast links,
        then the least share of memory in use. What needs no memory is dealt out evenly: it may be started there later.
        """
        fitting = [place for place in self.bundles[bundle].open_to if self.fits(bundle, place)]
        return min(fitting, key=lambda place: self._rank(bundle, place), default=None)

    def _rank(self, bundle: int, place: int) -> tuple[int, bool, float, int, int, float, int]:
        need = self.needs[bundle]
        return (
            self.soft_violations(bundle, place),
            self.misses_preferred(bundle, place),
            self._delay(bundle, place),
            self._work[place][bundle] if self.is_timed else 0,
            0 if need else self.without_memory[place],
            self.share_used(place, need),
            place,
        )

    def is_held(self, rule: Rule) -> bool:
        """Tell whether a member of a rule is where the rule can be judged."""
        return self._state_of[rule].total > 0

    def has_soft_rules(self, bundle: int) -> bool:
        """Tell whether a bundle is a member of any soft rule."""
        return bool(self._soft_rules_of[bundle])

    def is_open(self, bundle: int, place: int) -> bool:
        """Tell whether nothing but memory and rules keeps a bundle from a destination."""
        return place in self._open_to[bundle]

    def missing_at(self, place: int) -> int:
        """Return the memory in MB that a destination lacks for what is placed there."""
        room = self.room[place]
        return -room if room < 0 and any(self.needs[bundle] for bundle in self._on[place]) else 0

    def missing(self) -> tuple[int, ...]:
        """Return the memory in MB that each destination lacks for what is placed there."""
        return tuple(map(self.missing_at, range(len(self.room))))

    def on(self, place: int) -> list[int]:
        """Return the bundles on a destination that can be placed anew."""
        return [bundle for bundle in sorted(self._on[place]) if not self.bundles[bundle].pinned]

    def unplaced(self) -> list[int]:
        """Return the bundles that are nowhere."""
        return [bundle for bundle, place in enumerate(self.places) if place is None]


def _rule_order(rule: Rule) -> tuple[str, bool, str, bool, list[str]]:
    return rule.name, rule.together, rule.scope, rule.hard, sorted(rule.members)


def _members(rule: Rule, bundle: Bundle) -> int:
    return sum(one.vm.id in rule.members for one in bundle.candidates)


def _list_bundles(problem: PlacementProblem, labels: Sequence[str]) -> list[Bundle]:
    """Return the bundles in the order in which they are placed: pinned ones first, then as ``move_order`` says."""
    bundles = []
    destinations = {first_label(one.name): one for one in problem.destinations}
    for candidates in _group_by_rules(problem):
        open_to = [place for place, label in enumerate(labels) if _is_open(candidates, destinations[label])]
        preferences = [
            {first_label(name) for name in one.preferred_owners} for one in candidates if one.preferred_owners
        ]
        preferred = frozenset(
            place for place in open_to if preferences and all(labels[place] in names for names in preferences)
        )
        pinned = any(one.pinned for one in candidates)
        bundles.append(Bundle(candidates, sum(one.needs_mb for one in candidates), tuple(open_to), preferred, pinned))
    return sorted(bundles, key=lambda bundle: (not bundle.pinned, *move_order(bundle.candidates[0])))


def _is_open(candidates: Sequence[Candidate], destination: Destination) -> bool:
    label = first_label(destination.name)
    return all(
        not one.objection(destination) and (not one.pinned or first_label(one.pinned) == label) for one in candidates
    )


def _group_by_rules(problem: PlacementProblem) -> list[tuple[Candidate, ...]]:
    """Return the VMs, those together that hard rules keep on one node, directly or by way of another one."""
    joined = {one.vm.id: {one.vm.id} for one in problem.candidates}
    for rule in problem.rules:
        if not (rule.hard and rule.together and rule.scope == NODE):
            continue
        inside = [one for one in sorted(rule.members) if one in joined]
        merged = {member for one in inside for member in joined[one]}
        joined.update(dict.fromkeys(merged, merged))
    candidates = {one.vm.id: one for one in problem.candidates}
    distinct = {frozenset(members) for members in joined.values()}
    return [tuple(sorted((candidates[one] for one in members), key=move_order)) for members in distinct]
