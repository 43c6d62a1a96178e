# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Eight clusters, whose nodes and VMs have the same names, in one inventory: one job with forks, and a sliced job.

A slice is every n-th host of the sorted inventory (AWX, ``awx/main/models/inventory.py``, get_sliced_hosts). Here the
nodes are inventory hosts as well, since only so they are found on 127.0.0.1, and ``--limit`` takes the place of the
smaller inventory that AWX gives to each slice.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import pathlib
import typing as t
from collections.abc import Iterator, Mapping

import pytest
import yaml

from tests.integration.awx_jobs import Controller, Job, artifacts_of_slices
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

CLUSTERS = [f"hvc-{number}" for number in range(1, 9)]
BROKEN = "hvc-3"  # one of its VMs may not leave
UNREACHABLE = "hvc-7"  # its password is another one
FINE = sorted({*CLUSTERS} - {BROKEN, UNREACHABLE})
SLICED = FINE[:4]
SCENARIO = """
cluster: {name: %s, fqdn: %s.%s.example}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 100}
nodes: [{name: NODE1, memory_mb: 65536}, {name: NODE2, memory_mb: 65536}]
vms: [{name: app01, owner: NODE1, memory_mb: 2048%s}]
"""


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, RunningCluster]]:
    def start(name: str) -> RunningCluster:
        folder = tmp_path_factory.mktemp(name)
        pinned = ", possible_owners: [NODE1]" if name == BROKEN else ""
        (folder / "scenario.yml").write_text(SCENARIO % (name.upper(), name, name, pinned), encoding="utf-8")
        return ends.enter_context(running_cluster(folder / "scenario.yml", folder))

    with contextlib.ExitStack() as ends, concurrent.futures.ThreadPoolExecutor(2) as starters:
        yield dict(zip(CLUSTERS, starters.map(start, CLUSTERS), strict=True))


@pytest.fixture
def controller(clusters: Mapping[str, RunningCluster], tmp_path: pathlib.Path) -> Controller:
    for cluster in clusters.values():
        cluster.reset()
    written = tmp_path / "clusters.yml"
    written.write_text(yaml.safe_dump({"all": {"children": inventory(clusters)}}, sort_keys=False), encoding="utf-8")
    return Controller(tmp_path, written)


def inventory(clusters: Mapping[str, RunningCluster]) -> dict[str, t.Any]:
    """Return groups: the clusters, each a host that is its NODE2, and the nodes of each cluster together with it."""
    groups: dict[str, t.Any] = {"hyperv_clusters": {"hosts": {}, "vars": {"evacuate_node_name": "NODE1"}}}
    for name, cluster in clusters.items():
        nodes = yaml.safe_load(cluster.inventory.read_text(encoding="utf-8"))["all"]["children"]["hyperv_nodes"]
        hosts = {f"{node}.{name}.example": variables for node, variables in nodes["hosts"].items()}
        groups["hyperv_clusters"]["hosts"][name] = dict(nodes["hosts"]["NODE2"])
        groups[f"nodes_of_{name.replace('-', '_')}"] = {"hosts": {name: {}, **hosts}, "vars": nodes["vars"]}
    groups["hyperv_clusters"]["hosts"][UNREACHABLE]["ansible_password"] = "wrong"
    return groups


FAST = {"evacuate_node_poll_interval": 0.1, "restore_node_poll_interval": 0.1}


def test_one_job_empties_a_node_of_each_cluster_and_none_disturbs_another(
    clusters: Mapping[str, RunningCluster], controller: Controller, tmp_path: pathlib.Path
) -> None:
    job = controller.launch("evacuate_node", FAST, forks=8)

    assert job.status == "failed"
    assert set(job.failures()) == {BROKEN}
    assert job.hosts() == set(CLUSTERS)
    for name in FINE:
        assert clusters[name].owners() == {"app01": "NODE2"}, name
        assert clusters[name].migrations() == {"app01": 1}
        assert clusters[name].node_states() == {"NODE1": "paused", "NODE2": "up"}
        assert f"{name}: app01: NODE1 -> NODE2 moved" in job.text
    for name in (BROKEN, UNREACHABLE):
        assert clusters[name].migrations() == {}
        assert clusters[name].node_states() == {"NODE1": "up", "NODE2": "up"}
    written = sorted(file.name for file in (tmp_path / "job1" / "project").glob("hyperv-ledger-*.json"))
    assert written == [f"hyperv-ledger-{name}.{name}.example-NODE1.json" for name in FINE]


