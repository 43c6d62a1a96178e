# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which methods of moving a VM are open, from which nodes and to which, and why not. Pure. Private."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..checks.migration_finding import MigrationFinding
from ..checks.node_reports import NodeReport
from ..migration.vocabulary import CLUSTER_GROUP, HOST, SYSTEM

_NO_CLUSTER = "The task's host is not a node of a failover cluster."


@dataclasses.dataclass(frozen=True)
class ClosedNode:
    """A node that cannot send, or cannot receive, and why."""

    node: str
    reason: str


@dataclasses.dataclass(frozen=True)
class MethodAvailability:
    """Whether a method can be used, and between which nodes.

    A pair of nodes is open where the method is, and neither is closed for its part.

    Attributes:
        method: ``system``, ``cluster_group`` or ``host``.
        is_open: as far as is known without a move.
        reason: why it is not, or what it is for.
        sources, destinations: nodes that can send, and that can receive.
        closed_sources, closed_destinations: the others.
    """

    method: str
    is_open: bool
    reason: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    closed_sources: tuple[ClosedNode, ...]
    closed_destinations: tuple[ClosedNode, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {
            "method": self.method,
            "open": self.is_open,
            "reason": self.reason,
            "sources": list(self.sources),
            "destinations": list(self.destinations),
            "closed_sources": [dataclasses.asdict(closed) for closed in self.closed_sources],
            "closed_destinations": [dataclasses.asdict(closed) for closed in self.closed_destinations],
        }


def judge_methods(
    reports: Sequence[NodeReport], findings: Sequence[MigrationFinding], *, has_service: bool, is_clustered: bool
) -> list[MethodAvailability]:
    """Return the methods in the order in which they are tried.

    ``has_service``: a node shows the migration service of Root\\HyperVCluster\\v2; whether its method is supported
    only a call tells.
    """
    no_service = "No node shows the migration service of Root\\HyperVCluster\\v2."
    denied = any(report.capabilities is not None and not report.capabilities.offers_migration for report in reports)
    unsure = "The nodes' capabilities do not list MigrateVirtualSystemToSystem; only a call tells." if denied else ""
    answers: dict[str, tuple[bool, str]] = {
        SYSTEM: (has_service, unsure) if has_service else (False, no_service if is_clustered else _NO_CLUSTER),
        CLUSTER_GROUP: (is_clustered, "" if is_clustered else _NO_CLUSTER),
        HOST: (True, "For VMs that are not clustered. The hosts must be able to log on to each other."),
    }
    nodes = [report.node.name for report in reports]
    closed_sources = _closed(nodes, [finding for finding in findings if finding.stops_source])
    closed_destinations = _closed(nodes, [finding for finding in findings if finding.stops_destination])
    return [
        MethodAvailability(
            method,
            is_open,
            reason,
            _without(nodes, closed_sources),
            _without(nodes, closed_destinations),
            closed_sources,
            closed_destinations,
        )
        for method, (is_open, reason) in answers.items()
    ]


def _without(nodes: Sequence[str], closed: Sequence[ClosedNode]) -> tuple[str, ...]:
    left_out = {one.node for one in closed}
    return tuple(node for node in nodes if node not in left_out)


def _closed(nodes: Sequence[str], stopping: Sequence[MigrationFinding]) -> tuple[ClosedNode, ...]:
    reasons = {node: [finding.message for finding in stopping if finding.subject == node] for node in nodes}
    return tuple(ClosedNode(node, " ".join(messages)) for node, messages in reasons.items() if messages)
