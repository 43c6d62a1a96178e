# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks whether the task's host is the node that was evacuated, and still has no VMs."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, FailedWithResult, HyperVAction, Result
from ..plugin_utils._hyperv.checks.node_readiness import read_maintenance
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.vms import normal_id


class ActionModule(HyperVAction):
    """The action of hyperv_node_maintenance_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "required": True},
            "cluster": {"type": "str", "default": ""},
            "stays": {"type": "list", "elements": "dict", "default": []},
            "must_be_ready": {"type": "bool", "default": False},
        }
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Ask the host itself; that it is not ready is part of the answer, that it is another one a failure."""
        staying = frozenset(
            normal_id(str(vm.get("vm_id") or "")) for vm in arguments["stays"] if not vm.get("blocking")
        )
        found = read_maintenance(cluster, arguments["node"], arguments["cluster"].strip(), staying)
        result = {
            "changed": False,
            "ready": not found.objection,
            "reason": found.objection,
            "node": found.node.name,
            "state": found.node.state,
            "running_vms": [{"id": vm.id, "name": vm.name, "state": vm.state} for vm in found.running],
            **cluster.identity.as_result(),
        }
        if found.objection and arguments["must_be_ready"] and not self.check_mode:  # a dry run has not emptied it
            raise FailedWithResult(found.objection, result)
        return result
