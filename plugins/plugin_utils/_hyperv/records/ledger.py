# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger of an evacuation: which VM was moved from where to where, so that it can be restored.

Pure: does not read or write files.

``ledger_form.py`` says what is in it. The state that a VM had when the evacuation first saw it is kept
through all its attempts, through runs that were cut off, and where a plan was given that was made before it.

A ledger of the earlier form has the cluster's short name alone, which several clusters may share. It is one's own only
if it shares a VM with what the cluster knows, and is of the present form from then on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..._text import clean
from ..cluster.states import AT_REST
from ..failure.errors import HyperVError
from ..migration.move_record import MoveRecord
from .file_names import Owner, is_same
from .ledger_form import (
    ELSEWHERE,
    EVACUATED,
    EVACUATING,
    FORMAT,
    INCOMPLETE,
    LEFT,
    PLANNED,
    RESTORED,
    STAYS,
    DiskState,
    FirstSeen,
    LeavingVm,
    Ledger,
    LedgerVm,
)

_SETTLED = frozenset({"moved", "already_there", STAYS, LEFT, ELSEWHERE})
_MOST_EVENTS = 4  # of one VM, the newest ones
_STOPPED_BY = {"shutdown": "off", "save": "saved"}  # what the evacuation makes of a running VM, by strategy

_RECENT = dt.timedelta(days=1)  # a run that was cut off longer ago is not one that goes on


def was_stopped(entry: FirstSeen, state: str) -> bool:
    """Report whether a VM that is in ``state`` now ran before, and is off or saved because of the evacuation.

    It was stopped on purpose, or has died in it.
    """
    if entry["state"] != "running":
        return False
    return state == _STOPPED_BY.get(str(entry["strategy"])) or (entry["died"] and state in AT_REST)


def stopped_meanwhile(ledger: Ledger) -> list[LedgerVm]:
    """Return the VMs that ran and are off or saved until they are restored, as far as the evacuation came to them."""
    return [
        vm for vm in ledger["vms"] if vm["state"] == "running" and vm["strategy"] in _STOPPED_BY and not vm["restored"]
    ]


def may_still_stop(entry: LedgerVm, state: str, now: str) -> bool:
    """Report whether a guest that runs was asked to shut down a while ago, and may yet do so."""
    return state == "running" and _age(entry["asked_to_stop"], now) <= _RECENT


def has_died(entry: FirstSeen, state: str) -> bool:
    """Report whether a VM that is in ``state`` now ran when it was first seen, and was not stopped on purpose."""
    is_stopped = state == _STOPPED_BY.get(str(entry["strategy"]))
    return entry["state"] == "running" and state in AT_REST and not is_stopped


def start_ledger(
    old: Ledger | None,
    node: str,
    cluster: str | None,
    moves: Sequence[LeavingVm],
    now: str,
    *,
    paused: bool = True,
    cluster_name: str | None = None,
    planned: Mapping[str, FirstSeen] | None = None,
    known: Collection[str] = (),
) -> Ledger:
    """Return the ledger to keep before anything moves: every planned move, and what an earlier run had moved already.

    ``moves`` are what the evacuation plan is about to do. ``cluster``, ``cluster_name``: its full and its short name.
    ``paused``: the node is paused by now. ``planned``: how VMs were in a plan that was made before, by VM id.
    ``known``: ids of VMs that the cluster has, wherever they are. Raises HyperVError where ``old`` belongs to something
    else.
    """
    kept = old if old is not None and old["state"] != RESTORED else None
    if kept is not None:
        refuse_another(kept, cluster, node, cluster_name)
        if not is_ours(kept, cluster, [*(move["vm_id"] for move in moves), *known]):
            raise not_ours(kept, cluster)
    before = {vm["vm_id"].upper(): vm for vm in kept["vms"]} if kept else {}
    told = {vm_id for vm_id, vm in before.items() if vm["outcome"] in _SETTLED and not vm["restored"]}
    # What was moved once and is on the node again has come back to it since, and what is as it was is done with: such
    # a VM is seen for the first time.
    is_recent = kept is not None and _age(kept["updated"], now) <= _RECENT
    seen = {vm: entry for vm, entry in before.items() if is_recent and vm not in told and not entry["restored"]}
    entries = {move["vm_id"].upper(): _planned(move, before, seen, planned or {}) for move in moves}
    new = {vm: entry for vm, entry in entries.items() if entry["outcome"] == PLANNED or vm not in told}
    earlier = [vm for vm in kept["vms"] if vm["vm_id"].upper() not in new] if kept else []
    return {
        "format": FORMAT,
        "cluster": _full_name(kept, cluster),
        "node": node,
        "created": kept["created"] if kept else now,
        "updated": now,
        "state": EVACUATING if new else (kept["state"] if kept else EVACUATED),
        "paused_before": paused and not (kept is not None and _was_cut_off(kept, now) and not kept["paused_before"]),
        "disks": kept["disks"] if kept is not None else None,
        "redirected": kept["redirected"] if kept is not None else None,
        "balancer": old["balancer"] if old is not None else None,
        "vms": [*earlier, *new.values()],
        "other_roles": list(kept["other_roles"]) if kept else [],
    }


