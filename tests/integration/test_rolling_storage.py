# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rolling maintenance with restarts through Storage Spaces Direct: no node is taken while mirrors are repaired.

And through clusters on a SAN and on SMB shares, whose storage is not on the nodes.
"""

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
MIRRORS = ["Volume1", "Volume2", "ClusterPerformanceHistory", "S2D on HVC1", "storage"]


def a_scenario(windows: int, repair_seconds: float) -> dict[str, t.Any]:
    """Return four nodes with three copies of all data, a VM on each, and one more that is to be shut down."""
    return {
        "clock": {"speed": 200},
        "nodes": [{"name": "NODE", "count": 4, "windows": windows, "restart": {"away_seconds": 20}}],
        "vms": [
            {"name": "web", "count": 4, "owner": NODES},
            {"name": "build01", "owner": "NODE2"},
        ],
        "storage": {"kind": "spaces_direct", "repair_delay_seconds": 20, "repair_seconds": repair_seconds},
    }


def roll(folder: pathlib.Path, scenario: dict[str, t.Any], **more: t.Any) -> tuple[Answer, dict[str, t.Any]]:
    """Take all nodes through a restart; return what was shown, and the cluster as it is in the end."""
    described = folder / "scenario.yml"
    described.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    variables = {
        "rolling_maintenance_restart": True,
        "rolling_maintenance_folder": str(folder),
        "rolling_maintenance_health_timeout": 30,
        "rolling_maintenance_storage_timeout": 300,
        "rolling_maintenance_health_interval": 0.5,
        "rolling_maintenance_restart_poll_interval": 0.1,
        "evacuate_node_poll_interval": 0.05,
        "restore_node_poll_interval": 0.05,
        **more,
    }
    with running_cluster(described, folder) as cluster:
        ansible = Ansible(folder, cluster.inventory)
        command = ["ansible-playbook", *ansible.sources, "hyperv.migration.rolling_maintenance"]
        answer = ansible.run(*command, "-e", json.dumps(variables))
        assert answer.code == 0, answer.text
        assert restarts(cluster) == [1, 1, 1, 1]
        return answer, cluster.state()


def restarts(cluster: RunningCluster) -> list[int]:
    return [node["restarts_requested"] for node in cluster.state()["nodes"]]


@pytest.mark.parametrize(("windows", "rests"), [(2016, True), (2022, True), (2022, False)])
def test_each_repair_is_waited_for_and_only_what_is_named_goes_down(
    tmp_path: pathlib.Path, windows: int, *, rests: bool
) -> None:
    strategies = [{"vm": "build*", "strategy": "shutdown"}]

    answer, state = roll(
        tmp_path,
        # Twelve seconds of this machine's time, so that a slow one sees the repair, too.
        a_scenario(windows, 800 if rests else 2400),
        evacuate_node_strategies=strategies,
        evacuate_node_disk_maintenance=rests,
    )

    assert state["storage"]["losses"] == []
    assert state["storage"]["disks_out_of_service"] == []
    ledgers = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("hyperv-ledger-*.json")]
    assert [ledger["disks"] for ledger in ledgers] == ["in_service"] * len(NODES)
    if not rests:  # the repair has begun with the restart, and is waited for before VMs come back
        assert "Storage is being repaired or rebalanced: " in answer.text
        assert " GiB left" in answer.text
    stopped = {vm["name"] for vm in state["vms"] if vm["commands"] or vm["times_lost"]}
    assert stopped == {"build01"}
    assert {vm["name"]: (vm["owner"], vm["state"]) for vm in state["vms"]} == {
        **{f"web0{number}": (node, "running") for number, node in enumerate(NODES, 1)},
        "build01": ("NODE2", "running"),
    }


def test_without_the_gate_the_simulated_mirrors_lose_data(tmp_path: pathlib.Path) -> None:
    scenario = a_scenario(2016, 1_000_000)

    unused, state = roll(tmp_path, scenario, rolling_maintenance_ignore=MIRRORS, evacuate_node_disk_maintenance=False)

    assert [loss["data"] for loss in state["storage"]["losses"]] == [False, True, True]


@pytest.mark.parametrize("kind", ["san", "smb"])
def test_storage_elsewhere_is_neither_waited_for_nor_called_good(tmp_path: pathlib.Path, kind: str) -> None:
    volumes = [
        {"name": f"Cluster Virtual Disk (Volume{number})", "type": "shared_volume", "owner": f"NODE{number}"}
        for number in (1, 2)
    ]
    scenario = a_scenario(2022, 800)
    scenario["storage"] = {"kind": kind}
    scenario["roles"] = [
        {"name": "FS1", "type": "file_server", "owner": "NODE1"},
        *(volumes if kind == "san" else ()),
    ]
    home = {"evacuate_node_strategies": [{"vm": "build*", "strategy": "shutdown"}], "restore_node_roles": "home"}

    answer, state = roll(tmp_path, scenario, **home)

    assert "Waiting for the storage" not in answer.text
    assert "Storage is being repaired" not in answer.text
    assert "maintenance mode" not in answer.text
    assert {one["name"]: one["owner"] for one in state["roles"] if one["name"] != "Cluster Group"} == {
        one["name"]: one["owner"] for one in scenario["roles"]
    }
    assert {vm["name"] for vm in state["vms"] if vm["times_lost"]} == set()
    assert {vm["owner"] for vm in state["vms"] if vm["state"] == "running"} == set(NODES)
    health = tmp_path / "health"
    health.mkdir()
    with running_cluster(tmp_path / "scenario.yml", health) as cluster:
        told = Ansible(health, cluster.inventory).ad_hoc("NODE2", "hyperv_cluster_health_info", "node=NODE1")
        assert told.result["storage"]["verdict"] == "not_applicable"
