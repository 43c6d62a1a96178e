# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The demo ends at once when it is asked to, and leaves no process and no folder behind."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tests.demo.commands import Commands, Stopped

ROOT = pathlib.Path(__file__).parents[2]
WITHIN = 300.0  # seconds

# Like Ansible: it has a worker in a session of its own, which ends a moment after its parent has.
PATIENT = """
import os, signal, sys, time
parent = os.getpid()
try:
    if os.fork() == 0:
        os.setsid()
        open("started", "w").close()
        while os.getppid() == parent:
            time.sleep(0.05)
        time.sleep(0.5)
        open("worker-ended", "w").close()
        os._exit(0)
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(99)
"""
RUNNER = """
import pathlib, sys
from tests.demo.commands import Commands, Interrupted
commands = Commands(pathlib.Path(sys.argv[1]))
with commands.listening():
    try:
        commands.run([sys.executable, "-c", sys.argv[2]])
    except Interrupted as interrupted:
        print("interrupted by", interrupted, flush=True)
        sys.exit(128 + interrupted.number)
"""


def heed_all_signals() -> None:
    """Undo what nohup and some build machines set: what is ignored stays ignored in every child."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)


def wait_for(path: pathlib.Path) -> None:
    give_up = time.monotonic() + WITHIN
    while not path.exists():
        assert time.monotonic() < give_up, f"{path} did not come"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_and_waits_for_its_workers(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", RUNNER, str(tmp_path), PATIENT]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=heed_all_signals) as runner:
        wait_for(tmp_path / "started")
        runner.send_signal(number)
        output, unused = runner.communicate(timeout=WITHIN)
    assert runner.returncode == 128 + number
    assert output.endswith(f"interrupted by {number.name}\n")
    assert (tmp_path / "worker-ended").exists()


def test_what_a_quiet_command_printed_is_returned(tmp_path: pathlib.Path) -> None:
    assert Commands(tmp_path).run(["echo", "yes"], quiet=True) == "yes\n"


def test_a_command_that_fails_is_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(Stopped, match="exit code 3"):
        Commands(tmp_path).run(["sh", "-c", "exit 3"])


def processes_in(folder: pathlib.Path) -> list[str]:
    """Return the command lines of processes that work in a folder or were told of it, also of one that is gone."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            if str(folder) in told or os.readlink(process / "cwd").startswith(str(folder)):
                found.append(told)
        except OSError:
            continue
    return found


@pytest.mark.skipif(not pathlib.Path("/proc/self/cwd").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_demo_leaves_nothing_behind(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    demo = [sys.executable, "-u", "-m", "tests.demo"]
    with subprocess.Popen(
        demo, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=heed_all_signals
    ) as running:
        assert running.stdout is not None
        next(line for line in running.stdout if line.startswith("$ ansible "))
        assert processes_in(tmp_path)
        running.send_signal(number)
        running.communicate(timeout=WITHIN)
    assert running.returncode == 128 + number
    assert processes_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
