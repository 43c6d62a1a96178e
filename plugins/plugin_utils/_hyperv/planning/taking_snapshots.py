# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads everything that a plan to empty a node depends on.

Of a large cluster the nodes are asked side by side while the task's host is asked for what the cluster knows. The free
memory of nodes is read after the list of VMs, so that a VM on its way counts there or among those that are coming.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..._wsman.garbage import without_garbage_collection
from ..checks.comparison import Comparison
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup
from ..cluster.hosts import Memory
from ..cluster.nodes import Node, read_surroundings
from ..cluster.other_roles import OtherRoles, read_other_roles, read_resources, read_start_order
from ..cluster.owners import read_owners
from ..cluster.side_by_side import SideBySide, side_by_side
from ..cluster.states import IN_MEMORY
from ..failure.errors import HyperVError, with_remedy
from .lacking import lacks_from
from .node_facts import Source, read_replicas, read_source, try_destination, try_settings
from .problem import Destination
from .role_owners import as_roles, owners_by_group
from .snapshot import Snapshot, read_vms_and_groups, with_rules


@without_garbage_collection()
def take_snapshot(cluster: Cluster, name: str, allowed: Sequence[str]) -> Snapshot:
    """Read what a plan for the node ``name`` needs; nothing is changed.

    ``allowed`` narrows the destinations; empty for every node. Raises HyperVError, Fault, TransportError.
    """
    nodes, (node, *wanted) = read_surroundings(cluster, [name, *allowed])
    if not cluster.is_clustered and not allowed:
        raise HyperVError(
            f"{node.name} is not a node of a failover cluster. Name the hosts that may take its VMs in destinations."
        )
    wanted = wanted or nodes
    if any(one == node for one in wanted) and allowed:
        raise HyperVError(f"{node.name} is the node to be emptied and cannot be one of its own destinations.")
    others = [one for one in dict.fromkeys(wanted) if one != node]
    receiving = [one.name for one in others if one.cannot_receive() is None]
    with side_by_side(cluster, receiving) as beside:
        return dataclasses.replace(
            _read_around(cluster, node, nodes, others, beside), role_destinations=tuple(receiving)
        )


def _read_around(
    cluster: Cluster, node: Node, nodes: Sequence[Node], others: Sequence[Node], beside: SideBySide
) -> Snapshot:
    by_name = {one.name: one for one in others}
    settings = beside.ahead(lambda name: try_settings(cluster, by_name[name], beside.silence(name)))
    source = beside.also(lambda: read_source(cluster, node))
    snapshot = with_rules(cluster, read_vms_and_groups(cluster, node, nodes, beside.answering()), nodes)
    destinations = beside.each(
        list(by_name),
        lambda name: try_destination(cluster, by_name[name], beside.silence(name), settings(name)),
    )
    snapshot = _with_destinations(snapshot, others, destinations())
    residents = {vm.id for vm in snapshot.vms_on_node}
    roles = {vm_id: role for vm_id, role in snapshot.roles.items() if vm_id in residents}
    comparison = beside.also(lambda: _compared(cluster, snapshot, others, source))
    # A clustered VM has two resources, that of its configuration and its own.
    with_owners = _with_owners(cluster, snapshot, roles, 2 * len(snapshot.vms) * len(nodes))
    return _with_lacks(_with_source(cluster, with_owners, source()), others, comparison())


def _with_destinations(
    snapshot: Snapshot, nodes: Sequence[Node], answers: Sequence[tuple[Memory | None, int, str]]
) -> Snapshot:
    """Add which nodes can take VMs; ``answers`` as ``try_destination`` has them."""
    found, unusable, notes = [], {}, list(snapshot.notes)
    for node, (memory, slots, problem) in zip(nodes, answers, strict=True):
        if memory is None:
            unusable[first_label(node.name)] = problem
            notes.append(f"{node.name} is not counted as a destination: {problem}")
            continue
        coming = _still_coming(snapshot, node)
        if coming:
            notes.append(f"{coming} MB of VMs that are on their way to {node.name} are taken off its free memory.")
        free = Memory(memory.total_mb, memory.free_mb - coming)
        found.append(Destination(node.name, free, node.build, slots, coming_mb=coming))
    return dataclasses.replace(snapshot, destinations=tuple(found), unusable=unusable, notes=tuple(notes))


