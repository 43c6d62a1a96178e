# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbook ``hyperv.migration.evacuate_node`` and the role behind it. No command may warn or open a shell."""

from __future__ import annotations

import pathlib

import pytest

from tests.integration.commands import SCENARIO, Ansible
from tests.running_cluster import RunningCluster, running_cluster
from tests.support.scenarios import NetworkSpec, as_text, node, scenario, vm

# Less reserve and what the host takes, NODE2 has room for less than 16,000 MB and NODE3 for less than 27,000 MB.
CROWDED = scenario(
    [node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3)],
    [
        vm("big", memory_mb=36_000),
        vm("app02", owner="NODE2", memory_mb=24_000),
        vm("fill02", owner="NODE2", memory_mb=15_000),
        vm("fill03", owner="NODE3", memory_mb=28_000),
    ],
    network=NetworkSpec(megabytes_per_second=20_000),
)
FAILED = 2
ON_NODE1 = {"web01", "web02", "db01", "test01"}


@pytest.mark.over_psrp
def test_a_node_is_emptied_and_the_second_run_changes_nothing(cluster: RunningCluster, ansible: Ansible) -> None:
    owners = cluster.owners()

    first = ansible.evacuate("-e", "evacuate_node_name=NODE1")

    assert first.code == 0, first.text
    assert "NODE1" not in cluster.owners().values()
    assert {name for name, owner in cluster.owners().items() if owner != owners[name]} == ON_NODE1
    assert cluster.migrations() == dict.fromkeys(ON_NODE1, 1)
    assert cluster.node_states()["NODE1"] == "paused"
    summary = [line for line in first.text.splitlines() if '"moved to ' in line]
    for name in ON_NODE1:
        (line,) = (line for line in summary if f'"moved to {cluster.owners()[name]}: ' in line)
        assert f" {name} " in line

    again = ansible.evacuate("-e", "evacuate_node_name=node1.corp.example")

    assert (again.code, again.recap("NODE2", "changed")) == (0, 0), again.text
    assert cluster.migrations() == dict.fromkeys(ON_NODE1, 1)


def test_a_dry_run_shows_the_verdict_on_each_vm_and_changes_nothing(cluster: RunningCluster, ansible: Ansible) -> None:
    before = cluster.owners(), cluster.node_states()

    answer = ansible.evacuate("-e", "evacuate_node_name=NODE1", "--check")

    assert answer.code == 0, answer.text
    summary = "".join(line for line in answer.text.splitlines() if '"would move to ' in line)
    assert all(name in summary for name in ON_NODE1)
    assert "Hyper-V was asked and agrees" in answer.text
    columns = {line.index("NODE1") for line in answer.text.splitlines() if line.startswith(tuple(ON_NODE1))}
    head = next(line for line in answer.text.splitlines() if line.startswith("VM "))
    assert columns == {head.index("from")}
    assert (cluster.owners(), cluster.node_states()) == before
    assert cluster.migrations() == {}


