# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An archive with recordings of tasks that changed something: the cluster is played as it was at last."""

from __future__ import annotations

import json
import pathlib
import typing as t
from collections.abc import Iterator

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.rehearse.recorded import scenario_of
from tests.running_cluster import RunningCluster, running_cluster
from tests.simulator.recordings import read_recording

SCENARIO = """
cluster: {name: HVC1, fqdn: hvc1.corp.example}
user: {name: operator, password: simulated-Passw0rd}
clock: {speed: 60}
nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3}]
vms: [{name: web01, owner: NODE1, memory_mb: 4096}, {name: db01, owner: NODE2, memory_mb: 8192}]
"""


class Played(t.NamedTuple):
    """A recording that is played.

    Attributes:
        names: the pseudonym of each name.
    """

    ansible: Ansible
    cluster: RunningCluster
    names: dict[str, str]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return the recording of a cluster in which a VM went to NODE2, to NODE3, and back, and NODE2 was emptied once."""
    place = tmp_path_factory.mktemp("recorded")
    (place / "cluster.yml").write_text(SCENARIO, encoding="utf-8")
    with running_cluster(place / "cluster.yml", place) as cluster:
        ansible = Ansible(place, cluster.inventory)
        command = ["ansible", *ansible.sources, "NODE1", "-m", "hyperv.migration.hyperv_vm_migrate"]
        for node in ("NODE2", "NODE3", "NODE1"):
            given = f"name=web01 destination_host={node} poll_interval=0.1 record=true"
            assert ansible.run(*command, "-a", given).code == 0
        for role, node in (("evacuate_node", "NODE2"), ("restore_node", "NODE2")):
            given = json.dumps(
                {f"{role}_name": node, f"{role}_poll_interval": 0.1, "hyperv_migration_recording": "two"}
            )
            done = ansible.run("ansible-playbook", *ansible.sources, f"hyperv.migration.{role}", "-e", given)
            assert done.code == 0, done.text
        for number, file in enumerate(sorted((place / "two").iterdir())):
            file.rename(place / "hyperv-recordings" / f"3{number:02}.jsonl")
        options = {"path": str(place / "recording.zip"), "folder": str(place / "hyperv-recordings")}
        given = json.dumps({f"record_cluster_{key}": value for key, value in options.items()})
        made = ansible.run("ansible-playbook", *ansible.sources, "hyperv.migration.record_cluster", "-e", given)
        assert made.code == 0, made.text
    return place / "recording.zip"


@pytest.fixture
def played(archive: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[Played]:
    content = scenario_of(read_recording(archive))[0]
    (tmp_path / "played.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    names = json.loads(archive.with_name("recording.zip.names.json").read_text(encoding="utf-8"))
    with running_cluster(tmp_path / "played.yml", tmp_path, recording=archive) as cluster:
        yield Played(Ansible(tmp_path, cluster.inventory), cluster, names)


def test_what_was_so_in_between_is_not_told(played: Played) -> None:
    for unused in range(2):
        answer = played.ansible.ad_hoc(played.names["NODE1"], "hyperv_vm_info")
        assert {vm["name"]: vm["node"] for vm in answer.result["vms"]} == {
            played.names["web01"]: played.names["NODE1"],
            played.names["db01"]: played.names["NODE2"],
        }
        options = f"node={played.names['NODE2']}"
        plan = played.ansible.ad_hoc(played.names["NODE1"], "hyperv_node_evacuation", options, "--check")
        assert [move["vm"]["name"] for move in plan.result["moves"]] == [played.names["db01"]]
    assert played.cluster.counters()["answered_by"]["scenario"] == 0, played.cluster.counters()["by_scenario"]


def test_a_recorded_move_is_played_as_it_went(played: Played) -> None:
    options = f"name={played.names['web01']} destination_host={played.names['NODE2']} poll_interval=0.1"
    answer = played.ansible.ad_hoc(played.names["NODE1"], "hyperv_vm_migrate", options)
    assert answer.code == 0, answer.text
    assert (answer.result["outcome"], answer.result["host_after"]) == ("moved", played.names["NODE2"])
    assert answer.result["verified"]
    counters = played.cluster.counters()
    assert counters["answered_by"]["scenario"] == 0, counters["by_scenario"]
