# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the destinations for the VMs of a node."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hostnames import first_label
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.vms import normal_id
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.planning.evacuation import Wish, plan_evacuation
from ..plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ..plugin_utils._hyperv.planning.strategies import STRATEGIES, read_strategies


class ActionModule(HyperVAction):
    """The action of hyperv_evacuation_plan_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "required": True},
            "destinations": {"type": "list", "elements": "str", "default": []},
            "reserve_memory_percent": {"type": "float", "default": 10},
            "strategies": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "vm": {"type": "str", "required": True},
                    "strategy": {"type": "str", "required": True, "choices": sorted(STRATEGIES)},
                },
            },
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
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan; a VM without a place is part of the answer, not a failure."""
        return {"changed": False, **plan_evacuation(cluster, _wish(arguments)).as_result()}


def _wish(arguments: Arguments) -> Wish:
    reserve = arguments["reserve_memory_percent"]
    if not 0 <= reserve < 100:
        raise HyperVError(f"reserve_memory_percent is {reserve}. It is a share of memory: 0 to below 100.")
    earlier = read_earlier_plan(arguments["plan"]) if arguments["plan"] else None
    strategies = read_strategies(arguments["strategies"])
    excluded: dict[str, frozenset[str]] = {}
    for one in arguments["excluded"]:
        vm_id = normal_id(one["vm_id"])
        excluded[vm_id] = excluded.get(vm_id, frozenset()) | {first_label(one["node"])}
    return Wish(arguments["node"], tuple(arguments["destinations"]), reserve, strategies, excluded, earlier)
