# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the destinations for the VMs of a node."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hostnames import first_label
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.vms import normal_id
from ..plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ..plugin_utils._hyperv.planning.evacuation_request import EvacuationRequest
from ..plugin_utils._hyperv.planning.plan_table import evacuation_table
from ..plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ..plugin_utils._hyperv.planning.role_strategies import read_role_strategies
from ..plugin_utils._hyperv.planning.survey_answers import read_link_rates, read_names, read_strategy_list
from ..plugin_utils._ranges import check_helpers, check_preferred_owner_cost, check_reserve


class ActionModule(HyperVAction):
    """The action of hyperv_evacuation_plan_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "required": True},
            "destinations": {"type": "raw", "default": []},
            "reserve_memory_percent": {"type": "float", "default": 10},
            "strategies": {"type": "raw", "default": []},
            "excluded": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "vm_id": {"type": "str", "required": True},
                    "node": {"type": "str", "required": True},
                },
            },
            "plan": {"type": "dict"},
            "restart": {"type": "bool", "default": False},
            "local_vms": {"type": "bool", "default": False},
            "priority_first": {"type": "bool", "default": False},
            "preferred_owner_cost": {"type": "float"},
            "link_rates": {"type": "dict", "default": {}},
            "helpers": {"type": "int", "default": 0},
            "role_strategies": {"type": "raw", "default": []},
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan; a VM without a place is part of the answer, not a failure."""
        plan = plan_evacuation(cluster, _request(arguments))
        return {"changed": False, **plan.as_result(), "summary": evacuation_table(plan)}


def _request(arguments: Arguments) -> EvacuationRequest:
    check_reserve(arguments)
    check_helpers(arguments)
    check_preferred_owner_cost(arguments)
    excluded: dict[str, frozenset[str]] = {}
    for one in arguments["excluded"]:
        vm_id = normal_id(one["vm_id"])
        excluded[vm_id] = excluded.get(vm_id, frozenset()) | {first_label(one["node"])}
    return EvacuationRequest(
        arguments["node"],
        read_names(arguments["destinations"], "destinations"),
        arguments["reserve_memory_percent"],
        read_strategy_list(arguments["strategies"]),
        excluded,
        read_earlier_plan(arguments["plan"]) if arguments["plan"] else None,
        arguments["restart"],
        arguments["local_vms"],
        arguments["priority_first"],
        arguments["helpers"],
        preferred_owner_cost=arguments["preferred_owner_cost"],
        link_rates=read_link_rates(arguments["link_rates"]),
        role_strategies=read_role_strategies(arguments["role_strategies"]),
    )
