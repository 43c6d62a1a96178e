# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user gets who asks what a cluster can do, what stands in the way, and which VM is meant."""

from __future__ import annotations

import json
import pathlib
import typing as t
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster
from tests.support import windows

pytestmark = pytest.mark.long

SCENARIO = pathlib.Path(__file__).with_name("capabilities.yml")
CAPABILITIES, VMS, NODES, MIGRATE = (
    "hyperv_migration_capabilities_info",
    "hyperv_vm_info",
    "hyperv_cluster_node_info",
    "hyperv_vm_migrate",
)
ODD = 'O\'Brien "x" \\ % _ [1]'


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    with running_cluster(SCENARIO, folder) as cluster:
        yield cluster


def arguments(**options: t.Any) -> str:
    """Return module arguments as JSON: nothing in them is quoted or read as anything but data."""
    return json.dumps(options)


@pytest.mark.over_psrp
def test_everything_that_stands_in_the_way_is_listed_with_a_remedy(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.ad_hoc("NODE1", CAPABILITIES)

    assert answer.code == 0
    found = [(one["subject"], one["code"], one["severity"]) for one in answer.result["findings"]]
    assert found == [
        ("NODE2", "credssp", "warning"),
        ("NODE3", "no_listener", "error"),
        ("NODE4", "node_paused", "error"),
        ("NODE5", "node_down", "error"),
        ("HVC1", "mixed_authentication", "warning"),
        ("HVC1", "mixed_versions", "warning"),
    ]
    assert all(one["message"] and one["remedy"] for one in answer.result["findings"])


def test_the_cluster_its_service_and_its_nodes_are_described(cluster: RunningCluster, ansible: Ansible) -> None:
    result = ansible.ad_hoc("NODE1", CAPABILITIES).result

    limits = (result["cluster"]["maximum_parallel_migrations"], result["cluster"]["smb_bandwidth_limit_percent"])
    assert limits == ((2, 25.0) if windows.HAS_CLUSTER_WIDE_LIMIT else (None, None))
    assert result["cluster"]["core_group_owner"] == "NODE2"
    assert (result["service"]["node"], result["service"]["shown_by"]) == ("NODE2", ["NODE2"])
    assert "MigrateVirtualSystemToSystem" in result["capabilities"]["asynchronous"]
    assert "virtual_system" in result["setting_data"]["migration_types"]
    assert [(node["node"], node["answered"]) for node in result["nodes"]] == [
        ("NODE1", True),
        ("NODE2", True),
        ("NODE3", True),
        ("NODE4", True),
        ("NODE5", False),
    ]
    assert [network["subnet"] for network in result["nodes"][0]["networks"]] == ["10.30.0.0", "10.20.0.0"]
    assert [node["version"] for node in result["nodes"][:3]] == [windows.RELEASE, windows.RELEASE, "2019"]
    assert result["move"] is None


def test_only_the_nodes_that_are_named_are_looked_at(cluster: RunningCluster, ansible: Ansible) -> None:
    result = ansible.ad_hoc("NODE1", CAPABILITIES, arguments(nodes=["node1.corp.example", "NODE1"])).result

    assert [node["node"] for node in result["nodes"]] == ["NODE1"]
    assert result["findings"] == []


def test_a_move_that_would_work_is_said_to_be_possible(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.ad_hoc("NODE1", CAPABILITIES, arguments(name="WEB01", destination_host="node2"))

    move = answer.result["move"]
    assert (answer.code, move["possible"], move["checked"]) == (0, True, True)
    assert (move["source_host"], move["destination_host"]) == ("NODE1", "NODE2")
    assert {(finding["code"], finding["severity"]) for finding in move["findings"]} == {
        ("credssp", "warning"),
        ("mixed_authentication", "warning"),
    }
    assert cluster.migrations() == {}


@pytest.mark.parametrize(
    ("vm", "node", "reason"),
    [
        ("web01", "NODE3", "no_listener"),
        ("web02", "NODE3", "not_possible_owner"),
    ],
)
def test_a_move_that_would_fail_is_not_possible_and_no_error(
    cluster: RunningCluster, ansible: Ansible, vm: str, node: str, reason: str
) -> None:
    answer = ansible.ad_hoc("NODE1", CAPABILITIES, arguments(name=vm, destination_host=node))

    assert (answer.code, answer.result["move"]["possible"]) == (0, False)
    assert (reason, "error") in [(one["code"], one["severity"]) for one in answer.result["move"]["findings"]]
    assert cluster.migrations() == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "web01"}, "destination_host"),
        ({"destination_host": "NODE2"}, "name or vm_id"),
        ({"name": "db01", "destination_host": "NODE3"}, "2 VMs are called"),
        ({"vm_id": "db01", "destination_host": "NODE3"}, "is not a VM id"),
    ],
)
def test_a_question_that_names_nothing_is_an_error(
    cluster: RunningCluster, ansible: Ansible, options: dict[str, object], said: str
) -> None:
    answer = ansible.ad_hoc("NODE1", CAPABILITIES, arguments(**options))

    assert answer.code != 0
    assert said in answer.message


