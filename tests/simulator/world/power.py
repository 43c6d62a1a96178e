# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starting, stopping, saving and pausing VMs, by the host or by the guest itself."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
import uuid

from ..scenario import VmState
from . import failures
from .members import Machine
from .obstacles import Refusal

if t.TYPE_CHECKING:
    from .world import World

# From which states each state can be asked for.
_FROM: dict[VmState, frozenset[VmState]] = {
    "running": frozenset({"off", "saved", "paused"}),
    "off": frozenset({"running", "paused", "saved"}),
    "saved": frozenset({"running", "paused"}),
    "paused": frozenset({"running"}),
}
Guest = t.Literal["begins", "not_running", "not_ready", "locked", "in_progress"]


@dataclasses.dataclass(eq=False)
class StateJob:
    """One change of a VM's state; ``host`` lists it among its own jobs if it was asked for there."""

    id: str
    machine: Machine
    wanted: VmState
    host: str | None
    submitted: float
    seconds: float
    hresult: int | None = None
    ended: float | None = None

    @property
    def failed(self) -> bool:
        return self.ended is not None and self.hresult is not None

    def percent(self, now: float) -> int:
        """Return how much of it is done."""
        if self.ended is not None:
            return 0 if self.failed else 100
        return 99 if not self.seconds else min(99, int(100 * (now - self.submitted) / self.seconds))


class Power:
    """Every change of a VM's state that was asked for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.jobs: dict[str, StateJob] = {}

    def request(self, machine: Machine, wanted: VmState, host: str | None = None) -> StateJob | Refusal:
        """Begin to change a VM's state by force of the host, or refuse."""
        machine.commands.append(wanted)
        node = self._world.nodes[machine.owner]
        refuses_starts = self._world.scenario.switches.start_on_paused_node == "refuse"
        if machine.job is not None or machine.changing_to is not None or machine.activity is not None:
            return Refusal.IN_USE
        if machine.state not in _FROM[wanted]:
            return Refusal.INVALID_STATE
        if wanted == "running" and node.state == "paused" and refuses_starts:
            return Refusal.INVALID_STATE
        spec = machine.spec.power
        lasts = {"running": spec.start_seconds, "saved": spec.save_seconds}.get(wanted, 0.5)
        job = StateJob(str(uuid.uuid4()).upper(), machine, wanted, host, self._world.now, lasts, spec.hresult)
        # Memory is assigned when the VM starts, and is already there when it was only paused.
        if wanted == "running" and not machine.has_memory and machine.spec.memory_mb > node.free_mb():
            job.hresult = failures.OUT_OF_MEMORY
        self.jobs[job.id] = job
        machine.changing_to = wanted
        self._world.timeline.after(lasts, functools.partial(self._end, job))
        return job

    def shut_down_guest(self, machine: Machine, *, force: bool) -> Guest:
        """Ask the guest to shut itself down."""
        machine.commands.append("shut_down")
        guest = machine.spec.power.guest
        if machine.state != "running":
            return "not_running"
        if machine.changing_to is not None:
            return "in_progress"
        if guest in ("not_ready", "absent"):
            return "not_ready"
        if guest == "locked" and not force:
            return "locked"
        if guest != "ignores":
            machine.changing_to = "off"
            self._world.timeline.after(machine.spec.power.stop_seconds, functools.partial(self._arrive, machine, "off"))
        return "begins"

    def _end(self, job: StateJob) -> None:
        job.ended = self._world.now
        if job.hresult is None:
            self._arrive(job.machine, job.wanted)
        else:
            job.machine.changing_to = None
        lifetime = self._world.scenario.switches.job_lifetime_seconds
        self._world.timeline.after(lifetime, functools.partial(self._forget, job))

    def _forget(self, job: StateJob) -> None:
        del self.jobs[job.id]

    def _arrive(self, machine: Machine, state: VmState) -> None:
        machine.state = state
        machine.changing_to = None
        machine.changed_at = self._world.now
