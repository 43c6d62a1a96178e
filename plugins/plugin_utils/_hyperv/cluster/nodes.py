# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes of the cluster: their properties, and pausing and resuming them."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Sequence

from ..._hostnames import first_label, is_short
from ..._wsman.errors import NoAnswer, TransportError
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from ..failure.errors import HyperVError
from ..failure.failures import Failure, win32_codes
from .cim_values import NODE_CONDITIONS, NODE_DRAIN_STATES, NODE_STATES, SERVER_VERSIONS
from .cluster import CIMV2, HYPERV_CLUSTER, MSCLUSTER, Cluster
from .identity import WrongMachine, identity_of
from .patience import NAMES_IN_A_QUERY, SETTLES_WITHIN
from .states import ANSWERING, UNKNOWN, DrainStatus, NodeCondition, NodeState

# No drain: the collection moves the VMs itself, one verified migration each (Microsoft docs, MSCluster_Node.Pause).
PAUSE_WITHOUT_DRAIN = 0
FAILBACK = {"none": 0, "immediate": 1, "policy": 2}
EVERY_NODE = Query("MSCluster_Node")
_LABEL = re.compile(r"[a-z0-9_-]+")
_ALREADY = {"pause": 5070, "resume": 5058}  # ERROR_CLUSTER_NODE_PAUSED, ERROR_CLUSTER_NODE_NOT_PAUSED
_DOWN = 5050  # ERROR_CLUSTER_NODE_DOWN


class Node(t.NamedTuple):
    """One cluster node as MSCluster_Node shows it.

    Attributes:
        name: the name as it is registered, NetBIOS form.
        state: ``up``, ``down``, ``paused``, ``joining`` or ``unknown``.
        drain_status: ``not_initiated``, ``in_progress``, ``completed``, ``failed`` or ``unknown``.
        condition: ``isolated`` or ``quarantined``; empty for neither.
        build: Windows build number, or None.
    """

    name: str
    state: NodeState
    drain_status: DrainStatus
    condition: NodeCondition
    build: int | None

    @property
    def version(self) -> str | None:
        """Windows Server version of the build, such as ``2022``; None for builds of no known version."""
        return None if self.build is None else SERVER_VERSIONS.get(self.build)

    @property
    def is_running(self) -> bool:
        """The node's services run, so it can be asked: it is up, or up and paused."""
        return self.state in ANSWERING

    def cannot_receive(self) -> Failure | None:
        """Return why no VM can be moved here now, or None."""
        if self.state == "paused":
            return Failure(
                "destination_paused",
                f"node {self.name} is paused and takes no VMs",
                "Resume it (hyperv_cluster_node with state=active) or choose another destination_host.",
            )
        if self.state != "up":
            return Failure(
                "destination_not_up",
                f"node {self.name} is {self.state} and takes no VMs",
                "Bring it up or choose another destination_host.",
            )
        if self.condition:
            return Failure(
                "destination_not_up",
                f"node {self.name} is {self.condition}",
                "Wait until the cluster trusts it again or choose another destination_host.",
            )
        return None


def read_nodes(cluster: Cluster) -> list[Node]:
    """Return all nodes of the cluster. Raises Fault, also where there is no cluster, and TransportError."""
    return nodes_of(cluster.query_cluster(EVERY_NODE))


def read_nodes_if_any(cluster: Cluster) -> list[Node]:
    """Return all nodes of the cluster, none for hosts that stand alone. Raises Fault and TransportError."""
    return nodes_of(cluster.query_cluster_if_any(EVERY_NODE))


def read_named_nodes(cluster: Cluster, names: Sequence[str]) -> list[Node]:
    """Return the nodes that are registered under the first labels of some names, none for hosts that stand alone.

    One node comes in one answer, which lists of nodes take two of. All nodes of the cluster are returned where a name
    is not found so, such as an address. Raises as ``read_nodes_if_any``.
    """
    labels = tuple(dict.fromkeys(map(first_label, names)))
    if len(labels) <= NAMES_IN_A_QUERY and all(map(_LABEL.fullmatch, labels)):
        query = EVERY_NODE._replace(where={"Name": labels})
        nodes = nodes_of(cluster.query_cluster_if_any(query))
        if len(nodes) == len(labels) or not cluster.is_clustered:
            return nodes
    return read_nodes_if_any(cluster)


def why_not_receiving(cluster: Cluster, nodes: Sequence[Node]) -> dict[str, Failure]:
    """Return why some nodes take no VMs by now, by name; a node that does is left out, and so is what cannot be read.

    One request; none for hosts that stand alone. Raises nothing.
    """
    try:
        now = read_named_nodes(cluster, [node.name for node in nodes]) if cluster.is_clustered else []
    except (HyperVError, NoAnswer):
        return {}
    unable = {node.name: node.cannot_receive() for node in now}
    return {node.name: why for node in nodes if (why := unable.get(node.name)) is not None}


def nodes_of(rows: Iterable[Instance]) -> list[Node]:
    """Return the nodes that whole rows of MSCluster_Node show, by name."""
    return sorted(
        (
            Node(
                name=row.text("Name") or "",
                state=NODE_STATES.get(_number(row.integer("State")), UNKNOWN),
                drain_status=NODE_DRAIN_STATES.get(_number(row.integer("NodeDrainStatus")), UNKNOWN),
                condition=NODE_CONDITIONS.get(_number(row.integer("StatusInformation")), ""),
                build=row.integer("BuildNumber"),
            )
            for row in rows
        ),
        key=lambda node: node.name,
    )


def _number(value: int | None) -> int:
    return -1 if value is None else value


def pick_node(nodes: Sequence[Node], name: str) -> Node:
    """Return the node of this name, as the cluster itself has it, in any letter case. Raises HyperVError."""
    for node in nodes:
        if first_label(node.name) == first_label(name):
            return node
    raise _no_such_node(nodes, name)


