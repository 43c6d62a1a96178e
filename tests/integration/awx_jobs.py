# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Jobs as AWX runs them: ansible-runner on a project, with extra vars as JSON and artifacts out of ``set_stats``.

What AWX does around ansible-runner is in its sources: ``awx/main/tasks/jobs.py`` (arguments),
``awx/main/tasks/callback.py`` (artifacts, from the ``artifact_data`` of an event), ``awx/main/models/workflow.py``
(artifacts become extra vars of the jobs that follow; those of slices are put together with dict.update, so that a later
one wins).
"""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
import shutil
import typing as t
from collections.abc import Callable, Mapping

from ansible_runner import interface

from tests.ansible_command import ansible_environment
from tests.counted_nodes import counted
from tests.running_cluster import ROOT

PROJECT = ROOT / "extensions" / "awx" / "project"


@dataclasses.dataclass(frozen=True)
class Job:
    """A job that has ended.

    Attributes:
        status: ``successful``, ``failed``, ``canceled``.
        artifacts: what a workflow hands to its next job.
        events: as ansible-runner counted them, in their order.
        text: what the job printed.
    """

    status: str
    artifacts: Mapping[str, t.Any]
    events: list[Mapping[str, t.Any]]
    text: str

    def failures(self) -> dict[str, str]:
        """Return the last message of a task that failed and was not rescued, by host."""
        failed = [one["event_data"] for one in self.events if one["event"] == "runner_on_failed"]
        return {one["host"]: str(one["res"].get("msg")) for one in failed if not one.get("ignore_errors")}

    def counted_nodes(self) -> list[str]:
        """Return the nodes that indirect node counting finds in the job."""
        events = [one["event_data"] for one in self.events if "res" in one.get("event_data", {})]
        return counted((str(one.get("resolved_action")), one["res"]) for one in events)

    def hosts(self) -> set[str]:
        """Return the hosts that the job ran on."""
        return set(next(one["event_data"]["processed"] for one in self.events if one["event"] == "playbook_on_stats"))


class Controller:
    """Launches jobs in ``folder`` on an inventory."""

    def __init__(self, folder: pathlib.Path, inventory: pathlib.Path) -> None:
        self._folder = folder
        self._inventory = inventory
        self._numbers = itertools.count(1)

    def launch(
        self,
        playbook: str,
        extra_vars: Mapping[str, t.Any],
        *options: str,
        check: bool = False,
        forks: int = 5,
        cancel: Callable[[], bool] | None = None,
    ) -> Job:
        """Run a playbook of the project to its end, or until ``cancel`` says so; no job may warn.

        Each job has a directory of its own, as a container has: what it writes there no other job finds.
        """
        private = self._folder / f"job{next(self._numbers)}"
        shutil.copytree(PROJECT, private / "project")
        events: list[Mapping[str, t.Any]] = []

        def keep(event: Mapping[str, t.Any]) -> bool:
            events.append(event)
            return True

        run = interface.run(
            private_data_dir=str(private),
            playbook=f"{playbook}.yml",
            inventory=str(self._inventory),
            extravars=dict(extra_vars),
            envvars=ansible_environment(self._folder),
            cmdline=" ".join([*(["--check"] if check else []), f"--forks={forks}", *options]),
            settings={"pexpect_timeout": 0.1},
            cancel_callback=cancel or (lambda: False),
            event_handler=keep,
            quiet=True,
        )
        text = run.stdout.read()
        assert "WARNING" not in text, text
        assert "Traceback" not in text, text
        found = [one["event_data"].get("artifact_data") or {} for one in events if one["event"] == "playbook_on_stats"]
        return Job(run.status, found[-1] if found else {}, events, text)


def artifacts_of_slices(jobs: list[Job]) -> dict[str, t.Any]:
    """Return what the job after a sliced one is given."""
    together: dict[str, t.Any] = {}
    for job in jobs:
        together.update(job.artifacts)
    return together
