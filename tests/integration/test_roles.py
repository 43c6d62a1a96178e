# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node with a file server, shared volumes and the core group: emptied of all of them, restarted, and refilled."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import time
import typing as t

import pytest

from tests.ansible_command import ansible_environment
from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

SCENARIO = """
cluster: {name: HVC1, fqdn: hvc1.corp.example}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 20}
nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3}]
vms: [{name: web01, owner: NODE1, memory_mb: 2048}]
roles:
  - {name: FS1, type: file_server, owner: NODE1, move_seconds: 20}
  - {name: Cluster Virtual Disk (Volume1), type: shared_volume, owner: NODE1, move_seconds: 20}
  - {name: Cluster Virtual Disk (Volume2), type: shared_volume, owner: NODE1, move_seconds: 20}
"""
MOVING = {"FS1", "Cluster Virtual Disk (Volume1)", "Cluster Virtual Disk (Volume2)", "Cluster Group"}
RESTORE = ("hyperv.migration.restore_node", "-e", "restore_node_name=NODE1", "-e", "restore_node_roles=home")
EVACUATE = ("hyperv.migration.evacuate_node", "-e", "evacuate_node_name=NODE1")
WITHIN = 300.0  # seconds


def roles(cluster: RunningCluster) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["owner"], one["state"]) for one in cluster.state()["roles"]}


@pytest.fixture
def cluster(tmp_path: pathlib.Path) -> t.Iterator[RunningCluster]:
    scenario = tmp_path / "roles.yml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with running_cluster(scenario, tmp_path) as running:
        yield running


def play(ansible: Ansible, *playbook: str) -> str:
    answer = ansible.run("ansible-playbook", *ansible.sources, *playbook)
    assert answer.code == 0, answer.text
    return answer.text


def kill_at(cluster: RunningCluster, ansible: Ansible, folder: pathlib.Path, moves: int, *playbook: str) -> None:
    """Begin a playbook, and end it with SIGKILL as soon as so many moves of roles have begun."""
    running = subprocess.Popen(
        ["ansible-playbook", *ansible.sources, *playbook],
        cwd=folder,
        env=ansible_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    give_up = time.monotonic() + WITHIN
    while len(cluster.state()["role_moves"]) < moves and running.poll() is None and time.monotonic() < give_up:
        time.sleep(0.05)
    assert len(cluster.state()["role_moves"]) >= moves
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(WITHIN)


def test_all_that_a_node_owns_leaves_it_and_comes_back(cluster: RunningCluster, tmp_path: pathlib.Path) -> None:
    ansible, before = Ansible(tmp_path, cluster.inventory), roles(cluster)

    dry = play(ansible, *EVACUATE, "--check")
    assert "After the VMs, what else NODE1 owns is moved: FS1 (file server) to NODE2" in dry
    assert (roles(cluster), cluster.state()["role_moves"]) == (before, [])

    said = play(ansible, *EVACUATE)
    assert "Moved as well: FS1" in said
    assert {name for name, (owner, state) in roles(cluster).items() if owner != "NODE1" and state == "online"} == MOVING
    away = roles(cluster)
    restarted = ansible.ad_hoc("NODE2", "hyperv_node_restart", "name=NODE1")
    assert restarted.code == 0, restarted.text
    assert roles(cluster) == away, "nothing had to fail over"

    assert "Brought back as well: FS1" in play(ansible, *RESTORE)
    assert roles(cluster) == before
    assert (cluster.owners()["web01"], cluster.node_states()["NODE1"]) == ("NODE1", "up")


@pytest.mark.long
@pytest.mark.parametrize("moves", [1, 2, 3, 4])
def test_both_ways_may_be_killed_at_any_role_and_run_again(
    cluster: RunningCluster, tmp_path: pathlib.Path, moves: int
) -> None:
    ansible, before = Ansible(tmp_path, cluster.inventory), roles(cluster)

    kill_at(cluster, ansible, tmp_path, moves, *EVACUATE)
    play(ansible, *EVACUATE)
    assert {name for name, (owner, state) in roles(cluster).items() if owner != "NODE1" and state == "online"} == MOVING
    assert len(cluster.state()["role_moves"]) == len(MOVING)

    kill_at(cluster, ansible, tmp_path, len(MOVING) + moves, *RESTORE)
    play(ansible, *RESTORE)
    assert roles(cluster) == before
    assert len(cluster.state()["role_moves"]) == 2 * len(MOVING)
    assert cluster.owners()["web01"] == "NODE1"
