# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scenario files: what is filled in, and how a wrong one is reported."""

from __future__ import annotations

import pathlib

import pytest

from tests.ci import scenario_keys
from tests.simulator.scenario import NodeSpec
from tests.simulator.scenario_file import read_scenario, read_scenario_file
from tests.simulator.scenario_reader import ScenarioError

ROOT = pathlib.Path(__file__).parents[3]
SCENARIOS = pathlib.Path(__file__).parents[2] / "simulator" / "scenarios"
TWO_NODES = "nodes: [{name: NODE1}, {name: NODE2}]\n"


def error_of(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, "my.yml")
    return str(caught.value)


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yml")), ids=lambda path: path.name)
def test_every_scenario_in_the_repository_is_valid(path: pathlib.Path) -> None:
    assert read_scenario_file(path).nodes


def test_a_vm_without_an_id_gets_the_same_guid_each_time() -> None:
    text = TWO_NODES + "vms: [{name: web01, owner: NODE1}, {name: web02, owner: NODE1}]"
    first, second = read_scenario(text).vms
    assert first.id == read_scenario(text).vms[0].id
    assert first.id != second.id
    assert first.group == "web01"


def test_two_vms_of_one_name_differ_in_id_and_group() -> None:
    first, second = read_scenario(TWO_NODES + "vms: [{name: a, owner: NODE1}, {name: a, owner: NODE2}]").vms
    assert first.name == second.name
    assert first.id != second.id
    assert first.group != second.group


def test_a_count_stands_for_that_many_vms_spread_over_their_owners() -> None:
    vms = read_scenario(TWO_NODES + "vms: [{name: app, count: 3, owner: [NODE1, NODE2]}]").vms
    assert [(vm.name, vm.owner) for vm in vms] == [("app01", "NODE1"), ("app02", "NODE2"), ("app03", "NODE1")]


def test_a_count_stands_for_that_many_nodes_with_addresses_of_their_own() -> None:
    nodes = read_scenario("nodes: [{name: NODE, count: 3}]").nodes
    assert [node.name for node in nodes] == ["NODE1", "NODE2", "NODE3"]
    assert [node.listener_addresses for node in nodes] == [("10.20.0.11",), ("10.20.0.12",), ("10.20.0.13",)]


def test_a_node_is_in_the_clusters_domain_unless_told_otherwise() -> None:
    first, second = read_scenario(
        "nodes: [{name: NODE1}, {name: FRANKFURT-NODE-, dns_name: frankfurt-node-0001, domain: east.example}]"
    ).nodes
    assert (first.full_name, second.full_name) == ("node1.corp.example", "frankfurt-node-0001.east.example")


def test_an_empty_list_of_listener_addresses_stays_empty() -> None:
    assert read_scenario("nodes: [{name: NODE1, listener_addresses: []}]").nodes[0].listener_addresses == ()


def test_the_bare_word_off_is_a_state_and_no_boolean() -> None:
    assert read_scenario(TWO_NODES + "vms: [{name: a, owner: NODE1, state: off}]").vms[0].state == "off"


def test_a_hexadecimal_hresult_is_a_number() -> None:
    text = TWO_NODES + "vms: [{name: a, owner: NODE1, migration: {fails_at: 60, hresult: 0x8007000E}}]"
    assert read_scenario(text).vms[0].migration.hresult == 0x8007000E


def test_switches_of_both_sides_stand_in_one_section() -> None:
    switches = read_scenario(TWO_NODES + "switches: {provider_on: [NODE2], owner_lag_seconds: 10}").switches
    assert switches.provider_on == ("NODE2",)
    assert switches.owner_lag_seconds == 10.0


def test_faults_speak_the_language_of_the_hosts_unless_the_switch_says_another() -> None:
    assert read_scenario(TWO_NODES + "language: ja-JP").switches.language == "ja-JP"
    assert read_scenario(TWO_NODES + "switches: {language: ja-JP}").switches.language == "ja-JP"


