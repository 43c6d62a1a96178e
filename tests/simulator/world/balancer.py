# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The balancer of the cluster, which migrates VMs from nodes that are too full.

Source: "Virtual machine load balancing deep-dive" (Microsoft docs): when a node joins, and in mode 2 every 30 minutes
too; AutoBalancerLevel is how full a node may be, here of memory; only live migrations; possible owners are respected.
"""

from __future__ import annotations

import typing as t

from .members import Machine, Node

if t.TYPE_CHECKING:
    from .world import World

_EVERY = 1800.0  # seconds
_FULL = {1: 0.8, 2: 0.7, 3: 0.6}


class Balancer:
    """Acts as AutoBalancerMode says, unless the switches leave it without anything to do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._full = _FULL[world.scenario.cluster.auto_balancer_level]
        self._states = {name: node.state for name, node in world.nodes.items()}
        if world.scenario.switches.balancer_acts != "never":
            for node in world.members.values():
                node.watchers.append(self._entered)
            world.timeline.after(_EVERY, self._after_a_while)

    def balance(self) -> None:
        """Begin the migrations that make nodes which are too full less so."""
        if self._world.auto_balancer_mode == 0:
            return
        for node in self._nodes():
            leaving = 0
            for machine in sorted(node.residents.values(), key=lambda one: -one.needs_mb):
                if self._used(node) - leaving > self._full * node.spec.memory_mb and self._send_away(machine):
                    leaving += machine.needs_mb

    def _send_away(self, machine: Machine) -> bool:
        if machine.state != "running" or machine.job is not None or not machine.spec.clustered:
            return False
        destination = self._world.roomiest_node(machine)
        if destination is None:
            return False
        if self._used(destination) + machine.needs_mb > self._full * destination.spec.memory_mb:
            return False
        scenario = self._world.scenario
        caller = f"{scenario.user.domain}\\{scenario.cluster.name}$"
        self._world.migrations.start(machine, destination, caller, machine.owner, "queue")
        return machine.job is not None

    def _nodes(self) -> list[Node]:
        """Return the nodes that are looked at: a paused one is left as it is."""
        return [node for node in self._world.members.values() if node.state == "up"]

    @staticmethod
    def _used(node: Node) -> int:
        return node.spec.memory_mb - node.free_mb()

    def _after_a_while(self) -> None:
        if self._world.auto_balancer_mode == 2:
            self.balance()
        self._world.timeline.after(_EVERY, self._after_a_while)

    def _entered(self, node: Node) -> None:
        before, self._states[node.name] = self._states[node.name], node.state
        joins = node.answers and before in ("down", "joining")
        resumes = (before, node.state) == ("paused", "up")
        if joins or (resumes and self._world.scenario.switches.balancer_acts == "resumes_too"):
            self._world.timeline.after(0.0, self.balance)
