# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says what a rolling maintenance is to do with a node, once the cluster can run without it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import typing as t
from collections.abc import Mapping, Sequence

from ..plugin_utils._action import Arguments, ControllerAction, FailedWithResult, Result
from ..plugin_utils._connections import Connections
from ..plugin_utils._files import full_path
from ..plugin_utils._hostnames import first_label
from ..plugin_utils._hyperv.cluster.cluster import Cluster
from ..plugin_utils._hyperv.cluster.identity import ClusterName, Identity, identity_of
from ..plugin_utils._hyperv.cluster.nodes import Node, find_node, read_nodes
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.maintenance.health_gate import HealthGate
from ..plugin_utils._hyperv.maintenance.turn import Turn, describe_stop
from ..plugin_utils._hyperv.planning.roll_order import check_order, in_order
from ..plugin_utils._hyperv.planning.roll_request import KEEP, LAYOUTS
from ..plugin_utils._hyperv.planning.roll_table import roll_table
from ..plugin_utils._hyperv.planning.survey_answers import read_names
from ..plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ..plugin_utils._hyperv.records.file_names import Owner
from ..plugin_utils._hyperv.records.rolling_estimate import estimate_at_half
from ..plugin_utils._hyperv.records.rolling_resume import RollingOptions
from ..plugin_utils._hyperv.records.rolling_window import Window
from ..plugin_utils._planning_options import PLANNING, read_planning
from ..plugin_utils._ranges import check_range, check_wait
from ..plugin_utils._rolling_file import RollingFile
from ..plugin_utils._user_work import find_work
from ..plugin_utils._via import Via, ViaSearch

# Lowest and highest number of an option (None: any number above), and its unit.
_RANGES = (
    ("resume_within", 0, None, "hours"),
    ("restart_timeout", 1, None, "seconds"),
    ("restart_poll_interval", 0.05, 60, "seconds"),
)
_OF_ONE_NODE = ("evacuate_node_name", "restore_node_name")  # variables that would win over what the role says itself


class ActionModule(ControllerAction):
    """The action of hyperv_rolling_node_info."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "node": {"type": "str", "required": True},
            "nodes": {"type": "list", "elements": "str", "required": True},
            "order": {"type": "raw", "default": []},
            "name": {"type": "str", "default": ""},
            "via": {"type": "str", "default": ""},
            "folder": {"type": "path", "default": "."},
            "run_id": {"type": "str", "default": ""},
            "begin_anew": {"type": "bool", "default": False},
            "resume_within": {"type": "int", "default": 72},
            "allow_changed_work": {"type": "bool", "default": False},
            "tasks_file": {"type": "str", "default": ""},
            "role": {"type": "str", "default": ""},
            "layout": {"type": "str", "choices": list(LAYOUTS), "default": KEEP},
            "home": {"type": "list", "elements": "str", "default": []},
            "stop_at": {"type": "str", "default": ""},
            "turns": {"type": "list", "elements": "dict", "default": []},
            "restart_timeout": {"type": "int", "default": 1800},
            "restart_poll_interval": {"type": "float", "default": 5},
            "ignore": {"type": "raw", "default": []},
            "timeout": {"type": "int", "default": 300},
            "storage_timeout": {"type": "int", "default": 14400},
            "poll_interval": {"type": "float", "default": 10},
            **PLANNING,
        }
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Find the node and who is talked through, then say what is to be done; changes nothing."""
        _refuse_what_is_of_one_node(task_vars)
        check_wait(arguments, "rolling_maintenance")
        for name, low, high, unit in _RANGES:
            check_range(arguments, name, low, high, unit, variable=f"rolling_maintenance_{name}")
        order = read_names(arguments["order"], "rolling_maintenance_order")
        evacuation, ignore = read_planning(arguments, role="evacuate_node"), _names(arguments["ignore"])
        playbook_dir = str(task_vars.get("playbook_dir") or ".")
        collections = self._task.collections or ()
        work = find_work(arguments["tasks_file"], arguments["role"], playbook_dir, self._loader, collections)
        with self.connections() as connections:
            found = self._find(connections, arguments, task_vars)
            cluster = connections.as_on(found.host).cluster()
            nodes = read_nodes(cluster)
            _check_other_name(cluster, nodes, found, arguments["name"].strip(), arguments["node"])
            owner, folder = _owner(found), full_path(arguments["folder"])
            file, listed = RollingFile(folder, owner), (task_vars.get("groups") or {}).get("all", ())
            if order:
                _check_order(order, arguments["nodes"], listed if task_vars.get("ansible_limit") else ())
            old = file.read()
            options = RollingOptions(
                cluster=owner.full,
                nodes=arguments["nodes"],
                cluster_name=owner.short,
                run_id=arguments["run_id"],
                begin_anew=arguments["begin_anew"] and arguments["node"] == arguments["nodes"][0],
                resume_within=arguments["resume_within"],
                work=work,
                allow_changed_work=arguments["allow_changed_work"],
                forget=[host for host in (old["nodes"] if old is not None else ()) if host not in listed],
            )
            progress = file.resume(options)
            turn = Turn(
                arguments["node"],
                found.node,
                arguments["nodes"],
                progress.state,
                arguments["restart"],
                self.check_mode,
                arguments["layout"],
                arguments["home"],
            )
            names = _names_in_cluster(connections, nodes, turn)
            now = dt.datetime.now(dt.timezone.utc)
            window = Window.of(arguments["stop_at"], _began(arguments["turns"]) or now, turn.state)
            why = window.why_stop(now) if turn.phase == "" else ""
            stopped = "" if self.check_mode else why
            timeout, for_storage = (
                0 if self.check_mode else arguments[name] for name in ("timeout", "storage_timeout")
            )
            estimate = estimate_at_half(turn.state)
            gate = HealthGate(turn.overlooked(ignore), timeout, for_storage, arguments["poll_interval"], self.tell)
            rolling = {
                **dataclasses.asdict(options),
                "folder": folder,
                "node": turn.host,
                "name": turn.node,
                **({"began": now.isoformat(timespec="seconds")} if turn.phase == "" else {}),
                **({"estimate": estimate} if estimate is not None else {}),
            }
            evacuated = {**rolling, "notes_shown": bool(turn.done)}
            result = {
                "changed": False,
                **turn.as_result(names),
                "via": found.host,
                **found.identity.as_result(),
                "stopped": describe_stop(turn, stopped) if stopped else "",
                "run_began": window.run_began.isoformat(timespec="seconds"),
                "ignore": list(gate.ignore),
                "tasks_file": work["tasks_file"],
                "path": progress.path,
                "folder": folder,
                "rolling": rolling,
                "evacuation": evacuated,
            }
            if stopped:
                self.tell(result["stopped"])
                return {**result, "steps": []}
            for line in turn.intention(found.host):
                self.tell(line)
            if window.pace is not None and turn.steps:
                self.tell(window.pace.describe(len(turn.left), now))
            if why:
                self.tell(f"Without --check it would stop before {turn.node}. {why}")
            try:
                warnings = [*progress.warnings, *turn.check(cluster, gate)]
                if turn.is_planned:
                    plan = turn.plan_rest(read_whole_cluster(cluster), evacuation, names)
                    self.show(roll_table(plan))
                    result |= turn.as_planned(plan, evacuated)
            except HyperVError as error:
                raise FailedWithResult(str(error), result) from None
        return {**result, "warnings": warnings} if warnings else result

    def _find(self, connections: Connections, arguments: Arguments, task_vars: dict[str, t.Any]) -> Via:
        """Return the node and another host of its cluster; all other hosts of the run must be of it, too."""
        via, node, nodes = arguments["via"].strip(), arguments["node"], arguments["nodes"]
        if node not in nodes:
            raise HyperVError(f"nodes are {', '.join(nodes) or 'empty'}, and {node} is not among them.")
        batch = task_vars.get("ansible_play_batch") or ()
        if len(batch) > 1:
            raise HyperVError(
                f"Nothing was changed. {', '.join(batch)} are worked on at once, and a rolling maintenance goes "
                "through one node at a time. Add serial: 1 to the play."
            )
        if via and not connections.lists(via):
            raise HyperVError(f"rolling_maintenance_via is {via}, which is not a host of the inventory.")
        search = ViaSearch(connections.inventory, connections.who)
        listed = (task_vars.get("groups") or {}).get("hyperv_nodes", ())
        found = search.find(node, list(dict.fromkeys([*nodes, *listed])), via=via, must_answer=True)
        if found.identity.cluster is None:
            raise HyperVError(
                f"{node} is {found.identity.computer.name}, which is not a node of a failover cluster, so it cannot be "
                "taken away. Nothing was changed."
            )
        search.refuse_strangers(found, nodes if node == nodes[0] else [])
        return found


