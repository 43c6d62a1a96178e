# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What speaks against taking a node away, asked of the simulated cluster."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.cluster_health import Health, read_health
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.simulator.host_profiles import Windows
from tests.simulator.scenario import MigrationNetworkSpec, NodeState
from tests.simulator.scenario_roles import GroupCondition
from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated


def a_cluster(
    first: NodeState = "up",
    second: NodeState = "up",
    condition: t.Literal["normal", "isolated", "quarantined"] = "normal",
    network: t.Literal["up", "down", "partitioned", "unavailable"] = "up",
    group: GroupCondition = "normal",
    **switches: t.Any,
) -> Simulated:
    networks = (MigrationNetworkSpec("10.20.0.0"), MigrationNetworkSpec("10.30.0.0", state=network))
    # Nodes are isolated and quarantined since 2016.
    windows: Windows | None = 2016 if condition != "normal" else None
    nodes = [
        node("NODE1", state=first, windows=windows),
        node("NODE2", state=second, condition=condition, windows=windows),
        node("NODE3", networks=networks, windows=windows),
    ]
    vms = [vm("web01", owner="NODE3", group_condition=group), vm("web02", owner="NODE3")]
    return Simulated(scenario(nodes, vms), "NODE3", **switches)


def look(simulated: Simulated, node: str | None = "node1.corp.example", *ignore: str) -> Health:
    return read_health(simulated.cluster, node, ignore)


def codes(health: Health) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in health.findings]


@pytest.mark.parametrize("quorum_answer", ["return_value", "out_parameter"])
@pytest.mark.parametrize("first", ["up", "paused"])
def test_a_healthy_cluster_has_no_problems(first: NodeState, quorum_answer: str) -> None:
    simulated = a_cluster(first, quorum_answer=quorum_answer)

    health = look(simulated)

    assert (codes(health), health.loses_quorum, health.as_result()["healthy"]) == ([], False, True)
    assert [votes.counted for node, votes in health.nodes] == [1, 1, 1]
    # Who answers and whether its volumes are on the nodes, six queries, of which five take a Pull, and a call.
    assert simulated.sent.total() == 13


def test_without_a_node_a_paused_one_counts_and_quorum_is_not_asked_for() -> None:
    health = look(a_cluster("paused"), None)

    assert (codes(health), health.loses_quorum) == ([("node_not_up", "NODE1")], None)


@pytest.mark.parametrize(
    ("changed", "code", "name"),
    [
        ({"second": "paused"}, "node_not_up", "NODE2"),
        ({"first": "down"}, "node_not_up", "NODE1"),
        ({"condition": "quarantined"}, "node_distrusted", "NODE2"),
        ({"network": "partitioned"}, "network_not_up", "Cluster Network 2"),
        ({"group": "failed"}, "role_failed", "web01"),
    ],
)
def test_a_problem_is_named_with_a_remedy_and_can_be_ignored(changed: dict[str, t.Any], code: str, name: str) -> None:
    health = look(a_cluster(**changed))

    assert codes(health) == [(code, name)]
    (finding,) = health.findings
    assert (finding.severity, name in finding.message, bool(finding.remedy)) == ("error", True, True)
    overlooked = look(a_cluster(**changed), "NODE1", name.lower())
    assert (overlooked.findings, [finding.code for finding in overlooked.ignored]) == ((), [code])


@pytest.mark.parametrize("quorum_answer", ["return_value", "out_parameter"])
def test_a_lost_quorum_is_foreseen(quorum_answer: str) -> None:
    simulated = a_cluster(second="down", quorum_answer=quorum_answer)

    assert codes(look(simulated)) == [("node_not_up", "NODE2"), ("quorum_lost", "NODE1")]


def test_running_migrations_and_drains_are_seen() -> None:
    simulated = a_cluster()
    world = simulated.server.world
    world.drains.pause(world.nodes["NODE3"], drain=True)

    health = look(simulated)

    assert codes(health) == [
        ("drain_running", "NODE3"),
        ("node_not_up", "NODE3"),
        ("migration_running", "web01"),
        ("migration_running", "web02"),
    ]
    assert health.migrating == ("web01", "web02")


def test_a_silent_provider_is_a_problem_and_no_error() -> None:
    assert codes(look(a_cluster(provider_on="none"))) == [("provider_silent", "Root\\HyperVCluster\\v2")]


def test_a_node_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(HyperVError, match="no node 'NODE9'"):
        look(a_cluster(), "NODE9")
