# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a node can receive migrations by now.

The cluster takes a node that was restarted for up as soon as it has joined; its Hyper-V may still be about to start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._wsman.errors import NoAnswer
from ..checks.migration_finding import MigrationFinding
from ..checks.node_checks import check_node
from ..checks.node_reports import NodeReport
from ..cluster.cluster import Cluster
from ..cluster.hosts import read_host_settings
from ..cluster.nodes import Node
from ..cluster.patience import BETWEEN_LOOKS
from ..failure.finding import Finding

_STARTS_WITHIN = 300.0  # seconds
_WHILE_IT_STARTS = frozenset({"service_absent", "service_not_enabled", "no_listener"})


def find_what_keeps_vms_out(cluster: Cluster, node: Node) -> Sequence[MigrationFinding]:
    """Return what keeps a node from receiving migrations when it is up, in two queries.

    Nothing where it could not be asked: the controller may reach the cluster alone, and Hyper-V checks each move.
    """
    try:
        settings = read_host_settings(cluster, node.name, networks=False)
    except NoAnswer:
        return ()
    up = node._replace(state="up", condition="")
    return [one for one in check_node(NodeReport(up, settings=settings)) if one.stops_destination]


def wait_until_receiving(cluster: Cluster, node: Node, tell: Callable[[str], None]) -> Sequence[MigrationFinding]:
    """Wait for what passes when the services of the node have started; return what keeps VMs out after that."""
    deadline = cluster.clock.now() + _STARTS_WITHIN
    told = ""
    while True:
        found = find_what_keeps_vms_out(cluster, node)
        left = deadline - cluster.clock.now()
        if left <= 0 or not any(one.code in _WHILE_IT_STARTS for one in found):
            return found
        if (why := " ".join(one.message for one in found)) != told:
            told = why
            tell(f"Waiting up to {left:.0f} s until Hyper-V runs on {node.name}, which cannot receive VMs yet: {why}")
        cluster.clock.pause(min(BETWEEN_LOOKS, left))


def cannot_receive(node: Node, found: Sequence[Finding]) -> str:
    """Return in words that the node takes no VMs, and what to do; nothing where nothing was found."""
    return f"{node.name} cannot receive VMs: {' '.join(one.text for one in found)}" if found else ""
