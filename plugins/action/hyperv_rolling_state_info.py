# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads how far a rolling maintenance is, and which nodes of a run are not done. Talks to no node."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Sequence

from ..plugin_utils._action import Arguments, ControllerAction, FailedWithResult, Result
from ..plugin_utils._hyperv.maintenance.rolling import describe_unfinished, find_unfinished
from ..plugin_utils._hyperv.records.file_names import Owner
from ..plugin_utils._hyperv.records.ledger_form import Ledger
from ..plugin_utils._hyperv.records.rolling_state import (
    OPEN,
    Phase,
    RollingState,
    describe_progress,
    is_finished,
    phase_of,
)
from ..plugin_utils._ledgers import try_ledgers
from ..plugin_utils._rolling_file import RollingFile


class ActionModule(ControllerAction):
    """The action of hyperv_rolling_state_info."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "path": {"type": "path"},
            "folder": {"type": "path", "default": "."},
            "cluster": {"type": "str"},
            "cluster_name": {"type": "str", "default": ""},
            "results": {"type": "list", "elements": "dict"},
            "pattern": {"type": "raw", "default": ""},
            "must_be_complete": {"type": "bool", "default": False},
        },
        "required_one_of": [("path", "cluster", "results")],
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Read the state, and compare it with what the hosts of a run say where that is given."""
        results = arguments["results"]
        states = [state for path in _paths(arguments) if (state := _read(arguments, path)) is not None]
        found: Result = {"changed": False, **_shown(states[0] if states else None)}
        if results is None:
            return found
        # Of nodes that are worked on together, one has found out how all of them are.
        results = [one for result in results for one in (*(result.get("together") or {}).values(), result)]
        hosts = list(dict.fromkeys(host for result in results for host in result.get("nodes") or ()))
        phases: dict[str, Phase] = {str(result["host"]): result["phase"] for result in results if "phase" in result}
        # A dry run writes nothing down: what the files say is not of it.
        noted = {} if self.check_mode else {host: phase_of(state, host) for state in states for host in state["nodes"]}
        unfinished = find_unfinished(hosts, phases, noted)
        folder = next((str(result["folder"]) for result in results if result.get("folder")), "")
        ledgers = _ledgers(states, [node.host for node in unfinished if node.phase in OPEN], folder)
        message = describe_unfinished(unfinished, hosts, arguments["pattern"], folder, ledgers, dry_run=self.check_mode)
        complete = bool(hosts) and not unfinished
        stop = next((str(result["stopped"]) for result in results if result.get("stopped")), "")
        # What another node left open is not excused by that.
        stopped = bool(stop) and all(node.phase == "" for node in unfinished)
        message = stop if stopped else message
        found |= {
            "complete": complete,
            "stopped": stopped,
            "unfinished": [node.as_result() for node in unfinished],
            "msg": message,
        }
        if arguments["must_be_complete"] and not complete and not stopped:
            raise FailedWithResult(message, found)
        return found


def _paths(arguments: Arguments) -> list[str | None]:
    """Return the files to read; None for the one that has its own name. A run that has looked at no node has none."""
    if arguments["path"] is not None or arguments["cluster"] is not None:
        return [arguments["path"]]
    return list(dict.fromkeys(str(result["path"]) for result in arguments["results"] if result.get("path")))


def _read(arguments: Arguments, path: str | None) -> RollingState | None:
    owner = Owner(arguments["cluster"] or "", arguments["cluster_name"])
    return RollingFile(arguments["folder"], owner, path).read()


def _ledgers(states: Sequence[RollingState], hosts: Collection[str], folder: str) -> list[Ledger]:
    """Return what there is of the ledgers of hosts; a node that was not evacuated may have none."""
    nodes = (
        (progress.get("name") or host, Owner(state["cluster"]))
        for state in states
        for host, progress in state["nodes"].items()
        if host in hosts
    )
    return try_ledgers(folder, nodes)


def _shown(state: RollingState | None) -> Result:
    return {
        "exists": state is not None,
        "finished": state is not None and is_finished(state),
        "summary": describe_progress(state) if state else "",
        "state": state or {},
    }
