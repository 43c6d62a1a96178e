# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real ansible-rulebook with the rulebook of the collection and the files of the guide, against a simulated cluster.

``make eda`` runs it, in an environment of its own: its name keeps it out of the other targets, which have no Java.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time
import typing as t
from collections.abc import Iterator

import pytest
import yaml

from tests.ansible_command import ansible_environment
from tests.running_cluster import ROOT, RunningCluster, running_cluster

GUIDE = ROOT / "docs" / "docsite" / "rst" / "events.rst"
SCENARIO = ROOT / "tests" / "integration" / "cluster.yml"
PASSWORD = "simulated-Passw0rd"
_FILE = re.compile(r"^\.\. code-block:: yaml\n   :caption: (\S+)\n\n((?:   .*\n|\n)+)", re.MULTILINE)
_WITHIN = 60.0  # seconds


class Rulebook:
    """ansible-rulebook as it runs, and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], log: pathlib.Path) -> None:
        self.process = process
        self._log = log

    @property
    def text(self) -> str:
        return " ".join(self._log.read_text(encoding="utf-8", errors="replace").split())

    def wait_for(self, wanted: t.Callable[[], bool], what: str) -> None:
        give_up = time.monotonic() + _WITHIN
        while not wanted():
            assert time.monotonic() < give_up, f"{what} did not come: {self.text}"
            time.sleep(0.2)


@contextlib.contextmanager
def started(folder: pathlib.Path) -> Iterator[Rulebook]:
    command = ["ansible-rulebook", "-r", "hyperv.migration.watch_cluster", "-i", "inventory"]
    command += ["--vars", "cluster.yml", "--env-vars", "hyperv_password"]
    log = folder / "rulebook.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**ansible_environment(folder), "hyperv_password": PASSWORD, "ANSIBLE_NOCOLOR": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Rulebook(process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def cluster(tmp_path: pathlib.Path) -> Iterator[RunningCluster]:
    """A cluster, with the files of the guide beside its inventory, in which it is the guide's cluster."""
    for name, body in _FILE.findall(GUIDE.read_text(encoding="utf-8")):
        (tmp_path / name).write_text(re.sub("^   ", "", body, flags=re.MULTILINE), encoding="utf-8")
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    with running_cluster(SCENARIO, inventory) as running:
        hosts = yaml.safe_load(running.inventory.read_text(encoding="utf-8"))
        nodes = hosts["all"]["children"]["hyperv_nodes"]
        password = {"ansible_password": nodes["vars"].pop("ansible_password")}
        (inventory / "group_vars").mkdir()
        (inventory / "group_vars" / "hyperv_nodes.yml").write_text(yaml.safe_dump(password), encoding="utf-8")
        running.inventory.write_text(yaml.safe_dump(hosts), encoding="utf-8")
        reach(tmp_path, hyperv_port=nodes["hosts"]["NODE1"]["ansible_port"])
        yield running


def reach(folder: pathlib.Path, **changed: t.Any) -> None:
    variables = yaml.safe_load((folder / "cluster.yml").read_text(encoding="utf-8"))
    variables |= {"hyperv_host": "127.0.0.1", "hyperv_scheme": "http", "hyperv_user": "operator", "hyperv_delay": 1}
    (folder / "cluster.yml").write_text(yaml.safe_dump(variables | changed), encoding="utf-8")


def ad_hoc(folder: pathlib.Path, module: str, arguments: str) -> int:
    command = ["ansible", "-i", "inventory", "NODE1", "-m", f"hyperv.migration.{module}", "-a", arguments]
    environment = ansible_environment(folder)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, timeout=120, check=False
    ).returncode


def is_watched(cluster: RunningCluster) -> bool:
    """Tell whether a second look has begun: the first takes fewer requests than this."""
    return bool(sum(cluster.counters()["requests"].values()) > 9)


def test_a_paused_node_and_a_failed_migration_each_start_their_playbook_once(
    cluster: RunningCluster, tmp_path: pathlib.Path
) -> None:
    with started(tmp_path) as rulebook:
        rulebook.wait_for(lambda: is_watched(cluster), "the second look")
        assert ad_hoc(tmp_path, "hyperv_cluster_node", "name=NODE2 state=maintenance") == 0
        rulebook.wait_for(lambda: "NODE2 is paused, and has 2 VMs." in rulebook.text, "the playbook of the pause")
        assert ad_hoc(tmp_path, "hyperv_vm_migrate", "name=broken03 destination_host=NODE1") != 0
        rulebook.wait_for(lambda: "broken03 was not moved:" in rulebook.text, "the playbook of the failure")
        assert ad_hoc(tmp_path, "hyperv_vm_migrate", "name=web01 destination_host=NODE3") == 0
        time.sleep(3)
        assert rulebook.process.poll() is None, rulebook.text

    assert cluster.counters()["shells_opened"] == 0
    assert rulebook.text.count("NODE2 is paused, and has 2 VMs.") == 1
    assert rulebook.text.count("broken03 was not moved:") == 1
    assert "NODE4 is paused" not in rulebook.text  # it was so before
    assert PASSWORD not in rulebook.text


def test_a_cluster_that_goes_away_is_told_once_and_the_rulebook_goes_on(
    cluster: RunningCluster, tmp_path: pathlib.Path
) -> None:
    with started(tmp_path) as rulebook:
        rulebook.wait_for(lambda: is_watched(cluster), "the second look")
        cluster.stop()
        rulebook.wait_for(lambda: "127.0.0.1:" in rulebook.text, "the message")
        time.sleep(5)
        assert rulebook.process.poll() is None, rulebook.text
    assert rulebook.text.count("127.0.0.1:") == 1, rulebook.text


@pytest.mark.usefixtures("cluster")
def test_an_argument_that_is_wrong_ends_the_rulebook_with_its_name(tmp_path: pathlib.Path) -> None:
    reach(tmp_path, hyperv_delay=0)
    with started(tmp_path) as rulebook:
        rulebook.wait_for(lambda: rulebook.process.poll() is not None, "the end")
        assert "delay must be 1 second or more" in rulebook.text
        assert PASSWORD not in rulebook.text
