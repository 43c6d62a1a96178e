# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Live migrations from the call to the end: admission, limits and queue, progress, success, failure, cancellation."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
import uuid

from . import failures
from .failures import Failure
from .members import LIVE, Job, JobState, Machine, Node, Order
from .obstacles import Refusal, find_failure, find_obstacle

if t.TYPE_CHECKING:
    from .world import World

# How long the service takes to see that it cannot do it, and to wind up a terminated job.
REJECTION_SECONDS = 1.0
# JobState numbers that end a job: with the VM moved, without, and by request. "Service" (11) is Microsoft's failure.
MOVED, NOT_MOVED, SERVICE = (7, 32768), (8, 9, 10, 11), 11
WIND_UP_SECONDS = 1.0


class Migrations:
    """Every migration of the cluster, by whomever it was started. Times are simulated seconds."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.jobs: dict[str, Job] = {}
        self._asked_to_end: set[str] = set()
        # Those that hold a slot, by the id of their VM.
        self.active: dict[str, Job] = {}
        self._waiting: list[Job] = []
        self.ended: list[t.Callable[[Job], None]] = []
        self.reached: list[t.Callable[[Job], None]] = []

    def invoke(self, machine: Machine, destination: Node, caller: str, asked: str) -> Job | Refusal | int:
        """Do what a call of the migration method does: a job, a refusal, or the code that the scenario prescribes.

        ``asked`` is the node that got the call. The VM's count grows by one if a migration was started.
        """
        spec = machine.spec.migration
        limited = spec.return_times is not None and machine.times_returned >= spec.return_times
        if spec.return_value is not None and not limited:
            machine.times_returned += 1
            if spec.return_moves:
                self.start(machine, destination, caller, machine.owner, "queue")
            return spec.return_value
        switches = self._world.scenario.switches
        host = asked if switches.job_namespace == "v2" and switches.job_on == "asked" else machine.owner
        instantly = switches.return_form in ("synchronous", "done_with_job")
        started = self.start(machine, destination, caller, host, switches.limit, instantly)
        if isinstance(started, Job):
            machine.times_migrated += 1
        return started

    def start(
        self,
        machine: Machine,
        destination: Node,
        caller: str,
        host: str,
        limit: str,
        instantly: bool = False,
        order: Order = LIVE,
    ) -> Job | Refusal:
        """Start a migration; ``limit`` says what happens when no slot is free, ``instantly`` lets it take no time."""
        obstacle = find_obstacle(self._world, machine, destination, order)
        if obstacle is not None and obstacle.refusal is not None:
            return obstacle.refusal
        full = self._full_node(order, machine.owner, destination.name)
        if full is not None and (limit == "refuse" or instantly):
            return Refusal.IN_USE
        if instantly and obstacle is not None:
            return Refusal.FAILED
        job = self._submit(machine, destination, caller, host, order)
        if obstacle is not None:
            self._reject(job, obstacle.failures)
        elif full is not None and limit == "fail_job":
            self._reject(job, failures.of_limit(machine.name, full, self.limit(full)))
        elif full is not None:
            self._waiting.append(job)
        else:
            self._begin(job)
        if instantly:
            self._succeed(job)
        return job

    def limit(self, node: str) -> int:
        """Return how many migrations may run at ``node`` at once; a limit of the cluster overrides the node's."""
        of_cluster = self._world.scenario.cluster.maximum_parallel_migrations
        return self._world.nodes[node].spec.simultaneous_migrations if of_cluster is None else of_cluster

    def running_at(self, node: str) -> int:
        """Return how many VMs leave or enter ``node`` now."""
        return sum(node in (job.source, job.destination) for job in self.active.values() if job.order.takes_memory)

    def copying_at(self, node: str) -> int:
        """Return of how many VMs ``node`` sends or receives the disks now."""
        return sum(node in (job.source, job.destination) for job in self.active.values() if job.order.takes_disks)

    def cancel(self, job: Job, kill: bool) -> Refusal | None:
        """End a migration on request; None when the request was taken, which does not promise how the job ends."""
        way = job.machine.spec.migration.cancel
        ending = job.state is JobState.SHUTTING_DOWN and not kill
        if job.state.final or ending or way == "refuse" or job.is_check or self._switching_over(job):
            return Refusal.INVALID_STATE
        if way == "busy_once" and job.id not in self._asked_to_end:
            self._asked_to_end.add(job.id)
            return Refusal.IN_USE
        if way == "ignored" or (way == "kill_only" and not kill):
            return None
        if way == "race":
            self._succeed(job)
        elif way == "exception":
            self._finish(job, JobState.EXCEPTION, self._cancelled(job))
        elif kill:
            self._finish(job, JobState.KILLED, self._cancelled(job))
        else:
            job.frozen_percent = job.percent(self._world.now)
            self._set_state(job, JobState.SHUTTING_DOWN)
            wound_up = functools.partial(self._finish, job, JobState.TERMINATED, self._cancelled(job))
            self._world.timeline.after(WIND_UP_SECONDS, wound_up)
        return None

    def break_off(self, job: Job, hresult: int) -> None:
        """Let a migration fail now, whatever it was doing."""
        self._finish(job, JobState.EXCEPTION, self._chain(job, hresult))

    def lose_service(self, node: str) -> None:
        """Let the management service of ``node`` begin anew: its migrations break, its jobs are gone, VMs stay."""
        for job in [job for job in self.jobs.values() if node in (job.source, job.destination)]:
            self.break_off(job, failures.NODE_DOWN)
            self.forget(job)

    def forget(self, job: Job) -> None:
        """Remove the job object; the migration itself, if it runs, goes on."""
        self.jobs.pop(job.id, None)

    def _submit(self, machine: Machine, destination: Node, caller: str, host: str, order: Order) -> Job:
        now = self._world.now
        job = Job(str(uuid.uuid4()).upper(), machine, machine.owner, destination.name, caller, host, now)
        job.changed_at, job.order = now, order
        self.jobs[job.id] = job
        machine.job = machine.last_job = job
        return job

    def _reject(self, job: Job, chain: tuple[Failure, ...]) -> None:
        self._set_state(job, JobState.STARTING)
        self._world.timeline.after(REJECTION_SECONDS, functools.partial(self._finish, job, JobState.EXCEPTION, chain))

    def _full_node(self, order: Order, *nodes: str) -> str | None:
        def is_full(node: str) -> bool:
            copies = self._world.nodes[node].spec.simultaneous_storage_migrations
            no_slot = order.takes_memory and self.running_at(node) >= self.limit(node)
            return no_slot or (order.takes_disks and self.copying_at(node) >= copies)

        return next((node for node in nodes if is_full(node)), None)

    def _begin(self, job: Job) -> None:
        job.started = self._world.now
        self.active[job.machine.id] = job
        if job.order.takes_memory:
            self._world.nodes[job.destination].arriving[job.machine.id] = job.machine
        self._set_state(job, JobState.STARTING)
        self._world.timeline.after(self._world.scenario.network.setup_seconds, functools.partial(self._transfer, job))

    def _transfer(self, job: Job) -> None:
        if job.state is not JobState.STARTING:
            return
        network, spec = self._world.scenario.network, job.machine.spec.migration
        size = job.machine.needs_mb * job.order.takes_memory + job.machine.spec.disk_mb * job.order.takes_disks
        copying = size / network.megabytes_per_second + network.switch_over_seconds
        job.transfer_began = self._world.now
        job.transfer_seconds = spec.seconds or max(copying, 0.001)
        self._set_state(job, JobState.RUNNING)
        for listener in self.reached:
            listener(job)
        if spec.job_vanishes_at is not None:
            self.at_percent(job, spec.job_vanishes_at, functools.partial(self.forget, job))
        if spec.job_state is not None:
            self.at_percent(job, spec.job_state_at, functools.partial(self._take_state, job, spec.job_state))
        may_fail = (spec.fail_times is None or job.machine.times_failed < spec.fail_times) and (
            spec.fails_towards in (None, job.destination)
        )
        if spec.fails_at is not None and may_fail:
            job.machine.times_failed += 1
            self.at_percent(job, spec.fails_at, functools.partial(self._fail_at, job, spec.fails_at))
        elif spec.stuck_at is not None:
            self.at_percent(job, spec.stuck_at, functools.partial(self._freeze, job, spec.stuck_at))
        else:
            self.at_percent(job, 100, functools.partial(self._succeed, job))

    def at_percent(self, job: Job, percent: int, action: t.Callable[[], None]) -> None:
        """Have ``action`` carried out when the running ``job`` reaches ``percent``, unless it has ended before."""

        def if_running() -> None:
            if job.state is JobState.RUNNING and job.frozen_percent is None:
                action()

        self._world.timeline.after(job.transfer_seconds * percent / 100, if_running)

    def _freeze(self, job: Job, percent: int) -> None:
        job.frozen_percent = percent

    def _fail_at(self, job: Job, percent: int) -> None:
        job.frozen_percent = percent
        self._finish(job, JobState.EXCEPTION, self._own_failure(job))

    def _take_state(self, job: Job, number: int) -> None:
        """Let the job be in a state by its number: the scenario's word on what a host might show."""
        seconds = job.machine.spec.migration.job_state_seconds
        if number in MOVED:
            self._carry_out(job)
            self._finish(job, JobState(number))
        elif number in NOT_MOVED:
            by_request = number in (JobState.TERMINATED, JobState.KILLED)
            state = JobState.EXCEPTION if number == SERVICE else JobState(number)
            self._finish(job, state, self._cancelled(job) if by_request else self._own_failure(job))
            job.shown_state = number
        else:
            job.shown_state = number
            if seconds is None:
                job.frozen_percent = job.percent(self._world.now)
            else:
                self._world.timeline.after(seconds, functools.partial(setattr, job, "shown_state", None))

    def _carry_out(self, job: Job) -> None:
        machine, order = job.machine, job.order
        if order.kind == "staged":
            self._world.nodes[job.destination].planned.add(machine.id)
        if order.takes_memory:
            self._world.relocate(machine, job.destination)
        if order.files is not None:
            if order.keeps_disks:
                self._world.nodes[job.source].left_disks.extend(machine.files.disks)
            machine.files = order.files

    def _succeed(self, job: Job) -> None:
        self._carry_out(job)
        warned = job.machine.spec.migration.warnings
        self._finish(job, JobState.COMPLETED_WITH_WARNINGS if warned else JobState.COMPLETED)

    def _finish(self, job: Job, state: JobState, chain: tuple[Failure, ...] = ()) -> None:
        if job.state.final:
            return
        if state not in (JobState.COMPLETED, JobState.COMPLETED_WITH_WARNINGS):
            job.frozen_percent = job.percent(self._world.now)
        job.failures = chain
        job.ended = self._world.now
        self._set_state(job, state)
        job.machine.job = None
        if self.active.get(job.machine.id) is job:
            del self.active[job.machine.id]
        self._world.nodes[job.destination].arriving.pop(job.machine.id, None)
        lifetime = self._world.scenario.switches.job_lifetime_seconds
        self._world.timeline.after(lifetime, functools.partial(self.forget, job))
        self._begin_waiting()
        for listener in self.ended:
            listener(job)

    def _begin_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for job in waiting:
            if job.state is not JobState.NEW:
                continue
            if self._full_node(job.order, job.source, job.destination) is not None:
                self._waiting.append(job)
                continue
            failure = find_failure(self._world, job.machine, self._world.nodes[job.destination], job.order)
            if failure is None:
                self._begin(job)
            else:
                self._reject(job, failure.failures)

    def _set_state(self, job: Job, state: JobState) -> None:
        job.state = state
        job.shown_state = None
        job.changed_at = self._world.now

    def _switching_over(self, job: Job) -> bool:
        if job.transfer_began is None or job.frozen_percent is not None:
            return False
        left = job.transfer_began + job.transfer_seconds - self._world.now
        return left < min(self._world.scenario.network.switch_over_seconds, job.transfer_seconds / 2)

    def _chain(self, job: Job, hresult: int) -> tuple[Failure, ...]:
        return failures.of_hresult(job.machine.name, job.source, job.destination, hresult)

    def _own_failure(self, job: Job) -> tuple[Failure, ...]:
        spec = job.machine.spec.migration
        cause = failures.Cause(spec.hresult, spec.message_id, spec.error_type, spec.reason)
        told = failures.chain(job.machine.name, job.source, job.destination, cause)
        if spec.cause_in == "job":
            return told
        job.logged = told
        return tuple(dataclasses.replace(one, hresult=None, reason="") for one in told[:2])

    def _cancelled(self, job: Job) -> tuple[Failure, ...]:
        return self._chain(job, failures.CANCELLED)
