# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What rules, anti-affinity classes and memory say of moves that somebody chose, all of them together.

Hyper-V judges each move alone, and gives no reason where it refuses one.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.affinity import (
    DOMAIN,
    NODE,
    Rule,
    collect_rules,
    group_member,
    note_unjudged_rules,
    read_affinity_rules,
    read_domains,
)
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup, read_traits
from ..cluster.hosts import Memory, try_memory
from ..cluster.nodes import Node
from ..cluster.patience import NAMES_IN_A_QUERY
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from ..failure.failures import Failure

RESERVE_PERCENT = 10
"""Of a node's memory so much is to stay free, as an evacuation keeps it unless it is told otherwise."""


class Intended(t.NamedTuple):
    """A move that somebody chose. ``runs``: its VM takes memory on the destination."""

    vm: Vm
    role: VmGroup | None
    source: str
    destination: Node
    runs: bool


class Judged(t.NamedTuple):
    """What speaks against a move.

    Attributes:
        apart: rules that keep its VM away from others and that it would break, in words.
        together: rules that keep its VM with others, and that it would break or breaks for as long as others of the
            same source take to follow, in words.
        broken: those of both that are broken when all moves are made.
        shortage: the destination lacks memory for it beside the other moves; None where it does not.
        tight: it leaves less free than the reserve, in words; empty where it does not.
    """

    apart: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    shortage: Failure | None = None
    tight: str = ""

    @property
    def against(self) -> str:
        """Everything that may keep the cluster from making the move, in clauses; empty for nothing."""
        return "; ".join((*self.apart, *self.together, *((self.shortage.cause,) if self.shortage is not None else ())))

    def remedy(self, destination: str) -> str:
        """Return what helps against all of it."""
        found = []
        if self.apart:
            found.append(f"Choose another node than {destination}, or move the other VMs that the rule is about first.")
        if self.together:
            found.append("Disable the rule until all VMs that it keeps together are on the same node again.")
        if self.shortage is not None:
            found.append(self.shortage.remedy)
        return " ".join(found)


class Around(t.NamedTuple):
    """The cluster around some moves: its rules, where their members are, and memory by first label of the node.

    ``domains`` are the fault domains of nodes by first label. ``notes`` say what could not be read or judged. ``off``
    are the members of rules that do not run, as far as they do not move.
    """

    rules: tuple[Rule, ...]
    where: Mapping[str, str]
    memory: Mapping[str, Memory]
    notes: tuple[str, ...] = ()
    domains: Mapping[str, str] = {}
    off: frozenset[str] = frozenset()

    def place_of(self, rule: Rule, node: str) -> str:
        """Return the node or the fault domain of a node, whichever a rule is about; empty where it is not known."""
        label = first_label(node)
        return label if rule.scope == NODE else self.domains.get(label, "")

    def would_break(self, rule: Rule, vm_id: str, node: str, where: Mapping[str, str]) -> bool:
        """Tell whether a VM on a node breaks a rule of which it is, with the others where ``where`` says."""
        here = self.place_of(rule, node)
        nodes = [where[member] for member in rule.members - {vm_id} if where.get(member)]
        others = [place for one in nodes if (place := self.place_of(rule, one))]
        if not here or not others:
            return False
        return here not in others if rule.together else here in others


def read_around(cluster: Cluster, intended: Sequence[Intended], *, with_memory: bool) -> Around:
    """Read rules, and the memory of the destinations if it matters. Raises HyperVError, Fault, TransportError."""
    memory: dict[str, Memory] = {}
    notes: list[str] = []
    destinations = {first_label(one.destination.name): one.destination for one in intended} if with_memory else {}
    for label, node in destinations.items():
        known, unknown = try_memory(cluster, node)
        if known is not None:
            memory[label] = known
        if unknown is not None:
            notes.append(f"Whether {node.name} has memory for what goes there could not be read. {unknown.text}")
    if not cluster.is_clustered:
        return Around((), {}, memory, tuple(notes))
    roles = {one.vm.id: one.role for one in intended if one.role}
    affinity = read_affinity_rules(cluster)
    if not affinity and _share_no_class(cluster, list({role.group for role in roles.values()})):
        return Around((), {}, memory, tuple(notes))
    # Of the others it is enough to know their groups: a look at all VMs costs more the bigger the cluster is.
    traits = read_traits(cluster)
    rules, _notes = collect_rules(cluster, affinity, roles, traits)
    rules = [rule for rule in rules if any(one.vm.id in rule.members for one in intended)]
    domains = read_domains(cluster) if any(rule.scope == DOMAIN for rule in rules) else {}
    nodes = sorted({first_label(one.destination.name) for one in intended})
    where = {group_member(name): one.owner for name, one in traits.items() if one.owner}
    off = frozenset(group_member(name) for name, one in traits.items() if one.state == "offline")
    return Around(tuple(rules), where, memory, (*notes, *note_unjudged_rules(rules, domains, nodes)), domains, off)


