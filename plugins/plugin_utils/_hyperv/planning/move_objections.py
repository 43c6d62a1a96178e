# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What rules, anti-affinity classes and memory say of moves that somebody chose, all of them together.

Hyper-V judges each move alone, and gives no reason where it refuses one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.affinity import NODE, Rule, group_member, read_affinity_rules
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup, read_traits
from ..cluster.hosts import Memory, try_memory
from ..cluster.nodes import Node
from ..cluster.patience import NAMES_IN_A_QUERY
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from ..failure.failures import Failure
from .snapshot import collect_rules

RESERVE_PERCENT = 10
"""Of a node's memory so much is to stay free, as an evacuation keeps it unless it is told otherwise."""


@dataclasses.dataclass(frozen=True)
class Intended:
    """A move that somebody chose. ``runs``: its VM takes memory on the destination."""

    vm: Vm
    role: VmGroup | None
    source: str
    destination: Node
    runs: bool


@dataclasses.dataclass(frozen=True)
class Judged:
    """What speaks against a move.

    Attributes:
        rules: that it would break, in words.
        shortage: the destination lacks memory for it beside the other moves; None where it does not.
        tight: it leaves less free than the reserve, in words; empty where it does not.
    """

    rules: tuple[str, ...] = ()
    shortage: Failure | None = None
    tight: str = ""

    @property
    def against(self) -> str:
        """Everything that may keep the cluster from making the move, in clauses; empty for nothing."""
        return "; ".join((*self.rules, *((self.shortage.cause,) if self.shortage is not None else ())))


@dataclasses.dataclass(frozen=True)
class Around:
    """The cluster around some moves: its rules, where their members are, and memory by first label of the node.

    ``notes`` say whose memory could not be read.
    """

    rules: tuple[Rule, ...]
    where: Mapping[str, str]
    memory: Mapping[str, Memory]
    notes: tuple[str, ...] = ()


def read_around(cluster: Cluster, intended: Sequence[Intended], *, with_memory: bool) -> Around:
    """Read rules, and the memory of the destinations if it matters. Raises HyperVError, Fault, TransportError."""
    memory: dict[str, Memory] = {}
    notes: list[str] = []
    destinations = {first_label(one.destination.name): one.destination for one in intended} if with_memory else {}
    for label, node in destinations.items():
        known, why = try_memory(cluster, node)
        if known is not None:
            memory[label] = known
        else:
            notes.append(f"Whether {node.name} has memory for what goes there could not be read. {why}")
    if not cluster.is_clustered:
        return Around((), {}, memory, tuple(notes))
    roles = {one.vm.id: one.role for one in intended if one.role}
    affinity = read_affinity_rules(cluster)
    if not affinity and _share_no_class(cluster, list({role.group.casefold() for role in roles.values()})):
        return Around((), {}, memory, tuple(notes))
    # Of the others it is enough to know their groups: a look at all VMs costs more the bigger the cluster is.
    traits = read_traits(cluster)
    rules, _notes = collect_rules(cluster, affinity, roles, traits)
    where = {group_member(name): one.owner for name, one in traits.items() if one.owner}
    return Around(tuple(rules), where, memory, tuple(notes))


def _share_no_class(cluster: Cluster, groups: Sequence[str]) -> bool:
    """Tell whether some groups are known to be in no anti-affinity class; one request, or none for many groups."""
    if not groups or len(groups) > NAMES_IN_A_QUERY:
        return not groups
    own = read_traits(cluster, groups)
    return len(own) == len(groups) and not any(one.anti_affinity for one in own.values())


def judge_moves(around: Around, intended: Sequence[Intended]) -> dict[str, Judged]:
    """Return what speaks against each move once all of them are made, by VM id. Pure."""
    where = {**around.where, **{one.vm.id: one.destination.name for one in intended}}
    short, tight = _memory(around, intended)
    return {
        one.vm.id: Judged(tuple(_broken(around, where, one)), short.get(one.vm.id), tight.get(one.vm.id, ""))
        for one in intended
    }


def _broken(around: Around, where: Mapping[str, str], one: Intended) -> list[str]:
    here = first_label(one.destination.name)
    found = []
    for rule in around.rules:
        if rule.scope != NODE or one.vm.id not in rule.members:
            continue
        others = [first_label(where[member]) for member in rule.members - {one.vm.id} if where.get(member)]
        if (here not in others and others) if rule.together else here in others:
            found.append(f"{one.destination.name} would break the {rule.text}")
    return found


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


def less_than_reserve(node: str, free_mb: int, total_mb: int) -> str:
    """Return that a node would have less free than the reserve, in words; empty where it would not."""
    if free_mb >= total_mb * RESERVE_PERCENT // 100:
        return ""
    return (
        f"{node} would have {free_mb} MB free after that, less than the {RESERVE_PERCENT} % of its memory that an "
        "evacuation keeps free."
    )


def explained(refusal: Failure, judged: Judged, destination: str) -> Failure:
    """Return a refusal for which Hyper-V gives no reason with what the cluster's own data say against the move."""
    if refusal.code != "not_migratable" or not judged.against:
        return refusal
    return dataclasses.replace(
        refusal,
        cause=f"{refusal.cause}. What the cluster's own data say against it: {judged.against}",
        remedy=judged.shortage.remedy
        if judged.shortage is not None and not judged.rules
        else f"Choose another node than {destination}, or move the other VMs that the rule is about first.",
    )
