# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs do not come back to a node since it lacks by now what they need, such as a virtual switch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node, read_named_nodes
from ..cluster.states import IN_MEMORY
from ..cluster.vms import Vm
from .home_room import LACKING, Refused
from .lacking import MoveLacks
from .plan_move import RestorationMove


def lacking_at_home(
    cluster: Cluster, home: Node, moves: Sequence[RestorationMove], present: Mapping[str, Vm], lacks: MoveLacks
) -> list[Refused]:
    """Return the VMs that run and for which the node certainly lacks something that they need.

    What they need is asked of the nodes that they are on. What does not answer shows no lack. Raises HyperVError.
    """
    sources = _nodes(cluster, [present[move["vm_id"]].node for move in moves if move["state"] in IN_MEMORY])
    if not sources:
        return []
    lacks.read([one.name for one in sources.values() if one.is_running])
    refused = []
    for move in moves:
        vm = present[move["vm_id"]]
        source = sources.get(first_label(vm.node))
        lack = lacks.find(vm, source, home) if source is not None else None
        if lack is not None:
            remedy = f"{lack.remedy} Then run the restoration again."
            refused.append(Refused(move, LACKING, lack.message, remedy))
    return refused


def _nodes(cluster: Cluster, names: Collection[str]) -> dict[str, Node]:
    """Return nodes by the first labels of their names; without a cluster, hosts of which no build is known."""
    wanted = {first_label(name): name for name in names if name}
    if not wanted:
        return {}
    if not cluster.is_clustered:
        return {label: Node(name, "up", "not_initiated", "", None) for label, name in wanted.items()}
    try:
        return {first_label(node.name): node for node in read_named_nodes(cluster, [*wanted.values()])}
    except NoAnswer:
        return {}
