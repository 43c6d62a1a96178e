# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is asked of a plan for a rolling maintenance. Pure."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from ..cluster.vms import Vm
from .absence import Absence
from .evacuation_request import EvacuationRequest
from .strategies import is_meant

LayoutName = t.Literal["keep", "any", "balanced"]
KEEP: t.Final = "keep"
ANY: t.Final = "any"
BALANCED: t.Final = "balanced"
LAYOUTS: tuple[LayoutName, ...] = t.get_args(LayoutName)


@dataclasses.dataclass(frozen=True)
class RollRequest:
    """A rolling maintenance that is to be planned.

    Attributes:
        nodes: names of the nodes that are still to be maintained.
        done: names of those that were maintained before.
        in_order: the nodes are to be taken in the order of ``nodes``; else the plan finds one.
        layout: where VMs are in the end: ``keep`` where they were; ``any`` where they came to be, so that most move
            once; ``balanced`` the same, and the last node takes its share.
        home: names, patterns and ids of VMs that return to their node in any case.
        evacuation: how every node is emptied; its node and preference do not count.
        node_seconds: how long the work on a node and its restart take.
        at_once: how many nodes may be away together at most.
        absence: which nodes may be, where that is more than one.
        groups: nodes that may be away together, each in one group; empty for any of them. Counts in the order of
            ``nodes``, and for those that have begun.
        begun: those of ``nodes`` whose turns have begun, the first ones of them. They keep their order, and no other is
            away with them.
    """

    nodes: Sequence[str]
    done: Sequence[str] = ()
    in_order: bool = False
    layout: LayoutName = KEEP
    home: Sequence[str] = ()
    evacuation: EvacuationRequest = dataclasses.field(default_factory=lambda: EvacuationRequest(""))
    node_seconds: int = 0
    at_once: int = 1
    absence: Absence | None = None
    groups: Sequence[Sequence[str]] = ()
    begun: Sequence[str] = ()

    def first_ones(self, left: Sequence[str]) -> Sequence[str]:
        """Return those of the nodes that are left which come next in an order that is given; empty where there is none.

        ``left`` are in that order.
        """
        begun = {first_label(one) for one in self.begun}
        return [one for one in left if first_label(one) in begun] or (left if self.in_order else ())

    def limits(self) -> Sequence[str]:
        """Say what limits how many nodes may be away together."""
        return self.absence.notes() if self.absence is not None and self.at_once > 1 else ()

    def beside(self, nodes: Sequence[str]) -> Sequence[str]:
        """Return those of some nodes that may be away together with the first one of them, itself included."""
        labels = [{first_label(one) for one in group} for group in self.groups]
        group = next((one for one in labels if first_label(nodes[0]) in one), None)
        return [one for one in nodes if group is None or first_label(one) in group]

    def returning(self, vms: Sequence[Vm]) -> AbstractSet[str]:
        """Return the ids of the VMs that return to their nodes in any case."""
        if self.layout == KEEP:
            return {vm.id for vm in vms}
        return {vm.id for vm in vms if any(is_meant(one, vm) for one in self.home)}
