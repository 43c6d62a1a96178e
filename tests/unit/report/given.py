# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of hyperv_migration_report as a run would give them: moves at a limit, one after the other."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.hyperv.migration.plugins.plugin_utils._report.account import Account
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.records import read_account

BEGAN = dt.datetime(2026, 3, 1, 22, 15, 4, tzinfo=dt.timezone.utc)
CAPABILITIES = {
    "cluster": {"name": "HVC1", "maximum_parallel_migrations": None},
    "nodes": [{"node": f"NODE{number}", "maximum_migrations": 4 if number == 1 else 2} for number in (1, 2, 3, 4)],
}
ERROR = {
    "cause": "the destination has not enough memory (0x8007000E)",
    "remedy": "Free memory on NODE3, or choose another destination.",
    "message": "The migration job failed.",
}


def record(
    vm: str, number: int, began: float | None = None, seconds: float = 10.0, **others: t.Any
) -> dict[str, t.Any]:
    """Return one move as hyperv_vm_migrate returns it; ``began`` counts from the start of the run."""
    moments = [
        None if began is None else BEGAN + dt.timedelta(seconds=one) for one in (began or 0, (began or 0) + seconds)
    ]
    return {
        "vm": {"id": f"00000000-0000-0000-0000-{number:012}", "name": vm, "state": "running"},
        "source_host": "NODE1",
        "destination_host": f"NODE{number % 3 + 2}",
        "outcome": "moved",
        "checked": True,
        "attempts": 1,
        "started": moments[0] and moments[0].isoformat(timespec="seconds"),
        "ended": moments[1] and moments[1].isoformat(timespec="seconds"),
        "elapsed_seconds": seconds if began is not None else 0.0,
        "warnings": [],
        "error": None,
        **others,
    }


def planned(vm: str, number: int, memory_mb: int = 4096) -> dict[str, t.Any]:
    """Return one move as a plan has it."""
    made = record(vm, number)
    ways = {key: made[key] for key in ("source_host", "destination_host")}
    return {"vm_id": made["vm"]["id"].lower(), "name": vm, "memory_mb": memory_mb, **ways}


def node(name: str, free_mb: int | None, vms: int) -> dict[str, t.Any]:
    """Return one node as hyperv_cluster_node_info returns it."""
    return {"name": name, "total_memory_mb": 131072, "free_memory_mb": free_mb, "vm_count": vms}


def account(**given: t.Any) -> Account:
    """Return the account of some options, the others at their defaults."""
    lists: dict[str, t.Any] = {
        key: [] for key in ("moves", "planned", "stays", "nodes_before", "nodes_after", "headroom")
    }
    others = {
        "title": "Evacuation of NODE1",
        "capabilities": {},
        "max_parallel": None,
        "error": "",
        "note": "",
        "dry_run": False,
    }
    return read_account({**lists, **others, **given})


def run_of(count: int, **given: t.Any) -> Account:
    """Return the account of a run in which ``count`` VMs left NODE1, four at once."""
    lanes = [0.0] * 4
    moves = []
    for number in range(count):
        began, seconds = min(lanes), 8.0 + number * 7 % 23
        moves.append(record(f"vm{number:02}", number, began, seconds))
        lanes[lanes.index(began)] = began + seconds
    sizes = [planned(f"vm{number:02}", number, 2048 * (1 + number % 5)) for number in range(count)]
    return account(moves=moves, planned=sizes, capabilities=CAPABILITIES, **given)
