# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mirrors over the disks of the nodes: what is current, what is being repaired, and what was lost.

Windows stays with a mirror as long as one current copy is left: with three copies two nodes may be away or outdated,
with two copies one (Microsoft docs, "Fault tolerance and storage efficiency"). Repair after a restart: "Understand and
see storage resync" there.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .members import Node

if t.TYPE_CHECKING:
    from .world import World


@dataclasses.dataclass(frozen=True)
class Repair:
    """The repair of the disks of one node; ``ends`` is None while the node is away."""

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
        for node in world.members.values():
            node.entered = self._entered

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

    @property
    def is_whole(self) -> bool:
        """Every copy is current."""
        return not self.is_on_the_nodes or not self.outdated

    def _nodes(self) -> list[Node]:
        return list(self._world.members.values()) if self.spec.kind == "spaces_direct" else []

    def _entered(self, node: Node) -> None:
        if not self.is_on_the_nodes:
            return
        now, repair = self._world.now, self._repairs.get(node.name)
        if not node.windows_runs:
            if repair is None or repair.ends is not None:
                was_whole = self.is_whole
                self._repairs[node.name] = Repair(node.name, now, None)
                if not was_whole:
                    self.losses.append(Loss(now, node.name, data=self.available_copies == 0))
        elif repair is not None and repair.ends is None:
            begins = now + self.spec.repair_delay_seconds
            self._repairs[node.name] = Repair(node.name, begins, begins + self.spec.repair_seconds)
