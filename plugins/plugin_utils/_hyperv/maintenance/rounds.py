# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The moves of an evacuation in rounds: what fails is planned again, without the node on which it failed."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.cluster import Cluster
from ..cluster.states import AT_REST
from ..failure.errors import HyperVError
from ..migration.move_record import MaintenanceRecord
from ..planning.evacuation import plan_evacuation
from ..planning.evacuation_plan import EvacuationPlan
from ..planning.evacuation_request import EvacuationRequest
from ..planning.placement import Placed
from ..planning.revalidation import EarlierPlan
from ..planning.strategies import OFFLINE
from ..scheduling.migrate import MigrationOptions
from . import wording
from .bookkeeping import Bookkeeping
from .controller import Controller
from .moving import Moving, Wanted
from .observation import read_standing
from .stepping_aside import SteppingAside
from .stepping_aside import wanted as wanted_aside


class NotEmptied(HyperVError):
    """All steps were taken, and the node is not as it should be."""


class Rounds:
    """Makes the moves of a plan, those of VMs that step aside first.

    Attributes:
        plan: the plan as it stands: what was planned again has changed it.
        helpers: how many VMs of other nodes may step aside.
        moving: what became of the node's own VMs.
    """

    def __init__(
        self,
        cluster: Cluster,
        request: EvacuationRequest,
        options: MigrationOptions,
        attempts: int,
        controller: Controller,
    ) -> None:
        """``attempts``: how many nodes are tried for a VM."""
        self.plan: EvacuationPlan
        self.helpers = request.helpers
        self.moving = Moving(cluster, options, controller)
        self._aside = SteppingAside(cluster, options, controller)
        self._cluster = cluster
        self._request = request
        self._attempts = attempts

    def take(self, plan: EvacuationPlan) -> None:
        """Go by a plan of which nothing was begun."""
        self.plan = plan
        self.helpers = max(self._request.helpers, len(plan.steps_aside))

    def dry_run(self) -> None:
        """Ask Hyper-V about all moves at once: what it refuses by now may have room when others have stepped aside."""
        self.moving.dry_run([*wanted_aside(self.plan.steps_aside), *_wanted(self.plan.node, self.plan.moves)])

    def make_room(self, books: Bookkeeping) -> None:
        """Have VMs of other nodes step aside; what is not made, or not as planned, is planned again.

        Raises NotEmptied where that is no use, before anything of the node was stopped or moved.
        """
        plan = self.plan
        agreed = self._request.earlier.without_places() if self._request.earlier is not None else None
        for attempt in range(1, self._attempts + 1):
            if self._aside.make(plan.steps_aside):
                return
            if self._aside.is_over or attempt == self._attempts:
                break
            plan = plan_evacuation(self._cluster, self._request_again(agreed))
            if plan.infeasibility is not None:
                raise NotEmptied(wording.together(wording.not_aside(self.records), wording.infeasible_again(plan)))
            books.begin_again(plan)
            gone = {one["vm"]["id"] for one in self._aside.aside}
            made = [one for one in self.plan.helpers if one.helper.candidate.vm.id in gone]
            self.plan = dataclasses.replace(
                plan,
                helpers=(*made, *plan.helpers),
                roles=self.plan.roles if plan.roles.unread else plan.roles,
                revalidation=self.plan.revalidation,
                made=self.plan.made,
            )
        raise NotEmptied(wording.not_aside(self.records))

    def move(self, books: Bookkeeping, hosts: Sequence[str]) -> None:
        """Move what is to be moved, and what fails to another node; ``hosts`` have the VMs where there is no cluster.

        Raises NotEmptied where somebody started a VM that was stopped.
        """
        moves: Sequence[Placed] = self.plan.moves
        for attempt in range(1, self._attempts + 1):
            if attempt > 1:
                if not self.moving.may_be_tried_again:
                    return
                moves = self._planned_again(books)
            self._refuse_what_runs_again(moves, hosts)
            known = self.plan.just_read
            # Only the first moves begin right after what they were planned from was read.
            if attempt == 1 and known.is_still_true(self._cluster.clock.now()):
                self.moving.make(_wanted(self.plan.node, moves, owners_are_known=True), known.slots)
            else:
                self.moving.make(_wanted(self.plan.node, moves))

    def _planned_again(self, books: Bookkeeping) -> Sequence[Placed]:
        """Plan for what is left, and write that down; VMs of other nodes that it needs step aside."""
        plan = plan_evacuation(self._cluster, self._request_again(None))
        # What is still on its way was given up on because it takes too long; no node is tried beside that. What was
        # moved and is here again was brought back by somebody, and is not moved a second time. What somebody else began
        # to migrate is planned to go where that goes, and waited for.
        again = self.moving.excluded.keys() | self.moving.moved_by_others
        done = self.moving.records.keys() - again
        moves = tuple(move for move in plan.moves if move.candidate.vm.id not in done)
        helpers = plan.steps_aside if moves else ()
        books.begin_again(dataclasses.replace(plan, moves=moves, helpers=helpers))
        self.plan = dataclasses.replace(self.plan, helpers=(*self.plan.helpers, *helpers))
        if not self._aside.make(helpers):
            return ()
        left = self.moving.moved_by_others - {move.candidate.vm.id for move in plan.moves}
        return *moves, *(move for move in self.plan.moves if move.candidate.vm.id in left)

    def _request_again(self, earlier: EarlierPlan | None) -> EvacuationRequest:
        """Return what to plan for what is left: each VM without the nodes on which its move failed."""
        excluded = {vm_id: frozenset(map(first_label, nodes)) for vm_id, nodes in self.excluded.items()}
        return dataclasses.replace(
            self._request,
            excluded=excluded,
            earlier=earlier,
            helpers=max(0, self.helpers - len(self._aside.aside)),
            not_aside=self._aside.settled | self.moving.records.keys(),
        )

    def _refuse_what_runs_again(self, moves: Sequence[Placed], hosts: Sequence[str]) -> None:
        """Refuse to migrate live what was stopped and was started since: no memory was set aside for it."""
        stopped = [move.candidate for move in moves if move.candidate.strategy in OFFLINE]
        if not stopped:
            return
        now = read_standing(self._cluster, hosts).vms
        for candidate in stopped:
            vm = now.get(candidate.vm.id)
            if vm is not None and vm.state not in AT_REST and first_label(vm.node) == first_label(self.plan.node):
                raise NotEmptied(
                    f"VM {vm.name} is {vm.state}, and the plan moves it with the strategy {candidate.strategy}: "
                    "somebody started it again. Run the evacuation again."
                )

    def account_for(self, cluster: Cluster, why: str) -> None:
        """Note of moves that were cut off where their VMs are now; ``cluster`` has new sessions."""
        self._cluster = cluster
        self._aside.moving.account_for(cluster, why)
        self.moving.account_for(cluster, why)

    @property
    def records(self) -> list[MaintenanceRecord]:
        """What became of each move, in the form of hyperv_vm_migrate, marked where its VM steps aside."""
        aside = self._aside.moving.records.keys() | {one.helper.candidate.vm.id for one in self.plan.steps_aside}
        records = [*self._aside.records, *self.moving.records.values()]
        return [{**one, "helper": one["vm"]["id"] in aside} for one in records]

    @property
    def excluded(self) -> Mapping[str, frozenset[str]]:
        """Nodes on which the move of a VM has failed, by its id."""
        return {**self._aside.moving.excluded, **self.moving.excluded}

    @property
    def warnings(self) -> Collection[str]:
        """What was not known about the limits of hosts."""
        return [*self._aside.moving.warnings, *self.moving.warnings]

    def longest(self) -> float:
        """Return the seconds that the slowest move of the plan may take."""
        asides = [move.helper.candidate.vm.memory_mb for move in self.plan.steps_aside]
        return self.moving.longest([*asides, *(move.candidate.vm.memory_mb for move in self.plan.moves)])


def _wanted(node: str, moves: Sequence[Placed], *, owners_are_known: bool = False) -> list[Wanted]:
    return [
        Wanted(
            move.candidate.vm.id,
            move.candidate.vm.name,
            node,
            move.destination,
            move.candidate.strategy,
            move.candidate.possible_owners if owners_are_known else None,
        )
        for move in moves
    ]
