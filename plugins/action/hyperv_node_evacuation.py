# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Empties a node of a cluster, or a host by itself."""

from __future__ import annotations

import dataclasses
import typing as t

from ..plugin_utils._action import Arguments, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.maintenance.evacuation import Evacuation
from ..plugin_utils._hyperv.maintenance.evacuation_options import EvacuationOptions
from ..plugin_utils._hyperv.maintenance.storage_gate import StorageWait
from ..plugin_utils._hyperv.planning.beside import read_beside
from ..plugin_utils._hyperv.planning.revalidation import read_earlier_plan
from ..plugin_utils._hyperv.planning.role_strategies import read_role_strategies
from ..plugin_utils._hyperv.planning.survey_answers import read_names
from ..plugin_utils._maintenance import LOOKS_APART, OPTIONS, MaintenanceAction
from ..plugin_utils._moving_options import check_moving, moving_options
from ..plugin_utils._planning_options import PLANNING, read_planning
from ..plugin_utils._ranges import check_range, check_storage_timeout
from ..plugin_utils._rolling_file import enter_phase


class ActionModule(MaintenanceAction):
    """The action of hyperv_node_evacuation."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
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
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan, and empty the node; in check mode ask about each VM instead."""
        check_moving(arguments, "evacuate_node")
        check_range(arguments, "attempts", 1, variable="evacuate_node_attempts")
        check_storage_timeout(arguments, "evacuate_node")
        beside = read_beside((arguments["rolling"] or {}).get("beside"))
        planning = read_planning(arguments, arguments["node"], "evacuate_node")
        request = dataclasses.replace(
            planning,
            beside=beside,
            helpers=0 if beside.counts else planning.helpers,  # they would step aside to room that others plan with
            destinations=read_names(arguments["destinations"], "destinations"),
            earlier=read_earlier_plan(arguments["plan"]) if arguments["plan"] else None,
            role_strategies=read_role_strategies(arguments["role_strategies"]),
        )
        options = EvacuationOptions(
            moving_options(arguments, arguments["on_timeout"]),
            arguments["attempts"],
            arguments["give_back"],
            arguments["next_step"],
            self.time_limit,
            StorageWait(
                arguments["storage_timeout"], LOOKS_APART * arguments["poll_interval"], arguments["storage_ignore"]
            ),
            arguments["disk_maintenance"],
            arguments["balancer_off"],
            notes_shown=bool((arguments["rolling"] or {}).get("notes_shown")),
        )
        rolling = arguments["rolling"]
        controller = self.controller(arguments, lambda: enter_phase(rolling, "begun"))
        evacuation = Evacuation(cluster, request, options, controller)
        outcome = evacuation.dry_run() if self.check_mode else evacuation.execute()
        if not self.check_mode and not outcome.error:
            try:
                enter_phase(rolling, "evacuated")
            except HyperVError as error:
                outcome = dataclasses.replace(outcome, error=str(error), cause=str(error))
        return self.reported(outcome, f"Evacuation of {outcome.node}", arguments)
