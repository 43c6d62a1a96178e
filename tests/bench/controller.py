# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real Ansible commands against a simulated cluster in another process, with all that they cost on both sides."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import re
import resource
import tempfile
import time
import typing as t
from collections.abc import Iterator, Sequence

import yaml

from tests.integration.commands import Ansible
from tests.running_cluster import RunningCluster, running_cluster

_ASKED = re.compile(r"^<\S+> (\w+) \S+?(?: \((\w+)\))?: \d+ bytes sent", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Cost:
    """What something cost: SOAP requests, bytes of HTTP bodies (as on the wire), seconds of CPU and of the clock."""

    requests: float
    bytes_sent: float
    bytes_received: float
    cpu: float
    wall: float

    def less(self, other: Cost) -> Cost:
        """Return what this cost more than ``other``."""
        return self._combined(lambda one, two: one - two, other)

    def each(self, count: int) -> Cost:
        """Return the cost of one of ``count``."""
        return self._combined(lambda one, unused: one / count, self)

    def _combined(self, combine: t.Callable[[float, float], float], other: Cost) -> Cost:
        return Cost(*map(combine, dataclasses.astuple(self), dataclasses.astuple(other)))


class Controller:
    """Runs playbooks on a cluster that nobody else asks.

    Attributes:
        cluster: the simulated cluster.
        folder: where the playbooks are, and a ``library`` may be.
    """

    def __init__(self, folder: pathlib.Path, cluster: RunningCluster) -> None:
        self.cluster = cluster
        self.folder = folder
        self._ansible = Ansible(folder, cluster.inventory)

    def play(self, tasks: Sequence[dict[str, t.Any]], *options: str) -> str:
        """Run tasks on NODE1 as a playbook and return what it printed. Raises RuntimeError if one of them fails."""
        playbook = self.folder / "playbook.yml"
        content = [{"hosts": "NODE1", "gather_facts": False, "tasks": list(tasks)}]
        playbook.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        answer = self._ansible.run("ansible-playbook", *self._ansible.sources, str(playbook), *options)
        if answer.code:
            raise RuntimeError(f"a measured playbook failed:\n{answer.text}")
        return answer.text

    def cost(self, tasks: Sequence[dict[str, t.Any]]) -> Cost:
        """Return what a playbook of these tasks costs, Ansible's own start included."""
        before, used, began = self.cluster.counters(), _cpu(), time.monotonic()
        self.play(tasks)
        wall, cpu, after = time.monotonic() - began, _cpu() - used, self.cluster.counters()
        return Cost(
            sum(after["requests"].values()) - sum(before["requests"].values()),
            after["bytes_in"] - before["bytes_in"],
            after["bytes_out"] - before["bytes_out"],
            cpu,
            wall,
        )

    def requests(self, task: dict[str, t.Any]) -> list[str]:
        """Return what each request of a task of this collection asked for, a class or a method, as ``-vvvv`` tells."""
        return asked(self.play([task], "-vvvv"))


def asked(output: str) -> list[str]:
    """Return what each request asked for, a class or a method, from what a command printed with ``-vvvv``."""
    return [queried or operation for operation, queried in _ASKED.findall(output)]


def _cpu() -> float:
    """Return the CPU seconds of all commands that have ended. The simulator runs on, so it is not among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def controller(scenario: dict[str, t.Any]) -> Iterator[Controller]:
    """Start a simulated cluster for the time of a case."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        described = folder / "scenario.yml"
        described.write_text(yaml.safe_dump(scenario), encoding="utf-8")
        with running_cluster(described, folder) as cluster:
            yield Controller(folder, cluster)
