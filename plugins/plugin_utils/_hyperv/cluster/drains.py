# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The drain of a node by the cluster itself: what is left on it moves away, and its disks rest where there are any.

Source: Microsoft docs of MSCluster_Node (Pause, NodeDrainStatus).
"""

from __future__ import annotations

from ..._wsman.errors import AnswerLost
from ..._wsman.faults import Fault
from ..._wsman.references import Reference
from ..failure.failures import win32_codes
from .cluster import MSCLUSTER, Cluster
from .nodes import Node, pick_node, read_named_nodes
from .patience import OTHERS_END_WITHIN, SETTLES_WITHIN

_DRAIN = 1
_PAUSED, _DRAINING = 5070, 5962


def drain_node(cluster: Cluster, node: Node, interval: float) -> str:
    """Drain a node that is paused, and wait for the end; return why that was not done, empty where it was.

    A drain that runs already is waited for; ``interval``: seconds between two looks. Raises HyperVError, Fault and
    TransportError.
    """
    reference = Reference.of(MSCLUSTER, "MSCluster_Node", Name=node.name)
    try:
        cluster.home.invoke(reference, "Pause", {"DrainType": _DRAIN, "TargetNode": ""})
    except AnswerLost:
        pass
    except Fault as fault:
        codes = win32_codes(fault)
        if _PAUSED in codes:
            return "this version of Windows does not drain a node that is paused"
        if _DRAINING not in codes and not fault.is_timed_out:
            raise
    begun = cluster.clock.now()
    while True:
        now = pick_node(read_named_nodes(cluster, [node.name]), node.name)
        if now.drain_status == "completed":
            return ""
        if now.drain_status == "failed":
            return "the drain of the node has failed; Failover Cluster Manager says which role could not move"
        passed = cluster.clock.now() - begun
        if passed >= (OTHERS_END_WITHIN if now.drain_status == "in_progress" else SETTLES_WITHIN):
            return f"the drain of the node has not ended after {passed:.0f} s"
        cluster.clock.pause(interval)
