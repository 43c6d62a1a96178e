# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Evens out the memory of the nodes at the end of a rolling maintenance, whose last node is empty."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import Arguments, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.maintenance.judging import judge_together
from ..plugin_utils._hyperv.migration.moves import MoveRequest
from ..plugin_utils._hyperv.planning.evacuation_request import EvacuationRequest
from ..plugin_utils._hyperv.planning.layout import present_layout
from ..plugin_utils._hyperv.planning.refill import refill
from ..plugin_utils._hyperv.planning.roll_request import BALANCED, RollRequest
from ..plugin_utils._hyperv.planning.survey_answers import read_strategy_list
from ..plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ..plugin_utils._hyperv.scheduling.migrate import dry_run
from ..plugin_utils._hyperv.scheduling.resolve_moves import plan
from ..plugin_utils._migrating import MigrationAction, migration_result
from ..plugin_utils._moving_options import MOVING, check_moving, moving_options
from ..plugin_utils._ranges import check_reserve
from ..plugin_utils._rolling_file import not_done_beside, progress_result, write_phase


class ActionModule(MigrationAction):
    """The action of hyperv_rolling_refill."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "home": {"type": "list", "elements": "str", "default": []},
            "strategies": {"type": "raw", "default": []},
            "reserve_memory_percent": {"type": "float", "default": 10},
            "rolling": {"type": "dict"},
            "due": {"type": "bool", "default": True},
            **MOVING,
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Even out the memory if that is due; in a rolling maintenance note that its node is done by that."""
        check_reserve(arguments)
        check_moving(arguments)
        rolling, due = arguments["rolling"], arguments["due"]
        if rolling and due and (open_hosts := not_done_beside(rolling)):
            due = False
            self.tell(f"The memory of the nodes is not evened out, because {', '.join(open_hosts)} is not done.")
        result: Result = self._refill(cluster, arguments) if due else {"changed": False, "moves": []}
        if not rolling:
            return result
        noted = progress_result(write_phase(rolling, lambda present: "done", dry_run=self.check_mode), rolling["node"])
        warnings = [*(result.get("warnings") or ()), *(noted.get("warnings") or ())]
        return {**result, **noted, "changed": result["changed"] or noted["changed"], "warnings": warnings}

    def _refill(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan on what is there now, then ask about the moves in check mode or bring them to their end."""
        layout = present_layout(read_whole_cluster(cluster))
        request = RollRequest(
            (),
            layout=BALANCED,
            home=tuple(arguments["home"]),
            evacuation=EvacuationRequest(
                "",
                reserve_percent=arguments["reserve_memory_percent"],
                strategies=read_strategy_list(arguments["strategies"]),
            ),
        )
        wanted = refill(layout, request.evacuation, request.returning(list(layout.vms.values())))
        vms = [one.helper.candidate.vm for one in wanted]
        requests = [
            MoveRequest(one.destination, vm.name, vm.id, source=one.helper.node)
            for one, vm in zip(wanted, vms, strict=True)
        ]
        moves = plan(cluster, requests, arguments["method"])
        if moves:
            cluster.confirm()
        options = moving_options(arguments)
        if self.check_mode:
            done, notes = dry_run(cluster, moves, options), []
        else:
            notes = self.warned_of_time_limit(moves, options)
            report = self.progress(cluster, shown=arguments["progress"])
            done = self.migrated(cluster, moves, options, report, single=False)
        notes += judge_together(cluster, done.tasks, is_dry_run=self.check_mode)
        return migration_result(done.tasks, [*notes, *done.notes], single=False)
