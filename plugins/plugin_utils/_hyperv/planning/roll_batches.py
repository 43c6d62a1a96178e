# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Turns that nodes have together: all are emptied, worked on, and get back what returns. Pure.

Nothing moves between nodes that are away together, so it does not matter in which order their VMs leave.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from ..._hostnames import first_label
from .durations import milliseconds
from .evacuation_request import EvacuationRequest
from .layout import Layout
from .problem import Candidate
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


def plan_batch(
    layout: Layout, nodes: Sequence[str], evacuation: EvacuationRequest, plan: Callable[[Layout, str], RollStep]
) -> Batch | None:
    """Return the turns of nodes that are away together; None where no plan was found that empties all of them.

    ``plan`` returns the turn of a node in a layout. A node for which too little room was left is planned first then.
    """
    waiting, steps = list(nodes), list[RollStep]()
    for unused in range(_TRIES):
        steps, stuck = _in_turn(layout, waiting, plan)
        if not stuck:
            break
        if not steps:
            return None  # not even as the first one
        waiting = [stuck, *(one for one in waiting if one != stuck)]
    else:
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


def _in_turn(
    layout: Layout, nodes: Sequence[str], plan: Callable[[Layout, str], RollStep]
) -> tuple[list[RollStep], str]:
    """Return the turns up to the first node that cannot be emptied, and that one; empty where all can be."""
    steps: list[RollStep] = []
    left = layout.without(nodes)
    for node in nodes:
        step = plan(left, node)
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