def test_a_name_of_two_vms_is_listed_twice_and_moved_by_id_only(cluster: RunningCluster, ansible: Ansible) -> None:
    vms = ansible.ad_hoc("NODE1", VMS, arguments(name="DB01")).result["vms"]
    refused = ansible.ad_hoc("NODE1", MIGRATE, arguments(name="db01", destination_host="NODE2"))
    by_id = {vm["node"]: vm["id"] for vm in vms}
    moved = ansible.ad_hoc(
        "NODE1", MIGRATE, arguments(vm_id=by_id["NODE1"].lower(), destination_host="NODE2", poll_interval=0.1)
    )

    assert [(vm["name"], vm["node"], vm["state"]) for vm in sorted(vms, key=lambda vm: str(vm["node"]))] == [
        ("db01", "NODE1", "running"),
        ("db01", "NODE2", "off"),
    ]
    assert refused.code != 0
    assert all(f"{vm_id} on {node}" in refused.message for node, vm_id in by_id.items())
    assert (moved.code, moved.result["outcome"]) == (0, "moved")


@pytest.mark.over_psrp
def test_a_name_of_quotes_and_wildcards_is_data(cluster: RunningCluster, ansible: Ansible) -> None:
    (vm,) = ansible.ad_hoc("NODE1", VMS, arguments(name=ODD)).result["vms"]
    nothing = ansible.ad_hoc("NODE1", VMS, arguments(name="%")).result["vms"]
    moved = ansible.ad_hoc("NODE1", MIGRATE, arguments(name=ODD, destination_host="NODE2", poll_interval=0.1))

    assert (vm["name"], vm["node"], vm["group"], nothing) == (ODD, "NODE1", "odd", [])
    assert (moved.code, moved.result["outcome"], moved.result["vm"]["name"]) == (0, "moved", ODD)
    assert cluster.owners()[ODD] == "NODE2"


def test_vms_are_listed_by_state_and_a_state_that_does_not_exist_is_refused(
    cluster: RunningCluster, ansible: Ansible
) -> None:
    off = ansible.ad_hoc("NODE1", VMS, "state=off").result["vms"]
    refused = ansible.ad_hoc("NODE1", VMS, "state=Off")

    assert [(vm["name"], vm["node"], vm["memory_mb"]) for vm in off] == [("db01", "NODE2", 0)]
    assert refused.code != 0
    assert "running, off" in refused.message


def test_nodes_are_listed_with_their_version_whether_they_run_or_not(cluster: RunningCluster, ansible: Ansible) -> None:
    nodes = ansible.ad_hoc("NODE1", NODES).result["nodes"]

    assert [(node["name"], node["state"], node["version"]) for node in nodes[2:]] == [
        ("NODE3", "up", "2019"),
        ("NODE4", "paused", windows.RELEASE),
        ("NODE5", "down", windows.RELEASE),
    ]
    assert nodes[4]["free_memory_mb"] is None
    assert [(one["code"], one["subject"], one["message"]) for one in nodes[4]["findings"]] == [
        ("node_down", "NODE5", "The node is down.")
    ]
    assert nodes[0]["findings"] == []
