# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long an evacuation takes, against the least that the limits allow. Simulated seconds on a manual clock.

The lower bound knows nothing of the scheduler: every migration occupies one slot of its source and one of its
destination for as long as the simulated cluster lists its job as running, so no schedule can be shorter than the work
of the busiest node divided by its slots, or than the longest single migration.
"""

from __future__ import annotations

import collections
import dataclasses
import random

from tests.unit.hyperv.simulated import Simulated

SLOTS = 4  # simultaneous migrations of each node
VMS = 200
SIZES_MB = (2048, 4096, 8192, 16384, 32768, 65536)


@dataclasses.dataclass(frozen=True)
class Makespan:
    """Simulated seconds: of the scheduler, at least, and of one VM after the other."""

    scheduler: float
    lower_bound: float
    serial: float


def measure(seed: int = 1) -> Makespan:
    """Empty a node of 200 VMs of mixed sizes onto three others, and compare."""
    sizes = random.Random(seed)
    nodes = "".join(
        f"  - {{name: NODE{number}, memory_mb: 8000000, simultaneous_migrations: {SLOTS}}}\n" for number in range(1, 5)
    )
    vms = "".join(
        f"  - {{name: vm{number:03}, owner: NODE1, memory_mb: {sizes.choice(SIZES_MB)}}}\n" for number in range(VMS)
    )
    simulated = Simulated(
        f"nodes:\n{nodes}vms:\n{vms}network: {{megabytes_per_second: 1000}}", job_lifetime_seconds=1e9
    )
    wishes = [(f"vm{number:03}", f"NODE{number % 3 + 2}") for number in range(VMS)]
    runs = simulated.runs(*wishes)
    runs.sort(key=lambda run: -(run.move.vm.memory_mb or 0))  # as a plan has them: the biggest first
    began = simulated.now()
    simulated.scheduler().run(runs)
    failed = [run.move.vm.name for run in runs if run.outcome != "moved"]
    if failed:
        raise RuntimeError(f"not moved: {failed}")
    durations = {job["vm"]: job["ended"] - job["submitted"] for job in simulated.server.state()["jobs"]}
    work: dict[str, float] = collections.defaultdict(float)
    for run in runs:
        seconds = durations[run.move.vm.name]
        work[run.move.source] += seconds
        work[run.move.destination.name] += seconds
    bound = max(max(work.values()) / SLOTS, max(durations.values()))
    return Makespan(simulated.now() - began, bound, sum(durations.values()))