def find_node(cluster: Cluster, nodes: Sequence[Node], name: str) -> Node:
    """Return the node that somebody means by a name.

    A short name is that of the cluster. A full one is taken in the DNS domain of the task's host or of the cluster.
    An address, a DNS name that is too long for NetBIOS and a host of the inventory mean the node that answers there.

    Raises HyperVError for what is no node of the cluster, and as ``Cluster.node``.
    """
    name = name.strip()
    label = first_label(name)
    by_label = {first_label(node.name): node for node in nodes}
    if label in by_label and cluster.identity.has_name_in_domain(name):
        return by_label[label]
    if is_short(name) and not cluster.is_listed(name):
        raise _no_such_node(nodes, name)
    there = identity_of(cluster.node(name))
    node = by_label.get(first_label(there.computer.name))
    if node is None or not there.is_beside(cluster.identity):
        raise WrongMachine(
            f"{name} is {there}, and {cluster.home.host.node} is {cluster.identity}. Nothing was changed. Run the task "
            "on a host of the cluster that you mean."
        )
    return node


def _no_such_node(nodes: Sequence[Node], name: str) -> HyperVError:
    names = ", ".join(node.name for node in nodes)
    return HyperVError(f"The cluster has no node {name!r}. Its nodes are {names}.")


def read_host(cluster: Cluster, name: str | None) -> Node:
    """Return a Hyper-V host as a node, None for the task's own; its own name tells which of several names are the same.

    One request beside its identity. Raises HyperVError for a host without a name, Fault and TransportError.
    """
    session = cluster.home.host if name is None else cluster.node(name)
    own = identity_of(session).computer.name
    windows = session.query(CIMV2, Query("Win32_OperatingSystem", ("BuildNumber",)))
    build = (windows[0].text("BuildNumber") if windows else None) or ""
    cluster.know_as(own, session)
    return Node(own, "up", "not_initiated", "", int(build) if build.isdigit() else None)


def read_hosts(cluster: Cluster, names: Sequence[str]) -> list[Node]:
    """Return Hyper-V hosts by their names or addresses, in that order. Raises as ``read_host``."""
    return [read_host(cluster, name) for name in names]


def read_surroundings(cluster: Cluster, names: Sequence[str]) -> tuple[list[Node], list[Node]]:
    """Return all nodes of the cluster, and those that are named; without a cluster, the hosts that are named are all.

    Raises HyperVError for a name that is none, Fault and TransportError.
    """
    nodes = read_nodes_if_any(cluster)
    if cluster.is_clustered:
        return nodes, [find_node(cluster, nodes, name) for name in names]
    chosen = read_hosts(cluster, names)
    hosts = {host.name: host for host in chosen}
    return list(hosts.values()), chosen


def hosts_of_vms(cluster: Cluster, nodes: Iterable[Node]) -> tuple[str, ...]:
    """Return those of some nodes or hosts that must be asked for their own VMs, since there is no cluster to ask."""
    return () if cluster.is_clustered else tuple(dict.fromkeys(node.name for node in nodes))


def node_reference(cluster: Cluster, node: Node) -> Reference:
    """Return the node's Msvm_ComputerSystem in the cluster namespace, which DestinationSystem must name.

    Its reference is taken from an enumeration. Where the namespace shows no nodes (no source tells), it is built from
    the registered name and the documented keys.
    """
    found = cluster.hyperv_references(Query("Msvm_ComputerSystem", (), {"Name": (node.name,)}))
    if found:
        return found[0]
    return Reference.of(HYPERV_CLUSTER, "Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=node.name)


def pause_node(cluster: Cluster, node: Node) -> Node:
    """Pause a node without draining it, so that it takes no new VMs; return it as it is then. Raises HyperVError."""
    return _change(cluster, node, "Pause", {"DrainType": PAUSE_WITHOUT_DRAIN, "TargetNode": ""}, "paused")


def resume_node(cluster: Cluster, node: Node, failback: str) -> Node:
    """Resume a node; ``failback`` is a key of FAILBACK. Return it as it is then. Raises HyperVError."""
    return _change(cluster, node, "Resume", {"FailbackType": FAILBACK[failback]}, "up")


def _change(cluster: Cluster, node: Node, method: str, parameters: dict[str, str | int], wanted: str) -> Node:
    """Call a method and wait until the node shows the wanted state: what it shows decides, not the answer."""
    error: Exception | None = None
    try:
        cluster.home.invoke(Reference.of(MSCLUSTER, "MSCluster_Node", Name=node.name), method, parameters)
    except Fault as fault:
        codes = win32_codes(fault)
        if _DOWN in codes:
            raise HyperVError(
                f"Node {node.name} is down, so {method} was refused. Bring it up in the cluster and run the task again."
            ) from None
        if _ALREADY[method.lower()] not in codes:
            if not fault.is_timed_out:
                raise
            error = fault
    except TransportError as lost:
        error = lost
    deadline = cluster.clock.now() + SETTLES_WITHIN
    is_told = False
    while True:
        now = pick_node(read_named_nodes(cluster, [node.name]), node.name)
        if now.state == wanted:
            return now
        if cluster.clock.now() >= deadline:
            told = f" ({error})" if error else ""
            raise HyperVError(
                f"Node {node.name} is {now.state} {SETTLES_WITHIN:.0f} s after {method}, not {wanted}{told}. "
                "Check the node in Failover Cluster Manager."
            )
        if not is_told:
            is_told = True
            cluster.tell(f"{node.name} is {now.state}. Waiting {SETTLES_WITHIN:.0f} s at most until it is {wanted}.")
        cluster.clock.pause(2.0)
