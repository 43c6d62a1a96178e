# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real Ansible commands over HTTPS with every login: one connection to each node and one login for the whole task."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible
from tests.integration.secured import NODES, Secured, needs_kerberos, secured
from tests.running_cluster import RunningCluster, running_cluster

UNREACHABLE = 4
LOGINS = [
    *(pytest.param(login, marks=pytest.mark.long) for login in ("ntlm", "basic", "certificate", "credssp")),
    pytest.param("kerberos", marks=needs_kerberos),
]
PAUSED = "NODE4"  # no plan asks what a paused node can take
NEVER = {"opened": 0, "open": 0, "logins": 0}
ONCE = {"opened": 1, "open": 0, "logins": 1}


@pytest.fixture(scope="module")
def cluster_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("secured")) as written:
        yield written


@pytest.fixture(scope="module")
def simulator(cluster_files: Secured) -> Iterator[RunningCluster]:
    with running_cluster(cluster_files.scenario, cluster_files.folder) as cluster:
        yield cluster


@pytest.fixture
def tasks(cluster_files: Secured, simulator: RunningCluster, plugin: str, tmp_path: pathlib.Path) -> Ansible:
    return Ansible(tmp_path, simulator.inventory, plugin)


@pytest.mark.over_psrp
@pytest.mark.parametrize("login", LOGINS)
def test_a_task_opens_one_connection_to_each_node_and_logs_in_once(
    cluster: RunningCluster, tasks: Ansible, cluster_files: Secured, plugin: str, login: str
) -> None:
    sources = ["-i", cluster_files.inventory(login, plugin)]

    moved = tasks.ad_hoc("NODE1", "hyperv_vm_migrate", "name=web01 destination_host=NODE2 poll_interval=0.1", *sources)
    assert (moved.code, cluster.owners()["web01"]) == (0, "NODE2"), moved.text
    assert sum(cluster.counters()["requests"].values()) > 3
    opened = {node: counts for node, counts in cluster.connections().items() if counts["opened"]}
    # Where names tell no DNS domain, a host next to it is asked of which cluster it is.
    assert opened in ({"NODE1": ONCE}, {"NODE1": ONCE, "NODE2": ONCE})

    cluster.reset()
    plan = tasks.ad_hoc("NODE1", "hyperv_evacuation_plan_info", "node=NODE1", *sources)
    assert plan.code == 0, plan.text
    assert cluster.connections() == {**dict.fromkeys(NODES, ONCE), PAUSED: NEVER}


@pytest.mark.over_psrp
def test_a_certificate_that_is_not_trusted_makes_the_host_unreachable_by_default(
    cluster: RunningCluster, tasks: Ansible, cluster_files: Secured, plugin: str
) -> None:
    nothing = {"ansible_winrm_ca_trust_path": None, "ansible_psrp_ca_cert": None}
    sources = ["-i", cluster_files.inventory("basic", plugin, **nothing)]

    answer = tasks.ad_hoc("NODE1", "hyperv_cluster_node_info", "", *sources)

    assert answer.code == UNREACHABLE, answer.text
    assert "NODE1 | UNREACHABLE!" in answer.text
    assert "TLS with 127.0.0.1" in answer.message
    assert "that its issuer is trusted" in answer.message
    assert cluster.counters()["requests"] == {}
