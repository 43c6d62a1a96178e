# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a hard rule rules out for its other members once one of them has a place, as bits."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from ..cluster.affinity import Rule
from .assignment import Assignment
from .bits import bits


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


class RulesAsBits:
    """Hard rules over some bundles of an assignment in which nothing is placed.

    Attributes:
        of: hard rules of each bundle of the assignment.
        is_by_node: every rule keeps bundles apart, on nodes that are all different.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        count = len(assignment.bundles)
        self.of = [assignment.hard_rules_of(bundle) for bundle in range(count)]
        self.is_by_node = True
        self._apart: list[list[_Apart]] = [[] for unused in range(count)]
        self._together: list[list[_Together]] = [[] for unused in range(count)]

    def concern(self, bundles: Iterable[int]) -> None:
        """Look at the members among some bundles, before anything is asked."""
        members: dict[Rule, list[int]] = {}
        for bundle in bundles:
            for rule in self.of[bundle]:
                members.setdefault(rule, []).append(bundle)
        for rule, inside in members.items():
            self._add(rule, tuple(inside))

    def _add(self, rule: Rule, inside: tuple[int, ...]) -> None:
        assignment = self._assignment
        scopes = [assignment.scope(rule, place) for place in range(len(assignment.labels))]
        self.is_by_node = self.is_by_node and not rule.together and len(set(scopes)) == len(scopes)
        if not rule.together:
            apart = _Apart(inside, tuple(0 if one is None else _where(scopes, (one,)) for one in scopes))
            for bundle in inside:
                self._apart[bundle].append(apart)
        elif not assignment.is_held(rule):
            allowed = tuple(-1 if one is None else _where(scopes, (one, None)) for one in scopes)
            shared = _Together(inside, allowed)
            for bundle in inside:
                self._together[bundle].append(shared)

    def key(self, bundle: int) -> tuple[object, ...]:
        """Return what two bundles have in common that the rules do not tell apart."""
        together = tuple(sorted(id(one) for one in self._together[bundle]))
        return tuple(one.members + one.alike for one in self._apart[bundle]), together

    def allowed(self, bundle: int, place: int) -> Iterator[tuple[Sequence[int], int]]:
        """Yield bundles and the places that are left to them, as bits, once one bundle has its place."""
        for apart in self._apart[bundle]:
            yield apart.members, ~apart.alike[place]
        for shared in self._together[bundle]:
            yield shared.members, shared.allowed[place]


def _where(scopes: Sequence[str | None], wanted: Sequence[str | None]) -> int:
    return bits(place for place, scope in enumerate(scopes) if scope in wanted)
