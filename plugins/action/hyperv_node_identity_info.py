# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reports which computer a host or node is."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.identity import identity_of
from ..plugin_utils._hyperv.cluster.nodes import find_node, read_nodes_if_any


class ActionModule(HyperVAction):
    """The action of hyperv_node_identity_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {"name": {"type": "str", "default": ""}, "must_answer": {"type": "bool", "default": False}}
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Ask the task's host, and the node that is named."""
        name = arguments["name"].strip()
        nodes = read_nodes_if_any(cluster)
        home = cluster.identity
        if name and nodes:
            node = find_node(cluster, nodes, name).name
            answering = identity_of(cluster.node(node)) if arguments["must_answer"] else home
            return {"changed": False, "node": node, **home.as_result(), "computer": answering.as_result()["computer"]}
        there = identity_of(cluster.node(name)) if name else home
        return {"changed": False, "node": there.computer.name, **there.as_result()}
