# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes with their memory and how many VMs they have."""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..failure.finding import Finding
from .cluster import Cluster
from .groups import VmGroup, read_groups
from .hosts import Memory, try_memory
from .nodes import Node
from .owners import owners_of
from .vms import Vm, read_vms


@dataclasses.dataclass(frozen=True)
class NodeOverview:
    """One node.

    Attributes:
        memory: None where it is not known; ``unknown`` says why.
        vm_count, running_vm_count: VMs of which Hyper-V or the cluster says that the node owns them.
    """

    node: Node
    memory: Memory | None
    unknown: Finding | None
    vm_count: int
    running_vm_count: int

    def as_result(self) -> dict[str, t.Any]:
        """Return the node for a task's result."""
        return {
            **self.node._asdict(),
            "version": self.node.version,
            "total_memory_mb": self.memory.total_mb if self.memory else None,
            "free_memory_mb": self.memory.free_mb if self.memory else None,
            "vm_count": self.vm_count,
            "running_vm_count": self.running_vm_count,
            "findings": [self.unknown.as_result()] if self.unknown else [],
        }


def read_overview(cluster: Cluster, nodes: Sequence[Node]) -> list[NodeOverview]:
    """Return these nodes, in their order, with all VMs. Raises HyperVError, Fault, TransportError."""
    vms = read_vms(cluster)
    return overview_of(cluster, nodes, vms, read_groups(cluster, vms))


def overview_of(
    cluster: Cluster,
    nodes: Sequence[Node],
    vms: Sequence[Vm],
    roles: Mapping[str, VmGroup],
    known: Mapping[str, Memory] | None = None,
) -> list[NodeOverview]:
    """Return nodes with VMs that were read already, and their roles by VM id.

    ``known``: the memory of nodes by first label, as it was just read; the others are asked for it.
    """
    by_label, by_name = known or {}, {node.name: node for node in nodes}

    def memory_of(name: str) -> tuple[Memory | None, Finding | None]:
        memory = by_label.get(first_label(name))
        return (memory, None) if memory is not None else try_memory(cluster, by_name[name])

    memories = cluster.ask_each(list(by_name), memory_of)
    residents: collections.Counter[str] = collections.Counter()
    running: collections.Counter[str] = collections.Counter()
    for vm in vms:
        owners = owners_of(vm, roles.get(vm.id))
        residents.update(owners)
        running.update(owners if vm.state == "running" else ())
    return [
        NodeOverview(node, memory, unknown, residents[first_label(node.name)], running[first_label(node.name)])
        for node, (memory, unknown) in zip(nodes, memories, strict=True)
    ]