def refuse_another(
    ledger: Ledger, cluster: str | None, node: str | None = None, cluster_name: str | None = None
) -> None:
    """Raise HyperVError if a ledger belongs to another cluster or node than those that are told."""
    owner = ledger["cluster"]
    if cluster and owner and not Owner(cluster, cluster_name or "").may_be(owner):
        raise HyperVError(
            f"The ledger belongs to {owner} (node {ledger['node']}), and this is {cluster}. Choose another path, or "
            f"talk to {owner}."
        )
    if node and first_label(ledger["node"]) != first_label(node):
        raise HyperVError(
            f"The ledger belongs to node {ledger['node']}, and not to {node}. Choose another path for {node}, or "
            f"restore {ledger['node']} first."
        )


def is_ours(ledger: Ledger, cluster: str | None, vm_ids: Collection[str]) -> bool:
    """Tell whether a ledger is that of a cluster: by its full name, or else by a VM that both know.

    One without VMs, or asked about without a cluster, is anybody's.
    """
    if not cluster or not ledger["vms"] or (ledger["cluster"] and is_same(ledger["cluster"], cluster)):
        return True
    known = {str(one).upper() for one in vm_ids}
    return any(vm["vm_id"].upper() in known for vm in ledger["vms"])


def not_ours(ledger: Ledger, cluster: str | None) -> HyperVError:
    """Return what is wrong with a ledger whose cluster may have the same short name, and that shares no VM with it."""
    says = f"is of a cluster called {ledger['cluster']}" if ledger["cluster"] else "does not say whose it is"
    return HyperVError(
        f"The ledger {says}, and this is {cluster}, which knows none of its VMs: it is taken for that of "
        f"another cluster of this name. Bring its VMs back through that one, or move the ledger away if "
        f"{ledger['node']} of {cluster} needs it no more."
    )


def _full_name(ledger: Ledger | None, cluster: str | None) -> str | None:
    names = [name for name in (cluster, ledger["cluster"] if ledger else None) if name]
    return max(names, key=len, default=None)


def _was_cut_off(ledger: Ledger, now: str) -> bool:
    """Tell whether a run that began a short while ago did not come to its end."""
    return ledger["state"] == EVACUATING and _age(ledger["updated"], now) <= _RECENT


def _age(written: object, now: str) -> dt.timedelta:
    try:
        return dt.datetime.fromisoformat(now) - dt.datetime.fromisoformat(str(written))
    except (ValueError, TypeError):  # written by hand
        return dt.timedelta.max


def stale_entries_warning(ledger: Ledger, moves: Sequence[LeavingVm], now: str) -> str:
    """Return a warning about VMs of an evacuation of long ago that were never brought back; empty for none."""
    planned = {move["vm_id"].upper() for move in moves}
    names = [vm["name"] for vm in ledger["vms"] if not vm["restored"] and vm["vm_id"].upper() not in planned]
    if not names or _age(ledger["created"], now) <= _RECENT:
        return ""
    return (
        f"The ledger of {ledger['created'] or 'an unknown date'} still has VMs that were not brought back to "
        f"{ledger['node']}: {', '.join(map(clean, names))}. restore_node will bring them back too, if they are still "
        "where that evacuation moved them. Move the ledger away first if that is not wanted."
    )


def _planned(
    move: LeavingVm,
    before: Mapping[str, LedgerVm],
    seen: Mapping[str, LedgerVm],
    planned: Mapping[str, FirstSeen],
) -> LedgerVm:
    """Return the entry of a move: with the state that its VM had when it was first seen.

    ``before``: all VMs that the ledger still has open; ``seen`` those of them that this evacuation, or one that was cut
    off, has seen; ``planned`` as ``start_ledger`` has it.
    """
    vm_id, state = move["vm_id"].upper(), move["state"]
    known = before[vm_id] if vm_id in before and not before[vm_id]["restored"] else None
    first_seen: FirstSeen | None = seen.get(vm_id) or planned.get(vm_id)
    # A run that was cut off may have stopped it: how it was before that, and how it was to leave, is what counts.
    stopped = next((one for one in (known, first_seen) if one is not None and was_stopped(one, state)), None)
    how = stopped or move
    # Of one that an evacuation has moved and that goes on from there, the node that it was on at first is its home.
    home = known
    if known is not None and first_label(known["destination_host"]) != first_label(move["source_host"]):
        home = None
    first = stopped or first_seen or home
    return {
        "vm_id": vm_id,
        "name": move["name"],
        "source_host": (home or move)["source_host"],
        "destination_host": move["destination_host"],
        "state": _state_that_counts(first["state"] if first is not None else None, state),
        "strategy": how["strategy"],
        "memory_mb": how["memory_mb"],
        "priority": how["priority"],
        "outcome": move["outcome"],
        "elapsed_seconds": None,
        "died": known is not None and known["died"],
        "asked_to_stop": known["asked_to_stop"] if known is not None else None,
        "restored": False,
        "helper": (home or move)["helper"],
        "events": [],
    }


