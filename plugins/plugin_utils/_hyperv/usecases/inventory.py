# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster as hosts, variables and groups of an Ansible inventory."""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from collections.abc import Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.cim_values import PRIORITIES
from ..cluster.cluster import Cluster
from ..cluster.nodes import read_nodes
from ..failure.errors import HyperVError
from .vm_listing import list_vms

NODES = "hyperv_nodes"
VMS = "hyperv_vms"
CLUSTER = "hyperv_cluster"
FQDN = "hyperv_cluster_fqdn"
# Names that mean something else to Ansible: a VM that bears one must not stand in for it.
_RESERVED = frozenset({"all", "ungrouped", "localhost", "127.0.0.1", "::1"})
_OWN_GROUPS = (NODES, VMS, CLUSTER)  # and what begins so

Row = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Member:
    """One host of the inventory.

    Attributes:
        host: its name there.
        variables: each name begins with ``hyperv_``.
        groups: names as they come, not yet fit for groups; the first one holds all of its kind and the other groups.
    """

    host: str
    variables: Row
    groups: tuple[str, ...]

    @property
    def is_node(self) -> bool:
        """It is a node, else a VM."""
        return self.groups[0] == NODES


@dataclasses.dataclass(frozen=True)
class Naming:
    """How the hosts and groups of one cluster are called.

    Attributes:
        name, fqdn: the cluster's own names; no ``fqdn`` for a cluster that tells none.
        prefix: what every host's name begins with.
        is_full: hosts are called by full names, which those of no other cluster have.
        is_group_full: so is the cluster's group.
    """

    name: str
    fqdn: str | None
    prefix: str = ""
    is_full: bool = False
    is_group_full: bool = False

    def node(self, name: str) -> str:
        """Return the host for a node: its full name has the cluster's domain, where the nodes' accounts are as well."""
        domain = (self.fqdn or "").partition(".")[2]
        return f"{self.prefix}{name}.{domain}" if self.is_full and domain else f"{self.prefix}{name}"

    def vm(self, name: str) -> str:
        """Return the host for a VM: its full name is within the cluster's, for VMs have no domain of their own."""
        return f"{self.prefix}{name}.{self.fqdn}" if self.is_full and self.fqdn else f"{self.prefix}{name}"

    @property
    def group(self) -> str:
        """The group that holds the cluster's nodes and VMs."""
        return f"{CLUSTER}_{(self.fqdn if self.is_group_full else None) or self.name}"

    @property
    def variables(self) -> Row:
        """What every host of the cluster says about it."""
        return {CLUSTER: self.name, FQDN: self.fqdn}


def read_members(cluster: Cluster) -> Row:
    """Return the cluster's names, nodes and VMs as plain data that a cache can keep.

    Raises HyperVError, Fault and TransportError.
    """
    called = cluster.identity.cluster
    if called is None or not called.name:
        raise HyperVError(f"{cluster.home.node} does not tell the name of its cluster (MSCluster_Cluster).")
    nodes = [{**node._asdict(), "version": node.version} for node in read_nodes(cluster)]
    return {
        "cluster": {"name": called.name, "fqdn": called.fqdn or None},
        "nodes": nodes,
        "vms": list_vms(cluster),
    }


def make_node_members(nodes: Sequence[Row], naming: Naming) -> list[Member]:
    """Return the nodes as hosts; ``hyperv_node`` is what the cluster calls them, whatever the host is called."""
    return [
        Member(
            naming.node(node["name"]),
            {
                **naming.variables,
                "hyperv_node": node["name"],
                **{f"hyperv_{key}": node[key] for key in node if key != "name"},
            },
            (NODES, f"{naming.group}_nodes", f"{NODES}_{node['state']}"),
        )
        for node in nodes
    ]


def make_vm_members(
    vms: Sequence[Row], nodes: Sequence[Row], naming: Naming, groups: Collection[str] = ()
) -> list[Member]:
    """Return the VMs as hosts.

    A VM is a host under its name. Where that is empty, reserved, one of the ``groups`` that there are already, borne by
    several VMs in any letter case, or looks like a node's, its GUID is added to it, for all of these VMs. So it is
    where a name ends in the GUID of a VM: it may be what another one is called for that reason.
    """
    hosts_of_nodes = {first_label(node["name"]): naming.node(node["name"]) for node in nodes}
    taken = {*_RESERVED, *(group.lower() for group in groups)}
    bearers = collections.Counter(vm["name"].lower() for vm in vms)
    ids = {str(vm["id"]).lower() for vm in vms}
    lengths = {len(one) for one in ids}  # all alike, as GUIDs are
    members = []
    for vm in vms:
        name = vm["name"]
        looks_like_a_node = first_label(name) in hosts_of_nodes
        is_taken = not name.strip() or naming.vm(name).lower() in taken or name.lower().startswith(_OWN_GROUPS)
        is_taken = is_taken or any(name.lower()[-length:] in ids for length in lengths)
        if looks_like_a_node or is_taken or bearers[name.lower()] > 1:
            name = _with_id(vm, looks_like_a_node)
        variables = {**naming.variables, **_vm_variables(vm)}
        members.append(Member(naming.vm(name), variables, _vm_groups(vm, naming, hosts_of_nodes)))
    return members


def leave_out(members: Sequence[Member], hosts: Collection[str]) -> list[Member]:
    """Return the members but for some hosts; VMs on nodes that are gone are in no group of theirs."""
    gone = {f"{VMS}_on_{host}" for host in hosts}
    return [
        dataclasses.replace(member, groups=tuple(group for group in member.groups if group not in gone))
        for member in members
        if member.host not in hosts
    ]


def identify_machine(variables: Mapping[str, t.Any]) -> tuple[str, str]:
    """Return what tells the machine of a host's variables from every other, in any inventory.

    That is its cluster and its GUID or, for a node, its name there; empty texts where the variables tell of neither.
    """
    machine = variables.get("hyperv_vm_id") or variables.get("hyperv_node") or ""
    return identify_cluster(variables), str(machine).lower()


def identify_cluster(variables: Mapping[str, t.Any]) -> str:
    """Return what tells the cluster of a host's or group's variables from every other; empty for none."""
    return str(variables.get(FQDN) or variables.get(CLUSTER) or "").lower()


def _with_id(vm: Row, looks_like_a_node: bool) -> str:
    """Return a VM's name with its GUID; what looks like a node's full name loses the dots, by which it does."""
    name = vm["name"].replace(".", "_") if looks_like_a_node else vm["name"]
    return f"{name}_{vm['id']}".lstrip("_ ")


def _vm_variables(vm: Row) -> Row:
    renamed = {"id": "vm_id", "name": "vm_name"}
    return {f"hyperv_{renamed.get(key, key)}": value for key, value in vm.items()}


def _vm_groups(vm: Row, naming: Naming, nodes: Mapping[str, str]) -> tuple[str, ...]:
    owner, priority = vm["node"], vm["priority"]
    groups = [VMS, f"{naming.group}_vms", f"{VMS}_{vm['state']}"]
    if owner:
        groups.append(f"{VMS}_on_{nodes.get(first_label(owner)) or naming.node(owner)}")
    if priority is not None:
        groups.append(f"{VMS}_priority_{PRIORITIES.get(priority, priority)}")
    return tuple(groups)
