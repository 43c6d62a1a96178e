# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the cluster and its nodes can do about migrations, and what would stop one."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Sequence

from ..._wsman.faults import Fault
from ..._wsman.wql import Query
from ..checks.capabilities import Capabilities, read_capabilities_of
from ..checks.cluster_checks import check_cluster
from ..checks.migration_finding import MigrationFinding
from ..checks.node_checks import check_node
from ..checks.node_reports import NodeReport, read_node_report
from ..cluster.cluster import HYPERV_CLUSTER, VIRTUALIZATION, Cluster
from ..cluster.cluster_settings import ClusterSettings, read_cluster_settings
from ..cluster.hosts import enabled_state
from ..cluster.nodes import Node
from ..failure.errors import HyperVError
from ..failure.finding import INFO
from .method_availability import MethodAvailability, judge_methods

_SERVICE = "Msvm_VirtualSystemMigrationService"


@dataclasses.dataclass(frozen=True)
class ClusterService:
    """The migration service of Root\\HyperVCluster\\v2.

    Attributes:
        node: the node that was asked and answered.
        cim_keys: the service's keys, as that node gives them.
        state: EnabledState in words.
        active_migrations, active_storage_migrations: its counts, whose scope is not documented.
        capabilities: what this namespace says it can do, None for nothing.
    """

    node: str
    cim_keys: dict[str, str]
    state: str
    active_migrations: int | None
    active_storage_migrations: int | None
    capabilities: Capabilities | None


@dataclasses.dataclass(frozen=True)
class Readiness:
    """The cluster, its service (None where no node shows it), the nodes that were chosen, and what is wrong.

    ``notes`` are about nodes where nothing is wrong.
    """

    cluster: ClusterSettings
    service: ClusterService | None
    reports: tuple[NodeReport, ...]
    findings: tuple[MigrationFinding, ...]
    is_clustered: bool = True
    notes: tuple[MigrationFinding, ...] = ()

    @property
    def methods(self) -> list[MethodAvailability]:
        """The methods of moving a VM, and whether they can be used."""
        has_service = self.service is not None
        return judge_methods(self.reports, self.findings, has_service=has_service, is_clustered=self.is_clustered)

    def as_result(self) -> dict[str, t.Any]:
        """Return everything for a task's result."""
        return {
            "cluster": self.cluster.as_result(),
            "service": self._service(),
            "capabilities": self._capabilities(),
            "setting_data": {"migration_types": self._common_types()},
            "nodes": [report.as_result() for report in self.reports],
            "methods": [method.as_result() for method in self.methods],
            "findings": [finding.as_result() for finding in self.findings],
        }

    def _service(self) -> dict[str, t.Any]:
        fields = ("node", "cim_keys", "state", "active_migrations", "active_storage_migrations")
        known = {name: getattr(self.service, name, None) for name in fields}
        nodes = [report.node.name for report in self.reports if report.cluster_service]
        return {"namespace": HYPERV_CLUSTER, **known, "shown_by": nodes}

    def _capabilities(self) -> dict[str, t.Any]:
        """Return those of the cluster's namespace, or else of the first node that has any."""
        found = [(HYPERV_CLUSTER, self.service.capabilities)] if self.service else []
        found += [(VIRTUALIZATION, report.capabilities) for report in self.reports]
        for namespace, capabilities in found:
            if capabilities is not None:
                return {"namespace": namespace, **capabilities.as_result()}
        return {"namespace": None, **Capabilities((), (), ()).as_result()}

    def _common_types(self) -> list[str]:
        """Return the migration types for which every node that told offers setting data."""
        told = [report.migration_types for report in self.reports if report.migration_types is not None]
        return [one for one in told[0] if all(one in types for types in told)] if told else []


def read_readiness(cluster: Cluster, nodes: Sequence[Node]) -> Readiness:
    """Ask the cluster and these nodes. Nodes that do not answer are findings, not errors.

    Raises Fault and TransportError where the task's host itself does not answer.
    """
    settings = read_cluster_settings(cluster)
    service, findings = _cluster_service(cluster, settings)
    by_name = {node.name: node for node in nodes}
    reports = tuple(cluster.ask_each(list(by_name), lambda name: read_node_report(cluster, by_name[name])))
    of_nodes = [finding for report in reports for finding in check_node(report)]
    findings += [finding for finding in of_nodes if finding.severity != INFO]
    findings += check_cluster(settings, reports)
    notes = tuple(finding for finding in of_nodes if finding.severity == INFO)
    return Readiness(settings, service, reports, tuple(findings), cluster.is_clustered, notes)


def _cluster_service(
    cluster: Cluster, settings: ClusterSettings
) -> tuple[ClusterService | None, list[MigrationFinding]]:
    if not cluster.is_clustered:
        return None, []
    try:
        service = _ask_cluster_service(cluster)
    except HyperVError:
        return None, [_no_service(settings, "No node that was asked shows anything in Root\\HyperVCluster\\v2.")]
    except Fault as fault:
        if not fault.is_missing_class:
            raise
        service = None
    if service is not None:
        return service, []
    return None, [_no_service(settings, f"{cluster.hyperv.node} shows no {_SERVICE} in Root\\HyperVCluster\\v2.")]


def _ask_cluster_service(cluster: Cluster) -> ClusterService | None:
    if not cluster.provider_answers():
        cluster.find_provider()
    found = cluster.hyperv.query_with_references(HYPERV_CLUSTER, Query(_SERVICE))
    if not found:
        return None
    service, reference = found[0]
    return ClusterService(
        node=cluster.hyperv.node,
        cim_keys={name: value for name, value in reference.selectors if isinstance(value, str)},
        state=enabled_state(service),
        active_migrations=service.integer("ActiveVirtualSystemMigrationCount"),
        active_storage_migrations=service.integer("ActiveStorageMigrationCount"),
        capabilities=read_capabilities_of(cluster.hyperv, HYPERV_CLUSTER),
    )


def _no_service(settings: ClusterSettings, message: str) -> MigrationFinding:
    return MigrationFinding.about(
        settings.name or "",
        "cluster",
        "no_cluster_service",
        message,
        'Check that the cluster resource of type "Virtual Machine Cluster WMI" in the core cluster group is online, '
        "and that the service Hyper-V Virtual Machine Management (vmms) runs on the nodes. Until then VMs can be moved "
        "with method=cluster_group.",
        stops_source=True,
        stops_destination=True,
    )
