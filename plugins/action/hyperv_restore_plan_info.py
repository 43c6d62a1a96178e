# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans which VMs to bring back to a node."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, HyperVAction, Result
from ..plugin_utils._files import KeptFile, find_kept, full_path
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.planning.plan_table import restoration_table
from ..plugin_utils._hyperv.planning.restoration import Home, find_home, plan_restoration
from ..plugin_utils._hyperv.records.file_names import ledger_file, ledger_file_of_before
from ..plugin_utils._hyperv.records.ledger import Ledger, earlier_form, read_ledger


class ActionModule(HyperVAction):
    """The action of hyperv_restore_plan_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str"},
            "ledger": {"type": "dict"},
            "ledger_path": {"type": "path"},
            "ledger_folder": {"type": "path"},
        },
        "mutually_exclusive": [("ledger", "ledger_path", "ledger_folder")],
        "required_one_of": [("ledger", "ledger_path", "ledger_folder")],
        "required_by": {"ledger_folder": ("node",)},
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Read the ledger and where its VMs are now."""
        home = find_home(cluster, arguments["node"]) if arguments["node"] else None
        file = _file(arguments, home)
        where = (file.earlier or file.path) if file is not None else "The ledger given"
        ledger = _read(file, where) if file is not None else read_ledger(arguments["ledger"], where)
        try:
            plan = plan_restoration(cluster, ledger, home)
        except HyperVError as error:
            raise HyperVError(f"{where}: {error}") from None
        path = file.path if file is not None else None
        result = {"changed": False, "ledger_path": path, **plan.as_result(), "summary": restoration_table(plan)}
        earlier = earlier_form(ledger, where, path) if path is not None else ""
        warnings = [*([earlier] if earlier else []), *plan.notes]
        return {**result, "warnings": warnings} if warnings else result


def _file(arguments: Arguments, home: Home | None) -> KeptFile | None:
    if arguments["ledger_path"] is not None:
        return KeptFile(full_path(arguments["ledger_path"]))
    if arguments["ledger_folder"] is None or home is None:
        return None
    names = (ledger_file(home.node.name, home.owner), ledger_file_of_before(home.node.name, home.owner))
    return find_kept(arguments["ledger_folder"], *names)


def _read(file: KeptFile, where: str) -> Ledger:
    content = file.read()
    if content is None:
        raise HyperVError(f"There is no ledger at {where}. Check the path; evacuate_node writes it.")
    return read_ledger(content, where)
