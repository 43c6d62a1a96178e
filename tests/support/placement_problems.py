# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Situations for the planner, and an oracle that knows nothing of how it works: it tries everything."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Collection, Mapping, Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.affinity import DOMAIN, NODE, Rule
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import Memory
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.states import VmState
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import Vm
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import (
    Candidate,
    Destination,
    PlacementProblem,
)
from hypothesis import strategies as st


def vm_id(name: str) -> str:
    return f"ID-{name}"


def candidate(
    name: str,
    memory_mb: int = 4096,
    *,
    state: VmState = "running",
    owners: Collection[str] = (),
    preferred: Collection[str] = (),
    **more: t.Any,
) -> Candidate:
    vm = Vm(vm_id(name), name, "NODE1", state, (2,), memory_mb)
    return Candidate(vm, possible_owners=tuple(owners), preferred_owners=tuple(preferred), **more)


def destination(name: str, free_mb: int, total_mb: int = 100_000, build: int | None = None) -> Destination:
    return Destination(name, Memory(total_mb, free_mb), build)


def rule(name: str, members: Collection[str], *, together: bool = False, scope: str = NODE, hard: bool = True) -> Rule:
    return Rule(name, together, scope, hard, frozenset(vm_id(one) for one in members))


def placement_problem(
    candidates: Sequence[Candidate],
    destinations: Sequence[Destination],
    reserve: int = 0,
    *,
    rules: Sequence[Rule] = (),
    where: Mapping[str, str] | None = None,
    domains: Mapping[str, str] | None = None,
) -> PlacementProblem:
    return PlacementProblem(
        tuple(candidates),
        tuple(destinations),
        tuple(rules),
        {vm_id(name): node for name, node in (where or {}).items()},
        {name.lower(): domain for name, domain in (domains or {}).items()},
        reserve,
    )


def is_allowed(given: PlacementProblem, places: Mapping[str, str]) -> bool:
    """Tell whether VMs (by id) may be placed so: memory less reserve, possible owners, and all hard rules."""
    for node in given.destinations:
        taken = sum(one.needs_mb for one in given.candidates if places.get(one.vm.id) == node.name)
        if taken and taken > node.memory.free_mb - int(node.memory.total_mb * given.reserve_percent / 100):
            return False
    if any(
        one.possible_owners and places[one.vm.id] not in one.possible_owners
        for one in given.candidates
        if one.vm.id in places
    ):
        return False
    return all(_is_kept(one, given, places) for one in given.rules if one.hard)


def _is_kept(one: Rule, given: PlacementProblem, places: Mapping[str, str]) -> bool:
    def area(node: str) -> str | None:
        return node.lower() if one.scope == NODE else given.domains.get(node.lower())

    ours = [area(places[member]) for member in sorted(one.members) if member in places]
    theirs = {area(given.where[member]) for member in one.members if member in given.where}
    known = [area for area in ours if area is not None]
    if not one.together:
        return len(set(known)) == len(known) and not set(known) & theirs
    others = theirs - {None}
    return set(known) <= others if others else len(set(known)) <= 1


def is_possible(given: PlacementProblem) -> bool:
    """Tell whether any placement of all VMs is allowed."""
    nodes = [one.name for one in given.destinations]
    ids = [one.vm.id for one in given.candidates]
    return any(
        is_allowed(given, dict(zip(ids, places, strict=True)))
        for places in itertools.product(nodes, repeat=len(given.candidates))
    )


@st.composite
def placement_problems(
    draw: st.DrawFn, most_vms: int = 6, most_nodes: int = 4, *, with_rules: bool = True
) -> PlacementProblem:
    """Draw a placement problem in which memory is about as scarce as it can be without being hopeless."""
    nodes = [f"N{number}" for number in range(1, draw(st.integers(1, most_nodes)) + 1)]
    names = [f"vm{number}" for number in range(draw(st.integers(1, most_vms)))]
    members = [*names, "other"]
    rules: Sequence[Rule] = ()
    if with_rules:
        rules = [
            rule(f"r{number}", draw(st.sets(st.sampled_from(members), min_size=1, max_size=3)), **draw(_KINDS))
            for number in range(draw(st.integers(0, 3)))
        ]
    return placement_problem(
        [
            candidate(
                name,
                draw(st.integers(0, 20)),
                state=draw(st.sampled_from(["running", "running", "running", "paused", "off", "saved"])),
                priority=draw(st.sampled_from([0, 1000, 2000, 3000])),
                owners=draw(st.one_of(st.just(set()), st.sets(st.sampled_from(nodes), min_size=1))),
                preferred=draw(st.sets(st.sampled_from(nodes), max_size=1)),
            )
            for name in names
        ],
        [destination(node, draw(st.integers(0, 45)), 100) for node in nodes],
        draw(st.sampled_from([0, 5, 10])),
        rules=rules,
        where={"other": draw(st.sampled_from([*nodes, "NODE1"]))},
        domains={node: draw(st.sampled_from("ab")) for node in [*nodes, "NODE1"]},
    )


_KINDS: st.SearchStrategy[dict[str, t.Any]] = st.fixed_dictionaries(
    {"together": st.booleans(), "scope": st.sampled_from([NODE, DOMAIN]), "hard": st.booleans()}
)
