# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node that was emptied gets its VMs back, as far as they are where they were moved.

Nothing is changed until the plan is made. From then on no error leaves ``execute`` but the end of the whole process:
what came back is written down, whatever became of the rest.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping, Sequence

from ..._text import clean
from ..cluster.cluster import Cluster
from ..cluster.patience import BETWEEN_LINES, BETWEEN_LOOKS, OTHERS_END_WITHIN
from ..cluster.states import AT_REST, UNKNOWN
from ..cluster.vms import Vm
from ..failure.errors import HyperVError
from ..migration.move_record import MaintenanceRecord
from ..planning.home_room import LACKING
from ..planning.lacking import MoveLacks
from ..planning.plan_move import NamedVm, RestorationMove
from ..planning.plan_table import restoration_table
from ..planning.restoration import find_home, plan_restoration
from ..planning.restoration_plan import NOT_SETTLED, Home, RestorationPlan
from ..records.ledger import mark_restored, may_still_stop, note_balancer, note_died, note_disks, was_stopped
from ..records.ledger_form import ELSEWHERE, DiskState, Ledger, LedgerVm, no_ledger
from . import wording
from .balancing import Balancing, written_for_others
from .controller import Controller, LedgerStore
from .disk_maintenance import DiskMaintenance
from .moving import Moving, Wanted
from .node_hold import NodeHold
from .observation import read_standing, try_limits, try_overview
from .outcome import Outcome, vms_changed
from .power import START_WITHIN, PowerSwitch
from .receiving import cannot_receive, find_what_keeps_vms_out, wait_until_receiving
from .restoration_options import RestorationOptions
from .return_to_order import wait_for_the_repair_to_begin, wait_until_in_order
from .roles_back import RolesBack
from .salvage import Salvage


