# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pausing, draining and resuming nodes, and what their loss does, as failover clustering does it by itself."""

from __future__ import annotations

import typing as t

from . import failures
from .members import Job, Machine, Node
from .obstacles import Refusal

if t.TYPE_CHECKING:
    from .world import World


class Drains:
    """Node states and the moves that follow from them. Moves of a drain wait in the queue for free slots."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._moving: dict[str, tuple[Node, set[str]]] = {}
        world.migrations.ended.append(self._migration_ended)

    def pause(self, node: Node, drain: bool, target: Node | None = None) -> None:
        """Pause a node; with ``drain`` its VMs leave in the order of their priority, to ``target`` if it is given."""
        node.enter("paused")
        if not drain:
            return
        node.drain_target = target.name if target else ""
        node.drained = []
        jobs: set[str] = set()
        stuck = False
        for machine in sorted(node.residents.values(), key=lambda resident: -resident.spec.priority):
            job = self._send_away(machine, target)
            stuck = stuck or job is None
            if job is not None:
                jobs.add(job.id)
                node.drained.append(machine.id)
        node.drain = "failed" if stuck else "in_progress"
        self._moving[node.name] = (node, jobs)
        self._settle(node.name)

    def _send_away(self, machine: Machine, target: Node | None) -> Job | None:
        destination = target or self._world.roomiest_node(machine)
        if destination is None:
            return None
        started = self._world.migrations.start(machine, destination, self._caller, machine.owner, "queue")
        return None if isinstance(started, Refusal) else started

    def resume(self, node: Node, fail_back: bool) -> None:
        """Make a paused node active again; with ``fail_back`` the VMs that its drain moved come back."""
        node.enter("up")
        node.drain = "not_initiated"
        node.drain_target = ""
        self._moving.pop(node.name, None)
        returning, node.drained = node.drained, []
        for identity in returning if fail_back else ():
            machine = self._world.machines[identity]
            if machine.owner != node.name:
                self._world.migrations.start(machine, node, self._caller, machine.owner, "queue")

    def lose(self, node: Node) -> int:
        """Take a node down as by a crash: its migrations break, its VMs restart where there is room.

        Returns which state the node has entered by that, see ``Node.enter``: one that is down already stays so.
        """
        was_down = node.state == "down"
        entered = node.enter("down")
        if was_down:
            return entered
        self._moving.pop(node.name, None)
        for machine in self._world.machines.values():
            if machine.job is not None and node.name in (machine.job.source, machine.job.destination):
                self._world.migrations.break_off(machine.job, failures.NODE_DOWN)
        for machine in list(node.residents.values()):
            machine.times_lost += machine.has_memory
            destination = self._world.roomiest_node(machine)
            if destination is not None:
                self._world.relocate(machine, destination.name)
        # No group fails over to a paused node where another is up ([MS-CMRP] 3.1.4.1.70, ApiPauseNode).
        answering = sorted(
            (other for other in self._world.members.values() if other.answers), key=lambda one: one.state != "up"
        )
        survivor = answering[0].name if answering else node.name
        self._world.roles.fail_over(node.name, survivor)
        return entered

    @property
    def _caller(self) -> str:
        scenario = self._world.scenario
        return f"{scenario.user.domain}\\{scenario.cluster.name}$"

    def _migration_ended(self, job: Job) -> None:
        for name, (node, jobs) in list(self._moving.items()):
            if job.id in jobs:
                jobs.discard(job.id)
                if job.failures:
                    node.drain = "failed"
                self._settle(name)

    def _settle(self, name: str) -> None:
        node, jobs = self._moving[name]
        if not jobs:
            del self._moving[name]
            if node.drain == "in_progress":
                node.drain = "completed"
                self._world.storage.drained(node)
