# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Empties a node of a cluster, or a host by itself."""

from __future__ import annotations

import dataclasses
import typing as t

from ..plugin_utils._action import Arguments, Result
from ..plugin_utils._evacuation_options import EVACUATING, check_evacuating, evacuation_options, read_evacuation
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.maintenance.evacuation import Evacuation
from ..plugin_utils._maintenance import MaintenanceAction
from ..plugin_utils._rolling_file import enter_phase


class ActionModule(MaintenanceAction):
    """The action of hyperv_node_evacuation."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {"argument_spec": EVACUATING}

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan, and empty the node; in check mode ask about each VM instead."""
        check_evacuating(arguments)
        request, rolling = read_evacuation(arguments), arguments["rolling"]
        controller = self.controller(arguments, lambda: enter_phase(rolling, "begun"))
        evacuation = Evacuation(cluster, request, evacuation_options(arguments, self.time_limit), controller)
        outcome = evacuation.dry_run() if self.check_mode else evacuation.execute()
        if not self.check_mode and not outcome.error:
            try:
                enter_phase(rolling, "evacuated")
            except HyperVError as error:
                outcome = dataclasses.replace(outcome, error=str(error), cause=str(error))
        return self.reported(outcome, f"Evacuation of {outcome.node}", arguments)
