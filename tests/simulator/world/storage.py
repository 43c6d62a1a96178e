# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mirrors over the disks of the nodes: what is current, what is being repaired, and what was lost.

Windows stays with a mirror as long as one current copy is left: with three copies two nodes may be away or outdated,
with two copies one (Microsoft docs, "Fault tolerance and storage efficiency"). Repair after a restart: "Understand and
see storage resync" there. Maintenance mode, in which nothing is written to the disks of a node: "Taking a Storage
Spaces Direct server offline for maintenance"; since Windows Server 2022 a drain begins it, and resuming ends it.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .members import Node

if t.TYPE_CHECKING:
    from .world import World


DiskMode = t.Literal["in_service", "starting", "maintenance", "stopping"]
DRAINS_DISKS = 20348  # Windows Server 2022


@dataclasses.dataclass(frozen=True)
class Repair:
    """The repair of the disks of one node; ``ends`` is None while the node, or its disks, are away."""

    node: str
    begins: float
    ends: float | None


@dataclasses.dataclass(frozen=True)
class Loss:
    """A moment at which a mirror was without redundancy it should have had, or without any current copy."""

    at: float
    node: str
    data: bool


class Storage:
    """The storage of the cluster, by the scenario's ``storage``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.spec = world.scenario.storage
        self._repairs: dict[str, Repair] = {
            node.name: Repair(node.name, 0.0, None) for node in self._nodes() if not node.windows_runs
        }
        self.losses: list[Loss] = []
        self._modes: dict[str, DiskMode] = {}
        self._kept: dict[str, set[int]] = {}  # disks that are in service although those of their node are not
        for name in self.spec.disks_in_maintenance if self.is_on_the_nodes else ():
            self._modes[name] = "maintenance"
            self._repairs[name] = Repair(name, 0.0, None)
        for node in world.members.values():
            node.watchers.append(self._entered)

    @property
    def is_on_the_nodes(self) -> bool:
        """The volumes are on the disks of the nodes themselves."""
        return self.spec.kind == "spaces_direct"

    @property
    def repairs(self) -> list[Repair]:
        """The repairs that have not ended, and for a while those that have."""
        shown = self._world.now - self.spec.ended_jobs_stay_seconds
        return [one for one in self._repairs.values() if one.ends is None or one.ends > shown]

    @property
    def outdated(self) -> set[str]:
        """The nodes whose copies are not current."""
        now = self._world.now
        return {one.node for one in self._repairs.values() if one.ends is None or one.ends > now}

    @property
    def available_copies(self) -> int:
        """How many copies of the data on the unluckiest spot are current."""
        return max(0, self.spec.copies - len(self.outdated)) if self.is_on_the_nodes else self.spec.copies

    def mode(self, node: Node, disk: int) -> DiskMode:
        """Return what the disk of a node with this number, counted from 0, does."""
        kept = disk in self._kept.get(node.name, ())
        return "in_service" if kept else self._modes.get(node.name, "in_service")

    @property
    def out_of_service(self) -> list[str]:
        """The nodes whose disks, or some of them, are in maintenance mode or on their way into it or out of it."""
        return [name for name, mode in self._modes.items() if mode != "in_service"]

    def may_leave(self, node: Node) -> bool:
        """Tell whether every mirror keeps a current copy without the disks of a node."""
        return len(self.outdated | {node.name}) < self.spec.copies

    def begin_maintenance(self, node: Node) -> None:
        """Take the disks of a node out of service; the first one stays in it where maintenance stops half way."""
        if self._modes.get(node.name, "in_service") == "maintenance":
            return
        if self._world.scenario.switches.maintenance_stops_half_way:
            self._kept[node.name] = {0}
        self._modes[node.name] = "starting"
        self._go_away(node)
        self._after_a_while(node, "starting", "maintenance")

    def end_maintenance(self, node: Node) -> None:
        """Take the disks of a node into service again; it does nothing where maintenance has stopped half way."""
        if self._modes.get(node.name, "in_service") != "in_service" and not self._kept.get(node.name):
            self._modes[node.name] = "stopping"
            self._after_a_while(node, "stopping", "in_service")

    def end_maintenance_of(self, node: Node, disk: int) -> None:
        """Take one disk of a node into service again; with the last one the node's mirrors are repaired."""
        kept = self._kept.setdefault(node.name, set())
        kept.add(disk)
        if len(kept) == self.spec.disks_per_node:
            self._change(node, self._modes.get(node.name, "in_service"), "in_service")

    def drained(self, node: Node) -> None:
        """Do what the end of a drain does to the disks of its node."""
        stays = self._world.scenario.switches.disks_of_a_drained_node == "in_service"
        if self.is_on_the_nodes and node.spec.windows_build >= DRAINS_DISKS and not stays:
            self.begin_maintenance(node)

    def _after_a_while(self, node: Node, now: DiskMode, then: DiskMode) -> None:
        change = functools.partial(self._change, node, now, then)
        self._world.timeline.after(self.spec.maintenance_seconds, change)

    def _change(self, node: Node, before: DiskMode, now: DiskMode) -> None:
        if self._modes.get(node.name, "in_service") != before:
            return
        self._modes[node.name] = now
        if now == "in_service":
            self._kept.pop(node.name, None)
            if node.windows_runs:
                self._come_back(node)

    @property
    def is_whole(self) -> bool:
        """Every copy is current."""
        return not self.is_on_the_nodes or not self.outdated

    def _nodes(self) -> list[Node]:
        return list(self._world.members.values()) if self.spec.kind == "spaces_direct" else []

    def _entered(self, node: Node) -> None:
        if not self.is_on_the_nodes:
            return
        switches = self._world.scenario.switches
        follows = node.spec.windows_build >= DRAINS_DISKS
        if not node.windows_runs:
            self._go_away(node)
        elif node.state == "paused" and follows and switches.disks_of_a_drained_node == "with_every_pause":
            self.begin_maintenance(node)
        elif node.state == "up" and follows and switches.disks_of_a_resumed_node == "in_service":
            self._kept.pop(node.name, None)
            self.end_maintenance(node)
        if node.windows_runs and self._modes.get(node.name, "in_service") == "in_service":
            self._come_back(node)

    def _go_away(self, node: Node) -> None:
        repair = self._repairs.get(node.name)
        if repair is not None and repair.ends is None:
            return
        others = self.outdated - {node.name}  # its own copies that are being repaired are no further loss
        self._repairs[node.name] = Repair(node.name, self._world.now, None)
        if others:
            self.losses.append(Loss(self._world.now, node.name, data=self.available_copies == 0))

    def _come_back(self, node: Node) -> None:
        repair = self._repairs.get(node.name)
        if repair is not None and repair.ends is None:
            begins = self._world.now + self.spec.repair_delay_seconds
            self._repairs[node.name] = Repair(node.name, begins, begins + self.spec.repair_seconds)
