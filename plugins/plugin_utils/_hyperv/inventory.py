# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cluster as hosts, variables and groups of an Ansible inventory. Private to this collection."""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from collections.abc import Sequence

from .cluster import Cluster
from .nodes import read_nodes
from .vm_listing import list_vms

NODES = "hyperv_nodes"
VMS = "hyperv_vms"
# Names that mean something else to Ansible: a VM that bears one must not stand in for it.
_RESERVED = frozenset({"all", "ungrouped", "localhost", "127.0.0.1", "::1", NODES, VMS})
_PRIORITIES = {0: "no_auto_start", 1000: "low", 2000: "medium", 3000: "high"}

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


def read_members(cluster: Cluster) -> dict[str, list[Row]]:
    """Return nodes and VMs as plain data that a cache can keep. Raises HyperVError, Fault and TransportError."""
    nodes = [{**dataclasses.asdict(node), "version": node.version} for node in read_nodes(cluster)]
    return {"nodes": nodes, "vms": list_vms(cluster)}


def node_members(nodes: Sequence[Row]) -> list[Member]:
    """Return the nodes as hosts, under their names in the cluster."""
    return [
        Member(
            node["name"],
            {"hyperv_node": node["name"], **{f"hyperv_{key}": node[key] for key in node if key != "name"}},
            (NODES, f"{NODES}_{node['state']}"),
        )
        for node in nodes
    ]


def vm_members(vms: Sequence[Row], nodes: Sequence[Row]) -> list[Member]:
    """Return the VMs as hosts.

    A VM is a host under its name. Where that is empty, reserved, a node's, or borne by several VMs in any letter case,
    its GUID is added to it, for all of these VMs.
    """
    taken = _RESERVED | {node["name"].lower() for node in nodes}
    bearers = collections.Counter(vm["name"].lower() for vm in vms)
    members = []
    for vm in vms:
        name = vm["name"]
        is_own = bool(name.strip()) and name.lower() not in taken and bearers[name.lower()] == 1
        members.append(Member(name if is_own else f"{name}_{vm['id']}".lstrip("_ "), _vm_variables(vm), _vm_groups(vm)))
    return members


def _vm_variables(vm: Row) -> Row:
    renamed = {"id": "vm_id", "name": "vm_name"}
    return {f"hyperv_{renamed.get(key, key)}": value for key, value in vm.items()}


def _vm_groups(vm: Row) -> tuple[str, ...]:
    priority = vm["priority"]
    groups = [VMS, f"{VMS}_{vm['state']}"]
    if vm["node"]:
        groups.append(f"{VMS}_on_{vm['node']}")
    if priority is not None:
        groups.append(f"{VMS}_priority_{_PRIORITIES.get(priority, priority)}")
    return tuple(groups)
