# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reports on a rolling maintenance: what became of each VM so far, and where it stops, how to go on."""

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

from ..plugin_utils._action import Arguments, ControllerAction, FailedWithResult, Result
from ..plugin_utils._files import check_writable, full_path
from ..plugin_utils._hyperv.failure.errors import HyperVError
from ..plugin_utils._hyperv.maintenance.rolling import NodeLeft, Stop, describe_cluster, describe_end, read_node_left
from ..plugin_utils._hyperv.maintenance.turn import EARLY
from ..plugin_utils._hyperv.records.file_names import NOBODY, Owner
from ..plugin_utils._hyperv.records.rolling_estimate import judge_estimate, turns_of
from ..plugin_utils._hyperv.records.rolling_state import (
    OPEN,
    Phase,
    RollingState,
    describe_progress,
    is_finished,
    phase_of,
)
from ..plugin_utils._ledgers import try_ledgers
from ..plugin_utils._maintenance import report_lines
from ..plugin_utils._report.records import NotAMove, account_of_results
from ..plugin_utils._rolling_file import RollingFile, find_left_open


class ActionModule(ControllerAction):
    """The action of hyperv_rolling_report."""

    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {
        "argument_spec": {
            "turn": {"type": "dict", "required": True},
            "results": {"type": "list", "elements": "raw", "default": []},
            "task": {"type": "str", "default": ""},
            "reason": {"type": "str", "default": ""},
            "path": {"type": "str", "default": ""},
            "folder": {"type": "path", "default": "."},
        }
    }

    def carry_out(self, arguments: Arguments, task_vars: dict[str, t.Any]) -> Result:
        """Look how things stand. What cannot be read is no error, so that the reason for all this is not lost.

        Raises FailedWithResult where it stops.
        """
        turn, reason, path = arguments["turn"], arguments["reason"], arguments["path"].strip()
        host = str(turn.get("host") or task_vars.get("inventory_hostname"))
        leader = str(turn.get("leader") or host)
        if leader != host:  # another host has planned for it
            turn = {**_planned_by(leader, task_vars), **turn}
        node, noted_at = str(turn.get("node") or host), str(turn.get("path") or "")
        state, unread = _noted(noted_at)
        task, why_not = arguments["task"], str(turn.get("why_not") or "") if turn.get("phase") != "done" else ""
        if why_not and not reason:  # the task that stops the rolling maintenance comes next, and tells it all
            raise FailedWithResult(why_not, {"changed": False, "estimate": None, "lines": []})
        if why_not:
            task, reason = "", why_not
        if state is not None and reason and _is_of_an_earlier_one(state, turn):
            state = None
        nobody = f"{', '.join(turn.get('nodes') or [host])} not begun" if noted_at and not unread else ""
        progress = describe_progress(state) if state else nobody
        is_last = host == next(reversed(turn.get("nodes") or [host]))
        lines: list[str] = []
        if (reason or turn.get("stopped")) and not self.check_mode and not (turn.get("rolling") or {}).get("together"):
            _release(noted_at)
        # The others failed before any move, or are what the user's tasks made of a variable of the roles.
        results = [one for one in arguments["results"] if isinstance(one, dict) and _is_records(one.get("moves"))]
        if results and (is_last or path or reason):
            error = f"The rolling maintenance stops at {node}." if reason else ""
            lines += self._report(turn, results, error, "" if self.check_mode else progress, path, state)
        if not reason:
            lines.append(str(turn.get("stopped") or describe_end(state, node, self.check_mode)))
            if state is not None and is_finished(state) and turn.get("steps"):
                lines.append(self._cluster_left(turn))
            # As debug does, so that Ansible shows the result on the screen.
            judged = None if self.check_mode else _estimate(state)
            return {"changed": False, "lines": lines, "estimate": judged, "_ansible_verbose_always": True}
        phase = phase_of(state, host) if state else "" if noted_at and not unread else None
        folder = str(turn.get("folder") or full_path(arguments["folder"]))
        begun_early = _begun_early(state, turn)
        of_play = task_vars.get("ansible_play_hosts_all") or (host,)
        left_by_run = _left_by_run(state, task_vars.get("ansible_play_batch") or ())
        stop = Stop(
            node=node,
            phase=phase,
            task=task,
            reason=reason,
            node_left=self._node_left(turn, folder, list(dict.fromkeys([node, *begun_early, *left_by_run]))),
            folder=folder,
            via=str(turn.get("via") or ""),
            progress=progress,
            dry_run=self.check_mode,
            begun_early=begun_early,
            left_open=find_left_open(folder, of_play) if phase is None and leader == host else {},
            unread=unread,
            unwritten=_why_unwritten(noted_at),
        )
        shown = {"lines": [*lines, *stop.how_on()], "_ansible_verbose_always": True}
        raise FailedWithResult(stop.why, {"changed": False, "estimate": None, **shown})

    def _report(
        self,
        turn: dict[str, t.Any],
        results: list[dict[str, t.Any]],
        error: str,
        note: str,
        path: str,
        state: RollingState | None,
    ) -> list[str]:
        title = f"Maintenance of {(turn.get('cluster') or {}).get('name') or 'the cluster'}"
        try:
            account = account_of_results(
                results,
                title=title,
                error=error,
                note=note,
                dry_run=self.check_mode,
                turns=turns_of(state) if state is not None and not self.check_mode else (),
                estimate=_estimate(state) if not self.check_mode else None,
            )
        except NotAMove as broken:
            return [f"No report can be drawn up: {broken}"]
        return report_lines(account, path or None)

    def _cluster_left(self, turn: dict[str, t.Any]) -> str:
        """Look at the cluster once more: no next node waits until it is healthy."""
        with self.connections() as connections:
            return describe_cluster(lambda: connections.as_on(str(turn.get("via"))).cluster(), turn.get("ignore") or ())

    def _node_left(self, turn: Mapping[str, t.Any], folder: str, nodes: Sequence[str]) -> NodeLeft:
        """Look at the first of these nodes, and at the VMs that the evacuations of all of them have stopped."""
        via, rolling = str(turn.get("via") or ""), turn.get("rolling") or {}
        if not via or self.check_mode:
            return NodeLeft("was not looked at")
        owner = Owner(rolling.get("cluster") or "", rolling.get("cluster_name") or "")
        ledgers = try_ledgers(folder, [(node, owner) for node in nodes])
        with self.connections() as connections:
            return read_node_left(lambda: connections.as_on(via).cluster(), nodes[0], ledgers)


