# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads where the VMs of a ledger are and plans which are brought back, as far as their nodes can take them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.groups import read_groups
from ..cluster.hosts import try_memory
from ..cluster.nodes import (
    Node,
    find_node,
    hosts_of_vms,
    read_host,
    read_hosts,
    read_nodes_if_any,
)
from ..cluster.owners import Owners, read_owners
from ..cluster.states import AT_REST, UNKNOWN
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.errors import with_remedy
from ..failure.finding import INFO, WARNING, full_stop
from ..records.file_names import read_owner
from ..records.ledger import is_ours, not_ours, refuse_another
from ..records.ledger_form import STAYS, Ledger, LedgerVm
from .home_lacks import lacking_at_home
from .home_room import needs, split
from .lacking import MoveLacks
from .move_objections import Around, Intended, read_around
from .placement import Headroom
from .plan_move import RestorationMove
from .restoration_decision import decide
from .restoration_plan import AWAY, LEFT_THERE, MOVED_ON, Home, RestorationPlan
from .strategies import EVERY_VM, is_meant
from .vm_finding import VmFinding


def find_home(cluster: Cluster, name: str) -> Home:
    """Return the node of a name and whose it is. Raises HyperVError, Fault, TransportError."""
    nodes = read_nodes_if_any(cluster)
    node = find_node(cluster, nodes, name) if cluster.is_clustered else read_host(cluster, name)
    return Home(node, read_owner(cluster, node.name))


