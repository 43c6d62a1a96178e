# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The progress of a rolling maintenance through the nodes of a cluster, so that it can be resumed.

Pure: the file is read and written elsewhere.

FORMAT is the present form. The form before it (2) has ``round`` instead of ``run_id`` and does not say what the work
is. The first form (1) has the cluster's short name alone, which several clusters may share: it is resumed only if one
of its nodes is among those of the run, and it does not prove that a node is done.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing as t
from collections.abc import Collection, Mapping, Sequence

from ..failure.errors import HyperVError
from .artifacts import from_artifact
from .file_names import Owner, is_same

FORMAT: t.Final = "hyperv.migration rolling maintenance 3"
FORMAT_WITHOUT_WORK: t.Final = "hyperv.migration roll 2"
FORMAT_WITH_SHORT_NAME: t.Final = "hyperv.migration roll 1"

Phase = t.Literal["", "begun", "evacuated", "restarting", "worked", "done"]
"""What a node has behind it: nothing; it may be paused and partly empty; it is empty; the user's work is done and it is
to be restarted; that is done, too; it has its VMs back."""

TRANSITIONS: t.Final[Mapping[Phase, tuple[Phase, ...]]] = {
    "": ("begun", "evacuated", "restarting", "worked", "done"),
    "begun": ("begun", "evacuated", "restarting", "worked", "done"),
    "evacuated": ("begun", "evacuated", "restarting", "worked", "done"),
    "restarting": ("begun", "evacuated", "restarting", "worked", "done"),
    "worked": ("worked", "done"),
    "done": ("done",),
}
"""The phases that may be written down after each phase. Steps may be left out; what is done is not undone, so that a
node which is to be restarted stays so while it is evacuated again."""

PHASES: t.Final[tuple[Phase, ...]] = tuple(phase for phase in TRANSITIONS if phase)
OPEN: t.Final[tuple[Phase, ...]] = ("begun", "evacuated", "restarting", "worked")
"""The node may be paused, and VMs of it may be elsewhere."""

_HAD_THE_WORK: t.Final[tuple[Phase, ...]] = ("restarting", "worked", "done")
_WORDS: t.Final[Mapping[Phase, str]] = {
    "done": "done",
    "worked": "worked on",
    "restarting": "to be restarted",
    "evacuated": "evacuated",
    "begun": "begun",
    "": "not begun",
}


class Work(t.TypedDict):
    """The user's own work on each node: a file of tasks (path and SHA-256 of its content), a role; empty for none."""

    tasks_file: str
    tasks_sha256: str
    role: str


class _NodeProgress(t.TypedDict):
    phase: Phase
    updated: str


class NodeProgress(_NodeProgress, total=False):
    """How far a node is.

    ``name`` is its name in the cluster; ``restarted``: its restart was part of the maintenance; ``returns_all``: all
    VMs return to it, whatever the layout; ``took``: seconds of its turn, if that was not interrupted; ``reached``: when
    it reached each phase, in ISO 8601, where a version noted that.
    """

    name: str
    restarted: bool
    returns_all: bool
    took: int
    reached: dict[str, str]


class Estimate(t.TypedDict):
    """What was expected when half of the nodes were done: how many those are, the others, and seconds for these."""

    done: int
    nodes: list[str]
    seconds: int


class _Pace(t.TypedDict, total=False):
    took_before: list[int]
    estimate: Estimate


class RollingState(_Pace):
    """A rolling maintenance.

    ``cluster`` is the full name; ``run_id`` may be empty; ``begun`` and ``updated`` are in ISO 8601; ``work`` is None
    where an earlier version began; ``nodes`` are by the name of their inventory host; ``took_before`` are the seconds
    of the turns of the one before, and ``estimate`` is that at half of this one.
    """

    format: str
    cluster: str
    run_id: str
    begun: str
    updated: str
    work: Work | None
    nodes: dict[str, NodeProgress]