def _noted(path: str) -> tuple[RollingState | None, str]:
    """Return the state of the rolling maintenance, None where there is none yet, and why it could not be read."""
    try:
        return (RollingFile(".", NOBODY, path).read() if path else None), ""
    except HyperVError as error:
        return None, str(error)


def _why_unwritten(path: str) -> str:
    try:
        if path:
            check_writable(path)
    except HyperVError as error:
        return str(error)
    return ""


def _planned_by(leader: str, task_vars: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what a host has found out for those that are worked on together with it, or why it has not."""
    found = ((task_vars.get("hostvars") or {}).get(leader) or {}).get("rolling_maintenance_turn") or {}
    known = {key: found[key] for key in ("path", "folder", "via", "cluster", "ignore") if key in found}
    if found and not found.get("failed"):
        return known
    why = f"{leader}, which plans for all of them, has failed: {found.get('msg') or 'see above'}"
    return {**known, "why_not": f"Nothing is done with it in this run, because {why}"}


def _begun_early(state: RollingState | None, turn: Mapping[str, t.Any]) -> dict[str, Phase]:
    """Return the phase of the node that was to be emptied before its turn, if it was begun, by its name."""
    record = (turn.get("meanwhile") or {}).get("rolling")
    phase = phase_of(state, record["node"]) if record and state is not None else ""
    return {record["name"]: phase} if record and phase in EARLY else {}


def _left_by_run(state: RollingState | None, batch: Sequence[str]) -> list[str]:
    """Return the names of nodes that are open, and that no host of the batch is about to bring to their end.

    A node that Ansible lost, or whose tasks ended its host, is left without lines of its own.
    """
    nodes = state["nodes"].items() if state is not None else ()
    left = [(host, progress) for host, progress in nodes if progress["phase"] in OPEN and host not in batch]
    return [progress.get("name") or host for host, progress in left]


def _is_of_an_earlier_one(state: RollingState, turn: Mapping[str, t.Any]) -> bool:
    """Tell whether a state was there before this run, which begins with the first node again and has noted nothing."""
    began, anew = turn.get("run_began"), (turn.get("rolling") or {}).get("begin_anew")
    return bool(
        (is_finished(state) or anew)
        and turn.get("steps")
        and began
        and dt.datetime.fromisoformat(state["updated"]) < dt.datetime.fromisoformat(began)
    )


def _estimate(state: RollingState | None) -> dict[str, t.Any] | None:
    judged = judge_estimate(state) if state is not None else None
    return judged.as_result() if judged is not None else None


def _is_records(moves: object) -> bool:
    return isinstance(moves, list) and all(isinstance(move, dict) for move in moves)


def _release(path: str) -> None:
    """Let the next run take the rolling maintenance up at once. Of nodes that are away together, others may go on."""
    with contextlib.suppress(HyperVError):
        if path:
            RollingFile(".", NOBODY, path).release()
