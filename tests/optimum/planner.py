# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The planner as the measurements ask it: the only place here that knows it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster import affinity
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import Memory
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import Vm as ClusterVm
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.helper_moves import Helper, find_help
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.placement import place
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.problem import (
    Candidate,
    Destination,
    PlacementProblem,
)

from .model import Rule, Situation

_SOURCE = "LEFT"


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the planner said.

    Attributes:
        places: node by VM, in the order of the moves.
        is_complete: every VM has a place.
        is_proved: it says that it is impossible, as opposed to not found.
        code: why not every VM has a place, empty where all have.
        cpu_seconds: what the answer took.
        at_least_mb: memory that it says is missing in any case.
        enough: memory that it says would be enough, by node.
    """

    places: Mapping[str, str]
    is_complete: bool
    is_proved: bool
    code: str
    cpu_seconds: float
    at_least_mb: int = 0
    enough: Mapping[str, int] = dataclasses.field(default_factory=dict)


def ask(situation: Situation) -> Answer:
    """Let the planner place the VMs."""
    problem = _problem(situation)
    began = time.process_time()
    placement = place(problem)
    seconds = time.process_time() - began
    why = placement.infeasibility
    return Answer(
        {one.candidate.vm.name: one.destination for one in placement.moves},
        why is None and not placement.unplaced,
        why is not None and why.is_proved,
        why.code if why is not None else "",
        seconds,
        why.at_least_mb if why is not None else 0,
        dict(why.enough) if why is not None else {},
    )


@dataclasses.dataclass(frozen=True)
class HelpAnswer:
    """Moves (VM, from, to) of VMs of other nodes in their order, None for none found, and the places after them."""

    moves: Sequence[tuple[str, str, str]] | None
    places: Mapping[str, str]
    cpu_seconds: float


def ask_for_help(situation: Situation, residents: Mapping[str, Mapping[str, int]], most: int) -> HelpAnswer:
    """Let the planner find VMs of other nodes that step aside; ``residents`` are their memory by node."""
    problem = _problem(situation)
    helpers = [
        Helper(Candidate(ClusterVm(vm, vm, node, "running", (2,), size)), node)
        for node, vms in residents.items()
        for vm, size in vms.items()
    ]
    began = time.process_time()
    found = find_help(problem, helpers, most)
    seconds = time.process_time() - began
    if found is None:
        return HelpAnswer(None, {}, seconds)
    moves = [(one.helper.candidate.vm.name, one.helper.node, one.destination) for one in found.moves]
    return HelpAnswer(moves, {one.candidate.vm.name: one.destination for one in found.placement.moves}, seconds)


def _problem(situation: Situation) -> PlacementProblem:
    where = {_held(rule, number): node for rule in situation.rules for number, node in enumerate(rule.held)}
    candidates = tuple(
        Candidate(
            ClusterVm(vm.name, vm.name, _SOURCE, "running", (2,), vm.memory_mb),
            vm.priority,
            tuple(sorted(vm.owners)),
            tuple(sorted(vm.preferred)),
        )
        for vm in situation.vms
    )
    destinations = tuple(
        Destination(
            node.name,
            Memory(node.total_mb, node.free_mb),
            slots=node.slots,
            rate=node.rate if node.is_rate_known else None,
        )
        for node in situation.nodes
    )
    domains = {node.lower(): domain for node, domain in situation.domains.items()}
    rules = tuple(_rule(rule) for rule in situation.rules)
    return PlacementProblem(
        candidates,
        destinations,
        rules,
        where,
        domains,
        situation.reserve_percent,
        source_slots=situation.slots,
        cluster_slots=situation.limit,
    )


def _rule(rule: Rule) -> affinity.Rule:
    members = rule.members | {_held(rule, number) for number in range(len(rule.held))}
    scope = affinity.DOMAIN if rule.by_domain else affinity.NODE
    return affinity.Rule(rule.name, rule.together, scope, rule.hard, members)


def _held(rule: Rule, number: int) -> str:
    return f"{rule.name} member {number}"
