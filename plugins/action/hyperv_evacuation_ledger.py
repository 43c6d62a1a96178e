# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stores the ledger of an evacuation in a file on the controller. Does not talk to nodes."""

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, Result
from ..plugin_utils._files import KeptFile, check_writable, find_kept, full_path, locked
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.records.artifacts import artifact_text
from ..plugin_utils._hyperv.records.file_names import Owner, ledger_file, ledger_file_of_before
from ..plugin_utils._hyperv.records.ledger import (
    Ledger,
    begin,
    earlier_form,
    finish,
    give_back,
    inherited,
    read_ledger,
    refuse_another,
)


class ActionModule(ControllerAction):
    """The action of hyperv_evacuation_ledger."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "path": {"type": "path"},
            "folder": {"type": "path", "default": "."},
            "state": {"type": "str", "choices": ["begun", "finished", "given_back", "read"], "default": "read"},
            "node": {"type": "str"},
            "cluster": {"type": "str"},
            "cluster_name": {"type": "str"},
            "moves": {"type": "list", "elements": "dict", "default": []},
            "paused": {"type": "bool", "default": True},
            "residents": {"type": "list", "elements": "str"},
            "vm_ids": {"type": "list", "elements": "str", "default": []},
        },
        "required_if": [("state", "begun", ("node",))],
        "required_one_of": [("path", "node")],
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Read, change and write the ledger."""
        changes = arguments["state"] != "read" and not self.check_mode
        with locked(_file(arguments).path) if changes else contextlib.nullcontext():
            file = _file(arguments)
            where = file.earlier or file.path
            content = file.read()
            old = read_ledger(content, where) if content is not None else None
            if old is None and arguments["state"] != "begun":
                raise HyperVError(f"There is no ledger at {where}. Check the path; evacuate_node writes it.")
            try:
                new = _changed(old, arguments)
            except HyperVError as error:
                raise HyperVError(f"{where}: {error}") from None
            warnings = _warnings(old, new, arguments, file)
            # The time stamp alone is no change.
            changed = old is None or {**old, "updated": ""} != {**new, "updated": ""}
            if changed and self.check_mode:
                check_writable(file.path)
            elif changed:
                file.write(artifact_text(new))
        result: Result = {"changed": changed, "path": file.path, "ledger": new if changed else old}
        return {**result, "warnings": warnings} if warnings else result


def _file(arguments: Arguments) -> KeptFile:
    if arguments["path"] is not None:
        return KeptFile(full_path(arguments["path"]))
    node, owner = arguments["node"], Owner(arguments["cluster"] or "", arguments["cluster_name"] or "")
    return find_kept(arguments["folder"], ledger_file(node, owner), ledger_file_of_before(node, owner))


def _warnings(old: Ledger | None, new: Ledger, arguments: Arguments, file: KeptFile) -> list[str]:
    found = [inherited(new, arguments["moves"], _now())] if arguments["state"] == "begun" else []
    found += [earlier_form(old, file.earlier or file.path, file.path)] if old is not None else []
    return [warning for warning in found if warning]


def _now() -> str:
    return dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")


def _changed(old: Ledger | None, arguments: Arguments) -> Ledger:
    now, state = _now(), arguments["state"]
    moves, node, cluster, name = (arguments[key] for key in ("moves", "node", "cluster", "cluster_name"))
    if old is None or state == "begun":
        try:
            return begin(old, node, cluster, moves, now, paused=arguments["paused"], cluster_name=name)
        except KeyError as missing:
            raise HyperVError(f"A move has no {missing}. Give the moves of hyperv_evacuation_plan_info.") from None
    refuse_another(old, cluster, node, name)
    if state == "finished":
        try:
            return finish(old, moves, now, arguments["residents"], cluster)
        except (KeyError, TypeError) as missing:
            raise HyperVError(f"A move has no {missing}. Give the moves that hyperv_vm_migrate returned.") from None
    return give_back(old, arguments["vm_ids"], now, cluster) if state == "given_back" else old
