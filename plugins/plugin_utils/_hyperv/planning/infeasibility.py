# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a node cannot be emptied, with what is missing and where. Pure."""

from __future__ import annotations

import dataclasses
import heapq
import typing as t
from collections.abc import Iterable, Iterator, Sequence

from ..cluster.affinity import NODE
from ..failure.finding import ERROR, Finding, FindingResult
from .assignment import Assignment, Bundle

_MOST_SETS = 32  # sets of destinations of which the unions are looked at as well


class MissingMemory(t.TypedDict):
    """Memory that is to be added to a node."""

    node: str
    memory_mb: int


class InfeasibilityResult(FindingResult):
    """An infeasibility in a task's result."""

    proved: bool
    vms: list[str]
    nodes: list[str]
    at_least_mb: int
    missing_mb: int
    enough: list[MissingMemory]


@dataclasses.dataclass(frozen=True)
class Infeasibility(Finding):
    """Why not every VM can have a place; its subject is the node that is to be emptied.

    Its code is ``no_node`` (a VM may go nowhere), ``total_memory`` (of all VMs, or of those that are confined to some
    nodes), ``vm_too_big``, ``too_few_nodes`` (more VMs of a hard rule than nodes), ``no_combination`` (memory is not in
    the pieces that VMs need, or every combination was tried), ``blocked`` and ``strategy`` (single VMs cannot, or are
    not to, be moved), or ``not_proved``: no placement was found, and there may be one all the same.

    Attributes:
        vms: names of the VMs that it is about, empty for all.
        nodes: the nodes where memory is missing.
        at_least_mb: memory that is missing in any case, 0 where none is proved.
        missing_mb: memory with which a placement of every VM was found, 0 where none was or memory is not missing.
        enough: how much of ``missing_mb`` is to be added to which node.
    """

    vms: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    at_least_mb: int = 0
    missing_mb: int = 0
    enough: tuple[tuple[str, int], ...] = ()

    @classmethod
    def because(
        cls, code: str, message: str, vms: tuple[str, ...] = (), at_least_mb: int = 0, nodes: tuple[str, ...] = ()
    ) -> Infeasibility:
        """Return the infeasibility of a node that is not named yet."""
        return cls(
            code=code,
            severity=ERROR,
            subject="",
            subject_kind="node",
            message=message,
            vms=vms,
            nodes=nodes,
            at_least_mb=at_least_mb,
        )

    @property
    def is_proved(self) -> bool:
        """No placement exists, as opposed to none having been found."""
        return self.code != "not_proved"

    def with_enough(self, enough: tuple[tuple[str, int], ...]) -> Infeasibility:
        """Return it with the memory that would be enough, by node, empty where that is not known; and say so."""
        missing = sum(mb for unused, mb in enough)
        where = _and([f"{mb} MB on {node}" for node, mb in enough]) if enough else ""
        if missing and missing == self.at_least_mb:
            amount = f" {missing} MB are missing" + (f"; {where} would be enough." if len(enough) > 1 else ".")
        elif missing:
            least = f" At least {self.at_least_mb} MB are missing." if self.at_least_mb else ""
            amount = f"{least} {where} more would be enough."
        else:
            amount = f" At least {self.at_least_mb} MB are missing." if self.at_least_mb else ""
        nodes = self.nodes or tuple(node for node, unused in enough)
        return dataclasses.replace(self, message=self.message + amount, missing_mb=missing, enough=enough, nodes=nodes)

    def as_result(self) -> InfeasibilityResult:
        """Return it for a task's result."""
        return {
            **super().as_result(),
            "proved": self.is_proved,
            "vms": list(self.vms),
            "nodes": list(self.nodes),
            "at_least_mb": self.at_least_mb,
            "missing_mb": self.missing_mb,
            "enough": [{"node": node, "memory_mb": mb} for node, mb in self.enough],
        }


def prove(empty: Assignment) -> Infeasibility | None:
    """Return why not every bundle can be placed, without any search: the plainest reason first; None for none known.

    Nothing is placed in the assignment.
    """
    for attempt in (_no_node, _too_few_nodes):
        found = attempt(empty)
        if found is not None:
            return found
    shortages = list(_shortages(empty))
    return max(shortages, key=lambda one: one.at_least_mb) if shortages else None


def not_found(assignment: Assignment, *, exhausted: bool, steps: int) -> Infeasibility:
    """Return what a search says that has placed not every bundle: it went to its end, or it gave up."""
    vms = names_of(assignment.bundles[bundle] for bundle in assignment.unplaced())
    if exhausted:
        return Infeasibility.because(
            "no_combination", "Every combination of places was ruled out, by memory and rules together.", vms
        )
    text = f"No complete placement was found, and none was proved impossible: the search ended after {steps} steps."
    return Infeasibility.because("not_proved", text, vms)


def names_of(bundles: Iterable[Bundle]) -> tuple[str, ...]:
    """Return the names of the VMs of some bundles."""
    return tuple(one.vm.name for bundle in bundles for one in bundle.candidates)


def _node_names(assignment: Assignment, places: Iterable[int]) -> tuple[str, ...]:
    return tuple(assignment.destinations[place].name for place in sorted(set(places)))


