# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the cluster and its nodes can do about migrations, and what would stop one. Private to this collection."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from .._wsman.faults import Fault
from .._wsman.instances import Instance
from .._wsman.transport import TransportError
from .._wsman.wql import Query
from .cluster import HYPERV_CLUSTER, MSCLUSTER, VIRTUALIZATION, Cluster
from .hosts import read_host_settings
from .nodes import Node
from .service import CHECK, MIGRATE, MigrationService

# Value map of CIM_VirtualSystemMigrationCapabilities (Microsoft docs)
_METHODS = {
    2: "MigrateVirtualSystemToHost",
    3: MIGRATE,
    4: "CheckVirtualSystemIsMigratableToHost",
    5: CHECK,
    32768: "CheckVirtualSystemIsMigratable",
}
_CAPABILITIES = "CIM_VirtualSystemMigrationCapabilities"


def read_capabilities(cluster: Cluster, nodes: Sequence[Node]) -> dict[str, t.Any]:
    """Return what a task reports: cluster, service, capabilities, nodes, and problems with their remedies."""
    service = MigrationService(cluster)
    cluster.query_hyperv(Query("Msvm_SummaryInformation", ("Name",), {"Name": ("",)}))  # finds the provider
    keys = {name: value for name, value in service.reference.selectors if isinstance(value, str)}
    found: list[dict[str, t.Any]] = []
    problems: list[dict[str, str]] = []
    for node in nodes:
        unable = node.cannot_receive()
        if unable is not None:
            problems.append({"node": node.name, "problem": unable.cause, "remedy": unable.remedy})
        if node.state not in ("up", "paused"):
            continue
        try:
            settings = read_host_settings(cluster, node.name)
        except (Fault, TransportError) as error:
            remedy = "Add the node to the inventory with its own connection variables, or check its WinRM."
            problems.append({"node": node.name, "problem": f"Its settings cannot be read: {error}", "remedy": remedy})
            continue
        found.append(settings.as_result())
        problems.extend(settings.problems())
    problems.extend(_differences(found))
    return {
        "cluster": _cluster(cluster),
        "service": {"node": cluster.hyperv.node, "namespace": HYPERV_CLUSTER, "keys": keys},
        "capabilities": _capabilities(cluster),
        "nodes": found,
        "problems": problems,
    }


def _cluster(cluster: Cluster) -> dict[str, t.Any]:
    rows = cluster.home.query(MSCLUSTER, Query("MSCluster_Cluster"))
    if not rows:
        return {"name": None, "fqdn": None, "maximum_parallel_migrations": None}
    return {
        "name": rows[0].text("Name"),
        "fqdn": rows[0].text("Fqdn"),
        "maximum_parallel_migrations": rows[0].integer("MaximumParallelMigrations"),
    }


def _capabilities(cluster: Cluster) -> dict[str, list[str]]:
    """Read the capabilities of the cluster namespace, or, as its concrete class is only documented there, of the host.

    Missing capabilities are no reason not to migrate.
    """
    rows: list[Instance] = []
    for session, namespace in ((cluster.hyperv, HYPERV_CLUSTER), (cluster.home, VIRTUALIZATION)):
        try:
            rows = rows or session.query(namespace, Query(_CAPABILITIES))
        except Fault as fault:
            if not fault.is_missing_class:
                raise
    return {
        word: [_METHODS.get(number, str(number)) for row in rows for number in row.integers(name)]
        for word, name in (
            ("synchronous", "SynchronousMethodsSupported"),
            ("asynchronous", "AsynchronousMethodsSupported"),
        )
    }


def _differences(nodes: Sequence[dict[str, t.Any]]) -> list[dict[str, str]]:
    problems = []
    for key, remedy in (
        ("authentication", "Set the same migration authentication on all nodes (Set-VMHost)."),
        ("smb", "Set the same migration performance option on all nodes (Set-VMHost)."),
    ):
        values = {str(node[key]) for node in nodes}
        if len(values) > 1:
            which = ", ".join(f"{node['node']}: {node[key]}" for node in nodes)
            problems.append({"node": "all", "problem": f"The nodes differ in {key} ({which}).", "remedy": remedy})
    return problems
