# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan to empty a node, as data."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping

from ..cluster.vms import Vm
from ..failure.finding import ERROR, Finding
from ..records.file_names import NOBODY, Owner
from .helper_moves import HelperMove
from .infeasibility import Infeasibility
from .just_read import JustRead
from .placement import Headroom, Placed
from .plan_move import EvacuationMove
from .problem import Candidate
from .revalidation import Difference, EarlierMove
from .role_moves import RolePlan
from .schedule import ExpectedDuration
from .strategies import StrategyName
from .vm_finding import VmFinding

STEPS_ASIDE = "it steps aside, so that every VM of the node has a place"


@dataclasses.dataclass(frozen=True)
class Stay:
    """One VM that is left on the node.

    Attributes:
        strategy: what the user wants of it.
        finding: why it stays, and what would help; an error where the node cannot be emptied because of it.
        is_clustered: the cluster knows it; False of one that only the node itself has.
    """

    vm: Vm
    strategy: StrategyName
    finding: VmFinding
    is_clustered: bool = True

    @property
    def is_blocking(self) -> bool:
        """The node cannot be emptied because of it."""
        return self.finding.severity == ERROR

    def as_result(self) -> dict[str, t.Any]:
        """Return the VM for a task's result."""
        return {
            **self.finding.as_result(),
            "name": self.vm.name,
            "state": self.vm.state,
            "strategy": self.strategy,
            "blocking": self.is_blocking,
            "clustered": self.is_clustered,
        }


@dataclasses.dataclass(frozen=True)
class EvacuationPlan:
    """Where each VM of ``node`` would go; every one is either in ``moves`` or in ``stays``.

    Attributes:
        findings: what stands against single moves.
        notes: what could not be counted on or judged.
        infeasibility: why the node cannot be emptied, None where it can.
        revalidation: what has changed since the earlier plan that was given.
        made: moves of that earlier plan whose VMs are where it sends them.
        is_clustered: the node is one of a cluster, and not a host by itself.
        owner: the cluster, or the host by itself.
        expected: how long the moves take together, None where that is not known.
        first_states: states of VMs when an earlier plan first saw them, by VM id.
        helpers: moves of VMs of other nodes that go first, one after the other; of an infeasible plan those with which
            it would be feasible.
        roles: what becomes of all that the node owns beside VMs.
        others: who else is at work in the cluster, which has nothing to do with what was planned.
        under_way: names of VMs whose migrations may leave room when they have ended, where room is short.
        just_read: what of it was read is good for the next steps as well.
    """

    node: str
    moves: tuple[Placed, ...]
    stays: tuple[Stay, ...]
    findings: tuple[VmFinding, ...]
    headroom: tuple[Headroom, ...]
    notes: tuple[str, ...]
    infeasibility: Infeasibility | None = None
    revalidation: tuple[Difference, ...] = ()
    made: tuple[EarlierMove, ...] = ()
    is_clustered: bool = True
    owner: Owner = NOBODY
    expected: ExpectedDuration | None = None
    first_states: Mapping[str, str] = dataclasses.field(default_factory=dict)
    helpers: tuple[HelperMove, ...] = ()
    under_way: tuple[str, ...] = ()
    roles: RolePlan = dataclasses.field(default_factory=RolePlan)
    others: tuple[Finding, ...] = ()
    just_read: JustRead = dataclasses.field(default_factory=JustRead, repr=False, compare=False)

    @property
    def steps_aside(self) -> tuple[HelperMove, ...]:
        """The helper moves that are to be made: those of an infeasible plan are no more than a hint."""
        return self.helpers if self.infeasibility is None else ()

    def as_result(self) -> dict[str, t.Any]:
        """Return the plan for a task's result; ``read_earlier_plan`` takes it back."""
        return {
            "node": self.node,
            "cluster": self.owner.full or None,
            "cluster_name": self.owner.short or None,
            "clustered": self.is_clustered,
            "feasible": self.infeasibility is None,
            "infeasibility": self.infeasibility.as_result() if self.infeasibility is not None else None,
            "expected": self.expected.as_result(self.node) if self.expected is not None else None,
            "moves": self.moves_shown(),
            "helpers": self.helpers_shown(),
            "stays": [stay.as_result() for stay in self.stays],
            "findings": [finding.as_result() for finding in self.findings],
            "headroom": [dataclasses.asdict(one) for one in self.headroom],
            **self.roles.as_result(),
            "notes": [*self.notes, *(one.text for one in self.others)],
            "revalidation": [one.as_result() for one in self.revalidation],
            "made": [one.as_result() for one in self.made],
        }

    def to_make(self) -> list[EvacuationMove]:
        """Return all moves that are to be made for a task's result: of VMs that step aside, then of the node's own."""
        return [*(self.helpers_shown() if self.steps_aside else ()), *self.moves_shown()]

    def moves_shown(self) -> list[EvacuationMove]:
        """Return the moves for a task's result."""
        return [
            self._move(order, one.candidate, self.node, one.destination, one.reason)
            for order, one in enumerate(self.moves, 1)
        ]

    def helpers_shown(self) -> list[EvacuationMove]:
        """Return the helper moves for a task's result."""
        return [
            self._move(order, one.helper.candidate, one.helper.node, one.destination, STEPS_ASIDE, helper=True)
            for order, one in enumerate(self.helpers, 1)
        ]

    def _move(
        self, order: int, candidate: Candidate, source: str, destination: str, reason: str, *, helper: bool = False
    ) -> EvacuationMove:
        return {
            "order": order,
            "vm_id": candidate.vm.id,
            "name": candidate.vm.name,
            "state": candidate.vm.state,
            "state_at_first": self.first_states.get(candidate.vm.id) or candidate.vm.state,
            "memory_mb": candidate.needs_mb,
            "priority": candidate.priority,
            "source_host": source,
            "destination_host": destination,
            "reason": reason,
            "strategy": candidate.strategy,
            "helper": helper,
        }