def _no_node(assignment: Assignment) -> Infeasibility | None:
    for index, bundle in enumerate(assignment.bundles):
        if not assignment.reachable(index):
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


def _shortages(assignment: Assignment) -> Iterator[Infeasibility]:
    """Compare needs and room over each set of destinations to which some VMs are confined, the largest set first."""
    everything = frozenset(range(len(assignment.destinations)))
    reach = {
        index: frozenset(assignment.reachable(index)) for index, bundle in enumerate(assignment.bundles) if bundle.need
    }
    sets = set(reach.values())
    if len(sets) <= _MOST_SETS:
        sets |= {one | other for one in sets for other in sets}
    for places in sorted({everything, *sets}, key=lambda one: (-len(one), sorted(one))):
        confined = [index for index, reachable in reach.items() if reachable <= places]
        for proof in (_total_memory, _too_big, _pieces):
            found = proof(assignment, places, confined)
            if found is not None:
                yield found


def _total_memory(assignment: Assignment, places: frozenset[int], confined: Sequence[int]) -> Infeasibility | None:
    """Prove that the VMs that can only go to ``places`` need more memory than these have."""
    needed = sum(assignment.needs[index] for index in confined)
    room = sum(max(0, assignment.room[one]) for one in places)
    if needed <= room:
        return None
    nodes, everything = _node_names(assignment, places), len(places) == len(assignment.destinations)
    vms = names_of(assignment.bundles[index] for index in confined)
    who = f"{len(vms)} {'VMs need' if len(vms) != 1 else 'VM needs'} {needed} MB"
    what = (
        f"{_and(nodes)} {'together have' if len(nodes) > 1 else 'has'} {room} MB to give" if nodes else "none is there"
    )
    text = f"{who}{'' if everything else ' and may go nowhere else'}; {what}."
    return Infeasibility.because("total_memory", text, () if everything else vms, needed - room, nodes)


def _too_big(assignment: Assignment, places: frozenset[int], confined: Sequence[int]) -> Infeasibility | None:
    """Prove that VMs are bigger than any node that they may go to: each lacks what the roomiest of them lacks."""
    most = max((assignment.room[place] for place in places), default=0)
    big = [index for index in confined if assignment.needs[index] > max(0, most)]
    if not big:
        return None
    least, cheapest = _growth(assignment, places, min(assignment.needs[index] for index in big), len(big))
    vms = names_of(assignment.bundles[index] for index in big)
    best = min(places, key=lambda place: (-assignment.room[place], place))
    node = assignment.destinations[best].name
    sizes = _and([f"{assignment.needs[index]} MB" for index in big])
    need, it = ("need", "them") if len(vms) > 1 else ("needs", "it")
    apart = " on one node" if len(vms) > 1 and len(big) == 1 else " on one node each" if len(big) > 1 else ""
    text = (
        f"{_and(vms)} {need} {sizes}{apart}; the roomiest node that may take {it}, {node}, has "
        f"{max(0, assignment.room[best])} MB to give."
    )
    return Infeasibility.because("vm_too_big", text, vms, least, _node_names(assignment, cheapest))


def _pieces(assignment: Assignment, places: frozenset[int], confined: Sequence[int]) -> Infeasibility | None:
    """Prove that big VMs outnumber the places of their size: memory would suffice, but not in pieces of that size."""
    worst: Infeasibility | None = None
    needs = sorted((assignment.needs[index] for index in confined), reverse=True)
    for size in sorted(set(needs)):
        count = sum(need >= size for need in needs)
        room = sum(max(0, assignment.room[place]) // size for place in places)
        if count <= room:
            continue
        least, unused = _growth(assignment, places, size, count - room)
        if worst is not None and least <= worst.at_least_mb:
            continue
        vms = names_of(assignment.bundles[index] for index in confined if assignment.needs[index] >= size)
        nodes = _node_names(assignment, places)
        text = (
            f"{count} VMs need {size} MB or more each, and {_and(nodes)} {'have' if len(nodes) > 1 else 'has'} room "
            f"for {room} of that size."
        )
        worst = Infeasibility.because("no_combination", text, vms, least, nodes)
    return worst


def _growth(assignment: Assignment, places: frozenset[int], size: int, count: int) -> tuple[int, list[int]]:
    """Return the least memory with which ``places`` hold ``count`` more VMs of a size, and where that is added."""
    rooms = [(size - max(0, assignment.room[place]) % size, place) for place in sorted(places)]
    heapq.heapify(rooms)
    total, grown = 0, []
    for unused in range(count):
        growth, place = heapq.heappop(rooms)
        total += growth
        grown.append(place)
        heapq.heappush(rooms, (size, place))
    return total, grown


def _too_few_nodes(assignment: Assignment) -> Infeasibility | None:
    for rule in assignment.rules:
        if rule.together or not rule.hard:
            continue
        inside = [
            index
            for index, bundle in enumerate(assignment.bundles)
            if any(one.vm.id in rule.members for one in bundle.candidates)
        ]
        places = {place for index in inside for place in assignment.reachable(index)}
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
