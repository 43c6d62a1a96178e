# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says what a rolling maintenance is to do with a node, once the cluster can run without it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

from ..plugin_utils._action import Arguments, ControllerAction, FailedWithResult, Result
from ..plugin_utils._files import full_path
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.nodes import Node, read_nodes
from ..plugin_utils._hyperv.cluster.redundancy import read_redundancy
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.maintenance.turn import Turn
from ..plugin_utils._hyperv.maintenance.turn_order import PlannedOrder
from ..plugin_utils._hyperv.maintenance.turn_results import (
    as_result,
    hosts_begun,
    records_of_evacuation,
    with_plan,
    without_steps,
)
from ..plugin_utils._hyperv.maintenance.turns_together import TurnsTogether
from ..plugin_utils._hyperv.planning.absence import Absence
from ..plugin_utils._hyperv.planning.roll_order import check_order, in_order
from ..plugin_utils._hyperv.planning.roll_plan import RollPlan
from ..plugin_utils._hyperv.planning.roll_request import KEEP
from ..plugin_utils._hyperv.planning.roll_table import roll_table
from ..plugin_utils._hyperv.planning.survey_answers import read_names
from ..plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ..plugin_utils._hyperv.records.rolling_estimate import estimate_at_half
from ..plugin_utils._hyperv.records.rolling_resume import RollingOptions
from ..plugin_utils._hyperv.records.rolling_state import Estimate, RollingState
from ..plugin_utils._hyperv.records.rolling_window import Window
from ..plugin_utils._planning_options import read_planning
from ..plugin_utils._ranges import check_range
from ..plugin_utils._rolling_file import RollingFile
from ..plugin_utils._rolling_following import check_overlap, find_following, with_following
from ..plugin_utils._rolling_nodes import Batch, FoundNodes, NodeSearch, check_other_name, names_in_cluster
from ..plugin_utils._rolling_options import ROLLING, check_rolling, read_gate, read_ignored, read_rolling_options
from ..plugin_utils._user_work import find_work

_PLANNED = "planned"
# Lowest and highest number of an option, and its unit.
_RANGES = (("restart_timeout", 1, None, "seconds"), ("restart_poll_interval", 0.05, 60, "seconds"))


