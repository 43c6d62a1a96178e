# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps the ledger of an evacuation in a file on the controller. Talks to no node."""

from __future__ import annotations

import datetime as dt
import json
import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, Result
from ..plugin_utils._files import check_writable, full_path, locked, read_file, replace_file
from ..plugin_utils._hyperv.errors import HyperVError
from ..plugin_utils._hyperv.ledger import Ledger, begin, finish, give_back, inherited, read_ledger


class ActionModule(ControllerAction):
    """The action of hyperv_evacuation_ledger."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["begun", "finished", "given_back", "read"], "default": "read"},
            "node": {"type": "str"},
            "cluster": {"type": "str"},
            "moves": {"type": "list", "elements": "dict", "default": []},
            "paused": {"type": "bool", "default": True},
            "residents": {"type": "list", "elements": "str"},
            "vm_ids": {"type": "list", "elements": "str", "default": []},
        },
        "required_if": [("state", "begun", ("node",))],
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Read, change and write the ledger."""
        path = full_path(arguments["path"])
        with locked(path):
            content = read_file(path)
            old = read_ledger(content, path) if content is not None else None
            new = _changed(old, arguments, path)
            # The time stamp alone is no change.
            changed = old is None or {**old, "updated": ""} != {**new, "updated": ""}
            if changed and self.check_mode:
                check_writable(path)
            elif changed:
                replace_file(path, json.dumps(new, indent=2, ensure_ascii=False) + "\n")
        result: Result = {"changed": changed, "path": path, "ledger": new if changed else old}
        warning = inherited(new, arguments["moves"], _now()) if arguments["state"] == "begun" else ""
        return {**result, "warnings": [warning]} if warning else result


def _now() -> str:
    return dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")


def _changed(old: Ledger | None, arguments: Arguments, path: str) -> Ledger:
    now = _now()
    if arguments["state"] == "begun":
        try:
            moves, paused = arguments["moves"], arguments["paused"]
            return begin(old, arguments["node"], arguments["cluster"], moves, now, paused=paused)
        except HyperVError as error:
            raise HyperVError(f"{path}: {error}") from None
        except KeyError as missing:
            raise HyperVError(f"A move has no {missing}. Give the moves of hyperv_evacuation_plan_info.") from None
    if old is None:
        raise HyperVError(f"There is no ledger at {path}. Check the path; evacuate_node writes it.")
    if arguments["state"] == "finished":
        try:
            return finish(old, arguments["moves"], now, arguments["residents"])
        except (KeyError, TypeError) as missing:
            raise HyperVError(f"A move has no {missing}. Give the moves that hyperv_vm_migrate returned.") from None
    return give_back(old, arguments["vm_ids"], now) if arguments["state"] == "given_back" else old
