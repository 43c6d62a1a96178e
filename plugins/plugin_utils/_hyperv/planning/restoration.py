# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs of a ledger are brought back, and which are left alone and why. Private to this collection."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.cluster import Cluster
from ..cluster.groups import read_groups
from ..cluster.nodes import Node, find_node, hosts_of_vms, read_host, read_hosts, read_nodes_if_any
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.codes import UNKNOWN
from ..records.file_names import Owner, read_owner
from ..records.ledger import STAYS, Ledger, is_ours, not_ours, refuse_another, was_stopped


@dataclasses.dataclass(frozen=True)
class Home:
    """The node that VMs are brought back to.

    Attributes:
        owner: its cluster, or itself where there is none.
    """

    node: Node
    owner: Owner


@dataclasses.dataclass(frozen=True)
class Restoration:
    """The answer of the planner.

    Attributes:
        node: the node to bring VMs back to.
        moves: for hyperv_vm_migrate, in the order in which they go.
        stays: ``vm_id``, ``name``, ``reason``: VMs that are left alone.
        start: VMs that the evacuation stopped and that ran before: to be started once they are on their node.
        leaving: ``vm_id``, ``name``, ``reason``: VMs of which nothing can be said yet: their migration away from the
            node still runs, or only the cluster shows them just now.
        gone: ``vm_id``, ``name``, ``reason``: VMs that neither Hyper-V nor the cluster knows. Whether they were deleted
            cannot be told from here.
    """

    home: Home
    moves: tuple[Mapping[str, t.Any], ...]
    stays: tuple[Mapping[str, t.Any], ...]
    start: tuple[Mapping[str, t.Any], ...]
    leaving: tuple[Mapping[str, t.Any], ...]
    gone: tuple[Mapping[str, t.Any], ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return the plan for a task's result."""
        return {
            "node": self.home.node.name,
            "cluster": self.home.owner.full or None,
            "cluster_name": self.home.owner.short or None,
            "moves": [dict(move, order=order) for order, move in enumerate(self.moves, 1)],
            "stays": [dict(vm) for vm in self.stays],
            "start": [dict(vm) for vm in self.start],
            "leaving": [dict(vm) for vm in self.leaving],
            "gone": [dict(vm) for vm in self.gone],
        }


def find_home(cluster: Cluster, name: str) -> Home:
    """Return the node of a name and whose it is. Raises HyperVError, Fault, TransportError."""
    nodes = read_nodes_if_any(cluster)
    node = find_node(cluster, nodes, name) if cluster.is_clustered else read_host(cluster, name)
    return Home(node, read_owner(cluster, node.name))


def plan_restoration(cluster: Cluster, ledger: Ledger, home: Home | None = None) -> Restoration:
    """Read where the VMs of a ledger are now and plan; nothing is changed.

    ``home`` is the node that the ledger must be of, where it is known by now. Raises HyperVError, also for a ledger of
    another cluster or node; Fault, TransportError.
    """
    home = home or find_home(cluster, ledger["node"])
    refuse_another(ledger, home.owner.full, home.node.name, home.owner.short)
    hosts = _hosts(cluster, ledger, home)
    open_vms = [vm for vm in ledger["vms"] if not vm["restored"]]
    present = (
        {vm.id: vm for vm in read_vms(cluster, ids=[vm["vm_id"] for vm in open_vms], hosts=hosts)} if open_vms else {}
    )
    if any(entry["outcome"] == STAYS and entry["vm_id"].upper() not in present for entry in open_vms):
        present = {**{vm.id: vm for vm in read_local_vms(cluster, home.node.name)}, **present}
    owners = _read_owners_of_missing(cluster, open_vms, present)
    if open_vms and not is_ours(ledger, home.owner.full, [*present, *owners]):
        _refuse_if_unknown(cluster, ledger, home, hosts)
    return decide(home, open_vms, present, owners)


def _hosts(cluster: Cluster, ledger: Ledger, home: Home) -> tuple[str, ...]:
    """Return the hosts that are asked for the VMs of a ledger: without a cluster each host shows its own VMs only."""
    if cluster.is_clustered:
        return ()
    destinations = read_hosts(cluster, list(dict.fromkeys(vm["destination_host"] for vm in ledger["vms"])))
    return hosts_of_vms(cluster, (home.node, *destinations))


def _refuse_if_unknown(cluster: Cluster, ledger: Ledger, home: Home, hosts: Sequence[str]) -> None:
    """Raise HyperVError unless the cluster knows one of the VMs that the ledger has done with."""
    settled = [vm["vm_id"] for vm in ledger["vms"] if vm["restored"]]
    if not is_ours(
        ledger, home.owner.full, [vm.id for vm in read_vms(cluster, ids=settled, hosts=hosts)] if settled else []
    ):
        raise not_ours(ledger, home.owner.full)


def _read_owners_of_missing(
    cluster: Cluster, entries: Sequence[Mapping[str, t.Any]], present: Mapping[str, Vm]
) -> dict[str, str]:
    """Return who owns, as the cluster says, the VMs that Hyper-V does not show, by VM id; no request where none is."""
    missing = [
        Vm(vm_id, entry["name"], "", UNKNOWN) for entry in entries if (vm_id := entry["vm_id"].upper()) not in present
    ]
    return {vm_id: role.owner for vm_id, role in read_groups(cluster, missing).items()} if missing else {}


def decide(
    home: Home,
    entries: Sequence[Mapping[str, t.Any]],
    present: Mapping[str, Vm],
    owners_of_missing: Mapping[str, str],
) -> Restoration:
    """Compare a ledger's open VMs with where they are. Pure.

    A VM that Hyper-V does not show while the cluster has its role is not gone: the next reading may show it. One goes
    back only from the node to which the evacuation moved it: wherever else it is, somebody meant it to be.
    """
    moves: list[Mapping[str, t.Any]] = []
    stays: list[Mapping[str, t.Any]] = []
    start: list[Mapping[str, t.Any]] = []
    leaving: list[Mapping[str, t.Any]] = []
    gone: list[Mapping[str, t.Any]] = []
    node = home.node
    for entry in sorted(entries, key=_order):
        vm = present.get(entry["vm_id"].upper())
        told = {"vm_id": entry["vm_id"].upper(), "name": entry["name"]}
        at_home = vm is not None and first_label(vm.node) == first_label(node.name)
        if vm is not None and at_home and vm.is_leaving:
            leaving.append({**told, "reason": f"its migration away from {node.name} still runs"})
            continue
        if vm is None and told["vm_id"] in owners_of_missing:
            owner = owners_of_missing[told["vm_id"]] or "no node"
            leaving.append({**told, "reason": f"the cluster has its role on {owner}, but Hyper-V does not show the VM"})
            continue
        if vm is None:
            gone.append({**told, "reason": _where_it_is_no_more(entry, node)})
            continue
        reason = _reason_to_stay(entry, vm, node, at_home=at_home)
        if (at_home or not reason) and was_stopped(entry, vm.state):
            start.append(told)
        if reason:
            stays.append({**told, "reason": reason})
        else:
            moves.append(_move(entry, vm, node))
    return Restoration(home, tuple(moves), tuple(stays), tuple(start), tuple(leaving), tuple(gone))


def _order(entry: Mapping[str, t.Any]) -> tuple[bool, int, int, str]:
    runs = entry.get("state") in ("running", "paused")
    return not runs, -int(entry.get("priority") or 0), -int(entry.get("memory_mb") or 0), entry["name"].lower()


def _where_it_is_no_more(entry: Mapping[str, t.Any], node: Node) -> str:
    stays = entry["outcome"] == STAYS
    return f"it is no longer on {node.name}" if stays else "it is no longer among the VMs of the cluster"


def _reason_to_stay(entry: Mapping[str, t.Any], vm: Vm, node: Node, *, at_home: bool) -> str:
    stays = entry["outcome"] == STAYS
    if at_home:
        return f"it stayed on {node.name}" if stays else f"it is on {node.name} already"
    if first_label(vm.node) != first_label(entry["destination_host"]):
        did = "left it on" if stays else "moved it to"
        return f"it is on {vm.node}, although the evacuation {did} {entry['destination_host']}"
    return ""


def _move(entry: Mapping[str, t.Any], vm: Vm, node: Node) -> dict[str, t.Any]:
    return {
        "vm_id": vm.id,
        "name": vm.name,
        "state": vm.state,
        "memory_mb": vm.memory_mb if vm.memory_mb is not None else entry.get("memory_mb"),
        "priority": entry.get("priority"),
        "source_host": vm.node,
        "destination_host": node.name,
        "reason": f"the evacuation of {node.name} moved it to {entry['destination_host']}",
    }