class ActionModule(ControllerAction):
    """The action of hyperv_rolling_node_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "required": True},
            "order": {"type": "raw", "default": []},
            "planned": {"type": "dict", "default": {}},
            "name": {"type": "str", "default": ""},
            "batch": {"type": "list", "elements": "str", "default": []},
            "stop_at": {"type": "str", "default": ""},
            "turns": {"type": "list", "elements": "dict", "default": []},
            "overlap": {"type": "bool", "default": False},
            "restart_timeout": {"type": "int", "default": 1800},
            "restart_poll_interval": {"type": "float", "default": 5},
            **ROLLING,
        }
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Find the node and who is talked through, then say what is to be done; changes nothing.

        Of hosts that are worked on at once, the first one does that for all, so that their turns are planned together.
        """
        check_rolling(arguments, task_vars)
        for name, low, high, unit in _RANGES:
            check_range(arguments, name, low, high, unit, variable=f"rolling_maintenance_{name}")
        order = read_names(arguments["order"], "rolling_maintenance_order")
        ignore = read_ignored(arguments)
        is_planned = _is_planned(order)
        planned = PlannedOrder.read(arguments["planned"]) if is_planned else None
        host, nodes = arguments["node"], arguments["nodes"]
        batch = Batch.of(arguments, task_vars, _strategy(self._task))
        check_overlap(arguments, batch.at_once)
        if host != batch.leader:
            return {"changed": False, "leader": batch.leader, "host": host, "nodes": nodes, "steps": []}
        with self.connections() as connections:
            groups = task_vars.get("groups") or {}
            listed, limit = groups.get("hyperv_nodes", ()), str(task_vars.get("ansible_limit") or "")
            search = NodeSearch(connections, batch, nodes, arguments["via"].strip(), listed, limit)
            found = search.find(is_each_asked=not is_planned)  # who has planned the order has asked them
            cluster = connections.as_on(found.via.host).cluster()
            members = read_nodes(cluster)
            _check_names(cluster, members, batch, found, arguments["name"])
            everybody = groups.get("all", ())
            if is_planned:
                _check_planned(planned, nodes)
            elif order:
                _check_order(order, nodes, everybody if limit else ())
            file = RollingFile(full_path(arguments["folder"]), found.owner)
            if not self.check_mode:
                file.wait_for_other_run(self.clock().pause, self.tell)
            options = self._options(arguments, task_vars, found, file)
            progress = file.resume(options)
            turns = TurnsTogether.of(self._asked(arguments, batch, found, progress.state), batch.at_once)
            asks = turns.first.layout != KEEP or batch.at_once > 1
            names = names_in_cluster(connections, members, turns.known(found.nodes), asks=asks)
            now = dt.datetime.now(dt.timezone.utc)
            run_began = _began(arguments["turns"]) or now
            window = Window.of(arguments["stop_at"], run_began, progress.state)
            early = [one.host for one in turns.turns if one.is_begun_early(run_began)]
            why = window.why_stop(now) if turns.is_new else ""
            stopped = turns.describe_stop(why) if why and not self.check_mode else ""
            ignored = turns.first.overlooked(ignore)
            rolling = {
                **dataclasses.asdict(options),
                "folder": full_path(arguments["folder"]),
                **({"began": now.isoformat(timespec="seconds")} if turns.is_new or early else {}),
                **_estimated(progress.state, batch.at_once, early),
            }
            common = {
                "changed": False,
                "leader": host,
                "stopped": stopped,
                "run_began": window.run_began.isoformat(timespec="seconds"),
                "ignore": ignored,
                "tasks_file": options.work["tasks_file"] if options.work is not None else "",
                "path": progress.path,
                "folder": full_path(arguments["folder"]),
            }
            result = as_result(turns, names, {**common, **found.as_result()}, rolling)
            if stopped:
                self.tell(stopped)
                return without_steps(result)
            self._announce(turns, found, window, why, now)
            gate = read_gate(arguments, ignored, self.tell, dry_run=self.check_mode)
            try:
                turns.refuse_after_failure(hosts_begun(arguments["turns"]))
                warnings = [*progress.warnings, *turns.check(cluster, gate)]
                if turns.first.is_planned:
                    turns, plan = self._plan(cluster, turns, arguments, names, batch, planned)
                    found = search.beside(found, turns.hosts)
                    result = with_plan(
                        as_result(turns, names, {**common, **found.as_result()}, rolling),
                        turns.as_planned(plan, records_of_evacuation(turns, rolling)),
                    )
            except HyperVError as error:
                raise FailedWithResult(str(error), {**result, "batch": [], "waiting": []}) from None
            if arguments["overlap"] and result["steps"] and not self.check_mode:
                following = find_following(turns.first, names, batch, search, found, cluster, members, self.tell)
                result = with_following(result, following, arguments, options, window)
        return {**result, "warnings": warnings} if warnings else result

    def _options(
        self, arguments: Arguments, task_vars: dict[str, t.Any], found: FoundNodes, file: RollingFile
    ) -> RollingOptions:
        playbook_dir = str(task_vars.get("playbook_dir") or ".")
        collections = self._task.collections or ()
        work = find_work(arguments["tasks_file"], arguments["role"], playbook_dir, self._loader, collections)
        everybody = (task_vars.get("groups") or {}).get("all", ())
        begins = arguments["node"] == arguments["nodes"][0]
        return read_rolling_options(arguments, found.owner, file.read(), work, everybody, begins=begins)

    def _asked(self, arguments: Arguments, batch: Batch, found: FoundNodes, state: RollingState) -> list[Turn]:
        return [
            Turn(
                host,
                node,
                arguments["nodes"],
                state,
                batch.is_restarted(host, arguments["restart"]),
                self.check_mode,
                arguments["layout"],
                arguments["home"],
            )
            for host, node in found.nodes.items()
        ]

    def _announce(
        self, turns: TurnsTogether, found: FoundNodes, window: Window, why_stop: str, now: dt.datetime
    ) -> None:
        for line in turns.intention(found.via.host):
            self.tell(line)
        if window.pace is not None and turns.nodes:
            self.tell(window.pace.describe(len(turns.first.left), now, turns.at_once))
        if why_stop:
            self.tell(f"Without --check it would stop before {turns.text}. {why_stop}")

    def _plan(
        self,
        cluster: Cluster,
        turns: TurnsTogether,
        arguments: Arguments,
        names: Mapping[str, str],
        batch: Batch,
        planned: PlannedOrder | None,
    ) -> tuple[TurnsTogether, RollPlan]:
        """Plan the rest on what is there now, and show the plan. Raises HyperVError, Fault and TransportError."""
        evacuation = read_planning(arguments, role="evacuate_node")
        absence = Absence(read_redundancy(cluster)) if batch.at_once > 1 else None
        whole = read_whole_cluster(cluster)
        later = planned.after(batch.hosts) if planned is not None else batch.later(arguments["nodes"])
        turns, plan = turns.plan_rest(whole, evacuation, names, absence, later)
        self.show(roll_table(plan))
        if turns.why_waiting:
            self.tell(turns.waits)
        return turns, plan


