# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node is worked on only where it says itself that it is this node of this cluster, paused and empty."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.node_readiness import (
    Maintenance,
    read_maintenance,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.identity import WrongMachine

from tests.simulator.scenario import NodeState
from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

FQDN = "hvc1.corp.example"


def a_cluster(state: NodeState = "paused", owner: str = "NODE2", home: str = "NODE1") -> Simulated:
    nodes = [node("NODE1", state=state), node("NODE2")]
    return Simulated(scenario(nodes, [vm("web01", owner=owner), vm("old01", state="off")]), home=home)


def read(state: NodeState = "paused", owner: str = "NODE2", home: str = "NODE1", cluster: str = FQDN) -> Maintenance:
    simulated = a_cluster(state, owner, home)
    return read_maintenance(simulated.cluster, "NODE1", cluster, ())


@pytest.mark.parametrize("cluster", ["", "HVC1", FQDN])
def test_a_paused_node_without_running_vms_may_be_worked_on(cluster: str) -> None:
    found = read(cluster=cluster)
    assert (found.node.name, found.node.state, found.running, found.objection) == ("NODE1", "paused", (), "")


def test_a_node_that_somebody_has_resumed_may_not() -> None:
    assert "Node NODE1 is up" in read(state="up").objection


def test_a_node_with_a_running_vm_may_not_and_the_vm_is_named() -> None:
    found = read(owner="NODE1")
    assert [vm.name for vm in found.running] == ["web01"]
    assert "not empty: web01 would go down" in found.objection


def test_a_vm_that_is_meant_to_stay_is_no_objection() -> None:
    simulated = a_cluster(owner="NODE1")
    running = read_maintenance(simulated.cluster, "NODE1", FQDN, ()).running
    assert read_maintenance(simulated.cluster, "NODE1", FQDN, {vm.id for vm in running}).objection == ""


def test_another_node_is_refused_by_both_names() -> None:
    with pytest.raises(WrongMachine, match=r"NODE2 is the computer node2\.corp\.example .*and not NODE1"):
        read(home="NODE2")


@pytest.mark.parametrize("cluster", ["HVC2", "hvc1.branch.example"])
def test_another_cluster_is_refused_by_both_names(cluster: str) -> None:
    with pytest.raises(WrongMachine, match=rf"hvc1\.corp\.example, and no node of the cluster {cluster}"):
        read(cluster=cluster)
