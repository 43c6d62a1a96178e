# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong between the nodes though each may be right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..cluster.cluster_settings import ClusterSettings
from .migration_finding import MigrationFinding
from .node_reports import NodeReport

_SAME_OPTION = "Set the same performance option on all nodes (Set-VMHost -VirtualMachineMigrationPerformanceOption)."


def check_cluster(settings: ClusterSettings, reports: Sequence[NodeReport]) -> Iterator[MigrationFinding]:
    """Yield what is wrong with the cluster and between its nodes."""
    if settings.maximum_parallel_migrations == 0:
        yield _of(
            settings,
            "cluster_limit_zero",
            "The cluster's limit of parallel migrations is 0, which overrides that of every node. No source tells "
            "whether it then starts none or any number.",
            "Raise it: (Get-Cluster).MaximumParallelMigrations = 1.",
        )
    yield from _compare_settings(settings, reports)
    yield from _compare_builds(settings, reports)


def _of(settings: ClusterSettings, code: str, message: str, remedy: str) -> MigrationFinding:
    return MigrationFinding.about(settings.name or "", "cluster", code, message, remedy)


def _compare_settings(settings: ClusterSettings, reports: Sequence[NodeReport]) -> Iterator[MigrationFinding]:
    hosts = [report.settings for report in reports if report.settings is not None]
    authentication = [(host.node, host.authentication) for host in hosts]
    transport = [(host.node, "SMB" if host.smb else "TCP") for host in hosts]
    # SMB makes a node ignore its compression setting.
    compression = [
        (host.node, "compressed" if host.compression else "not compressed") for host in hosts if not host.smb
    ]
    for code, what, found, remedy in (
        (
            "mixed_authentication",
            "authenticate migrations",
            authentication,
            "Set the same authentication on all nodes (Set-VMHost -VirtualMachineMigrationAuthenticationType).",
        ),
        ("mixed_transport", "transport migrations", transport, _SAME_OPTION),
        ("mixed_compression", "compress migrations", compression, _SAME_OPTION),
    ):
        if len({value for _node, value in found}) > 1:
            yield _of(settings, code, f"The nodes {what} in different ways: {_listed(found)}.", remedy)


def _compare_builds(settings: ClusterSettings, reports: Sequence[NodeReport]) -> Iterator[MigrationFinding]:
    builds = [report.node for report in reports if report.node.build is not None]
    if len({node.build for node in builds}) > 1:
        found = [(node.name, f"{node.build} ({node.version})" if node.version else str(node.build)) for node in builds]
        yield _of(
            settings,
            "mixed_versions",
            f"The nodes run different builds of Windows: {_listed(found)}. VMs can be moved to a newer build; the way "
            "back may be refused.",
            "Bring all nodes to the same build; until then choose destinations that are not older than the source.",
        )


def _listed(found: Sequence[tuple[str, str]]) -> str:
    values = dict.fromkeys(value for _node, value in found)
    return "; ".join(f"{value} on {', '.join(node for node, has in found if has == value)}" for value in values)
