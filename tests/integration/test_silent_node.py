# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node that takes connections and never answers: named while a plan or an inventory waits for it, and in the plan."""

from __future__ import annotations

import json
import pathlib
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.ansible_command import ansible_environment
from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster

SOON = {"ansible_winrm_operation_timeout_sec": 11, "ansible_winrm_read_timeout_sec": 12}


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of somebody who listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_it_is_named_on_standard_error_while_an_inventory_waits(mute: int, tmp_path: pathlib.Path) -> None:
    source = tmp_path / "lab.hyperv_cluster.yml"
    given = {"plugin": "hyperv.migration.hyperv_cluster", "remote_addr": "127.0.0.1", "remote_user": "operator"}
    login = {"remote_password": "secret", "transport": ["basic"], "scheme": "http", "port": mute}
    source.write_text(json.dumps({**given, **login}), encoding="utf-8")
    command = ["ansible-inventory", "-i", str(source), "--list"]
    environment = ansible_environment(tmp_path)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, text=True, stdout=pipe, stderr=pipe) as listing:
        said = next((line for line in listing.stderr or () if "Waiting" in line), "")
        listing.kill()
        assert said.startswith("Waiting for an answer of 127.0.0.1 (1")
        assert listing.stdout is not None
        assert listing.stdout.read() == ""


def test_it_is_named_while_a_plan_waits_and_in_the_plan(
    cluster: RunningCluster, ansible: Ansible, mute: int, tmp_path: pathlib.Path
) -> None:
    inventory = tmp_path / "mute.yml"
    inventory.write_text(json.dumps({"hyperv_nodes": {"hosts": {"NODE3": {"ansible_port": mute}}}}), encoding="utf-8")
    answer = ansible.ad_hoc(
        "NODE1", "hyperv_evacuation_plan_info", "node=NODE1", "-i", str(inventory), "-e", json.dumps(SOON)
    )
    assert cluster.node_states()["NODE3"] == "up"
    assert "Waiting for an answer of NODE3 (1" in answer.text, answer.text
    (note,) = [one for one in answer.result["notes"] if "NODE3" in one]
    assert note.startswith("NODE3 is not counted as a destination: ")
    assert f"127.0.0.1:{mute} did not answer in time" in note
