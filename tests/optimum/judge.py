# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a plan keeps what it must, and how far it grants what is wished. It knows nothing of planner and solver.

Rules as Microsoft's docs have them: "Cluster affinity" (AntiAffinityClassNames, affinity rules of the same or of
different nodes and fault domains), possible and preferred owners of a role.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from .model import Rule, Situation

Places = Mapping[str, str]


def violations(situation: Situation, places: Places) -> list[str]:
    """Return what a plan (node by VM) breaks that it must not; VMs without a place break nothing."""
    return [*_of_places(situation, places), *_of_memory(situation, places), *_of_rules(situation, places)]


def missing(situation: Situation, places: Places) -> list[str]:
    """Return the VMs that have no place."""
    return [vm.name for vm in situation.vms if vm.name not in places]


def soft_breaks(situation: Situation, places: Places) -> int:
    """Return how many members of soft rules are where another one of the same rule is already."""
    return sum(crowded(situation, rule, places) for rule in situation.rules if not rule.hard)


def preferred_missed(situation: Situation, places: Places) -> int:
    """Return how many VMs that have preferred owners are on another node."""
    return sum(bool(vm.preferred) and places[vm.name] not in vm.preferred for vm in situation.vms if vm.name in places)


def crowded(situation: Situation, rule: Rule, places: Places) -> int:
    """Return how many members are too many for each to have a node or fault domain of its own."""
    held = {situation.area(rule, node) for node in rule.held if node in _known(situation)}
    ours = collections.Counter(situation.area(rule, places[one]) for one in sorted(rule.members) if one in places)
    return sum(count - (area not in held) for area, count in ours.items())


def _known(situation: Situation) -> set[str]:
    return {node.name for node in situation.nodes}


def _of_places(situation: Situation, places: Places) -> Iterator[str]:
    vms = {vm.name: vm for vm in situation.vms}
    for name, node in places.items():
        if name not in vms:
            yield f"{name} does not leave"
        elif node not in _known(situation):
            yield f"{name} goes to {node}, which takes nothing"
        elif vms[name].owners and node not in vms[name].owners:
            yield f"{name} goes to {node}, which is not a possible owner"


def _of_memory(situation: Situation, places: Places) -> Iterator[str]:
    for node in situation.nodes:
        taken = sum(vm.memory_mb for vm in situation.vms if places.get(vm.name) == node.name)
        if taken > situation.room_mb(node):
            yield f"{node.name} takes {taken} MB and has {situation.room_mb(node)} MB"


def _of_rules(situation: Situation, places: Places) -> Iterator[str]:
    for rule in situation.rules:
        if not rule.hard:
            continue
        if rule.together:
            held = {situation.area(rule, node) for node in rule.held if node in _known(situation)}
            ours = {situation.area(rule, places[one]) for one in rule.members if one in places}
            if (rule.held and not ours <= held) or len(ours) > 1:
                yield f"{rule.name} is not kept together"
        elif crowded(situation, rule, places):
            yield f"{rule.name} is not kept apart"


def after_helpers(
    situation: Situation, residents: Mapping[str, Mapping[str, int]], moves: Sequence[tuple[str, str, str]]
) -> tuple[Situation, list[str]]:
    """Return the situation after moves (VM, from, to) of VMs of other nodes, and what is broken at a moment of them.

    ``residents`` are the memory of VMs by node; a VM takes memory on both nodes while it moves.
    """
    free = {node.name: node.free_mb for node in situation.nodes}
    on = {node: dict(vms) for node, vms in residents.items()}
    broken = []
    for vm, source, target in moves:
        if vm not in on.get(source, {}) or target not in free:
            broken.append(f"{vm} is not on {source}, or {target} takes nothing")
            continue
        size = on[source].pop(vm)
        on[target][vm] = size
        free[target] -= size
        node = next(one for one in situation.nodes if one.name == target)
        if free[target] < int(node.total_mb * situation.reserve_percent / 100):
            broken.append(f"{target} has no room for {vm} at that moment")
        free[source] += size
    nodes = tuple(dataclasses.replace(node, free_mb=free[node.name]) for node in situation.nodes)
    return dataclasses.replace(situation, nodes=nodes), broken