def _still_coming(snapshot: Snapshot, node: Node) -> int:
    """Return the memory of VMs from other nodes that are bound for a node which has not allocated it yet."""
    source = first_label(snapshot.node.name)
    return sum(
        vm.memory_mb or 0
        for vm, running in snapshot.migrating_vms
        if not running.memory_is_there
        and first_label(running.destination) == first_label(node.name)
        and first_label(vm.node) not in (source, first_label(node.name))
    )


def _with_owners(cluster: Cluster, snapshot: Snapshot, roles: Mapping[str, VmGroup], pairs: int) -> Snapshot:
    """Add who may own the node's VMs, and what else it owns, with who may own that; ``pairs`` of all VMs and nodes."""
    nodes = [one.name for one in snapshot.destinations]  # they are talked to already, and many questions are shared out
    try:
        found = read_other_roles(cluster, snapshot.traits.values())
        others = [one for one in found.on(snapshot.node.name) if one.is_movable and one.kind == "role"]
        resources = read_resources(cluster, others)
        order = read_start_order(cluster) if len(others) > 1 else {}
    except NoAnswer as error:
        note = f"What {snapshot.node.name} owns beside VMs could not be read: {with_remedy(error)}"
        snapshot = dataclasses.replace(snapshot, notes=(*snapshot.notes, note), other_roles=OtherRoles(unread=note))
        return dataclasses.replace(snapshot, owners=read_owners(cluster, roles, pairs, nodes))
    wanted = as_roles(resources)
    owners = read_owners(cluster, {**roles, **wanted}, pairs, nodes)
    return dataclasses.replace(
        snapshot,
        other_roles=found,
        role_order=order,
        role_owners=owners_by_group(wanted, owners),
        owners={vm_id: one for vm_id, one in owners.items() if vm_id in roles},
    )


def _with_source(cluster: Cluster, snapshot: Snapshot, source: Source) -> Snapshot:
    """Add what only the node itself knows, and notes where it does not answer."""
    replication, note = read_replicas(cluster, snapshot.node)
    return dataclasses.replace(
        snapshot,
        attachments=source.attachments,
        local_vms=source.not_among({vm.id for vm in snapshot.vms}),
        replication=replication,
        slots=source.slots,
        notes=(*snapshot.notes, *source.notes, *note, *_arrivals(snapshot)),
    )


def _arrivals(snapshot: Snapshot) -> list[str]:
    source = first_label(snapshot.node.name)
    return [
        f"{vm.name} is on its way from {vm.node} to {snapshot.node.name} and is not part of the plan. Pause the node, "
        "wait, and plan anew."
        for vm, running in snapshot.migrating_vms
        if first_label(running.destination) == source and first_label(vm.node) != source
    ]


def _compared(
    cluster: Cluster, snapshot: Snapshot, nodes: Sequence[Node], source: Callable[[], Source]
) -> Comparison | None:
    """Read what the destinations are compared with the node by, None where none of its VMs runs.

    ``source`` waits for what the node tells: it is logged in to then.
    """
    source()
    if not snapshot.node.is_running or not any(vm.state in IN_MEMORY for vm in snapshot.vms_on_node):
        return None
    comparison = Comparison(cluster)
    comparison.read_side_by_side(snapshot.node.name, [node.name for node in _usable(snapshot, nodes)])
    return comparison


def _with_lacks(snapshot: Snapshot, nodes: Sequence[Node], comparison: Comparison | None) -> Snapshot:
    """Add what the destinations certainly lack for VMs that run; a host that does not answer shows no lack."""
    if comparison is None:
        return snapshot
    lacks = lacks_from(comparison, snapshot.vms_on_node, snapshot.node, _usable(snapshot, nodes))
    return dataclasses.replace(snapshot, lacks=lacks)


def _usable(snapshot: Snapshot, nodes: Sequence[Node]) -> list[Node]:
    usable = {first_label(one.name) for one in snapshot.destinations}
    return [node for node in nodes if first_label(node.name) in usable]
