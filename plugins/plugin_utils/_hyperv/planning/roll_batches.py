# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Turns that nodes have together: all are emptied, worked on, and get back what returns. Pure.

Nothing moves between nodes that are away together, so it does not matter in which order their VMs leave.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from .durations import milliseconds
from .evacuation_request import EvacuationRequest
from .layout import Layout, Shift
from .problem import Candidate
from .revalidation import EarlierMove, EarlierPlan
from .roll_steps import RollStep, after_evacuation, end_of_move, with_returned
from .roll_times import TimedMove, together

_TRIES = 6  # orders in which the nodes of a batch are planned


@dataclasses.dataclass(frozen=True)
class Batch:
    """The turns of nodes that are away together.

    Attributes:
        steps: one for each node.
        evacuation_seconds: how long it takes until all of them are empty, None where that is not known.
        return_seconds: how long all returns take, likewise.
    """

    steps: tuple[RollStep, ...]
    evacuation_seconds: int | None
    return_seconds: int | None

    @property
    def nodes(self) -> list[str]:
        """Their names."""
        return [one.node for one in self.steps]

    @property
    def seconds(self) -> int | None:
        """How long all moves take, None where that is not known."""
        if self.evacuation_seconds is None or self.return_seconds is None:
            return None
        return self.evacuation_seconds + self.return_seconds


def alone(step: RollStep) -> Batch:
    """Return the turn of a node that is away alone."""
    return Batch((step,), step.evacuation_seconds, step.return_seconds)


class Plan(t.Protocol):
    """Plans the turn of a node in a layout; ``earlier`` has places for its VMs that are kept if they hold."""

    def __call__(self, layout: Layout, node: str, earlier: EarlierPlan | None = None) -> RollStep:
        """Return the turn, which need not be possible."""


def plan_batch(layout: Layout, nodes: Sequence[str], evacuation: EvacuationRequest, plan: Plan) -> Batch | None:
    """Return the turns of nodes that are away together; None where no plan was found that empties all of them.

    A node for which too little room was left is planned first then. Where that does not help, all of them are planned
    as one.
    """
    steps = _in_some_order(layout, nodes, plan) or _as_one(layout, nodes, plan)
    if not steps:
        return None
    slots = {label: one.slots for label, one in layout.nodes.items()}

    def take(moves: Sequence[tuple[Candidate, str, str]]) -> int | None:
        timed = [
            TimedMove(
                first_label(source),
                first_label(there),
                milliseconds(candidate, end_of_move(layout, there, source, evacuation)),
            )
            for candidate, source, there in moves
        ]
        return together(timed, slots, layout.snapshot.cluster_slots)

    leaving = [(one.candidate, step.node, one.destination) for step in steps for one in step.plan.moves]
    returning = [(one.candidate, one.source, one.destination) for step in steps for one in step.returns]
    return Batch(tuple(steps), take(leaving), take(returning))


def _in_some_order(layout: Layout, nodes: Sequence[str], plan: Plan) -> list[RollStep]:
    """Return the turns of all nodes, in the first order in which each finds room; none where no such order is found."""
    waiting = list(nodes)
    for unused in range(_TRIES):
        steps, stuck = _in_turn(layout, waiting, plan)
        if not stuck:
            return steps
        if not steps:
            break  # not even as the first one
        waiting = [stuck, *(one for one in waiting if one != stuck)]
    return []


def _as_one(layout: Layout, nodes: Sequence[str], plan: Plan) -> list[RollStep]:
    """Return the turns of all nodes, with places for their VMs as if one node had them all; none if it has none."""
    first, *others = nodes
    # The nodes are away, so it does not matter what memory is free on them.
    gathered = layout.without(nodes).after([Shift(vm.id, first, 0, 0) for node in others for vm in layout.on(node)])
    whole = plan(gathered, first)
    if not whole.is_possible:
        return []
    sources = {vm.id: node for node in nodes for vm in layout.on(node)}
    places: dict[str, dict[str, EarlierMove]] = {node: {} for node in nodes}
    for one in whole.plan.moves:
        vm, candidate = one.candidate.vm, one.candidate
        places[sources[vm.id]][vm.id] = EarlierMove(
            vm.id, vm.name, sources[vm.id], one.destination, candidate.needs_mb, vm.state, candidate.strategy
        )
    steps, stuck = _in_turn(layout, nodes, plan, places)
    return [] if stuck else steps


def _in_turn(
    layout: Layout, nodes: Sequence[str], plan: Plan, places: Mapping[str, Mapping[str, EarlierMove]] | None = None
) -> tuple[list[RollStep], str]:
    """Return the turns up to the first node that cannot be emptied, and that one; empty where all can be.

    ``places``: by node, those of its VMs; None for any.
    """
    steps: list[RollStep] = []
    left = layout.without(nodes)
    for node in nodes:
        step = plan(left, node, EarlierPlan(node, places[node], {}) if places is not None else None)
        if not step.is_possible:
            return steps, node
        left = after_evacuation(left, step)
        steps.append(step)
    return steps, ""


def after_batch(layout: Layout, batch: Batch) -> Layout:
    """Return the layout once the turns of all its nodes are over."""
    after = layout.without(batch.nodes)
    for step in batch.steps:
        after = after_evacuation(after, step)
    after = after.without(())
    for step in batch.steps:
        after = after.with_resumed(step.node)
    for step in batch.steps:
        after = with_returned(after, step)
    return after
