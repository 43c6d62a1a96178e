# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What only a node itself tells of what a plan depends on, as a destination and as the node that is emptied."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from ..._wsman.errors import NoAnswer
from ..checks.migration_finding import MigrationFinding
from ..checks.node_checks import check_node
from ..checks.node_reports import NodeReport
from ..cluster.attachments import Attachment, read_attachments
from ..cluster.cim_values import ReplicationMode
from ..cluster.cluster import HYPERV_CLUSTER, VIRTUALIZATION, Cluster
from ..cluster.hosts import Memory, read_host_settings, try_memory
from ..cluster.nodes import Node
from ..cluster.replication import REPLICAS, read_replication
from ..cluster.vms import Vm, read_local_vms
from ..failure.errors import with_remedy

_Settings = tuple[int, list[MigrationFinding]]
"""How many live migrations a node takes part in at once, and what is wrong with its settings."""


def try_destination(
    cluster: Cluster, node: Node, silence: NoAnswer | None = None, settings: _Settings | NoAnswer | None = None
) -> tuple[Memory | None, int, str]:
    """Return the memory and slots of a node that can receive migrations, or None and why it is no destination.

    ``silence``: why it did not answer when it was logged in to; it is not asked again then. ``settings``: what
    ``try_settings`` returned, None where they have yet to be read.
    """
    unable = node.cannot_receive()
    if unable is not None:
        return None, 0, unable.message
    memory, unknown = try_memory(cluster, node, silence)
    if unknown is not None:
        return None, 0, unknown.text
    if settings is None:
        settings = try_settings(cluster, node)
    if isinstance(settings, NoAnswer):
        return None, 0, f"Its migration settings could not be read: {with_remedy(settings)}"
    slots, found = settings
    findings = [finding for finding in found if finding.stops_destination]
    return (None, 0, " ".join(finding.text for finding in findings)) if findings else (memory, slots, "")


def try_settings(cluster: Cluster, node: Node, silence: NoAnswer | None = None) -> _Settings | NoAnswer:
    """Return what a node's settings mean for migrations, or why it does not answer; ``silence`` as above."""
    if silence is not None:
        return silence
    try:
        return _check_settings(cluster, node)
    except NoAnswer as error:
        return error


def _check_settings(cluster: Cluster, node: Node) -> _Settings:
    settings = read_host_settings(cluster, node.name, networks=False)
    return max(1, settings.maximum_migrations), list(check_node(NodeReport(node, settings=settings)))


@dataclasses.dataclass(frozen=True)
class Source:
    """What only the node knows that is to be emptied: ``vms`` are all that it shows, the rest is as in a snapshot."""

    attachments: Mapping[str, tuple[Attachment, ...]] = dataclasses.field(default_factory=dict)
    vms: tuple[Vm, ...] = ()
    slots: int | None = None
    notes: tuple[str, ...] = ()

    def not_among(self, known: AbstractSet[str]) -> tuple[Vm, ...]:
        """Return its VMs that the cluster does not know; ``known`` are ids of the cluster's."""
        return tuple(vm for vm in self.vms if vm.id not in known)


def read_source(cluster: Cluster, node: Node, silence: NoAnswer | None = None) -> Source:
    """Return what only a node knows, and notes where it does not answer; ``silence`` as ``try_destination`` has it."""
    if not node.is_running:
        note = f"{node.name} is {node.state}: its devices were not looked at, and no VM can be migrated from it."
        return Source(notes=(note,))
    try:
        if silence is not None:
            raise silence
        attachments = read_attachments(cluster, node.name)
        vms = tuple(read_local_vms(cluster, node.name))
        slots, found = _check_settings(cluster, node)
        stopping = [finding for finding in found if finding.stops_source]
        return Source(attachments, vms, slots, tuple(f"{node.name}: {finding.text}" for finding in stopping))
    except NoAnswer as error:
        note = f"What VMs have attached of {node.name} could not be read: {with_remedy(error)}"
        return Source(notes=(note,))


def read_replicas(cluster: Cluster, node: Node) -> tuple[dict[str, ReplicationMode], list[str]]:
    """Return the VMs of a node that are replicas, or of all nodes where one answer has them, and notes."""
    try:
        if cluster.offers_hyperv:
            return read_replication(cluster.hyperv, HYPERV_CLUSTER, REPLICAS), []
        return read_replication(cluster.node(node.name), VIRTUALIZATION, REPLICAS), []
    except NoAnswer as fault:
        return {}, [f"Whether VMs are replicas could not be read: {with_remedy(fault)}"]