@dataclasses.dataclass(frozen=True)
class RollingOptions:
    """What a run wants.

    Attributes:
        cluster: the cluster's full name.
        nodes: inventory hosts of all nodes that the run goes through.
        cluster_name: the cluster's short name, where it is not the beginning of its full one.
        run_id: name of the rolling maintenance; empty for none.
        begin_anew: begin with the first node although a rolling maintenance is unfinished.
        resume_within: hours after which an unfinished one is not resumed by itself.
        work: the user's work; None where it does not matter.
        allow_changed_work: resume although nodes are done that had other work.
        forget: nodes that the inventory does not have any more.
    """

    cluster: str
    nodes: Sequence[str]
    cluster_name: str = ""
    run_id: str = ""
    begin_anew: bool = False
    resume_within: int = 72
    work: Work | None = None
    allow_changed_work: bool = False
    forget: Collection[str] = ()


def rolling_options(rolling: Mapping[str, t.Any]) -> RollingOptions:
    """Return the options of a run from the record that hyperv_rolling_node_info returns as ``rolling``.

    What else is in the record is left out. Raises HyperVError where it has no cluster or node.
    """
    missing = [key for key in ("cluster", "node") if not rolling.get(key)]
    if missing:
        raise HyperVError(f"rolling has no {' and no '.join(missing)}. Give what hyperv_rolling_node_info returned.")
    known = {field.name for field in dataclasses.fields(RollingOptions)}
    given = {key: value for key, value in rolling.items() if key in known and value is not None}
    nodes = [*given.pop("nodes", ())]
    return RollingOptions(nodes=nodes if rolling["node"] in nodes else [*nodes, rolling["node"]], **given)


def read_rolling_state(content: bytes, where: str) -> RollingState:
    """Return a state given as JSON, in the present form. Raises HyperVError naming ``where`` for anything else."""
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError):
        loaded = None
    data = dict(from_artifact(loaded)) if isinstance(loaded, dict) else {}
    if data.get("format") in (FORMAT_WITHOUT_WORK, FORMAT_WITH_SHORT_NAME):
        data = {**data, "run_id": data.pop("round", None), "work": None}
    valid = (
        data.get("format") in (FORMAT, FORMAT_WITHOUT_WORK, FORMAT_WITH_SHORT_NAME)
        and all(isinstance(data.get(key), str) for key in ("cluster", "run_id", "begun", "updated"))
        and isinstance(data.get("nodes"), dict)
        and all(isinstance(node, dict) and node.get("phase") in TRANSITIONS for node in data["nodes"].values())
        and (data.get("work") is None or _is_work(data["work"]))
    )
    if not valid:
        raise HyperVError(
            f"{where} is not the state of a rolling maintenance in the format {FORMAT!r}. Move it away, and run this "
            "again."
        )
    return t.cast(RollingState, data)


def _is_work(work: t.Any) -> bool:
    return isinstance(work, dict) and all(isinstance(work.get(key), str) for key in Work.__annotations__)


def is_finished(state: RollingState) -> bool:
    """Tell whether all nodes of a rolling maintenance are done."""
    return all(node["phase"] == "done" for node in state["nodes"].values())


def resume_or_start(
    old: RollingState | None, options: RollingOptions, where: str, now: dt.datetime
) -> tuple[RollingState, list[str]]:
    """Return the rolling maintenance that a run goes on with, and warnings about it.

    It is the unfinished one, the one with the same run id, or a new one. Raises HyperVError where the old one is of
    another cluster, has another run id or other work, or was left alone for too long.
    """
    if old is None:
        return _started(options, now), []
    _refuse_another_cluster(old, options, where)
    # A short name does not prove whose it is, and a node that another cluster has done must not be skipped.
    is_proved = is_same(old["cluster"], options.cluster)
    old, warnings = _without_forgotten(old, options)
    is_past = is_finished(old) and (not options.run_id or options.run_id != old["run_id"])
    if not is_proved:
        return _started(options, now), warnings
    if is_past:
        return _with_pace_of(old, _started(options, now)), warnings
    if options.begin_anew:
        return _with_pace_of(old, _started(options, now, old)), warnings
    if not is_finished(old):
        _refuse_to_resume(old, options, now)
    warnings += _compare_work(old, options)
    added = {name: _progress("", now) for name in options.nodes if name not in old["nodes"]}
    resumed: RollingState = {
        **old,
        "format": FORMAT,
        "cluster": max(old["cluster"], options.cluster, key=len),
        "work": options.work or old["work"],
        "nodes": {**old["nodes"], **added},
    }
    return resumed, warnings