def _strategy(task: t.Any) -> str:
    """Return the strategy of the play; that of ansible-core's default where the task does not tell."""
    play = task.get_play() if hasattr(task, "get_play") else None
    return str(getattr(play, "strategy", None) or "linear").removeprefix("ansible.builtin.")


def _check_names(cluster: Cluster, members: Sequence[Node], batch: Batch, found: FoundNodes, of_leader: str) -> None:
    """Check the names that nodes have in addition; ``of_leader`` is that of the first one. Raises HyperVError."""
    for host, node in found.nodes.items():
        check_other_name(cluster, members, node, batch.other_name(host, of_leader).strip(), host)


def _is_planned(order: Sequence[str]) -> bool:
    """Tell whether the order is one that a plan finds. Raises HyperVError for that word beside names."""
    if _PLANNED not in map(str.casefold, order):
        return False
    if len(order) > 1:
        raise HyperVError(
            f"Nothing was changed. rolling_maintenance_order is {', '.join(order)}. Give {_PLANNED} alone, for the "
            "order that a plan finds, or the names of all nodes."
        )
    return True


def _check_planned(planned: PlannedOrder | None, hosts: Sequence[str]) -> None:
    """Refuse a play that does not follow the order that was planned for it, or for which none was."""
    if planned is None:
        raise HyperVError(
            "Nothing was changed. rolling_maintenance_order is planned, and no order was planned in this run. Give it "
            "to the playbook hyperv.migration.rolling_maintenance with -e. In a playbook of your own, a play before "
            "this one plans the order, with tasks_from: order of the role hyperv.migration.rolling_maintenance."
        )
    if planned.hosts != list(hosts):
        raise HyperVError(
            f"Nothing was changed. The order that was planned is {', '.join(planned.hosts)}, and the play takes its "
            f"hosts in the order {', '.join(hosts)}. In a playbook of your own, let hosts be "
            "rolling_maintenance_planned.order of a host of the play before."
        )


def _check_order(order: Sequence[str], hosts: Sequence[str], elsewhere: Sequence[str]) -> None:
    """Refuse an order that does not name each host of the play once, and a play that does not follow it.

    ``elsewhere``: hosts that a limit may have left out.
    """
    check_order(order, hosts, "Nothing was changed. rolling_maintenance_order", elsewhere)
    wanted = in_order(hosts, order)
    if wanted != list(hosts):
        raise HyperVError(
            f"Nothing was changed. rolling_maintenance_order is {', '.join(wanted)}, and the play takes its hosts in "
            f"the order {', '.join(hosts)}. In a playbook of your own, put its hosts through the filter "
            "hyperv.migration.in_rolling_order."
        )


def _estimated(state: RollingState, at_once: int, early: Sequence[str]) -> dict[str, Estimate]:
    estimate = estimate_at_half(state, at_once, early)
    return {"estimate": estimate} if estimate is not None else {}


def _began(turns: Sequence[Mapping[str, t.Any]]) -> dt.datetime | None:
    """Return when this run began, as the turns before this one say; None where there is none."""
    written = next((turn["run_began"] for turn in turns if turn.get("run_began")), None)
    return dt.datetime.fromisoformat(written) if written else None
