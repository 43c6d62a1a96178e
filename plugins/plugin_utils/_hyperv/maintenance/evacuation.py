# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node is emptied: from the plan to a node that is paused and has no VMs, or back.

``execute`` wraps the steps with a rollback, as a task of nova's conductor does (nova/conductor/tasks/base.py). Whatever
is said at the end is read at the end. Until the ledger is written nothing is changed; from then on no error leaves
``execute`` but the end of the whole process, so that the node is given back and everything is accounted for.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ..._text import clean
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node
from ..cluster.patience import BETWEEN_LOOKS, OTHERS_END_WITHIN, SETTLES_WITHIN
from ..cluster.states import UNKNOWN
from ..cluster.vms import Vm
from ..failure.errors import HyperVError
from ..failure.finding import full_stop
from ..migration.move_record import MaintenanceRecord
from ..migration.timeouts import too_short
from ..planning.evacuation import plan_evacuation
from ..planning.evacuation_plan import EvacuationPlan
from ..planning.evacuation_request import EvacuationRequest
from ..planning.plan_table import evacuation_table
from ..planning.restoration import plan_restoration
from ..planning.restoration_plan import NOT_SETTLED, Home
from ..planning.role_moves import RolePlan
from ..records.ledger_form import DiskState
from . import wording
from .balancing import Balancing, written_for_others
from .bookkeeping import Bookkeeping
from .controller import Controller
from .disk_maintenance import DiskMaintenance
from .evacuation_options import EvacuationOptions
from .node_hold import NodeHold
from .observation import Standing, Stopped, read_standing, try_limits, try_overview, try_redirected
from .outcome import EvacuationOutcome, vms_changed
from .power import START_WITHIN, PowerSwitch, ToStop
from .roles_away import RolesAway
from .rounds import NotEmptied, Rounds
from .salvage import Salvage
from .storage_gate import StorageGate

_BETWEEN_LOOKS_AT_OTHERS = 10.0  # seconds
_START_WITHIN_AFTER_CUT_OFF = 60.0  # seconds: whoever set a limit for the task does not wait for guests to start


