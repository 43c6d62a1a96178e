# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The methods of moving VMs: what one move asks besides polls, and what one look at many running moves asks."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import MethodName

from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

from .figures import Figure

_RUNNING = 50
# A query whose answer holds several rows takes an Enumerate and a Pull.
_LIMITS: dict[MethodName, int] = {"system": 2, "cluster_group": 4, "host": 2}

_BESIDES_POLLS: dict[MethodName, int] = {"system": 21, "cluster_group": 30, "host": 37}


def measure() -> list[Figure]:
    """Count the requests of one move, and the most between two pauses while many moves run."""
    found = []
    for method, limit in _LIMITS.items():
        one, _polls = _moves(method, 1)
        unused, polls = _moves(method, _RUNNING)
        found += [
            Figure(f"one move by {method}", "requests besides polls", one, _BESIDES_POLLS[method]),
            Figure("a poll", f"requests with {_RUNNING} running moves by {method}", polls, limit),
        ]
    return found


def _moves(method: MethodName, count: int) -> tuple[int, int]:
    """Return how many requests came before the first and after the last pause, and the most between two polls."""
    nodes = [
        node(name, member=method != "host", memory_mb=8_000_000, simultaneous_migrations=count)
        for name in ("NODE1", "NODE2")
    ]
    simulated = Simulated(scenario(nodes, [vm(f"vm{number}", memory_mb=100_000) for number in range(count)]))
    simulated.move(*((f"vm{number}", "NODE2") for number in range(count)), method=method)
    # Each check of a host is a job, for which a pause is made; a move takes 100 s and is looked at every 2 s.
    first = (count if method == "host" else 0) + 2
    besides = sum(simulated.sent.values()) - sum(simulated.between_pauses[first:-3])
    return besides, max(simulated.between_pauses[first : first + 12])
