# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs as a task lists them: what Hyper-V says of them beside what the cluster says."""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..._wsman.garbage import without_garbage_collection
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup, read_groups, read_priorities
from ..cluster.nodes import hosts_of_vms, read_surroundings
from ..cluster.owners import owner_of, owners_of
from ..cluster.vms import Vm, normal_id, read_vms


@without_garbage_collection()
def list_vms(
    cluster: Cluster,
    *,
    name: str | None = None,
    vm_id: str | None = None,
    node: str | None = None,
    state: str | None = None,
) -> list[dict[str, t.Any]]:
    """Return VMs for a task's result, by name; of several conditions all must hold, empty ones do not count.

    ``node`` lists VMs of which Hyper-V or the cluster says that it owns them: for moments after a move they disagree.

    Raises HyperVError for a vm_id that is none and for a node that does not exist, Fault and TransportError.
    """
    ids = [normal_id(vm_id)] if vm_id else []
    nodes, chosen_nodes = read_surroundings(cluster, [node] if node else [])
    wanted = first_label(chosen_nodes[0].name) if node else ""
    hosts = hosts_of_vms(cluster, nodes)
    vms = read_vms(cluster, ids=ids, names=[name] if name else (), hosts=hosts)
    chosen = [vm for vm in vms if state in (None, "", vm.state)]
    roles = read_groups(cluster, chosen)
    priorities = read_priorities(cluster, roles.values())
    registered = {first_label(one.name): one.name for one in nodes}
    rows = []
    for vm in sorted(chosen, key=lambda vm: (vm.name.lower(), vm.id)):
        role = roles.get(vm.id)
        owner = owner_of(vm, role)
        if not wanted or wanted in owners_of(vm, role):
            priority = priorities.get(in_capitals(role.group)) if role else None
            rows.append(_row(vm, registered.get(first_label(owner), owner), role, priority))
    return rows


def count_vms(vms: Sequence[dict[str, t.Any]]) -> dict[str, t.Any]:
    """Return how many there are of what ``list_vms`` returns, by node and by state."""
    nodes, states = (dict(sorted(collections.Counter(vm[key] for vm in vms).items())) for key in ("node", "state"))
    return {"by_node": nodes, "by_state": states}


def _row(vm: Vm, owner: str, role: VmGroup | None, priority: int | None) -> dict[str, t.Any]:
    return {
        "id": vm.id,
        "name": vm.name,
        "node": owner,
        "state": vm.state,
        "memory_mb": vm.memory_mb,
        "migrating": vm.is_migrating,
        "activity": vm.activity,
        "group": role.group if role else None,
        "priority": priority,
    }
