# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nodes, VMs and migrations of the simulated cluster, in an administrator's words: no CIM, no wire."""

from __future__ import annotations

from .calls import Call
from .checks import check
from .members import Files, Job, JobState, Machine, Node, Order
from .obstacles import Refusal, find_obstacle
from .power import StateJob
from .world import World

__all__ = [
    "Call",
    "Files",
    "Job",
    "JobState",
    "Machine",
    "Node",
    "Order",
    "Refusal",
    "StateJob",
    "World",
    "check",
    "find_obstacle",
]