def test_slices_hand_their_ledgers_to_the_job_that_restores(
    clusters: Mapping[str, RunningCluster], controller: Controller
) -> None:
    def run(hosts: list[str]) -> Job:
        return controller.launch("evacuate_node", FAST, "--limit", ",".join(hosts))

    slices = [SLICED[number::2] for number in range(2)]
    with concurrent.futures.ThreadPoolExecutor(len(slices)) as instances:
        jobs = list(instances.map(run, slices))

    assert [job.status for job in jobs] == ["successful", "successful"], jobs
    assert [job.hosts() for job in jobs] == [set(hosts) for hosts in slices]
    handed = artifacts_of_slices(jobs)
    assert {name for name in handed if "ledger" in name} == {
        f"evacuate_node_ledger_{one.replace('-', '_2d_')}" for one in SLICED
    }

    restore = controller.launch("restore_node", {**FAST, **handed}, "--limit", ",".join(SLICED), forks=8)

    assert restore.status == "successful", restore.text
    for name in SLICED:
        assert clusters[name].owners() == {"app01": "NODE1"}, name
        assert clusters[name].migrations() == {"app01": 2}
        assert clusters[name].node_states() == {"NODE1": "up", "NODE2": "up"}
        assert clusters[name].counters()["shells_opened"] == 0


USERS_TASKS = """
- name: Install updates
  ansible.builtin.assert:
    that: inventory_hostname not in full
    fail_msg: The disk is full.
"""


def test_the_same_playbook_rolls_through_all_clusters_at_once_each_with_its_own_state(
    clusters: Mapping[str, RunningCluster], controller: Controller, tmp_path: pathlib.Path
) -> None:
    kept, tasks, full = tmp_path / "kept", tmp_path / "updates.yml", f"NODE1.{UNREACHABLE}.example"
    kept.mkdir()
    tasks.write_text(USERS_TASKS, encoding="utf-8")

    def roll(name: str, full: str = full) -> Job:
        wish = {
            **FAST,
            "rolling_maintenance_hosts": f"NODE2.{name}.example:NODE1.{name}.example",
            "rolling_maintenance_order": f"NODE1.{name}.example,NODE2.{name}.example",
            "rolling_maintenance_tasks_file": str(tasks),
            "rolling_maintenance_folder": str(kept),
            "rolling_maintenance_health_timeout": 3,
            "rolling_maintenance_layout": "any",
            "full": [full],
        }
        return controller.launch("rolling_maintenance", wish)

    with concurrent.futures.ThreadPoolExecutor(4) as instances:
        jobs = dict(zip(CLUSTERS, instances.map(roll, CLUSTERS), strict=True))

    assert {name for name, job in jobs.items() if job.status == "failed"} == {BROKEN, UNREACHABLE}
    assert "NODE1 cannot be emptied as node 1 of 2" in jobs[BROKEN].text
    assert "The disk is full." in jobs[UNREACHABLE].text
    for name in FINE:
        assert jobs[name].hosts() >= {f"NODE1.{name}.example", f"NODE2.{name}.example"}
        assert phases(kept, name) == {"NODE1": "done", "NODE2": "done"}
        assert clusters[name].node_states() == {"NODE1": "up", "NODE2": "up"}
        assert clusters[name].migrations() == {"app01": 2}
    assert phases(kept, BROKEN) == {}
    assert clusters[BROKEN].migrations() == {}
    assert phases(kept, UNREACHABLE) == {"NODE1": "evacuated", "NODE2": ""}
    assert clusters[UNREACHABLE].node_states() == {"NODE1": "paused", "NODE2": "up"}

    again = roll(UNREACHABLE, full="")

    assert again.status == "successful", again.text
    assert phases(kept, UNREACHABLE) == {"NODE1": "done", "NODE2": "done"}
    assert clusters[UNREACHABLE].node_states() == {"NODE1": "up", "NODE2": "up"}
    assert all(clusters[name].migrations() == {"app01": 2} for name in FINE)


def phases(folder: pathlib.Path, name: str) -> dict[str, str]:
    """Return the phase of each node of a cluster as its own state has it, none where it has no state."""
    file = folder / f"hyperv-rolling-{name}.{name}.example.json"
    nodes = json.loads(file.read_text(encoding="utf-8"))["nodes"] if file.exists() else {}
    return {host.partition(".")[0]: node["phase"] for host, node in nodes.items()}


def test_the_ledger_of_another_cluster_is_refused(
    clusters: Mapping[str, RunningCluster], controller: Controller
) -> None:
    foreign = {
        "format": "hyperv.migration ledger 2",
        "cluster": "hvc-1.corp.example",
        "node": "NODE1",
        "state": "evacuated",
        "vms": [],
    }

    job = controller.launch("restore_node", {**FAST, "restore_node_ledger": foreign}, "--limit", "hvc-2")

    told = "The ledger belongs to hvc-1.corp.example (node NODE1), and this is hvc-2.hvc-2.example"
    assert told in job.failures()["hvc-2"]