def _share_no_class(cluster: Cluster, groups: Sequence[str]) -> bool:
    """Tell whether some groups are known to be in no anti-affinity class; one request, or none for many groups."""
    if not groups or len(groups) > NAMES_IN_A_QUERY:
        return not groups
    own = read_traits(cluster, groups)
    return len(own) == len(groups) and not any(one.anti_affinity for one in own.values())


def judge_moves(around: Around, intended: Sequence[Intended], *, are_made: bool) -> dict[str, Judged]:
    """Return what speaks against each move by VM id: once all of them are made, or beside what stands now. Pure."""
    where = {**around.where, **({one.vm.id: one.destination.name for one in intended} if are_made else {})}
    names = {one.vm.id: one.vm.name for one in intended if one.source != one.destination.name}
    if are_made:
        short, tight = _memory(around, intended)
    else:
        each = [_memory(around, [one]) for one in intended]
        short = {vm_id: found for one, _tight in each for vm_id, found in one.items()}
        tight = {vm_id: found for _short, one in each for vm_id, found in one.items()}
    found = {}
    for one in intended:
        rules = [rule for rule in around.rules if one.vm.id in rule.members]
        broken = [rule for rule in rules if around.would_break(rule, one.vm.id, one.destination.name, where)]
        parted = {rule: _left_behind(rule, one, names) for rule in rules if rule.together and rule.scope == NODE}
        found[one.vm.id] = Judged(
            tuple(_would_break(one, rule) for rule in broken if not rule.together),
            tuple(
                parted.get(rule) or _would_break(one, rule)
                for rule in rules
                if rule.together and (rule in broken or parted.get(rule))
            ),
            tuple(_would_break(one, rule) for rule in broken),
            short.get(one.vm.id),
            tight.get(one.vm.id, ""),
        )
    return found


def _would_break(one: Intended, rule: Rule) -> str:
    return f"{one.destination.name} would break the {rule.text}"


def _left_behind(rule: Rule, one: Intended, names: Mapping[str, str]) -> str:
    """Return that a VM is parted from others that move as well, for as long as that takes; empty where from none."""
    others = ", ".join(sorted(names[member] for member in (rule.members & names.keys()) - {one.vm.id}))
    return f"the {rule.text} keeps it with {others}, and they move one after the other" if others else ""


def _memory(around: Around, intended: Sequence[Intended]) -> tuple[dict[str, Failure], dict[str, str]]:
    short: dict[str, Failure] = {}
    tight: dict[str, str] = {}
    for label, memory in around.memory.items():
        free = memory.free_mb + sum(
            one.vm.memory_mb or 0
            for one in intended
            if first_label(one.source) == label and one.vm.state not in AT_REST
        )
        for one in intended:
            need = (one.vm.memory_mb or 0) if one.runs else 0
            if first_label(one.destination.name) != label or first_label(one.source) == label or not need:
                continue
            name = one.destination.name
            if need > free:
                short[one.vm.id] = Failure(
                    "not_enough_memory",
                    f"{name} has {max(free, 0)} MB free beside the other VMs that go there, and VM {one.vm.name} needs "
                    f"{need} MB",
                    f"Move other VMs away from {name} first, or choose another node.",
                )
                continue
            free -= need
            if less := less_than_reserve(name, free, memory.total_mb):
                tight[one.vm.id] = less
    return short, tight


def less_than_reserve(node: str, free_mb: int, total_mb: int, *, is_now: bool = False) -> str:
    """Return that a node has or would have less free than the reserve, in words; empty where it does not."""
    if free_mb >= total_mb * RESERVE_PERCENT // 100:
        return ""
    what = f"has {free_mb} MB free now" if is_now else f"would have {free_mb} MB free after that"
    return f"{node} {what}, less than the {RESERVE_PERCENT} % of its memory that an evacuation keeps free."


def with_known_cause(refusal: Failure, judged: Judged, destination: str) -> Failure:
    """Return a refusal for which nobody gives a reason with what the cluster's own data say against the move."""
    if refusal.code != "not_migratable" or not refusal.vague or not judged.against:
        return refusal
    return refusal._replace(
        cause=f"{refusal.cause}. What the cluster's own data say against it: {judged.against}",
        remedy=judged.remedy(destination),
    )
