# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the task's host is the node that was emptied, by its own word."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from ..._text import clean
from ..cluster.cluster import Cluster
from ..cluster.identity import WrongMachine
from ..cluster.nodes import Node, find_node, read_nodes
from ..cluster.states import AT_REST
from ..cluster.vms import Vm, read_local_vms


@dataclasses.dataclass(frozen=True)
class Maintenance:
    """A node as it is before somebody works on it.

    Attributes:
        running: its VMs that are neither off nor saved, as its own namespace shows them.
        objection: why it must not be worked on; empty where it may.
    """

    node: Node
    running: tuple[Vm, ...]
    objection: str


def read_maintenance(cluster: Cluster, name: str, cluster_name: str, staying: Collection[str]) -> Maintenance:
    """Ask the task's host itself. ``staying`` are ids of VMs that are meant to run on while it is worked on.

    Raises WrongMachine where the host is another node, or one of another cluster; Fault and TransportError.
    """
    host, identity = cluster.home.host.node, cluster.identity
    node = find_node(cluster, read_nodes(cluster), name)
    if not identity.computer.is_called(node.name):
        raise WrongMachine(f"{host} is {identity}, and not {node.name}. It must not be worked on.")
    if cluster_name and (identity.cluster is None or not identity.cluster.is_meant_by(cluster_name)):
        raise WrongMachine(
            f"{host} is {identity}, and no node of the cluster {cluster_name}. It must not be worked on."
        )
    running = tuple(vm for vm in read_local_vms(cluster, node.name) if vm.state not in AT_REST)
    return Maintenance(node, running, _objection(node, [vm for vm in running if vm.id not in staying]))


def _objection(node: Node, running: list[Vm]) -> str:
    if node.state != "paused":
        return (
            f"Node {node.name} is {node.state}, and only a paused one is worked on: VMs could come to it. Somebody may "
            "have resumed it. Run the same again."
        )
    if running:
        names = ", ".join(sorted(clean(vm.name) for vm in running))
        return f"Node {node.name} is paused but not empty: {names} would go down with it. Move or stop these VMs."
    return ""
