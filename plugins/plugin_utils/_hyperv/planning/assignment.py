# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A placement in the making: who is where, what room is left, which rules bear another move.

Private to this collection.

Units and destinations are known by their index here, so that trying thousands of places stays cheap.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence

from ..._hostnames import first_label
from ..cluster.affinity import NODE, Rule
from .problem import Destination, Resident, Situation


@dataclasses.dataclass(frozen=True)
class Unit:
    """VMs that can only be placed together: one, or several that a hard rule keeps on the same node.

    Attributes:
        residents: in the order of their moves.
        need: memory in MB that all of them take.
        open_to: destinations to which nothing objects but memory and the rules.
        preferred: those of them that are preferred owners of all VMs that prefer any.
        pinned: it has no choice: it goes there or nowhere.
    """

    residents: tuple[Resident, ...]
    need: int
    open_to: tuple[int, ...]
    preferred: frozenset[int]
    pinned: bool


def move_order(resident: Resident) -> tuple[bool, int, int, str, str]:
    """Return the key that sorts VMs: what runs first, then high priority, then big, then by name."""
    vm = resident.vm
    return not resident.leaves_live, -resident.priority, -resident.needs_mb, vm.name.casefold(), vm.id


class Board:
    """Units, destinations and rules of one situation, and where each unit is placed (``places``; None for nowhere)."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.destinations = tuple(sorted(situation.destinations, key=lambda one: one.name.casefold()))
        self.labels = [first_label(one.name) for one in self.destinations]
        self.units = _units(situation, self.labels)
        self.room = [situation.room_mb(one) for one in self.destinations]
        self.off_line = [0] * len(self.destinations)
        self.places: list[int | None] = [None] * len(self.units)
        self.rules = [rule for rule in sorted(situation.rules, key=_rule_order) if self._concerns(rule)]
        self._scopes = [[self.scope(rule, place) for place in range(len(self.labels))] for rule in self.rules]
        self._held = [self._held_by_others(rule) for rule in self.rules]
        self._rules_of = [
            [(index, count) for index, rule in enumerate(self.rules) if (count := _members(rule, unit))]
            for unit in self.units
        ]
        self.is_free_of_hard_rules = not any(rule.hard for rule in self.rules)

    def _concerns(self, rule: Rule) -> bool:
        return any(one.vm.id in rule.members for one in self.situation.residents)

    def scope(self, rule: Rule, place: int) -> str | None:
        """Return the node or fault domain of a destination, whichever a rule is about; None where it is not told."""
        return self._scope_of(rule, self.labels[place])

    def _scope_of(self, rule: Rule, label: str) -> str | None:
        return label if rule.scope == NODE else self.situation.domains.get(label)

    def _held_by_others(self, rule: Rule) -> collections.Counter[str | None]:
        nodes = [self.situation.where[one] for one in rule.members if one in self.situation.where]
        return collections.Counter(self._scope_of(rule, first_label(node)) for node in nodes)

    def broken_rules(self, unit: int, place: int, *, hard: bool) -> list[Rule]:
        """Return the hard or soft rules that a unit would break there, as everything else is placed now."""
        broken = []
        for index, count in self._rules_of[unit]:
            rule, scope, held = self.rules[index], self._scopes[index][place], self._held[index]
            if rule.hard is not hard or scope is None:
                continue
            if rule.together:
                if held[scope] == 0 and any(number for one, number in held.items() if one is not None):
                    broken.append(rule)
            elif held[scope] or count > 1:
                broken.append(rule)
        return broken

    def fits(self, unit: int, place: int) -> bool:
        """Tell whether memory and hard rules let a unit go to a destination that is open to it."""
        need = self.units[unit].need
        return (need == 0 or need <= self.room[place]) and not self.broken_rules(unit, place, hard=True)

    def strain(self, unit: int, place: int) -> int:
        """Return how many soft rules a unit would break there."""
        return len(self.broken_rules(unit, place, hard=False))

    def put(self, unit: int, place: int) -> None:
        """Place a unit that is nowhere."""
        self._count(unit, place, 1)
        self.places[unit] = place

    def take(self, unit: int) -> int:
        """Remove a unit from its place and return that place."""
        place = self.places[unit]
        if place is None:
            raise ValueError(f"unit {unit} is placed nowhere")
        self._count(unit, place, -1)
        self.places[unit] = None
        return place

    def _count(self, unit: int, place: int, sign: int) -> None:
        self.room[place] -= sign * self.units[unit].need
        self.off_line[place] += sign * (self.units[unit].need == 0)
        for index, count in self._rules_of[unit]:
            self._held[index][self._scopes[index][place]] += sign * count

    def choices(self, unit: int) -> list[int]:
        """Return the destinations that fit, best first: soft rules, then preferred owners, then most memory left.

        What needs no memory is dealt out evenly: it may be started there later.
        """
        wanted = self.units[unit]
        return sorted(
            (place for place in wanted.open_to if self.fits(unit, place)),
            key=lambda place: (
                self.strain(unit, place),
                bool(wanted.preferred) and place not in wanted.preferred,
                self.off_line[place] if wanted.need == 0 else 0,
                -self.room[place],
                place,
            ),
        )

    def is_unbound(self, unit: int) -> bool:
        """Tell whether neither memory nor a hard rule matters to a unit: it fits wherever it is open to."""
        concerned = any(self.rules[index].hard for index, unused in self._rules_of[unit])
        return self.units[unit].need == 0 and not concerned

    def interchangeable(self) -> list[int]:
        """Return for each destination the first one that takes the same units under the same rules, maybe itself."""
        if not self.is_free_of_hard_rules:
            return list(range(len(self.destinations)))
        takes = [tuple(place in unit.open_to for unit in self.units) for place in range(len(self.destinations))]
        return [takes.index(one) for one in takes]

    def on(self, place: int) -> list[int]:
        """Return the units on a destination that can be placed anew."""
        return [unit for unit, where in enumerate(self.places) if where == place and not self.units[unit].pinned]

    def unplaced(self) -> list[int]:
        """Return the units that are nowhere."""
        return [unit for unit, place in enumerate(self.places) if place is None]


def _rule_order(rule: Rule) -> tuple[str, bool, str, bool, list[str]]:
    return rule.name, rule.together, rule.scope, rule.hard, sorted(rule.members)


def _members(rule: Rule, unit: Unit) -> int:
    return sum(one.vm.id in rule.members for one in unit.residents)


def _units(situation: Situation, labels: Sequence[str]) -> list[Unit]:
    """Return the units in the order in which they are placed: pinned ones first, then as ``move_order`` says."""
    units = []
    destinations = {first_label(one.name): one for one in situation.destinations}
    for residents in _bundles(situation):
        open_to = [place for place, label in enumerate(labels) if _is_open(residents, destinations[label])]
        wishes = [{first_label(name) for name in one.preferred_owners} for one in residents if one.preferred_owners]
        preferred = frozenset(place for place in open_to if wishes and all(labels[place] in wish for wish in wishes))
        pinned = any(one.pinned for one in residents)
        units.append(Unit(residents, sum(one.needs_mb for one in residents), tuple(open_to), preferred, pinned))
    return sorted(units, key=lambda unit: (not unit.pinned, *move_order(unit.residents[0])))


def _is_open(residents: Sequence[Resident], destination: Destination) -> bool:
    label = first_label(destination.name)
    return all(
        not one.objection(destination) and (not one.pinned or first_label(one.pinned) == label) for one in residents
    )


def _bundles(situation: Situation) -> list[tuple[Resident, ...]]:
    """Return the VMs, those together that hard rules keep on one node, directly or by way of another one."""
    bundle = {one.vm.id: {one.vm.id} for one in situation.residents}
    for rule in situation.rules:
        if not (rule.hard and rule.together and rule.scope == NODE):
            continue
        inside = [one for one in sorted(rule.members) if one in bundle]
        merged = {member for one in inside for member in bundle[one]}
        bundle.update(dict.fromkeys(merged, merged))
    residents = {one.vm.id: one for one in situation.residents}
    distinct = {frozenset(members) for members in bundle.values()}
    return [tuple(sorted((residents[one] for one in members), key=move_order)) for members in distinct]