class Evacuation:
    """Empties one node, once."""

    def __init__(
        self, cluster: Cluster, request: EvacuationRequest, options: EvacuationOptions, controller: Controller
    ) -> None:
        self._cluster = cluster
        self._request = request
        self._options = options
        self._controller = controller
        self._rounds = Rounds(cluster, request, options.migration, options.attempts, controller)
        self._switch = PowerSwitch(cluster, controller.tell if controller.shows_progress else None)
        self._salvage = Salvage(controller, self._take_new_sessions)
        self._gate = StorageGate(cluster, options.storage, controller.tell)
        self._balancing = Balancing(lambda: self._books.balancer, self._note_balancer, self._balancer_of_others)
        looks_apart = options.storage.interval
        self._disks = DiskMaintenance(controller.tell, self._note_disks, looks_apart)
        self._books: Bookkeeping
        self._hold: NodeHold
        self._standing: Standing | None = None
        self._stopped = Stopped()
        self._left: list[Vm] = []
        self._started: list[Vm] = []
        self._failure = ""
        self._warnings: list[str] = []
        self._nodes_before: list[dict[str, t.Any]] = []
        self._nodes_after: list[dict[str, t.Any]] = []
        self._limits: dict[str, t.Any] = {}
        interval, strategies = options.migration.policy.poll_interval, request.role_strategies
        self._roles = RolesAway(controller, interval, options.attempts, strategies)

    def dry_run(self) -> EvacuationOutcome:
        """Plan, and ask Hyper-V about each VM; nothing is changed. Raises HyperVError, Fault, TransportError."""
        self._make_plan()
        if self._plan.infeasibility is not None:
            return self._outcome(wording.infeasible(self._plan), note="", changed=False)
        self._hold.look("be emptied")
        self._cluster.confirm()
        self._books.check(is_paused=self._is_paused)
        objections = self._switch.objections(ToStop.of(self._plan))
        self._rounds.dry_run()
        storage = self._gate.look(self._plan.node)
        failure = wording.together(
            *(one.text for one in storage.findings if not one.transient),
            self._plan.roles.unread,
            wording.not_aside(self._records),
            wording.moves_failed(self._plan.node, self._records),
            wording.not_stopped(objections),
        )
        self._warnings += [one.text for one in storage.findings if one.transient]
        return self._outcome(
            failure,
            note="",
            changed=not self._is_paused
            or any(one["changed"] for one in self._records)
            or any(one.candidates for one in self._plan.roles.moves),
        )

    def execute(self) -> EvacuationOutcome:
        """Empty the node.

        Raises HyperVError, Fault and TransportError before anything is changed only, and what ends the process.
        """
        self._make_plan()
        if self._plan.infeasibility is None and self._gate.wait(self._plan.node):
            self._make_plan()  # that may have taken hours
        self._wait_for_others()
        if self._plan.infeasibility is not None:
            return self._outcome(wording.infeasible(self._plan), note="", changed=False)
        self._begin()
        try:
            if self._options.balancer_off and self._plan.is_clustered:
                self._balancing.switch_off(self._cluster)
            self._gate.through(self._hold.pause)
            self._rounds.make_room(self._books)
            self._stop()
            self._rounds.move(self._books, self._hosts)
            if not self._rounds.moving.failed:
                self._roles.empty(self._cluster, self._plan.roles, self._plan.node, self._books, self._plan_roles)
            self._verify()
            self._rest_disks()
        except BaseException as error:
            self._failure = str(error) if isinstance(error, NotEmptied) else self._explained(error)
            self._roll_back()
        return self._conclude()

    def _make_plan(self) -> None:
        self._take(plan_evacuation(self._cluster, self._request))

    def _take(self, plan: EvacuationPlan) -> None:
        self._rounds.take(plan)
        self._controller.show(evacuation_table(plan, notes_shown=self._options.notes_shown))
        self._hold = NodeHold(self._cluster, plan.node, self._disks, is_clustered=plan.is_clustered)
        earlier = self._request.earlier
        moves = {**earlier.moves, **earlier.helpers} if earlier is not None else {}
        planned = {vm_id: move.as_first_seen() for vm_id, move in moves.items()}
        store = self._controller.ledger_of(plan.node, plan.owner)
        self._books = Bookkeeping(store, plan, planned, self._date)

    def _plan_roles(self) -> RolePlan:
        return plan_evacuation(self._cluster, self._request).roles

    def _note_balancer(self, mode: int | None) -> None:
        self._books.note_balancer(mode)

    def _balancer_of_others(self) -> Mapping[str, int]:
        names = [one.name for one in self._hold.nodes]
        return written_for_others(self._controller, names, self._plan.owner, self._books.store.path)

    def _note_disks(self, state: DiskState) -> None:
        self._books.note_disks(state)

    def _wait_for_others(self) -> None:
        """Wait for VMs of other nodes that may leave room, such as those of a run that was cut off, and plan again."""
        clock, plan = self._cluster.clock, self._plan
        deadline = clock.now() + (self._options.migration.timeout or OTHERS_END_WITHIN)
        while self._rounds.helpers and plan.under_way and clock.now() < deadline:
            names = ", ".join(map(clean, plan.under_way))
            self._controller.tell(f"Waiting for VMs that are on their way and may leave room: {names}.")
            clock.pause(_BETWEEN_LOOKS_AT_OTHERS)
            plan = plan_evacuation(self._cluster, self._request)
        if plan is not self._plan:
            self._take(plan)

    def _date(self) -> str:
        return self._controller.moment(self._cluster.clock.now())

    @property
    def _is_paused(self) -> bool:
        """The node takes no VMs; a host by itself is none that could."""
        return self._hold.is_paused or not self._plan.is_clustered

    @property
    def _plan(self) -> EvacuationPlan:
        """The plan as it stands."""
        return self._rounds.plan

    @property
    def _records(self) -> list[MaintenanceRecord]:
        """What became of each move."""
        return self._rounds.records

    @property
    def _hosts(self) -> list[str]:
        """The hosts that have the VMs, where there is no cluster to ask."""
        return [self._plan.node, *(one.node for one in self._plan.headroom)]

    # Before anything is changed.

    def _begin(self) -> None:
        """Write down what is about to be done: whoever finds the node in the middle of it can bring everything back."""
        self._hold.look("be emptied")
        objections = self._switch.objections(ToStop.of(self._plan))
        wrong = wording.together(wording.not_stopped(objections), self._plan.roles.unread)
        if wrong:
            raise HyperVError(f"Nothing was changed on {self._plan.node}. {wrong}")
        if self._plan.moves or not self._is_paused:
            self._cluster.confirm()
        if self._plan.is_clustered:
            self._nodes_before = self._overview_before()
        self._books.begin(is_paused=self._is_paused, redirected=try_redirected(self._cluster))
        self._warnings += filter(None, (self._books.warning, self._books.store.note))
        self._controller.enter()
        self._warn_of_time_limit()

    def _overview_before(self) -> list[dict[str, t.Any]]:
        """Return the nodes as they are, with the VMs and the memory that the plan counted if that was just now."""
        known = self._plan.just_read
        if not known.is_still_true(self._cluster.clock.now()):
            return try_overview(self._cluster, self._hold.nodes)
        standing = Standing({vm.id: vm for vm in known.vms}, known.roles)
        return try_overview(self._cluster, self._hold.nodes, standing, known.memory)

    def _warn_of_time_limit(self) -> None:
        if self._options.time_limit is None or not self._plan.moves:
            return
        warning = too_short(self._options.time_limit, self._rounds.longest())
        if warning:
            self._warnings.append(warning)
            self._controller.tell(f"WARNING: {warning}")

    # What empties the node.

    def _stop(self) -> None:
        failed = self._switch.stop(ToStop.of(self._plan))
        if failed:
            raise NotEmptied(wording.not_stopped([one.error.text for one in failed if one.error is not None]))

    def _verify(self) -> None:
        """Read what stands, write it down, and refuse to call a node empty that is not. Raises NotEmptied."""
        self._look()
        self._hold.read()
        self._wait_for_failovers()
        self._write_down()
        wrong = wording.together(
            wording.not_aside(self._records) if self._rounds.moving.failed else "",
            wording.moves_failed(self._plan.node, self._records),
            wording.left_behind(self._plan.node, self._left) if not self._rounds.moving.failed else "",
            wording.died(self._stopped.died),
            self._roles.wrong,
            wording.not_paused(self._hold),
        )
        if wrong:
            raise NotEmptied(wrong)

    def _rest_disks(self) -> None:
        """Let the disks of the node rest: last, as nothing is written to them from then on. Raises NotEmptied."""
        if self._options.rest_disks and self._standing is not None:
            remains = [*(vm.name for vm in self._standing.on(self._plan.node)), *self._plan.roles.kept]
            warnings = self._hold.rest(remains, self._gate)
            self._warnings += warnings
            if warnings or self._disks.note:
                self._hold.read()  # that has taken time, in which somebody may have resumed it
                wrong = wording.not_paused(self._hold)
                if wrong:
                    raise NotEmptied(wrong)

    def _wait_for_failovers(self) -> None:
        """Look again while VMs are shown on nodes that are down: the cluster may have restarted them here meanwhile."""
        clock = self._cluster.clock
        deadline = clock.now() + SETTLES_WITHIN
        while self._standing is not None and clock.now() < deadline:
            if not (waited_for := self._standing.failing_over(self._hold.down)):
                return
            names = ", ".join(clean(vm.name) for vm in waited_for)
            self._controller.tell(f"Waiting until VMs of nodes that are down are shown elsewhere: {names}.")
            clock.pause(BETWEEN_LOOKS)
            self._look()
            self._hold.read()

    # What is known at the end.

    def _look(self) -> None:
        """Read where the VMs are and how they are."""
        node = self._plan.node
        local = [stay for stay in self._plan.stays if not stay.is_clustered]
        self._standing = read_standing(self._cluster, self._hosts, local_on=node if local else "")
        meant = {stay.vm.id for stay in self._plan.stays if not stay.is_blocking}
        self._left = [vm for vm in self._standing.on(node) if vm.id not in meant]
        self._stopped = self._books.stopped(self._standing)

    def _write_down(self) -> None:
        """Write down what became of each VM."""
        self._books.finish(self._records, self._standing, [vm.id for vm in self._switch.asked_to_shut_down])
        if self._standing is not None:
            self._stopped = self._books.stopped(self._standing)

    # When it fails.

    def _explained(self, error: BaseException) -> str:
        """Return why the evacuation broke off, and what of it had failed by then."""
        why = self._salvage.explain(error, f"The evacuation of {self._plan.node}", lambda: self._records)
        # Where a time limit cut it off, what became of each move is said already.
        failed = "" if self._salvage.is_cut_off else wording.moves_failed(self._plan.node, self._records)
        return wording.together(why, failed, self._roles.wrong)

    def _take_new_sessions(self, why: str) -> None:
        """Go on with sessions of which none is in the middle of an answer, and find out what became of the moves."""
        self._cluster = self._controller.reconnect()
        self._switch.cluster = self._hold.cluster = self._gate.cluster = self._cluster
        self._rounds.account_for(self._cluster, why)

    def _roll_back(self) -> None:
        """Give the node back, start again what was stopped and is there, and write it down; each step if it can."""
        attempt = self._salvage.attempt
        attempt(self._look, "Where the VMs are could not be read")
        attempt(self._write_down, "The ledger could not be written")
        if self._options.give_back and (self._hold.is_paused_by_us or not self._books.was_paused_before):
            attempt(self._hold.give_back)
        attempt(lambda: self._balancing.put_back(self._cluster), "The balancer of the cluster is not as it was")
        attempt(self._start_again, "VMs that were stopped could not be started again")
        attempt(lambda: self._books.mark_restored(self._started), "The ledger could not be written")
        attempt(self._look)

    def _start_again(self) -> None:
        """Start the VMs that were stopped and are on the node, if it takes VMs again."""
        self._hold.read()
        ledger, standing = self._books.ledger, self._standing
        if ledger is None or standing is None or not self._stopped.still:
            return
        if self._plan.is_clustered and self._hold.state != "up":
            return
        node = self._hold.node or Node(self._plan.node, "up", UNKNOWN, "", None)
        plan = plan_restoration(self._cluster, ledger, Home(node, self._plan.owner))
        here = {vm.vm_id for vm in plan.stays if vm.code not in NOT_SETTLED}
        vms = [standing.vms[vm["vm_id"]] for vm in plan.start if vm["vm_id"] in here]
        within = _START_WITHIN_AFTER_CUT_OFF if self._salvage.is_cut_off else START_WITHIN
        failed = {change.vm.id: change for change in self._switch.start(vms, within)}
        self._started = [vm for vm in vms if vm.id not in failed]
        self._salvage.troubles += [change.error.text for change in failed.values() if change.error is not None]

    # The end.

    def _conclude(self) -> EvacuationOutcome:
        self._salvage.attempt(self._read_for_the_report)
        if self._failure:
            self._salvage.attempt(self._hold.read)  # last, so that what is said of the node was read of it last
        return self._outcome(
            self._failure,
            note=self._left_as(),
            changed=self._hold.is_paused_by_us
            or any(one["changed"] for one in self._records)
            or self._roles.is_changed
            or any(change.calls for change in self._switch.changes),
        )

    def _read_for_the_report(self) -> None:
        if self._plan.is_clustered:
            # A rollback has changed what was read before it.
            known = () if self._failure else (self._hold.nodes, self._standing)
            self._nodes_after = try_overview(self._cluster, *known)
        if self._plan.moves:
            hosts = {self._plan.node, *(move.destination for move in self._plan.moves)}
            hosts |= {node for move in self._plan.helpers for node in (move.helper.node, move.destination)}
            self._limits = try_limits(self._cluster, hosts, self._rounds.moving.limits)

    @property
    def _still_stopped(self) -> list[Vm]:
        started = {vm.id for vm in self._started}
        return [vm for vm in self._stopped.still if vm.id not in started]

    def _left_as(self) -> str:
        """Return in words how everything was left."""
        off_before = wording.off_since_the_plan(self._books.off_before)
        if not self._failure:
            return wording.together(
                wording.state_after_success(self._plan.is_clustered, self._options.next_step),
                self._disks.note,
                self._balancing.note,
                wording.stepped_aside(self._records),
                wording.stopped_until_restored(
                    [vm for vm in self._stopped.still if vm.name not in self._books.died_before]
                ),
                off_before,
                wording.died_before(self._books.died_before),
                self._roles.note(self._plan.node, self._plan.roles),
            )
        was_paused = self._books.was_paused_before and not self._hold.asked_to_pause
        return wording.together(
            wording.state_after_failure(self._hold, was_paused_before=was_paused, gives_back=self._options.give_back)
            if self._plan.is_clustered
            else wording.NEVER_PAUSED,
            wording.stepped_aside(self._records),
            self._roles.moved(),
            wording.started_again(self._started),
            wording.still_stopped(self._still_stopped),
            wording.may_still_stop(self._stopped.stopping),
            off_before,
            self._balancing.note if self._balancing.waits_for else "",
            *self._salvage.troubles,
        )

    def _outcome(self, failure: str, *, note: str, changed: bool) -> EvacuationOutcome:
        result, ledger = self._plan.as_result(), self._books.ledger
        return EvacuationOutcome(
            node=self._plan.node,
            owner=self._plan.owner,
            is_clustered=self._plan.is_clustered,
            error=wording.together(full_stop(failure), note) if failure else "",
            cause=failure,
            note=note,
            moves=self._records,
            plan=result,
            planned=self._plan.to_make(),
            stays=result["stays"],
            started=self._started,
            still_stopped=self._still_stopped,
            changed_vms=vms_changed(self._records, self._switch.changes),
            roles=[one.as_result() for one in self._roles.records],
            node_state=self._hold.state,
            ledger=ledger,
            ledger_path=self._books.store.path if ledger is not None else None,
            nodes_before=self._nodes_before,
            nodes_after=self._nodes_after,
            headroom=result["headroom"],
            limits=self._limits,
            changed=changed,
            warnings=[*self._warnings, *self._rounds.warnings],
            left=self._left,
            died=self._stopped.died,
            excluded=self._rounds.excluded,
            storage=self._gate.health.as_result(),
            paused_by_us=self._hold.is_paused_by_us,
            paused_before=ledger["paused_before"] if ledger is not None else None,
        )
