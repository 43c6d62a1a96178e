# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether one move is possible: the dry run's answer beside what is wrong with its two nodes."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..._hostnames import first_label
from ..checks.cluster_checks import check_cluster
from ..checks.migration_finding import MigrationFinding
from ..cluster.cluster import Cluster
from ..failure.finding import ERROR, WARNING, Finding
from ..migration.migration_task import MigrationTask
from ..migration.moves import Move, MoveRequest
from ..migration.vocabulary import AUTO
from ..scheduling.migrate import MigrationOptions, dry_run
from ..scheduling.resolve_moves import plan
from ..scheduling.starting import NO_CHECK, lacks_verdict
from .readiness import Readiness

_NOT_ASKED = "not_asked"  # the dry run's code for a question that was not answered


def judge_move(cluster: Cluster, request: MoveRequest, readiness: Readiness) -> dict[str, t.Any]:
    """Return the verdict on a move for a task's result; nothing is changed.

    Its findings are errors where the move would fail, warnings where it may. Raises HyperVError for a VM or node that
    does not exist or is ambiguous, Fault and TransportError.
    """
    if readiness.service is None and readiness.is_clustered:
        return _without_service(request, readiness)
    move = plan(cluster, [request], AUTO)[0]
    (task,) = dry_run(cluster, [move], MigrationOptions()).tasks
    unknown = _unknown(task)
    findings = [
        *_refused(task),
        *_lacks(task),
        *unknown,
        *_of_nodes(readiness, move, already_there=task.outcome == "already_there"),
    ]
    fails = any(finding.severity == ERROR for finding in findings)
    return {
        "vm": {"id": move.vm.id, "name": move.vm.name, "state": move.vm.state},
        "source_host": move.source,
        "destination_host": move.destination.name,
        "possible": False if fails else None if unknown else True,
        "already_there": task.outcome == "already_there",
        "checked": task.attempt.checked,
        "method": task.method,
        "findings": [finding.as_result() for finding in findings],
    }


def _without_service(request: MoveRequest, readiness: Readiness) -> dict[str, t.Any]:
    """Return the verdict where no node can be asked even which VMs there are."""
    missing = [finding for finding in readiness.findings if finding.code == "no_cluster_service"]
    return {
        "vm": {"id": request.vm_id, "name": request.name, "state": None},
        "source_host": None,
        "destination_host": request.destination,
        "possible": False,
        "already_there": False,
        "checked": False,
        "method": "system",
        "findings": [finding.as_result() for finding in missing],
    }


def _refused(task: MigrationTask) -> list[Finding]:
    """Return what the dry run says against the move."""
    if task.error is None or task.error.code == _NOT_ASKED:
        return []
    return [task.error.about(task.move.vm.name).as_finding()]


def _lacks(task: MigrationTask) -> list[Finding]:
    """Return what the destination lacks for the VM beside that with which the dry run failed."""
    said = task.error.code if task.error is not None else ""
    return [finding for finding in task.findings if finding.code != said]


def _unknown(task: MigrationTask) -> list[Finding]:
    """Return why Hyper-V's verdict is missing; a VM on its way already, or left to the cluster, needs none."""
    vm = task.move.vm.name
    if task.error is not None:
        not_asked = task.error.code == _NOT_ASKED
        return [dataclasses.replace(task.error.about(vm).as_finding(), severity=WARNING)] if not_asked else []
    if not lacks_verdict(task):
        return []
    remedy = "Nothing that was read speaks against the move; make it to know."
    return [Finding("check_not_offered", WARNING, vm, "vm", NO_CHECK, remedy)]


def _of_nodes(readiness: Readiness, move: Move, *, already_there: bool) -> list[Finding]:
    """Return what is wrong with the two nodes and between them, by what it means for this move."""
    return [
        dataclasses.replace(finding, severity=ERROR if _stops(finding, move) and not already_there else WARNING)
        for finding in _concerning(readiness, move)
    ]


def _concerning(readiness: Readiness, move: Move) -> Sequence[MigrationFinding]:
    """Return what is wrong with the two nodes and between them; other nodes do not matter."""
    both = {first_label(move.source), first_label(move.destination.name)}
    own = [
        finding
        for finding in readiness.findings
        if finding.subject_kind == "node" and first_label(finding.subject) in both
    ]
    reports = [report for report in readiness.reports if first_label(report.node.name) in both]
    return [*own, *check_cluster(readiness.cluster, reports)]


def _stops(finding: MigrationFinding, move: Move) -> bool:
    if finding.subject_kind != "node":
        return False
    node = first_label(finding.subject)
    leaves, enters = node == first_label(move.source), node == first_label(move.destination.name)
    return (finding.stops_source and leaves) or (finding.stops_destination and enters)
