# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long an evacuation takes, against the least that the limits allow. Simulated seconds on a manual clock.

The lower bound comes from the scenario alone and knows nothing of planner and scheduler. The migration of a VM takes
the time that its memory and the network make of it, and holds one slot of the source and one of some destination. So no
schedule can be shorter than the longest migration, or than all of them together, divided by the slots of the source or
by those of all destinations. Work that is lost with a failed node is not counted, nor is the time until its loss is
known.
"""

from __future__ import annotations

import dataclasses
import random
import typing as t
from collections.abc import Sequence

import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)

from tests.support.simulated import Simulated

from .figures import Figure

_ROUNDS = 3  # as the role evacuate_node has it: what failed is planned anew, for the nodes that are left
_NETWORK = {"megabytes_per_second": 1000.0, "setup_seconds": 2.0, "switch_over_seconds": 1.0}
_DOUBLING = (2048, 4096, 8192, 16384, 32768, 65536)  # MB


@dataclasses.dataclass(frozen=True)
class Evacuation:
    """VMs of mixed sizes that leave NODE1 for the other nodes.

    Attributes:
        slots: simultaneous migrations of NODE1 and of each destination.
        sizes: memory of each VM in MB.
        limit: how many times the lower bound its duration may be; None where it is only told.
        down_at: second at which the last destination fails for good; None for never.
    """

    name: str
    slots: Sequence[int]
    sizes: Sequence[int]
    limit: float | None = None
    down_at: float | None = None


def _some_of(sizes: Sequence[int], count: int) -> list[int]:
    chosen = random.Random(count)
    return [chosen.choice(sizes) for unused in range(count)]


EVACUATIONS = (
    Evacuation("200 VMs of 2 to 64 GB, 4 slots a node", (4, 4, 4, 4), _some_of(_DOUBLING, 200), 1.05),
    Evacuation("150 VMs, 8 slots at the source, 4 elsewhere", (8, 4, 4, 4), _some_of(_DOUBLING, 150), 1.05),
    Evacuation("120 VMs of 2 to 4 GB and 6 of 256 GB", (2, 2, 2), [262144] * 6 + _some_of(_DOUBLING[:2], 120), 1.05),
    Evacuation("200 VMs, a destination fails half-way", (4, 4, 4, 4), _some_of(_DOUBLING, 200), 1.05, 550),
    Evacuation("150 VMs, 8 slots at the source, 2 to 4 elsewhere", (8, 2, 4, 2), _some_of(_DOUBLING, 150), 1.05),
)


def measure() -> list[Figure]:
    """Carry out the evacuations."""
    figures: list[Figure] = []
    for evacuation in EVACUATIONS:
        took, bound = _carry_out(evacuation), lower_bound(evacuation)
        name = f"makespan, {evacuation.name}"
        figures += [
            Figure(name, "to its lower bound", took / bound, evacuation.limit, unit="x"),
            Figure(name, "one VM after the other to it", sum(map(_seconds, evacuation.sizes)) / took, unit="x"),
        ]
    return figures


def lower_bound(evacuation: Evacuation) -> float:
    """Return the least time in which all VMs can leave, in seconds."""
    seconds = [_seconds(size) for size in evacuation.sizes]
    source, *destinations = evacuation.slots
    return max(*seconds, sum(seconds) / source, sum(seconds) / sum(destinations))


def _seconds(size: int) -> float:
    """Return for how long the migration of a VM of ``size`` MB runs."""
    return _NETWORK["setup_seconds"] + size / _NETWORK["megabytes_per_second"] + _NETWORK["switch_over_seconds"]


def _carry_out(evacuation: Evacuation) -> float:
    """Return the simulated seconds until NODE1 is empty."""
    simulated = Simulated(yaml.safe_dump(_scenario(evacuation)), job_lifetime_seconds=1e9)
    began = simulated.now()
    for unused in range(_ROUNDS):
        plan = plan_evacuation(simulated.cluster, EvacuationRequest("NODE1"))
        if plan.stays:
            raise RuntimeError(f"no place for {', '.join(one.vm.name for one in plan.stays)}")
        runs = simulated.runs(*((one.candidate.vm.name, one.destination) for one in plan.moves))
        simulated.scheduler().execute(runs)
        if all(run.outcome == "moved" for run in runs):
            break
    jobs = [job for job in simulated.server.state()["jobs"] if job["state"] == "completed"]
    if len([job for job in jobs if job["source"] == "NODE1"]) != len(evacuation.sizes):
        raise RuntimeError(f"{len(jobs)} of {len(evacuation.sizes)} VMs were moved")
    return simulated.now() - began


def _scenario(evacuation: Evacuation) -> dict[str, t.Any]:
    nodes = [
        {"name": f"NODE{number}", "memory_mb": 16_000_000, "simultaneous_migrations": slots}
        for number, slots in enumerate(evacuation.slots, 1)
    ]
    vms = [
        {"name": f"vm{number:03}", "owner": "NODE1", "memory_mb": size} for number, size in enumerate(evacuation.sizes)
    ]
    last = nodes[-1]["name"]
    events = [{"at": evacuation.down_at, "down": last}] if evacuation.down_at is not None else []
    return {"nodes": nodes, "vms": vms, "network": _NETWORK, "events": events}
