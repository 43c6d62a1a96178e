# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node is emptied: from the plan to a node that is paused and has no VMs, or back. Private to this collection.

``execute`` wraps the steps with a rollback, as a task of nova's conductor does (nova/conductor/tasks/base.py). Whatever
is said at the end is read at the end. Until the ledger is written nothing is changed; from then on no error leaves
``execute`` but the end of the whole process, so that the node is given back and everything is accounted for.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Sequence

from ..._hostnames import first_label
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node, find_node, pause_node, read_nodes, resume_node
from ..cluster.states import ANSWERING, AT_REST, UNKNOWN
from ..cluster.vms import Vm
from ..failure.errors import HyperVError, with_remedy
from ..migration.timeouts import too_short
from ..planning.evacuation import EvacuationRequest, plan_evacuation
from ..planning.evacuation_plan import EvacuationPlan
from ..planning.placement import Placed
from ..planning.plan_table import evacuation_table
from ..planning.restoration import Home, plan_restoration
from ..planning.strategies import OFFLINE
from ..records.ledger import Ledger, begin, finish, give_back, has_died, inherited
from ..scheduling.migrate import MigrationOptions
from ..scheduling.move_results import cut_off
from . import wording
from .controller import Controller, LedgerStore
from .moving import Moving, Wanted
from .observation import (
    UNREADABLE,
    Standing,
    Stopped,
    find_stopped,
    read_node_state,
    read_standing,
    try_limits,
    try_overview,
)
from .outcome import EvacuationOutcome
from .power import START_WITHIN, PowerSwitch, ToStop

_START_WITHIN_AFTER_CUT_OFF = 60.0  # seconds: whoever set a limit for the task does not wait for guests to start


@dataclasses.dataclass(frozen=True)
class EvacuationOptions:
    """How a node is emptied.

    Attributes:
        migration: how VMs are moved.
        attempts: how many nodes are tried for a VM.
        give_back: resume the node if the evacuation fails, unless it was paused before.
        next_step: what comes after an evacuation that succeeded, for people.
        time_limit: seconds after which the task is cut off, None for no limit.
    """

    migration: MigrationOptions = dataclasses.field(default_factory=MigrationOptions)
    attempts: int = 2
    give_back: bool = True
    next_step: str = ""
    time_limit: float | None = None


class NotEmptied(HyperVError):
    """All steps were taken, and the node is not as it should be."""


