# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of a node's evacuation: what they are, the request that they make, and how the node is emptied."""

from __future__ import annotations

import dataclasses
import typing as t

from ._action import Arguments
from ._hyperv.maintenance.evacuation_options import EvacuationOptions
from ._hyperv.maintenance.storage_gate import StorageWait
from ._hyperv.planning.beside import read_beside
from ._hyperv.planning.evacuation_request import EvacuationRequest
from ._hyperv.planning.kept_free import KeptFree
from ._hyperv.planning.revalidation import read_earlier_plan
from ._hyperv.planning.role_strategies import read_role_strategies
from ._hyperv.planning.survey_answers import read_names
from ._maintenance import LOOKS_APART, OPTIONS
from ._moving_options import check_moving, moving_options
from ._planning_options import PLANNING, read_planning
from ._ranges import check_range, check_storage_timeout

EVACUATING: dict[str, t.Any] = {
    "node": {"type": "str", "required": True},
    "destinations": {"type": "raw", "default": []},
    "plan": {"type": "dict"},
    "role_strategies": {"type": "raw", "default": []},
    "on_timeout": {"type": "str", "choices": ["leave", "cancel"], "default": "leave"},
    "attempts": {"type": "int", "default": 2},
    "give_back": {"type": "bool", "default": True},
    "next_step": {"type": "str", "default": ""},
    "rolling": {"type": "dict"},
    "storage_timeout": {"type": "int", "default": 14400},
    "storage_ignore": {"type": "list", "elements": "str", "default": []},
    "disk_maintenance": {"type": "bool", "default": True},
    "balancer_off": {"type": "bool", "default": False},
    **PLANNING,
    **OPTIONS,
}


def check_evacuating(arguments: Arguments) -> None:
    """Refuse numbers out of their range. Raises HyperVError."""
    check_moving(arguments, "evacuate_node")
    check_range(arguments, "attempts", 1, variable="evacuate_node_attempts")
    check_storage_timeout(arguments, "evacuate_node")


def read_evacuation(arguments: Arguments) -> EvacuationRequest:
    """Return what is asked of the plan. Raises HyperVError."""
    rolling = arguments["rolling"] or {}
    beside = read_beside(rolling.get("beside"))
    planning = read_planning(arguments, arguments["node"], "evacuate_node")
    following = str(rolling.get("following") or "")
    return dataclasses.replace(
        planning,
        beside=beside,
        helpers=0 if beside.counts else planning.helpers,  # they would step aside to room that others plan with
        destinations=read_names(arguments["destinations"], "destinations"),
        earlier=read_earlier_plan(arguments["plan"]) if arguments["plan"] else None,
        role_strategies=read_role_strategies(arguments["role_strategies"]),
        kept_free=[KeptFree(following, f"{following} is emptied next", always=False)] if following else [],
    )


def evacuation_options(arguments: Arguments, time_limit: float | None) -> EvacuationOptions:
    """Return how the node is emptied; ``time_limit`` is that of the task in seconds, None for none."""
    return EvacuationOptions(
        moving_options(arguments, arguments["on_timeout"]),
        arguments["attempts"],
        arguments["give_back"],
        arguments["next_step"],
        time_limit,
        StorageWait(
            arguments["storage_timeout"], LOOKS_APART * arguments["poll_interval"], arguments["storage_ignore"]
        ),
        arguments["disk_maintenance"],
        arguments["balancer_off"],
        notes_shown=bool((arguments["rolling"] or {}).get("notes_shown")),
    )