def _started(options: RollingOptions, now: dt.datetime, before: RollingState | None = None) -> RollingState:
    """Return a new rolling maintenance. A node that the one ``before`` left open is still ours, and begins again."""
    left_open = {name for name, node in before["nodes"].items() if node["phase"] in OPEN} if before else set()
    names = [*options.nodes, *sorted(left_open.difference(options.nodes))]
    nodes = {name: _progress("begun" if name in left_open else "", now) for name in names}
    return {
        "format": FORMAT,
        "cluster": options.cluster,
        "run_id": options.run_id,
        "begun": _text(now),
        "updated": _text(now),
        "work": options.work,
        "nodes": nodes,
    }


def _with_pace_of(old: RollingState, state: RollingState) -> RollingState:
    took = [node["took"] for node in old["nodes"].values() if "took" in node] or old.get("took_before") or []
    return {**state, "took_before": took} if took else state


def _without_forgotten(old: RollingState, options: RollingOptions) -> tuple[RollingState, list[str]]:
    gone = {name: node for name, node in old["nodes"].items() if name in options.forget and name not in options.nodes}
    left = [f"{name} ({_WORDS[node['phase']]})" for name, node in gone.items() if node["phase"] in OPEN]
    kept = {name: node for name, node in old["nodes"].items() if name not in gone}
    warning = (
        f"The rolling maintenance of {old['begun']} was not finished on {', '.join(left)}, which the inventory does "
        "not have any more. Check that these nodes are resumed and have their VMs."
    )
    return {**old, "nodes": kept}, [warning] if left else []


def _refuse_another_cluster(old: RollingState, options: RollingOptions, where: str) -> None:
    if not Owner(options.cluster, options.cluster_name).may_be(old["cluster"]):
        raise HyperVError(
            f"{where} belongs to cluster {old['cluster']}, and this is {options.cluster}. Choose another folder."
        )
    if not is_same(old["cluster"], options.cluster) and old["nodes"].keys().isdisjoint(options.nodes):
        raise HyperVError(
            f"{where} is of a cluster called {old['cluster']} with {', '.join(sorted(old['nodes']))}, and this is "
            f"{options.cluster} with {', '.join(options.nodes)}: another cluster of this name. Finish the rolling "
            "maintenance of that one, or move the file away."
        )


def _refuse_to_resume(old: RollingState, options: RollingOptions, now: dt.datetime) -> None:
    remedy = "begin with the first node again with rolling_maintenance_begin_anew=true"
    if options.run_id and options.run_id != old["run_id"]:
        raise HyperVError(
            f"The rolling maintenance {old['run_id']!r} of cluster {old['cluster']} is unfinished: "
            f"{describe_progress(old)}. Finish it first, or {remedy}."
        )
    try:
        age = (now - dt.datetime.fromisoformat(old["updated"])).total_seconds() / 3600
    except (ValueError, TypeError):
        age = float("inf")
    if age > options.resume_within:
        raise HyperVError(
            f"A rolling maintenance of cluster {old['cluster']} was left unfinished at {old['updated']}: "
            f"{describe_progress(old)}. To resume it would skip the nodes that were done then. Resume it with "
            f"rolling_maintenance_resume_within={int(min(age, 1e6)) + 1} (hours), or {remedy}."
        )


def _compare_work(old: RollingState, options: RollingOptions) -> list[str]:
    """Refuse work that nodes which are done would not get; return a warning where none of them is done yet."""
    before, now = old["work"], options.work
    if before is None or now is None or before == now:
        return []
    had_it = sorted(name for name, node in old["nodes"].items() if node["phase"] in _HAD_THE_WORK)
    was, wanted = describe_work(before, now), describe_work(now, before)
    if not had_it or options.allow_changed_work:
        return [
            f"The rolling maintenance of {old['begun']} began with {was}, and goes on with {wanted}"
            f"{', which ' + ', '.join(had_it) + ' will not get' if had_it else ''}."
        ]
    if is_finished(old):
        ways = (
            f"Give this work another rolling_maintenance_run_id than {old['run_id']!r}, or run it on all nodes with "
            "rolling_maintenance_begin_anew=true."
        )
    else:
        ways = (
            "Finish it with the same work first; or run the other work on all nodes, the first one again, with "
            "rolling_maintenance_begin_anew=true; or, if the work was only corrected, go on with it on the nodes that "
            "are left with rolling_maintenance_allow_changed_work=true."
        )
    raise HyperVError(
        f"The rolling maintenance of cluster {old['cluster']}, begun {old['begun']}, is one with {was} "
        f"({describe_progress(old)}), and this run has {wanted}, which {', '.join(had_it)} would not get. {ways}"
    )


