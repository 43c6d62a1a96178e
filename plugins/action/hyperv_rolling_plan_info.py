# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans a whole rolling maintenance."""

from __future__ import annotations

import dataclasses
import typing as t

from ..plugin_utils._action import Arguments, FailedWithResult, HyperVAction, Result
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.redundancy import read_redundancy
from ..plugin_utils._hyperv.planning.absence import Absence, read_at_once
from ..plugin_utils._hyperv.planning.roll import plan_roll
from ..plugin_utils._hyperv.planning.roll_order import check_order, in_order
from ..plugin_utils._hyperv.planning.roll_request import LAYOUTS, RollRequest
from ..plugin_utils._hyperv.planning.roll_table import roll_table
from ..plugin_utils._hyperv.planning.survey_answers import read_names
from ..plugin_utils._hyperv.planning.whole_cluster import WholeCluster, read_whole_cluster
from ..plugin_utils._planning_options import PLANNING, read_planning
from ..plugin_utils._ranges import LONGEST_TIMEOUT, check_range

PLANNED, GIVEN = "planned", "given"
_WORDS = ((PLANNED,), (GIVEN,))  # orders that name no node


class ActionModule(HyperVAction):
    """The action of hyperv_rolling_plan_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "nodes": {"type": "raw"},
            "done": {"type": "raw", "default": []},
            "order": {"type": "raw", "default": PLANNED},
            "at_once": {"type": "str", "default": "1"},
            "layout": {"type": "str", "choices": list(LAYOUTS), "default": "keep"},
            "home": {"type": "list", "elements": "str", "default": []},
            "node_seconds": {"type": "int", "default": 0},
            "must_be_feasible": {"type": "bool", "default": False},
            "moves": {"type": "bool", "default": False},
            **PLANNING,
        },
    }

    def perform(self, cluster: Cluster, arguments: Arguments) -> Result:
        """Plan; that no plan is found is part of the answer, unless it is to be a failure."""
        check_range(arguments, "node_seconds", 0, LONGEST_TIMEOUT, "seconds")
        whole = read_whole_cluster(cluster)
        request = _request(arguments, whole)
        if request.at_once > 1:
            request = dataclasses.replace(request, absence=Absence(read_redundancy(cluster)))
        plan = plan_roll(whole, request)
        result = {"changed": False, **plan.as_result(moves=arguments["moves"]), "summary": roll_table(plan)}
        if plan.refusal is not None and arguments["must_be_feasible"]:
            raise FailedWithResult(plan.refusal.text, result)
        return result


def _request(arguments: Arguments, whole: WholeCluster) -> RollRequest:
    done = read_names(arguments["done"], "done")
    given = read_names(arguments["nodes"], "nodes")
    nodes = given if given or arguments["nodes"] == [] else whole.others(done)
    order = read_names(arguments["order"], "order")
    if order not in _WORDS:
        check_order(order, nodes, "order", done)
        nodes = tuple(in_order(nodes, order))
    return RollRequest(
        nodes,
        done,
        order != (PLANNED,),
        arguments["layout"],
        tuple(arguments["home"]),
        read_planning(arguments),
        arguments["node_seconds"],
        read_at_once(arguments["at_once"], len(whole.nodes), "at_once"),
    )
