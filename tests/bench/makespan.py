# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long an evacuation takes, against the least that the limits allow. Simulated seconds on a manual clock.

The lower bound knows nothing of the scheduler. Every migration that succeeds occupies one slot of its source and one of
its destination for as long as the simulated cluster lists its job as running. So no schedule can be shorter than the
longest of them, or than what the migrations of one node take together, divided by that node's slots. Work that was lost
with a failed node is not counted, nor is the time until its loss could be known.
"""

from __future__ import annotations

import collections
import dataclasses
import random
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.evacuation import Wish, plan_evacuation

from tests.unit.hyperv.simulated import Simulated

from .figures import Figure

_ROUNDS = 3  # as the role evacuate_node has it: what failed is planned anew, for the nodes that are left
_DOUBLING = (2048, 4096, 8192, 16384, 32768, 65536)  # MB


@dataclasses.dataclass(frozen=True)
class Evacuation:
    """VMs of mixed sizes that leave NODE1 for the other nodes.

    Attributes:
        slots: simultaneous migrations of NODE1 and of each destination.
        sizes: memory of each VM in MB.
        limit: how many times the lower bound its duration may be.
        down_at: second at which the last destination fails for good; None for never.
    """

    name: str
    slots: Sequence[int]
    sizes: Sequence[int]
    limit: float
    down_at: float | None = None


def _some_of(sizes: Sequence[int], count: int) -> list[int]:
    chosen = random.Random(count)
    return [chosen.choice(sizes) for unused in range(count)]


EVACUATIONS = (
    Evacuation("200 VMs of 2 to 64 GB, 4 slots a node", (4, 4, 4, 4), _some_of(_DOUBLING, 200), 1.05),
    Evacuation("150 VMs, 8 slots at the source, 2 to 4 elsewhere", (8, 2, 4, 2), _some_of(_DOUBLING, 150), 1.05),
    Evacuation("120 VMs of 2 to 4 GB and 6 of 256 GB", (2, 2, 2), [262144] * 6 + _some_of(_DOUBLING[:2], 120), 1.05),
    Evacuation("200 VMs, a destination fails half-way", (4, 4, 4, 4), _some_of(_DOUBLING, 200), 1.1, 550),
)


@dataclasses.dataclass(frozen=True)
class Migration:
    """One that succeeded: its nodes, and the seconds for which it held a slot of both."""

    source: str
    destination: str
    seconds: float


def measure() -> list[Figure]:
    """Carry out the evacuations."""
    figures: list[Figure] = []
    for evacuation in EVACUATIONS:
        took, migrations = _carry_out(evacuation)
        slots = {f"NODE{number}": count for number, count in enumerate(evacuation.slots, 1)}
        one_by_one = sum(one.seconds for one in migrations)
        name = f"makespan, {evacuation.name}"
        figures += [
            Figure(name, "to its lower bound", took / lower_bound(migrations, slots), evacuation.limit, unit="x"),
            Figure(name, "one VM after the other to it", one_by_one / took, unit="x"),
        ]
    return figures


def lower_bound(migrations: Iterable[Migration], slots: Mapping[str, int]) -> float:
    """Return the least time in which the migrations can be made with so many slots at each node, in seconds."""
    work: dict[str, float] = collections.defaultdict(float)
    longest = 0.0
    for one in migrations:
        work[one.source] += one.seconds
        work[one.destination] += one.seconds
        longest = max(longest, one.seconds)
    return max(longest, *(seconds / slots[node] for node, seconds in work.items()))


def _carry_out(evacuation: Evacuation) -> tuple[float, list[Migration]]:
    """Return the simulated seconds until NODE1 is empty, and the migrations that did it."""
    simulated = Simulated(yaml.safe_dump(_scenario(evacuation)), job_lifetime_seconds=1e9)
    count = len(evacuation.sizes)
    began = simulated.now()
    for unused in range(_ROUNDS):
        plan = plan_evacuation(simulated.cluster, Wish("NODE1"))
        if plan.stays:
            raise RuntimeError(f"no place for {', '.join(one.vm.name for one in plan.stays)}")
        runs = simulated.runs(*((one.resident.vm.name, one.destination) for one in plan.moves))
        simulated.scheduler().run(runs)
        if all(run.outcome == "moved" for run in runs):
            break
    jobs = [job for job in simulated.server.state()["jobs"] if job["state"] == "completed"]
    migrations = [Migration(job["source"], job["destination"], job["ended"] - job["submitted"]) for job in jobs]
    if len([one for one in migrations if one.source == "NODE1"]) != count:
        raise RuntimeError(f"{len(migrations)} of {count} VMs were moved")
    return simulated.now() - began, migrations


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
    return {"nodes": nodes, "vms": vms, "network": {"megabytes_per_second": 1000}, "events": events}