def plan_restoration(
    cluster: Cluster,
    ledger: Ledger,
    home: Home | None = None,
    returning: Sequence[str] = (EVERY_VM,),
    lacks: MoveLacks | None = None,
) -> RestorationPlan:
    """Read where the VMs of a ledger are now and plan; nothing is changed.

    ``home`` is the node that the ledger must be of, where it is known by now; ``returning`` are names, patterns and ids
    of the VMs that are to come home; ``lacks`` asks what nodes lack for VMs that run, which keeps those away from them,
    None where no move is made of the plan. Raises HyperVError, also for a ledger of another cluster or node; Fault,
    TransportError.
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
    plan = dataclasses.replace(decide(home, open_vms, present, owners), is_clustered=cluster.is_clustered)
    plan = _leaving_there(plan, [vm for vm in present.values() if not any(is_meant(one, vm) for one in returning)])
    plan = dataclasses.replace(plan, stays=tuple(_moved_on(cluster, plan, open_vms)))
    plan = _with_room(cluster, plan, present, lacks) if plan.moves else plan
    under_way = {vm.id for vm in present.values() if vm.is_leaving}
    return _with_ready_homes(cluster, plan, present, under_way, lacks) if plan.helpers else plan


def _leaving_there(plan: RestorationPlan, vms: Sequence[Vm]) -> RestorationPlan:
    """Return the plan that leaves VMs where the evacuation moved them; what it stopped comes home to be started."""
    ids = {vm.id for vm in vms} - {vm["vm_id"] for vm in plan.start}
    left = [move for move in (*plan.moves, *plan.helpers) if move["vm_id"] in ids]
    stays = [
        VmFinding(LEFT_THERE, INFO, one["name"], "vm", f"It is to stay on {one['source_host']}.", vm_id=one["vm_id"])
        for one in left
    ]
    return dataclasses.replace(
        plan,
        moves=tuple(move for move in plan.moves if move["vm_id"] not in ids),
        helpers=tuple(move for move in plan.helpers if move["vm_id"] not in ids),
        stays=(*plan.stays, *stays),
    )


def _moved_on(cluster: Cluster, plan: RestorationPlan, entries: Sequence[LedgerVm]) -> list[VmFinding]:
    """Tell VMs that somebody moved from those that left their node only because that is under maintenance itself."""
    if not any(one.code == "moved_elsewhere" for one in plan.stays):
        return list(plan.stays)
    paused = {first_label(node.name): node.name for node in read_nodes_if_any(cluster) if node.state == "paused"}
    meant = {entry["vm_id"].upper(): first_label(entry["destination_host"]) for entry in entries}
    return [
        dataclasses.replace(
            one,
            code=MOVED_ON,
            severity=WARNING,
            remedy=f"{paused[node]} is paused, so it was most likely emptied after that: restore {paused[node]} first, "
            f"and {plan.home.node.name} again.",
        )
        if one.code == "moved_elsewhere" and (node := meant[one.vm_id]) in paused
        else one
        for one in plan.stays
    ]


def _with_room(
    cluster: Cluster, plan: RestorationPlan, present: Mapping[str, Vm], lacks: MoveLacks | None
) -> RestorationPlan:
    """Leave VMs where they are that the node has no memory for, or lacks something, or that rules or owners keep away.

    What it lacks is asked before its memory is shared out.
    """
    node, notes = plan.home.node, []
    memory, unknown = try_memory(cluster, node)
    if unknown is not None:
        notes.append(f"Whether {node.name} has memory for the VMs that come back is not known. {unknown.text}")
    owners, around = _read_what_decides(cluster, plan, present, notes)
    # What is on its way has its memory there already, and is waited for.
    coming = [move for move in plan.moves if present[move["vm_id"]].is_leaving]
    others = [move for move in plan.moves if move not in coming]
    lacking = lacking_at_home(cluster, node, others, present, lacks) if lacks is not None else []
    out = {one.move["vm_id"] for one in lacking}
    able = [move for move in others if move["vm_id"] not in out]
    fitting, without_room = split(node.name, able, memory, owners, around)
    refused = (*lacking, *without_room)
    moves = tuple(move for move in plan.moves if move in coming or move in fitting)
    stays = [
        VmFinding(one.code, WARNING, one.move["name"], "vm", one.message, one.remedy, vm_id=one.move["vm_id"])
        for one in refused
    ]
    headroom = None
    if memory is not None:
        after = memory.free_mb - sum(map(needs, fitting))
        headroom = Headroom(node.name, memory.total_mb, 0, memory.free_mb, after)
    return dataclasses.replace(
        plan, moves=moves, stays=(*plan.stays, *stays), headroom=headroom, notes=(*notes, *around.notes)
    )


def _read_what_decides(
    cluster: Cluster, plan: RestorationPlan, present: Mapping[str, Vm], notes: list[str]
) -> tuple[Mapping[str, Owners], Around]:
    if not plan.is_clustered:
        return {}, Around((), {}, {})
    node = plan.home.node
    vms = [present[move["vm_id"]] for move in plan.moves]
    try:
        roles = read_groups(cluster, vms)
        intended = [Intended(vm, roles.get(vm.id), vm.node, node, vm.state not in AT_REST) for vm in vms]
        return read_owners(cluster, roles), read_around(cluster, intended, with_memory=False)
    except NoAnswer as error:
        notes.append(f"What rules and owners say of {node.name} could not be read: {with_remedy(error)}")
        return {}, Around((), {}, {})


def _with_ready_homes(
    cluster: Cluster,
    plan: RestorationPlan,
    present: Mapping[str, Vm],
    under_way: Collection[str],
    lacks: MoveLacks | None,
) -> RestorationPlan:
    """Leave VMs that stepped aside where they are as long as their own nodes cannot take them, and say so.

    Each goes home when all before it are there; those that are ``under_way``, by id, come first. The VMs that go back
    to the restored node leave room, too.
    """
    nodes = {first_label(node.name): node for node in read_nodes_if_any(cluster)}
    rooms: dict[str, int | None] = {}
    for label in sorted({first_label(move["destination_host"]) for move in plan.helpers}):
        memory, _unknown = try_memory(cluster, nodes[label]) if label in nodes else (None, None)
        returning = [one for one in plan.moves if first_label(one["source_host"]) == label]
        rooms[label] = memory.free_mb + sum(map(needs, returning)) if memory is not None else None
    moves, stays = [], list(plan.stays)
    for move in sorted(plan.helpers, key=lambda move: move["vm_id"] not in under_way):
        label = first_label(move["destination_host"])
        why = "" if move["vm_id"] in under_way else _unready(nodes.get(label), rooms[label], move)
        if not why and lacks is not None and move["vm_id"] not in under_way:
            source = nodes.get(first_label(move["source_host"]))
            lack = lacks.find(present[move["vm_id"]], source, nodes[label]) if source is not None else None
            why = lack.message if lack is not None else ""
        if why:
            message = f"It stepped aside and is on {move['source_host']}: {why}"
            remedy = f"Run the restoration of {plan.home.node.name} again when it can go home."
            stays.append(VmFinding(AWAY, WARNING, move["name"], "vm", message, remedy, vm_id=move["vm_id"]))
            continue
        moves.append(move)
        for one, change in ((label, -needs(move)), (first_label(move["source_host"]), needs(move))):
            room = rooms.get(one)
            if room is not None:
                rooms[one] = room + change
    return dataclasses.replace(plan, helpers=tuple(moves), stays=tuple(stays))


def _unready(node: Node | None, room: int | None, move: RestorationMove) -> str:
    """Return why a VM cannot go home to a node now, empty where it can as far as is known."""
    home = move["destination_host"]
    if node is None:
        return f"{home} is not a node of the cluster any more."
    unable = node.cannot_receive()
    if unable is not None:
        return full_stop(unable.message)
    if room is not None and needs(move) > room:
        return f"{home} has {max(0, room)} MB free, and it needs {needs(move)} MB."
    return ""


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


def _read_owners_of_missing(cluster: Cluster, entries: Sequence[LedgerVm], present: Mapping[str, Vm]) -> dict[str, str]:
    """Return who owns, as the cluster says, the VMs that Hyper-V does not show, by VM id; no request where none is."""
    missing = [
        Vm(vm_id, entry["name"], "", UNKNOWN) for entry in entries if (vm_id := entry["vm_id"].upper()) not in present
    ]
    return {vm_id: role.owner for vm_id, role in read_groups(cluster, missing).items()} if missing else {}
