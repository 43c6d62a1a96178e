# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the destinations for the VMs of a node."""

from __future__ import annotations

import dataclasses
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
from ..plugin_utils._hyperv.planning.survey_answers import read_names
from ..plugin_utils._planning_options import PLANNING, read_planning


class ActionModule(HyperVAction):
    """The action of hyperv_evacuation_plan_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "required": True},
            "destinations": {"type": "raw", "default": []},
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
            "role_strategies": {"type": "raw", "default": []},
            **PLANNING,
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan; a VM without a place is part of the answer, not a failure."""
        plan = plan_evacuation(cluster, _request(arguments))
        return {"changed": False, **plan.as_result(), "summary": evacuation_table(plan)}


def _request(arguments: Arguments) -> EvacuationRequest:
    excluded: dict[str, frozenset[str]] = {}
    for one in arguments["excluded"]:
        vm_id = normal_id(one["vm_id"])
        excluded[vm_id] = excluded.get(vm_id, frozenset()) | {first_label(one["node"])}
    return dataclasses.replace(
        read_planning(arguments, arguments["node"]),
        destinations=read_names(arguments["destinations"], "destinations"),
        excluded=excluded,
        earlier=read_earlier_plan(arguments["plan"]) if arguments["plan"] else None,
        role_strategies=read_role_strategies(arguments["role_strategies"]),
    )
