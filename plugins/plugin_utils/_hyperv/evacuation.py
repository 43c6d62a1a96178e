# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan to empty a node: reading what the planner needs, and its answer for a task. Private to this collection."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from .._wsman.faults import Fault
from .cluster import Cluster, first_label
from .errors import HyperVError
from .groups import GroupTraits, VmGroup, read_groups, read_possible_owners, read_traits
from .hosts import try_memory
from .nodes import Node, pick_node, read_nodes
from .placement import Destination, Placement, Resident, place
from .vms import Vm, read_vms

_MEDIUM = 2000  # MSCluster_ResourceGroup.Priority where it is not told: the cluster's default


@dataclasses.dataclass(frozen=True)
class EvacuationPlan:
    """Where the VMs of ``node`` would go; ``notes`` name nodes that could not be counted on."""

    node: Node
    placement: Placement
    notes: tuple[str, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return the plan for a task's result."""
        return {
            "node": self.node.name,
            "moves": [
                {
                    "order": order,
                    "vm_id": one.resident.vm.id,
                    "name": one.resident.vm.name,
                    "state": one.resident.vm.state,
                    "memory_mb": one.resident.needs_mb,
                    "priority": one.resident.priority,
                    "source_host": self.node.name,
                    "destination_host": one.destination,
                    "reason": one.reason,
                }
                for order, one in enumerate(self.placement.moves, 1)
            ],
            "stays": [
                {
                    "vm_id": one.resident.vm.id,
                    "name": one.resident.vm.name,
                    "reason": one.reason,
                    "remedy": one.remedy,
                }
                for one in self.placement.stays
            ],
            "headroom": [dataclasses.asdict(one) for one in self.placement.headroom],
            "notes": list(self.notes),
        }


def plan_evacuation(cluster: Cluster, name: str, allowed: Sequence[str], reserve_percent: float) -> EvacuationPlan:
    """Read the cluster and place all VMs of a node; nothing is changed.

    ``allowed`` narrows the destinations; empty for every node that is up. Raises HyperVError, Fault, TransportError.
    """
    nodes = read_nodes(cluster)
    node = pick_node(nodes, name)
    wanted = [pick_node(nodes, one) for one in allowed] or nodes
    if any(one == node for one in wanted) and allowed:
        raise HyperVError(f"{node.name} is the node to be emptied and cannot be one of its own destinations.")
    vms = read_vms(cluster)
    traits = read_traits(cluster)
    residents = [vm for vm in vms if first_label(vm.node) == first_label(node.name)]
    roles = read_groups(cluster, residents)
    destinations, notes = _destinations(cluster, [one for one in wanted if one != node], vms, roles, traits)
    placement = place([_resident(cluster, vm, roles, traits) for vm in residents], destinations, reserve_percent)
    return EvacuationPlan(node, placement, notes)


def _destinations(
    cluster: Cluster,
    nodes: Sequence[Node],
    vms: Sequence[Vm],
    roles: Mapping[str, VmGroup],
    traits: Mapping[str, GroupTraits],
) -> tuple[list[Destination], tuple[str, ...]]:
    found = []
    notes = []
    for node in nodes:
        unable = node.cannot_receive()
        memory, problem = try_memory(cluster, node) if unable is None else (None, unable.cause)
        if memory is None:
            notes.append(f"{node.name} is not counted as a destination: {problem}")
            continue
        names = [vm.name for vm in vms if first_label(vm.node) == first_label(node.name)]
        classes = {one for name in names for one in _classes(traits, name)}
        found.append(Destination(node.name, memory, frozenset(classes)))
    return found, tuple(notes)


def _classes(traits: Mapping[str, GroupTraits], group: str) -> tuple[str, ...]:
    trait = traits.get(group.casefold())
    return trait.anti_affinity if trait else ()


def _resident(cluster: Cluster, vm: Vm, roles: Mapping[str, VmGroup], traits: Mapping[str, GroupTraits]) -> Resident:
    role = roles.get(vm.id)
    trait = traits.get((role.group if role else vm.name).casefold())
    priority = trait.priority if trait and trait.priority is not None else _MEDIUM
    owners: tuple[str, ...] = ()
    if role is not None:
        try:
            owners = read_possible_owners(cluster, role)
        except Fault as fault:
            if not fault.is_not_found:
                raise  # a resource that is gone by now is no reason to stop; the move itself will tell
    return Resident(vm, priority, trait.anti_affinity if trait else (), owners)
