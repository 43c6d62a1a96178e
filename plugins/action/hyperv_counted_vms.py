# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names VMs in a result that is small enough to be kept. Does not talk to nodes."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, FailedWithResult, Result
from ..plugin_utils._text import clean

# Below that, ansible-runner keeps the result of the task that has changed them: it empties one of about 360 VMs.
_MANY = 300


class ActionModule(ControllerAction):
    """The action of hyperv_counted_vms."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "vms": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "vm_id": {"type": "str", "required": True},
                    "name": {"type": "str", "default": ""},
                },
            },
            "error": {"type": "str", "default": ""},
        },
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Return the VMs, each once, with the error of the task that has changed them. Raises FailedWithResult."""
        # Ansible prints the result of a task that fails, where no name may forge a line.
        named = {vm["vm_id"]: clean(vm["name"]) for vm in arguments["vms"]}
        changed_vms = [{"vm_id": vm_id, "name": name} for vm_id, name in named.items()]
        result: Result = {"changed": False, "changed_vms": changed_vms}
        if arguments["error"]:
            # A result that fails is shown whole, and its list would bury the error.
            raise FailedWithResult(arguments["error"], result if len(changed_vms) > _MANY else {"changed": False})
        return result
