# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One node's turn in the plan of a rolling maintenance: what leaves it, and what returns. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from ..cluster.hosts import Memory
from .durations import milliseconds
from .evacuation import plan_from_snapshot, with_help
from .evacuation_plan import EvacuationPlan
from .evacuation_request import EvacuationRequest, Preference
from .layout import KnownReader, Layout, Shift, memory_of
from .problem import Candidate, Destination, PlacementProblem
from .schedule import schedule
from .strategies import OFFLINE

DONE_ALREADY = "done already"


@dataclasses.dataclass(frozen=True)
class Return:
    """A VM that goes back after the work: home to its node, or where it was before it stepped aside."""

    candidate: Candidate
    source: str
    destination: str


@dataclasses.dataclass(frozen=True)
class RollStep:
    """One node's turn.

    Attributes:
        plan: how it is emptied; its stays are what is left on it.
        returns: what goes back when the work is done.
        is_kept: all that leaves it returns.
        return_seconds: how long the returns take, None where that is not known.
    """

    node: str
    plan: EvacuationPlan
    returns: tuple[Return, ...] = ()
    is_kept: bool = False
    return_seconds: int | None = 0

    @property
    def is_possible(self) -> bool:
        """The node can be emptied."""
        return self.plan.infeasibility is None

    @property
    def moves(self) -> int:
        """How many moves it takes."""
        return len(self.plan.moves) + len(self.plan.steps_aside) + len(self.returns)

    @property
    def memory_mb(self) -> int:
        """The memory that its moves copy."""
        leaving = [one.candidate for one in self.plan.moves]
        aside = [one.helper.candidate for one in self.plan.steps_aside]
        return sum(one.needs_mb for one in (*leaving, *aside, *(one.candidate for one in self.returns)))

    @property
    def evacuation_seconds(self) -> int | None:
        """How long it takes to empty it, None where that is not known."""
        if not (self.plan.moves or self.plan.steps_aside):
            return 0
        return self.plan.expected.seconds if self.plan.expected is not None else None

    @property
    def seconds(self) -> int | None:
        """How long all its moves take, None where that is not known."""
        if self.evacuation_seconds is None or self.return_seconds is None:
            return None
        return self.evacuation_seconds + self.return_seconds


def plan_step(
    layout: Layout,
    node: str,
    evacuation: EvacuationRequest,
    done: Sequence[str],
    returning: AbstractSet[str],
    *,
    is_kept: bool,
) -> RollStep:
    """Return a node's turn at this moment, which need not be possible.

    Args:
        evacuation: how it is emptied; its helpers are looked for where it has some.
        done: nodes that need not be emptied any more, to which goes first what does not return.
        returning: ids of VMs that return to this node.
        is_kept: all return, and so do VMs of other nodes that step aside.
    """
    snapshot = layout.around(node)
    moving_on = frozenset(vm.id for vm in layout.on(node)) - (frozenset(returning) if not is_kept else frozenset())
    request = dataclasses.replace(evacuation, node=node)
    if done and not is_kept:
        preference = Preference(tuple(done), DONE_ALREADY, moving_on)
        request = dataclasses.replace(request, preference=preference, preferred_owner_cost=None)
    plan = plan_from_snapshot(snapshot, request)
    if plan.infeasibility is not None and request.helpers:
        plan = with_help(KnownReader(layout.snapshot), snapshot, request, plan)
    returns = tuple(_returns(plan, returning, is_kept=is_kept)) if plan.infeasibility is None else ()
    return RollStep(node, plan, returns, is_kept, _return_seconds(layout, node, request, returns))


def _returns(plan: EvacuationPlan, returning: AbstractSet[str], *, is_kept: bool) -> list[Return]:
    # What is stopped to leave has no memory of its own planned for where it goes.
    found = [
        Return(one.candidate, one.destination, plan.node)
        for one in plan.moves
        if is_kept
        or one.candidate.vm.id in returning
        or (one.candidate.strategy in OFFLINE and one.candidate.has_memory)
    ]
    if is_kept:
        found += [Return(one.helper.candidate, one.destination, one.helper.node) for one in plan.steps_aside]
    return found


def _return_seconds(layout: Layout, node: str, request: EvacuationRequest, returns: Sequence[Return]) -> int | None:
    """Return how long the returns take: those to the node side by side, those of other nodes one after the other."""
    if not returns:
        return 0
    home = [one for one in returns if first_label(one.destination) == first_label(node)]
    others = [one for one in returns if first_label(one.destination) != first_label(node)]
    problem = PlacementProblem(
        (),
        (),
        source_slots=layout.nodes[first_label(node)].slots,
        cluster_slots=layout.snapshot.cluster_slots,
        priority_first=request.priority_first,
    )
    seconds = -(
        -sum(milliseconds(one.candidate, end_of_move(layout, one.source, one.destination, request)) for one in others)
        // 1000
    )
    if not home:
        return seconds
    # A node that receives is as one that sends: each move holds a slot of it and one of the other node.
    expected = schedule(
        problem, [(one.candidate, end_of_move(layout, one.source, one.destination, request)) for one in home]
    ).expected
    return seconds + expected.seconds if expected is not None else None


def end_of_move(layout: Layout, node: str, other: str, request: EvacuationRequest) -> Destination:
    """Return an end of a move as its destination, with the rate of the slower one of both."""
    there = layout.nodes[first_label(node)]
    rates = [request.link_rates[one] for one in (first_label(node), first_label(other)) if one in request.link_rates]
    return Destination(
        there.node.name, there.memory or Memory(0, 0), there.node.build, there.slots, min(rates, default=None)
    )


def after_evacuation(layout: Layout, step: RollStep) -> Layout:
    """Return the layout once the node is empty."""
    aside = [
        Shift(one.helper.candidate.vm.id, one.destination, one.helper.candidate.needs_mb, one.helper.candidate.needs_mb)
        for one in step.plan.steps_aside
    ]
    leaving = [
        Shift(one.candidate.vm.id, one.destination, memory_of(one.candidate.vm), one.candidate.needs_mb)
        for one in step.plan.moves
    ]
    return layout.after([*aside, *leaving])


def with_returned(layout: Layout, step: RollStep) -> Layout:
    """Return the layout once what returns after the work has done so; the nodes that it returns to are resumed."""
    back = [
        Shift(one.candidate.vm.id, one.destination, one.candidate.needs_mb, memory_of(one.candidate.vm))
        for one in step.returns
    ]
    return layout.after(back)
