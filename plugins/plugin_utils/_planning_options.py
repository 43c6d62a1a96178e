# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that plan how nodes are emptied: what they are, and the request that they make."""

from __future__ import annotations

import typing as t

from ._action import Arguments
from ._hyperv.planning.evacuation_request import EvacuationRequest
from ._hyperv.planning.survey_answers import read_link_rates, read_strategy_list
from ._ranges import check_helpers, check_preferred_owner_cost, check_reserve

PLANNING: dict[str, t.Any] = {
    "reserve_memory_percent": {"type": "float", "default": 10},
    "strategies": {"type": "raw", "default": []},
    "restart": {"type": "bool", "default": False},
    "local_vms": {"type": "bool", "default": False},
    "priority_first": {"type": "bool", "default": False},
    "preferred_owner_cost": {"type": "float"},
    "link_rates": {"type": "dict", "default": {}},
    "helpers": {"type": "int", "default": 0},
}


def read_planning(arguments: Arguments, node: str = "", role: str = "") -> EvacuationRequest:
    """Return how a node is to be emptied, or every node where it has no name.

    ``role`` is the one whose variables the options are. Raises HyperVError for a value out of its range.
    """
    check_reserve(arguments, role)
    check_helpers(arguments, role)
    check_preferred_owner_cost(arguments, role)
    return EvacuationRequest(
        node,
        reserve_percent=arguments["reserve_memory_percent"],
        strategies=read_strategy_list(arguments["strategies"]),
        restart=arguments["restart"],
        local_vms=arguments["local_vms"],
        priority_first=arguments["priority_first"],
        helpers=arguments["helpers"],
        preferred_owner_cost=arguments["preferred_owner_cost"],
        link_rates=read_link_rates(arguments["link_rates"]),
    )
