# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster that is described as a scenario and simulated from it gives the same plans and troubles again."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import read_nodes
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.cluster_description import read_cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.readiness import read_readiness
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.scenario import write_scenario

from tests.running_cluster import ROOT
from tests.support import scenarios as builders
from tests.support.simulated import Simulated

SIMULATOR = ROOT / "tests" / "simulator" / "scenarios"
EVERYTHING = r"""
cluster: {name: HVC9, fqdn: hvc9.corp.example, maximum_parallel_migrations: 3, set_smb_bandwidth_limit: 1,
  smb_bandwidth_limit_factor: 2500, enforced_anti_affinity: 1, core_group_owner: HV2}
switches: {provider_on: core_group, host_name_form: fqdn}
nodes:
  - {name: HV1, memory_mb: 65536, used_by_host_mb: 3000, fault_domain: ["Site:A"], smb: true,
     networks: [{subnet: 10.30.0.0, prefix_length: 22, metric: 500}, {subnet: 10.20.0.0}]}
  - {name: HV2, memory_mb: 65536, fault_domain: ["Site:A"], authentication: credssp, compression: false,
     simultaneous_migrations: 4}
  - {name: HV3, memory_mb: 32768, fault_domain: ["Site:B"], listener_addresses: [], capabilities: to_host_only}
  - {name: HV4, memory_mb: 98304, fault_domain: ["Site:B"], build: 26100, migration_enabled: false}
  - {name: HV5, state: paused, migration_service: absent}
  - {name: HV6, condition: quarantined, capabilities: absent, networks: []}
vms:
  - {name: dc01, owner: HV1, memory_mb: 4096, priority: 3000, anti_affinity: [dc]}
  - {name: dc02, owner: HV2, memory_mb: 4096, priority: 3000, anti_affinity: [dc]}
  - {name: pinned, owner: HV1, possible_owners: [HV1, HV2], preferred_owners: [HV2, HV1]}
  - {name: iso, owner: HV1, attachments: [{kind: iso, path: 'D:\iso\x.iso'}, {kind: pci_device, path: gpu}]}
  - {name: replica, owner: HV1, state: "off", replication: replica}
  - {name: saved, owner: HV1, state: saved, group: Odd name, group_condition: locked}
  - {name: paused, owner: HV1, state: paused, memory_mb: 1024, priority: 0}
  - {name: local, owner: HV1, clustered: false, memory_mb: 8192}
  - {name: twin, owner: HV1, id: 22222222-0000-0000-0000-000000000000}
  - {name: twin, owner: HV2, id: 11111111-0000-0000-0000-000000000000}
  - {name: many, count: 3, owner: [HV1, HV2]}
affinity_rules:
  - {name: sites, type: different_fault_domain, groups: [dc01, dc02]}
  - {name: idle, type: same_node, groups: [pinned, iso], enabled: false}
"""


def described(simulated: Simulated) -> tuple[dict[str, t.Any], list[str]]:
    return write_scenario(read_cluster(simulated.cluster))


def again(scenario: dict[str, t.Any], home: str) -> Simulated:
    return Simulated(yaml.safe_dump(scenario, sort_keys=False), home=home)


def plan(simulated: Simulated, node: str) -> dict[str, t.Any]:
    return plan_evacuation(simulated.cluster, EvacuationRequest(node)).as_result()


def readiness(simulated: Simulated) -> dict[str, t.Any]:
    return read_readiness(simulated.cluster, read_nodes(simulated.cluster)).as_result()


def scenarios() -> dict[str, str]:
    """Return all clusters that come with the simulator; what is not clustered cannot be described as one."""
    texts = {path.stem: path.read_text() for path in sorted(SIMULATOR.glob("*.yml"))}
    return {**{name: text for name, text in texts.items() if "member: false" not in text}, "everything": EVERYTHING}


@pytest.mark.parametrize("name", scenarios())
def test_the_plan_for_every_node_is_the_same_there(name: str) -> None:
    text = scenarios()[name]
    nodes = [node["name"] for node in yaml.safe_load(text)["nodes"]]
    original = Simulated(text, home=nodes[0])

    rehearsal = again(described(original)[0], nodes[0])

    assert any(plan(original, node)["moves"] for node in nodes)
    for node in nodes:
        assert plan(rehearsal, node) == plan(original, node)
    assert readiness(rehearsal) == readiness(original)


def test_a_scenario_of_a_scenario_is_the_same() -> None:
    first, notes = described(Simulated(EVERYTHING, home="HV1"))
    assert (described(again(first, "HV1"))[0], notes) == (first, [])


def test_what_a_role_starts_after_is_written() -> None:
    roles = [
        builders.role("FS1", "file_server", "NODE1"),
        builders.role("App", "generic_service", "NODE1", starts_after=("FS1",)),
    ]
    nodes = [builders.node("NODE1", windows=2022), builders.node("NODE2", windows=2022)]
    scenario, unused = described(Simulated(builders.scenario(nodes, roles=roles)))
    assert {one["name"]: one.get("starts_after") for one in scenario["roles"]} == {"FS1": None, "App": ["FS1"]}


def test_what_is_as_usual_is_not_written() -> None:
    scenario, unused = described(Simulated())
    assert set(scenario["vms"][0]) == {"name", "id", "owner", "memory_mb"}
    assert "affinity_rules" not in scenario
    assert not {"user", "password"} & set(scenario)


def test_nodes_that_do_not_answer_are_described_without_their_settings() -> None:
    down = builders.node("NODE3", state="down")
    given = builders.with_nodes(builders.scenario(vms=[builders.vm("web01", owner="NODE2")]), down)
    simulated = Simulated(given)
    simulated.lose = lambda node, request: "down" if node == "NODE2" else ""

    scenario, notes = described(simulated)

    assert [(node["name"], "memory_mb" in node) for node in scenario["nodes"]] == [
        ("NODE1", True),
        ("NODE2", False),
        ("NODE3", False),
    ]
    assert [vm["name"] for vm in scenario["vms"]] == ["web01"]
    assert [note.split(":")[0] for note in notes] == ["NODE2", "NODE3"]
    assert again(scenario, "NODE1").server.state()["nodes"][2]["state"] == "down"


def test_what_passes_is_written_as_what_it_becomes_and_told() -> None:
    simulated = Simulated(builders.scenario(vms=[builders.vm("web01", activity="backing_up")]))

    scenario, notes = described(simulated)

    assert "activity" not in scenario["vms"][0]
    assert notes == ["VM web01: it is being backed up; in the scenario it is not busy."]
