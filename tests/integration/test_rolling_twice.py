# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rolling maintenance that is started a second time while it runs, and again right after it was killed."""

from __future__ import annotations

import json
import os
import pathlib
import signal
from collections.abc import Iterator

import pytest

from tests.integration.commands import Ansible
from tests.integration.rolls import FAILED, STATE, USERS_TASKS, Roll, wait_until, worked_on
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

SCENARIO = pathlib.Path(__file__).with_name("rolling.yml")
WAITS = """
- name: Wait for somebody
  ansible.builtin.wait_for:
    path: "{{ awaited }}"
  delegate_to: localhost
  connection: local
"""


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    with running_cluster(SCENARIO, folder) as cluster:
        yield cluster


def test_the_second_run_stops_while_the_first_is_in_the_users_tasks_and_goes_on_when_that_was_killed(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    awaited = tmp_path / "awaited"
    roll = Roll(ansible, tmp_path, awaited=str(awaited))
    roll.write_tasks(WAITS + USERS_TASKS)
    state = tmp_path / STATE
    with roll.started(lambda phases: phases.get("NODE1") == "evacuated") as first:
        assert first.poll() is None
        runner = json.loads(state.read_text(encoding="utf-8"))["runner"]
        assert runner["process"] == first.pid
        # Nothing of the product runs while the user's tasks do, and signs of life are given all the same.
        os.utime(state, (1, 1))
        wait_until(lambda: state.stat().st_mtime > 1000)

        second = roll()

        assert second.code == FAILED
        assert worked_on(second) == []
        said = f"under way in another run: process {first.pid} on {os.uname().nodename}, since {runner['since']}"
        assert said in second.text, second.text
        assert f"end process {first.pid}" in second.text
        assert first.poll() is None
        assert json.loads(state.read_text(encoding="utf-8"))["runner"] == runner
        assert roll("--check").code == 0
        os.kill(first.pid, signal.SIGKILL)
        first.wait(300)
        awaited.touch()
        last = roll()
    assert last.code == 0, last.text
    assert worked_on(last) == ["NODE1", "NODE2", "NODE3", "NODE4"]
    assert set(cluster.node_states().values()) == {"up"}
    assert "runner" not in json.loads(state.read_text(encoding="utf-8"))


def test_of_two_runs_that_are_started_at_one_moment_one_has_the_tasks_done(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    roll = Roll(ansible, tmp_path, awaited=str(tmp_path / "awaited"), node_log=str(tmp_path / "log"))
    roll.write_tasks(
        WAITS
        + """
- name: Note that the node was worked on
  ansible.builtin.shell: echo {{ inventory_hostname }} >> {{ node_log }}
  delegate_to: localhost
  connection: local
  vars: {ansible_shell_type: sh}
"""
    )
    with (
        roll.started(lambda phases: True) as one,
        roll.started(lambda phases: phases.get("NODE1") == "evacuated") as other,
    ):
        wait_until(lambda: (one.poll(), other.poll()) != (None, None))
        (tmp_path / "awaited").touch()
        codes = {one.wait(480), other.wait(480)}
    assert codes == {0, FAILED}
    assert (tmp_path / "log").read_text(encoding="utf-8").split() == ["NODE1", "NODE2", "NODE3", "NODE4"]
    assert set(roll.phases().values()) == {"done"}
    assert set(cluster.node_states().values()) == {"up"}
