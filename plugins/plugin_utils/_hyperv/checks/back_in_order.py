# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a node that was restarted is a sound member of its cluster again, before VMs come back to it.

Sources, Microsoft docs: MSCluster_Node (StatusInformation), MSCluster_NetworkInterface, MSCluster_ClusterSharedVolume;
"Maximum tolerance for computer clock synchronization" (Kerberos: 5 minutes); Win32_OperatingSystem (LocalDateTime).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterator, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..._wsman.errors import NoAnswer
from ..._wsman.instances import Instance
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..cluster.cim_values import INTERFACE_TROUBLES, UNUSED_NETWORK
from ..cluster.cluster import CIMV2, MSCLUSTER, Cluster
from ..cluster.nodes import Node, pick_node, read_named_nodes
from ..failure.errors import with_remedy
from ..failure.finding import ERROR, Finding, sentence
from .shared_volumes import read_shared_volumes

TOLERANCE = 300.0  # seconds
_REDIRECTED = "shared_volume_redirected"
_TIME = Query("Win32_OperatingSystem", ("LocalDateTime",))


def find_what_is_not_in_order(cluster: Cluster, name: str, redirected: Collection[str] | None) -> list[Finding]:
    """Return what speaks against VMs on a node, in five queries; most of it passes by itself after a restart.

    ``redirected``: paths of shared volumes whose access was redirected before the node was taken away; None where that
    is not known, and redirection does not count then. What the node itself is asked for is left out where it cannot be
    asked: the controller may reach the cluster alone. Raises HyperVError, Fault and TransportError.
    """
    node = pick_node(read_named_nodes(cluster, [first_label(name)]), name)
    if not node.is_running:
        return [*_of_node(cluster, node)]
    return [
        *_of_node(cluster, node),
        *_of_interfaces(cluster, node),
        *_of_volumes(cluster, redirected),
        *_of_time(cluster, node),
    ]


def _of_node(cluster: Cluster, node: Node) -> Iterator[Finding]:
    if not node.is_running:
        remedy = "Bring it up, or wait until it has joined the cluster."
        message, passes = f"Node {node.name} is {node.state}.", node.state != "down" or _answers(cluster, node)
        yield Finding("node_not_up", ERROR, node.name, "node", message, remedy, transient=passes)
    if node.condition:
        yield Finding(
            "node_distrusted",
            ERROR,
            node.name,
            "node",
            f"Node {node.name} is {node.condition}.",
            "Find out why it lost contact with the cluster, and wait until the cluster trusts it again.",
            transient=True,
        )


def _answers(cluster: Cluster, node: Node) -> bool:
    """Tell whether Windows runs on a node: after a restart its cluster shows it as down until its own service runs."""
    try:
        return bool(cluster.node(node.name, is_awaited=True).query(CIMV2, _TIME))
    except NoAnswer:
        return False


def _of_interfaces(cluster: Cluster, node: Node) -> Iterator[Finding]:
    columns = ("Name", "Node", "Network", "State")
    query = Query("MSCluster_NetworkInterface", columns, {"Node": (node.name,)})
    bad = [row for row in cluster.home.query(MSCLUSTER, query) if _trouble(row) is not None]
    if not bad:
        return
    networks = cluster.home.query(MSCLUSTER, Query("MSCluster_Network", ("Name", "Role")))
    unused = {in_capitals(row.text("Name") or "") for row in networks if row.integer("Role") == UNUSED_NETWORK}
    for row in bad:
        network = row.text("Network") or ""
        if in_capitals(network) not in unused:
            yield Finding(
                "interface_not_up",
                ERROR,
                network,
                "network",
                f"The interface of {node.name} to the cluster network {network} is {_trouble(row)}.",
                "Check its adapter, cable and switch.",
                transient=True,
            )


def _trouble(row: Instance) -> str | None:
    state = row.integer("State")
    return INTERFACE_TROUBLES.get(-1 if state is None else state)


def _of_volumes(cluster: Cluster, redirected: Collection[str] | None) -> Iterator[Finding]:
    before = None if redirected is None else {in_capitals(path) for path in redirected}
    for finding in read_shared_volumes(cluster):
        if finding.severity == ERROR:
            yield dataclasses.replace(finding, transient=True)
        elif finding.code == _REDIRECTED and before is not None and in_capitals(finding.subject) not in before:
            message = f"Access to the shared volume {finding.subject} is redirected, and was not before."
            remedy = "See the reasons in Get-ClusterSharedVolumeState."
            yield Finding(finding.code, ERROR, finding.subject, "storage", message, remedy, transient=True)


def _of_time(cluster: Cluster, node: Node) -> Iterator[Finding]:
    """Compare the clock of a node with that of the node that is talked through."""
    try:
        session = cluster.node(node.name)
        if cluster.is_home(session):
            return
        there, here = _clock(cluster, session), _clock(cluster, cluster.home)
    except NoAnswer as silent:
        message = f"The time of {node.name} could not be compared. {sentence(with_remedy(silent))}"
        yield Finding("time_unknown", "info", node.name, "node", message)
        return
    if there is None or here is None:
        return
    apart = (there - here).total_seconds()
    if abs(apart) > TOLERANCE:
        direction = "ahead of" if apart > 0 else "behind"
        yield Finding(
            "time_out_of_step",
            ERROR,
            node.name,
            "node",
            f"The clock of {node.name} is {abs(apart):.0f} s {direction} that of {cluster.home.node}: logins between "
            "them fail above 300 s.",
            "See w32tm /query /status on both.",
            transient=True,
        )


def _clock(cluster: Cluster, session: Session) -> dt.datetime | None:
    """Return the time of a host, less what has passed here, so that two of them compare."""
    rows = session.query(CIMV2, _TIME)
    told = rows[0].datetime("LocalDateTime") if rows else None
    return told - dt.timedelta(seconds=cluster.clock.now()) if told is not None else None


def redirected_volumes(found: Sequence[Finding]) -> list[str]:
    """Return the paths of those of some findings about shared volumes whose access is redirected."""
    return sorted(finding.subject for finding in found if finding.code == _REDIRECTED)
