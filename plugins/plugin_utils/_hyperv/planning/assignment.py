# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A placement in the making: who is where, what room is left, which rules bear another move.

Private to this collection.

Bundles and destinations are known by their index here, so that trying thousands of places stays cheap.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence

from ..._hostnames import first_label
from ..cluster.affinity import NODE, Rule
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


class Assignment:
    """Bundles, destinations and rules of a problem, and where each bundle is placed (``places``; None for nowhere)."""

    def __init__(self, problem: PlacementProblem) -> None:
        self.problem = problem
        self.destinations = tuple(sorted(problem.destinations, key=lambda one: one.name.casefold()))
        self.labels = [first_label(one.name) for one in self.destinations]
        self.bundles = _list_bundles(problem, self.labels)
        self.room = [problem.room_mb(one) for one in self.destinations]
        self.without_memory = [0] * len(self.destinations)
        self.places: list[int | None] = [None] * len(self.bundles)
        self.rules = [rule for rule in sorted(problem.rules, key=_rule_order) if self._concerns(rule)]
        self._scopes = [[self.scope(rule, place) for place in range(len(self.labels))] for rule in self.rules]
        self._held = [self._held_by_others(rule) for rule in self.rules]
        self._rules_of = [
            [(index, count) for index, rule in enumerate(self.rules) if (count := _members(rule, bundle))]
            for bundle in self.bundles
        ]
        self.is_free_of_hard_rules = not any(rule.hard for rule in self.rules)

    def _concerns(self, rule: Rule) -> bool:
        return any(one.vm.id in rule.members for one in self.problem.candidates)

    def scope(self, rule: Rule, place: int) -> str | None:
        """Return the node or fault domain of a destination, whichever a rule is about; None where it is not told."""
        return self._scope_of(rule, self.labels[place])

    def _scope_of(self, rule: Rule, label: str) -> str | None:
        return label if rule.scope == NODE else self.problem.domains.get(label)

    def _held_by_others(self, rule: Rule) -> collections.Counter[str | None]:
        nodes = [self.problem.where[one] for one in rule.members if one in self.problem.where]
        return collections.Counter(self._scope_of(rule, first_label(node)) for node in nodes)

    def broken_rules(self, bundle: int, place: int, *, hard: bool) -> list[Rule]:
        """Return the hard or soft rules that a bundle would break there, as everything else is placed now."""
        broken = []
        for index, count in self._rules_of[bundle]:
            rule, scope, held = self.rules[index], self._scopes[index][place], self._held[index]
            if rule.hard is not hard or scope is None:
                continue
            if rule.together:
                if held[scope] == 0 and any(number for one, number in held.items() if one is not None):
                    broken.append(rule)
            elif held[scope] or count > 1:
                broken.append(rule)
        return broken

    def fits(self, bundle: int, place: int) -> bool:
        """Tell whether memory and hard rules let a bundle go to a destination that is open to it."""
        need = self.bundles[bundle].need
        return (need == 0 or need <= self.room[place]) and not self.broken_rules(bundle, place, hard=True)

    def soft_violations(self, bundle: int, place: int) -> int:
        """Return how many soft rules a bundle would break there."""
        return len(self.broken_rules(bundle, place, hard=False))

    def put(self, bundle: int, place: int) -> None:
        """Place a bundle that is nowhere."""
        self._count(bundle, place, 1)
        self.places[bundle] = place

    def take(self, bundle: int) -> int:
        """Remove a bundle from its place and return that place."""
        place = self.places[bundle]
        if place is None:
            raise ValueError(f"bundle {bundle} is placed nowhere")
        self._count(bundle, place, -1)
        self.places[bundle] = None
        return place

    def _count(self, bundle: int, place: int, sign: int) -> None:
        self.room[place] -= sign * self.bundles[bundle].need
        self.without_memory[place] += sign * (self.bundles[bundle].need == 0)
        for index, count in self._rules_of[bundle]:
            self._held[index][self._scopes[index][place]] += sign * count

    def choices(self, bundle: int) -> list[int]:
        """Return the destinations that fit, best first: soft rules, then preferred owners, then most memory left.

        What needs no memory is dealt out evenly: it may be started there later.
        """
        wanted = self.bundles[bundle]
        return sorted(
            (place for place in wanted.open_to if self.fits(bundle, place)),
            key=lambda place: (
                self.soft_violations(bundle, place),
                bool(wanted.preferred) and place not in wanted.preferred,
                self.without_memory[place] if wanted.need == 0 else 0,
                -self.room[place],
                place,
            ),
        )

    def is_unbound(self, bundle: int) -> bool:
        """Tell whether neither memory nor a hard rule matters to a bundle: it fits wherever it is open to."""
        concerned = any(self.rules[index].hard for index, unused in self._rules_of[bundle])
        return self.bundles[bundle].need == 0 and not concerned

    def equivalent_destinations(self) -> list[int]:
        """Return for each destination the first one that takes the same bundles under the same rules, maybe itself."""
        if not self.is_free_of_hard_rules:
            return list(range(len(self.destinations)))
        takes = [tuple(place in bundle.open_to for bundle in self.bundles) for place in range(len(self.destinations))]
        return [takes.index(one) for one in takes]

    def on(self, place: int) -> list[int]:
        """Return the bundles on a destination that can be placed anew."""
        return [
            bundle for bundle, where in enumerate(self.places) if where == place and not self.bundles[bundle].pinned
        ]

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
        wishes = [{first_label(name) for name in one.preferred_owners} for one in candidates if one.preferred_owners]
        preferred = frozenset(place for place in open_to if wishes and all(labels[place] in wish for wish in wishes))
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
