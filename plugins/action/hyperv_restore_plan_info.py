# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans which VMs to bring back to a node."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.planning.lacking import MoveLacks
from ..plugin_utils._hyperv.planning.plan_table import restoration_table
from ..plugin_utils._hyperv.planning.restoration import find_home, plan_restoration
from ..plugin_utils._hyperv.planning.restoration_plan import Home
from ..plugin_utils._hyperv.planning.roles_back import LEAVE, WISHES, plan_roles_back
from ..plugin_utils._hyperv.records.ledger_form import no_ledger, read_ledger
from ..plugin_utils._ledgers import LedgerFile, ledger_file_of


class ActionModule(HyperVAction):
    """The action of hyperv_restore_plan_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str"},
            "ledger": {"type": "dict"},
            "ledger_path": {"type": "path"},
            "ledger_folder": {"type": "path"},
            "roles": {"type": "str", "choices": list(WISHES), "default": LEAVE},
        },
        "mutually_exclusive": [("ledger", "ledger_path", "ledger_folder")],
        "required_one_of": [("ledger", "ledger_path", "ledger_folder")],
        "required_by": {"ledger_folder": ("node",)},
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read the ledger and where its VMs are now."""
        home = find_home(cluster, arguments["node"]) if arguments["node"] else None
        file = _file(arguments, home)
        where = file.where if file is not None else "The ledger given"
        ledger = file.read() if file is not None else read_ledger(arguments["ledger"], where)
        if ledger is None:
            raise no_ledger(where)
        try:
            plan = plan_restoration(cluster, ledger, home, lacks=MoveLacks(cluster))
            roles = plan_roles_back(cluster, ledger["other_roles"], plan.home.node.name, arguments["roles"])
        except HyperVError as error:
            raise HyperVError(f"{where}: {error}") from None
        path = file.path if file is not None else None
        result = {
            "changed": False,
            "ledger_path": path,
            **plan.as_result(),
            "roles": [one.as_result(plan.home.node.name) for one in roles],
            "summary": restoration_table(plan, roles),
        }
        warnings = [*([file.note] if file is not None and file.note else []), *plan.notes]
        return {**result, "warnings": warnings} if warnings else result


def _file(arguments: Arguments, home: Home | None) -> LedgerFile | None:
    path, folder = arguments["ledger_path"], arguments["ledger_folder"]
    if path is not None:
        return ledger_file_of(path, "", "", None)
    return ledger_file_of(None, folder, home.node.name, home.owner) if folder is not None and home is not None else None
