# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Describes a cluster as a scenario of the simulated cluster."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster import Cluster
from ..plugin_utils._hyperv.cluster_readings import read_cluster
from ..plugin_utils._hyperv.scenario import write_scenario


class ActionModule(HyperVAction):
    """The action of hyperv_scenario_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {"argument_spec": {}}

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read the cluster and describe it."""
        scenario, notes = write_scenario(read_cluster(cluster))
        return {"changed": False, "scenario": scenario, "notes": notes}
