# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds the host through which to manage a node."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, Result
from ..plugin_utils._clock import TaskClock
from ..plugin_utils._connections import Connections
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._via import ViaSearch


class ActionModule(ControllerAction):
    """The action of hyperv_via_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "required": True},
            "hosts": {"type": "list", "elements": "str", "default": []},
            "via": {"type": "str", "default": ""},
            "cluster": {"type": "str", "default": ""},
            "must_answer": {"type": "bool", "default": False},
            "beside": {"type": "list", "elements": "str", "default": []},
        }
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Ask hosts until one is found."""
        node, via = arguments["node"].strip(), arguments["via"].strip()
        if not node:
            raise HyperVError("node is empty. Give the name of a node.")
        connections = Connections(self._connection, task_vars, TaskClock(), self.trace)
        search = ViaSearch(connections.inventory, connections.who)
        try:
            _refuse_unknown(connections, via)
            hosts = arguments["hosts"] or list((task_vars.get("groups") or {}).get("hyperv_nodes", ()))
            found = search.find(
                node, hosts, via=via, cluster=arguments["cluster"].strip(), must_answer=arguments["must_answer"]
            )
            search.refuse_strangers(found, arguments["beside"])
        finally:
            self.close(connections)
        return {
            "changed": False,
            "via": found.host,
            "node": found.node,
            "is_node": found.is_node,
            **found.identity.as_result(),
            "asked": [{"host": host, "answer": str(answer)} for host, answer in search.asked.items()],
        }


def _refuse_unknown(connections: Connections, via: str) -> None:
    if via and not connections.lists(via):
        raise HyperVError(f"via is {via}, which is no host of the inventory.")
