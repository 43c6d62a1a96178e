# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the costs of tasks grow with VMs, nodes and moves, up to ten times the VMs that Windows allows.

Each task runs in process, on the manual clock. What the simulated hosts take is told apart by the CPU time of the
thread that they answer in, so the CPU is that of a task without Ansible, logins and encryption. One size grows, and
all others stay as they are.
"""

from __future__ import annotations

import dataclasses
import gc
import time
import typing as t
from collections.abc import Callable, Sequence

import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_from_snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.taking_snapshots import take_snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.vm_listing import list_vms

from tests.support.simulated import Simulated

from .figures import Figure
from .grown import Grown

_EMPTIED, _HOME = "NODE1", "NODE2"
_POLLS = range(5, 25)  # those that are measured: all moves run, and none has ended
_STEADY = 0.02, 0.25  # exponents of counts, and of CPU, of what must not grow
_REPEATED, _ENOUGH = (
    3,
    6.0,
)  # times that a task is measured at most, and seconds of CPU, hosts included, that are enough

_Cost = dict[str, float]


@dataclasses.dataclass(frozen=True)
class Size:
    """A cluster: ``leaving`` of its VMs are on NODE1, the others on all nodes but the first two."""

    nodes: int
    vms: int
    leaving: int

    def scenario(self, *, slots: int, seconds: float) -> str:
        """Return it as text; each node takes part in ``slots`` migrations at once, each of ``seconds``."""
        names = [f"NODE{number}" for number in range(3, self.nodes + 1)]
        vm = {"memory_mb": 4096, "migration": {"seconds": seconds}}
        nodes = {"name": "NODE", "count": self.nodes, "memory_mb": 2**30, "simultaneous_migrations": slots}
        others = {"name": "vm", "count": self.vms - self.leaving, "owner": names, **vm}
        return yaml.safe_dump(
            {"nodes": [nodes], "vms": [{"name": "web", "count": self.leaving, "owner": _EMPTIED, **vm}, others]}
        )


@dataclasses.dataclass(frozen=True)
class Dimension:
    """What grows.

    Attributes:
        name: for people, with what stays as it is.
        unit: what one more is.
        sizes: how many there are of it, with the cluster.
        tasks: what is measured.
        steady: those of the tasks that must not take more.
        most: exponents of counts, and of CPU, that the others may have at most.
    """

    name: str
    unit: str
    sizes: Sequence[tuple[int, Size]]
    tasks: Sequence[str]
    steady: Sequence[str] = ()
    most: tuple[float, float] = (1.02, 1.2)


DIMENSIONS = (
    Dimension(
        "VMs of 64 nodes, 8 are moved",
        "VM",
        [(vms, Size(64, vms, 8)) for vms in (800, 8000, 80_000)],
        ("list", "plan", "evacuation", "poll"),
        steady=("poll",),
    ),
    Dimension(
        "nodes with 800 VMs, 8 are moved",
        "node",
        [(nodes, Size(nodes, 800, 8)) for nodes in (4, 16, 64)],
        ("list", "plan", "evacuation", "poll"),
        steady=("poll",),
    ),
    Dimension(
        "VMs that are moved, of 1,600 on 16 nodes",
        "VM",
        [(leaving, Size(16, 1600, leaving)) for leaving in (8, 80, 800)],
        ("plan", "evacuation", "poll"),
        # Jobs are listed for five minutes after their end: with more moves a poll shows more of them, up to a hundred.
        most=(1.15, 1.35),
    ),
)


class Client(Simulated):
    """A simulated cluster that tells what its client costs."""

    def __init__(self, given: str) -> None:
        super().__init__(given, home=_HOME)
        self._theirs: list[float] = []
        self._received: list[int] = []

    def _send(self, node: str, request: bytes) -> bytes:
        began = time.thread_time()
        try:
            answer = super()._send(node, request)
            self._received.append(len(answer))
            return answer
        finally:
            self._theirs.append(time.thread_time() - began)

    def costs(self) -> _Cost:
        """Return requests, bytes received and CPU so far."""
        return {
            "requests": len(self.requests),
            "bytes received": sum(self._received),
            "CPU": time.process_time() - sum(self._theirs),
        }


class _Watched(Exception):
    """Enough polls have passed."""


class _Watch(Client):
    """Raises _Watched after the polls that are measured, and notes what these cost."""

    def __init__(self, given: str) -> None:
        super().__init__(given)
        self.began: _Cost = {}

    def pause(self, seconds: float) -> None:
        super().pause(seconds)
        if len(self.pauses) == _POLLS.start:
            self.began = self.costs()
        if len(self.pauses) == _POLLS.stop:
            raise _Watched


def measure() -> list[Figure]:
    """Measure every task at every size."""
    return [figure for dimension in DIMENSIONS for task in dimension.tasks for figure in _figures(dimension, task)]


def _figures(dimension: Dimension, task: str) -> list[Figure]:
    costs = [_least(_TASKS[task], size) for unused, size in dimension.sizes]
    most, cpu = _STEADY if task in dimension.steady else dimension.most
    return [
        Grown.of(
            f"{task}, with {dimension.name}",
            cost,
            [count for count, unused in dimension.sizes],
            [one[cost] for one in costs],
            cpu if cost == "CPU" else most,
            each=dimension.unit,
            is_relative=cost == "CPU",
        )
        for cost in costs[0]
    ]


def _least(task: Callable[[Size], _Cost], size: Size) -> _Cost:
    """Return the least that a task cost, of several times where one is too short to be told apart from chance."""
    began, costs = time.process_time(), [task(size)]
    while len(costs) < _REPEATED and time.process_time() - began < _ENOUGH:
        costs.append(task(size))
    return {name: min(one[name] for one in costs) for name in costs[0]}


def _cost(client: Client, work: Callable[[], object]) -> _Cost:
    """Return what work costs. What the simulated hosts hold is kept from the collector of Python, as it is theirs."""
    gc.collect()
    gc.freeze()
    before = client.costs()
    work()
    after = client.costs()
    gc.unfreeze()
    return {name: after[name] - before[name] for name in after}


def _list(size: Size) -> _Cost:
    client = Client(size.scenario(slots=4, seconds=10))
    found: list[t.Any] = []
    cost = _cost(client, lambda: found.extend(list_vms(client.cluster)))
    assert len(found) == size.vms
    return cost


def _planned(client: Client) -> Sequence[tuple[str, str]]:
    plan = plan_from_snapshot(take_snapshot(client.cluster, _EMPTIED, ()), EvacuationRequest(_EMPTIED))
    return [(one.candidate.vm.name, one.destination) for one in plan.moves]


def _plan(size: Size) -> _Cost:
    client = Client(size.scenario(slots=4, seconds=10))
    found: list[tuple[str, str]] = []
    cost = _cost(client, lambda: found.extend(_planned(client)))
    assert len(found) == size.leaving
    return cost


def _evacuation(size: Size) -> _Cost:
    """Carry out a plan: what follows it until all VMs are where it says."""
    client = Client(size.scenario(slots=4, seconds=10))
    wishes = _planned(client)
    outcomes: list[str] = []

    def work() -> None:
        runs = client.runs(*wishes)
        client.scheduler().execute(runs)
        outcomes.extend(str(run.outcome) for run in runs)

    cost = _cost(client, work)
    assert outcomes == ["moved"] * size.leaving
    return cost


def _poll(size: Size) -> _Cost:
    """Look at moves that all run; returns the mean of one poll."""
    client = _Watch(size.scenario(slots=size.leaving, seconds=100_000))
    last = f"NODE{size.nodes}"
    runs = client.runs(*((vm["name"], last) for vm in client.server.state()["vms"] if vm["owner"] == _EMPTIED))
    gc.collect()
    gc.freeze()
    try:
        client.scheduler().execute(runs)
    except _Watched:
        after = client.costs()
    gc.unfreeze()
    assert [str(run.stage.name) for run in runs] == ["RUNNING"] * size.leaving
    return {name: (after[name] - client.began[name]) / len(_POLLS) for name in after}


_TASKS: dict[str, Callable[[Size], _Cost]] = {"list": _list, "plan": _plan, "evacuation": _evacuation, "poll": _poll}
