# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What waiting costs, and how late the end of a move is noticed.

The CPU is that of a process which reads, parses and judges 64 running jobs over NTLM with message encryption, once for
each poll of a minute; the simulator is not in it. How late an end is noticed comes from the manual clock.
"""

from __future__ import annotations

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import typing as t

import yaml

from tests.running_cluster import ROOT, running_cluster
from tests.support.scenarios import migration, scenario, vm
from tests.support.simulated import Simulated

from .figures import Figure

JOBS = 64
_INTERVAL = 2.0  # seconds, the default of poll_interval
_LENGTHS = [20 + 3.37 * number for number in range(100)]  # seconds that moves take which are watched one at a time


def measure() -> list[Figure]:
    """Wait for 64 jobs, then watch moves of many lengths."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        described = folder / "scenario.yml"
        described.write_text(yaml.safe_dump(_scenario()), encoding="utf-8")
        with running_cluster(described, folder) as cluster:
            command = [sys.executable, "-m", "tests.bench.client", str(cluster.inventory), "waiting"]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout)
    if told["jobs"] != JOBS:
        raise RuntimeError(f"{told['jobs']} of {JOBS} jobs ran")
    late = [_late(seconds) for seconds in _LENGTHS]
    case = f"waiting for {JOBS} jobs"
    return [
        Figure(case, "requests a minute", told["requests"], 60),
        Figure(case, "CPU a minute", told["cpu"], unit="s"),
        Figure("the end of a move", "noticed after, of a poll interval, mean", 100 * statistics.mean(late), unit="%"),
        Figure("the end of a move", "noticed after, of a poll interval, at most", 100 * max(late), unit="%"),
    ]


def _scenario() -> dict[str, t.Any]:
    node = {"memory_mb": 4_000_000, "simultaneous_migrations": JOBS}
    return {
        "nodes": [{"name": name, **node} for name in ("NODE1", "NODE2")],
        "vms": [{"name": "vm", "count": JOBS, "owner": "NODE1", "memory_mb": 4096, "migration": {"seconds": 3000}}],
    }


def _late(seconds: float) -> float:
    """Return how long after its job has ended a move is known to have ended, as a share of the poll interval."""
    simulated = Simulated(scenario(vms=[vm("web01", migration=migration(seconds=seconds))]), job_lifetime_seconds=1e9)
    (run,) = simulated.move(("web01", "NODE2"), poll_interval=_INTERVAL)
    (job,) = simulated.server.state()["jobs"]
    return float((run.ended or 0.0) - job["ended"]) / _INTERVAL
