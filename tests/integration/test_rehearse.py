# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``make rehearse``: what it prints can be typed, and Ctrl-C leaves nothing."""

from __future__ import annotations

import pathlib
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.running_cluster import ROOT

SCENARIO = {
    "user": {"name": "operator", "password": "simulated-Passw0rd"},
    "clock": {"speed": 60},
    "nodes": [{"name": "HV1"}, {"name": "HV2"}, {"name": "HV3"}],
    "vms": [{"name": "web01", "owner": "HV2"}, {"name": "web02", "owner": "HV2"}, {"name": "db01", "owner": "HV1"}],
}


class Rehearsal:
    """A running ``python -m tests.rehearse`` and what it printed."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.rehearse", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.text = ""

    def read_instructions(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.text += line
            if "rm -f hyperv-ledger" in line:
                return

    def end(self) -> str:
        """Press Ctrl-C and return what is printed then."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=300)[0]


@pytest.fixture
def scenario(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "mine.yml"
    path.write_text(yaml.safe_dump(SCENARIO), encoding="utf-8")
    return path


@pytest.fixture
def rehearsal(scenario: pathlib.Path) -> Iterator[Rehearsal]:
    started = Rehearsal(str(scenario))
    started.read_instructions()
    yield started
    started.process.kill()
    started.process.communicate(timeout=300)


@pytest.mark.long
def test_what_is_printed_can_be_typed_and_brings_every_vm_back(rehearsal: Rehearsal, tmp_path: pathlib.Path) -> None:
    (folder,) = re.findall(r"^  cd (.+)$", rehearsal.text, re.MULTILINE)
    place = pathlib.Path(shlex.split(folder)[0])
    typed = re.findall(r"^  (ansible.+)$", rehearsal.text, re.MULTILINE)
    ansible = Ansible(tmp_path, place / "hosts.yml")

    assert len(typed) == 5
    for command in typed:
        answer = ansible.run(*shlex.split(command), folder=place)
        assert answer.code == 0, answer.text
    told = rehearsal.end()

    assert "evacuate_node_name=HV2" in rehearsal.text
    assert rehearsal.process.returncode == 0
    assert "has ended" in told
    assert not place.exists()


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        ({}, ["--node", "HV9"], "no node HV9. Its nodes are HV1, HV2, HV3."),
        ({"nodes": []}, [], "nodes"),
        ({"vms": [{"name": "web01", "owner": "HV7"}]}, [], "HV7"),
    ],
    ids=["a node that is not there", "no nodes", "a VM of no node"],
)
def test_what_cannot_be_rehearsed_is_said_in_one_line(
    scenario: pathlib.Path, change: dict[str, object], arguments: list[str], said: str
) -> None:
    scenario.write_text(yaml.safe_dump({**SCENARIO, **change}), encoding="utf-8")

    told = Rehearsal(str(scenario), *arguments)
    text = told.process.communicate(timeout=300)[0]

    assert told.process.returncode == 1
    assert text.startswith("There is no rehearsal. ")
    assert said in text
    assert text.count("\n") == 1
