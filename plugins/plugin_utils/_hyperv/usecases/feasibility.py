# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether one move is possible: the dry run's answer beside what is wrong with its two nodes.

Private to this collection.
"""

from __future__ import annotations

import typing as t

from ..._hostnames import first_label
from ..checks.cluster_checks import cluster_problems
from ..checks.node_checks import EVERYWHERE, Problem
from ..cluster.cluster import Cluster
from ..failure.failures import Failure
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move, Wish
from ..migration.vocabulary import AUTO, CLUSTER_GROUP
from ..scheduling.migrate import MigrationOptions, dry_run
from ..scheduling.resolve_moves import plan
from .readiness import Readiness

_NOT_ASKED = "not_asked"  # the dry run's word for a question that was not answered
_NOT_OFFERED = {
    "name": "check_not_offered",
    "reason": "This cluster offers no check beforehand, so Hyper-V's own verdict is not known.",
    "remedy": "Nothing that was read speaks against the move; make it to know.",
    "transient": False,
}


def judge_move(cluster: Cluster, wish: Wish, readiness: Readiness) -> dict[str, t.Any]:
    """Return the verdict on a move for a task's result; nothing is changed.

    Raises HyperVError for a VM or node that does not exist or is ambiguous, Fault and TransportError.
    """
    if readiness.service is None and readiness.is_clustered:
        return _without_service(wish, readiness)
    move = plan(cluster, [wish], AUTO)[0]
    concerning = _concerning(readiness, move)
    (task,) = dry_run(cluster, [move], MigrationOptions()).tasks
    there = task.outcome == "already_there"
    against = [] if there else [problem for problem in concerning if _stops(problem, move)]
    said, unknown = _said(task), _not_known(task)
    reasons = [*said, *unknown, *(_reason(problem) for problem in against)]
    return {
        "vm": {"id": move.vm.id, "name": move.vm.name, "state": move.vm.state},
        "source_host": move.source,
        "destination_host": move.destination.name,
        "possible": False if said or against else None if unknown else True,
        "already_there": there,
        "checked": task.attempt.checked,
        "method": task.method,
        "reasons": reasons,
        "warnings": [problem.as_result() for problem in concerning if problem not in against],
    }


def _without_service(wish: Wish, readiness: Readiness) -> dict[str, t.Any]:
    """Return the verdict where no node can be asked even which VMs there are."""
    return {
        "vm": {"id": wish.vm_id, "name": wish.name, "state": None},
        "source_host": None,
        "destination_host": wish.destination,
        "possible": False,
        "already_there": False,
        "checked": False,
        "method": "system",
        "reasons": [_reason(problem) for problem in readiness.problems if problem.name == "no_cluster_service"],
        "warnings": [],
    }


def _said(task: MigrationTask) -> list[dict[str, t.Any]]:
    """Return what the dry run ended with."""
    return [_error(task.error)] if task.error is not None and task.error.code != _NOT_ASKED else []


def _not_known(task: MigrationTask) -> list[dict[str, t.Any]]:
    """Return why Hyper-V's verdict is missing; a VM on its way already, or left to the cluster, needs none."""
    if task.error is not None:
        return [_error(task.error)] if task.error.code == _NOT_ASKED else []
    asked = (
        task.attempt.checked or task.attempt.attached or task.method == CLUSTER_GROUP or task.outcome == "already_there"
    )
    return [] if asked else [_NOT_OFFERED]


def _error(error: Failure) -> dict[str, t.Any]:
    reason = f"{error.cause[:1].upper()}{error.cause[1:]}"
    return {"name": error.code, "reason": reason, "remedy": error.remedy, "transient": error.transient}


def _reason(problem: Problem) -> dict[str, t.Any]:
    told = problem.problem if problem.node == EVERYWHERE else f"{problem.node}: {problem.problem}"
    return {"name": problem.name, "reason": told, "remedy": problem.remedy, "transient": False}


def _concerning(readiness: Readiness, move: Move) -> list[Problem]:
    """Return what is wrong with the two nodes and between them; other nodes do not matter."""
    both = {first_label(move.source), first_label(move.destination.name)}
    own = [problem for problem in readiness.problems if first_label(problem.node) in both]
    reports = [report for report in readiness.reports if first_label(report.node.name) in both]
    return [*own, *cluster_problems(readiness.cluster, reports)]


def _stops(problem: Problem, move: Move) -> bool:
    node = first_label(problem.node)
    leaves, enters = node == first_label(move.source), node == first_label(move.destination.name)
    return (problem.stops_source and leaves) or (problem.stops_destination and enters)
