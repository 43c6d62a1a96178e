# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes down how far a rolling maintenance is. Talks to no node."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, Result
from ..plugin_utils._hyperv.records.rolling_state import PHASES, Phase
from ..plugin_utils._rolling_file import progress_result, write_phase

_WORK = {name: {"type": "str", "default": ""} for name in ("tasks_file", "tasks_sha256", "role")}

_ESTIMATE = {
    "done": {"type": "int", "required": True},
    "nodes": {"type": "list", "elements": "str", "required": True},
    "seconds": {"type": "int", "required": True},
}


class ActionModule(ControllerAction):
    """The action of hyperv_rolling_state."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "rolling": {
                "type": "dict",
                "required": True,
                "options": {
                    "path": {"type": "path"},
                    "folder": {"type": "path", "default": "."},
                    "cluster": {"type": "str", "required": True},
                    "cluster_name": {"type": "str", "default": ""},
                    "node": {"type": "str", "required": True},
                    "name": {"type": "str", "default": ""},
                    "nodes": {"type": "list", "elements": "str", "default": []},
                    "run_id": {"type": "str", "default": ""},
                    "begin_anew": {"type": "bool", "default": False},
                    "resume_within": {"type": "int", "default": 72},
                    "work": {"type": "dict", "options": _WORK},
                    "allow_changed_work": {"type": "bool", "default": False},
                    "forget": {"type": "list", "elements": "str", "default": []},
                    "began": {"type": "str", "default": ""},
                    "estimate": {"type": "dict", "options": _ESTIMATE},
                    "together": {"type": "list", "elements": "str", "default": []},
                },
            },
            "phase": {"type": "str", "choices": list(PHASES), "required": True},
        }
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Write down that a node has reached a phase."""
        rolling: dict[str, t.Any] = arguments["rolling"]
        phase: Phase = arguments["phase"]
        return progress_result(write_phase(rolling, lambda present: phase, dry_run=self.check_mode), rolling["node"])
