# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The largest cluster that Windows supports, 64 nodes and 8,000 VMs, against one with a tenth of the VMs.

Lists and plans are made by a process that does what a task does, over NTLM with message encryption, against a simulator
in another process. The evacuation runs in process, on the manual clock.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import typing as t

import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)

from tests.running_cluster import ROOT, RunningCluster, running_cluster
from tests.support.requests import calls
from tests.support.simulated import Simulated

from .figures import Figure
from .tasks import besides_polls

NODES, SMALL, LARGE = 64, 800, 8000
_NAMES = [f"NODE{number}" for number in range(1, NODES + 1)]
_MEGABYTE = 1024 * 1024
_METHOD = "MigrateVirtualSystemToSystem"
_QUERIED = re.compile(rb" FROM (\w+)")


def scenario(vms: int) -> dict[str, t.Any]:
    """Return a cluster whose nodes have as many VMs each; NODE1 is the one to be emptied."""
    return {
        "nodes": [{"name": "NODE", "count": NODES, "memory_mb": 1_048_576, "simultaneous_migrations": 4}],
        "vms": [{"name": "vm", "count": vms, "owner": _NAMES, "memory_mb": 4096}],
    }


def measure() -> list[Figure]:
    """List, plan and evacuate."""
    small = _jobs(SMALL, ["listing"])
    large = _jobs(LARGE, ["listing", "one", "plan"])
    listing, plan = large["listing"], large["plan"]
    case = f"{NODES} nodes and {LARGE:,} VMs"
    times = listing["cpu"] / small["listing"]["cpu"]
    return [
        Figure(case, "requests to list all VMs", listing["requests"], 60),
        Figure(case, "MB received to list all VMs", listing["received"] / _MEGABYTE, 13),
        Figure(case, f"CPU to list all VMs, to that for {SMALL} VMs", times, 12, unit="x"),
        Figure(case, f"CPU for each VM of a list, to that with {SMALL} VMs", times * SMALL / LARGE, unit="x"),
        Figure(case, "CPU to list all VMs, to reading and parsing", listing["cpu"] / listing["floor"], 2, unit="x"),
        Figure(case, "most memory of the process that lists", listing["memory"] / _MEGABYTE, 250, unit="MB"),
        Figure(case, "requests to look at one VM", large["one"]["requests"], 5),
        Figure(case, "MB received to look at one VM", large["one"]["received"] / _MEGABYTE),
        Figure(
            case, f"requests to plan for {plan['vms']} VMs over {plan['destinations']} nodes", plan["requests"], 520
        ),
        Figure(case, "CPU to read what the plan is made of, with 64 logins", plan["reading"], unit="s"),
        Figure(case, "CPU to plan, from what was read", plan["cpu"], 1, unit="s"),
        Figure(case, "most memory of the process that plans", plan["memory"] / _MEGABYTE, 250, unit="MB"),
        *_evacuation(case),
    ]


def _jobs(vms: int, jobs: list[str]) -> dict[str, dict[str, t.Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        described = folder / "scenario.yml"
        described.write_text(yaml.safe_dump(scenario(vms)), encoding="utf-8")
        with running_cluster(described, folder) as cluster:
            return {job: _job(cluster, job, vms) for job in jobs}


def _job(cluster: RunningCluster, job: str, vms: int) -> dict[str, t.Any]:
    command = [sys.executable, "-m", "tests.bench.client", str(cluster.inventory), job]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, t.Any] = json.loads(done.stdout)
    expected = {"listing": vms, "one": 1, "plan": vms // NODES}[job]
    if told["vms"] != expected:
        raise RuntimeError(f"{job} with {vms} VMs told of {told['vms']}, not {expected}")
    return told


def _asked(request: bytes) -> str:
    """Return what ``besides_polls`` tells requests by: the class of a query, the method, or Pull."""
    if calls(_METHOD, request):
        return _METHOD
    queried = _QUERIED.search(request)
    return queried[1].decode() if queried else "Pull" if b"enumeration/Pull<" in request else "other"


def _evacuation(case: str) -> list[Figure]:
    simulated = Simulated(yaml.safe_dump(scenario(LARGE)), home="NODE2")
    plan = plan_evacuation(simulated.cluster, EvacuationRequest("NODE1"))
    before = len(simulated.requests)
    runs = simulated.runs(*((one.candidate.vm.name, one.destination) for one in plan.moves))
    simulated.scheduler().execute(runs)
    if {run.outcome for run in runs} != {"moved"}:
        raise RuntimeError("not all VMs were moved")
    polls = len(simulated.between_pauses)
    asked = [_asked(request) for unused, request in simulated.requests[before:]]
    return [
        Figure(case, f"requests besides polls for each of {len(runs)} moves", besides_polls(asked) / len(runs), 7),
        Figure(case, "polls of an evacuation for each simulated minute", polls / (simulated.now() / 60)),
    ]
