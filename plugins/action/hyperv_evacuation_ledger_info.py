# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the ledger of an evacuation from a file on the controller. Does not talk to nodes."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, Result
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.records.file_names import Owner
from ..plugin_utils._hyperv.records.ledger import refuse_another
from ..plugin_utils._ledgers import ledger_file_of


class ActionModule(ControllerAction):
    """The action of hyperv_evacuation_ledger_info."""

    _requires_connection = False

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "path": {"type": "path"},
            "folder": {"type": "path", "default": "."},
            "node": {"type": "str"},
            "cluster": {"type": "str"},
            "cluster_name": {"type": "str"},
        },
        "required_one_of": [("path", "node")],
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Read the ledger."""
        node, cluster, name = (arguments[key] or "" for key in ("node", "cluster", "cluster_name"))
        file = ledger_file_of(arguments["path"], arguments["folder"], node, Owner(cluster, name))
        ledger = file.read()
        if ledger is not None:
            try:
                refuse_another(ledger, cluster, node, name)
            except HyperVError as error:
                raise HyperVError(f"{file.path}: {error}") from None
        result: Result = {"changed": False, "path": file.path, "exists": ledger is not None, "ledger": ledger or {}}
        return {**result, "warnings": [file.note]} if file.note else result
