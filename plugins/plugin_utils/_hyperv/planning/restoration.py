# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs of a ledger are brought back, and which are left alone and why."""

from __future__ import annotations

import dataclasses
import typing as t
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
from ..cluster.states import AT_REST, IN_MEMORY, UNKNOWN
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.errors import with_remedy
from ..failure.finding import INFO, WARNING, Severity, full_stop
from ..records.file_names import Owner, read_owner
from ..records.ledger import is_ours, not_ours, refuse_another, was_stopped
from ..records.ledger_form import ELSEWHERE, STAYS, Entry, Ledger, LedgerVm
from .home_lacks import lacking_at_home
from .home_room import NO_ROOM, needs, split
from .lacking import MoveLacks
from .move_objections import Around, Intended, less_than_reserve, read_around
from .placement import Headroom
from .strategies import EVERY_VM, is_meant
from .vm_finding import VmFinding

LEFT_THERE: t.Final = "left_there"
"""Code of a VM that is to stay where the evacuation moved it."""
MOVED_ON: t.Final = "moved_on"
"""Code of a VM that is not settled: the node to which it was moved is under maintenance by now."""
AWAY: t.Final = "home_not_ready"
"""Code of a VM that is not settled: the node from which it stepped aside cannot take it now."""
NOT_SETTLED: t.Final = frozenset({MOVED_ON, AWAY, *NO_ROOM})

_DID: t.Final = {STAYS: "left it on", "moved": "moved it to"}
_WAIT = "Wait until that has changed, or cancel a migration that runs with hyperv_migration_job."
_IF_DELETED = "If it was deleted, run the restoration with forget_gone=true (restore_node_forget_gone)."


@dataclasses.dataclass(frozen=True)
class Home:
    """The node that VMs are brought back to.

    Attributes:
        owner: its cluster, or itself where there is none.
    """

    node: Node
    owner: Owner


@dataclasses.dataclass(frozen=True)
class RestorationPlan:
    """Which VMs go back to a node, and which do not.

    Attributes:
        home: the node to bring VMs back to.
        moves: for hyperv_vm_migrate, in the order in which they go.
        helpers: likewise the moves home of VMs of other nodes that stepped aside, one after another, after ``moves``.
        stays: VMs that are left alone, and why.
        start: VMs that the evacuation stopped and that ran before: to be started once they are on their node.
        leaving: VMs of which nothing can be said yet: their migration away from the node still runs, or only the
            cluster shows them just now.
        gone: VMs that neither Hyper-V nor the cluster knows. Whether they were deleted cannot be told from here.
        off: ``vm_id``, ``name``: VMs that ran when the evacuation first saw them and are off or saved now, although it
            did not stop them. They are not started.
        headroom: memory of the node before and after, None where it could not be read.
        is_clustered: the node is one of a cluster, and not a host by itself.
        notes: what could not be read, for people.
    """

    home: Home
    moves: tuple[Mapping[str, t.Any], ...]
    stays: tuple[VmFinding, ...]
    start: tuple[Mapping[str, t.Any], ...]
    leaving: tuple[VmFinding, ...]
    gone: tuple[VmFinding, ...]
    off: tuple[Mapping[str, t.Any], ...] = ()
    headroom: Headroom | None = None
    notes: tuple[str, ...] = ()
    is_clustered: bool = True
    helpers: tuple[Mapping[str, t.Any], ...] = ()

    @property
    def without_room(self) -> tuple[VmFinding, ...]:
        """The VMs that stay where they are since the node has no room for them, or a rule forbids it."""
        return tuple(one for one in self.stays if one.code in NO_ROOM)

    @property
    def tight(self) -> str:
        """That the node would have less free than an evacuation keeps free, in words; empty where it would not."""
        if self.headroom is None or not self.moves:
            return ""
        return less_than_reserve(self.home.node.name, self.headroom.free_after_mb, self.headroom.total_mb)

    def as_result(self) -> dict[str, t.Any]:
        """Return the plan for a task's result."""
        return {
            "node": self.home.node.name,
            "cluster": self.home.owner.full or None,
            "cluster_name": self.home.owner.short or None,
            "clustered": self.is_clustered,
            "moves": [dict(move, order=order) for order, move in enumerate(self.moves, 1)],
            "helpers": [dict(move, order=order) for order, move in enumerate(self.helpers, 1)],
            "stays": [_with_name(finding) for finding in self.stays],
            "start": [dict(vm) for vm in self.start],
            "leaving": [_with_name(finding) for finding in self.leaving],
            "gone": [_with_name(finding) for finding in self.gone],
            "off": [dict(vm) for vm in self.off],
            "headroom": [dataclasses.asdict(self.headroom)] if self.headroom is not None else [],
            "without_room": [one.subject for one in self.without_room],
        }


