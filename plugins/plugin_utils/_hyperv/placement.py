# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the VMs of a node would go: pure and deterministic. Private to this collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from .cluster import first_label
from .hosts import Memory
from .vms import Vm


@dataclasses.dataclass(frozen=True)
class Resident:
    """A VM that is to leave, with what its place depends on.

    Attributes:
        priority: of its group, higher goes first.
        anti_affinity: classes; VMs that share one should not share a node.
        possible_owners: nodes that may own it; empty where the cluster lists no role.
    """

    vm: Vm
    priority: int
    anti_affinity: tuple[str, ...]
    possible_owners: tuple[str, ...]

    @property
    def needs_mb(self) -> int:
        """Memory that it takes on its destination: none while it does not run."""
        return (self.vm.memory_mb or 0) if self.vm.state in ("running", "paused") else 0


@dataclasses.dataclass(frozen=True)
class Destination:
    """A node that can take VMs: its memory, and the anti-affinity classes of the VMs that it has."""

    name: str
    memory: Memory
    anti_affinity: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class Placed:
    """One VM and where it would go, in the order of the moves; ``reason`` says why there."""

    resident: Resident
    destination: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Unplaced:
    """One VM that has no place, why, and what would help."""

    resident: Resident
    reason: str
    remedy: str


@dataclasses.dataclass(frozen=True)
class Headroom:
    """A destination's memory in MB before and after the moves; ``reserve_mb`` is kept free of the total."""

    node: str
    total_mb: int
    reserve_mb: int
    free_before_mb: int
    free_after_mb: int


@dataclasses.dataclass(frozen=True)
class Placement:
    """The answer of the planner."""

    moves: tuple[Placed, ...]
    stays: tuple[Unplaced, ...]
    headroom: tuple[Headroom, ...]


def place(residents: Sequence[Resident], destinations: Sequence[Destination], reserve_percent: float) -> Placement:
    """Give every VM the node with the most memory left, and keep ``reserve_percent`` of each node's memory free.

    Order: running before the rest, then priority (high first), then memory (big first), then name. Nodes that would
    bring two VMs of one anti-affinity class together are taken only where there is no other.
    """
    free = {one.name: one.memory.free_mb for one in destinations}
    reserve = {one.name: int(one.memory.total_mb * reserve_percent / 100) for one in destinations}
    classes = {one.name: set(one.anti_affinity) for one in destinations}
    moves: list[Placed] = []
    stays: list[Unplaced] = []
    for resident in sorted(residents, key=_order):
        allowed = [one for one in destinations if _may_own(resident, one.name)]
        fitting = [one for one in allowed if free[one.name] - resident.needs_mb >= reserve[one.name]]
        apart = [one for one in fitting if not classes[one.name] & set(resident.anti_affinity)]
        if not fitting:
            stays.append(_unplaced(resident, allowed, free, reserve))
            continue
        best = max(apart or fitting, key=lambda one: (free[one.name] - reserve[one.name], one.name))
        moves.append(Placed(resident, best.name, _reason(resident, best.name, free, bool(apart))))
        free[best.name] -= resident.needs_mb
        classes[best.name] |= set(resident.anti_affinity)
    headroom = tuple(
        Headroom(one.name, one.memory.total_mb, reserve[one.name], one.memory.free_mb, free[one.name])
        for one in destinations
    )
    return Placement(tuple(moves), tuple(stays), headroom)


def _order(resident: Resident) -> tuple[bool, int, int, str, str]:
    vm = resident.vm
    return vm.state not in ("running", "paused"), -resident.priority, -resident.needs_mb, vm.name.lower(), vm.id


def _may_own(resident: Resident, node: str) -> bool:
    owners = {first_label(one) for one in resident.possible_owners}
    return not owners or first_label(node) in owners


def _reason(resident: Resident, node: str, free: Mapping[str, int], apart: bool) -> str:
    if not resident.needs_mb:
        return f"it does not run and needs no memory; {node} has the most left"
    shared = "" if apart or not resident.anti_affinity else "; it joins a VM of its anti-affinity class, no other fits"
    return f"{node} has the most memory left ({free[node]} MB before this move){shared}"


def _unplaced(
    resident: Resident, allowed: Sequence[Destination], free: Mapping[str, int], reserve: Mapping[str, int]
) -> Unplaced:
    if not allowed:
        owners = ", ".join(resident.possible_owners) or "none"
        return Unplaced(
            resident,
            f"none of its possible owners ({owners}) is up, not paused and allowed as destination",
            "Bring one of them up, resume it, or add a node to the possible owners of the VM.",
        )
    best = max(allowed, key=lambda one: free[one.name] - reserve[one.name])
    missing = resident.needs_mb - (free[best.name] - reserve[best.name])
    return Unplaced(
        resident,
        f"it needs {resident.needs_mb} MB; the roomiest destination left, {best.name}, lacks {missing} MB "
        f"({free[best.name]} MB free, of which {reserve[best.name]} MB are kept in reserve)",
        "Free memory on a destination, lower the reserve, or shut the VM down.",
    )
