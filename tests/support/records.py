# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a ledger is begun with, and records of what became of moves."""

from __future__ import annotations

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.move_record import MoveRecord
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import Outcome
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import LeavingVm


def leaving(vm_id: str, name: str = "web01", destination: str = "NODE2", source: str = "NODE1") -> LeavingVm:
    """Return a VM that runs and that an evacuation is about to move."""
    return {
        "vm_id": vm_id,
        "name": name,
        "source_host": source,
        "destination_host": destination,
        "state": "running",
        "strategy": "migrate",
        "memory_mb": 4096,
        "priority": 2000,
        "outcome": "planned",
        "helper": False,
    }


def record(vm_id: str, outcome: Outcome = "moved", destination: str = "NODE2") -> MoveRecord:
    """Return what became of the move of a VM of NODE1."""
    return {
        "vm": {"id": vm_id, "name": "web01", "state": "running"},
        "source_host": "NODE1",
        "destination_host": destination,
        "host_after": destination if outcome == "moved" else "NODE1",
        "outcome": outcome,
        "changed": outcome == "moved",
        "verified": outcome == "moved",
        "checked": True,
        "attached": False,
        "attempts": 1,
        "method": "system",
        "started": None,
        "job_ended": None,
        "ended": None,
        "elapsed_seconds": 12.4,
        "timeout_seconds": 600,
        "timeout_from": "memory",
        "setting_data": None,
        "return_value": None,
        "job": None,
        "warnings": [],
        "error": None,
        "events": [],
    }
