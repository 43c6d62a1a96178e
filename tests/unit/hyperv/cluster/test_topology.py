# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the task's host is a part of: found out once, by what is asked anyway, whatever is asked first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.affinity import read_affinity_rules
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster_settings import (
    read_cluster_settings,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.groups import read_groups, read_traits
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import read_cluster_limit
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import (
    hosts_of_vms,
    read_nodes,
    read_nodes_if_any,
    read_surroundings,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.topology import Topology
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import read_vms
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault

from tests.support.simulated import Simulated

HOSTS = """
nodes: [{name: HV1, member: false}, {name: HV2, member: false}]
vms: [{name: web01, owner: HV1}, {name: web02, owner: HV2}]
"""
CLUSTER = "nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3, state: down}]\nvms: [{name: web01, owner: NODE1}]\n"

READERS: dict[str, Callable[[Cluster], object]] = {
    "nothing": lambda cluster: None,
    "its nodes": read_nodes_if_any,
    "its VMs": read_vms,
    "its roles": lambda cluster: read_groups(cluster, read_vms(cluster)),
    "its groups": read_traits,
    "its rules": lambda cluster: list(read_affinity_rules(cluster)),
    "its settings": read_cluster_settings,
    "its limit": read_cluster_limit,
    "a host by name": lambda cluster: read_surroundings(cluster, [cluster.home.node]),
}


def hosts() -> Simulated:
    return Simulated(HOSTS, home="HV1")


@pytest.mark.parametrize("first", READERS)
def test_hosts_stand_alone_whatever_is_read_first(first: str) -> None:
    cluster = hosts().cluster
    READERS[first](cluster)
    assert (cluster.topology, cluster.is_clustered) == (Topology.STANDALONE_HOSTS, False)
    assert not cluster.offers_hyperv
    assert [reader(cluster) for reader in (read_nodes_if_any, read_traits)] == [[], {}]


@pytest.mark.parametrize("first", READERS)
@pytest.mark.parametrize("service", ["present", "namespace_missing"])
def test_a_node_is_one_of_a_cluster_whatever_is_read_first(first: str, service: str) -> None:
    cluster = Simulated(CLUSTER, cluster_migration_service=service).cluster
    READERS[first](cluster)
    assert (cluster.topology, cluster.is_clustered) == (Topology.FAILOVER_CLUSTER, True)
    assert [node.name for node in read_nodes(cluster)] == ["NODE1", "NODE2", "NODE3"]
    assert [vm.name for vm in read_vms(cluster)] == ["web01"]


def test_what_is_known_costs_no_request() -> None:
    simulated = hosts()
    read_nodes_if_any(simulated.cluster)
    assert simulated.sent["HV1"] == 3, "a query, a plain enumeration, and whether the namespace exists"
    for name in ("its nodes", "its groups", "its rules", "its settings", "its limit"):
        READERS[name](simulated.cluster)
    assert simulated.cluster.topology is Topology.STANDALONE_HOSTS
    assert simulated.sent["HV1"] == 3


def test_without_a_cluster_its_nodes_cannot_be_read() -> None:
    cluster = hosts().cluster
    for unused in range(2):
        with pytest.raises(Fault) as raised:
            read_nodes(cluster)
        assert raised.value.is_missing_namespace


def test_without_a_cluster_the_vms_are_those_of_the_hosts_that_are_asked() -> None:
    cluster = hosts().cluster
    assert [vm.name for vm in read_vms(cluster)] == ["web01"]
    assert [vm.name for vm in read_vms(cluster, hosts=("HV1", "HV2"))] == ["web01", "web02"]
    nodes, unused = read_surroundings(cluster, ["HV2"])
    assert hosts_of_vms(cluster, nodes) == ("HV2",)
    assert [vm.name for vm in read_vms(cluster)] == ["web01"], "to look at a host changes nothing"


def test_where_the_clusters_namespace_is_missing_every_node_that_runs_is_asked() -> None:
    cluster = Simulated(CLUSTER, cluster_migration_service="namespace_missing").cluster
    assert hosts_of_vms(cluster, read_nodes(cluster)) == ()
    assert [vm.node for vm in read_vms(cluster)] == ["NODE1"]
    assert (cluster.offers_hyperv, cluster.vm_hosts) == (False, ("NODE1", "NODE2"))
