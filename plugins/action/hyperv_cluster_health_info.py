# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks whether a cluster can run without a node."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.checks.cluster_health import Health, read_health
from ..plugin_utils._hyperv.cluster.cluster import Cluster


class ActionModule(HyperVAction):
    """The action of hyperv_cluster_health_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str"},
            "ignore": {"type": "list", "elements": "str", "default": []},
        }
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read what the cluster says of itself."""
        health = read_health(cluster, arguments["node"], arguments["ignore"])
        return {"changed": False, "msg": _message(health), **health.as_result()}


def _message(health: Health) -> str:
    return " ".join(finding.text for finding in health.findings) or "The cluster is healthy."
