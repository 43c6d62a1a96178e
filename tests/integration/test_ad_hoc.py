# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user gets who types ``ansible NODE1 -m hyperv.migration.MODULE``. No command may warn or open a shell."""

from __future__ import annotations

import pathlib

import pytest

from tests.integration.commands import SCENARIO, Ansible
from tests.running_cluster import RunningCluster, running_cluster

UNREACHABLE = 4
MIGRATE = "hyperv_vm_migrate"
FAST = "poll_interval=0.1"


@pytest.mark.over_psrp
def test_a_vm_is_moved_once_and_found_there_by_the_second_run(cluster: RunningCluster, ansible: Ansible) -> None:
    first = ansible.ad_hoc("NODE1", MIGRATE, f"name=web01 destination_host=NODE2 {FAST}")
    again = ansible.ad_hoc("NODE1", MIGRATE, f"name=web01 destination_host=NODE2 {FAST}")

    assert (first.code, first.result["changed"], first.result["outcome"]) == (0, True, "moved")
    assert (again.code, again.result["changed"], again.result["outcome"]) == (0, False, "already_there")
    assert cluster.owners()["web01"] == "NODE2"
    assert cluster.migrations() == {"web01": 1}


@pytest.mark.over_psrp
def test_a_dry_run_tells_the_owners_before_and_after_and_moves_nothing(
    cluster: RunningCluster, ansible: Ansible
) -> None:
    owners = cluster.owners()

    answer = ansible.ad_hoc("NODE1", MIGRATE, "name=web01 destination_host=NODE2", "--check", "--diff")

    assert answer.code == 0
    assert "-web01: NODE1\n+web01: NODE2\n" in answer.text
    assert (answer.result["outcome"], answer.result["checked"]) == ("would_move", True)
    assert cluster.owners() == owners
    assert cluster.migrations() == {}


def test_a_node_is_known_by_any_form_of_its_name(cluster: RunningCluster, ansible: Ansible) -> None:
    by_full_name = ansible.ad_hoc("NODE1", MIGRATE, f"name=web01 destination_host=node2.corp.example {FAST}")
    in_small_letters = ansible.ad_hoc("NODE1", MIGRATE, "name=web01 destination_host=node2")
    in_capitals = ansible.ad_hoc("NODE1", MIGRATE, "name=web01 destination_host=NODE2.CORP.EXAMPLE")

    assert [one.result["changed"] for one in (by_full_name, in_small_letters, in_capitals)] == [True, False, False]
    assert cluster.owners()["web01"] == "NODE2"


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ("name=web99 destination_host=NODE2", [], ["web99"]),
        ("name=web01 destination_host=NODE9", [], ["NODE9", "NODE2"]),
        ("name=web01 destination_host=NODE4", [], ["NODE4", "paused"]),
        ("name=web01 destination_host=NODE4", ["--check"], ["NODE4", "paused"]),
        ("name=pinned01 destination_host=NODE1", ["--check"], ["pinned01", "possible owner"]),
    ],
    ids=["unknown VM", "unknown node", "paused node", "paused node, dry run", "node that may not own the VM, dry run"],
)
def test_a_move_that_cannot_be_is_refused_with_its_reason(
    cluster: RunningCluster, ansible: Ansible, arguments: str, options: list[str], said: list[str]
) -> None:
    owners = cluster.owners()

    answer = ansible.ad_hoc("NODE1", MIGRATE, arguments, *options)

    assert answer.code not in (0, UNREACHABLE)
    assert all(word in answer.message for word in said), answer.message
    assert cluster.owners() == owners
    assert cluster.migrations() == {}