def _state_that_counts(first: str | None, now: str) -> str:
    """Return the state in which a VM was first seen; of one that was at rest and runs by now somebody wants that."""
    return now if not first or (first in AT_REST and now not in AT_REST) else first


def record_outcomes(
    ledger: Ledger,
    records: Sequence[MoveRecord],
    now: str,
    residents: Collection[str] | None = None,
    cluster: str | None = None,
    *,
    died: Collection[str] = (),
    still_stopping: Collection[str] = (),
) -> Ledger:
    """Return the ledger with what became of each move.

    ``records`` are the ``moves`` of hyperv_vm_migrate; ``residents`` the ids of the VMs that are by now on the node
    that they were to leave, None where that was not read. ``died``, ``still_stopping``: ids of VMs that are off without
    having been stopped, and of guests that did not shut down in time. One that is not of ``cluster`` stays as it is.
    """
    here = {one.upper() for one in residents} if residents is not None else None
    told = {record["vm"]["id"].upper(): record for record in records}
    if not is_ours(ledger, cluster, [*told, *(here or ())]):
        return ledger
    vms: list[LedgerVm] = []
    for vm in ledger["vms"]:
        vm_id = vm["vm_id"].upper()
        record = told.get(vm_id)
        if record is not None:
            vm = {
                **vm,
                "destination_host": record["destination_host"],
                "outcome": _outcome(vm, str(record["outcome"])),
                "elapsed_seconds": record["elapsed_seconds"],
                "events": record["events"][-_MOST_EVENTS:],
            }
        elif vm["outcome"] == PLANNED and here is not None and vm_id not in here:
            vm = {**vm, "outcome": LEFT}
        if vm["helper"]:
            vm = _of_helper(vm, here, died=vm_id in died)
        asked = now if vm_id in still_stopping else vm["asked_to_stop"]
        vms.append({**vm, "died": vm["died"] or vm_id in died, "asked_to_stop": asked})
    is_settled = all(vm["outcome"] in _SETTLED or (vm["helper"] and vm["restored"]) for vm in vms)
    is_settled = is_settled and all(role["outcome"] != PLANNED for role in ledger["other_roles"])
    state = EVACUATED if is_settled else INCOMPLETE
    return {**_in_form(ledger, cluster), "vms": vms, "state": state, "updated": now}


def _outcome(vm: LedgerVm, outcome: str) -> str:
    """Return the outcome of a move; a helper that is there when its turn comes was moved by somebody else."""
    return ELSEWHERE if vm["helper"] and outcome == "already_there" else outcome


def _of_helper(vm: LedgerVm, here: Collection[str] | None, *, died: bool) -> LedgerVm:
    """Return the entry of a VM of another node after an evacuation; another one may have stepped aside instead."""
    if here is None or vm["outcome"] in _SETTLED:
        return vm
    if vm["vm_id"].upper() not in here:
        return {**vm, "outcome": LEFT}
    return {**vm, "restored": not died}


def note_redirected(ledger: Ledger, paths: Sequence[str]) -> Ledger:
    """Return the ledger with the shared volumes that are redirected; what a run has written that was cut off stays."""
    return ledger if ledger["redirected"] is not None else {**ledger, "redirected": [*paths]}


def note_balancer(ledger: Ledger, mode: int | None) -> Ledger:
    """Return the ledger with AutoBalancerMode as it was before it was switched off, None where it is as it was."""
    return {**ledger, "balancer": mode}


def note_disks(ledger: Ledger, state: DiskState, now: str) -> Ledger:
    """Return the ledger with how the disks of the node are."""
    return {**ledger, "disks": state, "updated": now}


def note_died(ledger: Ledger, vm_ids: Collection[str], now: str) -> Ledger:
    """Return the ledger with VMs marked that a failed move home has left off or saved: they are to be started again."""
    died = {one.upper() for one in vm_ids}
    vms: list[LedgerVm] = [{**vm, "died": vm["died"] or vm["vm_id"].upper() in died} for vm in ledger["vms"]]
    return {**ledger, "vms": vms, "updated": now} if died else ledger


def mark_restored(ledger: Ledger, vm_ids: Sequence[str], now: str, cluster: str | None = None) -> Ledger:
    """Return the ledger with VMs marked that are settled: back on their node, or given up on with a reason.

    One that is not of ``cluster`` stays as it is.
    """
    if not is_ours(ledger, cluster, vm_ids):
        return ledger
    back = {one.upper() for one in vm_ids}
    vms: list[LedgerVm] = [{**vm, "restored": vm["restored"] or vm["vm_id"].upper() in back} for vm in ledger["vms"]]
    is_done = all(vm["restored"] for vm in vms) and all(role["restored"] for role in ledger["other_roles"])
    state = RESTORED if is_done else ledger["state"]
    return {**_in_form(ledger, cluster), "vms": vms, "state": state, "updated": now}


def _in_form(ledger: Ledger, cluster: str | None) -> Ledger:
    """Return a ledger of ``cluster`` with format and cluster as they are written."""
    return {**ledger, "format": FORMAT, "cluster": _full_name(ledger, cluster)} if cluster else ledger
