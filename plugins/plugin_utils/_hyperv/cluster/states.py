# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The states of VMs and nodes, and which of them are alike for a migration."""

from __future__ import annotations

import typing as t

VmState = t.Literal[
    "running",
    "off",
    "stopping",
    "saved",
    "paused",
    "starting",
    "snapshotting",
    "saving",
    "pausing",
    "resuming",
    "fast_saved",
    "fast_saving",
    "critical",
    "unknown",
]
NodeState = t.Literal["up", "down", "paused", "joining", "unknown"]
DrainStatus = t.Literal["not_initiated", "in_progress", "completed", "failed", "unknown"]
NodeCondition = t.Literal["isolated", "quarantined", ""]

UNKNOWN: t.Final = "unknown"

VM_STATES: tuple[VmState, ...] = t.get_args(VmState)

AT_REST: frozenset[VmState] = frozenset({"off", "saved"})
"""States without memory of its own: a VM is not migrated live then."""

IN_MEMORY: frozenset[VmState] = frozenset({"running", "paused"})
"""States with memory of its own that last."""

SETTLED = AT_REST | IN_MEMORY
"""States that last, in which a VM can be moved; the others pass, or are not known."""

NODE_STATES: tuple[NodeState, ...] = t.get_args(NodeState)

ANSWERING: frozenset[NodeState] = frozenset({"up", "paused"})
"""States in which the services of a node run, so that it can be asked."""
