# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many moves: in one task against one task for each, and what one look at the running jobs costs."""

from __future__ import annotations

import typing as t

from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

from .controller import controller
from .figures import Figure
from .tasks import besides_polls

_MOVES = 100
_LOOPED = 25  # tasks of the loop, which takes seconds for each on a busy machine
_SCENARIO: dict[str, t.Any] = {
    "nodes": [{"name": name, "simultaneous_migrations": 4} for name in ("NODE1", "NODE2", "NODE3")],
    "vms": [{"name": f"vm{number:03}", "owner": "NODE1", "memory_mb": 512} for number in range(_MOVES)],
    "network": {"megabytes_per_second": 1e9, "setup_seconds": 0, "switch_over_seconds": 0},
}
_NAMES = [vm["name"] for vm in _SCENARIO["vms"]]
_MIGRATE = "hyperv.migration.hyperv_vm_migrate"


def measure() -> list[Figure]:
    """Move 100 VMs away and some of them back, with jobs of no length; then count what polls ask."""
    with controller(_SCENARIO) as ansible:
        empty = ansible.cost([{"meta": "noop"}])
        together = ansible.cost([_in_one_task("NODE2")]).less(empty).each(_MOVES)
        looped = ansible.cost([_in_a_loop("NODE1")]).less(empty).each(_LOOPED)
        asked = ansible.requests(_in_one_task("NODE3"))
    case = f"{_MOVES} moves in one task"
    return [
        Figure(case, "requests per move besides polls", besides_polls(asked) / _MOVES, 2.5),
        Figure(case, "requests, a loop of tasks to one task", looped.requests / together.requests, unit="x"),
        Figure(case, "bytes sent, a loop of tasks to one task", looped.bytes_sent / together.bytes_sent, unit="x"),
        Figure(case, "controller CPU, a loop of tasks to one task", looped.cpu / together.cpu, unit="x"),
        Figure(case, "duration, a loop of tasks to one task", looped.wall / together.wall, unit="x"),
        *(
            Figure("a poll", f"requests with {jobs} running jobs", _requests_of_a_poll(jobs), limit)
            for jobs, limit in ((1, 1), (10, 2), (100, 2))
        ),
    ]


def _in_one_task(node: str) -> dict[str, t.Any]:
    moves = [{"name": name, "destination_host": node} for name in _NAMES]
    return {_MIGRATE: {"moves": moves, "poll_interval": 0.05, "progress": False}}


def _in_a_loop(node: str) -> dict[str, t.Any]:
    module = {"name": "{{ item }}", "destination_host": node, "poll_interval": 0.05, "progress": False}
    return {_MIGRATE: module, "loop": _NAMES[:_LOOPED]}


def _requests_of_a_poll(jobs: int) -> int:
    """Return the most requests between two pauses while all jobs run and none has ended."""
    nodes = [node(name, memory_mb=8_000_000, simultaneous_migrations=jobs) for name in ("NODE1", "NODE2")]
    vms = [vm(f"vm{number}", memory_mb=100_000) for number in range(jobs)]
    simulated = Simulated(scenario(nodes, vms))
    simulated.scheduler().execute(simulated.runs(*((f"vm{number}", "NODE2") for number in range(jobs))))
    # The first pause comes after the starts; a job takes 100 s and is looked at every 2 s.
    return max(simulated.between_pauses[1:31])
