# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulator as a process: the files that it writes, how it ends, and what it says about a wrong scenario."""

from __future__ import annotations

import contextlib
import json
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import time
import typing as t
import urllib.request
from collections.abc import Iterator

import pytest
import winrm.exceptions
import winrm.transport
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

from tests.simulator.handover import inventory, write_inventory
from tests.unit.simulator.messages import SYSTEM, enumerate_message

ROOT = pathlib.Path(__file__).parents[3]
TWO_NODES = ROOT / "tests" / "simulator" / "scenarios" / "two_nodes.yml"


def command(folder: pathlib.Path, scenario: pathlib.Path, *more: str) -> list[str]:
    files = ["--inventory", str(folder / "hosts.yml"), "--ready", str(folder / "ready.json")]
    return [sys.executable, "-m", "tests.simulator", str(scenario), *files, *more]


def read_if_there(path: pathlib.Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


@contextlib.contextmanager
def started(folder: pathlib.Path, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, t.Any]]]:
    ready = folder / "ready.json"
    ready.write_text("left by an earlier run", encoding="utf-8")
    process = subprocess.Popen(command(folder, TWO_NODES, *more), cwd=ROOT)
    try:
        give_up = time.monotonic() + 300
        while not (content := read_if_there(ready)).startswith(b"{"):
            assert process.poll() is None, "the simulator has ended"
            assert time.monotonic() < give_up, "the simulator is not ready"
            time.sleep(0.02)
        yield process, json.loads(content)
    finally:
        process.kill()
        process.wait()


def test_the_process_hands_over_what_others_need_and_ends_on_sigterm(tmp_path: pathlib.Path) -> None:
    with started(tmp_path, "--control") as (process, ready):
        assert ready["pid"] == process.pid
        assert list(ready["nodes"]) == ["NODE1", "NODE2"]
        assert (ready["user"], ready["password"]) == ("operator", "simulated-Passw0rd")
        hosts = yaml.safe_load((tmp_path / "hosts.yml").read_text(encoding="utf-8"))["all"]["children"]["hyperv_nodes"]
        for node, address in ready["nodes"].items():
            inventory = hosts["hosts"][node]
            assert (inventory["ansible_host"], inventory["ansible_port"]) == (address["address"], address["port"])
            socket.create_connection((address["address"], address["port"]), timeout=60).close()
        assert hosts["vars"]["ansible_connection"] == "winrm"
        assert hosts["vars"]["ansible_winrm_transport"] == "ntlm"
        for name in ("hosts.yml", "ready.json"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        with urllib.request.urlopen(f"{ready['control']}/state", timeout=60) as answer:
            assert [node["name"] for node in json.loads(answer.read())["nodes"]] == ["NODE1", "NODE2"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not (tmp_path / "ready.json").exists()


def ended(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_a_second_process_leaves_the_files_of_the_first_alone(tmp_path: pathlib.Path) -> None:
    with started(tmp_path) as (process, ready):
        second = ended(command(tmp_path, TWO_NODES, "--lifetime", "0.1"))
        assert second.returncode == 1
        assert f"ready.json is that of process {process.pid}, which still runs" in second.stderr
        assert json.loads((tmp_path / "ready.json").read_text(encoding="utf-8")) == ready


def test_the_ready_file_of_a_process_that_has_ended_is_replaced(tmp_path: pathlib.Path) -> None:
    with started(tmp_path) as (process, unused):
        process.kill()
        process.wait()
        assert ended(command(tmp_path, TWO_NODES, "--lifetime", "0.1")).returncode == 0


def test_a_process_does_not_remove_the_ready_file_of_another(tmp_path: pathlib.Path) -> None:
    with started(tmp_path) as (process, ready):
        (tmp_path / "ready.json").write_text(json.dumps({**ready, "pid": 1}), encoding="utf-8")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert (tmp_path / "ready.json").exists()


@pytest.mark.parametrize("option", ["--inventory", "--ready"])
def test_a_file_that_cannot_be_written_is_named_as_it_was_given(tmp_path: pathlib.Path, option: str) -> None:
    path = tmp_path / "no such folder" / "file"
    told = ended(command(tmp_path, TWO_NODES, option, str(path)))
    assert told.returncode == 1
    assert told.stderr.endswith(f"No such file or directory: '{path}'\n")


@pytest.mark.parametrize("lifetime", ["-2", "0", "nan", "inf", "long"])
def test_a_lifetime_that_is_none_is_refused_in_words(tmp_path: pathlib.Path, lifetime: str) -> None:
    told = ended(command(tmp_path, TWO_NODES, f"--lifetime={lifetime}"))
    assert told.returncode == 2
    assert f"argument --lifetime: '{lifetime}' is no number of seconds above 0" in told.stderr


@pytest.mark.parametrize(("options", "status"), [([], 500), (["--allow-unencrypted"], 200)])
def test_readable_messages_under_ntlm_can_be_allowed(tmp_path: pathlib.Path, options: list[str], status: int) -> None:
    with started(tmp_path, *options) as (unused, ready):
        readable = winrm.transport.Transport(
            f"http://127.0.0.1:{ready['nodes']['NODE1']['port']}/wsman",
            username=ready["user"],
            password=ready["password"],
            auth_method="ntlm",
            message_encryption="never",
        )
        try:
            answered = 200 if b"Msvm_ComputerSystem" in readable.send_message(enumerate_message(SYSTEM)) else 0
        except winrm.exceptions.WinRMTransportError as error:
            answered = error.args[1]
    assert answered == status


@pytest.mark.parametrize("password", ["a{{ x }}b", "{% x %}", "{# x #}", "- {{ 'quoted' }}: 1", "plain"])
def test_a_password_that_looks_like_a_template_is_none_for_ansible(tmp_path: pathlib.Path, password: str) -> None:
    write_inventory(tmp_path / "hosts.yml", inventory({"NODE1": 5985}, "operator", password))
    loader = DataLoader()
    hosts = InventoryManager(loader, sources=[str(tmp_path / "hosts.yml")])
    variables = VariableManager(loader, hosts).get_vars(host=hosts.get_host("NODE1"))
    assert Templar(loader, variables=variables).template(variables["ansible_password"]) == password


def test_the_process_ends_by_itself_after_its_lifetime(tmp_path: pathlib.Path) -> None:
    with started(tmp_path, "--lifetime", "0.5") as (process, ready):
        assert "control" not in ready
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [("nodes:\n- name: NODE1\n  state: upp\n", "mine.yml:3: nodes[0].state: 'upp'"), (None, "cannot be read")],
)
def test_a_wrong_scenario_ends_the_process_with_one_sentence(
    tmp_path: pathlib.Path, text: str | None, told: str
) -> None:
    scenario = tmp_path / "mine.yml"
    if text is not None:
        scenario.write_text(text, encoding="utf-8")
    process = ended(command(tmp_path, scenario))
    assert process.returncode == 1
    assert told in process.stderr
    assert "Traceback" not in process.stderr
    assert not (tmp_path / "ready.json").exists()


def test_a_port_that_is_taken_is_told_with_its_node_and_what_to_do(tmp_path: pathlib.Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (tmp_path / "mine.yml").write_text(f"nodes: [{{name: NODE1, port: {port}}}]\n", encoding="utf-8")
        process = ended(command(tmp_path, tmp_path / "mine.yml"))
    assert process.returncode == 1
    assert (
        f"port {port} of NODE1 cannot be listened on: Address already in use. Give the node another" in process.stderr
    )
    assert not (tmp_path / "ready.json").exists()
