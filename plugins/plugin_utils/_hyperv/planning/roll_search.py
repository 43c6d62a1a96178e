# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""In which order nodes can be maintained, one after the other. Pure, deterministic, and bounded in steps.

Nodes that are done come first as destinations, so that what went to one of them is not moved again. The emptiest node
is the first one: what leaves it goes to nodes that are still to be emptied. Where no node can be emptied any more, the
VMs of the last ones before that return to them, and the search goes on from there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from .layout import Layout
from .roll_request import KEEP, RollRequest
from .roll_steps import RollStep, after_step, plan_step
from .steps import Steps

_TRIES = 4  # nodes that are tried at a step, first without VMs of other nodes that step aside
_MOST_NODES = 64  # in all searches that begin with another node
_PLANS = 6  # of an evacuation for each node of the roll, beyond one
_SIZE_MB = 8192  # nodes whose memory differs by less are of one size


@dataclasses.dataclass(frozen=True)
class Found:
    """How far the search came.

    Attributes:
        steps: the turns in their order.
        layout: where everything is after them.
        stuck: the turn that is not possible, None where all are.
    """

    steps: tuple[RollStep, ...]
    layout: Layout
    stuck: RollStep | None = None


def find_order(layout: Layout, request: RollRequest) -> Found:
    """Return the turns of all nodes, or those up to the first one that is not possible."""
    first = _Search(layout, request).run(may_return=False)
    if first.stuck is None or request.layout == KEEP:
        return first
    if first.steps and not request.in_order:
        for number in range(1, min(_TRIES, len(request.nodes), _MOST_NODES // len(request.nodes))):
            other = _Search(layout, request, begin_with=number).run(may_return=False)
            if other.stuck is None:
                return other
    return _Search(layout, request).run(may_return=True)


class _Search:
    """One search.

    Attributes:
        begin_with: which of the nodes, the emptiest being number 0, is tried first.
    """

    def __init__(self, layout: Layout, request: RollRequest, begin_with: int = 0) -> None:
        self._request = request
        self._begin_with = begin_with
        self._returning = request.returning(list(layout.vms.values()))
        self._layouts = [layout]  # before each step, and after the last one
        self._steps: list[RollStep] = []
        rolled = {first_label(one) for one in request.nodes}
        self._never = [one.node.name for label, one in layout.nodes.items() if label not in rolled]
        self._plans = Steps((1 + _PLANS) * len(request.nodes))

    def run(self, *, may_return: bool) -> Found:
        """Return how far it comes; with ``may_return`` VMs of some nodes return to them where nothing else helps."""
        left = [self._layouts[0].name(one) for one in self._request.nodes]
        kept: set[str] = set()
        furthest, back = -1, 1
        first_stuck: Found | None = None
        while left:
            step = self._next(left, kept)
            if step.is_possible:
                self._layouts.append(after_step(self._layouts[-1], step))
                self._steps.append(step)
                left.remove(step.node)
                continue
            found = Found(tuple(self._steps), self._layouts[-1], step)
            first_stuck = first_stuck or found
            back = 1 if len(self._steps) > furthest else 2 * back
            furthest = max(furthest, len(self._steps))
            undone = self._steps[-back:]
            if not may_return or all(one.is_kept for one in undone) or self._plans.left() <= 0:
                return first_stuck
            kept |= {one.node for one in undone}
            del self._steps[-back:], self._layouts[-len(undone) :]
            left = [*(one.node for one in undone), *left]
        return Found(tuple(self._steps), self._layouts[-1])

    def _next(self, left: Sequence[str], kept: AbstractSet[str]) -> RollStep:
        """Return the turn of the first node that can be emptied now, of none that of the first one tried."""
        nodes = (
            left[:1] if self._request.in_order or self._request.layout == KEEP else self._emptiest_first(left)[:_TRIES]
        )
        tried: list[RollStep] = []
        for helpers in dict.fromkeys((0, self._request.evacuation.helpers)):
            for node in nodes:
                step = self._step(node, kept, helpers)
                if step.is_possible:
                    return step
                tried.append(step)
        return tried[len(nodes)] if len(tried) > len(nodes) else tried[0]

    def _step(self, node: str, kept: AbstractSet[str], helpers: int) -> RollStep:
        self._plans.step()
        evacuation = dataclasses.replace(self._request.evacuation, helpers=helpers)
        done = [*self._never, *self._request.done, *(one.node for one in self._steps)]
        is_kept = self._request.layout == KEEP or node in kept
        return plan_step(
            self._layouts[-1], node, evacuation, tuple(dict.fromkeys(done)), self._returning, is_kept=is_kept
        )

    def _emptiest_first(self, nodes: Sequence[str]) -> list[str]:
        layout = self._layouts[-1]
        counts = {node: sum(vm.id not in self._returning for vm in layout.on(node)) for node in nodes}

        def key(node: str) -> tuple[bool, int, int, str]:
            memory = layout.nodes[first_label(node)].memory
            size = round(memory.total_mb / _SIZE_MB) if memory is not None else 0
            return counts[node] > 0, size, counts[node], node.casefold()

        found = sorted(nodes, key=key)
        if not self._steps and self._begin_with:
            found.insert(0, found.pop(self._begin_with))
        return found
