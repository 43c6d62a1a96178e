# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger in the course of an evacuation: in memory and in its file."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Collection, Mapping, Sequence

from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from ..migration.move_record import MoveRecord
from ..planning.evacuation_plan import EvacuationPlan, Stay
from ..planning.plan_move import MadeMove
from ..planning.strategies import OFFLINE
from ..records.ledger import (
    has_died,
    mark_restored,
    note_balancer,
    note_disks,
    note_redirected,
    record_outcomes,
    stale_entries_warning,
    start_ledger,
)
from ..records.ledger_form import PLANNED, STAYS, DiskState, FirstSeen, LeavingVm, Ledger
from ..records.ledger_roles import LedgerRole
from .controller import LedgerStore
from .observation import Standing, Stopped, find_stopped


class Bookkeeping:
    """Keeps the ledger of one evacuation.

    What is known outlives a file that cannot be written: the ledger is changed in memory first.

    Attributes:
        ledger: None until it is begun.
        off_before: VMs that ran when the plan was made that was given, and were off when the evacuation began.
        died_before: names of VMs that a former run found off.
        warning: about VMs of an evacuation of long ago; empty for none.
    """

    def __init__(
        self, store: LedgerStore, plan: EvacuationPlan, planned: Mapping[str, FirstSeen], now: Callable[[], str]
    ) -> None:
        """``planned``: state and strategy of VMs in a plan that was made before, by VM id; ``now`` is the date."""
        self.ledger: Ledger | None = None
        self.off_before: list[Vm] = []
        self.died_before: list[str] = []
        self.warning = ""
        self._store = store
        self._plan = plan
        self._planned = planned
        self._now = now
        self._watched: set[str] = set()

    @property
    def store(self) -> LedgerStore:
        """Where it is kept."""
        return self._store

    @property
    def was_paused_before(self) -> bool:
        """The node was paused before the evacuation began, and not by it."""
        return self.ledger is not None and self.ledger["paused_before"]

    def check(self, *, is_paused: bool) -> None:
        """Raise what ``begin`` would raise, as far as can be said without writing."""
        self._store.check(lambda old: self._begun(old, is_paused=is_paused))

    def begin(self, *, is_paused: bool, redirected: Sequence[str] | None = None) -> None:
        """Write down what is about to be done. Raises HyperVError.

        ``redirected``: paths of the shared volumes whose access is redirected; None where that was not read.
        """

        def begun(old: Ledger | None) -> Ledger:
            ledger = self._begun(old, is_paused=is_paused)
            return ledger if redirected is None else note_redirected(ledger, redirected)

        self.ledger = self._store.change(begun)

    def begin_again(self, plan: EvacuationPlan) -> None:
        """Write down where the VMs of another plan are to go. Raises HyperVError."""
        leaving = {vm.id for vm in _leaving(plan)}
        self._watched |= leaving - {vm.id for vm in self.off_before}
        moves = _moves(plan)
        self._change(lambda ledger: start_ledger(ledger, **self._owner, moves=moves, now=self._now()))

    def finish(
        self, records: Sequence[MoveRecord], standing: Standing | None, asked_to_shut_down: Collection[str]
    ) -> None:
        """Write down what became of each VM. Raises HyperVError.

        ``standing`` is None where it could not be read; ``asked_to_shut_down`` are ids of guests.
        """
        residents = self._where_they_were(standing) if standing is not None else None
        died = self.stopped(standing).died if standing is not None else ()
        stopping = {
            vm_id
            for vm_id in asked_to_shut_down
            if standing is None or (vm_id in standing.vms and standing.vms[vm_id].state == "running")
        }
        self._change(
            lambda ledger: record_outcomes(
                ledger,
                records,
                self._now(),
                residents,
                self._plan.owner.full or None,
                died=[vm.id for vm in died],
                still_stopping=stopping,
            )
        )

    def change_roles(self, change: Callable[[list[LedgerRole]], list[LedgerRole]]) -> None:
        """Write down what becomes of roles that are no VMs. Raises HyperVError."""
        self._change(lambda ledger: {**ledger, "other_roles": change(ledger["other_roles"]), "updated": self._now()})

    @property
    def balancer(self) -> int | None:
        """AutoBalancerMode before it was switched off, None where it was not."""
        return self.ledger["balancer"] if self.ledger is not None else None

    def note_balancer(self, mode: int | None) -> None:
        """Write down AutoBalancerMode before it is switched off, None when it is as it was. Raises HyperVError."""
        self._change(lambda ledger: note_balancer(ledger, mode))

    def note_disks(self, state: DiskState) -> None:
        """Write down how the disks of the node are, or what is about to be done to them. Raises HyperVError."""
        self._change(lambda ledger: note_disks(ledger, state, self._now()))

    def mark_restored(self, vms: Sequence[Vm]) -> None:
        """Write down that VMs are as they were. Raises HyperVError."""
        if vms:
            ids, owner = [vm.id for vm in vms], self._plan.owner.full or None
            self._change(lambda ledger: mark_restored(ledger, ids, self._now(), owner))

    def stopped(self, standing: Standing) -> Stopped:
        """Compare VMs with the state in which they were first seen."""
        return find_stopped(self.ledger, standing, self._watched, self._now()) if self.ledger is not None else Stopped()

    def _where_they_were(self, standing: Standing) -> list[str]:
        """Return the ids of VMs that are on the node which they were to leave."""
        entries = self.ledger["vms"] if self.ledger is not None else []
        homes = {entry["vm_id"].upper(): entry["source_host"] for entry in entries if entry["helper"]}
        at_home = [
            vm.id
            for node in sorted(set(homes.values()))
            for vm in standing.on(node)
            if homes.get(vm.id) == node and not vm.is_leaving
        ]
        return [*(vm.id for vm in standing.on(self._plan.node)), *at_home]

    @property
    def _owner(self) -> dict[str, t.Any]:
        owner = self._plan.owner
        return {"node": self._plan.node, "cluster": owner.full or None, "cluster_name": owner.short or None}

    def _begun(self, old: Ledger | None, *, is_paused: bool) -> Ledger:
        moves, now = _entries(self._plan), self._now()
        known = [vm.id for vm in self._plan.just_read.vms]
        ledger = start_ledger(
            old, **self._owner, moves=moves, now=now, paused=is_paused, planned=self._planned, known=known
        )
        self._note_what_is_off(old, ledger)
        self.warning = stale_entries_warning(ledger, moves, now)
        return ledger

    def _note_what_is_off(self, old: Ledger | None, ledger: Ledger) -> None:
        """Tell VMs that are off already, without having been stopped, from those that may go off from now on."""
        plan = self._plan
        present = {vm.id: vm for vm in (*_leaving(plan), *(one.vm for one in plan.stays))}
        before = {entry["vm_id"].upper() for entry in (old["vms"] if old is not None else ()) if not entry["restored"]}
        self._watched, self.off_before, self.died_before = set(present), [], []
        for entry in ledger["vms"]:
            vm_id = entry["vm_id"].upper()
            if entry["died"] and not entry["restored"]:
                self._watched.discard(vm_id)
                self.died_before.append(entry["name"])
            elif vm_id in present and vm_id not in before and has_died(entry, present[vm_id].state):
                self._watched.discard(vm_id)
                self.off_before.append(present[vm_id])

    def _change(self, change: Callable[[Ledger], Ledger]) -> None:
        if self.ledger is None:
            return
        known = self.ledger
        self.ledger = change(known)
        self.ledger = self._store.change(lambda old: change(old if old is not None else known))


