# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands when a maintenance ends: read again, never concluded from what was done."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..checks.back_in_order import redirected_volumes
from ..checks.shared_volumes import read_shared_volumes
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup, read_groups
from ..cluster.hosts import Limits, Memory, read_cluster_limit, read_limits
from ..cluster.node_overview import overview_of, read_overview
from ..cluster.nodes import Node, pick_node, read_nodes
from ..cluster.owners import owners_of
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.errors import HyperVError, with_remedy
from ..records.ledger import has_died, may_still_stop, was_stopped
from ..records.ledger_form import Ledger, LedgerVm

UNREADABLE = (HyperVError, NoAnswer)


@dataclasses.dataclass(frozen=True)
class Standing:
    """Where VMs are, and in which state.

    Attributes:
        vms: by VM id; those that nobody shows are missing.
        roles: their roles, by VM id.
        local: ids of those that only their host knows.
    """

    vms: Mapping[str, Vm]
    roles: Mapping[str, VmGroup]
    local: frozenset[str] = frozenset()

    def on(self, node: str) -> list[Vm]:
        """Return the clustered VMs of which Hyper-V or the cluster says that a node owns them, by name."""
        return self._of(frozenset({first_label(node)}))

    def failing_over(self, down: frozenset[str]) -> list[Vm]:
        """Return likewise those of nodes that are down: the cluster restarts them elsewhere, or has done so already."""
        return self._of(down)

    def _of(self, nodes: frozenset[str]) -> list[Vm]:
        those = [vm for vm in self.vms.values() if not nodes.isdisjoint(owners_of(vm, self.roles.get(vm.id)))]
        return sorted(those, key=lambda vm: (vm.name.casefold(), vm.id))


def read_standing(cluster: Cluster, hosts: Sequence[str], local_on: str = "") -> Standing:
    """Read all VMs. Raises HyperVError, Fault, TransportError.

    ``hosts`` are asked where there is no cluster; ``local_on``: VMs that only this node knows are read as well.
    """
    vms = read_vms(cluster, hosts=() if cluster.is_clustered else tuple(dict.fromkeys(hosts)))
    roles = read_groups(cluster, vms)
    found = {vm.id: vm for vm in vms}
    local = read_local_vms(cluster, local_on) if local_on else []
    return Standing({**{vm.id: vm for vm in local}, **found}, roles, frozenset(vm.id for vm in local) - found.keys())


def read_node_state(cluster: Cluster, node: str) -> tuple[Node | None, str, list[Node]]:
    """Return a node as it is now, or None and why that could not be read; with all nodes of the cluster."""
    try:
        nodes = read_nodes(cluster)
        return pick_node(nodes, node), "", nodes
    except UNREADABLE as error:
        return None, with_remedy(error), []


def try_overview(
    cluster: Cluster,
    nodes: Sequence[Node] = (),
    standing: Standing | None = None,
    memory: Mapping[str, Memory] | None = None,
) -> list[dict[str, t.Any]]:
    """Return all nodes with their memory, none where that cannot be read: only a report is poorer for it.

    ``nodes``, ``standing`` and ``memory`` of nodes by first label: as they were just read.
    """
    with contextlib.suppress(*UNREADABLE):
        every = nodes or read_nodes(cluster)
        if standing is None:
            return [one.as_result() for one in read_overview(cluster, every)]
        vms = [vm for vm in standing.vms.values() if vm.id not in standing.local]
        return [one.as_result() for one in overview_of(cluster, every, vms, standing.roles, memory)]
    return []


def try_redirected(cluster: Cluster) -> list[str] | None:
    """Return the paths of shared volumes whose access is redirected, None where that cannot be read or does not apply.

    A restoration compares with it.
    """
    if cluster.is_clustered:
        with contextlib.suppress(*UNREADABLE):
            return redirected_volumes(read_shared_volumes(cluster))
    return None


def try_limits(cluster: Cluster, nodes: Iterable[str], counted: Limits | None = None) -> dict[str, t.Any]:
    """Return how many moves may run at once, in the form of hyperv_migration_capabilities_info; likewise.

    ``counted``: the limits that the moves were made by; hosts that are not among them are asked.
    """
    names = sorted(set(nodes))
    with contextlib.suppress(*UNREADABLE):
        by_node = dict(counted.nodes) if counted is not None else {}
        if not by_node.keys() >= set(map(first_label, names)):
            by_node = dict(read_limits(cluster, names, None).nodes)
        known = [{"node": name, "maximum_migrations": by_node.get(first_label(name))} for name in names]
        name = cluster.identity.cluster.name if cluster.is_clustered and cluster.identity.cluster else ""
        total = read_cluster_limit(cluster) or None
        return {"cluster": {"name": name, "maximum_parallel_migrations": total}, "nodes": known}
    return {}


@dataclasses.dataclass(frozen=True)
class Stopped:
    """VMs that ran when the evacuation first saw them, by what has become of that.

    Attributes:
        still: off or saved because the evacuation stopped them, or because they died in it.
        died: off or saved without having been stopped.
        stopping: guests that run, and were asked to shut down not long ago.
    """

    still: tuple[Vm, ...] = ()
    died: tuple[Vm, ...] = ()
    stopping: tuple[Vm, ...] = ()


def find_stopped(ledger: Ledger, standing: Standing, watched: Collection[str], now: str) -> Stopped:
    """Compare the VMs of a ledger with the state in which they were first seen. Pure.

    ``watched``: ids of the VMs that this run had in hand: of others it cannot say who turned them off.
    """
    open_vms = [entry for entry in ledger["vms"] if not entry["restored"]]
    died = _shown(standing, [entry for entry in open_vms if entry["vm_id"].upper() in watched], has_died)
    stopped = _shown(standing, open_vms, was_stopped)
    known = {vm.id for vm in stopped}
    stopping = _shown(standing, open_vms, lambda entry, state: may_still_stop(entry, state, now))
    return Stopped((*stopped, *(vm for vm in died if vm.id not in known)), tuple(died), tuple(stopping))


def _shown(standing: Standing, entries: Sequence[LedgerVm], holds: t.Callable[[LedgerVm, str], bool]) -> list[Vm]:
    shown = [(entry, standing.vms.get(entry["vm_id"].upper())) for entry in entries]
    return [vm for entry, vm in shown if vm is not None and holds(entry, vm.state)]
