# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger of an evacuation: which VM was moved from where to where, so that it can be brought back.

Pure: where a ledger is kept is somebody else's business. Private to this collection.

A ledger is a dict: ``format``, ``cluster`` (name or None), ``node`` (the emptied one), ``created`` and ``updated`` (ISO
8601), ``state`` (``evacuating``, ``evacuated``, ``incomplete``, ``restored``) and ``vms``, each with ``vm_id``,
``name``, ``source_host``, ``destination_host``, ``state`` and ``strategy`` before the evacuation, ``memory_mb``,
``priority``, ``outcome`` (``planned`` until told; ``stays`` for one that is only stopped, and whose destination is its
own node; ``left`` for one that is gone from the node, as a run that was cut off could not tell), ``elapsed_seconds``,
``restored``. ``paused_before`` tells whether the node was paused before the evacuation began, and not by it.
"""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Collection, Mapping, Sequence

from .._hostnames import first_label
from .._text import clean
from .errors import HyperVError

FORMAT = "hyperv.migration ledger 1"
EVACUATING, EVACUATED, INCOMPLETE, RESTORED = "evacuating", "evacuated", "incomplete", "restored"
PLANNED, STAYS, LEFT = "planned", "stays", "left"
_SETTLED = frozenset({"moved", "already_there", STAYS, LEFT})
_BEFORE = ("state", "strategy", "memory_mb", "priority")
_TEXTS = ("vm_id", "name", "source_host", "destination_host", "outcome")
_NUMBERS = ("memory_mb", "priority")
_STOPPED_BY = {"shutdown": "off", "save": "saved"}  # what the evacuation makes of a running VM, by strategy

_RECENT = dt.timedelta(days=1)  # a run that was cut off longer ago is not one that goes on

Ledger = dict[str, t.Any]


def read_ledger(content: object, where: str) -> Ledger:
    """Return a ledger given as JSON text or as data. Raises HyperVError naming ``where`` for anything else."""
    cure = "Give the ledger that evacuate_node wrote, or move this one away."
    if isinstance(content, (str, bytes)):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise HyperVError(f"{where} is no ledger: it is not whole or not JSON ({error}). {cure}") from None
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, Mapping) else type(content).__name__
        raise HyperVError(f"{where} is no ledger of format {FORMAT!r} (found: {found!r}). {cure}")
    vms = content.get("vms")
    if not isinstance(content.get("node"), str) or not isinstance(vms, list):
        raise HyperVError(f"{where} is a ledger without a node or a list of VMs. {cure}")
    for number, vm in enumerate(vms, 1):
        lacking = [key for key in _TEXTS if not isinstance(vm, Mapping) or not isinstance(vm.get(key), str)]
        if lacking:
            raise HyperVError(f"{where}: VM {number} has no {', '.join(lacking)}. {cure}")
        wrong = [key for key in _NUMBERS if not isinstance(vm.get(key), (int, type(None)))]
        if wrong:
            raise HyperVError(f"{where}: {wrong[0]} of VM {number} is {vm[wrong[0]]!r}, which is no number. {cure}")
    # One written by hand may lack these.
    return {"created": "", "state": INCOMPLETE, **content}


def was_stopped(entry: Mapping[str, t.Any], state: str) -> bool:
    """Tell whether a VM that is in ``state`` now ran before, and is as the evacuation leaves one that it stops."""
    return entry.get("state") == "running" and state == _STOPPED_BY.get(str(entry.get("strategy")))


def begin(
    old: Ledger | None,
    node: str,
    cluster: str | None,
    moves: Sequence[Mapping[str, t.Any]],
    now: str,
    *,
    paused: bool = True,
) -> Ledger:
    """Return the ledger to keep before anything moves: every planned move, and what an earlier run had moved already.

    ``moves`` are those of the evacuation plan; one with an ``outcome`` was made by a run whose ledger may be lost, or
    ``stays``. ``paused``: the node is paused by now. Raises HyperVError where ``old`` belongs to something else.
    """
    if old is not None and old.get("state") != RESTORED:
        _refuse_another(old, node, cluster)
    kept = old if old is not None and old.get("state") != RESTORED else None
    before = {vm["vm_id"].upper(): vm for vm in kept["vms"]} if kept else {}
    told = {vm_id for vm_id, vm in before.items() if vm["outcome"] in _SETTLED and not vm.get("restored")}
    entries = {str(move["vm_id"]).upper(): _planned(move, before) for move in moves}
    planned = {vm: entry for vm, entry in entries.items() if entry["outcome"] == PLANNED or vm not in told}
    earlier = [vm for vm in kept["vms"] if vm["vm_id"].upper() not in planned] if kept else []
    return {
        "format": FORMAT,
        "cluster": cluster,
        "node": node,
        "created": kept["created"] if kept else now,
        "updated": now,
        "state": EVACUATING if planned else (kept["state"] if kept else EVACUATED),
        "paused_before": paused and not (kept is not None and _was_cut_off(kept, now) and not _paused_before(kept)),
        "vms": [*earlier, *planned.values()],
    }


def _paused_before(ledger: Ledger) -> bool:
    return bool(ledger.get("paused_before", True))


def _was_cut_off(ledger: Ledger, now: str) -> bool:
    """Tell whether a run that began a short while ago did not come to its end."""
    return ledger.get("state") == EVACUATING and _age(ledger.get("updated"), now) <= _RECENT


def _age(written: object, now: str) -> dt.timedelta:
    try:
        return dt.datetime.fromisoformat(now) - dt.datetime.fromisoformat(str(written))
    except (ValueError, TypeError):  # written by hand
        return dt.timedelta.max


def inherited(ledger: Ledger, moves: Sequence[Mapping[str, t.Any]], now: str) -> str:
    """Return a warning about VMs of an evacuation of long ago that were never brought back; empty for none."""
    planned = {str(move["vm_id"]).upper() for move in moves}
    names = [vm["name"] for vm in ledger["vms"] if not vm["restored"] and vm["vm_id"].upper() not in planned]
    if not names or _age(ledger["created"], now) <= _RECENT:
        return ""
    return (
        f"The ledger of {ledger['created'] or 'an unknown date'} still has VMs that were not brought back to "
        f"{ledger['node']}: {', '.join(map(clean, names))}. restore_node will bring them back too, if they are still "
        "where that evacuation moved them. Move the ledger away first if that is not wanted."
    )


def _refuse_another(old: Ledger, node: str, cluster: str | None) -> None:
    other_cluster = cluster is not None and old.get("cluster") not in (None, cluster)
    if first_label(old["node"]) != first_label(node) or other_cluster:
        raise HyperVError(
            f"The ledger there belongs to node {old['node']} of cluster {old.get('cluster')} and is still needed to "
            f"bring its VMs back. Choose another path for {node}, or restore {old['node']} first."
        )


def _planned(move: Mapping[str, t.Any], before: Mapping[str, Mapping[str, t.Any]]) -> dict[str, t.Any]:
    vm_id = str(move["vm_id"]).upper()
    earlier = before.get(vm_id, {})
    # A run that was cut off may have stopped it: how it was before that is what counts.
    first = earlier if was_stopped(earlier, str(move.get("state"))) and not earlier.get("restored") else move
    return {
        "vm_id": vm_id,
        "name": move.get("name") or "",
        "source_host": move["source_host"],
        "destination_host": move["destination_host"],
        **{key: first.get(key) for key in _BEFORE},
        "outcome": move.get("outcome") or PLANNED,
        "elapsed_seconds": None,
        "restored": False,
    }


def finish(
    ledger: Ledger, records: Sequence[Mapping[str, t.Any]], now: str, residents: Collection[str] | None = None
) -> Ledger:
    """Return the ledger with what became of each move.

    ``records`` are the ``moves`` of hyperv_vm_migrate; ``residents`` the ids of the VMs that are on the node by now,
    None where that was not read.
    """
    here = {one.upper() for one in residents} if residents is not None else None
    told = {record["vm"]["id"].upper(): record for record in records}
    vms = []
    for vm in ledger["vms"]:
        record = told.get(vm["vm_id"].upper())
        if record is not None:
            outcome = {
                "destination_host": record["destination_host"],
                "outcome": record["outcome"],
                "elapsed_seconds": record["elapsed_seconds"],
            }
            vm = {**vm, **outcome}
        elif vm["outcome"] == PLANNED and here is not None and vm["vm_id"].upper() not in here:
            vm = {**vm, "outcome": LEFT}
        vms.append(vm)
    state = EVACUATED if all(vm["outcome"] in _SETTLED for vm in vms) else INCOMPLETE
    return {**ledger, "vms": vms, "state": state, "updated": now}


def give_back(ledger: Ledger, vm_ids: Sequence[str], now: str) -> Ledger:
    """Return the ledger with VMs marked that are settled: back on their node, or given up on with a reason."""
    back = {one.upper() for one in vm_ids}
    vms = [{**vm, "restored": bool(vm.get("restored")) or vm["vm_id"].upper() in back} for vm in ledger["vms"]]
    state = RESTORED if all(vm["restored"] for vm in vms) else ledger["state"]
    return {**ledger, "vms": vms, "state": state, "updated": now}
