# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The three lists that are as long as a cluster is large: its VMs, their resources, and all groups.

Each comes in many pages, and each page is a round trip. Of a large cluster they are read side by side, those of the
cluster itself from nodes beside the task's host, which each have the cluster's database (see ``shared_questions``).
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..._wsman.errors import NoAnswer
from ..failure.errors import HyperVError
from .cluster import Cluster
from .groups import GroupTraits, VmGroup, read_groups, read_traits, read_vm_resources, roles_of
from .nodes import Node, hosts_of_vms
from .patience import NODES_ONE_BY_ONE
from .vms import Vm, read_vms

_T = t.TypeVar("_T")


def read_long_lists(
    cluster: Cluster, nodes: Sequence[Node], helpers: Sequence[str]
) -> tuple[list[Vm], Mapping[str, VmGroup], Mapping[str, GroupTraits]]:
    """Return all VMs, their roles by VM id, and the traits of all groups by name in capitals.

    ``nodes`` are all of the cluster, or hosts without one; of ``helpers`` those are asked as well that are logged in to
    already. Raises HyperVError, Fault and TransportError.
    """
    hosts = hosts_of_vms(cluster, nodes)
    beside = [name for name in helpers if cluster.has_session(name) and cluster.node(name) is not cluster.home]
    if not cluster.is_clustered or len(nodes) <= NODES_ONE_BY_ONE or len(beside) < 2:
        vms = read_vms(cluster, hosts=hosts)
        return vms, read_groups(cluster, vms), read_traits(cluster)
    with ThreadPoolExecutor(2) as threads:
        resources = threads.submit(_at, cluster, beside[0], read_vm_resources)
        groups = threads.submit(_at, cluster, beside[1], read_traits)
        vms = read_vms(cluster, hosts=hosts)
    found, traits = resources.result(), groups.result()
    return (
        vms,
        read_groups(cluster, vms) if found is None else roles_of(cluster, found, vms),
        read_traits(cluster) if traits is None else traits,
    )


def _at(cluster: Cluster, node: str, read: Callable[[Cluster], _T]) -> _T | None:
    """Return what a node beside the task's host tells, None where it does not: the task's host has the last word."""
    try:
        return read(cluster.seen_from(node))
    except (HyperVError, NoAnswer):
        return None
