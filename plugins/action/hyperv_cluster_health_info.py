# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks whether a cluster can run without a node."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, FailedWithResult, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.maintenance.health_gate import HealthGate
from ..plugin_utils._ranges import check_wait


class ActionModule(HyperVAction):
    """The action of hyperv_cluster_health_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str"},
            "ignore": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int"},
            "storage_timeout": {"type": "int"},
            "poll_interval": {"type": "float", "default": 10},
        }
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read what the cluster says of itself, again and again if that is wished. Nothing heals in a dry run."""
        check_wait(arguments)
        timeout = 0 if self.check_mode else arguments["timeout"] or 0
        storage = arguments["storage_timeout"]
        for_storage = 0 if self.check_mode else timeout if storage is None else storage
        gate = HealthGate(arguments["ignore"], timeout, for_storage, arguments["poll_interval"], self.tell)
        health = gate.wait(cluster, arguments["node"])
        result: Result = {"changed": False, "msg": health.message, **health.as_result()}
        if health.warnings:
            result["warnings"] = health.warnings
        if health.findings and not (arguments["timeout"] is None and storage is None):
            raise FailedWithResult(health.message, result)
        return result
