# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many at once: a task on each of twenty nodes, two runs of one evacuation, somebody else's migrations in the middle.

No VM is migrated twice, and nothing that a task opened on a node stays open.
"""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import typing as t

import pytest

from tests.integration.commands import Ansible, Answer
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

HEAD = """
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 20}
network: {megabytes_per_second: 2000, setup_seconds: 2, switch_over_seconds: 1}
"""
TWENTY = [f"NODE{number}" for number in range(1, 21)]
AT_ONCE = """
- name: Every node gives its VM to the next one
  hosts: hyperv_nodes
  gather_facts: false
  tasks:
    - name: Move
      hyperv.migration.hyperv_vm_migrate:
        name: "{{ 'vm-' ~ inventory_hostname | lower }}"
        destination_host: "NODE{{ inventory_hostname[4:] | int % 20 + 1 }}"
        poll_interval: 0.5
"""
SIX = """
nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3}]
vms:
  - {name: app, count: 4, owner: NODE1, memory_mb: 16384}
  - {name: twin, owner: NODE1, memory_mb: 16384}
  - {name: twin, owner: NODE1, memory_mb: 16384}
  - {name: twin, owner: NODE3, memory_mb: 4096}
"""
MEANWHILE = """
events:
  - {when: {vm: app01, percent: 10}, move: app04, to: NODE3}
  - {when: {vm: app01, percent: 20}, move: app03, to: NODE2, instant: true}
"""


def test_twenty_forks_over_twenty_nodes_move_each_vm_once(tmp_path: pathlib.Path) -> None:
    nodes = "".join(f"  - {{name: {node}}}\n" for node in TWENTY)
    vms = "".join(f"  - {{name: vm-{node.lower()}, owner: {node}, memory_mb: 4096}}\n" for node in TWENTY)
    with running_cluster(written(tmp_path, f"nodes:\n{nodes}vms:\n{vms}"), tmp_path) as cluster:
        play = tmp_path / "at_once.yml"
        play.write_text(AT_ONCE, encoding="utf-8")
        ansible = Ansible(tmp_path, cluster.inventory)

        answer = ansible.run("ansible-playbook", *ansible.sources, "--forks=20", str(play))

        assert answer.code == 0, answer.text
        assert [answer.recap(node, "changed") for node in TWENTY] == [1] * 20
        next_one = dict(zip(TWENTY, TWENTY[1:] + TWENTY[:1], strict=True))
        assert cluster.owners() == {f"vm-{node.lower()}": next_one[node] for node in TWENTY}
        assert cluster.migrations() == dict.fromkeys(cluster.owners(), 1)
        assert_nothing_is_open(cluster)
        # That of its own task, and one from the host before it, which asks of which cluster the next one is.
        assert {counts["logins"] for counts in cluster.connections().values()} == {2}


@pytest.mark.parametrize("shared", [True, False], ids=["one ledger", "a ledger each"])
def test_two_runs_of_one_evacuation_end_right_and_migrate_nothing_twice(tmp_path: pathlib.Path, shared: bool) -> None:
    with running_cluster(written(tmp_path, SIX), tmp_path) as cluster:
        with concurrent.futures.ThreadPoolExecutor() as both:
            runs = [both.submit(evacuate, cluster, tmp_path / name, shared) for name in ("first", "second")]
        answers = [run.result() for run in runs]

        assert [answer.code for answer in answers] == [0, 0], "\n".join(answer.text for answer in answers)
        assert_node1_was_emptied(cluster)
        ledgers = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("**/NODE1.json")]
        assert len(ledgers) == (1 if shared else 2)
        for ledger in ledgers:
            assert ledger["state"] == "evacuated"


def test_migrations_that_somebody_starts_in_the_middle_are_taken_for_what_they_are(tmp_path: pathlib.Path) -> None:
    with running_cluster(written(tmp_path, SIX + MEANWHILE), tmp_path) as cluster:
        answer = evacuate(cluster, tmp_path / "only")

        assert answer.code == 0, answer.text
        assert_node1_was_emptied(cluster)
        assert (cluster.owners()["app04"], cluster.owners()["app03"]) == ("NODE3", "NODE2")


def written(folder: pathlib.Path, content: str) -> pathlib.Path:
    scenario = folder / "scenario.yml"
    scenario.write_text(HEAD + content, encoding="utf-8")
    return scenario


def evacuate(cluster: RunningCluster, folder: pathlib.Path, shared: bool = False) -> Answer:
    folder.mkdir()
    ledger = (folder.parent if shared else folder) / "NODE1.json"
    settings = {
        "evacuate_node_name": "NODE1",
        "evacuate_node_ledger_path": str(ledger),
        "evacuate_node_poll_interval": 0.5,
    }
    ansible = Ansible(folder, cluster.inventory)
    return ansible.run(
        "ansible-playbook", *ansible.sources, "hyperv.migration.evacuate_node", "-e", json.dumps(settings), warns=True
    )


def assert_node1_was_emptied(cluster: RunningCluster) -> None:
    state: dict[str, t.Any] = cluster.state()
    assert [vm for vm in state["vms"] if vm["owner"] == "NODE1"] == []
    assert cluster.node_states()["NODE1"] == "paused"
    assert max(cluster.counters()["migrations"].values()) == 1, cluster.counters()["migrations"]
    assert {vm["state"] for vm in state["vms"]} == {"running"}
    assert_nothing_is_open(cluster)


def assert_nothing_is_open(cluster: RunningCluster) -> None:
    assert cluster.counters()["open_enumerations"] == 0
    assert {node: counts["open"] for node, counts in cluster.connections().items() if counts["open"]} == {}
