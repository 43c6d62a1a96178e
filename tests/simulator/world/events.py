# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What happens without being asked for, as the scenario's ``events`` say."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..scenario import EventSpec
from ..scenario_file import ACTIONS, find_vm
from ..scenario_roles import CORE_GROUP
from . import failures
from .members import Job, Machine
from .obstacles import Refusal

if t.TYPE_CHECKING:
    from .world import World


@dataclasses.dataclass(frozen=True)
class PastEvent:
    """One event that has happened: at which second, what, and how it went."""

    at: float
    action: str
    subject: str
    outcome: str


class Events:
    """Carries out each event once, at its time or when the migration that it waits for gets far enough."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.past: list[PastEvent] = []
        self._awaiting: dict[str, list[EventSpec]] = {}
        for event in world.scenario.events:
            if event.at is not None:
                world.timeline.after(event.at, functools.partial(self.carry_out, event))
            elif event.when is not None:
                self._awaiting.setdefault(self._machine(event.when.vm).id, []).append(event)
        world.migrations.reached.append(self._migration_runs)

    def _migration_runs(self, job: Job) -> None:
        for event in self._awaiting.pop(job.machine.id, ()):
            if event.when is not None:
                self._world.migrations.at_percent(job, event.when.percent, functools.partial(self.carry_out, event))

    def carry_out(self, event: EventSpec) -> None:
        """Let an event happen now."""
        action = next(name for name in ACTIONS if getattr(event, name) is not None)
        subject = str(getattr(event, action))
        outcome = getattr(self, f"_{action}")(event, subject) or "done"
        self.past.append(PastEvent(self._world.now, action, subject, outcome))

    def _move(self, event: EventSpec, subject: str) -> str | None:
        machine = self._machine(subject)
        destination = self._world.nodes[str(event.to)]
        if event.instant:
            if machine.job is not None:
                return "not done: a migration runs"
            self._world.relocate(machine, destination.name)
            return None
        user = self._world.scenario.user
        caller = f"{user.domain}\\Administrator"
        started = self._world.migrations.start(machine, destination, caller, machine.owner, "queue")
        return f"not done: {started.name.lower()}" if isinstance(started, Refusal) else f"job {started.id}"

    def _power_off(self, unused: EventSpec, subject: str) -> None:
        machine = self._machine(subject)
        if machine.job is not None:
            self._world.migrations.break_off(machine.job, failures.CANCELLED)
        machine.state = "off"
        machine.changed_at = self._world.now

    def _idle(self, unused: EventSpec, subject: str) -> None:
        self._machine(subject).activity = None

    def _pause(self, unused: EventSpec, subject: str) -> None:
        self._world.drains.pause(self._world.nodes[subject], drain=False)

    def _resume(self, unused: EventSpec, subject: str) -> None:
        self._world.drains.resume(self._world.nodes[subject], fail_back=False)

    def _down(self, unused: EventSpec, subject: str) -> None:
        self._world.drains.lose(self._world.nodes[subject])

    def _up(self, unused: EventSpec, subject: str) -> None:
        self._world.nodes[subject].enter("up")

    def _core_group(self, unused: EventSpec, subject: str) -> None:
        self._world.roles.place(CORE_GROUP, subject)

    def _vmms_restart(self, unused: EventSpec, subject: str) -> None:
        self._world.migrations.lose_service(subject)

    def _machine(self, name_or_id: str) -> Machine:
        found = find_vm(self._world.scenario, name_or_id)
        if found is None or found.id is None:
            raise LookupError(f"the scenario was not checked: no VM {name_or_id}")
        return self._world.machines[found.id]
