# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is in a ledger, and how one is read. Pure."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping

from ..failure.errors import HyperVError
from .artifacts import from_artifact
from .ledger_roles import LedgerRole, read_ledger_roles

FORMAT = "hyperv.migration ledger 2"
EARLIER_FORMAT = "hyperv.migration ledger 1"
STATES = EVACUATING, EVACUATED, INCOMPLETE, RESTORED = "evacuating", "evacuated", "incomplete", "restored"
PLANNED, STAYS, LEFT, ELSEWHERE = "planned", "stays", "left", "elsewhere"
_TEXTS = ("vm_id", "name", "source_host", "destination_host", "outcome")
# One written by hand may lack these, and these only. What their values may be, and the one that is taken.
_OPTIONAL: Mapping[str, tuple[str, t.Any]] = {
    "cluster": ("text", None),
    "created": ("text", ""),
    "updated": ("text", ""),
    "state": ("text", INCOMPLETE),
    "paused_before": ("true or false", True),
    "disks": ("text", None),
    "redirected": ("list of texts", None),
    "balancer": ("number", None),
}
_OPTIONAL_OF_VM: Mapping[str, tuple[str, t.Any]] = {
    "state": ("text", None),
    "strategy": ("text", None),
    "memory_mb": ("number", None),
    "priority": ("number", None),
    "elapsed_seconds": ("number", None),
    "died": ("true or false", False),
    "asked_to_stop": ("text", None),
    "restored": ("true or false", False),
    "helper": ("true or false", False),
    "events": ("list", []),
}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "true or false": (bool,),
    "list": (list,),
    "list of texts": (list,),
}
DiskState = t.Literal["in_service", "entering", "maintenance", "leaving"]
"""Disks of a node; ``entering`` and ``leaving`` are written before maintenance mode is asked for or ended."""


class FirstSeen(t.TypedDict):
    """How a VM was when an evacuation first saw it.

    Attributes:
        state, strategy: its state then, and how it was to leave.
        died: it ran when it was first seen and was off at the end, without having been stopped.
    """

    state: str | None
    strategy: str | None
    memory_mb: int | None
    priority: int | None
    died: bool


class LeavingVm(t.TypedDict):
    """One VM that an evacuation is about to move or to stop: what a ledger is begun with.

    Attributes:
        source_host, destination_host: the node that it is on, and the one that it is to be on in the end.
        state, strategy: as it is now, and how it is to leave.
        outcome: ``planned``; ``already_there`` where a run whose ledger may be lost has made the move; ``stays`` for
            one that is only stopped.
        helper: it is a VM of another node that steps aside.
    """

    vm_id: str
    name: str
    source_host: str
    destination_host: str
    state: str
    strategy: str
    memory_mb: int | None
    priority: int | None
    outcome: str
    helper: bool


class LedgerVm(FirstSeen):
    """One VM of a ledger.

    Attributes:
        source_host: the node that it was on when it was first seen.
        destination_host: where it was moved to or was to be moved to; its own node for one that ``stays``.
        outcome: ``planned`` until it is known; that of its move; ``stays`` for one that is only stopped; ``left`` for
            one that is gone from the node, as a run that was cut off could not report; ``elsewhere`` for one that
            somebody else moved.
        asked_to_stop: when its guest was asked to shut down without having done so in time (ISO 8601), None for never.
        restored: it is back as it was, or was given up on.
        helper: it is a VM of another node, ``source_host``, that stepped aside.
        events: what the event logs of its hosts say of its move that failed, in the form of hyperv_vm_migrate.
    """

    vm_id: str
    name: str
    source_host: str
    destination_host: str
    outcome: str
    elapsed_seconds: float | None
    asked_to_stop: str | None
    restored: bool
    helper: bool
    events: list[Mapping[str, t.Any]]


