# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a cluster is fit to lose a node for a while.

Source: Microsoft docs of the failover cluster WMI provider (MSCluster_Node, _ResourceGroup and _Network).
"""

from __future__ import annotations

import dataclasses
import math
import typing as t
from collections.abc import Collection, Iterator, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from ..cluster.cim_values import NETWORK_TROUBLES, UNUSED_NETWORK
from ..cluster.cluster import MSCLUSTER, Cluster
from ..cluster.groups import GroupTraits, read_traits
from ..cluster.nodes import EVERY_NODE, Node, find_node, nodes_of
from ..cluster.vms import Vm, read_vms
from ..failure.errors import HyperVError, with_remedy
from ..failure.finding import ERROR, WARNING, Finding, sentence
from .others_at_work import find_others_at_work
from .overlooking import that_count
from .shared_volumes import read_shared_volumes
from .storage_health import StorageHealth, read_storage_health


@dataclasses.dataclass(frozen=True)
class Votes:
    """A node's votes: as configured (NodeWeight), and as they count now (DynamicWeight). None where not told."""

    configured: int | None
    counted: int | None


@dataclasses.dataclass(frozen=True)
class Health:
    """What was found.

    Attributes:
        nodes: with their votes.
        findings: those that count.
        ignored: those that the user wants to overlook.
        notes: what does not count and is good to know.
        migrating: names of the VMs that are being moved.
        loses_quorum: whether the cluster says that it loses quorum without the node; None where it was not asked or
            did not tell.
        storage: what was found of Storage Spaces Direct; its findings are among the others.
    """

    nodes: tuple[tuple[Node, Votes], ...]
    findings: tuple[Finding, ...]
    ignored: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    migrating: tuple[str, ...]
    loses_quorum: bool | None
    storage: StorageHealth

    @property
    def message(self) -> str:
        """What counts against the cluster and what to do about it, in one text."""
        return " ".join(finding.text for finding in self.findings) or "The cluster is healthy."

    @property
    def warnings(self) -> list[str]:
        """Those of the notes that people should see."""
        return [note.text for note in self.notes if note.severity == WARNING]

    @property
    def waits_for_storage(self) -> bool:
        """Storage that is being repaired is all that counts against the cluster."""
        return bool(self.findings) and all(one.transient and one in self.storage.findings for one in self.findings)

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {
            "healthy": not self.findings,
            "findings": [finding.as_result() for finding in self.findings],
            "ignored": [finding.as_result() for finding in self.ignored],
            "notes": [finding.as_result() for finding in self.notes],
            "nodes": [
                {
                    "name": node.name,
                    "state": node.state,
                    "condition": node.condition,
                    "drain_status": node.drain_status,
                    "weight": votes.configured,
                    "dynamic_weight": votes.counted,
                }
                for node, votes in self.nodes
            ],
            "migrating": list(self.migrating),
            "loses_quorum": self.loses_quorum,
            "storage": self.storage.as_result(),
        }


def read_health(
    cluster: Cluster, leaving: str | None, ignore: Collection[str], storage_until: float = math.inf
) -> Health:
    """Look at the whole cluster with six queries and a call; ``leaving`` is the node that is about to be taken away.

    Storage Spaces Direct takes three queries more. ``ignore`` are names of nodes, roles, VMs, networks, pools, virtual
    disks and disks whose problems do not count. ``storage_until``: after this reading of the clock storage is asked
    nothing more. Raises HyperVError for a node that does not exist, Fault and TransportError where the cluster cannot
    be asked at all.
    """
    rows = cluster.query_cluster(EVERY_NODE)
    nodes = nodes_of(rows)
    node = find_node(cluster, nodes, leaving) if leaving else None
    votes = _votes(rows)
    groups = read_traits(cluster)
    found = [*_of_nodes(nodes, node), *_of_groups(groups), *_of_networks(_read_networks(cluster))]
    migrating: list[str] = []
    try:
        vms = read_vms(cluster)
    except HyperVError as silent:
        remedy = "Bring that resource online in Failover Cluster Manager."
        namespace = "Root\\HyperVCluster\\v2"
        found.append(Finding("provider_silent", ERROR, namespace, "namespace", str(silent), remedy))
    else:
        moving = [vm for vm in vms if vm.is_migrating]
        migrating = sorted(vm.name for vm in moving)
        found += _of_migrations(moving)
    storage = read_storage_health(cluster, node, storage_until)
    volumes = read_shared_volumes(cluster)
    found += [*storage.findings, *(one for one in volumes if one.severity == ERROR)]
    loses, lost = _quorum(cluster, node) if node is not None else (None, None)
    found += [lost] if lost is not None else []
    counting = that_count(found, ignore)
    return Health(
        nodes=tuple((one, votes.get(one.name.lower(), Votes(None, None))) for one in nodes),
        findings=tuple(counting),
        ignored=tuple(finding for finding in found if finding not in counting),
        notes=(*(one for one in volumes if one.severity != ERROR), *find_others_at_work(cluster, groups.values())),
        migrating=tuple(migrating),
        loses_quorum=loses,
        storage=storage,
    )


