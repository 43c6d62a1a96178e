# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts are put together by what they say of themselves, and none is left out."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.identity import (
    Identity,
    WrongMachine,
    identity_of,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness_survey import check_all
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.scenario_survey import describe_all
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.survey import Survey, take_survey
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault

from tests.simulator.fault_rules import FaultRule
from tests.simulator.scenario import NodeSpec
from tests.support.scenarios import ClusterSpec, Scenario, fault, node, scenario
from tests.support.simulated import Simulated

ALONE = scenario(
    [node("HV1", member=False), node("HV2", member=False)], cluster=ClusterSpec("NONE", fqdn="none.c.example")
)
SECOND = node("NODE2")
SILENCE = Unreachable("It does not answer.")


class World:
    """Simulated clusters, whose running nodes are the inventory hosts ``node1.<domain>``; all others are silent.

    Attributes:
        homes: what each host leads to. Without its entry a host is silent, though its node runs.
    """

    def __init__(self, *clusters: Scenario) -> None:
        self.homes: dict[str, Simulated] = {}
        for one in clusters:
            for there in Simulated(one).server.state()["nodes"]:
                if there["state"] != "down":
                    home = Simulated(one, home=there["name"])
                    self.homes[identity_of(home.cluster.home).computer.full_name.lower()] = home

    def survey(self, *silent: str, error: Exception = SILENCE) -> Survey:
        answers: dict[str, Identity | Exception] = {}
        for host, one in self.homes.items():
            identity = identity_of(one.cluster.home)
            try:
                identity.describe()
                answers[host] = identity
            except Fault as fault:
                answers[host] = fault
        return take_survey({**answers, **dict.fromkeys(silent, error)}, lambda host: (host,))

    def enter(self, host: str) -> Cluster:
        return self.homes[host].cluster

    def unready(self, survey: Survey) -> list[tuple[str, str, str]]:
        found = check_all(survey, self.enter, 10)
        assert all(row.finding.message and row.finding.remedy for row in found if row.status != "ready")
        return [(row.cluster, row.subject, row.check) for row in found if row.status == "not_ready"]


def hvc(domain: str, second: NodeSpec = SECOND, faults: Sequence[FaultRule] = ()) -> Scenario:
    return scenario([node("NODE1"), second], cluster=ClusterSpec("HVC", fqdn=f"HVC.{domain}"), faults=faults)


def two(broken: NodeSpec = SECOND) -> World:
    return World(hvc("a.example"), hvc("b.example", broken))


def test_clusters_of_one_name_in_two_domains_are_two() -> None:
    parties = two().survey().parties
    assert [str(party.cluster) for party in parties] == ["HVC.a.example", "HVC.b.example"]
    assert [party.hosts for party in parties] == [
        ("node1.a.example", "node2.a.example"),
        ("node1.b.example", "node2.b.example"),
    ]


def test_every_cluster_has_rows_under_its_own_name() -> None:
    world = two(node("NODE2", migration_enabled=False))
    assert ("HVC.b.example", "NODE2", "service") in world.unready(world.survey())
    assert {cluster for cluster, *unused in world.unready(world.survey())} == {"HVC.b.example"}


def test_a_silent_host_that_is_no_node_is_a_row_of_no_cluster() -> None:
    world = two()
    assert world.unready(world.survey("node9.b.example")) == [("", "node9.b.example", "connection")]


def test_a_silent_host_is_a_row_though_its_node_answers_elsewhere() -> None:
    world = two()
    del world.homes["node2.b.example"]
    assert world.unready(world.survey("node2.b.example")) == [("HVC.b.example", "node2.b.example", "connection")]


def test_a_short_name_that_fits_both_clusters_belongs_to_neither() -> None:
    world = two()
    assert world.unready(world.survey("node1")) == [("", "node1", "connection")]


def test_a_node_that_is_down_is_told_once() -> None:
    world = two(node("NODE2", state="down"))
    told = world.unready(world.survey("node2.b.example"))
    assert [row for row in told if row[1].lower().startswith("node2")] == [("HVC.b.example", "NODE2", "state")]


def test_a_cluster_that_no_host_may_read_is_a_row_on_rights_for_each() -> None:
    denied = fault("fault", code=0x80041003, times=None, namespace="root/MSCluster")
    world = World(hvc("a.example", faults=[denied]))
    hosts = [("", f"node{number}.a.example", "rights") for number in (1, 2)]
    assert world.unready(world.survey()) == hosts


def test_another_machine_behind_a_name_is_a_row_on_identity() -> None:
    world = two()
    error = WrongMachine("Inventory host x is the computer NODE2, and not x. Correct it.")
    assert world.unready(world.survey("x.a.example", error=error)) == [("", "x.a.example", "identity")]


def test_hosts_by_themselves_are_looked_at_together_and_described_by_nobody() -> None:
    world = World(hvc("a.example"), ALONE)
    survey = world.survey()
    assert [party.hosts for party in survey.parties] == [
        ("node1.a.example", "node2.a.example"),
        ("hv1.c.example", "hv2.c.example"),
    ]
    described, missing = describe_all(survey, world.enter)
    assert [one.label for one in described] == ["HVC"]
    assert {finding.subject for finding in missing} == {"hv1.c.example", "hv2.c.example"}


def test_scenarios_of_clusters_of_one_name_are_told_apart_by_their_full_names() -> None:
    world = two()
    described, missing = describe_all(world.survey(), world.enter)
    assert ([one.label for one in described], missing) == (["HVC.a.example", "HVC.b.example"], [])


def test_a_silent_host_is_in_a_scenario_only_if_its_node_does_not_run() -> None:
    world = two(node("NODE2", state="down"))
    del world.homes["node2.a.example"]
    described, missing = describe_all(world.survey("node2.a.example", "node2.b.example"), world.enter)
    assert len(described) == 2
    assert {finding.subject for finding in missing} == {"node2.a.example"}