class Ledger(t.TypedDict):
    """A ledger.

    Attributes:
        cluster: its owner as file_names.py has it, None where none is told.
        node: the node that was emptied.
        created, updated: ISO 8601.
        state: ``evacuating``, ``evacuated``, ``incomplete`` or ``restored``.
        paused_before: the node was paused before the evacuation began, and not by it.
        other_roles: what else was moved, see ``ledger_roles.py``; an earlier version wrote none.
        disks: a ``DiskState``: how the disks of the node were when they were seen or touched last, with Storage Spaces
            Direct; None where they were not.
        redirected: paths of the shared volumes whose access was redirected before the node was paused; None where that
            was not read.
        balancer: AutoBalancerMode of the cluster before it was switched off; None where it was not, or was put back.
    """

    format: str
    cluster: str | None
    node: str
    created: str
    updated: str
    state: str
    paused_before: bool
    disks: str | None
    redirected: list[str] | None
    balancer: int | None
    vms: list[LedgerVm]
    other_roles: list[LedgerRole]


def read_ledger(content: object, where: str) -> Ledger:
    """Return a ledger given as JSON text or as data, whole. Raises HyperVError naming ``where`` for anything else."""
    cure = "Give the ledger that evacuate_node wrote, or move this one away."
    if isinstance(content, (str, bytes)):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise HyperVError(f"{where} is not a ledger: it is not whole or not JSON ({error}). {cure}") from None
    if not isinstance(content, Mapping) or content.get("format") not in (FORMAT, EARLIER_FORMAT):
        found = content.get("format") if isinstance(content, Mapping) else type(content).__name__
        raise HyperVError(f"{where} is not a ledger of format {FORMAT!r} (found: {found!r}). {cure}")
    content = from_artifact(content)
    vms = content.get("vms")
    if not isinstance(content.get("node"), str) or not content["node"].strip() or not isinstance(vms, list):
        raise HyperVError(f"{where} is a ledger without a node or a list of VMs. {cure}")
    try:
        whole = _completed(content, _OPTIONAL, "")
        if whole["state"] not in STATES:
            raise HyperVError(f"its state is {whole['state']!r}, which is none of {', '.join(STATES)}")
        vms = [_completed_vm(vm, number) for number, vm in enumerate(vms, 1)]
        return t.cast("Ledger", {**whole, "vms": vms, "other_roles": read_ledger_roles(content.get("other_roles"))})
    except HyperVError as wrong:
        raise HyperVError(f"{where}: {wrong}. {cure}") from None


def _completed_vm(vm: object, number: int) -> dict[str, t.Any]:
    given = vm if isinstance(vm, Mapping) else {}
    lacking = [key for key in _TEXTS if not isinstance(given.get(key), str)]
    if lacking:
        raise HyperVError(f"VM {number} has no {', '.join(lacking)}")
    return _completed(given, _OPTIONAL_OF_VM, f" of VM {number}")


def _completed(given: Mapping[str, t.Any], optional: Mapping[str, tuple[str, t.Any]], whose: str) -> dict[str, t.Any]:
    """Return what is given with what it may lack. Raises HyperVError for a value of another type."""
    for key, (kind, _default) in optional.items():
        value = given.get(key)
        is_other = isinstance(value, bool) and bool not in _TYPES[kind]
        if value is not None and (is_other or not isinstance(value, _TYPES[kind])):
            raise HyperVError(f"{key}{whose} is {value!r}, which is no {kind}")
    defaults = {key: default for key, (_kind, default) in optional.items() if given.get(key) is None}
    return {**given, **defaults}


def no_ledger(path: str) -> HyperVError:
    """Return the error for a ledger that is not there."""
    return HyperVError(f"There is no ledger at {path}. Check the path; evacuate_node writes it.")


def earlier_form(ledger: Ledger, where: str, path: str) -> str:
    """Return a note on a ledger at ``where`` that an earlier version wrote, empty for none; ``path`` is its place."""
    if ledger["format"] != EARLIER_FORMAT:
        return ""
    return (
        f"{where} was written by an earlier version, which named clusters by their short name. It is kept as {path}, "
        "with the cluster's full name, from the first change on that shows whose it is."
    )
