# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In which order nodes can be maintained, and which of them together. Pure, deterministic, and bounded in steps.

Nodes that are done come first as destinations, so that what went to one of them is not moved again. The emptiest node
is the first one: what leaves it goes to nodes that are still to be emptied. Where no node can be emptied any more, the
VMs of the last ones before that return to them, and the search goes on from there. As many nodes as may be are away
together, if all of them can be emptied without VMs of other nodes that step aside.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from .layout import Layout, memory_of
from .revalidation import EarlierPlan
from .roll_batches import Batch, after_batch, alone, plan_batch
from .roll_request import KEEP, RollRequest
from .roll_steps import RollStep, plan_step
from .steps import Steps

_TRIES = 4  # nodes that are tried at a step, first without VMs of other nodes that step aside
_MOST_NODES = 64  # in all searches that begin with another node
_PLANS = 6  # of an evacuation for each node of the roll, beyond one
_SIZE_MB = 8192  # nodes whose memory differs by less are of one size


@dataclasses.dataclass(frozen=True)
class Found:
    """How far the search came.

    Attributes:
        batches: the turns in their order, with those together that nodes have together.
        layout: where everything is after them.
        stuck: the turn that is not possible, None where all are.
    """

    batches: tuple[Batch, ...]
    layout: Layout
    stuck: RollStep | None = None

    @property
    def steps(self) -> tuple[RollStep, ...]:
        """The turns in their order."""
        return tuple(step for batch in self.batches for step in batch.steps)


def find_order(layout: Layout, request: RollRequest) -> Found:
    """Return the turns of all nodes, or those up to the first one that is not possible."""
    first = _Search(layout, request).run(may_return=False)
    if first.stuck is None or request.layout == KEEP:
        return first
    if first.steps and not request.in_order:
        for number in range(1, min(_TRIES, len(request.nodes) - len(request.begun), _MOST_NODES // len(request.nodes))):
            other = _Search(layout, request, begin_with=number).run(may_return=False)
            if other.stuck is None:
                return other
    return _Search(layout, request).run(may_return=True)


class _Search:
    """One search.

    Attributes:
        begin_with: which of the nodes that have not begun, the emptiest being number 0, is tried first.
    """

    def __init__(self, layout: Layout, request: RollRequest, begin_with: int = 0) -> None:
        self._request = request
        self._begin_with = begin_with
        self._is_kept = request.layout == KEEP
        self._returning = request.returning(list(layout.vms.values()))
        self._layouts = [layout]  # before each batch, and after the last one
        self._batches: list[Batch] = []
        rolled = {first_label(one) for one in request.nodes}
        self._never = [one.node.name for label, one in layout.nodes.items() if label not in rolled]
        self._plans = Steps((1 + _PLANS) * len(request.nodes) * request.at_once)

    def run(self, *, may_return: bool) -> Found:
        """Return how far it comes; with ``may_return`` VMs of some nodes return to them where nothing else helps."""
        left = [self._layouts[0].name(one) for one in self._request.nodes]
        kept: set[str] = set()
        furthest, back = -1, 1
        first_stuck: Found | None = None
        while left:
            batch = self._together(left, kept) or alone(self._next(left, kept))
            if batch.steps[0].is_possible:
                self._layouts.append(after_batch(self._layouts[-1], batch))
                self._batches.append(batch)
                left = [one for one in left if one not in batch.nodes]
                continue
            found = Found(tuple(self._batches), self._layouts[-1], batch.steps[0])
            first_stuck = first_stuck or found
            back = 1 if len(self._batches) > furthest else 2 * back
            furthest = max(furthest, len(self._batches))
            last = self._batches[-back:]
            undone = [step for one in last for step in one.steps]
            if not may_return or all(one.is_kept for one in undone) or self._plans.left() <= 0:
                return first_stuck
            kept |= {one.node for one in undone}
            del self._batches[-len(last) :], self._layouts[-len(last) :]
            left = [*(one.node for one in undone), *left]
        return Found(tuple(self._batches), self._layouts[-1])

    def _together(self, left: Sequence[str], kept: AbstractSet[str]) -> Batch | None:
        """Return the turns of as many nodes as may be and can be away together, None where that is not even two."""
        absence = self._request.absence
        if absence is None:
            return None
        first_ones = self._request.first_ones(left)
        nodes = self._request.beside(first_ones) if first_ones else self._by_choice(left)
        for size in range(min(self._request.at_once, len(nodes)), 1, -1):
            group: list[str] = []
            for node in nodes[:size] if first_ones else nodes:
                if len(group) < size and absence.allows([*group, node]):
                    group.append(node)
            if len(group) == size:
                batch = plan_batch(
                    self._layouts[-1],
                    group,
                    self._request.evacuation,
                    lambda layout, node, earlier=None: self._step(node, kept, 0, layout, earlier),
                )
                if batch is not None:
                    return batch
        return None

    def _next(self, left: Sequence[str], kept: AbstractSet[str]) -> RollStep:
        """Return the turn of the first node that can be emptied now, of none that of the first one tried."""
        nodes = self._request.first_ones(left)[:1] or self._by_choice(left)[: 1 if self._is_kept else _TRIES]
        tried: list[RollStep] = []
        for helpers in dict.fromkeys((0, self._request.evacuation.helpers)):
            for node in nodes:
                step = self._step(node, kept, helpers)
                if step.is_possible:
                    return step
                tried.append(step)
        return tried[len(nodes)] if len(tried) > len(nodes) else tried[0]

    def _step(
        self,
        node: str,
        kept: AbstractSet[str],
        helpers: int,
        layout: Layout | None = None,
        earlier: EarlierPlan | None = None,
    ) -> RollStep:
        self._plans.step()
        evacuation = dataclasses.replace(self._request.evacuation, helpers=helpers, earlier=earlier)
        done = [*self._never, *self._request.done, *(node for batch in self._batches for node in batch.nodes)]
        is_kept = self._is_kept or node in kept
        return plan_step(
            layout or self._layouts[-1], node, evacuation, tuple(dict.fromkeys(done)), self._returning, is_kept=is_kept
        )

    def _by_choice(self, nodes: Sequence[str]) -> Sequence[str]:
        """Return nodes whose order is free, the best one first.

        Where all VMs return, that is the one which can be away together with the fewest of them, lest it stays alone.
        """
        if not self._is_kept:
            return self._emptiest_first(nodes)
        return sorted(nodes, key=lambda node: len(self._company[node].intersection(nodes)))

    @functools.cached_property
    def _company(self) -> Mapping[str, frozenset[str]]:
        """By node, those with which it may be away: none where all nodes are taken one after the other."""
        absence, nodes = self._request.absence, [self._layouts[0].name(one) for one in self._request.nodes]
        if absence is None:
            return dict.fromkeys(nodes, frozenset())
        return {one: frozenset(node for node in nodes if node != one and absence.allows([one, node])) for one in nodes}

    def _emptiest_first(self, nodes: Sequence[str]) -> list[str]:
        layout = self._layouts[-1]
        leaving = {node: [memory_of(vm) for vm in layout.on(node) if vm.id not in self._returning] for node in nodes}

        def key(node: str) -> tuple[bool, int, int, int, str]:
            memory = layout.nodes[first_label(node)].memory
            size = round(memory.total_mb / _SIZE_MB) if memory is not None else 0
            return leaving[node] != [], size, len(leaving[node]), sum(leaving[node]), node.casefold()

        found = sorted(nodes, key=key)
        if self._begin_with and len(nodes) == len(self._request.nodes) - len(self._request.begun):
            found.insert(0, found.pop(self._begin_with))
        return found
