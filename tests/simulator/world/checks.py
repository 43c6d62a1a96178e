# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Jobs that only tell whether a VM could be moved. Times are simulated seconds."""

from __future__ import annotations

import functools
import typing as t
import uuid

from .failures import Failure
from .members import Job, JobState, Machine, Node, Order
from .obstacles import Refusal, find_obstacle

if t.TYPE_CHECKING:
    from .world import World

SECONDS = 1.0


def check(world: World, machine: Machine, destination: Node, caller: str, order: Order) -> Job | Refusal:
    """Start a job that tells whether a move could be made, or refuse it as the move would be."""
    obstacle = find_obstacle(world, machine, destination, order)
    if obstacle is not None and obstacle.refusal is not None:
        return obstacle.refusal
    job = Job(str(uuid.uuid4()).upper(), machine, machine.owner, destination.name, caller, machine.owner, world.now)
    job.order, job.is_check, job.changed_at, job.state = order, True, world.now, JobState.RUNNING
    world.migrations.jobs[job.id] = job
    chain = obstacle.failures if obstacle is not None else ()
    world.timeline.after(SECONDS, functools.partial(_end, world, job, chain))
    return job


def _end(world: World, job: Job, chain: tuple[Failure, ...]) -> None:
    job.failures, job.ended = chain, world.now
    job.state, job.changed_at = JobState.EXCEPTION if chain else JobState.COMPLETED, world.now
    lifetime = world.scenario.switches.job_lifetime_seconds
    world.timeline.after(lifetime, functools.partial(world.migrations.forget, job))
