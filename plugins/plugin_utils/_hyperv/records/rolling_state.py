# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The progress of a rolling maintenance through the nodes of a cluster, so that it can be resumed.

Pure: the file is read and written elsewhere.

FORMAT is the present form. The form before it (2) has ``round`` instead of ``run_id`` and does not say what the work
is. The first form (1) has the cluster's short name alone, which several clusters may share: it is resumed only if one
of its nodes is among those of the run, and it does not prove that a node is done.
"""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Mapping, Sequence

from ..failure.errors import HyperVError
from .artifacts import from_artifact
from .rolling_runner import Runner, is_same_run, read_runner

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
    it reached each phase, in ISO 8601, where a version noted that; ``together``: the inventory hosts that had their
    turns at the same time, itself among them, where those were several.
    """

    name: str
    restarted: bool
    returns_all: bool
    took: int
    reached: dict[str, str]
    together: list[str]


class Estimate(t.TypedDict):
    """What was expected when half of the nodes were done: how many those are, the others, and seconds for these."""

    done: int
    nodes: list[str]
    seconds: int


class _Optional(t.TypedDict, total=False):
    took_before: list[int]
    estimate: Estimate
    runner: Runner


class RollingState(_Optional):
    """A rolling maintenance.

    ``cluster`` is the full name; ``run_id`` may be empty; ``begun`` and ``updated`` are in ISO 8601; ``work`` is None
    where an earlier version began; ``nodes`` are by the name of their inventory host; ``took_before`` are the seconds
    of the turns of the one before, and ``estimate`` is that at half of this one; ``runner`` is the run of Ansible that
    goes through it, or did so last.
    """

    format: str
    cluster: str
    run_id: str
    begun: str
    updated: str
    work: Work | None
    nodes: dict[str, NodeProgress]


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
    runner = read_runner(data.pop("runner", None))
    return t.cast(RollingState, {**data, "runner": runner} if runner is not None else data)


def _is_work(work: t.Any) -> bool:
    return isinstance(work, dict) and all(isinstance(work.get(key), str) for key in Work.__annotations__)


def is_finished(state: RollingState) -> bool:
    """Tell whether all nodes of a rolling maintenance are done."""
    return all(node["phase"] == "done" for node in state["nodes"].values())


def set_phase(
    state: RollingState,
    node: str,
    phase: Phase,
    now: dt.datetime,
    name: str = "",
    *,
    returns_all: bool | None = None,
    took: int | None = None,
    together: Sequence[str] = (),
) -> RollingState:
    """Return the state with a node in another phase.

    Args:
        node: its inventory host, which is added where it is not there yet.
        name: its name in the cluster, where that is known.
        returns_all: all VMs return to it, whatever the layout; None for what was noted before.
        took: seconds of its turn; None where they are not known.
        together: inventory hosts that have their turns at the same time; noted with ``begun``.

    Raises HyperVError for a phase that cannot follow the present one.
    """
    before: NodeProgress = state["nodes"].get(node) or new_progress("", now)
    if before["phase"] == "restarting" and phase in ("begun", "evacuated"):
        return state  # it is evacuated again, and still to be restarted
    if phase not in TRANSITIONS[before["phase"]]:
        raise HyperVError(
            f"{node} is {_WORDS[before['phase']]} in the rolling maintenance of {state['begun']}, which {phase!r} "
            "cannot follow."
        )
    reached = before.get("reached") or {}
    if phase != "begun" or phase not in reached:
        reached = {**reached, phase: written(now)}
    after: NodeProgress = {**before, "phase": phase, "updated": written(now), "reached": reached}
    if name:
        after["name"] = name
    if phase == "restarting":
        after["restarted"] = True
    if returns_all is not None:
        after["returns_all"] = returns_all
    if took is not None:
        after["took"] = took
    if phase == "begun":
        after.pop("together", None)
        after.update({"together": list(together)} if len(together) > 1 else {})
    return {**state, "updated": written(now), "nodes": {**state["nodes"], node: after}}


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


def run_by(state: RollingState, runner: Runner) -> RollingState:
    """Return the state as one that a run goes through, unless that has come to its end."""
    if is_finished(state):
        return without_runner(state)
    kept = state.get("runner")
    return {**state, "runner": kept if kept is not None and is_same_run(kept, runner) else runner}


def without_runner(state: RollingState) -> RollingState:
    """Return the state as one that no run goes through."""
    return t.cast(RollingState, {key: value for key, value in state.items() if key != "runner"})


def describe_phase(phase: Phase) -> str:
    """Return a phase in words, such as ``worked on``."""
    return _WORDS[phase]


def describe_progress(state: RollingState) -> str:
    """Return in words how far it is: ``NODE1, NODE2 done; NODE3 evacuated; NODE4 not begun``."""
    by_phase: dict[Phase, list[str]] = {}
    for name, node in sorted(state["nodes"].items()):
        by_phase.setdefault(node["phase"], []).append(name)
    return "; ".join(f"{', '.join(by_phase[phase])} {word}" for phase, word in _WORDS.items() if phase in by_phase)


def new_progress(phase: Phase, now: dt.datetime) -> NodeProgress:
    """Return how far a node is that has reached a phase, and of which nothing else is known."""
    return {"phase": phase, "updated": written(now)}


def written(moment: dt.datetime) -> str:
    """Return a moment as a state has it."""
    return moment.isoformat(timespec="seconds")
