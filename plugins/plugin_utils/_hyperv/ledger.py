# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger of an evacuation: which VM was moved from where to where, so that it can be brought back.

Pure: where a ledger is kept is somebody else's business. Private to this collection.

A ledger is a dict: ``format``, ``cluster`` (name or None), ``node`` (the emptied one), ``created`` and ``updated`` (ISO
8601), ``state`` (``evacuating``, ``evacuated``, ``incomplete``, ``restored``) and ``vms``, each with ``vm_id``,
``name``, ``source_host``, ``destination_host``, ``state`` and ``strategy`` before the evacuation, ``memory_mb``,
``priority``, ``outcome`` (``planned`` until told), ``elapsed_seconds``, ``restored``.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping, Sequence

from .cluster import first_label
from .errors import HyperVError

FORMAT = "hyperv.migration ledger 1"
EVACUATING, EVACUATED, INCOMPLETE, RESTORED = "evacuating", "evacuated", "incomplete", "restored"
PLANNED = "planned"
_ARRIVED = frozenset({"moved", "already_there"})
_BEFORE = ("state", "strategy", "memory_mb", "priority")
_TEXTS = ("vm_id", "name", "source_host", "destination_host", "outcome")

Ledger = dict[str, t.Any]


def read_ledger(content: object, where: str) -> Ledger:
    """Return a ledger given as JSON text or as data. Raises HyperVError naming ``where`` for anything else."""
    cure = "Give the ledger that evacuate_node wrote, or move this one away."
    if isinstance(content, (str, bytes)):
        try:
            content = json.loads(content)
        except ValueError as error:
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
    return dict(content)


def begin(old: Ledger | None, node: str, cluster: str | None, moves: Sequence[Mapping[str, t.Any]], now: str) -> Ledger:
    """Return the ledger to keep before anything moves: every planned move, and what an earlier run had moved already.

    ``moves`` are those of the evacuation plan; one with an ``outcome`` was made by a run whose ledger may be lost.
    Raises HyperVError where ``old`` belongs to something else.
    """
    if old is not None and old.get("state") != RESTORED:
        _refuse_another(old, node, cluster)
    kept = old if old is not None and old.get("state") != RESTORED else None
    told = {vm["vm_id"].upper() for vm in kept["vms"] if vm["outcome"] in _ARRIVED} if kept else set()
    entries = {str(move["vm_id"]).upper(): _planned(move) for move in moves}
    planned = {vm: entry for vm, entry in entries.items() if entry["outcome"] == PLANNED or vm not in told}
    earlier = [vm for vm in kept["vms"] if vm["vm_id"].upper() not in planned] if kept else []
    return {
        "format": FORMAT,
        "cluster": cluster,
        "node": node,
        "created": kept["created"] if kept else now,
        "updated": now,
        "state": EVACUATING if planned else (kept["state"] if kept else EVACUATED),
        "vms": [*earlier, *planned.values()],
    }


def _refuse_another(old: Ledger, node: str, cluster: str | None) -> None:
    other_cluster = cluster is not None and old.get("cluster") not in (None, cluster)
    if first_label(old["node"]) != first_label(node) or other_cluster:
        raise HyperVError(
            f"The ledger there belongs to node {old['node']} of cluster {old.get('cluster')} and is still needed to "
            f"bring its VMs back. Choose another path for {node}, or restore {old['node']} first."
        )


def _planned(move: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "vm_id": str(move["vm_id"]).upper(),
        "name": move.get("name") or "",
        "source_host": move["source_host"],
        "destination_host": move["destination_host"],
        **{key: move.get(key) for key in _BEFORE},
        "outcome": move.get("outcome") or PLANNED,
        "elapsed_seconds": None,
        "restored": False,
    }


def finish(ledger: Ledger, records: Sequence[Mapping[str, t.Any]], now: str) -> Ledger:
    """Return the ledger with what became of each move. ``records`` are the ``moves`` of hyperv_vm_migrate."""
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
        vms.append(vm)
    state = EVACUATED if all(vm["outcome"] in _ARRIVED for vm in vms) else INCOMPLETE
    return {**ledger, "vms": vms, "state": state, "updated": now}


def give_back(ledger: Ledger, vm_ids: Sequence[str], now: str) -> Ledger:
    """Return the ledger with VMs marked that are settled: back on their node, or given up on with a reason."""
    back = {one.upper() for one in vm_ids}
    vms = [{**vm, "restored": bool(vm.get("restored")) or vm["vm_id"].upper() in back} for vm in ledger["vms"]]
    state = RESTORED if all(vm["restored"] for vm in vms) else ledger["state"]
    return {**ledger, "vms": vms, "state": state, "updated": now}
