# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which rolling maintenance a run goes on with: the one that its file has, or a new one. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
from collections.abc import Collection, Mapping, Sequence

from ..failure.errors import HyperVError
from .file_names import Owner, is_same
from .rolling_state import (
    FORMAT,
    OPEN,
    Phase,
    RollingState,
    Work,
    describe_phase,
    describe_progress,
    is_finished,
    new_progress,
    written,
)

_HAD_THE_WORK: t.Final[tuple[Phase, ...]] = ("restarting", "worked", "done")


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
    added = {name: new_progress("", now) for name in options.nodes if name not in old["nodes"]}
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
    nodes = {name: new_progress("begun" if name in left_open else "", now) for name in names}
    return {
        "format": FORMAT,
        "cluster": options.cluster,
        "run_id": options.run_id,
        "begun": written(now),
        "updated": written(now),
        "work": options.work,
        "nodes": nodes,
    }


def _with_pace_of(old: RollingState, state: RollingState) -> RollingState:
    took = [node["took"] for node in old["nodes"].values() if "took" in node] or old.get("took_before") or []
    return {**state, "took_before": took} if took else state


def _without_forgotten(old: RollingState, options: RollingOptions) -> tuple[RollingState, list[str]]:
    gone = {name: node for name, node in old["nodes"].items() if name in options.forget and name not in options.nodes}
    left = [f"{name} ({describe_phase(node['phase'])})" for name, node in gone.items() if node["phase"] in OPEN]
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
