# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What shall move, and whether it can: from requests to moves."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label, is_short
from ..._names import in_capitals
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup, read_groups, read_possible_owners
from ..cluster.nodes import Node, find_node
from ..cluster.owners import owner_of, owners_of, read_possible
from ..cluster.patience import OWNERS_ONE_BY_ONE
from ..cluster.states import SETTLED
from ..cluster.vms import Vm, normal_id, pick_vm, read_vms
from ..failure.errors import HyperVError
from ..failure.failures import Failure
from ..settings.storage import StorageMove, StorageRequest


class MoveRequest(t.NamedTuple):
    """One VM by name or id, the node that it shall be on, and where its files shall be, as the user wrote them.

    ``source``: the node that the VM is to be fetched from, empty for any; one that is elsewhere by then is left there.
    ``possible_owners``: the nodes that may own it where a plan has just read them, empty for no such list, else None.
    """

    destination: str
    name: str | None = None
    vm_id: str | None = None
    storage: StorageRequest = StorageRequest()
    source: str = ""
    possible_owners: tuple[str, ...] | None = None


class Move(t.NamedTuple):
    """One VM on its way to one node.

    Attributes:
        vm: the VM as it was read before the move.
        role: its cluster role, None where the cluster lists none.
        source: the node that owns it now.
        destination: the node that shall own it.
        possible_owners: nodes that may own the VM, empty for no such list; None where that was not read yet.
        storage: what becomes of its files, None where they stay.
        fetched_from: the only node that the VM is fetched from, empty for any.
        hosts: hosts that are asked for their own VMs to find it, none where the cluster shows it.
    """

    vm: Vm
    role: VmGroup | None
    source: str
    destination: Node
    possible_owners: tuple[str, ...] | None = None
    storage: StorageMove | None = None
    fetched_from: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def is_elsewhere(self) -> bool:
        """Whoever tells the VM's owner names neither the node that it is fetched from nor its destination."""
        if not self.fetched_from or self.vm.is_leaving:
            return False
        owners = owners_of(self.vm, self.role)
        return bool(owners) and owners.isdisjoint(map(first_label, (self.fetched_from, self.destination.name)))

    @property
    def is_in_doubt(self) -> bool:
        """One names a third node as its owner, and another does not yet: somebody has just moved it."""
        if not self.fetched_from or self.vm.is_leaving:
            return False
        owners = owners_of(self.vm, self.role)
        return len(owners) > 1 and not owners <= set(map(first_label, (self.fetched_from, self.destination.name)))

    @property
    def is_done(self) -> bool:
        """All that is said of the VM's owner names the destination, and its files need not move on that host."""
        return not self.stays and owners_of(self.vm, self.role) == {first_label(self.destination.name)}

    @property
    def stays(self) -> bool:
        """Only the VM's files move."""
        return self.storage is not None and self.storage.alone


def plan_moves(cluster: Cluster, nodes: Sequence[Node], requests: Sequence[MoveRequest]) -> list[Move]:
    """Read the clustered VMs that the requests name and return their moves between ``nodes``; nothing is changed.

    The moves are in the order of the requests. Raises HyperVError for a VM or node that does not exist, an ambiguous
    name, or a VM that is named twice.
    """
    chosen = chosen_vms(cluster, requests)
    destinations = [find_node(cluster, nodes, request.destination) for request in requests]
    roles = read_groups(cluster, chosen)
    sources = {name: _source(cluster, nodes, name) for name in {request.source for request in requests}}
    moves = [
        move_of(vm, roles.get(vm.id), destination)._replace(
            fetched_from=sources[request.source],
            possible_owners=request.possible_owners,
        )
        for vm, destination, request in zip(chosen, destinations, requests, strict=True)
    ]
    unknown = {move.vm.id for move in moves if not move.is_done and move.possible_owners is None}
    if len(unknown) <= OWNERS_ONE_BY_ONE:
        return moves
    owners = read_possible(cluster, {vm_id: role for vm_id, role in roles.items() if vm_id in unknown})
    return [move._replace(possible_owners=owners[move.vm.id]) if move.vm.id in owners else move for move in moves]


def _source(cluster: Cluster, nodes: Sequence[Node], name: str) -> str:
    """Return the node that a VM is fetched from, empty for any; raises as ``find_node`` for a full name or an address.

    A short name that no node has is that of one that has left the cluster: no VM is there any more.
    """
    if not name.strip():
        return ""
    registered = {first_label(node.name): node.name for node in nodes}
    if is_short(name):
        return registered.get(first_label(name), name)
    return find_node(cluster, nodes, name).name


