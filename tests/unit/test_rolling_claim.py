# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rolling maintenance that two runs of Ansible want: this process is one of them, another process the other."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time
import typing as t
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils import _rolling_claim
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.file_names import NOBODY
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_runner import LAPSES
from ansible_collections.hyperv.migration.plugins.plugin_utils._processes import start_of
from ansible_collections.hyperv.migration.plugins.plugin_utils._rolling_claim import this_run
from ansible_collections.hyperv.migration.plugins.plugin_utils._rolling_file import RollingFile, enter_phase

from tests.support.actions import Answer, carry_out
from tests.support.scenarios import NODES, as_text, scenario, vm
from tests.unit.connection.simulated_hosts import SimulatedHosts

HOSTS = [f"node{number}.corp.example" for number in (1, 2, 3)]
STATE = "hyperv-rolling-hvc1.corp.example.json"
WRITES_A_PHASE = """
import sys
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._rolling_file import enter_phase
print(end="ready", flush=True)
sys.stdin.readline()
try:
    enter_phase({"folder": sys.argv[1], "cluster": "hvc1.corp.example", "node": "node1.corp.example"}, "begun")
    print("won", flush=True)
except HyperVError as error:
    print(error, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    SimulatedHosts(monkeypatch, {"HVC1": as_text(scenario(NODES, [vm("web01")]))}, {})
    return tmp_path


@contextlib.contextmanager
def another_process(code: str = "import sys; sys.stdin.read()", *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def turn_of(number: int, folder: pathlib.Path, **given: t.Any) -> Answer:
    options = {"node": HOSTS[number - 1], "nodes": HOSTS, "folder": str(folder), "timeout": 0, **given}
    return carry_out("hyperv_rolling_node_info", HOSTS, home=HOSTS[number - 1], **options)


def record(folder: pathlib.Path, number: int = 1) -> dict[str, t.Any]:
    return {"folder": str(folder), "cluster": "hvc1.corp.example", "node": HOSTS[number - 1], "nodes": HOSTS}


def runner_in(folder: pathlib.Path) -> dict[str, t.Any] | None:
    return t.cast("dict[str, t.Any] | None", json.loads((folder / STATE).read_text(encoding="utf-8")).get("runner"))


def begun_by(folder: pathlib.Path, **runner: t.Any) -> pathlib.Path:
    """Begin the first node, and let it be somebody else who did."""
    enter_phase(record(folder), "begun")
    path = folder / STATE
    state = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**state, "runner": {**state["runner"], **runner}}), encoding="utf-8")
    return path


class TestOnThisMachine:
    def test_while_the_other_run_lives_no_turn_begins_and_no_phase_is_noted(self, folder: pathlib.Path) -> None:
        with another_process() as other:
            path = begun_by(folder, process=other.pid, started=start_of(other.pid), since="2026-03-01T22:00:00+00:00")
            before = path.read_bytes()
            why = (
                rf"hvc1\.corp\.example is under way in another run: process {other.pid} on {os.uname().nodename}, "
                rf"since 2026-03-01T22:00:00.*{HOSTS[0]} begun.*end process {other.pid} .*same command goes on"
            )
            attempts: tuple[Callable[[], object], ...] = (
                lambda: turn_of(1, folder),
                lambda: turn_of(2, folder, begin_anew=True),
                lambda: carry_out("hyperv_rolling_order_info", HOSTS, nodes=HOSTS, folder=str(folder), timeout=0),
                lambda: enter_phase(record(folder), "evacuated"),
                lambda: enter_phase(record(folder, 2), "begun"),
            )
            for act in attempts:
                with pytest.raises(HyperVError, match=why):
                    act()
            RollingFile(str(folder), NOBODY, str(path)).release()
            assert path.read_bytes() == before
            assert turn_of(1, folder, check_mode=True)["steps"]  # a dry run disturbs nobody

    def test_when_it_is_gone_the_next_one_goes_on_at_once(self, folder: pathlib.Path) -> None:
        with another_process() as other:
            begun_by(folder, process=other.pid, started=start_of(other.pid))
        told: list[str] = []
        turn = turn_of(1, folder, told=told)
        assert turn["phase"] == "begun"
        assert not [line for line in told if "Waiting" in line]
        enter_phase(turn["evacuation"], "begun")
        assert (runner_in(folder) or {})["process"] == os.getpid()

    def test_another_process_with_its_id_is_not_the_run(self, folder: pathlib.Path) -> None:
        with another_process() as other:
            begun_by(folder, process=other.pid, started="1")
            assert turn_of(1, folder)["phase"] == "begun"

    def test_of_two_that_begin_at_the_same_moment_one_wins(self, tmp_path: pathlib.Path) -> None:
        with contextlib.ExitStack() as ends:
            new = str(tmp_path / "not there yet")
            both = [ends.enter_context(another_process(WRITES_A_PHASE, new)) for unused in range(2)]
            outs = [one.stdout for one in both if one.stdout is not None]
            for out in outs:
                assert out.read(5) == "ready"
            for one in both:
                assert one.stdin is not None
                one.stdin.write("go\n")
                one.stdin.flush()
            said = [out.readline() for out in outs]
        assert sorted(line == "won\n" for line in said) == [False, True]
        winner = both[said.index("won\n")].pid
        assert [f"another run: process {winner} on" in line for line in said].count(True) == 1


class TestElsewhere:
    def test_a_run_that_has_given_no_sign_for_a_while_is_gone(self, folder: pathlib.Path) -> None:
        path = begun_by(folder, host="ctl2", place="elsewhere")
        os.utime(path, (then := time.time() - LAPSES - 1, then))
        assert turn_of(1, folder)["phase"] == "begun"

    def test_one_that_has_given_a_sign_just_now_cannot_be_written_beside(self, folder: pathlib.Path) -> None:
        begun_by(folder, host="ctl2", place="elsewhere")
        with pytest.raises(HyperVError, match=r"on ctl2, since .*another container .*after at most 120 s without"):
            enter_phase(record(folder), "evacuated")

    def test_it_is_waited_for_a_sign_until_it_lapses(
        self, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = begun_by(folder, host="ctl2", place="elsewhere")
        now, sign = 0.0, 0.0
        monkeypatch.setattr(_rolling_claim, "_times", lambda path: (sign, now))
        told: list[str] = []

        def pause(seconds: float) -> None:
            nonlocal now
            now += seconds

        RollingFile(str(folder), NOBODY, str(path)).wait_for_other_run(pause, told.append)
        assert now == LAPSES
        (line,) = told
        assert line.endswith("Waiting for a sign of life from there, for 120 s at most.")

    def test_a_sign_that_comes_meanwhile_is_one_of_a_run_that_lives(self, folder: pathlib.Path) -> None:
        path = begun_by(folder, host="ctl2", place="elsewhere")
        with pytest.raises(HyperVError, match="gives signs of life"):
            RollingFile(str(folder), NOBODY, str(path)).wait_for_other_run(
                lambda seconds: os.utime(path, (now := time.time() + 1, now)), lambda line: None
            )

    def test_a_clock_that_is_wrong_here_counts_for_nothing(
        self, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun_by(folder, host="ctl2", place="elsewhere")
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 3600)
        with pytest.raises(HyperVError, match="on ctl2"):
            enter_phase(record(folder), "evacuated")

    def test_containers_of_one_machine_with_the_same_name_do_not_see_each_other(self, folder: pathlib.Path) -> None:
        begun_by(folder, place="another namespace", process=os.getpid())
        with pytest.raises(HyperVError, match="another container"):
            enter_phase(record(folder), "evacuated")

    def test_where_processes_cannot_be_asked_for_signs_count(self, folder: pathlib.Path) -> None:
        begun_by(folder, place="", process=1)
        with pytest.raises(HyperVError, match="gives signs of life"):
            enter_phase(record(folder), "evacuated")


class TestItsOwn:
    def test_all_tasks_of_a_run_are_one(self, folder: pathlib.Path) -> None:
        enter_phase(record(folder), "begun")
        taken = runner_in(folder)
        enter_phase(record(folder), "evacuated")
        assert turn_of(1, folder)["phase"] == "evacuated"
        enter_phase(record(folder, 2), "begun")
        assert runner_in(folder) == taken
        assert taken is not None
        assert {**taken, "since": ""} == this_run("")

    def test_what_is_finished_has_no_run(self, folder: pathlib.Path) -> None:
        for number in (1, 2, 3):
            enter_phase(record(folder, number), "begun")
            assert runner_in(folder) is not None
            enter_phase(record(folder, number), "done")
        assert runner_in(folder) is None

    def test_to_be_taken_up_by_another_run_is_no_change(self, folder: pathlib.Path) -> None:
        begun_by(folder, process=2**22 + 1)
        noted = carry_out("hyperv_rolling_state", HOSTS, rolling=record(folder), phase="begun")
        assert noted["changed"] is False
        assert (runner_in(folder) or {})["process"] == os.getpid()

    @pytest.mark.parametrize("broken", ["me", 7, {"host": "ctl1"}, {**this_run(""), "process": True}])
    def test_what_is_no_run_is_none(self, folder: pathlib.Path, broken: object) -> None:
        path = begun_by(folder)
        path.write_text(
            json.dumps({**json.loads(path.read_text(encoding="utf-8")), "runner": broken}), encoding="utf-8"
        )
        assert turn_of(1, folder)["phase"] == "begun"

    @pytest.mark.parametrize("reason", ["The disk is full.", ""])
    def test_where_it_stops_the_next_one_need_not_wait(self, folder: pathlib.Path, reason: str) -> None:
        turn = turn_of(1, folder)
        enter_phase(turn["rolling"], "begun")
        assert runner_in(folder) is not None
        given = {**turn, "via": "", "stopped": "" if reason else "It is late."}
        with contextlib.suppress(HyperVError):
            carry_out("hyperv_rolling_report", HOSTS, turn=given, reason=reason)
        assert runner_in(folder) is None
