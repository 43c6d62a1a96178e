# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists the nodes of a cluster."""

from __future__ import annotations

import dataclasses
import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hostnames import first_label
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.groups import read_groups
from ..plugin_utils._hyperv.cluster.hosts import try_memory
from ..plugin_utils._hyperv.cluster.nodes import find_node, read_nodes
from ..plugin_utils._hyperv.cluster.owners import owners_of
from ..plugin_utils._hyperv.cluster.vms import read_vms


class ActionModule(HyperVAction):
    """The action of hyperv_cluster_node_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {"argument_spec": {"name": {"type": "str"}}}

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read nodes and VMs, and each node's memory from itself."""
        nodes = read_nodes(cluster)
        if arguments["name"]:
            nodes = [find_node(cluster, nodes, arguments["name"])]
        vms = read_vms(cluster)
        roles = read_groups(cluster, vms)
        found = []
        by_name = {node.name: node for node in nodes}
        memories = cluster.ask_each(list(by_name), lambda name: try_memory(cluster, by_name[name]))
        for node, (memory, problem) in zip(nodes, memories, strict=True):
            residents = [vm for vm in vms if first_label(node.name) in owners_of(vm, roles.get(vm.id))]
            found.append(
                {
                    **dataclasses.asdict(node),
                    "version": node.version,
                    "total_memory_mb": memory.total_mb if memory else None,
                    "free_memory_mb": memory.free_mb if memory else None,
                    "vm_count": len(residents),
                    "running_vm_count": sum(vm.state == "running" for vm in residents),
                    "problem": problem,
                }
            )
        return {"changed": False, "nodes": found}
