# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Processes of this machine, and the program that gives signs of life for one: with real processes."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils import _processes

_WITHIN = 300  # seconds


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as one:
        yield one
        one.kill()


def wait_until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + _WITHIN
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_process_is_known_by_its_start_until_it_ends(sleeper: subprocess.Popen[bytes]) -> None:
    start = _processes.start_of(sleeper.pid)
    assert start
    assert _processes.is_running(sleeper.pid, start) is True
    assert _processes.start_of(sleeper.pid) == start
    sleeper.kill()
    sleeper.wait()
    assert _processes.is_running(sleeper.pid, start) is False


def test_one_that_nobody_has_waited_for_has_ended_as_well(sleeper: subprocess.Popen[bytes]) -> None:
    start = _processes.start_of(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert start
    assert _processes.is_running(sleeper.pid, start) is False


def test_another_one_with_the_same_id_is_not_taken_for_it() -> None:
    start = _processes.start_of(os.getpid())
    assert start
    assert _processes.is_running(os.getpid(), f"{start}1") is None or start.isdigit()
    assert _processes.is_running(os.getpid(), f"{start}1") is not True


def test_where_there_is_no_proc_ps_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, sleeper: subprocess.Popen[bytes]
) -> None:
    monkeypatch.setattr(_processes, "_PROC", str(tmp_path))
    if shutil.which("ps") is None:
        assert _processes.start_of(sleeper.pid) == ""
        return
    start = _processes.start_of(sleeper.pid)
    assert start
    assert len(start.split()) == 5, start  # Sat Mar  1 22:00:00 2026
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert _processes.start_of(sleeper.pid) is None


def test_a_name_with_brackets_and_spaces_does_not_hide_the_start(tmp_path: pathlib.Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("names of processes are in /proc on Linux alone")
    odd = tmp_path / "a) S 1 ("
    odd.symlink_to(sys.executable)
    with subprocess.Popen([odd, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        wait_until(lambda: b"a) S 1 (" in pathlib.Path(f"/proc/{process.pid}/stat").read_bytes())
        start = _processes.start_of(process.pid)
        process.kill()
    assert start
    assert start.isdigit()


class TestSigns:
    def test_they_are_given_until_the_process_ends(
        self, sleeper: subprocess.Popen[bytes], tmp_path: pathlib.Path
    ) -> None:
        state, signs = begun(tmp_path, sleeper)
        wait_until(lambda: state.stat().st_mtime > 1000)
        os.utime(state, (1, 1))
        wait_until(lambda: state.stat().st_mtime > 1000)
        assert signs.poll() is None
        sleeper.kill()
        sleeper.wait()
        assert signs.wait(_WITHIN) == 0

    def test_they_end_with_the_rolling_maintenance_and_when_another_run_has_it(
        self, sleeper: subprocess.Popen[bytes], tmp_path: pathlib.Path
    ) -> None:
        for runner in (None, {"process": 1, "started": "1"}):
            state, signs = begun(tmp_path, sleeper)
            state.write_text(json.dumps({"runner": runner} if runner else {}), encoding="utf-8")
            assert signs.wait(_WITHIN) == 0
        state, signs = begun(tmp_path, sleeper)
        state.unlink()
        assert signs.wait(_WITHIN) == 0


def begun(folder: pathlib.Path, sleeper: subprocess.Popen[bytes]) -> tuple[pathlib.Path, subprocess.Popen[bytes]]:
    """Return a state that was last touched long ago, and the program that gives signs for a process."""
    start = _processes.start_of(sleeper.pid)
    state = folder / "state.json"
    state.write_text(json.dumps({"runner": {"process": sleeper.pid, "started": start}}), encoding="utf-8")
    os.utime(state, (1, 1))
    command = [sys.executable, "-I", "-S", _processes.__file__, str(state), str(sleeper.pid), str(start), "0.01"]
    return state, subprocess.Popen(command)
