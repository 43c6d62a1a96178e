# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reports what a cluster can do about migrations, and what would stop one."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.capabilities import read_capabilities
from ..plugin_utils._hyperv.cluster import Cluster
from ..plugin_utils._hyperv.hosts import Limits
from ..plugin_utils._hyperv.moves import Wish, plan_moves
from ..plugin_utils._hyperv.nodes import pick_node, read_nodes
from ..plugin_utils._hyperv.reports import record
from ..plugin_utils._hyperv.schedule import Run, Scheduler
from ..plugin_utils._hyperv.timeouts import Timeout


class ActionModule(HyperVAction):
    """The action of hyperv_migration_capabilities_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "nodes": {"type": "list", "elements": "str", "default": []},
            "name": {"type": "str", "aliases": ["vm_name"]},
            "destination_host": {"type": "str", "aliases": ["destination"]},
        },
        "required_together": [("name", "destination_host")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read capabilities, and ask about one move where it is named."""
        nodes = read_nodes(cluster)
        chosen = [pick_node(nodes, name) for name in arguments["nodes"]] or nodes
        move = None
        if arguments["name"]:
            wish = Wish(arguments["destination_host"], arguments["name"])
            run = Run(plan_moves(cluster, [wish])[0], Timeout(0, "given"))
            scheduler = Scheduler(cluster, Limits({}), poll_interval=0, precheck=True, report=lambda runs: None)
            scheduler.rehearse([run])
            move = record(run)
        return {"changed": False, **read_capabilities(cluster, chosen), "move": move}
