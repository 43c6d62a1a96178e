# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restarts the Windows of a cluster node without VMs."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.vms import Vm
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.power.node_restarts import look_before_restart, read_boot_time, restart_node
from ..plugin_utils._ranges import check_poll_interval, check_range
from ..plugin_utils._rolling_file import end_work, enter_phase


class ActionModule(HyperVAction):
    """The action of hyperv_node_restart."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "name": {"type": "str", "required": True},
            "force": {"type": "bool", "default": True},
            "local_vms": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 1800},
            "poll_interval": {"type": "float", "default": 5},
            "progress": {"type": "bool", "default": True},
            "rolling": {"type": "dict"},
            "due": {"type": "bool", "default": True},
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Restart the node and wait for it; in a rolling maintenance only if that is due, and note that it is done."""
        check_range(arguments, "timeout", 1, unit="seconds")
        check_poll_interval(arguments)
        rolling, due = arguments["rolling"], arguments["due"]
        if rolling:
            due = end_work(rolling, due, dry_run=self.check_mode) == "restarting"
        if not due:
            return {"changed": False, "name": arguments["name"]}
        if self.check_mode and rolling:  # the node was neither paused nor evacuated
            return {"changed": True, "name": arguments["name"]}
        result = self._restart(cluster, arguments)
        if not self.check_mode:
            enter_phase(rolling, "worked")
        return result

    def _restart(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Refuse unless the node is paused and empty; restart it and wait for it."""
        node, objection, going_down = look_before_restart(cluster, arguments["name"], local_vms=arguments["local_vms"])
        if objection:
            raise HyperVError(objection)
        cluster.confirm()
        if self.check_mode:
            before = read_boot_time(cluster, node.name)
            return _result(node.name, node.state, before, None, 0.0, ())
        done = restart_node(
            cluster,
            node,
            force=arguments["force"],
            timeout=float(arguments["timeout"]),
            poll_interval=arguments["poll_interval"],
            tell=self.tell if arguments["progress"] else lambda line: None,
        )
        return _result(done.node.name, done.node.state, done.boot_before, done.boot_after, done.seconds, going_down)


def _result(
    name: str, state: str, before: dt.datetime, after: dt.datetime | None, seconds: float, went_down: Sequence[Vm]
) -> Result:
    shown = f"booted {after.isoformat(timespec='seconds')}" if after else "restarted"
    return {
        "changed": True,
        "name": name,
        "state": state,
        "booted_before": before.isoformat(timespec="seconds"),
        "booted": after.isoformat(timespec="seconds") if after else None,
        "elapsed_seconds": round(seconds, 1),
        "changed_vms": [{"vm_id": vm.id, "name": vm.name} for vm in went_down],
        "diff": {
            "before": f"{name}: booted {before.isoformat(timespec='seconds')}\n",
            "after": f"{name}: {shown}\n",
        },
    }
