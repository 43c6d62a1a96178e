# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which methods of moving a VM are open, from which nodes and to which, and why not. Pure. Private."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..checks.migration_finding import MigrationFinding
from ..checks.node_reports import NodeReport
from ..failure.finding import INFO, WARNING, Finding
from ..migration.vocabulary import CLUSTER_GROUP, HOST, SYSTEM

_NO_CLUSTER = Finding(
    "no_cluster", INFO, "", "cluster", "The task's host is not a node of a failover cluster.", "Talk to one that is."
)
_NO_SERVICE = Finding(
    "no_cluster_service",
    WARNING,
    "",
    "cluster",
    "No node shows the migration service of Root\\HyperVCluster\\v2.",
    "The finding on the cluster says what to check. Until then VMs can be moved with method=cluster_group.",
)
_UNSURE = Finding(
    "method_not_offered",
    WARNING,
    "",
    "cluster",
    "The nodes' capabilities do not list MigrateVirtualSystemToSystem; only a call tells.",
    "Where it is not supported, VMs are moved by their cluster groups.",
)
_OF_HOSTS = Finding(
    "not_clustered_only",
    INFO,
    "",
    "host",
    "It is for VMs that are not clustered.",
    "The hosts must be able to log on to each other.",
)


@dataclasses.dataclass(frozen=True)
class ClosedNode:
    """A node that cannot send, or cannot receive, and why."""

    node: str
    findings: tuple[MigrationFinding, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {"node": self.node, "findings": [finding.as_result() for finding in self.findings]}


@dataclasses.dataclass(frozen=True)
class MethodAvailability:
    """Whether a method can be used, and between which nodes.

    A pair of nodes is open where the method is, and neither is closed for its part.

    Attributes:
        method: ``system``, ``cluster_group`` or ``host``.
        is_open: as far as is known without a move.
        findings: why it is not, or what it is for; none where there is nothing to say.
        sources, destinations: nodes that can send, and that can receive.
        closed_sources, closed_destinations: the others.
    """

    method: str
    is_open: bool
    findings: tuple[Finding, ...]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    closed_sources: tuple[ClosedNode, ...]
    closed_destinations: tuple[ClosedNode, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return {
            "method": self.method,
            "open": self.is_open,
            "findings": [finding.as_result() for finding in self.findings],
            "sources": list(self.sources),
            "destinations": list(self.destinations),
            "closed_sources": [closed.as_result() for closed in self.closed_sources],
            "closed_destinations": [closed.as_result() for closed in self.closed_destinations],
        }


def judge_methods(
    reports: Sequence[NodeReport], findings: Sequence[MigrationFinding], *, has_service: bool, is_clustered: bool
) -> list[MethodAvailability]:
    """Return the methods in the order in which they are tried.

    ``has_service``: a node shows the migration service of Root\\HyperVCluster\\v2; whether its method is supported
    only a call tells.
    """
    denied = any(report.capabilities is not None and not report.capabilities.offers_migration for report in reports)
    unsure = (_UNSURE,) if denied else ()
    no_service = (_NO_SERVICE if is_clustered else _NO_CLUSTER,)
    answers: dict[str, tuple[bool, tuple[Finding, ...]]] = {
        SYSTEM: (has_service, unsure if has_service else no_service),
        CLUSTER_GROUP: (is_clustered, () if is_clustered else (_NO_CLUSTER,)),
        HOST: (True, (_OF_HOSTS,)),
    }
    nodes = [report.node.name for report in reports]
    closed_sources = _closed(nodes, [finding for finding in findings if finding.stops_source])
    closed_destinations = _closed(nodes, [finding for finding in findings if finding.stops_destination])
    return [
        MethodAvailability(
            method,
            is_open,
            found,
            _without(nodes, closed_sources),
            _without(nodes, closed_destinations),
            closed_sources,
            closed_destinations,
        )
        for method, (is_open, found) in answers.items()
    ]


def _without(nodes: Sequence[str], closed: Sequence[ClosedNode]) -> tuple[str, ...]:
    left_out = {one.node for one in closed}
    return tuple(node for node in nodes if node not in left_out)


def _closed(nodes: Sequence[str], stopping: Sequence[MigrationFinding]) -> tuple[ClosedNode, ...]:
    by_node = {node: tuple(finding for finding in stopping if finding.subject == node) for node in nodes}
    return tuple(ClosedNode(node, findings) for node, findings in by_node.items() if findings)
