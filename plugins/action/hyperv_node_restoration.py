# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings the VMs of a node back that was emptied."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, FailedWithResult, Result
from ..plugin_utils._evacuation_meanwhile import EvacuationMeanwhile
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.maintenance.restoration import Restoration
from ..plugin_utils._hyperv.maintenance.restoration_options import RestorationOptions
from ..plugin_utils._hyperv.planning.roles_back import LEAVE, WISHES
from ..plugin_utils._hyperv.planning.strategies import EVERY_VM
from ..plugin_utils._hyperv.records.ledger_form import read_ledger
from ..plugin_utils._maintenance import LOOKS_APART, OPTIONS, MaintenanceAction
from ..plugin_utils._moving_options import check_moving, moving_options


class ActionModule(MaintenanceAction):
    """The action of hyperv_node_restoration."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "default": ""},
            "ledger": {"type": "dict"},
            "forget_gone": {"type": "bool", "default": False},
            "roles": {"type": "str", "choices": list(WISHES), "default": LEAVE},
            "ignore": {"type": "list", "elements": "str", "default": []},
            "home": {"type": "list", "elements": "str", "default": [EVERY_VM]},
            "meanwhile": {"type": "dict"},
            **OPTIONS,
        },
        "mutually_exclusive": [("ledger", "ledger_path")],
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan, and bring the VMs back; in check mode add up memory instead."""
        check_moving(arguments, "restore_node")
        given = read_ledger(arguments["ledger"], "The ledger given") if arguments["ledger"] else None
        options = RestorationOptions(
            moving_options(arguments),
            arguments["node"].strip(),
            arguments["forget_gone"],
            ignore=arguments["ignore"],
            home=tuple(arguments["home"]),
            roles=arguments["roles"],
            storage_interval=LOOKS_APART * arguments["poll_interval"],
        )
        meanwhile = EvacuationMeanwhile(self, arguments["meanwhile"])
        controller = meanwhile.controller(self.controller(arguments))
        restoration = Restoration(cluster, options, controller, given, lambda plan: meanwhile.begin(cluster, plan))
        try:
            outcome = restoration.dry_run() if self.check_mode else restoration.execute()
        finally:
            meanwhile.end()
        result = meanwhile.added_to(self.as_result(outcome, f"Restoration of {outcome.node}", arguments))
        if outcome.error:
            raise FailedWithResult(outcome.error, result)
        return result