def _with_name(finding: VmFinding) -> dict[str, t.Any]:
    return {**finding.as_result(), "name": finding.subject}


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
    memory, problem = try_memory(cluster, node)
    if memory is None:
        notes.append(f"Whether {node.name} has memory for the VMs that come back is not known. {problem}")
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
    for label in sorted({first_label(str(move["destination_host"])) for move in plan.helpers}):
        memory, _problem = try_memory(cluster, nodes[label]) if label in nodes else (None, "")
        returning = [one for one in plan.moves if first_label(str(one["source_host"])) == label]
        rooms[label] = memory.free_mb + sum(map(needs, returning)) if memory is not None else None
    moves, stays = [], list(plan.stays)
    for move in sorted(plan.helpers, key=lambda move: move["vm_id"] not in under_way):
        label = first_label(str(move["destination_host"]))
        why = "" if move["vm_id"] in under_way else _unready(nodes.get(label), rooms[label], move)
        if not why and lacks is not None and move["vm_id"] not in under_way:
            source = nodes.get(first_label(str(move["source_host"])))
            lack = lacks.find(present[move["vm_id"]], source, nodes[label]) if source is not None else None
            why = lack.message if lack is not None else ""
        if why:
            message = f"It stepped aside and is on {move['source_host']}: {why}"
            remedy = f"Run the restoration of {plan.home.node.name} again when it can go home."
            stays.append(VmFinding(AWAY, WARNING, move["name"], "vm", message, remedy, vm_id=move["vm_id"]))
            continue
        moves.append(move)
        for one, change in ((label, -needs(move)), (first_label(str(move["source_host"])), needs(move))):
            room = rooms.get(one)
            if room is not None:
                rooms[one] = room + change
    return dataclasses.replace(plan, helpers=tuple(moves), stays=tuple(stays))


def _unready(node: Node | None, room: int | None, move: Mapping[str, t.Any]) -> str:
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


