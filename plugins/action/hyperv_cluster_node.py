# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pauses a cluster node, or resumes it."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.nodes import find_node, pause_node, read_nodes, resume_node
from ..plugin_utils._hyperv.failure.errors import HyperVError

_WANTED = {"maintenance": "paused", "active": "up"}


class ActionModule(HyperVAction):
    """The action of hyperv_cluster_node."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "required": True, "choices": ["maintenance", "active"]},
            "failback": {"type": "str", "default": "none", "choices": ["none", "immediate", "policy"]},
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Compare the node's state with the wanted one, and change it if it differs."""
        node = find_node(cluster, read_nodes(cluster), arguments["name"])
        before, wanted = node.state, _WANTED[arguments["state"]]
        if before not in _WANTED.values():
            raise HyperVError(
                f"Node {node.name} is {before}: only a node that is up or paused can be brought into "
                f"state={arguments['state']}. Bring it up first."
            )
        if before != wanted:
            cluster.confirm()
        if before != wanted and not self.check_mode:
            node = (
                pause_node(cluster, node) if wanted == "paused" else resume_node(cluster, node, arguments["failback"])
            )
        return {
            "changed": before != wanted,
            "node": node._asdict(),
            "diff": {"before": f"{node.name}: {before}\n", "after": f"{node.name}: {wanted}\n"},
        }
