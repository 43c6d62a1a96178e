# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that a plan to empty a node depends on, read from the cluster."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from ..._names import in_capitals
from ..._wsman.errors import NoAnswer
from ..._wsman.instances import Instance
from ..checks.comparison import Comparison
from ..checks.migration_finding import MigrationFinding
from ..checks.node_checks import check_node
from ..checks.node_reports import NodeReport
from ..checks.others_at_work import find_others_at_work
from ..cluster.affinity import (
    DOMAIN,
    Rule,
    class_rules,
    enabled_rules,
    group_member,
    note_unjudged_rules,
    read_affinity_rules,
    read_domains,
)
from ..cluster.attachments import Attachment, read_attachments
from ..cluster.cim_values import ReplicationMode
from ..cluster.cluster import HYPERV_CLUSTER, VIRTUALIZATION, Cluster
from ..cluster.groups import GroupTraits, VmGroup, read_groups, read_traits
from ..cluster.hosts import Memory, read_cluster_limit, read_host_settings, try_memory
from ..cluster.nodes import Node, hosts_of_vms, read_surroundings
from ..cluster.other_roles import OtherRoles, read_other_roles, read_resources, read_start_order
from ..cluster.owners import Owners, owners_of, read_owners
from ..cluster.replication import REPLICAS, read_replication
from ..cluster.running_migrations import RunningMigration, read_running_migrations
from ..cluster.states import IN_MEMORY
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.errors import HyperVError, with_remedy
from ..failure.finding import Finding
from ..records.file_names import NOBODY, Owner, read_owner
from .lacking import Lacks, lacks_from
from .problem import Destination
from .role_owners import as_roles, owners_by_group


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The cluster around the node that is to be emptied.

    Attributes:
        vms: all clustered VMs.
        local_vms: VMs of the node that the cluster does not know.
        roles, owners, attachments, replication, running_migrations: by VM id; ``owners``, ``attachments`` and
            ``replication`` of the node's VMs only.
        traits: by name of the group in capitals.
        destinations: nodes that can take VMs, memory on its way to them already taken off what is free.
        unusable: why other nodes cannot, in sentences, by first label.
        volumes: folder under which all nodes see the cluster's shared volumes, empty where not told.
        domains: fault domain by first label of the node, where rules are about fault domains.
        notes: what could not be read, counted or judged, for people.
        slots, cluster_slots: how many live migrations the node takes part in at once, and how many run in the
            cluster at once; None where not known, or not limited.
        is_clustered: the node is one of a cluster, and not a host by itself.
        owner: the cluster, or the host by itself.
        other_roles: what nodes own beside VMs.
        role_owners: who may own the node's roles, and whom they prefer, by group in capitals.
        role_order: what each group starts after; in capitals.
        role_destinations: nodes that may take a role or a shared volume.
        others: who else is at work in the cluster.
        lacks: what destinations lack for VMs of the node that run.
    """

    node: Node
    vms: tuple[Vm, ...]
    local_vms: tuple[Vm, ...] = ()
    roles: Mapping[str, VmGroup] = dataclasses.field(default_factory=dict)
    traits: Mapping[str, GroupTraits] = dataclasses.field(default_factory=dict)
    owners: Mapping[str, Owners] = dataclasses.field(default_factory=dict)
    attachments: Mapping[str, tuple[Attachment, ...]] = dataclasses.field(default_factory=dict)
    replication: Mapping[str, ReplicationMode] = dataclasses.field(default_factory=dict)
    running_migrations: Mapping[str, RunningMigration] = dataclasses.field(default_factory=dict)
    destinations: tuple[Destination, ...] = ()
    unusable: Mapping[str, str] = dataclasses.field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    domains: Mapping[str, str] = dataclasses.field(default_factory=dict)
    volumes: str = ""
    slots: int | None = None
    cluster_slots: int | None = None
    notes: tuple[str, ...] = ()
    is_clustered: bool = True
    owner: Owner = NOBODY
    other_roles: OtherRoles = dataclasses.field(default_factory=OtherRoles)
    role_owners: Mapping[str, Owners] = dataclasses.field(default_factory=dict)
    role_order: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    role_destinations: tuple[str, ...] = ()
    others: tuple[Finding, ...] = ()
    lacks: Lacks = dataclasses.field(default_factory=dict)

    @property
    def vms_on_node(self) -> list[Vm]:
        """The clustered VMs of which Hyper-V or the cluster says that the node owns them.

        Sorted, so that nothing depends on the order in which they were read.
        """
        label = first_label(self.node.name)
        here = [vm for vm in self.vms if label in owners_of(vm, self.roles.get(vm.id))]
        return sorted(here, key=lambda vm: (vm.name.casefold(), vm.id))

    def group_members_of(self, vm: Vm) -> tuple[str, ...]:
        """Return the names of the other VMs in a VM's group."""
        role = self.roles.get(vm.id)
        group = self._groups.get(in_capitals(role.group), ()) if role is not None else ()
        return tuple(sorted(name for vm_id, name in group if vm_id != vm.id))

    @functools.cached_property
    def _groups(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Id and name of the VMs of each group, by its name in capitals."""
        names = {vm.id: vm.name for vm in self.vms}
        found: dict[str, list[tuple[str, str]]] = {}
        for vm_id, role in self.roles.items():
            found.setdefault(in_capitals(role.group), []).append((vm_id, names.get(vm_id, vm_id)))
        return found

    @functools.cached_property
    def migrating_vms(self) -> Sequence[tuple[Vm, RunningMigration]]:
        """The VMs that are on their way."""
        return [(vm, self.running_migrations[vm.id]) for vm in self.vms if vm.id in self.running_migrations]

    def traits_of(self, vm: Vm) -> GroupTraits | None:
        """Return the traits of a VM's group."""
        role = self.roles.get(vm.id)
        return self.traits.get(in_capitals(role.group)) if role is not None else None


def take_snapshot(cluster: Cluster, name: str, allowed: Sequence[str]) -> Snapshot:
    """Read what a plan for the node ``name`` needs; nothing is changed.

    ``allowed`` narrows the destinations; empty for every node. Raises HyperVError, Fault, TransportError.
    """
    nodes, (node, *wanted) = read_surroundings(cluster, [name, *allowed])
    if not cluster.is_clustered and not allowed:
        raise HyperVError(
            f"{node.name} is not a node of a failover cluster. Name the hosts that may take its VMs in destinations."
        )
    wanted = wanted or nodes
    if any(one == node for one in wanted) and allowed:
        raise HyperVError(f"{node.name} is the node to be emptied and cannot be one of its own destinations.")
    snapshot = read_vms_and_groups(cluster, node, nodes)
    others = [one for one in dict.fromkeys(wanted) if one != node]
    residents = {vm.id for vm in snapshot.vms_on_node}
    roles = {vm_id: role for vm_id, role in snapshot.roles.items() if vm_id in residents}
    snapshot = dataclasses.replace(
        # A clustered VM has two resources, that of its configuration and its own.
        _with_owners(cluster, snapshot, roles, 2 * len(snapshot.vms) * len(nodes)),
        role_destinations=tuple(one.name for one in others if one.cannot_receive() is None),
    )
    snapshot = _with_destinations(cluster, with_rules(cluster, snapshot, nodes), others)
    return _with_lacks(cluster, _with_source(cluster, snapshot), others)


def read_vms_and_groups(cluster: Cluster, node: Node, nodes: Sequence[Node]) -> Snapshot:
    """Return the VMs of all ``nodes`` and what the cluster says of them, as seen around ``node``.

    Raises HyperVError, Fault and TransportError.
    """
    vms = read_vms(cluster, hosts=hosts_of_vms(cluster, nodes))
    roles, traits = read_groups(cluster, vms), read_traits(cluster)
    # Where Hyper-V tells no owner, the cluster's word counts.
    owned = tuple(vm if vm.node or vm.id not in roles else _owned_by(vm, roles[vm.id].owner) for vm in vms)
    volumes, owner = _read_cluster(cluster, node)
    disputed = [vm for vm in owned if _is_disputed(vm, node, roles.get(vm.id))]
    running_migrations = {
        vm.id: RunningMigration(vm.node, memory_is_there=False) for vm in disputed
    } | read_running_migrations(cluster, owned)
    notes = tuple(
        f"{vm.name} is on {vm.node}, says Hyper-V; on {node.name}, says the cluster. It counts as bound for {vm.node}."
        for vm in disputed
    )
    snapshot = Snapshot(
        node, owned, roles=roles, traits=traits, running_migrations=running_migrations, volumes=volumes, notes=notes
    )
    return dataclasses.replace(
        snapshot,
        is_clustered=cluster.is_clustered,
        owner=owner,
        cluster_slots=read_cluster_limit(cluster),
        others=tuple(find_others_at_work(cluster, traits.values())),
    )


def _owned_by(vm: Vm, node: str) -> Vm:
    return dataclasses.replace(vm, node=node)


def _is_disputed(vm: Vm, node: Node, role: VmGroup | None) -> bool:
    """Tell whether a VM is on the node for the cluster alone: most likely it has left, and needs no other place."""
    label = first_label(node.name)
    return first_label(vm.node) != label and label in owners_of(vm, role)


def _read_cluster(cluster: Cluster, node: Node) -> tuple[str, Owner]:
    """Return where the shared volumes are, and whose the node is."""
    row = cluster.identity.cluster_row if cluster.is_clustered else None
    volumes = (row.text("SharedVolumesRoot") or "") if row is not None else ""
    return volumes, read_owner(cluster, node.name)


def _with_owners(cluster: Cluster, snapshot: Snapshot, roles: Mapping[str, VmGroup], pairs: int) -> Snapshot:
    """Add who may own the node's VMs, and what else it owns, with who may own that; ``pairs`` of all VMs and nodes."""
    try:
        found = read_other_roles(cluster, snapshot.traits.values())
        others = [one for one in found.on(snapshot.node.name) if one.is_movable and one.kind == "role"]
        resources = read_resources(cluster, others)
        order = read_start_order(cluster) if len(others) > 1 else {}
    except NoAnswer as error:
        note = f"What {snapshot.node.name} owns beside VMs could not be read: {with_remedy(error)}"
        snapshot = dataclasses.replace(snapshot, notes=(*snapshot.notes, note), other_roles=OtherRoles(unread=note))
        return dataclasses.replace(snapshot, owners=read_owners(cluster, roles, pairs))
    wanted = as_roles(resources)
    owners = read_owners(cluster, {**roles, **wanted}, pairs)
    return dataclasses.replace(
        snapshot,
        other_roles=found,
        role_order=order,
        role_owners=owners_by_group(wanted, owners),
        owners={vm_id: one for vm_id, one in owners.items() if vm_id in roles},
    )


def with_rules(cluster: Cluster, snapshot: Snapshot, nodes: Sequence[Node]) -> Snapshot:
    """Return a snapshot with the affinity rules of the cluster and its fault domains. Raises Fault, TransportError."""
    rules, notes = collect_rules(cluster, read_affinity_rules(cluster), snapshot.roles, snapshot.traits)
    domains = read_domains(cluster) if any(rule.scope == DOMAIN for rule in rules) else {}
    return dataclasses.replace(
        snapshot,
        rules=tuple(rules),
        domains=domains,
        notes=(*snapshot.notes, *notes, *note_unjudged_rules(rules, domains, [first_label(one.name) for one in nodes])),
    )


def collect_rules(
    cluster: Cluster, affinity: Sequence[Instance], roles: Mapping[str, VmGroup], traits: Mapping[str, GroupTraits]
) -> tuple[list[Rule], list[str]]:
    """Return anti-affinity classes and the rules of the rows ``affinity``, and notes on what was left out.

    Members are VM ids, found by way of their resource: a group need not be called like its VM. Those of which ``roles``
    has no VM are ``group_member``. Raises Fault and TransportError.
    """
    row = cluster.identity.cluster_row if cluster.is_clustered else None
    enforced = row is not None and bool(row.integer("ClusterEnforcedAntiAffinity"))
    inside: dict[str, list[str]] = {}
    for vm_id, role in sorted(roles.items()):
        inside.setdefault(in_capitals(role.group), []).append(vm_id)
    members: dict[str, list[str]] = {}
    for name, one in traits.items():
        members[name] = members[in_capitals(one.id)] = inside.get(name, [group_member(name)])
    classes = {member: one.anti_affinity for name, one in traits.items() for member in members[name]}
    rules, notes = enabled_rules(affinity, members)
    return [*class_rules(classes, enforced=enforced), *rules], notes


def _with_destinations(cluster: Cluster, snapshot: Snapshot, nodes: Sequence[Node]) -> Snapshot:
    found, unusable, notes = [], {}, list(snapshot.notes)
    by_name = {node.name: node for node in nodes}
    answers = cluster.ask_each(list(by_name), lambda name: try_destination(cluster, by_name[name]))
    for node, (memory, slots, problem) in zip(nodes, answers, strict=True):
        if memory is None:
            unusable[first_label(node.name)] = problem
            notes.append(f"{node.name} is not counted as a destination: {problem}")
            continue
        coming = _still_coming(snapshot, node)
        if coming:
            notes.append(f"{coming} MB of VMs that are on their way to {node.name} are taken off its free memory.")
        free = Memory(memory.total_mb, memory.free_mb - coming)
        found.append(Destination(node.name, free, node.build, slots, coming_mb=coming))
    return dataclasses.replace(snapshot, destinations=tuple(found), unusable=unusable, notes=tuple(notes))


def try_destination(cluster: Cluster, node: Node) -> tuple[Memory | None, int, str]:
    """Return the memory and slots of a node that can receive migrations, or None and why it is no destination."""
    unable = node.cannot_receive()
    if unable is not None:
        return None, 0, unable.message
    memory, unknown = try_memory(cluster, node)
    if unknown is not None:
        return None, 0, unknown.text
    try:
        slots, found = _check_settings(cluster, node)
    except NoAnswer as error:
        return None, 0, f"Its migration settings could not be read: {with_remedy(error)}"
    findings = [finding for finding in found if finding.stops_destination]
    return (None, 0, " ".join(finding.text for finding in findings)) if findings else (memory, slots, "")


def _check_settings(cluster: Cluster, node: Node) -> tuple[int, list[MigrationFinding]]:
    """Return how many live migrations a node takes part in at once, and what is wrong with its settings."""
    settings = read_host_settings(cluster, node.name, networks=False)
    return max(1, settings.maximum_migrations), list(check_node(NodeReport(node, settings=settings)))


def _still_coming(snapshot: Snapshot, node: Node) -> int:
    """Return the memory of VMs from other nodes that are bound for a node which has not allocated it yet."""
    source = first_label(snapshot.node.name)
    return sum(
        vm.memory_mb or 0
        for vm, running in snapshot.migrating_vms
        if not running.memory_is_there
        and first_label(running.destination) == first_label(node.name)
        and first_label(vm.node) not in (source, first_label(node.name))
    )


def _with_source(cluster: Cluster, snapshot: Snapshot) -> Snapshot:
    """Add what only the node itself knows, and notes where it does not answer."""
    source = read_source(cluster, snapshot.node, {vm.id for vm in snapshot.vms})
    replication, note = read_replicas(cluster, snapshot.node)
    return dataclasses.replace(
        snapshot,
        attachments=source.attachments,
        local_vms=source.local_vms,
        replication=replication,
        slots=source.slots,
        notes=(*snapshot.notes, *source.notes, *note, *_arrivals(snapshot)),
    )


def _with_lacks(cluster: Cluster, snapshot: Snapshot, nodes: Sequence[Node]) -> Snapshot:
    """Add what the destinations certainly lack for VMs that run; a host that does not answer shows no lack."""
    running = [vm for vm in snapshot.vms_on_node if vm.state in IN_MEMORY]
    if not snapshot.node.is_running or not running:
        return snapshot
    usable = {first_label(one.name) for one in snapshot.destinations}
    there = [node for node in nodes if first_label(node.name) in usable]
    comparison, name = Comparison(cluster), snapshot.node.name
    comparison.read_side_by_side(name, [node.name for node in there])
    return dataclasses.replace(snapshot, lacks=lacks_from(comparison, running, snapshot.node, there))


@dataclasses.dataclass(frozen=True)
class Source:
    """What only the node knows that is to be emptied; each as in the snapshot."""

    attachments: Mapping[str, tuple[Attachment, ...]] = dataclasses.field(default_factory=dict)
    local_vms: tuple[Vm, ...] = ()
    slots: int | None = None
    notes: tuple[str, ...] = ()


def read_source(cluster: Cluster, node: Node, known: AbstractSet[str]) -> Source:
    """Return what only a node knows, and notes where it does not answer; ``known`` are ids of the cluster's VMs."""
    if not node.is_running:
        note = f"{node.name} is {node.state}: its devices were not looked at, and no VM can be migrated from it."
        return Source(notes=(note,))
    try:
        attachments = read_attachments(cluster, node.name)
        local = tuple(vm for vm in read_local_vms(cluster, node.name) if vm.id not in known)
        slots, found = _check_settings(cluster, node)
        stopping = [finding for finding in found if finding.stops_source]
        return Source(attachments, local, slots, tuple(f"{node.name}: {finding.text}" for finding in stopping))
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


def _arrivals(snapshot: Snapshot) -> list[str]:
    source = first_label(snapshot.node.name)
    return [
        f"{vm.name} is on its way from {vm.node} to {snapshot.node.name} and is not part of the plan. Pause the node, "
        "wait, and plan anew."
        for vm, running in snapshot.migrating_vms
        if first_label(running.destination) == source and first_label(vm.node) != source
    ]
