# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds the host to talk through when something is done to a node."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..plugin_utils._action import Arguments, ControllerAction, Result
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._ledgers import read_given_ledger
from ..plugin_utils._via import ViaSearch

_NODES = "hyperv_nodes"  # group of an inventory


class ActionModule(ControllerAction):
    """The action of hyperv_via_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "raw", "default": ""},
            "hosts": {"type": "list", "elements": "str", "default": []},
            "within": {"type": "list", "elements": "str"},
            "via": {"type": "raw", "default": ""},
            "cluster": {"type": "str", "default": ""},
            "ledger": {"type": "raw"},
            "ledger_path": {"type": "path"},
            "given_as": {"type": "str", "default": ""},
            "must_answer": {"type": "bool", "default": False},
            "beside": {"type": "list", "elements": "str", "default": []},
        }
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Ask hosts until one is found."""
        prefix = arguments["given_as"]
        node = _name(arguments["node"], _called("node", prefix), "Give one name of a node, such as NODE1.")
        path = arguments["ledger_path"] if not node else None
        ledger = read_given_ledger(arguments["ledger"], path, _called("ledger", prefix))
        if not node and ledger is not None:
            node = ledger["node"]
        if not node:
            called = _called("node", prefix)
            ledger_too = f", or its ledger as {_called('ledger', prefix)}" if arguments["ledger"] is not None else ""
            raise HyperVError(f"{called} is not given. Say which node is meant: {called}=NODE1{ledger_too}.")
        via = _name(arguments["via"], _called("via", prefix), "Give one host of the inventory, or leave it out.")
        cluster = arguments["cluster"].strip() or (ledger["cluster"] if ledger is not None else None) or ""
        return self._find(arguments, task_vars, node, via, cluster)

    def _find(self, arguments: Arguments, task_vars: dict[str, t.Any], node: str, via: str, cluster: str) -> Result:
        with self.connections() as connections:
            search = ViaSearch(connections.inventory, connections.who)
            hosts = _hosts(arguments, task_vars, via)
            if via and not connections.lists(via):
                raise _not_within(via, arguments)
            found = search.find(node, hosts, via=via, cluster=cluster, must_answer=arguments["must_answer"])
            search.refuse_strangers(found, arguments["beside"])
        return {
            "changed": False,
            "via": found.host,
            "node": found.node,
            "is_node": found.is_node,
            **found.identity.as_result(),
            "asked": [{"host": host, "answer": str(answer)} for host, answer in search.asked.items()],
        }


def _called(option: str, prefix: str) -> str:
    """Return the name of the variable in which an option is given; that of the option itself where there is none."""
    words = {"node": "name"}
    return f"{prefix}_{words.get(option, option)}" if prefix else option


def _name(value: object, called: str, cure: str) -> str:
    if value is not None and not isinstance(value, str):
        raise HyperVError(f"{called} is {value!r}, which is not one name. {cure}")
    return (value or "").strip()


def _hosts(arguments: Arguments, task_vars: dict[str, t.Any], via: str) -> Sequence[str]:
    """Return the hosts that may be talked through. Raises HyperVError where there is none."""
    listed = list((task_vars.get("groups") or {}).get(_NODES, ()))
    if not arguments["hosts"] and not listed:
        raise HyperVError(
            f"The inventory has no host in the group {_NODES}. List the nodes of the cluster there, or name hosts."
        )
    hosts = arguments["hosts"] or listed
    within = arguments["within"]
    if within is None:
        return hosts
    if via and via not in within:
        raise _not_within(via, arguments)
    allowed = [host for host in hosts if host in within]
    if not allowed:
        raise HyperVError(
            f"The limit leaves out every host of the group {_NODES}. Give a limit with one of them, or none."
        )
    return allowed


def _not_within(via: str, arguments: Arguments) -> HyperVError:
    called = _called("via", arguments["given_as"])
    return HyperVError(
        f"{called} is {via}, which is not one host of the inventory, or is left out by the limit. Name one "
        "that is listed."
    )