class Restoration:
    """Brings the VMs of one ledger back, once."""

    def __init__(
        self,
        cluster: Cluster,
        options: RestorationOptions,
        controller: Controller,
        given: Ledger | None = None,
        on_moving: Callable[[RestorationPlan], None] = lambda plan: None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            given: the ledger as data, of which no file is kept; None for the one that the controller has.
            on_moving: called when the node takes VMs, before the first one is moved; not where none is to be moved.
        """
        self._cluster = cluster
        self._options = options
        self._controller = controller
        self._given = given
        self._on_moving = on_moving
        self._moving = Moving(cluster, options.migration, controller)
        self._switch = PowerSwitch(cluster, controller.tell if controller.shows_progress else None)
        self._salvage = Salvage(controller, self._take_new_sessions)
        self._roles = RolesBack(controller, options.migration.policy.poll_interval, options.roles)
        self._store: LedgerStore | None = None
        self._ledger: Ledger
        self._home: Home
        self._plan: RestorationPlan
        self._hold: NodeHold
        self._lacks = MoveLacks(cluster)
        self._nodes_before: list[dict[str, t.Any]] = []
        self._nodes_after: list[dict[str, t.Any]] = []
        self._limits: dict[str, t.Any] = {}
        self._started: list[Vm] = []
        self._not_started: list[tuple[str, str]] = []
        self._stopping: list[Vm] = []
        self._kept_out = ""
        self._balancer_note = ""
        self._failure = ""
        self._warnings: list[str] = []

    def dry_run(self) -> Outcome:
        """Plan and add up memory; nothing is changed. Raises HyperVError, Fault, TransportError.

        Hyper-V is not asked about the VMs: it would refuse for a paused node what it takes once that is resumed.
        """
        self._make_plan()
        moves = [*self._plan.moves, *self._plan.helpers]
        if moves:
            self._cluster.confirm()
        home = self._plan.home.node.name
        up = [
            move._replace(destination=move.destination._replace(state="up")) if move.destination.name == home else move
            for move in self._moving.resolve(_wanted(moves))
        ]
        self._moving.foresee(up, {})
        self._warnings += filter(None, (self._plan.tight, *wording.left_aside(self._plan)))
        failure = wording.together(
            cannot_receive(self._plan.home.node, find_what_keeps_vms_out(self._cluster, self._plan.home.node))
            if self._plan.moves and self._plan.is_clustered
            else "",
            wording.without_room(self._plan),
        )
        pauses = self._plan.is_clustered and self._plan.home.node.state == "paused"
        return self._outcome(failure, changed=pauses or bool(moves) or any(one.goes_back for one in self._roles.plan))

    def execute(self) -> Outcome:
        """Bring the VMs back.

        Raises HyperVError, Fault and TransportError before anything is changed only, and what ends the process.
        """
        self._make_plan()
        self._wait_for_leaving()
        self._wait_for_the_node()
        self._begin()
        try:
            self._hold.resume()
            if self._hold.node is not None:
                warning = wait_for_the_repair_to_begin(
                    self._cluster, self._hold.node, self._options.storage_interval, self._controller.tell
                )
                self._warnings += filter(None, [warning])
            if self._plan.moves:
                self._on_moving(self._plan)
            self._moving.make(_wanted(self._plan.moves))
            self._bring_helpers_home()
            self._start()
            self._bring_roles_back()
        except BaseException as error:
            what = f"The restoration of {self._home.node.name}"
            self._failure = self._salvage.explain(error, what, lambda: self._records)
        attempt = self._salvage.attempt
        attempt(self._look_for_stopping, "Which guests still shut down could not be read")
        attempt(self._settle, "The ledger could not be written")
        attempt(self._put_balancer_back, "The balancer of the cluster is not as it was")
        attempt(self._read_for_the_report)
        attempt(self._hold.read)  # last, so that what is said of the node is what was read of it last
        changed = (
            self._hold.is_resumed_by_us
            or any(one["changed"] for one in self._records)
            or self._roles.is_changed
            or any(change.calls for change in self._switch.changes)
        )
        return self._outcome(self._what_failed(), changed=changed)

    @property
    def _records(self) -> list[MaintenanceRecord]:
        """What became of each move, in the form of hyperv_vm_migrate, marked where its VM had stepped aside."""
        helpers = {vm["vm_id"].upper() for vm in self._ledger["vms"] if vm["helper"]}
        return [{**one, "helper": one["vm"]["id"] in helpers} for one in self._moving.records.values()]

    @property
    def _hosts(self) -> list[str]:
        """The hosts that have the VMs, where there is no cluster to ask."""
        return [self._home.node.name, *(vm["destination_host"] for vm in self._ledger["vms"])]

    @property
    def _now(self) -> str:
        return self._controller.moment(self._cluster.clock.now())

    # Before anything is changed.

    def _make_plan(self) -> None:
        """Read the ledger and where its VMs are. Raises HyperVError where there is none."""
        home = find_home(self._cluster, self._options.node) if self._options.node else None
        self._read_ledger(home)
        where = self._store.path if self._store is not None else "The ledger given"
        try:
            self._plan = plan_restoration(self._cluster, self._ledger, home, self._options.home, self._lacks)
        except HyperVError as error:
            raise HyperVError(f"{where}: {error}") from None
        self._home = self._plan.home
        disks = DiskMaintenance(self._controller.tell, self._note_disks, self._options.storage_interval)
        self._hold = NodeHold(self._cluster, self._home.node.name, disks, is_clustered=self._plan.is_clustered)
        self._roles.look(self._cluster, self._ledger, self._home.node.name)
        self._controller.show(restoration_table(self._plan, self._roles.plan))

    def _read_ledger(self, home: Home | None) -> None:
        if self._given is not None:
            self._ledger = self._given
            return
        name, owner = (home.node.name, home.owner) if home is not None else ("", None)
        self._store = self._controller.ledger_of(name, owner)
        ledger = self._store.read()
        if ledger is None:
            raise no_ledger(self._store.path)
        self._ledger = ledger
        self._warnings += [self._store.note] if self._store.note else []

    def _wait_for_leaving(self) -> None:
        """Wait for VMs that are still on their way: a migration may outlive the evacuation that started it."""
        clock = self._cluster.clock
        deadline = clock.now() + (self._options.migration.timeout or OTHERS_END_WITHIN)
        next_line = clock.now()
        while self._plan.leaving and clock.now() < deadline:
            if clock.now() >= next_line:
                next_line = clock.now() + BETWEEN_LINES
                self._controller.tell(" ".join(f"Waiting for {vm.subject}: {vm.message}" for vm in self._plan.leaving))
            clock.pause(BETWEEN_LOOKS)
            self._plan_anew()

    def _plan_anew(self) -> None:
        self._plan = plan_restoration(self._cluster, self._ledger, self._home, self._options.home, self._lacks)

    def _wait_for_the_node(self) -> None:
        """Wait until the node is in order and Hyper-V runs. What is wrong with Hyper-V then fails moves, not starts."""
        node, tell = self._plan.home.node, self._controller.tell
        lacking = any(one.code == LACKING for one in self._plan.stays)
        takes_vms = bool(self._plan.moves) or lacking
        if self._plan.is_clustered and (takes_vms or not node.is_running):
            wait_until_in_order(self._cluster, node.name, self._ledger["redirected"], self._options.ignore, tell)
        if self._plan.is_clustered and takes_vms:
            self._kept_out = cannot_receive(node, wait_until_receiving(self._cluster, node, tell))
            self._warnings += filter(None, [self._kept_out])
        # A node that had just restarted may not have shown its virtual switches and its memory yet.
        if lacking or not node.is_running:
            self._lacks = MoveLacks(self._cluster)
            self._plan_anew()

    def _begin(self) -> None:
        self._hold.look("get its VMs back")
        if self._plan.is_clustered and (self._hold.is_paused or self._plan.moves or self._plan.helpers):
            self._cluster.confirm()
        if self._plan.is_clustered:
            self._nodes_before = try_overview(self._cluster)
        for warning in filter(None, (wording.without_room(self._plan), self._plan.tight)):
            self._warnings.append(warning)
            self._controller.tell(f"WARNING: {warning}")

    # What brings the VMs back.

    def _bring_helpers_home(self) -> None:
        """Bring VMs that stepped aside home one after another, each if its node can take it by then."""
        helpers = {vm["vm_id"].upper() for vm in self._ledger["vms"] if vm["helper"] and not vm["restored"]}
        made: dict[str, RestorationMove] = {}
        while helpers:
            now = plan_restoration(self._cluster, self._ledger, self._home, self._options.home, self._lacks)
            stays = [one for one in self._plan.stays if one.vm_id not in helpers]
            stays += [one for one in now.stays if one.vm_id in helpers - made.keys()]
            left = [move for move in now.helpers if move["vm_id"] not in made]
            self._plan = dataclasses.replace(self._plan, stays=tuple(stays), helpers=(*made.values(), *left))
            if not left:
                break
            move = made[left[0]["vm_id"]] = left[0]
            if self._controller.shows_progress:
                way = f"from {move['source_host']} to {move['destination_host']}"
                self._controller.tell(f"{clean(move['name'])} stepped aside and goes home {way}.")
            self._moving.make(_wanted([move]))
        self._warnings += wording.left_aside(self._plan)

    def _bring_roles_back(self) -> None:
        if self._roles.plan:
            self._roles.look(self._cluster, self._ledger, self._home.node.name)
            self._roles.move(self._cluster, self._home.node.name)

    def _start(self) -> None:
        """Start the VMs that the evacuation had stopped, and that are on the node or where somebody moved them."""
        if self._asked_to_stop:  # one of them may have gone off since the plan was made
            now = plan_restoration(self._cluster, self._ledger, self._home, self._options.home)
            self._plan = dataclasses.replace(self._plan, start=now.start)
        home = self._is_home()
        wanted = [vm["vm_id"] for vm in self._plan.start if vm["vm_id"] in home]
        if not wanted:
            return
        standing = read_standing(self._cluster, self._hosts, local_on=self._home.node.name)
        vms = [standing.vms[vm_id] for vm_id in wanted if vm_id in standing.vms]
        failed = {change.vm.id: change for change in self._switch.start(vms, START_WITHIN)}
        self._started = [vm for vm in vms if vm.id not in failed]
        self._not_started = [
            (change.vm.name, change.error.text if change.error is not None else f"it is {change.vm.state}")
            for change in failed.values()
        ]

    def _is_home(self) -> set[str]:
        """Return the ids of the VMs that are on the node, or were left where somebody meant them to be."""
        there = {"moved", "already_there", ELSEWHERE}
        return {vm.vm_id for vm in self._plan.stays if vm.code not in NOT_SETTLED} | {
            one["vm"]["id"] for one in self._records if one["outcome"] in there
        }

    # What is known at the end.

    def _look_for_stopping(self) -> None:
        """Look for guests that were asked to shut down not long ago: those that still run are not settled yet.

        Those that have gone off only now are to be started by another run.
        """
        asked = self._asked_to_stop
        if not asked:
            return
        standing = read_standing(self._cluster, self._hosts, local_on=self._home.node.name)
        present = [(entry, standing.vms[vm_id]) for vm_id, entry in asked.items() if vm_id in standing.vms]
        self._stopping = [vm for entry, vm in present if may_still_stop(entry, vm.state, self._now)]
        known = {vm["vm_id"] for vm in self._plan.start}
        late = [vm for entry, vm in present if was_stopped(entry, vm.state) and vm.id not in known]
        gone_off: list[NamedVm] = [{"vm_id": vm.id, "name": vm.name} for vm in late]
        self._plan = dataclasses.replace(self._plan, start=(*self._plan.start, *gone_off))
        self._not_started += [(vm.name, "it has gone off only now, so run the restoration again") for vm in late]

    @property
    def _asked_to_stop(self) -> Mapping[str, LedgerVm]:
        """The guests that were asked to shut down, had not done so in time, and are not settled, by VM id."""
        return {vm["vm_id"].upper(): vm for vm in self._ledger["vms"] if vm["asked_to_stop"] and not vm["restored"]}

    def _settle(self) -> None:
        """Write down which VMs are as they were, or are left alone for a reason."""
        waiting = {vm["vm_id"] for vm in self._plan.start} | {vm.id for vm in self._stopping}
        settled = self._is_home() - waiting | {vm.id for vm in self._started}
        if self._options.forget_gone:
            settled |= {vm.vm_id for vm in self._plan.gone}

        died = self._died()

        def change(ledger: Ledger) -> Ledger:
            vms = mark_restored(ledger, sorted(settled), self._now, self._home.owner.full or None)
            return self._roles.settled()(note_died(vms, died, self._now))

        self._change(change)

    def _died(self) -> set[str]:
        """Return the ids of VMs that ran before their move home failed, and are off or saved since."""
        ran = {
            one["vm"]["id"] for one in self._records if one["outcome"] == "failed" and one["vm"]["state"] == "running"
        }
        standing = read_standing(self._cluster, self._hosts).vms if ran else {}
        return {vm_id for vm_id in ran if vm_id in standing and standing[vm_id].state in AT_REST}

    def _put_balancer_back(self) -> None:
        def write_down(mode: int | None) -> None:
            self._change(lambda ledger: note_balancer(ledger, mode))

        def of_others() -> Mapping[str, int]:
            if self._store is None:
                return {}
            names = [one.name for one in self._hold.nodes]
            return written_for_others(self._controller, names, self._home.owner, self._store.path)

        balancing = Balancing(lambda: self._ledger["balancer"], write_down, of_others)
        balancing.put_back(self._cluster)
        self._balancer_note = balancing.note

    def _note_disks(self, state: DiskState) -> None:
        self._change(lambda ledger: note_disks(ledger, state, self._now))

    def _change(self, change: Callable[[Ledger], Ledger]) -> None:
        known = self._ledger
        self._ledger = change(known)
        if self._store is not None:
            self._ledger = self._store.change(lambda old: change(old if old is not None else known))

    def _take_new_sessions(self, why: str) -> None:
        """Go on with sessions of which none is in the middle of an answer, and find out what became of the moves."""
        self._cluster = self._switch.cluster = self._hold.cluster = self._controller.reconnect()
        self._moving.account_for(self._cluster, why)

    def _read_for_the_report(self) -> None:
        if self._hold.node is not None:
            self._nodes_after = try_overview(self._cluster)
        moves = [*self._plan.moves, *self._plan.helpers]
        if moves:
            nodes = {move[end] for move in moves for end in ("source_host", "destination_host")}
            self._limits = try_limits(self._cluster, nodes)

    def _what_failed(self) -> str:
        """Return everything that is not as it should be, empty for nothing."""
        return wording.together(
            self._failure,
            self._kept_out if self._moving.failed else "",
            wording.not_back(self._plan, self._records, self._not_started),
            self._roles.wrong,
            wording.without_room(self._plan),
            *self._salvage.troubles,
            wording.not_up(self._hold) if self._hold.unread or not self._failure else "",
        )

    def _outcome(self, failure: str, *, changed: bool) -> Outcome:
        result = self._plan.as_result()
        node = result["node"]
        started = {vm.id for vm in self._started}
        note = wording.together(
            wording.started_again(self._started),
            wording.kept_in_the_ledger(self._plan) if not self._options.forget_gone else "",
            wording.moved_on(self._plan),
            *wording.left_aside(self._plan),
            wording.not_started_on_purpose(self._plan),
            wording.may_still_stop(self._stopping),
            self._balancer_note,
            self._roles.note(),
        )
        return Outcome(
            node=node,
            owner=self._home.owner,
            is_clustered=self._plan.is_clustered,
            error=wording.together(failure, note) if failure else "",
            cause=failure,
            note=note,
            moves=self._records,
            planned=[*result["moves"], *result["helpers"]],
            stays=[*result["stays"], *result["leaving"], *result["gone"]],
            started=self._started,
            still_stopped=[
                Vm(vm["vm_id"], vm["name"], "", UNKNOWN) for vm in self._plan.start if vm["vm_id"] not in started
            ],
            changed_vms=vms_changed(self._records, self._switch.changes),
            roles=[one.as_result() for one in self._roles.records],
            node_state=self._hold.state,
            ledger=self._ledger,
            ledger_path=self._store.path if self._store is not None else None,
            nodes_before=self._nodes_before,
            nodes_after=self._nodes_after,
            headroom=result["headroom"],
            limits=self._limits,
            changed=changed,
            warnings=[*self._warnings, *self._moving.warnings],
        )


def _wanted(moves: Sequence[RestorationMove]) -> Sequence[Wanted]:
    return [Wanted(move["vm_id"], move["name"], move["source_host"], move["destination_host"]) for move in moves]
