# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stores the progress of a rolling maintenance in a file on the controller. Does not talk to nodes."""

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, Result
from ..plugin_utils._files import KeptFile, check_writable, find_kept, full_path, locked
from ..plugin_utils._hyperv.records.artifacts import artifact_text
from ..plugin_utils._hyperv.records.file_names import Owner, roll_file, roll_file_of_before
from ..plugin_utils._hyperv.records.rolls import EARLIER_FORMAT, PHASES, Wish, enter, is_over, join, read_roll, summary


class ActionModule(ControllerAction):
    """The action of hyperv_rolling_state."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "path": {"type": "path"},
            "folder": {"type": "path", "default": "."},
            "cluster": {"type": "str", "required": True},
            "cluster_name": {"type": "str", "default": ""},
            "node": {"type": "str", "required": True},
            "nodes": {"type": "list", "elements": "str", "default": []},
            "phase": {"type": "str", "choices": list(PHASES)},
            "round": {"type": "str", "default": ""},
            "begin_anew": {"type": "bool", "default": False},
            "resume_within": {"type": "int", "default": 72},
        }
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Read, change and write the state."""
        key, phase, now = arguments["node"], arguments["phase"], dt.datetime.now(dt.timezone.utc)
        changes = phase is not None and not self.check_mode
        with locked(_file(arguments).path) if changes else contextlib.nullcontext():
            file = _file(arguments)
            where = file.earlier or file.path
            content = file.read()
            old = read_roll(content, where) if content is not None else None
            roll = join(old, _wish(arguments), where, now)
            changed = phase is not None and (old is None or roll["nodes"][key]["phase"] != phase)
            if changed:
                roll = enter(roll, key, phase, now)
                if self.check_mode:
                    check_writable(file.path)
                else:
                    file.write(artifact_text(roll))
        result = {
            "changed": changed,
            "path": file.path,
            "phase": roll["nodes"][key]["phase"],
            "over": is_over(roll),
            "summary": summary(roll),
            "roll": roll,
        }
        is_earlier = old is not None and old["format"] == EARLIER_FORMAT and not is_over(old)
        return {**result, "warnings": [_note(where, file.path, roll)]} if is_earlier else result


def _file(arguments: Arguments) -> KeptFile:
    if arguments["path"] is not None:
        return KeptFile(full_path(arguments["path"]))
    owner = Owner(arguments["cluster"], arguments["cluster_name"])
    return find_kept(arguments["folder"], roll_file(owner), roll_file_of_before(owner))


def _wish(arguments: Arguments) -> Wish:
    return Wish(
        arguments["cluster"],
        [*arguments["nodes"], arguments["node"]],
        arguments["round"],
        arguments["begin_anew"],
        arguments["resume_within"],
        arguments["cluster_name"],
    )


def _note(where: str, path: str, roll: t.Mapping[str, t.Any]) -> str:
    return (
        f"{where} was written by an earlier version, which named clusters by their short name. That does not prove "
        f"that its round is one of {roll['cluster']}, so no node is skipped: the round begins anew, and is kept as "
        f"{path} from the next change on. If the file is that of another cluster of this name, stop and move it away."
    )
