# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many moves in one loop: start what the limits allow, watch what runs, try again what may pass."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence

from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.groups import VmGroup
from ..cluster.hosts import Limits
from ..cluster.nodes import read_nodes_if_any
from ..cluster.patience import SETTLES_WITHIN
from ..failure.errors import HyperVError, passes
from ..failure.failures import not_begun
from ..methods.methods import Methods
from ..migration.migration_task import MigrationTask, Policy
from ..migration.moves import reread
from ..migration.stage import Stage
from ..migration.verification import not_shown
from .liveness import NOT_STARTED, Liveness
from .making_room import RoomQueue, in_a_circle, leaving, wants_room
from .restarted import Restarts
from .slots import Share, SharedSlots, Slots
from .starting import Starter
from .watching import Seen, Watcher

_VM_FRESH_FOR = 5.0  # seconds that a VM's owner and state count as known before its move is started
_FRESH_FOR = 30.0  # seconds that the rest counts as known: states of the destinations, jobs
_FIRST_BACKOFF, _LONGEST_BACKOFF = 10.0, 120.0  # seconds before a retry; each waits twice as long as the one before
_FOR_A_SLOT = 30.0  # seconds before a host is asked again that had no slot left for one more migration
_SOONEST = 4  # the next look comes after this part of the interval at the soonest
# Failures that trying again would not mend, or would make worse, though they pass: something still runs, or the cluster
# gave no answer for as long as one is waited for.
_NEVER_RETRIED = frozenset({"timeout", "already_migrating", "outcome_unknown", NOT_STARTED})
_NO_SLOT = "limit_reached"