def _leaving(plan: EvacuationPlan) -> list[Vm]:
    """Return the VMs that a plan moves."""
    return [one.helper.candidate.vm for one in plan.steps_aside] + [one.candidate.vm for one in plan.moves]


def _moves(plan: EvacuationPlan) -> list[LeavingVm]:
    """Return the moves of a plan in their order."""
    return [_entry(move, PLANNED) for move in plan.to_make()]


def _entries(plan: EvacuationPlan) -> list[LeavingVm]:
    """Return what the ledger is to hold of a plan.

    That is its moves, those that were made by a run whose ledger may be lost, and VMs that are only stopped.
    """
    made = [_entry(one.as_result(), "already_there") for one in plan.made]
    stopped = [
        _stopped(stay, plan.node)
        for stay in plan.stays
        if stay.strategy in OFFLINE and not stay.is_blocking and stay.vm.state not in AT_REST
    ]
    return [*_moves(plan), *made, *stopped]


def _entry(move: MadeMove, outcome: str) -> LeavingVm:
    return {
        "vm_id": move["vm_id"],
        "name": move["name"],
        "source_host": move["source_host"],
        "destination_host": move["destination_host"],
        "state": move["state"],
        "strategy": move["strategy"],
        "memory_mb": move["memory_mb"],
        "priority": move["priority"],
        "outcome": outcome,
        "helper": move["helper"],
    }


def _stopped(stay: Stay, node: str) -> LeavingVm:
    return {
        "vm_id": stay.vm.id,
        "name": stay.vm.name,
        "source_host": node,
        "destination_host": node,
        "state": stay.vm.state,
        "strategy": stay.strategy,
        "memory_mb": None,
        "priority": None,
        "outcome": STAYS,
        "helper": False,
    }
