# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks that Ansible's time limit cuts off in the middle: what they say is what is, and the same again ends right."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

FAILED = 2
SCENARIO = """
cluster: {name: HVC1, fqdn: hvc1.corp.example}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 5}
network: {megabytes_per_second: 100}
nodes: [{name: NODE1, memory_mb: 65536}, {name: NODE2, memory_mb: 65536}, {name: NODE3, memory_mb: 65536}]
vms:
  - {name: small, owner: NODE1, memory_mb: 100, priority: 4000}
  - {name: web01, owner: NODE1, memory_mb: 12288, priority: 3000}
  - {name: web02, owner: NODE1, memory_mb: 12288}
  - {name: web03, owner: NODE1, memory_mb: 12288, priority: 1000}
"""
SAID = "This task was cut off after 10 s by Ansible's time limit for tasks"


@pytest.fixture
def slow(tmp_path: pathlib.Path) -> Iterator[RunningCluster]:
    (tmp_path / "scenario.yml").write_text(SCENARIO, encoding="utf-8")
    with running_cluster(tmp_path / "scenario.yml", tmp_path) as cluster:
        yield cluster


def test_an_evacuation_that_is_cut_off_says_what_moves_and_goes_on_when_run_again(
    slow: RunningCluster, tmp_path: pathlib.Path
) -> None:
    ansible = Ansible(tmp_path, slow.inventory)
    command = ["ansible-playbook", *ansible.sources, "hyperv.migration.evacuate_node", "-e", "evacuate_node_name=NODE1"]

    answer = ansible.run(*command, "-e", "evacuate_node_poll_interval=0.1", warns=True, ANSIBLE_TASK_TIMEOUT="10")

    assert answer.code == FAILED
    text = " ".join(answer.text.split())
    assert "WARNING: This task is cut off after 10 s" in text
    assert (
        f"{SAID} (timeout of the task or play, ANSIBLE_TASK_TIMEOUT, or task_timeout in ansible.cfg). Moved: small."
        in text
    )
    assert "Still moving: web01 (NODE1 -> " in text
    assert "Not begun: web03." in text
    assert "The node was given back: it takes VMs again." in text
    assert slow.node_states()["NODE1"] == "up"
    (ledger,) = tmp_path.glob("hyperv-ledger-*.json")
    outcomes = {vm["name"]: vm["outcome"] for vm in json.loads(ledger.read_text(encoding="utf-8"))["vms"]}
    assert outcomes == {"small": "moved", "web01": "started", "web02": "started", "web03": "not_begun"}

    again = ansible.run(*command, "-e", "evacuate_node_poll_interval=0.1")

    assert again.code == 0, again.text
    assert "NODE1" not in slow.owners().values()
    assert set(slow.migrations().values()) == {1}


def test_moves_that_are_cut_off_are_returned_as_they_were_found_after_that(
    slow: RunningCluster, tmp_path: pathlib.Path
) -> None:
    ansible = Ansible(tmp_path, slow.inventory)
    moves = [{"name": name, "destination_host": "NODE2"} for name in ("small", "web01", "web02", "web03")]
    arguments = json.dumps({"moves": moves, "poll_interval": 0.1})

    answer = ansible.run(
        *["ansible", *ansible.sources, "NODE2", "-m", "hyperv.migration.hyperv_vm_migrate", "-a", arguments],
        warns=True,
        ANSIBLE_TASK_TIMEOUT="10",
    )

    assert answer.code == FAILED
    assert answer.message.startswith(SAID)
    assert {one["vm"]["name"]: one["outcome"] for one in answer.result["moves"]} == {
        "small": "moved",
        "web01": "started",
        "web02": "started",
        "web03": "not_begun",
    }
    assert answer.result["changed"]
