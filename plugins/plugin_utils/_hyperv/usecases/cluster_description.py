# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole cluster as it is: what a simulated one needs to be like it."""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Mapping

from ..._names import in_capitals
from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..._wsman.wql import Query
from ..checks.node_reports import NodeReport
from ..cluster.affinity import NODE, RULE_TYPES
from ..cluster.attachments import Attachment, read_attachments
from ..cluster.cim_values import ReplicationMode
from ..cluster.cluster import HYPERV_CLUSTER, MSCLUSTER, Cluster
from ..cluster.groups import GroupTraits, VmGroup, read_groups, read_traits
from ..cluster.hosts import Memory, read_memory
from ..cluster.nodes import Node, read_nodes
from ..cluster.other_roles import OtherRoles, read_other_roles, read_resources, read_start_order
from ..cluster.owners import Owners, read_owners
from ..cluster.replication import read_replication
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.errors import with_remedy
from ..planning.role_owners import as_roles, owners_by_group
from .readiness import Readiness, read_readiness


@dataclasses.dataclass(frozen=True)
class HostDescription:
    """What only a node itself knows; ``problem`` says why it did not tell, empty where it did.

    Attributes:
        report: the node and its settings.
        attachments: what VMs have of it, by VM id.
        own_vms: all VMs that it knows, clustered or not.
    """

    report: NodeReport
    memory: Memory | None = None
    attachments: Mapping[str, tuple[Attachment, ...]] = dataclasses.field(default_factory=dict)
    own_vms: tuple[Vm, ...] = ()
    problem: str = ""

    @property
    def node(self) -> Node:
        """The node as the cluster shows it."""
        return self.report.node


@dataclasses.dataclass(frozen=True)
class AffinityRule:
    """An affinity rule as the cluster has it: its ``type`` in words, and names of groups."""

    name: str
    type: str
    groups: tuple[str, ...]
    is_enabled: bool


@dataclasses.dataclass(frozen=True)
class ClusterDescription:
    """The cluster.

    Attributes:
        roles, owners, replication: by VM id.
        traits: by name of the group in capitals.
        other_roles: what is owned beside VMs.
        role_owners: who may own classic roles, and whom they prefer, by group in capitals.
        role_order: what each group starts after; in capitals.
        fault_domains: the levels of each node that has any, by its name.
        notes: what could not be read, for people.
    """

    readiness: Readiness
    hosts: tuple[HostDescription, ...]
    vms: tuple[Vm, ...]
    roles: Mapping[str, VmGroup] = dataclasses.field(default_factory=dict)
    traits: Mapping[str, GroupTraits] = dataclasses.field(default_factory=dict)
    owners: Mapping[str, Owners] = dataclasses.field(default_factory=dict)
    replication: Mapping[str, ReplicationMode] = dataclasses.field(default_factory=dict)
    rules: tuple[AffinityRule, ...] = ()
    fault_domains: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    other_roles: OtherRoles = dataclasses.field(default_factory=OtherRoles)
    role_owners: Mapping[str, Owners] = dataclasses.field(default_factory=dict)
    role_order: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def times_named(self) -> Mapping[str, int]:
        """How many VMs bear a name."""
        return collections.Counter(vm.name for vm in self.vms)


def read_cluster(cluster: Cluster) -> ClusterDescription:
    """Read the cluster; nothing is changed. A node that does not answer is a note, not an error.

    Raises HyperVError, Fault and TransportError where the task's host itself does not answer.
    """
    readiness = read_readiness(cluster, read_nodes(cluster))
    reports = {report.node.name: report for report in readiness.reports}
    hosts = tuple(cluster.ask_each(list(reports), lambda name: _read_host(cluster, reports[name])))
    vms = tuple(sorted(read_vms(cluster), key=lambda vm: (vm.name.casefold(), vm.id)))
    roles, traits = read_groups(cluster, vms), read_traits(cluster)
    replication, replication_notes = _read_replication(cluster)
    rules, rule_notes = _read_rules(cluster, traits)
    others = read_other_roles(cluster, traits.values())
    wanted = as_roles(read_resources(cluster, [one for one in others.all if one.is_movable and one.kind == "role"]))
    up = [report.node.name for report in reports.values() if report.node.is_running]
    owners = read_owners(cluster, {**roles, **wanted}, len(roles) * len(reports), up)
    return ClusterDescription(
        readiness,
        hosts,
        tuple(_owned(vm, roles) for vm in vms),
        roles,
        traits,
        owners,
        replication,
        tuple(rules),
        _read_fault_domains(cluster),
        others,
        owners_by_group(wanted, owners),
        read_start_order(cluster) if wanted else {},
        (*(f"{host.node.name}: {host.problem}" for host in hosts if host.problem), *replication_notes, *rule_notes),
    )


def _owned(vm: Vm, roles: Mapping[str, VmGroup]) -> Vm:
    """Return a VM with its owner: where Hyper-V tells none, the cluster's word counts."""
    role = roles.get(vm.id)
    return vm if vm.node or role is None else vm._replace(node=role.owner)


def _read_host(cluster: Cluster, report: NodeReport) -> HostDescription:
    name = report.node.name
    if not report.node.is_running:
        return HostDescription(report, problem=f"It is {report.node.state}, so its own settings are not known.")
    if report.silence is not None:
        return HostDescription(report, problem=report.silence.text)
    try:
        return HostDescription(
            report,
            read_memory(cluster, name),
            read_attachments(cluster, name),
            tuple(read_local_vms(cluster, name)),
        )
    except NoAnswer as error:
        return HostDescription(
            report, problem=f"Its memory, or what VMs have of it, is not known: {with_remedy(error)}"
        )


def _read_replication(cluster: Cluster) -> tuple[dict[str, ReplicationMode], list[str]]:
    try:
        return read_replication(cluster.hyperv, HYPERV_CLUSTER), []
    except Fault as fault:
        return {}, [f"Whether VMs are replicated could not be read: {with_remedy(fault)}"]


def _read_rules(cluster: Cluster, traits: Mapping[str, GroupTraits]) -> tuple[list[AffinityRule], list[str]]:
    rows = cluster.query_cluster(Query("MSCluster_AffinityRule"), missing_ok=True)
    # No source tells whether a rule lists names or ids of groups.
    names = {one: group.name for group in traits.values() for one in (in_capitals(group.name), in_capitals(group.id))}
    rules, notes = [], []
    for row in sorted(rows, key=lambda one: one.text("Name") or ""):
        name, kind = row.text("Name") or "", row.integer("RuleType") or 0
        if kind not in RULE_TYPES:
            notes.append(f"The affinity rule {name} has the type {kind} and is left out.")
            continue
        if row.integer("SoftAntiAffinity"):
            notes.append(f"The affinity rule {name} is a soft one; a scenario has no soft rules, so it is left out.")
            continue
        together, scope = RULE_TYPES[kind]
        word = f"{'same' if together else 'different'}_{'node' if scope == NODE else 'fault_domain'}"
        groups = tuple(names.get(in_capitals(one), one) for one in row.texts("Groups"))
        rules.append(AffinityRule(name, word, groups, row.integer("Enabled") != 0))
    return rules, notes


def _read_fault_domains(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    rows = cluster.home.query(MSCLUSTER, Query("MSCluster_Node", ("Name", "FaultDomain")))
    return {row.text("Name") or "": row.texts("FaultDomain") for row in rows if row.texts("FaultDomain")}