class Evacuation:
    """Empties one node, once."""

    def __init__(
        self, cluster: Cluster, request: EvacuationRequest, options: EvacuationOptions, controller: Controller
    ) -> None:
        self._cluster = cluster
        self._request = request
        self._options = options
        self._controller = controller
        self._moving = Moving(cluster, options.migration, controller)
        self._switch = PowerSwitch(cluster, self._progress)
        self._plan: EvacuationPlan
        self._store: LedgerStore
        self._ledger: Ledger | None = None
        self._watched: set[str] = set()
        self._off_before: list[Vm] = []
        self._died_before: list[str] = []
        self._nodes_before: list[dict[str, t.Any]] = []
        self._nodes_after: list[dict[str, t.Any]] = []
        self._limits: dict[str, t.Any] = {}
        self._node: Node | None = None
        self._unread = ""
        self._asked_to_pause = False
        self._paused_by_us = False
        self._asked_to_resume = False
        self._why_not_resumed = ""
        self._started: list[Vm] = []
        self._standing: Standing | None = None
        self._stopped = Stopped()
        self._left: list[Vm] = []
        self._is_cut_off = False
        self._failure = ""
        self._troubles: list[str] = []
        self._warnings: list[str] = []

    def dry_run(self) -> EvacuationOutcome:
        """Plan, and ask Hyper-V about each VM; nothing is changed. Raises HyperVError, Fault, TransportError."""
        self._make_plan()
        if self._plan.infeasibility is not None:
            return self._outcome(wording.infeasible(self._plan), note="", changed=False)
        self._look_at_node()
        self._cluster.confirm()
        self._ledger_of_node().check(self._begun)
        objections = self._switch.objections(ToStop.of(self._plan))
        self._moving.dry_run(_wanted(self._plan.node, self._plan.moves))
        failure = wording.together(
            wording.moves_failed(self._plan.node, list(self._moving.records.values())), wording.not_stopped(objections)
        )
        pauses = self._node is not None and self._node.state != "paused"
        return self._outcome(failure, note="", changed=pauses or any(one["changed"] for one in self._records))

    def execute(self) -> EvacuationOutcome:
        """Empty the node.

        Raises HyperVError, Fault and TransportError before anything is changed only, and what ends the process.
        """
        self._make_plan()
        if self._plan.infeasibility is not None:
            return self._outcome(wording.infeasible(self._plan), note="", changed=False)
        self._begin()
        try:
            self._pause()
            self._stop()
            self._move()
            self._verify()
        except BaseException as error:
            self._failure = self._explained(error)
            self._roll_back()
        return self._concluded()

    def _make_plan(self) -> None:
        self._plan = plan_evacuation(self._cluster, self._request)
        self._controller.show(evacuation_table(self._plan))

    @property
    def _progress(self) -> Callable[[str], None] | None:
        return self._controller.tell if self._controller.shows_progress else None

    @property
    def _records(self) -> list[dict[str, t.Any]]:
        return list(self._moving.records.values())

    @property
    def _hosts(self) -> list[str]:
        """The hosts that have the VMs, where there is no cluster to ask."""
        return [self._plan.node, *(one.node for one in self._plan.headroom)]

    @property
    def _now(self) -> str:
        return self._controller.moment(self._cluster.clock.now())

    # Before anything is changed.

    def _look_at_node(self) -> None:
        """Read the node, and refuse one that can be neither emptied nor paused."""
        if not self._plan.is_clustered:
            return
        self._node = find_node(self._cluster, read_nodes(self._cluster), self._plan.node)
        if self._node.state not in ANSWERING:
            raise HyperVError(
                f"Nothing was changed. Node {self._node.name} is {self._node.state}: only a node that is up or paused "
                "can be emptied. Bring it up first."
            )

    def _ledger_of_node(self) -> LedgerStore:
        self._store = self._controller.ledger_of(self._plan.node, self._plan.owner)
        return self._store

    def _begin(self) -> None:
        """Write down what is about to be done: whoever finds the node in the middle of it can bring everything back."""
        self._look_at_node()
        objections = self._switch.objections(ToStop.of(self._plan))
        if objections:
            raise HyperVError(f"Nothing was changed on {self._plan.node}. {wording.not_stopped(objections)}")
        if self._plan.moves or (self._node is not None and self._node.state != "paused"):
            self._cluster.confirm()
        if self._plan.is_clustered:
            self._nodes_before = try_overview(self._cluster)
        self._ledger = self._ledger_of_node().change(self._begun)
        self._warnings += [self._store.note] if self._store.note else []
        self._controller.enter()
        self._warn_of_time_limit()

    def _begun(self, old: Ledger | None) -> Ledger:
        """Return the ledger as it is before anything is changed, and note what is known about its VMs."""
        plan, now = self._plan, self._now
        moves = _ledger_moves(plan)
        planned = {
            vm_id: {
                "state": move.first_state,
                "strategy": move.strategy,
                "memory_mb": move.memory_mb,
                "priority": move.priority,
            }
            for vm_id, move in (self._request.earlier.moves if self._request.earlier is not None else {}).items()
        }
        is_paused = self._node is not None and self._node.state == "paused"
        ledger = begin(
            old,
            plan.node,
            plan.owner.full or None,
            moves,
            now,
            paused=is_paused or not plan.is_clustered,
            cluster_name=plan.owner.short or None,
            planned=planned,
        )
        self._note_what_is_off(old, ledger)
        stale = inherited(ledger, moves, now)
        self._warnings = [stale] if stale else []
        return ledger

    def _note_what_is_off(self, old: Ledger | None, ledger: Ledger) -> None:
        """Tell VMs that are off already, without having been stopped, from those that may go off from now on."""
        present = {vm.id: vm for vm in _vms_of(self._plan)}
        before = {entry["vm_id"].upper() for entry in (old["vms"] if old is not None else ()) if not entry["restored"]}
        self._watched, self._off_before, self._died_before = set(present), [], []
        for entry in ledger["vms"]:
            vm_id = entry["vm_id"].upper()
            if entry["died"] and not entry["restored"]:
                self._watched.discard(vm_id)
                self._died_before.append(entry["name"])
            elif vm_id in present and vm_id not in before and has_died(entry, present[vm_id].state):
                self._watched.discard(vm_id)
                self._off_before.append(present[vm_id])

    def _warn_of_time_limit(self) -> None:
        if self._options.time_limit is None or not self._plan.moves:
            return
        longest = self._moving.longest([move.candidate.vm.memory_mb for move in self._plan.moves])
        warning = too_short(self._options.time_limit, longest)
        if warning:
            self._warnings.append(warning)
            self._controller.tell(f"WARNING: {warning}")

    # What empties the node.

    def _pause(self) -> None:
        if self._node is None or self._node.state == "paused":
            return
        self._asked_to_pause = True
        self._node = pause_node(self._cluster, self._node)
        self._paused_by_us = True

    def _stop(self) -> None:
        failed = self._switch.stop(ToStop.of(self._plan))
        if failed:
            raise NotEmptied(wording.not_stopped([one.error.text for one in failed if one.error is not None]))

    def _move(self) -> None:
        """Move what is to be moved, and what fails to another node."""
        moves: Sequence[Placed] = self._plan.moves
        for attempt in range(1, self._options.attempts + 1):
            if attempt > 1:
                if not self._moving.may_be_tried_elsewhere:
                    return
                moves = self._planned_again()
            self._refuse_what_runs_again(moves)
            self._moving.make(_wanted(self._plan.node, moves))

    def _planned_again(self) -> Sequence[Placed]:
        """Plan for what is left, each VM without the nodes on which its move failed, and write that down."""
        excluded = {vm_id: frozenset(map(first_label, nodes)) for vm_id, nodes in self._moving.excluded.items()}
        plan = plan_evacuation(self._cluster, dataclasses.replace(self._request, excluded=excluded, earlier=None))
        # What is still on its way was given up on because it takes too long; no node is tried beside that.
        given_up = {one["vm"]["id"] for one in self._moving.failed if one["vm"]["id"] not in excluded}
        moves = [move for move in plan.moves if move.candidate.vm.id not in given_up]
        self._watched |= {move.candidate.vm.id for move in moves} - {vm.id for vm in self._off_before}
        placed = dataclasses.replace(plan, moves=tuple(moves), stays=(), made=())
        self._change_ledger(
            lambda ledger: begin(
                ledger,
                plan.node,
                plan.owner.full or None,
                _ledger_moves(placed),
                self._now,
                cluster_name=plan.owner.short or None,
            )
        )
        return moves

    def _refuse_what_runs_again(self, moves: Sequence[Placed]) -> None:
        """Refuse to migrate live what was stopped and was started since: no memory was set aside for it."""
        stopped = [move.candidate for move in moves if move.candidate.strategy in OFFLINE]
        if not stopped:
            return
        now = read_standing(self._cluster, self._hosts).vms
        for candidate in stopped:
            vm = now.get(candidate.vm.id)
            if vm is not None and vm.state not in AT_REST and first_label(vm.node) == first_label(self._plan.node):
                raise NotEmptied(
                    f"VM {vm.name} is {vm.state}, and the plan moves it with the strategy {candidate.strategy}: "
                    "somebody started it again. Run the evacuation again."
                )

    def _verify(self) -> None:
        """Read what stands, write it down, and refuse to call a node empty that is not. Raises NotEmptied."""
        self._look()
        self._write_down()
        node = self._plan.node
        self._node, self._unread = self._read_node()
        wrong = wording.together(
            wording.moves_failed(node, self._records),
            wording.left_behind(node, self._left) if not self._moving.failed else "",
            wording.died(self._stopped.died),
            wording.not_paused(self._node) if self._node is not None else "",
            f"Whether {node} is paused could not be read: {wording.sentence(self._unread)}" if self._unread else "",
        )
        if wrong:
            raise NotEmptied(wrong)

    # What is known at the end.

    def _look(self) -> None:
        """Read where the VMs are and how they are."""
        node = self._plan.node
        local = [stay for stay in self._plan.stays if not stay.is_clustered]
        self._standing = read_standing(self._cluster, self._hosts, local_on=node if local else "")
        meant = {stay.vm.id for stay in self._plan.stays if not stay.is_blocking}
        self._left = [vm for vm in self._standing.on(node) if vm.id not in meant]
        if self._ledger is not None:
            self._stopped = find_stopped(self._ledger, self._standing, self._watched, self._now)

    def _write_down(self) -> None:
        """Write down what became of each VM."""
        standing = self._standing
        stopping = {vm.id for vm in self._switch.asked_to_shut_down}
        if standing is not None:
            stopping = {vm_id for vm_id in stopping if vm_id in standing.vms and standing.vms[vm_id].state == "running"}
        self._change_ledger(
            lambda ledger: finish(
                ledger,
                self._records,
                self._now,
                [vm.id for vm in standing.on(self._plan.node)] if standing is not None else None,
                self._plan.owner.full or None,
                died=[vm.id for vm in self._stopped.died],
                still_stopping=stopping,
            )
        )
        if standing is not None and self._ledger is not None:
            self._stopped = find_stopped(self._ledger, standing, self._watched, self._now)

    def _change_ledger(self, change: Callable[[Ledger], Ledger]) -> None:
        """Change the ledger in memory, and then its file: what is known outlives a file that cannot be written."""
        assert self._ledger is not None
        known = self._ledger
        self._ledger = change(known)
        self._ledger = self._store.change(lambda old: change(old if old is not None else known))

    # When it fails.

    def _explained(self, error: BaseException) -> str:
        """Return why the evacuation failed. Raises the error again where nothing more is to be done."""
        if isinstance(error, self._controller.gone):
            raise error
        why = self._controller.cut_off(error)
        if why:
            self._is_cut_off = True
            self._take_new_sessions(why)
            return cut_off(why, self._records)
        if isinstance(error, NotEmptied):
            return str(error)
        if isinstance(error, Exception):
            return wording.together(
                wording.broke_off(f"The evacuation of {self._plan.node}", error),
                wording.moves_failed(self._plan.node, self._records),
            )
        raise error

    def _take_new_sessions(self, why: str) -> None:
        self._cluster = self._controller.reconnect()
        asked = self._switch.changes
        self._switch = PowerSwitch(self._cluster, self._progress)
        self._switch.changes += asked
        self._moving.account_for(self._cluster, why)

    def _roll_back(self) -> None:
        """Give the node back, start again what was stopped and is there, and write it down; each step if it can."""
        self._try(self._look, "Where the VMs are could not be read")
        self._try(self._write_down, "The ledger could not be written")
        self._try(self._resume, "")
        self._try(self._start_again, "VMs that were stopped could not be started again")
        if self._started:
            started = [vm.id for vm in self._started]
            owner = self._plan.owner.full or None
            self._try(
                lambda: self._change_ledger(lambda ledger: give_back(ledger, started, self._now, owner)),
                "The ledger could not be written",
            )
        self._try(self._look, "")

    def _try(self, step: Callable[[], None], trouble: str) -> None:
        """Take a step that must not keep others from being taken. ``trouble`` says what it means if it fails."""
        try:
            step()
        except UNREADABLE as error:
            text = f"{trouble}: {wording.sentence(with_remedy(error))}"
            if trouble and text not in self._troubles:
                self._troubles.append(text)
        except BaseException as error:
            why = self._controller.cut_off(error)
            if not why:
                raise
            self._is_cut_off = True
            self._take_new_sessions(why)
            self._troubles.append(wording.sentence(why))

    def _resume(self) -> None:
        was_paused = self._ledger is not None and self._ledger["paused_before"]
        if not self._plan.is_clustered or not self._options.give_back or (was_paused and not self._paused_by_us):
            return
        try:
            node, unread = self._read_node()
            if node is None:
                self._why_not_resumed = unread
            elif node.state == "paused":
                self._asked_to_resume = True
                resume_node(self._cluster, node, "none")
        except UNREADABLE as error:
            self._why_not_resumed = with_remedy(error)

    def _start_again(self) -> None:
        """Start the VMs that were stopped and are on the node, if it takes VMs again."""
        node, _unread = self._read_node()
        is_back = not self._plan.is_clustered or (node is not None and node.state == "up")
        if self._ledger is None or self._standing is None or not self._stopped.still or not is_back:
            return
        home = Home(node or Node(self._plan.node, "up", UNKNOWN, "", None), self._plan.owner)
        plan = plan_restoration(self._cluster, self._ledger, home)
        here = {vm.vm_id for vm in plan.stays}
        vms = [self._standing.vms[vm["vm_id"]] for vm in plan.start if vm["vm_id"] in here]
        within = _START_WITHIN_AFTER_CUT_OFF if self._is_cut_off else START_WITHIN
        failed = {change.vm.id: change for change in self._switch.start(vms, within)}
        self._started = [vm for vm in vms if vm.id not in failed]
        for change in failed.values():
            if change.error is not None:
                self._troubles.append(change.error.text)

    # The end.

    def _read_node(self) -> tuple[Node | None, str]:
        return read_node_state(self._cluster, self._plan.node) if self._plan.is_clustered else (None, "")

    def _concluded(self) -> EvacuationOutcome:
        if self._failure:
            self._try(self._look_at_the_end, "")
        self._try(self._read_for_the_report, "")
        return self._outcome(
            self._failure,
            note=self._left_as(),
            changed=self._paused_by_us
            or any(one["changed"] for one in self._records)
            or any(change.calls for change in self._switch.changes),
        )

    def _look_at_the_end(self) -> None:
        self._node, self._unread = None, "it was not read"
        self._node, self._unread = self._read_node()

    def _read_for_the_report(self) -> None:
        if self._plan.is_clustered:
            self._nodes_after = try_overview(self._cluster)
        if self._plan.moves:
            hosts = {self._plan.node, *(move.destination for move in self._plan.moves)}
            self._limits = try_limits(self._cluster, hosts)

    def _left_as(self) -> str:
        """Return in words how everything was left."""
        if not self._failure:
            then = wording.state_after_success(self._node, self._plan.is_clustered, self._options.next_step)
            return wording.together(
                then,
                wording.stopped_until_restored(self._stopped.still),
                wording.off_since_the_plan(self._off_before),
                wording.died_before(self._died_before),
            )
        before = self._ledger is not None and self._ledger["paused_before"] and not self._asked_to_pause
        started = {vm.id for vm in self._started}
        node = wording.state_after_failure(
            self._node,
            unread=self._unread,
            is_clustered=self._plan.is_clustered,
            was_asked_to_pause=self._asked_to_pause,
            was_paused_by_us=self._paused_by_us,
            was_paused_before=before,
            was_asked_to_resume=self._asked_to_resume,
            gives_back=self._options.give_back,
            why_not_resumed=self._why_not_resumed,
        )
        return wording.together(
            node,
            wording.started_again(self._started),
            wording.still_stopped([vm for vm in self._stopped.still if vm.id not in started]),
            wording.may_still_stop(self._stopped.stopping),
            wording.off_since_the_plan(self._off_before),
            *self._troubles,
        )

    def _outcome(self, failure: str, *, note: str, changed: bool) -> EvacuationOutcome:
        result = self._plan.as_result()
        started = {vm.id for vm in self._started}
        return EvacuationOutcome(
            node=self._plan.node,
            owner=self._plan.owner,
            is_clustered=self._plan.is_clustered,
            error=wording.together(wording.sentence(failure), note) if failure else "",
            cause=failure,
            note=note,
            moves=self._records,
            plan=result,
            planned=result["moves"],
            stays=result["stays"],
            started=self._started,
            still_stopped=[vm for vm in self._stopped.still if vm.id not in started],
            node_state=self._node.state if self._node is not None else "",
            ledger=self._ledger,
            ledger_path=self._store.path if self._ledger is not None else None,
            nodes_before=self._nodes_before,
            nodes_after=self._nodes_after,
            headroom=result["headroom"],
            limits=self._limits,
            changed=changed,
            warnings=[*self._warnings, *self._moving.warnings],
            left=self._left,
            died=self._stopped.died,
            excluded=self._moving.excluded,
            paused_by_us=self._paused_by_us,
            paused_before=self._ledger["paused_before"] if self._ledger is not None else None,
        )


def _wanted(node: str, moves: Sequence[Placed]) -> list[Wanted]:
    return [
        Wanted(move.candidate.vm.id, move.candidate.vm.name, node, move.destination, move.candidate.strategy)
        for move in moves
    ]


def _vms_of(plan: EvacuationPlan) -> list[Vm]:
    return [*(move.candidate.vm for move in plan.moves), *(stay.vm for stay in plan.stays)]


def _ledger_moves(plan: EvacuationPlan) -> list[dict[str, t.Any]]:
    """Return what the ledger is to hold of a plan.

    That is its moves, those that were made by a run whose ledger may be lost, and VMs that are only stopped.
    """
    result = plan.as_result()
    stopped = [
        {**stay, "outcome": "stays", "source_host": plan.node, "destination_host": plan.node}
        for stay in result["stays"]
        if stay["strategy"] in OFFLINE and not stay["blocking"] and stay["state"] not in AT_REST
    ]
    return [*result["moves"], *({**move, "outcome": "already_there"} for move in result["made"]), *stopped]
