# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a node cannot be emptied, with what is missing and where. Pure. Private to this collection."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterable, Sequence

from ..cluster.affinity import NODE
from ..failure.finding import ERROR, Finding
from .assignment import Assignment, Bundle
from .solver import SearchResult

_MOST_SETS = 32  # sets of destinations of which the unions are looked at as well


@dataclasses.dataclass(frozen=True)
class Infeasibility(Finding):
    """Why not every VM can have a place; its subject is the node that is to be emptied.

    Its code is ``no_node`` (a VM may go nowhere), ``total_memory`` (of all VMs, or of those that are confined to some
    nodes), ``vm_too_big``, ``too_few_nodes`` (more VMs of a hard rule than nodes), ``no_combination`` (every
    combination was tried), ``blocked`` and ``strategy`` (single VMs cannot, or are not to, be moved), or
    ``not_proved``: no placement was found, and there may be one all the same.

    Attributes:
        vms: names_of of the VMs that it is about, empty for all.
        missing_mb: memory that is missing at least, 0 where it is not memory.
        nodes: the nodes where it is missing.
    """

    vms: tuple[str, ...] = ()
    missing_mb: int = 0
    nodes: tuple[str, ...] = ()

    @classmethod
    def because(
        cls, code: str, message: str, vms: tuple[str, ...] = (), missing_mb: int = 0, nodes: tuple[str, ...] = ()
    ) -> Infeasibility:
        """Return the infeasibility of a node that is not named yet."""
        return cls(code, ERROR, "", "node", message, vms=vms, missing_mb=missing_mb, nodes=nodes)

    @property
    def is_proved(self) -> bool:
        """No placement exists, as opposed to none having been found."""
        return self.code != "not_proved"

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {
            **super().as_result(),
            "proved": self.is_proved,
            "vms": list(self.vms),
            "missing_mb": self.missing_mb,
            "nodes": list(self.nodes),
        }


def prove(assignment: Assignment, found: SearchResult) -> Infeasibility | None:
    """Return why not every bundle of an assignment could be placed, the plainest reason first; None where all are."""
    if not assignment.unplaced():
        return None
    empty = Assignment(assignment.problem)
    for attempt in (_no_node, _total_memory, _vm_too_big, _confined_memory, _too_few_nodes):
        infeasibility = attempt(empty)
        if infeasibility is not None:
            return infeasibility
    if found.exhausted:
        return Infeasibility.because(
            "no_combination",
            "Every combination of places was ruled out: memory would suffice, but not in the pieces that it is in, nor "
            "within the rules.",
            names_of(empty.bundles[bundle] for bundle in assignment.unplaced()),
            nodes=_node_names(empty, range(len(empty.destinations))),
        )
    return Infeasibility.because(
        "not_proved",
        f"No complete placement was found, and none was proved impossible: the search ended after {found.steps} steps.",
        names_of(empty.bundles[bundle] for bundle in assignment.unplaced()),
    )


def names_of(bundles: Iterable[Bundle]) -> tuple[str, ...]:
    """Return the names_of of the VMs of some bundles."""
    return tuple(one.vm.name for bundle in bundles for one in bundle.candidates)


def _node_names(assignment: Assignment, places: Iterable[int]) -> tuple[str, ...]:
    return tuple(assignment.destinations[place].name for place in sorted(places))


def _no_node(assignment: Assignment) -> Infeasibility | None:
    for index, bundle in enumerate(assignment.bundles):
        places = [place for place in bundle.open_to if not assignment.broken_rules(index, place, hard=True)]
        if not places:
            vms = names_of([bundle])
            return Infeasibility.because(
                "no_node", f"No destination may take {', '.join(vms)}: {why_no_node(assignment, index)}.", vms
            )
    return None


def why_no_node(assignment: Assignment, bundle: int) -> str:
    """Return what keeps a bundle from every destination, memory apart."""
    candidates = assignment.bundles[bundle].candidates
    owners = candidates[0].possible_owners
    reasons = []
    for place, destination in enumerate(assignment.destinations):
        against = [text for one in candidates if (text := one.objection(destination))]
        broken = assignment.broken_rules(bundle, place, hard=True)
        if not against and broken:
            against = [f"{destination.name} would break the {' and the '.join(rule.text for rule in broken)}"]
        reasons.extend(against[:1])
    if reasons and not all(one.endswith("is not a possible owner") for one in reasons):
        return "; ".join(dict.fromkeys(reasons))
    if any(one.pinned for one in candidates):
        bound = next(one for one in candidates if one.pinned)
        return f"{bound.pinned_because}, and {bound.pinned} is not among the destinations"
    listed = ", ".join(owners) or "none"
    return f"none of its possible owners ({listed}) is up, not paused and allowed as destination"


