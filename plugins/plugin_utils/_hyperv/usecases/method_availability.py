# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which methods of moving a VM are open, from which nodes and to which, and why not. Pure. Private."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..checks.node_checks import Problem
from ..checks.node_reports import NodeReport
from ..migration.vocabulary import CLUSTER_GROUP, HOST, SYSTEM

_NO_CLUSTER = "The task's host is no node of a failover cluster."


@dataclasses.dataclass(frozen=True)
class Closed:
    """A node that cannot send, or cannot receive, and why."""

    node: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Way:
    """One method. A pair of nodes is open where the method is, and neither is closed for its part.

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
    closed_sources: tuple[Closed, ...]
    closed_destinations: tuple[Closed, ...]

    def as_result(self) -> dict[str, t.Any]:
        """Return the way for a task's result."""
        return {
            "method": self.method,
            "open": self.is_open,
            "reason": self.reason,
            "sources": list(self.sources),
            "destinations": list(self.destinations),
            "closed_sources": [dataclasses.asdict(one) for one in self.closed_sources],
            "closed_destinations": [dataclasses.asdict(one) for one in self.closed_destinations],
        }


def ways(
    reports: Sequence[NodeReport], problems: Sequence[Problem], *, has_service: bool, is_clustered: bool
) -> list[Way]:
    """Return the methods in the order in which they are tried.

    ``has_service``: a node shows the migration service of Root\\HyperVCluster\\v2; whether its method is supported only
    a call tells.
    """
    no_service = "No node shows the migration service of Root\\HyperVCluster\\v2."
    denied = [one for one in reports if one.capabilities is not None and not one.capabilities.offers_migration]
    unsure = "The nodes' capabilities do not list MigrateVirtualSystemToSystem; only a call tells." if denied else ""
    answers = {
        SYSTEM: (has_service, unsure) if has_service else (False, no_service if is_clustered else _NO_CLUSTER),
        CLUSTER_GROUP: (is_clustered, "" if is_clustered else _NO_CLUSTER),
        HOST: (True, "For VMs that are not clustered. The hosts must be able to log on to each other."),
    }
    names = [report.node.name for report in reports]
    closed_sources = _closed(reports, problems, "stops_source")
    closed_destinations = _closed(reports, problems, "stops_destination")
    return [
        Way(
            method,
            is_open,
            reason,
            _others(names, closed_sources),
            _others(names, closed_destinations),
            closed_sources,
            closed_destinations,
        )
        for method, (is_open, reason) in answers.items()
    ]


def _others(names: Sequence[str], closed: Sequence[Closed]) -> tuple[str, ...]:
    without = {one.node for one in closed}
    return tuple(name for name in names if name not in without)


def _closed(reports: Sequence[NodeReport], problems: Sequence[Problem], part: str) -> tuple[Closed, ...]:
    found: dict[str, list[str]] = {}
    for one in problems:
        if getattr(one, part):
            found.setdefault(one.node, []).append(one.problem)
    return tuple(
        Closed(report.node.name, " ".join(found[report.node.name])) for report in reports if report.node.name in found
    )
