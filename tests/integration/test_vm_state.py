# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user gets who starts and stops VMs, looks at the cluster's health, and restarts a node by hand."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

SCENARIO = pathlib.Path(__file__).with_name("rolling.yml")
STATE = "hyperv_vm_state"


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    with running_cluster(SCENARIO, folder) as cluster:
        yield cluster


def state_of(cluster: RunningCluster, vm: str) -> str:
    return next(str(one["state"]) for one in cluster.state()["vms"] if one["name"] == vm)


def test_a_vm_is_shut_down_once_and_started_again(cluster: RunningCluster, ansible: Ansible) -> None:
    options = "poll_interval=0.05"

    planned = ansible.ad_hoc("NODE4", STATE, f"name=WEB01 state=shut_down {options}", "--check", "--diff")
    assert planned.result["vms"][0]["outcome"] == "would_change"
    assert "+web01: off" in planned.text
    assert state_of(cluster, "web01") == "running"

    first = ansible.ad_hoc("NODE4", STATE, f"name=WEB01 state=shut_down {options}")
    again = ansible.ad_hoc("NODE4", STATE, f"name=WEB01 state=shut_down {options}")
    assert [answer.result["changed"] for answer in (first, again)] == [True, False]
    assert state_of(cluster, "web01") == "off"

    vm_id = first.result["vms"][0]["id"]
    started = ansible.ad_hoc(
        "NODE4", STATE, f'{{"vms": [{{"vm_id": "{vm_id}", "reason": "any"}}], "state": "running"}}'
    )
    assert (started.result["changed"], state_of(cluster, "web01")) == (True, "running")


def test_what_is_wrong_with_a_wish_is_told_before_anything_is_asked(cluster: RunningCluster, ansible: Ansible) -> None:
    assert "Did you mean 'web01'" in ansible.ad_hoc("NODE1", STATE, "name=wep01 state=saved").message
    assert "needs_force" in ansible.ad_hoc("NODE1", STATE, "name=web01 state=off").text
    assert "neither vm_id nor name" in ansible.ad_hoc("NODE1", STATE, '{"vms": [{}], "state": "saved"}').message
    assert ansible.ad_hoc("NODE1", STATE, '{"vms": [], "state": "saved"}').result["changed"] is False
    assert all(vm["commands"] == [] for vm in cluster.state()["vms"])


def test_the_health_of_the_cluster_and_a_restart_by_hand(cluster: RunningCluster, ansible: Ansible) -> None:
    assert ansible.ad_hoc("NODE2", "hyperv_cluster_health_info", "node=NODE1").result["healthy"] is True

    refused = ansible.ad_hoc("NODE2", "hyperv_node_restart", "name=NODE1")

    assert "Node NODE1 is up, and only a paused one is restarted." in refused.message
    assert [node["restarts_requested"] for node in cluster.state()["nodes"]] == [0, 0, 0, 0]
