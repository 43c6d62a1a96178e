# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the planner knows: the VMs that are to leave, the nodes that can take them, the rules. Pure."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

from ..._hostnames import first_label
from ..cluster.affinity import Rule
from ..cluster.cim_values import MEDIUM_PRIORITY
from ..cluster.hosts import Memory
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from .strategies import MIGRATE, OFFLINE, SAVE, StrategyName


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A VM that is to leave, with what its place depends on.

    Attributes:
        priority: of its group, higher goes first.
        possible_owners: nodes that may own it; empty where the cluster lists none.
        preferred_owners: nodes that it should be on where there is a choice.
        preferred_as: what one of those is for it, as in ``NODE2 is a preferred owner``.
        strategy: ``migrate``, ``shutdown`` or ``save``: how it leaves.
        build: Windows build of the node that it is on, None where not told.
        excluded: first labels of nodes that it shall not go to, such as those where its move has failed.
        lacks: what nodes lack for it, in a clause beside the first label of each.
        pinned: the only node that it may go to, because it is on its way there or an earlier plan said so; else empty.
        pinned_because: why it has no choice, for people.
        memory_is_there: its memory is allocated on ``pinned`` already and is not to be counted again.
    """

    vm: Vm
    priority: int = MEDIUM_PRIORITY
    possible_owners: tuple[str, ...] = ()
    preferred_owners: tuple[str, ...] = ()
    strategy: StrategyName = MIGRATE
    build: int | None = None
    excluded: frozenset[str] = frozenset()
    lacks: tuple[tuple[str, str], ...] = ()
    pinned: str = ""
    pinned_because: str = ""
    memory_is_there: bool = False
    preferred_as: str = "a preferred owner"

    @property
    def has_memory(self) -> bool:
        """Memory is assigned to it now, as far as can be told: it is neither off nor saved."""
        return self.vm.state not in AT_REST  # any other state, known or not, may come with memory

    @property
    def leaves_live(self) -> bool:
        """It is moved while it has memory."""
        return self.has_memory and self.strategy not in OFFLINE

    @property
    def needs_mb(self) -> int:
        """Memory in MB that its move takes on the destination: none for what does not run by then."""
        return (self.vm.memory_mb or 0) if self.leaves_live and not self.memory_is_there else 0

    @property
    def carries_state(self) -> bool:
        """It takes a saved state along, which only the same build is sure to read."""
        return self.vm.state == "saved" or (self.strategy == SAVE and self.has_memory)

    @functools.cached_property
    def _owners(self) -> frozenset[str]:
        return frozenset(first_label(one) for one in self.possible_owners)

    def objection(self, destination: Destination) -> str:
        """Return why a node cannot take it whatever else is placed where, empty for no reason."""
        if self._owners and first_label(destination.name) not in self._owners:
            return f"{destination.name} is not a possible owner"
        if first_label(destination.name) in self.excluded:
            return f"{destination.name} is excluded for it, as where its move has failed"
        lack = dict(self.lacks).get(first_label(destination.name), "") if self.leaves_live else ""
        if lack:
            return lack
        if self.build is None or destination.build is None:
            return ""
        if destination.build < self.build:
            return f"{destination.name} runs an older build ({destination.build}) than its node ({self.build})"
        if self.carries_state and destination.build != self.build:
            return f"{destination.name} runs another build ({destination.build}) than its saved state ({self.build})"
        return ""


@dataclasses.dataclass(frozen=True)
class Destination:
    """A node that can take VMs: its memory as it is free now.

    Attributes:
        build: its Windows build, None where not known.
        slots: how many live migrations it takes part in at once, None where not known.
        rate: how many MB a second a move to it copies, None where not known.
        coming_mb: memory of VMs on their way to it that is taken off what is free.
    """

    name: str
    memory: Memory
    build: int | None = None
    slots: int | None = None
    rate: int | None = None
    coming_mb: int = 0


@dataclasses.dataclass(frozen=True)
class PlacementProblem:
    """Everything that a placement depends on.

    Attributes:
        rules: affinity rules over members: VM ids, and groups that are no VMs.
        where: the node of every member that does not move.
        domains: fault domain by first label of the node; nodes without one are missing.
        reserve_percent: share of each destination's memory that is kept free.
        source_slots, cluster_slots: how many live migrations the node that is emptied takes part in at once, and how
            many run in the cluster at once; None where not known, or not limited.
        priority_first: no move goes before one of higher priority, however long it takes.
        preferred_owner_cost: how many percent longer the moves may take for the sake of preferred owners; None for
            however long they take.
    """

    candidates: tuple[Candidate, ...]
    destinations: tuple[Destination, ...]
    rules: tuple[Rule, ...] = ()
    where: Mapping[str, str] = dataclasses.field(default_factory=dict)
    domains: Mapping[str, str] = dataclasses.field(default_factory=dict)
    reserve_percent: float = 0
    source_slots: int | None = None
    cluster_slots: int | None = None
    priority_first: bool = False
    preferred_owner_cost: float | None = None

    def reserve_mb(self, destination: Destination) -> int:
        """Return the memory that is kept free on a destination."""
        return int(destination.memory.total_mb * self.reserve_percent / 100)

    def room_mb(self, destination: Destination) -> int:
        """Return the memory that may be used on a destination; below 0 where even the reserve is used."""
        return destination.memory.free_mb - self.reserve_mb(destination)