def _refuse_what_is_of_one_node(task_vars: dict[str, t.Any]) -> None:
    given = [name for name in _OF_ONE_NODE if task_vars.get(name)]
    if given:
        raise HyperVError(
            f"Nothing was changed. {' and '.join(given)} must not be set, since a rolling maintenance goes through all "
            "nodes."
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


def _names(given: object) -> list[str]:
    """Return names given as a list, or as the text that a survey's answer is: with commas or line breaks."""
    entries = re.split(r"[,;\n]", given) if isinstance(given, str) else given
    if not isinstance(entries, (list, tuple)):
        raise HyperVError(f"ignore is {given!r}. Give a list of names, or names with commas between them.")
    return [name for name in (str(entry).strip() for entry in entries) if name]


def _began(turns: Sequence[Mapping[str, t.Any]]) -> dt.datetime | None:
    """Return when this run began, as the turns before this one say; None where there is none."""
    written = next((turn["run_began"] for turn in turns if turn.get("run_began")), None)
    return dt.datetime.fromisoformat(written) if written else None


def _names_in_cluster(connections: Connections, nodes: Sequence[Node], turn: Turn) -> dict[str, str]:
    """Return the node that each inventory host is that is done or left; those of another name are asked for theirs."""
    known = {first_label(node.name): node.name for node in nodes}
    named = {host: progress.get("name", "") for host, progress in turn.state["nodes"].items()} | {turn.host: turn.node}
    hosts = [*turn.left, *turn.done]
    found = {host: named.get(host) or known.get(first_label(host), "") for host in hosts}
    strange = [host for host, name in found.items() if not name]
    answers = connections.who(strange) if strange and turn.layout != KEEP else {}
    told = {host: answer.computer.name for host, answer in answers.items() if isinstance(answer, Identity)}
    return {host: name or told.get(host) or first_label(host).upper() for host, name in found.items()}


def _owner(found: Via) -> Owner:
    cluster = t.cast(ClusterName, found.identity.cluster)  # nodes without one were refused
    return Owner(cluster.fqdn or cluster.name, cluster.name)


def _check_other_name(cluster: Cluster, nodes: Sequence[Node], found: Via, name: str, host: str) -> None:
    """Refuse a name that means another node than the host, and a node that does not answer from there."""
    node = find_node(cluster, nodes, name or found.node).name
    identity_of(cluster.node(node)).identify()
    if node != found.node:
        raise HyperVError(
            f"Nothing was changed. rolling_maintenance_node is {name}, which is the node {node}, and {host} is "
            f"{found.node}. A rolling maintenance works on the host that it evacuates: leave rolling_maintenance_node "
            "out, or correct it."
        )
