# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps how far a rolling maintenance is in a file on the controller. Talks to no node."""

from __future__ import annotations

import datetime as dt
import json
import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, Result
from ..plugin_utils._files import check_writable, full_path, locked, read_file, replace_file
from ..plugin_utils._hyperv.rolls import PHASES, Wish, enter, is_over, join, read_roll, summary


class ActionModule(ControllerAction):
    """The action of hyperv_rolling_state."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "path": {"type": "path", "required": True},
            "cluster": {"type": "str", "required": True},
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
        path = full_path(arguments["path"])
        now = dt.datetime.now(dt.timezone.utc)
        wish = Wish(
            arguments["cluster"],
            [*arguments["nodes"], arguments["node"]],
            arguments["round"],
            arguments["begin_anew"],
            arguments["resume_within"],
        )
        key, phase = arguments["node"], arguments["phase"]
        with locked(path):
            content = read_file(path)
            old = read_roll(content, path) if content is not None else None
            roll = join(old, wish, path, now)
            changed = phase is not None and (old is None or roll["nodes"][key]["phase"] != phase)
            if changed:
                roll = enter(roll, key, phase, now)
                if self.check_mode:
                    check_writable(path)
                else:
                    replace_file(path, json.dumps(roll, indent=2, ensure_ascii=False) + "\n")
        return {
            "changed": changed,
            "path": path,
            "phase": roll["nodes"][key]["phase"],
            "over": is_over(roll),
            "summary": summary(roll),
            "roll": roll,
        }
