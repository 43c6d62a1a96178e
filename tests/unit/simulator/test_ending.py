# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulator ends on SIGTERM, at whatever moment of its start, its waiting or its end that comes."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tests.running_cluster import ROOT, SCENARIOS

ENDS_WITHIN = 60.0  # seconds; a process that does not end at all is what fails here
# One wait after another is interrupted by SIGTERM, each at the next of its instructions, until one has no more.
WAITS = """
import signal, sys
from tests.simulator.ending import Ending

def interrupted_at(moment):
    instructions = 0

    def trace(frame, event, unused):
        nonlocal instructions
        frame.f_trace_opcodes = True
        if event == "opcode":
            instructions += 1
            if instructions == moment:
                signal.raise_signal(signal.SIGTERM)
        return trace

    with Ending(signal.SIGTERM) as ending:
        sys.settrace(trace)
        asked = ending.wait(0.01)
        sys.settrace(None)
        # What came after it had looked is there for the next one.
        return instructions >= moment, asked or ending.wait(0)

moment = 1
while True:
    reached, asked = interrupted_at(moment)
    if not reached:
        break
    assert asked, moment
    moment += 1
print(moment - 1, asked)
"""


def test_a_wait_ends_by_a_signal_at_any_of_its_instructions() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WAITS], cwd=ROOT, capture_output=True, text=True, timeout=ENDS_WITHIN, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    moments, asked = ended.stdout.split()
    assert int(moments) > 20
    assert asked == "False"  # nobody asked for the end of the last one


def start(folder: pathlib.Path) -> subprocess.Popen[str]:
    folder.mkdir()
    files = ["--inventory", str(folder / "hosts.yml"), "--ready", str(folder / "ready.json"), "--control"]
    command = [sys.executable, "-m", "tests.simulator", str(SCENARIOS / "two_nodes.yml"), *files]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def seconds_to_start(tmp_path_factory: pytest.TempPathFactory) -> float:
    began = time.monotonic()
    with start(tmp_path_factory.mktemp("measured") / "run") as process:
        assert process.stdout
        process.stdout.readline()
        process.terminate()
        return time.monotonic() - began


@pytest.mark.parametrize("share", [0, 0.3, 0.6, 0.9, 1])
def test_a_simulator_ends_whenever_it_is_told_to(tmp_path: pathlib.Path, seconds_to_start: float, share: float) -> None:
    process = start(tmp_path / "run")
    time.sleep(seconds_to_start * share)
    process.terminate()
    said = process.communicate(timeout=ENDS_WITHIN)[0]
    # Before it listens to signals it is ended like any process, and has left nothing yet.
    assert process.returncode in (0, -signal.SIGTERM), said
    assert "Traceback" not in said
    assert not (tmp_path / "run" / "ready.json").exists()
