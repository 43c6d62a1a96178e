# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster whose nodes are not members of a domain: a move, a maintenance, and what is said of logins."""

from __future__ import annotations

import pathlib
import typing as t
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

SCENARIO = pathlib.Path(__file__).parent / "workgroup.yml"
FAILED = 2
pytestmark = [pytest.mark.over_psrp, pytest.mark.long]


class Place(t.NamedTuple):
    cluster: RunningCluster
    ansible: Ansible


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, plugin: str) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("workgroup")
    with running_cluster(SCENARIO, folder) as cluster:
        yield Place(cluster, Ansible(folder, cluster.inventory, plugin))


@pytest.fixture
def place(running: Place) -> Place:
    running.cluster.reset()
    return running


@pytest.mark.parametrize("method", ["auto", "cluster_group"])
def test_a_vm_is_moved(place: Place, method: str) -> None:
    arguments = f"name=web01 destination_host=NODE2 poll_interval=0.1 method={method}"
    answer = place.ansible.ad_hoc("NODE1", "hyperv_vm_migrate", arguments)

    assert answer.code == 0, answer.text
    assert (answer.result["outcome"], answer.result["checked"]) == ("moved", True)
    assert place.cluster.owners()["web01"] == "NODE2"


def test_a_node_is_emptied_and_filled_again(place: Place) -> None:
    emptied = place.ansible.evacuate("-e", "evacuate_node_name=NODE1")

    assert emptied.code == 0, emptied.text
    assert "NODE1" not in place.cluster.owners().values()
    assert place.cluster.node_states()["NODE1"] == "paused"

    command = ["ansible-playbook", *place.ansible.sources, "hyperv.migration.restore_node"]
    filled = place.ansible.run(*command, "-e", "restore_node_name=NODE1", "-e", "restore_node_poll_interval=0.1")

    assert filled.code == 0, filled.text
    assert {name for name, owner in place.cluster.owners().items() if owner == "NODE1"} == {"web01", "web02"}
    assert place.cluster.node_states()["NODE1"] == "up"


def test_what_is_said_of_logins_is_about_certificates_and_not_about_kerberos(place: Place) -> None:
    answer = place.ansible.ad_hoc("NODE1", "hyperv_migration_capabilities_info")
    found = [finding for finding in answer.result["findings"] if finding["subject_kind"] == "node"]

    assert answer.code == 0, answer.text
    assert [(finding["subject"], finding["code"]) for finding in found] == [
        (name, "workgroup_migration") for name in ("NODE1", "NODE2", "NODE3")
    ]
    assert all("certificate" in f"{finding['message']} {finding['remedy']}" for finding in found)


def test_nodes_that_cannot_log_on_to_each_other_get_the_remedy_for_a_workgroup(place: Place) -> None:
    arguments = "name=login01 destination_host=NODE3 poll_interval=0.1"
    command = ["ansible", *place.ansible.sources, "NODE1", "-m", "hyperv.migration.hyperv_vm_migrate", "-a", arguments]
    answer = place.ansible.run(*command, warns=True)

    assert answer.code == FAILED, answer.text
    assert "LocalAccountTokenFilterPolicy" in answer.result["error"]["remedy"]
    assert "constrained delegation" not in answer.message
