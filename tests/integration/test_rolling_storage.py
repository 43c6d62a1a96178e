# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rolling maintenance with restarts through Storage Spaces Direct: no node is taken while mirrors are repaired."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

NODES = ["NODE1", "NODE2", "NODE3", "NODE4"]
SCENARIO: dict[str, t.Any] = {
    "clock": {"speed": 200},
    "nodes": [{"name": "NODE", "count": 4, "restart": {"away_seconds": 20}}],
    "vms": [{"name": "web", "count": 4, "owner": NODES}],
}
MIRRORS = ["Volume1", "Volume2", "ClusterPerformanceHistory", "S2D on HVC1", "storage"]


def roll(folder: pathlib.Path, repair_seconds: float, ignore: list[str]) -> tuple[Answer, list[dict[str, t.Any]]]:
    """Take all nodes through a restart; return what was shown, and what the mirrors have lost."""
    scenario = folder / "scenario.yml"
    storage = {"kind": "spaces_direct", "repair_delay_seconds": 20, "repair_seconds": repair_seconds}
    scenario.write_text(yaml.safe_dump({**SCENARIO, "storage": storage}), encoding="utf-8")
    variables = {
        "rolling_maintenance_restart": True,
        "rolling_maintenance_folder": str(folder),
        "rolling_maintenance_ignore": ignore,
        "rolling_maintenance_health_timeout": 30,
        "rolling_maintenance_storage_timeout": 300,
        "rolling_maintenance_health_interval": 0.5,
        "rolling_maintenance_restart_poll_interval": 0.1,
        "evacuate_node_poll_interval": 0.05,
        "restore_node_poll_interval": 0.05,
    }
    with running_cluster(scenario, folder) as cluster:
        ansible = Ansible(folder, cluster.inventory)
        command = ["ansible-playbook", *ansible.sources, "hyperv.migration.rolling_maintenance"]
        answer = ansible.run(*command, "-e", json.dumps(variables))
        assert answer.code == 0, answer.text
        assert restarts(cluster) == [1, 1, 1, 1]
        losses: list[dict[str, t.Any]] = cluster.state()["storage"]["losses"]
        return answer, losses


def restarts(cluster: RunningCluster) -> list[int]:
    return [node["restarts_requested"] for node in cluster.state()["nodes"]]


def test_each_repair_is_waited_for_before_the_next_node_is_taken(tmp_path: pathlib.Path) -> None:
    answer, losses = roll(tmp_path, 400, ignore=[])

    assert losses == []
    assert "Storage is being repaired or rebalanced: " in answer.text
    assert " GiB left" in answer.text


def test_the_simulated_mirrors_notice_a_node_that_is_taken_too_early(tmp_path: pathlib.Path) -> None:
    unused, losses = roll(tmp_path, 1_000_000, ignore=MIRRORS)

    assert losses
