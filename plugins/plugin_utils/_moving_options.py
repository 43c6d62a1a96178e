# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that move VMs as a plan says: what they are, and how VMs are moved by them."""

from __future__ import annotations

import typing as t

from ._action import Arguments
from ._hyperv.migration.migration_task import Policy
from ._hyperv.migration.vocabulary import AUTO, METHODS
from ._hyperv.scheduling.migrate import MigrationOptions
from ._ranges import MOST_RETRIES, check_poll_interval, check_range, check_timeout

MOVING: dict[str, t.Any] = {
    "method": {"type": "str", "choices": list(METHODS), "default": AUTO},
    "max_parallel": {"type": "int", "default": 0},
    "timeout": {"type": "int", "default": 0},
    "retries": {"type": "int", "default": 1},
    "poll_interval": {"type": "float", "default": 2},
    "progress": {"type": "bool", "default": True},
}


def check_moving(arguments: Arguments, role: str = "") -> None:
    """Refuse numbers out of their range; ``role`` is the one whose variables they are. Raises HyperVError."""
    check_timeout(arguments, role)
    check_poll_interval(arguments, role)
    check_range(arguments, "max_parallel", 0, variable=f"{role}_max_parallel" if role else "")
    check_range(arguments, "retries", 0, MOST_RETRIES, variable=f"{role}_retries" if role else "")


def moving_options(arguments: Arguments, on_timeout: t.Literal["leave", "cancel"] = "leave") -> MigrationOptions:
    """Return how VMs are moved."""
    policy = Policy(poll_interval=arguments["poll_interval"], retries=arguments["retries"], on_timeout=on_timeout)
    limit = arguments["max_parallel"] or None
    return MigrationOptions(arguments["method"], arguments["timeout"], limit, policy)
