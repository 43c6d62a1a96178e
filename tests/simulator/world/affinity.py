# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs that the cluster keeps together or apart, and what it does about a move that is against that."""

from __future__ import annotations

import typing as t

from .members import Job, JobState, Machine, Node

if t.TYPE_CHECKING:
    from .world import World

_CLUSTER = "NT AUTHORITY\\SYSTEM"


class Affinity:
    """Judges moves by anti-affinity classes and by rules for the same node."""

    def __init__(self, world: World) -> None:
        self._world = world

    def conflicts_on(self, machine: Machine, destination: Node) -> bool:
        """Tell whether the cluster enforces that the VM avoids one that is, or will be, on this node."""
        if not self._world.scenario.cluster.enforced_anti_affinity or not self._counts(machine):
            return False
        there = (*destination.residents.values(), *destination.arriving.values())
        return any(
            self._classes(machine) & self._classes(other)
            for other in there
            if other is not machine and self._counts(other)
        )

    def _counts(self, machine: Machine) -> bool:
        return machine.has_memory or self._world.scenario.switches.class_holders == "all"

    def _classes(self, machine: Machine) -> set[str]:
        as_one = self._world.scenario.switches.class_names == "any_case"
        return {name.lower() if as_one else name for name in machine.spec.anti_affinity}

    def forbids(self, machine: Machine, destination: Node) -> bool:
        """Tell whether the cluster refuses a move because of either."""
        parts = self._world.scenario.switches.same_node_rule in ("refuse", "fail_job")
        return self.conflicts_on(machine, destination) or (parts and self.parts(machine, destination))

    def parts(self, machine: Machine, destination: Node) -> bool:
        """Tell whether a move takes the VM to another node than VMs that a rule keeps it with."""
        return any(other.owner != destination.name for other in self._kept_with(machine))

    def let_others_follow(self, job: Job) -> None:
        """Move the VMs of a rule for the same node to where one of them has gone, where the cluster does so."""
        if self._world.scenario.switches.same_node_rule != "follow":
            return
        if job.state not in (JobState.COMPLETED, JobState.COMPLETED_WITH_WARNINGS):
            return
        for other in self._kept_with(job.machine):
            if other.owner != job.destination and other.job is None:
                there = self._world.nodes[job.destination]
                self._world.migrations.start(other, there, _CLUSTER, other.owner, "queue")

    def _kept_with(self, machine: Machine) -> list[Machine]:
        rules = [
            {group.lower() for group in rule.groups}
            for rule in self._world.scenario.affinity_rules
            if rule.enabled and rule.type == "same_node"
        ]
        company = {group for rule in rules if machine.group.lower() in rule for group in rule}
        if not company:
            return []
        everyone = self._world.machines.values()
        return [other for other in everyone if other is not machine and other.group.lower() in company]
