# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans which VMs go back to a node that was evacuated."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._files import full_path, read_file
from ..plugin_utils._hyperv.cluster import Cluster
from ..plugin_utils._hyperv.errors import HyperVError
from ..plugin_utils._hyperv.ledger import Ledger, read_ledger
from ..plugin_utils._hyperv.restoration import plan_restoration


class ActionModule(HyperVAction):
    """The action of hyperv_restore_plan_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {"ledger": {"type": "dict"}, "ledger_path": {"type": "path"}},
        "mutually_exclusive": [("ledger", "ledger_path")],
        "required_one_of": [("ledger", "ledger_path")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read the ledger and where its VMs are now."""
        return {"changed": False, **plan_restoration(cluster, _ledger(arguments)).as_result()}


def _ledger(arguments: Arguments) -> Ledger:
    if arguments["ledger"] is not None:
        return read_ledger(arguments["ledger"], "The ledger given")
    path = full_path(arguments["ledger_path"])
    content = read_file(path)
    if content is None:
        raise HyperVError(f"There is no ledger at {path}. Check the path; evacuate_node writes it.")
    return read_ledger(content, path)