def _reachable(assignment: Assignment, bundle: int) -> list[int]:
    return [
        place for place in assignment.bundles[bundle].open_to if not assignment.broken_rules(bundle, place, hard=True)
    ]


def _vm_too_big(assignment: Assignment) -> Infeasibility | None:
    worst: tuple[int, int, int] | None = None
    for index, bundle in enumerate(assignment.bundles):
        best = max(_reachable(assignment, index), key=lambda place: (assignment.room[place], -place))
        missing = bundle.need - assignment.room[best]
        if bundle.need and missing > 0 and (worst is None or missing > worst[0]):
            worst = (missing, index, best)
    if worst is None:
        return None
    missing, index, best = worst
    vms, node = names_of([assignment.bundles[index]]), assignment.destinations[best].name
    need, it = ("need", "them") if len(vms) > 1 else ("needs", "it")
    text = (
        f"{_and(vms)} {need} {assignment.bundles[index].need} MB on one node; the roomiest that may take {it}, {node}, "
        f"has {max(0, assignment.room[best])} MB to give: {missing} MB are missing."
    )
    return Infeasibility.because("vm_too_big", text, vms, missing, (node,))


def _total_memory(assignment: Assignment) -> Infeasibility | None:
    return _shortage(assignment, frozenset(range(len(assignment.destinations))))


def _confined_memory(assignment: Assignment) -> Infeasibility | None:
    """Compare needs and room over each set of destinations to which some VMs are confined."""
    sets = sorted(
        {frozenset(_reachable(assignment, index)) for index, bundle in enumerate(assignment.bundles) if bundle.need},
        key=sorted,
    )
    unions = {one | other for one in sets for other in (sets if len(sets) <= _MOST_SETS else (one,))}
    found = [_shortage(assignment, places) for places in sorted(unions, key=lambda one: (-len(one), sorted(one)))]
    return max(filter(None, found), key=lambda shortage: shortage.missing_mb, default=None)


def _shortage(assignment: Assignment, places: frozenset[int]) -> Infeasibility | None:
    """Return that the VMs that can only go to ``places`` need more memory than these have, if they do."""
    confined = [
        bundle
        for index, bundle in enumerate(assignment.bundles)
        if bundle.need and places.issuperset(_reachable(assignment, index))
    ]
    needed = sum(bundle.need for bundle in confined)
    room = sum(max(0, assignment.room[one]) for one in places)
    if needed <= room:
        return None
    nodes, everything = _node_names(assignment, places), len(places) == len(assignment.destinations)
    count = len(names_of(confined))
    who = f"{count} {'VMs need' if count != 1 else 'VM needs'} {needed} MB"
    what = (
        f"{_and(nodes)} {'together have' if len(nodes) > 1 else 'has'} {room} MB to give" if nodes else "none is there"
    )
    text = f"{who}{'' if everything else ' and may go nowhere else'}; {what}: {needed - room} MB are missing."
    return Infeasibility.because("total_memory", text, () if everything else names_of(confined), needed - room, nodes)


def _too_few_nodes(assignment: Assignment) -> Infeasibility | None:
    for rule in assignment.rules:
        if rule.together or not rule.hard:
            continue
        inside = [
            index
            for index, bundle in enumerate(assignment.bundles)
            if any(one.vm.id in rule.members for one in bundle.candidates)
        ]
        places = {place for index in inside for place in _reachable(assignment, index)}
        scopes = {assignment.scope(rule, place) for place in places}
        if None in scopes or len(inside) <= len(scopes):
            continue
        what = "node" if rule.scope == NODE else "fault domain"
        vms = names_of(assignment.bundles[index] for index in inside)
        text = (
            f"The {rule.name} keeps {len(inside)} VMs of the node apart ({', '.join(vms)}), and only {len(scopes)} "
            f"{what}{'s have' if len(scopes) != 1 else ' has'} none of it: {_and(_node_names(assignment, places))}."
        )
        return Infeasibility.because("too_few_nodes", text, vms, nodes=_node_names(assignment, places))
    return None


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
