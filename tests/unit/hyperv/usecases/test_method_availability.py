# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which methods are told to be open, and between which nodes."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import (
    read_nodes_if_any,
    read_surroundings,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness import read_readiness
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness_table import check_readiness

from tests.support.scenarios import node, scenario, with_nodes
from tests.support.simulated import Simulated

CLUSTER = scenario([node("NODE1"), node("NODE2", state="paused"), node("NODE3", migration_enabled=False)])
HOSTS = scenario([node("HV1", member=False), node("HV2", member=False, listener_addresses=())])


def ways(simulated: Simulated, *names: str) -> dict[str, dict[str, t.Any]]:
    cluster = simulated.cluster
    nodes = read_surroundings(cluster, names)[1] if names else read_nodes_if_any(cluster)
    return {one["method"]: one for one in read_readiness(cluster, nodes).as_result()["methods"]}


def test_a_cluster_that_supports_all_says_so_for_each_node() -> None:
    found = ways(Simulated(CLUSTER))
    assert [method for method, one in found.items() if one["open"]] == ["system", "cluster_group", "host"]
    assert found["system"]["sources"] == ["NODE1", "NODE2"]
    assert found["system"]["destinations"] == ["NODE1"]
    closed = {one["node"]: one["findings"] for one in found["system"]["closed_destinations"]}
    assert {node: [one["code"] for one in findings] for node, findings in closed.items()} == {
        "NODE2": ["node_paused"],
        "NODE3": ["migration_disabled"],
    }
    assert "paused" in closed["NODE2"][0]["message"]
    assert "switched off" in closed["NODE3"][0]["message"]


@pytest.mark.parametrize("missing", ["class_missing", "namespace_missing"])
def test_without_the_clusters_service_its_method_is_closed(missing: str) -> None:
    found = ways(Simulated(CLUSTER, cluster_migration_service=missing))
    assert [method for method, one in found.items() if one["open"]] == ["cluster_group", "host"]
    (finding,) = found["system"]["findings"]
    assert finding["code"] == "no_cluster_service"
    assert "Root\\HyperVCluster\\v2" in finding["message"]
    assert found["cluster_group"]["findings"] == []


def test_capabilities_without_the_method_leave_it_open_and_say_that_only_a_call_tells() -> None:
    found = ways(Simulated(with_nodes(CLUSTER, node("NODE1", capabilities="to_host_only"))))
    assert found["system"]["open"]
    (finding,) = found["system"]["findings"]
    assert (finding["code"], finding["severity"]) == ("method_not_offered", "warning")
    assert "only a call tells" in finding["message"]


def test_between_hosts_only_the_hosts_own_method_is_open() -> None:
    found = ways(Simulated(HOSTS, home="HV1"), "HV1", "HV2")
    assert [method for method, one in found.items() if one["open"]] == ["host"]
    (finding,) = found["cluster_group"]["findings"]
    assert finding["code"] == "no_cluster"
    assert finding["message"] == "The task's host is not a node of a failover cluster."
    assert [one["code"] for one in found["host"]["findings"]] == ["not_clustered_only"]
    assert (found["host"]["sources"], found["host"]["destinations"]) == (["HV1", "HV2"], ["HV1"])


def test_hosts_without_a_cluster_are_looked_at_together() -> None:
    rows = check_readiness(Simulated(HOSTS, home="HV1").cluster, 10, ["HV2", "HV9"])
    told = {(row.subject, row.check): row.status for row in rows}
    assert told["HV1", "connection"] == told["HV2", "connection"] == "ready"
    assert told["HV9", "connection"] == "not_ready"
    assert told["HV2", "networks"] == "not_ready"
    assert told["", "methods"] == "warning"
    assert ("HV1", "provider_node") not in told


def test_a_cluster_has_a_row_on_its_methods() -> None:
    rows = check_readiness(Simulated(CLUSTER).cluster, 10)
    assert [(row.subject, row.status) for row in rows if row.check == "methods"] == [("HVC1", "ready")]
    rows = check_readiness(Simulated(CLUSTER, cluster_migration_service="class_missing").cluster, 10)
    assert [(row.subject, row.status) for row in rows if row.check == "methods"] == [("HVC1", "warning")]
