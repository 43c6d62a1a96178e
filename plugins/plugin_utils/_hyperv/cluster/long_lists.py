# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The three lists that are as long as a cluster is large: its VMs, their resources, and all groups.

Each comes in many pages, and each page is a round trip. Of a large cluster they are read side by side, those of the
cluster itself from nodes beside the task's host, which each have the cluster's database (see ``shared_questions``).
"""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..._wsman.errors import NoAnswer
from ..failure.errors import HyperVError
from .cluster import Cluster
from .groups import GroupTraits, VmGroup, VmResource, read_groups, read_traits, read_vm_resources, roles_of
from .nodes import Node, hosts_of_vms
from .patience import NODES_FOR_A_SHARE, NODES_ONE_BY_ONE
from .vms import Vm, read_vms

_T = t.TypeVar("_T")


def read_long_lists(
    cluster: Cluster, nodes: Sequence[Node], helpers: Iterable[str]
) -> tuple[list[Vm], Mapping[str, VmGroup], Mapping[str, GroupTraits]]:
    """Return all VMs, their roles by VM id, and the traits of all groups by name in capitals.

    ``nodes`` are all of the cluster, or hosts without one. ``helpers`` yields nodes, each once it is logged in to as
    far as somebody waits for that; those are asked as well that are logged in to. Raises HyperVError, Fault and
    TransportError.
    """
    hosts = hosts_of_vms(cluster, nodes)
    if not cluster.is_clustered or len(nodes) <= NODES_ONE_BY_ONE:
        vms = read_vms(cluster, hosts=hosts)
        return vms, read_groups(cluster, vms), read_traits(cluster)
    shares = _shares([node.name for node in nodes])
    beside = _Beside(cluster, helpers)
    with ThreadPoolExecutor(1 + len(shares)) as threads:
        resources = [
            threads.submit(beside.read, number, lambda there, share=share: read_vm_resources(there, share))
            for number, share in ((0, shares[0]), *enumerate(shares[1:], 2))
        ]
        groups = threads.submit(beside.read, 1, read_traits)
        vms = read_vms(cluster, hosts=hosts)
    traits = groups.result()
    return (
        vms,
        _roles(cluster, [one.result() for one in resources], vms),
        read_traits(cluster) if traits is None else traits,
    )


def _shares(nodes: Sequence[str]) -> list[Sequence[str]]:
    """Return the owners of each share of a list; a share without any is the whole list."""
    count = -(-len(nodes) // NODES_FOR_A_SHARE)
    return [nodes[start::count] for start in range(count)] if count > 1 else [()]


def _roles(cluster: Cluster, shares: Sequence[Sequence[VmResource] | None], vms: Sequence[Vm]) -> Mapping[str, VmGroup]:
    """Return the roles from all shares of the list of resources; of those that are missing, as the task's host has it.

    A VM that goes to another node meanwhile may be in none of the shares.
    """
    known = [share for share in shares if share is not None]
    if len(known) < len(shares):
        return read_groups(cluster, vms)
    found = roles_of(cluster, [one for share in known for one in share], vms)
    missing = [vm for vm in vms if vm.id not in found] if len(known) > 1 else []
    return found | read_groups(cluster, missing) if missing else found


class _Beside:
    """The nodes beside the task's host that are logged in to."""

    def __init__(self, cluster: Cluster, helpers: Iterable[str]) -> None:
        self._cluster = cluster
        self._rest = (one for one in helpers if cluster.beside(one) is not None)
        self._known: list[str] = []
        self._waiting = threading.Lock()

    def read(self, number: int, read: Callable[[Cluster], _T]) -> _T | None:
        """Return what the node of a number tells, None where it does not: the task's host has the last word."""
        with self._waiting:
            while len(self._known) <= number:
                node = next(self._rest, None)
                if node is None:
                    return None
                self._known.append(node)
        try:
            return read(self._cluster.seen_from(self._known[number]))
        except (HyperVError, NoAnswer):
            return None
