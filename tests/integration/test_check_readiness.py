# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""First contact and rehearsal as a user meets them: the table of what is ready, and a scenario of one's own cluster."""

from __future__ import annotations

import pathlib

import pytest

from tests.integration.commands import Ansible
from tests.running_cluster import SCENARIOS, running_cluster
from tests.simulator.scenario_file import read_scenario_file

pytestmark = pytest.mark.long

USER = "user: {name: operator, password: simulated-Passw0rd}\n"
NODES = USER + "nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3}]\n"
CHECK = "hyperv.migration.check_readiness"


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (NODES, 0, ["Everything is ready.", "capacity_without_node"]),
        (NODES.replace("NODE1}", "NODE1, state: down}"), 2, ["state", "not_ready", "Bring it up"]),
        (
            NODES
            + "faults: [{effect: fault, code: 0x80041003, times: null, node: NODE1, namespace: root/MSCluster}]\n",
            2,
            ["rights", "Grant-ClusterAccess"],
        ),
        (NODES + "vms: [{name: big, owner: NODE1, memory_mb: 125000}]\n", 2, ["big"]),
        (NODES.replace("NODE2}", "NODE2, authentication: credssp}"), 0, ["authentication", "warning", "Set-VMHost"]),
    ],
    ids=["ready", "down", "denied", "capacity", "credssp"],
)
def test_the_table_tells_what_is_ready(tmp_path: pathlib.Path, text: str, code: int, told: list[str]) -> None:
    scenario = tmp_path / "scenario.yml"
    scenario.write_text(text, encoding="utf-8")
    with running_cluster(scenario, tmp_path) as cluster:
        answer = Ansible(tmp_path, cluster.inventory).run("ansible-playbook", "-i", str(cluster.inventory), CHECK)
    assert answer.code == code, answer.text
    assert all(one in answer.text for one in told), answer.text


def test_a_scenario_is_written_that_the_simulated_cluster_takes(tmp_path: pathlib.Path) -> None:
    playbook = "hyperv.migration.write_scenario"
    with running_cluster(SCENARIOS / "demo.yml", tmp_path) as cluster:
        answer = Ansible(tmp_path, cluster.inventory).run("ansible-playbook", "-i", str(cluster.inventory), playbook)
    assert answer.code == 0, answer.text
    assert len(read_scenario_file(tmp_path / "scenario.yml").vms) == len(read_scenario_file(SCENARIOS / "demo.yml").vms)


def test_a_scenario_that_cannot_be_written_is_not_printed_instead(tmp_path: pathlib.Path) -> None:
    playbook = "hyperv.migration.write_scenario"
    (tmp_path / "scenario.yml").mkdir()
    with running_cluster(SCENARIOS / "demo.yml", tmp_path) as cluster:
        answer = Ansible(tmp_path, cluster.inventory).run("ansible-playbook", "-i", str(cluster.inventory), playbook)
    assert answer.code == 2
    assert f"(item={tmp_path}/scenario.yml)" in answer.text
    assert "memory_mb" not in answer.text
