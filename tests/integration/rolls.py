# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs of the playbook ``hyperv.migration.rolling_maintenance`` with tasks of the user's own."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import typing as t
from collections.abc import Callable, Iterator

from tests.integration.commands import Ansible, Answer

FAILED = 2
STATE = "hyperv-rolling-hvc1.corp.example.json"
_WITHIN = 120  # seconds
USERS_TASKS = """
- name: Ask the node itself who it is
  hyperv.migration.hyperv_cim_info:
    namespace: root/cimv2
    class_name: Win32_OperatingSystem
    properties: [CSName]
  register: node
- name: Install updates
  ansible.builtin.assert:
    that: inventory_hostname != broken | default('')
    fail_msg: The disk is full.
    success_msg: "Worked on {{ node.instances[0].properties.csname }}."
"""


class Roll:
    """Runs the playbook; its state and the user's tasks are in a directory of their own for each test."""

    def __init__(self, ansible: Ansible, folder: pathlib.Path, **always: t.Any) -> None:
        self._ansible = ansible
        self._folder = folder
        self._always = always
        self._tasks = folder / "updates.yml"
        self.environment: dict[str, t.Any] = {}
        self.write_tasks(USERS_TASKS)

    def write_tasks(self, text: str) -> None:
        self._tasks.write_text(text, encoding="utf-8")

    def __call__(self, *options: str, **variables: t.Any) -> Answer:
        return self._ansible.run("ansible-playbook", *self._command(*options, **variables), **self.environment)

    @contextlib.contextmanager
    def started(self, reached: Callable[[dict[str, str]], bool], **variables: t.Any) -> Iterator[subprocess.Popen[str]]:
        """Begin the playbook, and yield it when the phases of the nodes are so; it is killed if it still runs then."""
        running = subprocess.Popen(
            ["ansible-playbook", *self._command(**variables)],
            cwd=self._folder,
            env=self._ansible.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            wait_until(lambda: running.poll() is not None or reached(self.phases()))
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait(_WITHIN)

    def killed_when(self, reached: Callable[[dict[str, str]], bool], **variables: t.Any) -> None:
        """Begin the playbook, and end it and all its processes as soon as the phases of the nodes are so."""
        with self.started(reached, **variables):
            pass

    def _command(self, *options: str, **variables: t.Any) -> list[str]:
        given = {
            "rolling_maintenance_tasks_file": str(self._tasks),
            "rolling_maintenance_folder": str(self._folder),
            "rolling_maintenance_health_timeout": 3,
            "rolling_maintenance_health_interval": 1,
            "rolling_maintenance_restart_poll_interval": 0.1,
            "evacuate_node_poll_interval": 0.05,
            "restore_node_poll_interval": 0.05,
            **self._always,
            **variables,
        }
        return [*self._ansible.sources, "hyperv.migration.rolling_maintenance", "-e", json.dumps(given), *options]

    @property
    def files(self) -> list[str]:
        return sorted(file.name for file in self._folder.iterdir() if file.is_file() and file != self._tasks)

    def nodes(self) -> dict[str, dict[str, t.Any]]:
        """Return what the state says of each node."""
        state = self._folder / STATE
        if not state.exists():
            return {}
        assert state.stat().st_mode & 0o777 == 0o600
        return t.cast("dict[str, dict[str, t.Any]]", json.loads(state.read_text(encoding="utf-8"))["nodes"])

    def phases(self) -> dict[str, str]:
        return {name: node["phase"] for name, node in self.nodes().items()}


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return when something is so, or fail."""
    give_up = time.monotonic() + _WITHIN
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def worked_on(answer: Answer) -> list[str]:
    return [node for line in answer.text.splitlines() for node in re.findall(r'"Worked on (\w+)\."', line)]
