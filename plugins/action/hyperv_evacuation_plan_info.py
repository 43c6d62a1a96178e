# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans where the VMs of a node would go."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster import Cluster
from ..plugin_utils._hyperv.errors import HyperVError
from ..plugin_utils._hyperv.evacuation import plan_evacuation


class ActionModule(HyperVAction):
    """The action of hyperv_evacuation_plan_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "required": True},
            "destinations": {"type": "list", "elements": "str", "default": []},
            "reserve_memory_percent": {"type": "float", "default": 10},
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan; a VM without a place is part of the answer, not a failure."""
        reserve = arguments["reserve_memory_percent"]
        if not 0 <= reserve < 100:
            raise HyperVError(f"reserve_memory_percent is {reserve}. It is a share of memory: 0 to below 100.")
        plan = plan_evacuation(cluster, arguments["node"], arguments["destinations"], reserve)
        return {"changed": False, **plan.as_result()}
