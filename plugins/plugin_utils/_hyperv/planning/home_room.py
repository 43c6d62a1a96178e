# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs have no room on the node that they are to come back to. Pure.

What decides are its memory, hard rules, possible owners, and what it lacks for them.

VMs are taken in the order in which they go; one that finds no room leaves it to those after it.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.affinity import Rule, counting_what_runs
from ..cluster.hosts import Memory
from ..cluster.owners import Owners
from ..cluster.states import AT_REST
from .move_objections import Around
from .plan_move import RestorationMove

NO_MEMORY: t.Final = "no_memory"
RULE: t.Final = "rule"
NOT_AN_OWNER: t.Final = "not_a_possible_owner"
LACKING: t.Final = "home_lacks"
NO_ROOM: t.Final = frozenset({NO_MEMORY, RULE, NOT_AN_OWNER, LACKING})
"""Codes of VMs that stay where they are, and are kept in the ledger."""


@dataclasses.dataclass(frozen=True)
class Refused:
    """A VM that stays where it is: the code of the reason, what is the matter, and what helps."""

    move: RestorationMove
    code: str
    message: str
    remedy: str


def needs(move: RestorationMove) -> int:
    """Return the MB that a VM takes on its node when it gets there; none for one at rest."""
    return 0 if move["state"] in AT_REST else move["memory_mb"] or 0


def split(
    node: str, moves: Sequence[RestorationMove], memory: Memory | None, owners: Mapping[str, Owners], around: Around
) -> tuple[tuple[RestorationMove, ...], tuple[Refused, ...]]:
    """Return the moves to a node for which there is room, and the others.

    ``memory``: None where it is not known; ``owners``: by VM id.
    """
    off = around.off | {move["vm_id"] for move in moves if move["state"] in AT_REST}
    rules = [rule for rule in counting_what_runs(around.rules, off) if rule.hard]
    refused: list[Refused] = []
    while True:
        out = {one.move["vm_id"] for one in refused}
        fitting, found = _pass(node, [one for one in moves if one["vm_id"] not in out], memory, owners, around, rules)
        refused += found
        parted = [] if found else _parted(node, fitting, moves, around, rules)
        refused += parted
        if not found and not parted:
            return fitting, tuple(refused)


def _pass(
    node: str,
    moves: Sequence[RestorationMove],
    memory: Memory | None,
    owners: Mapping[str, Owners],
    around: Around,
    rules: Sequence[Rule],
) -> tuple[tuple[RestorationMove, ...], list[Refused]]:
    free = memory.free_mb if memory is not None else None
    fitting: list[RestorationMove] = []
    refused: list[Refused] = []
    for move in moves:
        why = _against(node, move, free, owners.get(move["vm_id"], Owners())) or _apart(
            node, move, fitting, around, rules
        )
        if why is not None:
            refused.append(why)
            continue
        fitting.append(move)
        free = free - needs(move) if free is not None else None
    return tuple(fitting), refused


def _against(node: str, move: RestorationMove, free: int | None, owners: Owners) -> Refused | None:
    if owners.possible and first_label(node) not in map(first_label, owners.possible):
        return Refused(
            move,
            NOT_AN_OWNER,
            f"{node} is not a possible owner of it.",
            f"Add {node} to the possible owners of the VM's resources, and run the restoration again.",
        )
    if free is not None and needs(move) > free:
        return Refused(
            move,
            NO_MEMORY,
            f"{node} has {max(0, free)} MB free beside the other VMs that come back, and it needs {needs(move)} MB.",
            f"Move other VMs away from {node} first, and run the restoration again.",
        )
    return None


def _apart(
    node: str, move: RestorationMove, fitting: Sequence[RestorationMove], around: Around, rules: Sequence[Rule]
) -> Refused | None:
    """Return the rule that keeps a VM away from another one that is on the node by then."""
    where = {**around.where, **{one["vm_id"]: node for one in fitting}}
    for rule in rules:
        if rule.together or move["vm_id"] not in rule.members:
            continue
        if around.would_break(rule, move["vm_id"], node, where):
            return _breaks(node, move, rule)
    return None


def _parted(
    node: str,
    fitting: Sequence[RestorationMove],
    moves: Sequence[RestorationMove],
    around: Around,
    rules: Sequence[Rule],
) -> list[Refused]:
    """Return the VMs that rules keep with others which are elsewhere by then."""
    where = {**around.where, **{one["vm_id"]: one["source_host"] for one in moves}}
    where |= {one["vm_id"]: node for one in fitting}
    refused = []
    for move in fitting:
        for rule in rules:
            if not rule.together or move["vm_id"] not in rule.members:
                continue
            places = {around.place_of(rule, where[one]) for one in rule.members if where.get(one)}
            if len(places - {""}) > 1:
                refused.append(_breaks(node, move, rule))
                break
    return refused


def _breaks(node: str, move: RestorationMove, rule: Rule) -> Refused:
    return Refused(
        move,
        RULE,
        f"On {node} it would break the {rule.text}.",
        "Move the other VMs of the rule, or disable the rule, and run the restoration again.",
    )
