# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What it would bring if the VMs of each node returned while the next node is emptied. No role does that.

The roles take nodes through maintenance one after the other. With N nodes, each of which is emptied in ``m``, filled in
``m`` and worked on for ``w``, that takes N (w + 2 m). The work bounds what can be saved: beside one another, a return
and an evacuation take ``m`` instead of 2 m, at N - 1 places, so that N w + (N + 1) m are left.

No VM goes to the node that is next, nor to the one that is being filled: each of the two has all its slots for itself.
The next node is emptied into the memory that is left while the VMs that return still hold theirs, so it does not matter
which of the moves comes first.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.durations import milliseconds
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.layout import (
    Layout,
    present_layout,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_steps import (
    RollStep,
    after_evacuation,
    end_of_move,
    plan_step,
    with_returned,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_times import TimedMove, together

from tests.support.rolls import DrawnCluster, draw_cluster

from .figures import Figure

_NODES, _FILL, _CLUSTERS = 16, 0.65, 4
_WORK = 1200  # seconds
_RATES = {"10 Gbit/s": 1000, "1 Gbit/s": 120}  # MB a second of a move


def measure() -> list[Figure]:
    """Plan rolls that bring every VM back, one node after the other, and with returns beside evacuations."""
    figures = []
    for link, rate in _RATES.items():
        ratios, bounds = zip(
            *(_compare(draw_cluster(seed, _NODES, _FILL), rate) for seed in range(_CLUSTERS)), strict=True
        )
        case = f"plan of a rolling maintenance, {_NODES} nodes, restarts of 20 minutes, {link}"
        name = "expected duration, keep with return beside evacuation to keep"
        figures += [
            Figure(case, name, statistics.mean(ratios), unit="x"),
            Figure(case, f"{name}, the least possible", statistics.mean(bounds), unit="x"),
        ]
    return figures


def _compare(cluster: DrawnCluster, rate: int) -> tuple[float, float]:
    """Return how long it takes to how long it takes one after the other, and the least that this can be."""
    roll = _Roll(cluster, rate)
    moves = roll.in_turn()
    apart = _NODES * _WORK + moves
    return roll.beside() / apart, (_NODES * _WORK + moves * (_NODES + 1) / (2 * _NODES)) / apart


class _Roll:
    """A roll in the order of the nodes, in which every VM returns."""

    def __init__(self, cluster: DrawnCluster, rate: int) -> None:
        self._layout = present_layout(cluster.read())
        self._names = cluster.names
        self._evacuation = EvacuationRequest("", link_rates=dict.fromkeys(map(str.lower, cluster.names), rate))
        self._slots = {label: one.slots for label, one in self._layout.nodes.items()}

    def in_turn(self) -> int:
        """Return the seconds of all moves, one node after the other."""
        steps = [self._step(self._layout, name, ()) for name in self._names]
        return sum(self._seconds((step,), ()) + self._seconds((), (step,)) for step in steps)

    def beside(self) -> int:
        """Return the seconds of the whole roll, with the work."""
        layout, before, seconds = self._layout, list[RollStep](), len(self._names) * _WORK
        for number, name in enumerate(self._names):
            kept_free = [*(one.node for one in before), *self._names[number + 1 : number + 2]]
            step = self._step(layout, name, kept_free)
            seconds += self._seconds((step,), before)
            for one in before:
                layout = with_returned(layout, one)
            layout, before = after_evacuation(layout, step), [step]
        return seconds + self._seconds((), before)

    def _step(self, layout: Layout, name: str, kept_free: Sequence[str]) -> RollStep:
        left = layout.without(kept_free)
        step = plan_step(left, name, self._evacuation, (), frozenset(), is_kept=True)
        assert step.is_possible, name
        return step

    def _seconds(self, leaving: Iterable[RollStep], returning: Iterable[RollStep]) -> int:
        moves = [(one.candidate, step.node, one.destination) for step in leaving for one in step.plan.moves]
        moves += [(one.candidate, one.source, one.destination) for step in returning for one in step.returns]
        timed = [
            TimedMove(
                source.lower(),
                there.lower(),
                milliseconds(candidate, end_of_move(self._layout, there, source, self._evacuation)),
            )
            for candidate, source, there in moves
        ]
        seconds = together(timed, self._slots, None)
        assert seconds is not None
        return seconds