def test_nothing_is_changed_when_a_vm_has_no_place(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.evacuate("-e", "evacuate_node_name=NODE2")

    assert answer.code == FAILED
    assert "pinned01: none of its possible owners (NODE2)" in answer.text
    assert "add a node to the possible owners" in answer.text
    assert cluster.node_states()["NODE2"] == "up"
    assert cluster.migrations() == {}


@pytest.mark.parametrize(
    ("paused_before", "options", "state_after", "said"),
    [
        (False, [], "up", "The node was given back"),
        (False, ["-e", "evacuate_node_give_back=false"], "paused", "as give_back=false says. Resume it"),
        (True, [], "paused", "had been paused before this run, and stays so. Resume it"),
    ],
    ids=["given back", "kept", "was paused before"],
)
def test_a_move_that_fails_is_told_and_the_node_is_given_back_if_it_was_taken(
    cluster: RunningCluster, ansible: Ansible, paused_before: bool, options: list[str], state_after: str, said: str
) -> None:
    if paused_before:
        ansible.ad_hoc("NODE1", "hyperv_cluster_node", "name=NODE3 state=maintenance")

    once = ["-e", "evacuate_node_retries=0", "-e", "evacuate_node_attempts=1"]

    answer = ansible.evacuate("-e", "evacuate_node_name=NODE3", *once, *options)

    assert answer.code == FAILED
    said_last = answer.text[answer.text.index("Check that the node was evacuated") :]
    assert "broken03 (NODE3 -> " in said_last
    assert "memory" in said_last
    assert said in said_last
    assert cluster.node_states()["NODE3"] == state_after
    assert cluster.owners()["broken03"] == "NODE3"
    assert cluster.owners()["app03"] != "NODE3"


def test_a_vm_that_came_meanwhile_fails_the_evacuation_by_name(tmp_path: pathlib.Path, plugin: str) -> None:
    event = "events: [{when: {vm: web01, percent: 50}, move: app03, to: NODE1, instant: true}]\n"
    scenario = tmp_path / "late.yml"
    scenario.write_text(SCENARIO.read_text(encoding="utf-8") + event, encoding="utf-8")

    with running_cluster(scenario, tmp_path) as cluster:
        answer = Ansible(tmp_path, cluster.inventory, plugin).evacuate("-e", "evacuate_node_name=NODE1")

        assert answer.code == FAILED
        assert "although all planned moves have ended: app03." in answer.text
        assert cluster.migrations() == dict.fromkeys(ON_NODE1, 1)
        assert cluster.node_states()["NODE1"] == "up"


def test_a_vm_of_another_node_steps_aside_and_comes_home(tmp_path: pathlib.Path, plugin: str) -> None:
    given = tmp_path / "crowded.yml"
    given.write_text(as_text(CROWDED), encoding="utf-8")

    with running_cluster(given, tmp_path) as cluster:
        ansible = Ansible(tmp_path, cluster.inventory, plugin)
        begun = cluster.owners()
        node, allowed = ("-e", "evacuate_node_name=NODE1"), ("-e", "evacuate_node_helpers=1")

        refused = ansible.evacuate(*node)
        assert refused.code == FAILED
        assert "With helpers=1 (the roles' evacuate_node_helpers) every VM has a place" in refused.text
        wrong = ansible.evacuate(*node, "-e", "evacuate_node_helpers=11")
        assert "helpers is 11. It must be from 0 to 10." in wrong.text
        assert "The variable of the role is evacuate_node_helpers." in wrong.text
        wrong = ansible.evacuate(*node, "-e", "evacuate_node_preferred_owner_cost=-1")
        assert "The variable of the role is evacuate_node_preferred_owner_cost." in wrong.text

        speed = ("-e", "evacuate_node_preferred_owner_cost=0", "-e", '{"evacuate_node_link_rates": {"NODE2": 1200}}')
        dry = ansible.evacuate(*node, *allowed, *speed, "--check")
        assert dry.code == 0, dry.text
        assert "app02 (helper)" in dry.text
        assert "at the given link rates" in dry.text
        assert (cluster.owners(), cluster.migrations()) == (begun, {})

        done = ansible.evacuate(*node, *allowed)
        assert done.code == 0, done.text
        assert "app02 (helper)" in done.text
        assert cluster.owners() == {**begun, "big": "NODE2", "app02": "NODE3"}

        restore = ["ansible-playbook", *ansible.sources, "hyperv.migration.restore_node"]
        back = ansible.run(*restore, "-e", "restore_node_name=NODE1")
        assert back.code == 0, back.text
        assert cluster.owners() == begun


def test_the_destinations_and_the_node_to_talk_through_can_be_chosen(cluster: RunningCluster, ansible: Ansible) -> None:
    chosen = ["-e", "evacuate_node_via=NODE3", "-e", '{"evacuate_node_destinations": ["node3"]}']

    answer = ansible.evacuate("-e", "evacuate_node_name=NODE1", *chosen)

    assert answer.code == 0, answer.text
    assert answer.recap("NODE3", "changed") == 1
    assert {cluster.owners()[name] for name in ON_NODE1} == {"NODE3"}


def test_the_first_other_node_may_be_down(tmp_path: pathlib.Path, plugin: str) -> None:
    given = tmp_path / "down.yml"
    nodes = [node("NODE1"), node("NODE2", state="down"), node("NODE3")]
    given.write_text(as_text(scenario(nodes, [vm("web01", memory_mb=1000)])), encoding="utf-8")

    with running_cluster(given, tmp_path) as cluster:
        answer = Ansible(tmp_path, cluster.inventory, plugin).evacuate("-e", "evacuate_node_name=NODE1")

        assert answer.code == 0, answer.text
        assert answer.recap("NODE3", "changed") == 1
        assert cluster.owners() == {"web01": "NODE3"}


def test_a_limit_chooses_the_node_to_talk_through(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.evacuate("-e", "evacuate_node_name=NODE1", "--limit", "NODE3")

    assert answer.recap("NODE3", "changed") == 1
    assert "NODE1" not in cluster.owners().values()


@pytest.mark.parametrize(
    ("inventory", "options", "said"),
    [
        (
            "hyperv_nodes: {hosts: {NODE1: }}",
            [],
            "evacuate_node_name is not given. Say which node is meant: evacuate_node_name=NODE1",
        ),
        ("other: {hosts: {NODE1: }}", ["-e", "evacuate_node_name=NODE1"], "no host in the group hyperv_nodes"),
        (
            "hyperv_nodes: {hosts: {NODE1: , NODE2: }}",
            ["-e", "evacuate_node_name=NODE1", "-e", "evacuate_node_via=NODE9"],
            "evacuate_node_via is NODE9, which is not one host of the inventory",
        ),
    ],
    ids=["no name", "no group", "unknown node to talk through"],
)
def test_what_the_playbook_misses_is_told(
    tmp_path: pathlib.Path, inventory: str, options: list[str], said: str
) -> None:
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(inventory, encoding="utf-8")

    answer = Ansible(tmp_path, hosts).evacuate(*options)

    assert answer.code == FAILED
    assert said in answer.text
