# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where every VM is, and what memory is free, as moves change it. Pure."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.attachments import Attachment
from ..cluster.groups import VmGroup
from ..cluster.hosts import Memory
from ..cluster.owners import Owners, owner_of
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from .problem import Destination
from .snapshot import Snapshot
from .whole_cluster import ClusterNode, WholeCluster


@dataclasses.dataclass(frozen=True)
class Shift:
    """A VM that goes to another node, the memory that it frees where it was, and that which it takes there."""

    vm_id: str
    destination: str
    frees_mb: int
    needs_mb: int


@dataclasses.dataclass(frozen=True)
class Layout:
    """The cluster at one moment of a plan.

    Attributes:
        nodes: by first label, in the order in which they were read.
        vms: every VM of the cluster by its id, on the node that it is on at that moment.
        free_mb: free memory by first label of the node, of those that can receive VMs.
        snapshot: what does not change with a move.
        resumed: first labels of nodes that were paused and take VMs by then.
        away: first labels of nodes that are away together at that moment, and take none.
    """

    nodes: Mapping[str, ClusterNode]
    vms: Mapping[str, Vm]
    roles: Mapping[str, VmGroup]
    free_mb: Mapping[str, int]
    snapshot: Snapshot
    resumed: frozenset[str] = frozenset()
    away: frozenset[str] = frozenset()

    def takes_vms(self, node: str) -> bool:
        """Tell whether VMs can be moved to a node."""
        one = self.nodes[first_label(node)]
        if first_label(node) in self.away:
            return False
        return one.memory is not None and (not one.unusable or first_label(node) in self.resumed)

    def with_resumed(self, node: str) -> Layout:
        """Return the layout once a node is resumed."""
        return dataclasses.replace(self, resumed=self.resumed | {first_label(node)})

    def without(self, nodes: Sequence[str]) -> Layout:
        """Return the layout in which nodes are away together, and those that were so before are back."""
        return dataclasses.replace(self, away=frozenset(map(first_label, nodes)))

    def on(self, node: str) -> list[Vm]:
        """Return the VMs on a node."""
        return self._by_node.get(first_label(node), [])

    @functools.cached_property
    def _by_node(self) -> Mapping[str, list[Vm]]:
        found: dict[str, list[Vm]] = {}
        for vm in self.vms.values():
            found.setdefault(first_label(vm.node), []).append(vm)
        return found

    def name(self, node: str) -> str:
        """Return a node's name as the cluster has it."""
        return self.nodes[first_label(node)].node.name

    def around(self, node: str) -> Snapshot:
        """Return the snapshot of a node that is to be emptied at this moment."""
        label = first_label(node)
        here, everywhere = self.nodes[label], self.everywhere()
        return dataclasses.replace(
            everywhere,
            node=here.node,
            local_vms=here.local_vms,
            destinations=tuple(one for one in everywhere.destinations if first_label(one.name) != label),
            unusable={one: why for one, why in everywhere.unusable.items() if one != label},
            slots=here.slots,
        )

    def everywhere(self) -> Snapshot:
        """Return a snapshot of this moment in which every node is a destination."""
        usable = (
            (one, one.memory, self.free_mb[label])
            for label, one in self.nodes.items()
            if one.memory is not None and self.takes_vms(label)
        )
        return dataclasses.replace(
            self.snapshot,
            vms=tuple(self.vms.values()),
            roles=self.roles,
            running_migrations={},
            destinations=tuple(
                Destination(one.node.name, Memory(memory.total_mb, free), one.node.build, one.slots)
                for one, memory, free in usable
            ),
            unusable={
                label: one.unusable or f"{one.node.name} is away at the same time"
                for label, one in self.nodes.items()
                if not self.takes_vms(label)
            },
            notes=(),
            others=(),
        )

    def after(self, shifts: Sequence[Shift]) -> Layout:
        """Return the layout once VMs have moved."""
        vms, roles, free = dict(self.vms), dict(self.roles), dict(self.free_mb)
        for shift in shifts:
            vm = vms[shift.vm_id]
            source, there = first_label(vm.node), first_label(shift.destination)
            name = self.nodes[there].node.name
            vms[vm.id] = vm._replace(node=name)
            if vm.id in roles:
                roles[vm.id] = roles[vm.id]._replace(owner=name)
            if source in free:
                free[source] += shift.frees_mb
            if there in free:
                free[there] -= shift.needs_mb
        return dataclasses.replace(self, vms=vms, roles=roles, free_mb=free)


def memory_of(vm: Vm) -> int:
    """Return the memory in MB that a VM takes where it is."""
    return 0 if vm.state in AT_REST else vm.memory_mb or 0


def present_layout(whole: WholeCluster) -> Layout:
    """Return the layout as it was read, with VMs that are on their way where they go."""
    snapshot = whole.snapshot
    nodes = {first_label(one.node.name): one for one in whole.nodes}
    free = {label: one.memory.free_mb for label, one in nodes.items() if one.memory is not None}
    vms, roles = {}, dict(snapshot.roles)
    for vm in sorted(snapshot.vms, key=lambda one: (one.name.casefold(), one.id)):
        running = snapshot.running_migrations.get(vm.id)
        node = owner_of(vm, roles.get(vm.id))
        if running is not None:
            source, there = first_label(node), first_label(running.destination)
            if source != there and source in free:
                free[source] += memory_of(vm)
            if source != there and not running.memory_is_there and there in free:
                free[there] -= memory_of(vm)
            node = running.destination
        vms[vm.id] = vm._replace(node=node)
        if vm.id in roles:
            roles[vm.id] = roles[vm.id]._replace(owner=node)
    return Layout(nodes, vms, roles, free, snapshot)


@dataclasses.dataclass(frozen=True)
class KnownReader:
    """Answers what may be asked of VMs that step aside from what was read of the whole cluster."""

    snapshot: Snapshot

    def owners(self, roles: Mapping[str, VmGroup]) -> Mapping[str, Owners]:
        """Return the owners of VMs by VM id; ``roles`` are theirs."""
        return {vm_id: self.snapshot.owners.get(vm_id, Owners()) for vm_id in roles}

    def attachments(self, node: str) -> Mapping[str, tuple[Attachment, ...]]:
        """Return what VMs have attached of their nodes, by VM id."""
        return self.snapshot.attachments

    def lack(self, vm: Vm, source: Destination, destination: Destination) -> str:
        """Return what a destination lacks for a VM, empty for nothing."""
        return dict(self.snapshot.lacks.get(vm.id, ())).get(first_label(destination.name), "")
