# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Progress of a rolling maintenance, so that it can be resumed.

Pure: does not read or write files.

A roll is a dict: ``format``, ``cluster`` (its full name), ``round`` (its name, may be empty), ``begun`` and
``updated`` (ISO 8601) and ``nodes``: by the name of their host, each a dict with ``phase`` (empty, or one of PHASES)
and ``updated``.

One of the earlier form has the cluster's short name alone, which several clusters may share. It is gone on with only if
one of its nodes is among those of the run.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing as t
from collections.abc import Mapping, Sequence

from ..failure.errors import HyperVError
from .artifacts import from_artifact
from .file_names import Owner, is_same

FORMAT = "hyperv.migration roll 2"
EARLIER_FORMAT = "hyperv.migration roll 1"
PHASES = BEGUN, EVACUATED, RESTARTING, WORKED, DONE = ("begun", "evacuated", "restarting", "worked", "done")

Roll = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Wish:
    """What a run wants.

    Attributes:
        cluster: the cluster's full name.
        nodes: all nodes that the run goes through.
        round: name of the round; empty for none.
        begin_anew: forget a round that was left unfinished.
        resume_within: hours after which an unfinished round is not resumed by itself.
        cluster_name: the cluster's short name, where it is not the beginning of its full one.
    """

    cluster: str
    nodes: Sequence[str]
    round: str = ""
    begin_anew: bool = False
    resume_within: int = 72
    cluster_name: str = ""


def read_roll(content: bytes, where: str) -> Roll:
    """Return a roll given as JSON. Raises HyperVError naming ``where`` for anything else."""
    try:
        roll = json.loads(content)
    except (ValueError, RecursionError):
        roll = None
    roll = from_artifact(roll) if isinstance(roll, dict) else None
    valid = (
        isinstance(roll, dict)
        and roll.get("format") in (FORMAT, EARLIER_FORMAT)
        and all(isinstance(roll.get(key), str) for key in ("cluster", "round", "begun", "updated"))
        and isinstance(roll.get("nodes"), dict)
        and all(isinstance(one, dict) and one.get("phase") in ("", *PHASES) for one in roll["nodes"].values())
    )
    if not valid:
        raise HyperVError(f"{where} is no state of a rolling maintenance of format {FORMAT!r}. Move it away.")
    return t.cast(Roll, roll)


def is_over(roll: Mapping[str, t.Any]) -> bool:
    """Tell whether all nodes of a roll are done."""
    return all(node["phase"] == DONE for node in roll["nodes"].values())


def join(old: Roll | None, wish: Wish, where: str, now: dt.datetime) -> Roll:
    """Return the roll that a run goes on with: the unfinished one, the one of the same name, or a new one.

    Raises HyperVError where the old one is of another cluster or another round, or was left alone for too long.
    """
    if old is not None:
        _refuse_another(old, wish, where)
    # A short name proves nothing, and a node that another cluster of this name has done must not be skipped.
    is_proved = old is not None and is_same(old["cluster"], wish.cluster)
    is_past = old is not None and is_over(old) and (not wish.round or wish.round != old["round"])
    ended = not is_proved or wish.begin_anew or is_past
    if old is None or ended:
        fresh = {"format": FORMAT, "cluster": wish.cluster, "round": wish.round, "begun": _text(now)}
        return {**fresh, "updated": _text(now), "nodes": {name: _node("", now) for name in wish.nodes}}
    if not is_over(old):
        _refuse_to_resume(old, wish, now)
    added = {name: _node("", now) for name in wish.nodes if name not in old["nodes"]}
    cluster = max(old["cluster"], wish.cluster, key=len)
    return {**old, "format": FORMAT, "cluster": cluster, "nodes": {**old["nodes"], **added}}


def _refuse_another(old: Roll, wish: Wish, where: str) -> None:
    if not Owner(wish.cluster, wish.cluster_name).may_be(old["cluster"]):
        raise HyperVError(
            f"{where} belongs to cluster {old['cluster']}, and this is {wish.cluster}. Choose another folder."
        )
    if not is_same(old["cluster"], wish.cluster) and old["nodes"].keys().isdisjoint(wish.nodes):
        raise HyperVError(
            f"{where} is of a cluster called {old['cluster']} with {', '.join(sorted(old['nodes']))}, and this is "
            f"{wish.cluster} with {', '.join(wish.nodes)}: another cluster of this name. Let that one end its round, "
            "or move the file away."
        )


def _refuse_to_resume(old: Roll, wish: Wish, now: dt.datetime) -> None:
    cure = "begin anew with rolling_maintenance_begin_anew=true"
    if wish.round and wish.round != old["round"]:
        raise HyperVError(
            f"The round {old['round']!r} of cluster {old['cluster']} is unfinished: {summary(old)}. Finish it "
            f"first, or {cure}."
        )
    try:
        age = (now - dt.datetime.fromisoformat(old["updated"])).total_seconds() / 3600
    except (ValueError, TypeError):
        age = float("inf")
    if age > wish.resume_within:
        raise HyperVError(
            f"A round of cluster {old['cluster']} was left unfinished at {old['updated']}: {summary(old)}. Nodes that "
            "were done then would be skipped now. Go on with it by "
            f"rolling_maintenance_resume_within={int(min(age, 1e6)) + 1} (hours), or {cure}."
        )


def enter(roll: Roll, node: str, phase: str, now: dt.datetime) -> Roll:
    """Return the roll with a node in another phase."""
    return {**roll, "updated": _text(now), "nodes": {**roll["nodes"], node: _node(phase, now)}}


def summary(roll: Mapping[str, t.Any]) -> str:
    """Return in words how far it is: ``NODE1, NODE2 done; NODE3 evacuated; NODE4 not begun``."""
    by_phase: dict[str, list[str]] = {}
    for name, node in sorted(roll["nodes"].items()):
        by_phase.setdefault(node["phase"], []).append(name)
    words = {DONE: "done", WORKED: "worked on", RESTARTING: "to be restarted", EVACUATED: "evacuated", BEGUN: "begun"}
    words[""] = "not begun"
    return "; ".join(f"{', '.join(by_phase[phase])} {word}" for phase, word in words.items() if phase in by_phase)


def _node(phase: str, now: dt.datetime) -> dict[str, str]:
    return {"phase": phase, "updated": _text(now)}


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds")
