# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what a task asks for to moves: of VMs that are clustered, and of VMs that only their hosts know.

A VM that is not clustered is known to its host alone (root\\virtualization\\v2). It is looked for on the task's host,
and on the host that it is to go to: there it is after an earlier run.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.groups import read_groups
from ..cluster.nodes import Node, find_node, read_host, read_hosts, read_named_nodes
from ..failure.errors import HyperVError, UnknownVm
from ..migration.moves import Move, MoveRequest, chosen_vms, move_of, plan_moves, refuse_bad_requests
from ..migration.vocabulary import AUTO, CLUSTER_GROUP, HOST, SYSTEM, MethodChoice
from ..settings.storage import plan_storage, read_storage


def plan(cluster: Cluster, requests: Sequence[MoveRequest], method: MethodChoice) -> list[Move]:
    """Return the moves, in the order of the requests, of VMs that are clustered or, where ``method`` allows, are not.

    Nothing is changed. Raises HyperVError for what does not exist or does not fit the method.
    """
    refuse_bad_requests(requests)
    if not requests:
        return []
    nodes = read_named_nodes(cluster, [name for one in requests for name in (one.destination, one.source) if name])
    if not cluster.is_clustered and method in (SYSTEM, CLUSTER_GROUP):
        host = cluster.home.node
        raise HyperVError(
            f"{host} is not a node of a failover cluster, so method={method} cannot be used. Use method=host."
        )
    if not cluster.is_clustered or method == HOST:
        return _plan_on_hosts(cluster, nodes, requests, method)
    try:
        return _refuse_storage(plan_moves(cluster, nodes, requests), requests)
    except UnknownVm as unknown:
        if method != AUTO:
            raise
        return _plan_unclustered(cluster, nodes, requests, unknown)


def _refuse_storage(moves: list[Move], requests: Sequence[MoveRequest]) -> list[Move]:
    """Return the moves unless one of them would take a clustered VM's files along."""
    for move, request in zip(moves, requests, strict=True):
        if request.storage.is_given:
            raise _shares_storage(move)
    return moves


def _shares_storage(move: Move) -> HyperVError:
    return HyperVError(
        f"VM {move.vm.name} is clustered: its nodes share its storage, so destination_storage_path and disks are for "
        "VMs that are not."
    )


def _plan_unclustered(
    cluster: Cluster, nodes: Sequence[Node], requests: Sequence[MoveRequest], unknown: UnknownVm
) -> list[Move]:
    """Return the moves where a VM is unknown to the cluster. Raises UnknownVm where its hosts know it no more."""
    try:
        return _plan_on_hosts(cluster, nodes, requests, AUTO)
    except (HyperVError, NoAnswer) as error:
        raise UnknownVm(f"{unknown} As a VM that is not clustered it was not found either: {error}") from error


def _plan_on_hosts(
    cluster: Cluster, nodes: Sequence[Node], requests: Sequence[MoveRequest], method: MethodChoice
) -> list[Move]:
    names = list(dict.fromkeys(request.destination for request in requests))
    hosts = dict(zip(names, read_hosts(cluster, names), strict=True))
    sources = read_hosts(cluster, list(dict.fromkeys(request.source for request in requests if request.source)))
    home = read_host(cluster, None)
    asked = tuple(dict.fromkeys(host.name for host in (home, *sources, *hosts.values())))
    chosen = chosen_vms(cluster, requests, asked)
    roles = read_groups(cluster, chosen)
    clustered = [vm.name for vm in chosen if vm.id in roles]
    if clustered and method == HOST:
        raise HyperVError(
            f"VM {', '.join(clustered)} is clustered, and the cluster would not know of a migration by its host. Use "
            "another method; to take the VM out of the cluster, remove its role first."
        )
    destinations = [
        find_node(cluster, nodes, request.destination) if vm.id in roles else hosts[request.destination]
        for vm, request in zip(chosen, requests, strict=True)
    ]
    known = dict(zip(dict.fromkeys(request.source for request in requests if request.source), sources, strict=True))
    moves = [
        move_of(vm, roles.get(vm.id), host, asked)._replace(
            fetched_from=known[request.source].name if request.source else "",
        )
        for vm, host, request in zip(chosen, destinations, requests, strict=True)
    ]
    return [_with_storage(cluster, move, request) for move, request in zip(moves, requests, strict=True)]


def _with_storage(cluster: Cluster, move: Move, request: MoveRequest) -> Move:
    if not request.storage.is_given:
        return move
    if move.role is not None:
        raise _shares_storage(move)
    storage = read_storage(cluster, move.source, move.vm.id)
    return move._replace(storage=plan_storage(request.storage, storage, move.vm.name, stays=move.is_done))
