# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A wrong password is not tried at all hosts of a group, which would lock the account."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

NODES = [f"NODE{number}" for number in range(1, 25)]
ONCE = {"opened": 1, "open": 0, "logins": 1}
ALL = {"hosts": NODES}


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    content = {
        "user": {"name": "operator", "password": "simulated-Passw0rd"},
        "nodes": [{"name": node} for node in NODES],
    }
    scenario = folder / "scenario.yml"
    scenario.write_text(yaml.safe_dump(content), encoding="utf-8")
    with running_cluster(scenario, folder) as cluster:
        yield cluster


@pytest.mark.over_psrp
@pytest.mark.parametrize(
    ("module", "arguments"), [("hyperv_via_info", {"node": "NODE99", **ALL}), ("hyperv_readiness_info", ALL)]
)
def test_two_hosts_are_asked_with_a_wrong_password(
    cluster: RunningCluster, ansible: Ansible, module: str, arguments: dict[str, object]
) -> None:
    answer = ansible.ad_hoc("NODE1", module, json.dumps(arguments), "-e", "ansible_password=Marked-Wr0ng")

    assert sum(cluster.counters()["refused_logins"].values()) == 2, answer.text
    assert set(cluster.counters()["refused_logins"].values()) == {1}
    assert cluster.counters()["requests"] == {}
    assert "was not asked, because the account 'operator' was refused by 127.0.0.1" in answer.text
    assert "Marked-Wr0ng" not in answer.text


@pytest.mark.over_psrp
def test_hosts_that_were_not_asked_are_told_together(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.ad_hoc(
        "NODE1", "hyperv_via_info", json.dumps({"node": "NODE99", **ALL}), "-e", "ansible_password=wrong"
    )
    assert answer.message.count("refused the credentials of user 'operator'") == 1, answer.message
    assert answer.message.count("was not asked") == 1, answer.message


@pytest.mark.over_psrp
def test_another_password_of_some_hosts_is_tried_at_two_of_them_as_well(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    apart = {node: {"ansible_password": "another"} for node in NODES[:12]}
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"hyperv_nodes": {"hosts": apart}}), encoding="utf-8")
    answer = ansible.ad_hoc("NODE24", "hyperv_via_info", json.dumps({"node": "NODE99", **ALL}), "-i", str(own))

    refused = cluster.counters()["refused_logins"]
    assert (len(refused), set(refused) <= set(apart)) == (2, True), answer.text
    assert {node: cluster.connections()[node]["logins"] for node in NODES[12:]} == dict.fromkeys(NODES[12:], 1)


def test_the_right_password_takes_one_login_at_each_host(cluster: RunningCluster, ansible: Ansible) -> None:
    answer = ansible.ad_hoc("NODE1", "hyperv_readiness_info", json.dumps(ALL))

    assert answer.code == 0, answer.text
    assert cluster.counters()["refused_logins"] == {}
    assert cluster.connections() == dict.fromkeys(NODES, ONCE)