def move_of(vm: Vm, role: VmGroup | None, destination: Node, hosts: tuple[str, ...] = ()) -> Move:
    """Return the move of a VM from where it is."""
    return Move(vm, role, owner_of(vm, role), destination, hosts=hosts)


def refuse_bad_requests(requests: Sequence[MoveRequest]) -> None:
    """Refuse requests without a VM or a destination. Raises HyperVError."""
    for request in requests:
        if not (request.vm_id or (request.name or "").strip()):
            raise HyperVError("name is empty. Give the display name of a VM, or its vm_id.")
        if not request.destination.strip():
            raise HyperVError("destination_host is empty. Give the name of a node of the cluster, or of a host.")
        request.storage.refuse_bad_paths()


def chosen_vms(cluster: Cluster, requests: Sequence[MoveRequest], hosts: Sequence[str] = ()) -> list[Vm]:
    """Return the VM of each request; ``hosts`` as for ``read_vms``.

    Raises HyperVError for one that does not exist, is ambiguous, or is named twice.
    """
    ids = [normal_id(request.vm_id) for request in requests if request.vm_id]
    names = [request.name for request in requests if request.name and not request.vm_id]
    vms = read_vms(cluster, ids=ids, names=names, hosts=hosts)
    asked = hosts if cluster.offers_hyperv else hosts or cluster.vm_hosts
    where = f"of {', '.join(asked)}" if asked else "of the cluster"
    # Of hundreds of requests each would else be compared with every VM.
    called: dict[str, list[Vm]] = {}
    for vm in vms:
        for key in sorted({vm.id, in_capitals(vm.name)}):
            called.setdefault(key, []).append(vm)

    def pick(request: MoveRequest) -> Vm:
        key = normal_id(request.vm_id) if request.vm_id else in_capitals(request.name or "")
        found, everyone = called.get(key, ()), functools.partial(read_vms, cluster, hosts=hosts)
        return pick_vm(found, vm_id=request.vm_id, name=request.name, known=everyone, where=where)

    chosen = list(map(pick, requests))
    _refuse_repetition(chosen)
    return chosen


def _refuse_repetition(vms: Sequence[Vm]) -> None:
    seen: set[str] = set()
    for vm in vms:
        if vm.id in seen:
            raise HyperVError(
                f"VM {vm.name} ({vm.id}) is named more than once. A VM can be moved to one node at a time."
            )
        seen.add(vm.id)


def blocking_reason(move: Move, possible_owners: Sequence[str]) -> Failure | None:
    """Return why a move cannot start, from what was read alone, or None.

    No source tells whether the migration service itself minds a paused node or a node that may not own the VM; the
    cluster's own API does, so both are refused here.
    """
    unable = move.destination.cannot_receive()
    if unable is not None:
        return unable
    if possible_owners and first_label(move.destination.name) not in {first_label(one) for one in possible_owners}:
        others = [one for one in possible_owners if first_label(one) != first_label(move.source)]
        choose = f"Choose {' or '.join(others)} as destination_host, or add" if others else "Add"
        return Failure(
            "not_possible_owner",
            f"node {move.destination.name} is not a possible owner of VM {move.vm.name} (possible: "
            f"{', '.join(possible_owners)})",
            f"{choose} the node to the possible owners of its resource.",
        )
    if move.vm.state not in SETTLED:
        return Failure(
            "vm_state",
            f"VM {move.vm.name} is {move.vm.state}",
            "Wait until it is running, off, saved or paused, then run the task again.",
            transient=True,
        )
    if move.vm.activity:
        return Failure(
            "vm_busy",
            f"VM {move.vm.name} cannot be moved now: {move.vm.activity}",
            "Wait until that has ended, then run the task again.",
            transient=True,
        )
    return None


def possible_owners_of(cluster: Cluster, move: Move) -> tuple[str, ...]:
    """Return the nodes that may own the VM; empty where the cluster lists no role for it."""
    if move.possible_owners is not None:
        return move.possible_owners
    return read_possible_owners(cluster.home, move.role) if move.role else ()


def reread(cluster: Cluster, moves: Sequence[Move]) -> Mapping[str, tuple[Vm | None, VmGroup | None]]:
    """Read owners and states again: VM and role by VM id, None for what is gone. Two requests for any number."""
    hosts = tuple(dict.fromkeys(host for move in moves for host in move.hosts))
    vms = {vm.id: vm for vm in read_vms(cluster, ids=[move.vm.id for move in moves], hosts=hosts)}
    roles = read_groups(cluster, [vms.get(move.vm.id, move.vm) for move in moves])
    return {move.vm.id: (vms.get(move.vm.id), roles.get(move.vm.id)) for move in moves}
