# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists the nodes of a cluster."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.node_overview import read_overview
from ..plugin_utils._hyperv.cluster.nodes import find_node, read_nodes


class ActionModule(HyperVAction):
    """The action of hyperv_cluster_node_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {"argument_spec": {"name": {"type": "str"}}}

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read nodes and VMs, and each node's memory from itself."""
        nodes = read_nodes(cluster)
        if arguments["name"]:
            nodes = [find_node(cluster, nodes, arguments["name"])]
        return {"changed": False, "nodes": [one.as_result() for one in read_overview(cluster, nodes)]}