def decide(
    home: Home,
    entries: Sequence[LedgerVm],
    present: Mapping[str, Vm],
    owners_of_missing: Mapping[str, str],
) -> RestorationPlan:
    """Compare a ledger's open VMs with where they are. Pure.

    A VM that Hyper-V does not show while the cluster has its role is not gone: the next reading may show it. One goes
    back only from the node to which the evacuation moved it: wherever else it is, somebody meant it to be. One that the
    evacuation has stopped is started all the same.
    """
    moves: list[Mapping[str, t.Any]] = []
    helpers: list[Mapping[str, t.Any]] = []
    stays: list[VmFinding] = []
    start: list[Mapping[str, t.Any]] = []
    leaving: list[VmFinding] = []
    gone: list[VmFinding] = []
    off: list[Mapping[str, t.Any]] = []
    node = home.node
    for kept in sorted(entries, key=_order):
        vm = present.get(kept["vm_id"].upper())
        entry = kept.copy()
        if vm is not None:
            entry["name"] = vm.name  # it may have been renamed since
        named = {"vm_id": entry["vm_id"].upper(), "name": entry["name"]}
        home_node = entry["source_host"] if entry["helper"] else node.name
        at_home = vm is not None and first_label(vm.node) == first_label(home_node)
        if vm is not None and at_home and vm.is_leaving:
            leaving.append(_not_yet(entry, "leaving", f"Its migration away from {home_node} still runs."))
            continue
        if vm is None and named["vm_id"] in owners_of_missing:
            owner = owners_of_missing[named["vm_id"]] or "no node"
            message = f"The cluster has its role on {owner}, but Hyper-V does not show the VM."
            leaving.append(_not_yet(entry, "not_shown", message))
            continue
        if vm is None:
            gone.append(_find(entry, "gone", WARNING, _where_it_is_no_more(entry, node), _IF_DELETED))
            continue
        stay = _stay(entry, vm, node, home_node, at_home=at_home)
        if was_stopped(entry, vm.state):
            start.append(named)  # wherever it is: it ran, and nobody but the evacuation has stopped it
        elif entry["state"] == "running" and vm.state in AT_REST:
            off.append(named)
        if stay is not None:
            stays.append(stay)
        else:
            (helpers if entry["helper"] else moves).append(_move(entry, vm, node, home_node))
    # The last one that stepped aside goes home first: it may be where the one before it has its home.
    stepped = [entry["vm_id"].upper() for entry in entries]
    helpers.sort(key=lambda move: -stepped.index(move["vm_id"]))
    return RestorationPlan(
        home,
        tuple(moves),
        tuple(stays),
        tuple(start),
        tuple(leaving),
        tuple(gone),
        tuple(off),
        helpers=tuple(helpers),
    )


def _order(entry: Entry) -> tuple[bool, int, int, str]:
    runs = entry.get("state") in IN_MEMORY
    return not runs, -int(entry.get("priority") or 0), -int(entry.get("memory_mb") or 0), entry["name"].lower()


def _where_it_is_no_more(entry: Entry, node: Node) -> str:
    stays = entry["outcome"] == STAYS
    return f"It is no longer on {node.name}." if stays else "It is no longer among the VMs of the cluster."


def _stay(entry: Entry, vm: Vm, node: Node, home_node: str, *, at_home: bool) -> VmFinding | None:
    """Return why a VM is left where it is, None for one that goes back."""
    stays = entry["outcome"] == STAYS
    if at_home and stays:
        return _find(entry, "stayed", INFO, f"It stayed on {node.name}.")
    if at_home:
        return _find(entry, "already_there", INFO, f"It is on {home_node} already.")
    if entry["outcome"] == ELSEWHERE:
        message = f"It is on {vm.node}: somebody moved it while {node.name} was emptied."
        return _find(entry, "moved_elsewhere", INFO, message)
    if first_label(vm.node) != first_label(entry["destination_host"]):
        did = _DID.get(entry["outcome"], "was to move it to")
        message = f"It is on {vm.node}, although the evacuation {did} {entry['destination_host']}."
        return _find(entry, "moved_elsewhere", INFO, message)
    return None


def _not_yet(entry: Entry, code: str, message: str) -> VmFinding:
    return dataclasses.replace(_find(entry, code, WARNING, message, _WAIT), transient=True)


def _find(entry: Entry, code: str, severity: Severity, message: str, remedy: str = "") -> VmFinding:
    return VmFinding(code, severity, entry["name"], "vm", message, remedy, vm_id=entry["vm_id"].upper())


def _move(entry: Entry, vm: Vm, node: Node, home_node: str) -> dict[str, t.Any]:
    there = entry["destination_host"]
    moved = f"the evacuation of {node.name} moved it to {there}"
    stepped = f"it stepped aside to {there} for the evacuation of {node.name}"
    return {
        "vm_id": vm.id,
        "name": vm.name,
        "state": vm.state,
        "memory_mb": vm.memory_mb if vm.memory_mb is not None else entry.get("memory_mb"),
        "priority": entry.get("priority"),
        "source_host": vm.node,
        "destination_host": home_node,
        "reason": stepped if entry["helper"] else moved,
        "helper": bool(entry["helper"]),
    }
