# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs of a ledger go back to their node, which are left alone, and why."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..cluster.nodes import Node
from ..records.file_names import Owner
from .home_room import NO_ROOM
from .move_objections import less_than_reserve
from .placement import Headroom
from .plan_move import NamedVm, OrderedRestorationMove, RestorationMove
from .vm_finding import VmFinding, VmFindingResult

LEFT_THERE: t.Final = "left_there"
"""Code of a VM that is to stay where the evacuation moved it."""
MOVED_ON: t.Final = "moved_on"
"""Code of a VM that is not settled: the node to which it was moved is under maintenance by now."""
AWAY: t.Final = "home_not_ready"
"""Code of a VM that is not settled: the node from which it stepped aside cannot take it now."""
NOT_SETTLED: t.Final = frozenset({MOVED_ON, AWAY, *NO_ROOM})


@dataclasses.dataclass(frozen=True)
class Home:
    """The node that VMs are brought back to.

    Attributes:
        owner: its cluster, or itself where there is none.
    """

    node: Node
    owner: Owner


@dataclasses.dataclass(frozen=True)
class RestorationPlan:
    """Which VMs go back to a node, and which do not.

    Attributes:
        home: the node to bring VMs back to.
        moves: for hyperv_vm_migrate, in the order in which they go.
        helpers: likewise the moves home of VMs of other nodes that stepped aside, one after another, after ``moves``.
        stays: VMs that are left alone, and why.
        start: VMs that the evacuation stopped and that ran before: to be started once they are on their node.
        leaving: VMs of which nothing can be said yet: their migration away from the node still runs, or only the
            cluster shows them just now.
        gone: VMs that neither Hyper-V nor the cluster knows. Whether they were deleted cannot be told from here.
        off: ``vm_id``, ``name``: VMs that ran when the evacuation first saw them and are off or saved now, although it
            did not stop them. They are not started.
        headroom: memory of the node before and after, None where it could not be read.
        is_clustered: the node is one of a cluster, and not a host by itself.
        notes: what could not be read, for people.
    """

    home: Home
    moves: tuple[RestorationMove, ...]
    stays: tuple[VmFinding, ...]
    start: tuple[NamedVm, ...]
    leaving: tuple[VmFinding, ...]
    gone: tuple[VmFinding, ...]
    off: tuple[NamedVm, ...] = ()
    headroom: Headroom | None = None
    notes: tuple[str, ...] = ()
    is_clustered: bool = True
    helpers: tuple[RestorationMove, ...] = ()

    @property
    def without_room(self) -> tuple[VmFinding, ...]:
        """The VMs that stay where they are since the node has no room for them, or a rule forbids it."""
        return tuple(one for one in self.stays if one.code in NO_ROOM)

    @property
    def tight(self) -> str:
        """That the node would have less free than an evacuation keeps free, in words; empty where it would not."""
        if self.headroom is None or not self.moves:
            return ""
        return less_than_reserve(self.home.node.name, self.headroom.free_after_mb, self.headroom.total_mb)

    def as_result(self) -> dict[str, t.Any]:
        """Return the plan for a task's result."""
        return {
            "node": self.home.node.name,
            "cluster": self.home.owner.full or None,
            "cluster_name": self.home.owner.short or None,
            "clustered": self.is_clustered,
            "moves": _ordered(self.moves),
            "helpers": _ordered(self.helpers),
            "stays": [_with_name(finding) for finding in self.stays],
            "start": [dict(vm) for vm in self.start],
            "leaving": [_with_name(finding) for finding in self.leaving],
            "gone": [_with_name(finding) for finding in self.gone],
            "off": [dict(vm) for vm in self.off],
            "headroom": [dataclasses.asdict(self.headroom)] if self.headroom is not None else [],
            "without_room": [one.subject for one in self.without_room],
        }


class _NamedFinding(VmFindingResult):
    name: str


def _ordered(moves: Sequence[RestorationMove]) -> list[OrderedRestorationMove]:
    return [{**move, "order": order} for order, move in enumerate(moves, 1)]


def _with_name(finding: VmFinding) -> _NamedFinding:
    return {**finding.as_result(), "name": finding.subject}
