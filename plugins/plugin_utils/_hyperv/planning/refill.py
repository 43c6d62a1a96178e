# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves that even out the memory of nodes, such as when the last one of a rolling maintenance is empty. Pure.

From the fullest node to the emptiest one that can take it goes the biggest VM that crosses the mean on neither side,
until every node is close to it or no move helps. So they are few.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from ..cluster.affinity import counting_what_runs
from ..cluster.states import AT_REST
from .evacuation_request import EvacuationRequest
from .helper_moves import Helper, HelperMove, keeps_rules
from .layout import KnownReader, Layout
from .problem import Destination, PlacementProblem
from .snapshot import Snapshot
from .stepping_aside import HelpRequest, is_stopped, list_helpers

_CLOSE = 0.02  # of a node's memory: as close to the mean as this is good enough


def refill(layout: Layout, request: EvacuationRequest, staying: AbstractSet[str]) -> tuple[HelperMove, ...]:
    """Return the moves, one after the other; ``staying`` are ids of VMs that are where they are to be."""
    snapshot = layout.everywhere()
    if len(snapshot.destinations) < 2:
        return ()
    asked = HelpRequest(0, request.strategies, request.excluded, staying)
    helpers = list_helpers(KnownReader(layout.snapshot), snapshot, asked)
    return tuple(_Refill(snapshot, request.reserve_percent, helpers).run())


class _Refill:
    def __init__(self, snapshot: Snapshot, reserve_percent: float, helpers: Sequence[Helper]) -> None:
        self._snapshot = snapshot
        self._nodes = {first_label(one.name): one for one in snapshot.destinations}
        self._free = {label: one.memory.free_mb for label, one in self._nodes.items()}
        off = [vm.id for vm in snapshot.vms if vm.state in AT_REST]
        self._problem = PlacementProblem(
            (),
            snapshot.destinations,
            tuple(counting_what_runs(snapshot.rules, off)),
            {vm.id: vm.node for vm in snapshot.vms},
            snapshot.domains,
            reserve_percent,
        )
        self._on: dict[str, list[Helper]] = {label: [] for label in self._nodes}
        for helper in sorted(helpers, key=lambda one: (-one.candidate.needs_mb, one.candidate.vm.id)):
            self._on[first_label(helper.node)].append(helper)
        total = sum(one.memory.total_mb for one in snapshot.destinations)
        self._mean = 1 - sum(self._free.values()) / max(1, total)

    def run(self) -> Iterator[HelperMove]:
        while (move := self._next()) is not None:
            needs, there = move.helper.candidate.needs_mb, first_label(move.destination)
            self._on[first_label(move.helper.node)].remove(move.helper)  # nothing is moved twice
            self._free[first_label(move.helper.node)] += needs
            self._free[there] -= needs
            where = {**self._problem.where, move.helper.candidate.vm.id: move.destination}
            self._problem = dataclasses.replace(self._problem, where=where)
            yield move

    def _next(self) -> HelperMove | None:
        excess = {label: self._excess(one) for label, one in self._nodes.items()}
        by_share = sorted(self._nodes, key=lambda one: (-excess[one] / self._nodes[one].memory.total_mb, one))
        for source in by_share:
            for there in reversed(by_share):
                far = max(
                    excess[source] / self._nodes[source].memory.total_mb,
                    -excess[there] / self._nodes[there].memory.total_mb,
                )
                if excess[source] <= 0 or excess[there] >= 0 or far <= _CLOSE:
                    continue
                helper = self._biggest(source, there, min(excess[source], -excess[there]))
                if helper is not None:
                    return HelperMove(helper, self._nodes[there].name)
        return None

    def _excess(self, node: Destination) -> float:
        """Return the memory in MB that is in use on a node beyond its share, below 0 for what it could take."""
        total = node.memory.total_mb
        return total * (1 - self._mean) - self._free[first_label(node.name)]

    def _biggest(self, source: str, there: str, most_mb: float) -> Helper | None:
        node = self._nodes[there]
        room = min(most_mb + _CLOSE * node.memory.total_mb, self._free[there] - self._problem.reserve_mb(node))
        for helper in self._on[source]:
            candidate = helper.candidate
            if (
                candidate.needs_mb > room
                or candidate.objection(node)
                or not keeps_rules(self._problem, helper, node.name)
            ):
                continue
            if not is_stopped(helper, self._snapshot, self._snapshot.attachments.get(candidate.vm.id, ())):
                return helper
        return None