def describe_work(work: Work, other: Work | None = None) -> str:
    """Return the work in words; with the content of its file where ``other`` has another one at the same path."""
    parts = []
    if work["tasks_file"]:
        is_edited = (
            other is not None
            and other["tasks_file"] == work["tasks_file"]
            and other["tasks_sha256"] != work["tasks_sha256"]
        )
        content = f" (SHA-256 {work['tasks_sha256'][:12]})" if is_edited else ""
        parts.append(f"the tasks file {work['tasks_file']}{content}")
    if work["role"]:
        parts.append(f"the role {work['role']}")
    return " and ".join(parts) or "no tasks of yours"


def set_phase(
    state: RollingState,
    node: str,
    phase: Phase,
    now: dt.datetime,
    name: str = "",
    *,
    returns_all: bool | None = None,
    took: int | None = None,
) -> RollingState:
    """Return the state with a node in another phase.

    Args:
        node: its inventory host, which is added where it is not there yet.
        name: its name in the cluster, where that is known.
        returns_all: all VMs return to it, whatever the layout; None for what was noted before.
        took: seconds of its turn; None where they are not known.

    Raises HyperVError for a phase that cannot follow the present one.
    """
    before: NodeProgress = state["nodes"].get(node) or _progress("", now)
    if before["phase"] == "restarting" and phase in ("begun", "evacuated"):
        return state  # it is evacuated again, and still to be restarted
    if phase not in TRANSITIONS[before["phase"]]:
        raise HyperVError(
            f"{node} is {_WORDS[before['phase']]} in the rolling maintenance of {state['begun']}, which {phase!r} "
            "cannot follow."
        )
    reached = before.get("reached") or {}
    if phase != "begun" or phase not in reached:
        reached = {**reached, phase: _text(now)}
    after: NodeProgress = {**before, "phase": phase, "updated": _text(now), "reached": reached}
    if name:
        after["name"] = name
    if phase == "restarting":
        after["restarted"] = True
    if returns_all is not None:
        after["returns_all"] = returns_all
    if took is not None:
        after["took"] = took
    return {**state, "updated": _text(now), "nodes": {**state["nodes"], node: after}}


def after_work(present: Phase, restart: bool) -> Phase:
    """Return the phase of a node when the user's work is done: it may have to be restarted, or have been so already."""
    if present == "worked":
        return "worked"
    return "restarting" if restart or present == "restarting" else "worked"


def phase_of(state: RollingState, node: str) -> Phase:
    """Return the phase of a node by its inventory host."""
    return state["nodes"][node]["phase"] if node in state["nodes"] else ""


def returns_all(state: RollingState, node: str) -> bool:
    """Tell whether all VMs return to a node, by its inventory host, whatever the layout."""
    progress = state["nodes"].get(node)
    return progress is not None and bool(progress.get("returns_all"))


def describe_phase(phase: Phase) -> str:
    """Return a phase in words, such as ``worked on``."""
    return _WORDS[phase]


def describe_progress(state: RollingState) -> str:
    """Return in words how far it is: ``NODE1, NODE2 done; NODE3 evacuated; NODE4 not begun``."""
    by_phase: dict[Phase, list[str]] = {}
    for name, node in sorted(state["nodes"].items()):
        by_phase.setdefault(node["phase"], []).append(name)
    return "; ".join(f"{', '.join(by_phase[phase])} {word}" for phase, word in _WORDS.items() if phase in by_phase)


def _progress(phase: Phase, now: dt.datetime) -> NodeProgress:
    return {"phase": phase, "updated": _text(now)}


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds")
