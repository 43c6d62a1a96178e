# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans the order in which the hosts of a play have their turns in a rolling maintenance."""

from __future__ import annotations

import dataclasses
import typing as t

from ..plugin_utils._action import Arguments, ControllerAction, FailedWithResult, Result
from ..plugin_utils._files import full_path
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.nodes import read_nodes
from ..plugin_utils._hyperv.cluster.redundancy import read_redundancy
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.maintenance.health_gate import HealthGate
from ..plugin_utils._hyperv.maintenance.turn_order import Batches, PlannedOrder, TurnOrder, describe_order, hosts_named
from ..plugin_utils._hyperv.planning.absence import Absence, read_at_once
from ..plugin_utils._hyperv.planning.evacuation_request import EvacuationRequest
from ..plugin_utils._hyperv.planning.roll import plan_roll
from ..plugin_utils._hyperv.planning.roll_plan import RollPlan
from ..plugin_utils._hyperv.planning.roll_request import KEEP
from ..plugin_utils._hyperv.planning.roll_table import roll_table
from ..plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ..plugin_utils._hyperv.records.rolling_state import RollingState
from ..plugin_utils._planning_options import read_planning
from ..plugin_utils._rolling_file import RollingFile
from ..plugin_utils._rolling_nodes import Batch, FoundNodes, NodeSearch, names_in_cluster
from ..plugin_utils._rolling_options import ROLLING, check_rolling, read_gate, read_ignored, read_rolling_options
from ..plugin_utils._user_work import find_work


class ActionModule(ControllerAction):
    """The action of hyperv_rolling_order_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {"argument_spec": ROLLING}

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Read how far the rolling maintenance is, wait until the cluster is healthy, and plan what is left."""
        check_rolling(arguments, task_vars)
        hosts, ignored = arguments["nodes"], read_ignored(arguments)
        if not hosts:
            raise HyperVError("nodes is empty. Give the inventory hosts of the nodes that are to have their turns.")
        at_once = read_at_once(arguments["at_once"], len(hosts), "rolling_maintenance_at_once")
        with self.connections() as connections:
            groups, batch = task_vars.get("groups") or {}, Batch(tuple(hosts[:1]), at_once, {})
            via, limit = arguments["via"].strip(), str(task_vars.get("ansible_limit") or "")
            found = NodeSearch(connections, batch, hosts, via, groups.get("hyperv_nodes", ()), limit).find()
            cluster = connections.as_on(found.via.host).cluster()
            state = self._state(arguments, task_vars, found)
            named = hosts_named(hosts, state) | {**found.nodes}
            names = names_in_cluster(connections, read_nodes(cluster), named, asks=True)
            order = TurnOrder(hosts, state, names, at_once, arguments["layout"], arguments["home"])
            gate = read_gate(arguments, ignored, self.tell, dry_run=self.check_mode)
            plan, why = self._plan(cluster, order, gate, read_planning(arguments, role="evacuate_node"))
        if why and not order.begun:
            raise FailedWithResult(f"Nothing was changed. {why}", _result(order, order.as_listed(), plan))
        return self._told(order, plan, why)

    def _state(self, arguments: Arguments, task_vars: dict[str, t.Any], found: FoundNodes) -> RollingState:
        playbook_dir = str(task_vars.get("playbook_dir") or ".")
        collections = self._task.collections or ()
        work = find_work(arguments["tasks_file"], arguments["role"], playbook_dir, self._loader, collections)
        file = RollingFile(full_path(arguments["folder"]), found.owner)
        if not self.check_mode:
            file.wait_for_other_run(self.clock().pause, self.tell)
        everybody = (task_vars.get("groups") or {}).get("all", ())
        options = read_rolling_options(arguments, found.owner, file.read(), work, everybody, begins=True)
        return file.resume(options).state

    def _plan(
        self, cluster: Cluster, order: TurnOrder, gate: HealthGate, evacuation: EvacuationRequest
    ) -> tuple[RollPlan | None, str]:
        """Return the plan, and why nothing may be begun by it, empty where it may; no plan where none is needed."""
        if not order.others:
            return None, ""
        health = dataclasses.replace(gate, paused_by_us=order.opened).wait(cluster, None)
        if health.findings:
            return None, health.message
        absence = Absence(read_redundancy(cluster)) if order.at_once > 1 else None
        plan = plan_roll(read_whole_cluster(cluster), order.request(evacuation, absence))
        return plan, plan.refusal.text if plan.refusal is not None else ""

    def _told(self, order: TurnOrder, plan: RollPlan | None, why: str) -> Result:
        """Return the result, and show the order; what the turns show by themselves is left out."""
        batches = order.as_planned(plan) if plan is not None and not why else order.as_listed()
        if why:
            self.tell(
                f"What was begun goes on first: {', '.join(order.names[host] for host in order.begun)}. The other "
                f"nodes follow in the order of the inventory, because none is planned: {why}"
            )
        elif plan is not None:
            self.tell(f"The order of the nodes is planned: {describe_order(batches, order.names)}.")
            if plan.layout == KEEP and plan.at_once == 1:
                self.show(roll_table(plan))
        return _result(order, batches, plan)


def _result(order: TurnOrder, batches: Batches, plan: RollPlan | None) -> Result:
    return {
        "changed": False,
        "nodes": list(order.hosts),
        **PlannedOrder(batches).as_result(),
        "done": [host for host in order.hosts if host in order.done],
        "begun": order.begun,
        "total": plan.total.as_result() if plan is not None else None,
        "summary": roll_table(plan) if plan is not None else [],
    }