def test_a_job_that_fails_on_its_way_fails_the_task_with_its_hresult(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.ad_hoc("NODE1", MIGRATE, f"name=broken03 destination_host=NODE1 {FAST}")

    assert answer.code not in (0, UNREACHABLE)
    assert answer.result["error"]["hresult"] == "0x8007000E"
    assert "memory" in answer.message
    assert cluster.owners()["broken03"] == "NODE3"
    assert cluster.migrations() == {"broken03": 1}


@pytest.mark.over_psrp
def test_a_wrong_password_is_told(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.ad_hoc("NODE1", "hyperv_vm_info", "", "-e", "ansible_password=wrong")

    assert answer.code == UNREACHABLE
    assert "refused the credentials" in answer.message
    assert "ansible_password" in answer.message


@pytest.mark.over_psrp
def test_a_cluster_that_does_not_run_is_told(tmp_path: pathlib.Path, plugin: str) -> None:
    with running_cluster(SCENARIO, tmp_path) as stopped:
        pass

    answer = Ansible(tmp_path, stopped.inventory, plugin).ad_hoc("NODE1", "hyperv_vm_info")

    assert answer.code == UNREACHABLE
    assert "refused the connection" in answer.message


def test_another_connection_plugin_is_refused(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.ad_hoc("NODE1", "hyperv_vm_info", "", "-e", "ansible_connection=local")

    assert answer.code not in (0, UNREACHABLE)
    assert "ansible_connection" in answer.message


@pytest.mark.over_psrp
def test_capabilities_name_what_stands_in_the_way(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.ad_hoc("NODE1", "hyperv_migration_capabilities_info")

    assert answer.code == 0
    assert answer.result["cluster"]["name"] == "HVC1"
    assert "MigrateVirtualSystemToSystem" in answer.result["capabilities"]["asynchronous"]
    assert [node["node"] for node in answer.result["nodes"]] == ["NODE1", "NODE2", "NODE3", "NODE4"]
    assert [finding["subject"] for finding in answer.result["findings"]] == ["NODE4"]


def test_each_node_is_reached_by_its_own_connection_plugin(
    cluster: RunningCluster, tmp_path: pathlib.Path, plugin: str
) -> None:
    other = {"winrm": "psrp", "psrp": "winrm"}[plugin]
    mixed = tmp_path / "mixed.yml"
    mixed.write_text(f"all: {{hosts: {{NODE2: {{ansible_connection: {other}}}}}}}\n", encoding="utf-8")
    ansible = Ansible(tmp_path, cluster.inventory, plugin)
    ansible.sources += ["-i", str(mixed)]

    answer = ansible.ad_hoc("NODE1", "hyperv_migration_capabilities_info", "", "-vvv")

    assert answer.code == 0
    assert [node["node"] for node in answer.result["nodes"]] == ["NODE1", "NODE2", "NODE3", "NODE4"]
    assert [finding["subject"] for finding in answer.result["findings"]] == ["NODE4"]
    assert "requests sent to NODE2" in answer.text


def test_vms_and_nodes_are_listed_as_they_are(cluster: RunningCluster, ansible: Ansible) -> None:
    vms = ansible.ad_hoc("NODE2", "hyperv_vm_info", "node=node1.corp.example").result["vms"]
    nodes = ansible.ad_hoc("NODE2", "hyperv_cluster_node_info").result["nodes"]

    assert [(vm["name"], vm["state"]) for vm in vms] == [
        ("db01", "running"),
        ("test01", "off"),
        ("web01", "running"),
        ("web02", "running"),
    ]
    assert {node["name"]: node["state"] for node in nodes} == cluster.node_states()
    assert [node["vm_count"] for node in nodes] == [4, 2, 2, 0]
    assert all(0 < node["free_memory_mb"] < node["total_memory_mb"] for node in nodes)


def test_a_node_is_paused_and_resumed_once(cluster: RunningCluster, ansible: Ansible) -> None:
    answers = [
        ansible.ad_hoc("NODE1", "hyperv_cluster_node", f"name=node3 state={state}")
        for state in ("maintenance", "maintenance", "active")
    ]

    assert [answer.code for answer in answers] == [0, 0, 0]
    assert [answer.result["changed"] for answer in answers] == [True, False, True]
    assert cluster.node_states()["NODE3"] == "up"


def test_the_documentation_can_be_read(ansible: Ansible) -> None:
    answer = ansible.run("ansible-doc", "-t", "module", "hyperv.migration.hyperv_vm_migrate")

    assert answer.code == 0
    assert "destination_host" in answer.text