class Scheduler:
    """Runs moves to their end within the limits.

    ``report`` is called with all tasks whenever something about one of them may have changed, ``explain`` once with
    those that failed, before the last look at where their VMs are. ``share`` are its slots among those of others.
    """

    def __init__(
        self,
        cluster: Cluster,
        methods: Methods,
        limits: Limits,
        policy: Policy,
        report: Callable[[Sequence[MigrationTask]], None],
        explain: Callable[[Sequence[MigrationTask]], None] = lambda failed: None,
        share: Share | None = None,
    ) -> None:
        self._cluster = cluster
        self._clock = cluster.clock
        self._limits = limits
        self._policy = policy
        self._report = report
        self._explain = explain
        self._share = share or SharedSlots().share()
        self._liveness = Liveness(cluster)
        self._methods = methods
        self._starter = Starter(cluster, methods, policy, self._liveness)
        self._watcher = Watcher(cluster, methods, policy, self._liveness)
        self._room = RoomQueue()
        self._read_at = began = self._clock.now()
        self._vms_read_at: dict[str, float] = collections.defaultdict(lambda: began)  # by VM id

    def dry_run(self, tasks: Sequence[MigrationTask]) -> None:
        """Ask what every move would come to, and end it with ``would_move`` or ``failed``. Changes nothing."""
        for task in tasks:
            self._methods.choose(task)
            try:
                self._starter.dry_run(task)
            except (HyperVError, NoAnswer) as error:
                cure = "Nothing was changed. Look at that first, then run it again."
                task.fail(not_begun("not_asked", error, cure), self._clock.now())
        self._foresee_rounds(tasks)

    def _foresee_rounds(self, tasks: Sequence[MigrationTask]) -> None:
        """Let moves count that are refused now and would be tried again once another VM has left their node."""
        refused = [task for task in tasks if wants_room(task) and leaving(task, tasks)]
        while True:
            possible = [one for one in refused if any(other.outcome == "would_move" for other in leaving(one, tasks))]
            if not possible:
                break
            for task in possible:
                first = ", ".join(other.move.vm.name for other in leaving(task, tasks) if other.outcome == "would_move")
                refusal = task.error.message if task.error is not None else ""
                task.warn(f"{refusal} It would be tried again once {first} has left {task.move.destination.name}.")
                task.wait_again(0.0, self._clock.now())
                task.end("would_move", self._clock.now())
            refused = [task for task in refused if task not in possible]
        for task in refused:
            others = [other for other in leaving(task, tasks) if other in refused]
            if task.error is not None:
                task.overrule(in_a_circle(task.error, task, others))

    def start(self, task: MigrationTask) -> None:
        """Start one move and end it as ``started`` as soon as its job is known. A move without a job is waited for."""
        self.execute([task], until_started=True)
        self._watcher.poll([task])  # so that the result shows the job
        if task.stage is not Stage.ENDED:
            task.end("started", self._clock.now())

    def execute(self, tasks: Sequence[MigrationTask], *, until_started: bool = False) -> None:
        """Bring every move to its end. A move that fails does not stop the others."""
        for task in tasks:
            self._methods.choose(task)
            self._starter.end_if_done(task)
        # What is under way already takes its slots before anything is started.
        for task in tasks:
            if task.stage is Stage.WAITING and task.move.vm.is_leaving:
                self._attempt(task, self._starter.start, tasks)
        while True:
            self._start_what_fits(tasks)
            self._try_again(tasks)
            if self._room.hold(tasks, self._clock.now()):
                self._read_at = float("-inf")
            self._report(tasks)
            if all(task.stage is Stage.ENDED or (until_started and task.stage is Stage.RUNNING) for task in tasks):
                failed = [task for task in tasks if task.outcome == "failed"]
                if failed:
                    self._explain(failed)
                    self._report(tasks)
                self._tell_restarts(failed)
                return
            self._pause(tasks)
            for task in tasks:
                if task.stage is Stage.SEARCHING and task.due <= self._clock.now():
                    self._attempt(task, self._starter.search, tasks)
            self._watcher.poll(tasks)
            self._see_again(tasks)

    def _tell_restarts(self, failed: Sequence[MigrationTask]) -> None:
        """Look where VMs are whose moves failed: their nodes may be down, and the cluster restarts VMs elsewhere."""
        lost = [task for task in failed if task.error is not None and task.error.code != "restarted"]
        if not lost:
            return
        try:
            restarts = Restarts(self._cluster)
            if restarts.all_are_running:
                return
            seen = reread(self._cluster, [task.move for task in lost])
        except (HyperVError, NoAnswer):
            return  # the word on each of them stands
        for task in lost:
            vm, role = seen[task.move.vm.id]
            if vm is not None and task.move._replace(vm=vm, role=role).is_done:
                restart = restarts.find(task)
                if restart is not None:
                    task.overrule(restart)

    def _pause(self, tasks: Sequence[MigrationTask]) -> None:
        """Wait for the next look: less than the interval where a job is about to end, for others wait for its slot."""
        now, interval = self._clock.now(), self._policy.poll_interval
        known = [left for left in (task.seconds_left(now) for task in tasks) if left is not None]
        self._clock.pause(min(interval, max(interval / _SOONEST, min(known, default=interval))))

    def _start_what_fits(self, tasks: Sequence[MigrationTask]) -> None:
        slots = self._slots(tasks)
        slots.hold()
        for task in tasks:
            if self._is_due(task) and slots.claim(task):
                self._attempt(task, lambda task: self._start(task, tasks), tasks)
                self._report(tasks)
                slots = self._slots(tasks)
                slots.hold()

    def _slots(self, tasks: Sequence[MigrationTask]) -> Slots:
        return Slots(self._limits, tasks, self._share)

    def _is_due(self, task: MigrationTask) -> bool:
        return task.stage is Stage.WAITING and task.due <= self._clock.now()

    def _next_up(self, tasks: Sequence[MigrationTask]) -> list[MigrationTask]:
        """Return the moves that can start now."""
        slots = self._slots(tasks)
        return [task for task in tasks if self._is_due(task) and slots.take(task)]

    def _see_again(self, tasks: Sequence[MigrationTask]) -> None:
        """Verify what has ended, and have the same requests read what may start next: somebody may have moved it."""
        next_up, now = self._next_up(tasks), self._clock.now()
        seen = self._watcher.verify(tasks, next_up)
        self._renew([task for task in next_up if task.move.vm.id in seen], seen, now)

    def _is_stale(self, task: MigrationTask) -> bool:
        now = self._clock.now()
        return now - self._read_at > _FRESH_FOR or now - self._vms_read_at[task.move.vm.id] > _VM_FRESH_FOR

    def _start(self, task: MigrationTask, tasks: Sequence[MigrationTask]) -> None:
        if self._is_stale(task):
            self._refresh(task, tasks)
        if self._is_due(task):
            self._methods.choose(task)
            self._starter.start(task)
            self._liveness.answered([task])

    def _attempt(
        self, task: MigrationTask, step: Callable[[MigrationTask], None], tasks: Sequence[MigrationTask]
    ) -> None:
        """Take a step that must not end the loop: what the node refuses fails this move only.

        A move about which the node gives no answer is put off, and the others with it where nothing is answered at all.
        """
        asked_at = self._clock.now()
        try:
            step(task)
        except (HyperVError, NoAnswer) as error:
            if not passes(error):
                task.fail(not_begun(NOT_STARTED, error, "Nothing was started."), self._clock.now())
                return
            self._liveness.unanswered([task], error, asked_at)
            if not self._is_answered():
                waiting = [one for one in tasks if one.stage is Stage.WAITING]
                self._liveness.nothing_answers(waiting, error, asked_at)
            else:
                waiting = [task]
            for one in waiting:
                if one.stage is Stage.WAITING:
                    one.put_off(self._clock.now() + _FIRST_BACKOFF)

    def _is_answered(self) -> bool:
        try:
            return self._cluster.provider_answers()
        except NoAnswer:
            return False

    def _refresh(self, first: MigrationTask, tasks: Sequence[MigrationTask]) -> None:
        """Read owners and states again before a queued move starts: of its VM, and of the nodes that VMs are to go to.

        With it VMs are read whose moves can start as well. Those that wait for a slot are not: hundreds would be read
        time and again, long before it is their turn.
        """
        next_up, began = list(dict.fromkeys([first, *self._next_up(tasks)])), self._clock.now()
        seen = reread(self._cluster, [task.move for task in next_up])
        nodes = {node.name: node for node in read_nodes_if_any(self._cluster)}
        self._methods.forget_jobs()
        self._read_at = self._clock.now()
        for task in tasks:
            if task.stage is Stage.WAITING:
                task.destination_seen(nodes.get(task.move.destination.name, task.move.destination))
        self._renew(next_up, seen, began)

    def _renew(self, waiting: Sequence[MigrationTask], seen: Seen, at: float) -> None:
        """Go on from where waiting VMs were just seen, at ``at``; end what is done, or was moved by somebody else."""
        for task in waiting:
            vm, role = seen[task.move.vm.id]
            if vm is None:
                self._miss(task, role)
                continue
            self._vms_read_at[vm.id] = at
            task.go_on_from(vm, role)
        for task in waiting:
            if task.stage is Stage.WAITING and seen[task.move.vm.id][0] is not None:
                self._starter.end_if_done(task)

    def _miss(self, task: MigrationTask, role: VmGroup | None) -> None:
        """Put a move off whose VM is not shown; fail it where the cluster has no role of it, or for too long."""
        now = self._clock.now()
        if role is None or task.seconds_hidden(now) >= SETTLES_WITHIN:
            task.fail(not_shown(task.move, role), now)
        else:
            task.put_off(now + _FIRST_BACKOFF)
            self._read_at = float("-inf")

    def _try_again(self, tasks: Sequence[MigrationTask]) -> None:
        """Put failed moves back in the queue whose failure may pass. Owner and state are read before the next try."""
        now = self._clock.now()
        for task in tasks:
            error = task.error
            if task.stage is not Stage.ENDED or error is None or not error.transient or error.code in _NEVER_RETRIED:
                continue
            if error.code == _NO_SLOT and not task.timeout.is_over(task.seconds_without_slot(now)):
                task.wait_again(now + _FOR_A_SLOT, now)
            elif task.retried < self._policy.retries:
                task.retry(now + min(_FIRST_BACKOFF * 2**task.retried, _LONGEST_BACKOFF), now)
            else:
                continue
            self._read_at = float("-inf")