def _of_nodes(nodes: Sequence[Node], leaving: Node | None) -> Iterator[Finding]:
    for node in nodes:
        is_leaving = leaving is not None and first_label(node.name) == first_label(leaving.name)
        if node.drain_status == "in_progress":
            yield Finding(
                "drain_running",
                ERROR,
                node.name,
                "node",
                f"Node {node.name} is being drained.",
                "Wait until the drain has ended, or resume the node.",
                transient=True,
            )
        if node.condition:
            yield Finding(
                "node_distrusted",
                ERROR,
                node.name,
                "node",
                f"Node {node.name} is {node.condition}.",
                "Find out why it lost contact with the cluster, and wait until the cluster trusts it again.",
            )
        if node.state == "up" or (is_leaving and node.is_running):
            continue
        remedy = (
            "Resume it (hyperv_cluster_node with state=active), or finish its maintenance (restore_node)."
            if node.state == "paused"
            else "Bring it up and wait until it has joined the cluster."
        )
        yield Finding("node_not_up", ERROR, node.name, "node", f"Node {node.name} is {node.state}.", remedy)


def _of_groups(traits: Mapping[str, GroupTraits]) -> Iterator[Finding]:
    for group in traits.values():
        if group.state == "failed":
            yield Finding(
                "role_failed",
                ERROR,
                group.name,
                "role",
                f"The role {group.name} has failed on {group.owner}.",
                "See its events in Failover Cluster Manager, and bring it online or take it offline.",
            )


def _of_networks(rows: Sequence[Instance]) -> Iterator[Finding]:
    for row in rows:
        state = NETWORK_TROUBLES.get(-1 if (number := row.integer("State")) is None else number)
        name = row.text("Name") or ""
        if state is not None and row.integer("Role") != UNUSED_NETWORK:
            yield Finding(
                "network_not_up",
                ERROR,
                name,
                "network",
                f"The cluster network {name} is {state}.",
                "Check adapters, cables and switches of this network on every node.",
            )


def _of_migrations(moving: Sequence[Vm]) -> Iterator[Finding]:
    for vm in sorted(moving, key=lambda one: one.name.lower()):
        yield Finding(
            "migration_running",
            ERROR,
            vm.name,
            "vm",
            f"VM {vm.name} is being migrated on {vm.node or 'an unknown node'}.",
            "Wait until it has ended; hyperv_migration_job_info shows how far it is.",
            transient=True,
        )


def _votes(rows: Sequence[Instance]) -> dict[str, Votes]:
    return {
        (row.text("Name") or "").lower(): Votes(row.integer("NodeWeight"), row.integer("DynamicWeight")) for row in rows
    }


def _read_networks(cluster: Cluster) -> list[Instance]:
    return cluster.home.query(MSCLUSTER, Query("MSCluster_Network", ("Name", "Role", "State")))


def _quorum(cluster: Cluster, node: Node) -> tuple[bool | None, Finding | None]:
    """Ask the cluster whether it loses quorum without a node. The docs give the method a boolean return value."""
    if not node.is_running:
        return None, None  # it is lost already, and so is its vote
    try:
        answer = cluster.home.invoke(
            Reference.of(MSCLUSTER, "MSCluster_Node", Name=node.name), "WillOfflineLoseQuorum", {}
        )
    except Fault as fault:
        return None, _quorum_unknown(node, with_remedy(fault))
    # A void method with an out-parameter would be the form of the provider's other methods.
    told = {text.strip().lower() for text in answer.properties.values() if isinstance(text, str)}
    loses = True if told & {"true", "1"} else False if told & {"false", "0"} else None
    if loses is None:
        return None, _quorum_unknown(node, "its answer holds no yes or no")
    if not loses:
        return False, None
    return True, Finding(
        "quorum_lost",
        ERROR,
        node.name,
        "node",
        f"The cluster would lose quorum without node {node.name}.",
        "Bring the other nodes up, or check the witness and the votes of the nodes.",
    )


def _quorum_unknown(node: Node, why: str) -> Finding:
    return Finding(
        "quorum_unknown",
        WARNING,
        node.name,
        "node",
        f"The cluster does not report whether it keeps quorum without node {node.name}. {sentence(why)}",
        "Check the votes in Failover Cluster Manager.",
    )
