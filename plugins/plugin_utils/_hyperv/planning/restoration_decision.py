# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A ledger's VMs compared with where they are: each goes back, is waited for, or stays where it is and why. Pure."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.nodes import Node
from ..cluster.states import AT_REST, IN_MEMORY
from ..cluster.vms import Vm
from ..failure.finding import INFO, WARNING, Severity
from ..records.ledger import was_stopped
from ..records.ledger_form import ELSEWHERE, STAYS, LedgerVm
from .plan_move import NamedVm, RestorationMove
from .restoration_plan import Home, RestorationPlan
from .vm_finding import VmFinding

_DID: t.Final = {STAYS: "left it on", "moved": "moved it to"}
_WAIT = "Wait until that has changed, or cancel a migration that runs with hyperv_migration_job."
_IF_DELETED = "If it was deleted, run the restoration with forget_gone=true (restore_node_forget_gone)."


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
    moves: list[RestorationMove] = []
    helpers: list[RestorationMove] = []
    stays: list[VmFinding] = []
    start: list[NamedVm] = []
    leaving: list[VmFinding] = []
    gone: list[VmFinding] = []
    off: list[NamedVm] = []
    node = home.node
    for kept in sorted(entries, key=_order):
        vm = present.get(kept["vm_id"].upper())
        entry = kept.copy()
        if vm is not None:
            entry["name"] = vm.name  # it may have been renamed since
        named: NamedVm = {"vm_id": entry["vm_id"].upper(), "name": entry["name"]}
        home_node = entry["source_host"] if entry["helper"] else node.name
        is_stopped = vm is not None and was_stopped(entry, vm.state)
        if is_stopped:
            start.append(named)  # wherever it is or goes: it ran, and nobody but the evacuation has stopped it
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
        if not is_stopped and entry["state"] == "running" and vm.state in AT_REST:
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


def _order(entry: LedgerVm) -> tuple[bool, int, int, str]:
    runs = entry["state"] in IN_MEMORY
    return not runs, -int(entry["priority"] or 0), -int(entry["memory_mb"] or 0), entry["name"].lower()


def _where_it_is_no_more(entry: LedgerVm, node: Node) -> str:
    stays = entry["outcome"] == STAYS
    return f"It is no longer on {node.name}." if stays else "It is no longer among the VMs of the cluster."


def _stay(entry: LedgerVm, vm: Vm, node: Node, home_node: str, *, at_home: bool) -> VmFinding | None:
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


def _not_yet(entry: LedgerVm, code: str, message: str) -> VmFinding:
    return dataclasses.replace(_find(entry, code, WARNING, message, _WAIT), transient=True)


def _find(entry: LedgerVm, code: str, severity: Severity, message: str, remedy: str = "") -> VmFinding:
    return VmFinding(code, severity, entry["name"], "vm", message, remedy, vm_id=entry["vm_id"].upper())


def _move(entry: LedgerVm, vm: Vm, node: Node, home_node: str) -> RestorationMove:
    there = entry["destination_host"]
    moved = f"the evacuation of {node.name} moved it to {there}"
    stepped = f"it stepped aside to {there} for the evacuation of {node.name}"
    return {
        "vm_id": vm.id,
        "name": vm.name,
        "state": vm.state,
        "memory_mb": vm.memory_mb if vm.memory_mb is not None else entry["memory_mb"],
        "priority": entry["priority"],
        "source_host": vm.node,
        "destination_host": home_node,
        "reason": stepped if entry["helper"] else moved,
        "helper": entry["helper"],
    }
