# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that a plan to empty a node depends on, read from the cluster."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..checks.others_at_work import find_others_at_work
from ..cluster.affinity import (
    DOMAIN,
    Rule,
    collect_rules,
    note_unjudged_rules,
    read_affinity_rules,
    read_domains,
)
from ..cluster.attachments import Attachment
from ..cluster.cim_values import ReplicationMode
from ..cluster.cluster import Cluster
from ..cluster.groups import GroupTraits, VmGroup
from ..cluster.hosts import read_cluster_limit
from ..cluster.long_lists import read_long_lists
from ..cluster.nodes import Node
from ..cluster.other_roles import OtherRoles
from ..cluster.owners import Owners, owners_of
from ..cluster.running_migrations import RunningMigration, read_running_migrations
from ..cluster.vms import Vm
from ..failure.finding import Finding
from ..records.file_names import NOBODY, Owner, read_owner
from .lacking import Lacks
from .problem import Destination


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
        left_to_others: which destinations are no choice for VMs of the node, by VM id: others may come there.
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
    left_to_others: Lacks = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def vms_on_node(self) -> Sequence[Vm]:
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
        return tuple(sorted(self._names.get(vm_id, vm_id) for vm_id in group if vm_id != vm.id))

    @functools.cached_property
    def _groups(self) -> Mapping[str, Sequence[str]]:
        """The ids of the VMs of each group, by its name in capitals."""
        found: dict[str, list[str]] = {}
        for vm_id, role in self.roles.items():
            found.setdefault(in_capitals(role.group), []).append(vm_id)
        return found

    @functools.cached_property
    def _names(self) -> Mapping[str, str]:
        return {vm.id: vm.name for vm in self.vms}

    @functools.cached_property
    def migrating_vms(self) -> Sequence[tuple[Vm, RunningMigration]]:
        """The VMs that are on their way."""
        return [(vm, self.running_migrations[vm.id]) for vm in self.vms if vm.id in self.running_migrations]

    def traits_of(self, vm: Vm) -> GroupTraits | None:
        """Return the traits of a VM's group."""
        role = self.roles.get(vm.id)
        return self.traits.get(in_capitals(role.group)) if role is not None else None


def read_vms_and_groups(cluster: Cluster, node: Node, nodes: Sequence[Node], helpers: Iterable[str]) -> Snapshot:
    """Return the VMs of all ``nodes`` and what the cluster says of them, as seen around ``node``.

    ``helpers`` as ``read_long_lists`` has them. Raises HyperVError, Fault and TransportError.
    """
    vms, roles, traits = read_long_lists(cluster, nodes, helpers)
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
    return vm._replace(node=node)


def _is_disputed(vm: Vm, node: Node, role: VmGroup | None) -> bool:
    """Tell whether a VM is on the node for the cluster alone: most likely it has left, and needs no other place."""
    label = first_label(node.name)
    return first_label(vm.node) != label and label in owners_of(vm, role)


def _read_cluster(cluster: Cluster, node: Node) -> tuple[str, Owner]:
    """Return where the shared volumes are, and whose the node is."""
    row = cluster.identity.cluster_row if cluster.is_clustered else None
    volumes = (row.text("SharedVolumesRoot") or "") if row is not None else ""
    return volumes, read_owner(cluster, node.name)


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
