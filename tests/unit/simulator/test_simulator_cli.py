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
import yaml

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
        give_up = time.monotonic() + 30
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
            socket.create_connection((address["address"], address["port"]), timeout=10).close()
        assert hosts["vars"]["ansible_connection"] == "winrm"
        assert hosts["vars"]["ansible_winrm_transport"] == "ntlm"
        for name in ("hosts.yml", "ready.json"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        with urllib.request.urlopen(f"{ready['control']}/state", timeout=10) as answer:
            assert [node["name"] for node in json.loads(answer.read())["nodes"]] == ["NODE1", "NODE2"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert not (tmp_path / "ready.json").exists()


def test_the_process_ends_by_itself_after_its_lifetime(tmp_path: pathlib.Path) -> None:
    with started(tmp_path, "--lifetime", "0.5") as (process, ready):
        assert "control" not in ready
        assert process.wait(10) == 0


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
    ended = subprocess.run(command(tmp_path, scenario), cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "ready.json").exists()