def test_defaults_of_a_node_are_those_of_its_shape() -> None:
    assert read_scenario(TWO_NODES).nodes[0].memory_mb == NodeSpec("NODE1").memory_mb


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nodes:\n- name: NODE1\n  state: upp\n", ["my.yml:3", "nodes[0].state", "'upp'", "up, down, paused, joining"]),
        ("nodes:\n- name: NODE1\n  memory: 5\n", ["my.yml:3", "nodes[0].memory", "memory_mb"]),
        ("nodes:\n- name: NODE1\n  memry_mb: 5\n", ["nodes[0].memry_mb", "is memory_mb meant?"]),
        (TWO_NODES + "vms:\n- {name: 007, owner: NODE1}\n", ["my.yml:3", "vms[0].name", "in quotes"]),
        ("nodes:\n- name: NODE1\n  memory_mb: -5\n", ["my.yml:3", "-5", "1 or more"]),
        ("nodes:\n- name: NODE1\n  memory_mb: much\n", ["my.yml:3", "'much'", "a whole number"]),
        ("nodes:\n- memory_mb: 5\n", ["my.yml:2", "nodes[0]", "the key name is missing"]),
        ("nodes:\n- name: NODE1\n- name: node1\n", ["my.yml:3", "'node1'"]),
        ("nodes: []\n", ["my.yml:1", "at least one node"]),
        ("nodes: [{name: N}]\nnodes: [{name: N}]\n", ["my.yml:2", "twice"]),
        ("nodes: [{name: N}\n", ["my.yml:", "not valid YAML"]),
        ("", ["my.yml:1", "empty"]),
        ("- a\n", ["my.yml:1", "must be a mapping"]),
        (TWO_NODES + "vms:\n- name: a\n  owner: NODE3\n", ["my.yml:4", "vms[0].owner", "'NODE3'", "NODE1, NODE2"]),
        (TWO_NODES + "vms:\n- {name: a, owner: NODE1, id: 12}\n", ["my.yml:3", "vms[0].id", "12"]),
        (TWO_NODES + "switches:\n  return_codes: cim\n", ["my.yml:3", "'cim'", "dmtf, hyperv"]),
        (TWO_NODES + "switches:\n  owner_lag: 3\n", ["my.yml:3", "owner_lag", "owner_lag_seconds"]),
        (TWO_NODES + "events:\n- {at: 5, move: a, to: NODE1}\n", ["my.yml:3", "events[0].move", "'a'"]),
        (TWO_NODES + "events:\n- {at: 5, pause: NODE1, resume: NODE2}\n", ["my.yml:3", "exactly one of"]),
        (TWO_NODES + "events:\n- {pause: NODE1}\n", ["my.yml:3", "either at (a second) or when"]),
        (TWO_NODES + "user:\n  password: 'a:b'\n", ["my.yml:3", "user.password", "without a colon"]),
        ("nodes:\n- name: N\n  dns_name: another\n", ["my.yml:3", "'another'", "first 15 letters are to be N"]),
        ("nodes:\n- name: N\n  listener_addresses: [10.0.0.300]\n", ["my.yml:3", "'10.0.0.300'", "IP address"]),
        ("nodes:\n- name: N\n  networks: [{subnet: 10.0.0.1}]\n", ["my.yml:3", "10.0.0.1/24"]),
    ],
)
def test_a_wrong_scenario_is_told_with_file_line_key_value_and_what_is_allowed(text: str, told: list[str]) -> None:
    message = error_of(text)
    assert all(part in message for part in told), message


def test_a_file_that_is_not_there_is_a_scenario_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_scenario_file(tmp_path / "none.yml")


def test_the_guide_tells_every_key() -> None:
    guide = scenario_keys.GUIDE.read_text(encoding="utf-8")
    assert guide == scenario_keys.written_into(guide), "write it anew: python -m tests.ci.scenario_keys"
