# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbook that records a cluster, over both connection plugins, and the rehearsal that plays the recording."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import zipfile
from collections.abc import Iterator

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.rehearse.recorded import scenario_of
from tests.running_cluster import RunningCluster, running_cluster
from tests.simulator.recordings import read_recording

SCENARIO = """cluster: {name: HVC1, fqdn: hvc1.corp.example}
user: {name: operator, password: simulated-Passw0rd}
language: ja-JP
nodes: [{name: NODE1}, {name: NODE2}, {name: NODE3, state: paused}]
vms:
  - {name: web01, owner: NODE1}
  - {name: 経理01, owner: NODE2, state: saved}
"""
PASSWORD = "simulated-Passw0rd"


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    scenario = folder / "scenario.yml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with running_cluster(scenario, folder) as cluster:
        yield cluster


def record(ansible: Ansible, path: pathlib.Path, *options: str) -> str:
    command = ["ansible-playbook", *ansible.sources, "hyperv.migration.record_cluster"]
    answer = ansible.run(*command, "-e", f"record_cluster_path={path}", *options)
    assert answer.code == 0, answer.text
    return answer.text


def texts(path: pathlib.Path) -> str:
    """Return all that is in an archive, without the escapes of JSON."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    lines = [line for name, text in files.items() if name.endswith(".jsonl") for line in text.splitlines()]
    return "".join([*files.values(), *(json.dumps(json.loads(line), ensure_ascii=False) for line in lines)])


@pytest.mark.over_psrp
def test_a_cluster_is_recorded_and_played(
    cluster: RunningCluster, ansible: Ansible, plugin: str, tmp_path: pathlib.Path
) -> None:
    before = cluster.owners(), cluster.node_states()
    path = tmp_path / "recording.zip"

    shown = record(ansible, path, "-e", "record_cluster_vm=web01", "-e", "record_cluster_destination=NODE2")

    assert "Not read" not in shown
    assert (cluster.owners(), cluster.node_states(), cluster.migrations()) == (*before, {})
    kept = texts(path)
    assert not re.search(r"web01|NODE\d|corp\.example|operator|経理", kept, re.IGNORECASE)
    assert PASSWORD not in kept
    assert "Authorization" not in kept
    recording = read_recording(path)
    assert recording.manifest["controller"]["connection"] == plugin
    assert {host["server"] for host in recording.manifest["hosts"]} == {"Microsoft-HTTPAPI/2.0"}
    assert {one.status for one in recording.exchanges} <= {200, 500}

    names = json.loads(path.with_name("recording.zip.names.json").read_text(encoding="utf-8"))
    scenario = tmp_path / "scenario.yml"
    scenario.write_text(yaml.safe_dump(scenario_of(recording)[0], sort_keys=False), encoding="utf-8")
    asked = [("hyperv_vm_info", ""), ("hyperv_evacuation_plan_info", "node={NODE1}")]
    asked.append(("hyperv_vm_migrate", "name={web01} destination_host={NODE2}"))
    with running_cluster(scenario, tmp_path, recording=path) as played:
        there = Ansible(tmp_path, played.inventory, plugin)
        results = []
        for module, arguments in asked:
            renamed = re.sub(r"\{(\w+)\}", lambda found: str(names[found[1]]), arguments)
            results.append(there.ad_hoc(names["NODE1"], module, renamed, "--check").result)
        answered_by = played.counters()["answered_by"]
    assert answered_by["scenario"] == 0
    assert {vm["name"] for vm in results[0]["vms"]} == {names["web01"], names["経理01"]}
    assert [move["name"] for move in results[1]["moves"]] == [names["web01"]]
    assert results[2]["moves"][0]["outcome"] == "would_move"


def test_a_migration_that_is_recorded_becomes_part_of_the_archive(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    folder, path = tmp_path / "recordings", tmp_path / "recording.zip"
    command = ["ansible", *ansible.sources, "NODE1", "-m", "hyperv.migration.hyperv_vm_migrate"]
    moved = ansible.run(
        *command, "-a", "name=web01 destination_host=NODE2 poll_interval=0.1", HYPERV_MIGRATION_RECORDING=str(folder)
    )
    assert moved.code == 0, moved.text
    assert cluster.owners()["web01"] == "NODE2"
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]
    assert PASSWORD not in "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())

    record(ansible, path, "-e", f"record_cluster_folder={folder}")

    tasks = [one.task for one in read_recording(path).exchanges]
    assert "hyperv_vm_migrate" in tasks
    assert texts(path).count("MigrateVirtualSystemToSystem_OUTPUT") > 0
    assert "web01" not in texts(path)


def test_a_dry_run_asks_nothing_and_writes_nothing(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    before = cluster.counters()["requests"]
    record(ansible, tmp_path / "recording.zip", "--check")
    assert cluster.counters()["requests"] == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_recording_that_is_interrupted_leaves_what_was_there_before(
    sent: signal.Signals, cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    """Ctrl-C reaches all processes of a terminal, so all of them get the signal here."""
    path = tmp_path / "recording.zip"
    path.write_bytes(b"an earlier one")
    process = ansible.start("ansible-playbook", "hyperv.migration.record_cluster", "-e", f"record_cluster_path={path}")
    assert process.stdout
    assert any("hyperv_cluster_node_info: read" in line for line in process.stdout)
    os.killpg(process.pid, sent)
    with contextlib.suppress(subprocess.TimeoutExpired):  # Ansible may wait for a lock that its worker died with
        process.wait(timeout=30)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=300)

    assert [file.name for file in tmp_path.iterdir()] == ["recording.zip"]
    assert path.read_bytes() == b"an earlier one"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing/deep/recording.zip", ""),
        ("there", "it is a directory"),
        ("file/recording.zip", "file is not a directory"),
        ("names.zip", "it is a directory"),
        ("/dev/full", "it is a device"),
    ],
)
def test_where_it_cannot_be_written_is_said_before_anything_is_sent(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path, path: str, said: str
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "names.zip.names.json").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    before = cluster.counters()["requests"]
    answer = ansible.ad_hoc("NODE1", "hyperv_cluster_recording", f"path={tmp_path / path}")
    assert answer.code == (2 if said else 0)
    if said:
        assert said in answer.message
        assert cluster.counters()["requests"] == before
    else:
        assert read_recording(tmp_path / path).exchanges


@pytest.mark.parametrize("place", ["missing", "empty"])
def test_a_folder_without_recordings_is_said_before_anything_is_sent(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path, place: str
) -> None:
    (tmp_path / "empty").mkdir()
    before = cluster.counters()["requests"]
    given = f"path={tmp_path / 'recording.zip'} folder={tmp_path / place}"
    answer = ansible.ad_hoc("NODE1", "hyperv_cluster_recording", given)
    assert answer.code == 2
    assert str(tmp_path / place) in answer.message
    assert cluster.counters()["requests"] == before
    assert [one.name for one in tmp_path.iterdir()] == ["empty"]


def test_a_second_recording_takes_the_place_of_the_first(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "recording.zip"
    names = path.with_name("recording.zip.names.json")
    for unused in range(2):
        record(ansible, path)
    kept = texts(path)
    assert json.loads(names.read_text(encoding="utf-8"))["web01"] in kept
    assert sorted(file.name for file in tmp_path.iterdir()) == ["recording.zip", "recording.zip.names.json"]
