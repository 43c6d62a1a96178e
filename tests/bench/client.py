# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""``python -m tests.bench.client INVENTORY JOB``: one job of a task in a process of its own, and what it cost.

The process does what a task does after Ansible has started it: the real connection plugin, a login at each node,
encrypted messages. What Ansible itself takes, before and after, is not in it, and neither is the simulator.
"""

from __future__ import annotations

import contextlib
import gc
import json
import pathlib
import resource
import sys
import time
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Callable

import yaml
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils._clock import TaskClock
from ansible_collections.hyperv.migration.plugins.plugin_utils._connections import Connections
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import read_limits
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.methods import Methods
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    MigrationRequest,
    MigrationTask,
    Policy,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.stage import Stage
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.timeouts import Timeout
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_from_snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.taking_snapshots import take_snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import (
    plan as plan_moves,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.scheduler import Scheduler
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.vm_listing import list_vms

from . import bare

HOME = "NODE1"
_TIMES = 3  # the best of so many repetitions counts

Result = dict[str, t.Any]


class Traffic:
    """What one session sent and got, from its opening on, or from the last ``forget``."""

    def __init__(self, send: Callable[[bytes], bytes]) -> None:
        self.exchanges: list[bare.Exchange] = []
        self.received = 0
        self._send = send

    @property
    def requests(self) -> list[bytes]:
        """What was sent and answered."""
        return [request for request, unused in self.exchanges]

    @property
    def address(self) -> str:
        """Host and port that it goes to."""
        return str(t.cast(t.Any, self._send).__self__.address)

    def send(self, request: bytes) -> bytes:
        """Pass one message on."""
        answer = self._send(request)
        self.exchanges.append((request, bare.context_in(answer)))
        self.received += len(answer)
        return answer

    def forget(self) -> None:
        """Begin anew."""
        self.exchanges.clear()
        self.received = 0

    def repeat(self, requests: list[bytes]) -> None:
        """Send messages again and only parse what answers: the least that reading the same bytes can cost."""
        context = b""
        for request in requests:
            # A new enumeration has a context of its own.
            answer = self._send(bare.CONTEXT.sub(rb"\g<1>" + context.replace(b"\\", rb"\\"), request))
            ET.fromstring(answer)
            context = bare.context_in(answer)


class Client:
    """A cluster as a task on NODE1 has it, with its traffic."""

    def __init__(self, inventory: pathlib.Path) -> None:
        group = yaml.safe_load(inventory.read_text(encoding="utf-8"))["all"]["children"]["hyperv_nodes"]
        hosts = {name: {**group["vars"], **own} for name, own in group["hosts"].items()}
        plugin = connection_loader.get(group["vars"]["ansible_connection"], PlayContext(), "/dev/null")
        extras = {name: value for name, value in hosts[HOME].items() if name == "ansible_winrm_message_encryption"}
        plugin.set_options(var_options={**hosts[HOME], "_extras": extras})
        groups = {"all": list(hosts), "hyperv_nodes": list(hosts)}
        task_vars = {"hostvars": hosts, "groups": groups, "inventory_hostname": HOME}
        self.variables = hosts[HOME]
        self._connections = Connections(plugin, task_vars, TaskClock())
        self.traffic: list[Traffic] = []
        self.cluster = Cluster(self._session, TaskClock())

    def _session(self, node: str | None) -> t.Any:
        session = self._connections.session(node)
        if isinstance(getattr(session._send, "__self__", None), Traffic):
            return session  # the task's host under its own name
        traffic = Traffic(session._send)
        session._send = traffic.send
        self.traffic.append(traffic)
        return session

    def costs(self) -> Result:
        """Return requests and bytes so far, and the most memory that the process has held, in bytes."""
        return {
            "requests": sum(len(one.requests) for one in self.traffic),
            "received": sum(one.received for one in self.traffic),
            "sent": sum(len(request) for one in self.traffic for request in one.requests),
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def listing(client: Client) -> Result:
    """List all VMs, by the product and by the floor in turns, so that what else the machine does meets both."""
    vms = list_vms(client.cluster)
    costs = client.costs()
    (home,) = client.traffic
    requests = list(home.requests)
    ours, floor = [], []
    for unused in range(_TIMES):
        ours.append(_cpu(lambda: list_vms(client.cluster)))
        floor.append(_cpu(lambda: home.repeat(requests)))
    return {**costs, "vms": len(vms), "cpu": min(ours), "floor": min(floor)}


def one(client: Client) -> Result:
    """Look at a single VM."""
    (vm,) = list_vms(client.cluster, name="vm0001")
    return {**client.costs(), "vms": len([vm])}


def plan(client: Client) -> Result:
    """Plan for an empty NODE1: what is read of the cluster and all nodes, with a login at each, then the planning."""
    began = time.process_time()
    snapshot = take_snapshot(client.cluster, HOME, ())
    reading = time.process_time() - began
    found = plan_from_snapshot(snapshot, EvacuationRequest(HOME))
    return {
        **client.costs(),
        "vms": len(found.moves),
        "destinations": len(found.headroom),
        "reading": reading,
        "cpu": time.process_time() - began - reading,
    }


def least(client: Client) -> Result:
    """Tell what a plan cannot do without: what there is before it, and what its messages cost pywinrm and the parser.

    ``in_a_row``: requests to the task's host, which takes one after the other.
    """
    at_first = client.costs()["memory"]
    plan(client)
    return {
        "at_first": at_first,
        "in_a_row": len(client.traffic[0].exchanges),
        "floor": bare.cpu_of(client.variables, [(one.address, one.exchanges) for one in client.traffic]),
    }


class _MinuteOver(Exception):
    """A minute of waiting has passed."""


class _Minute(TaskClock):
    """A clock that need not be waited for, and that raises _MinuteOver when the task has waited for a minute.

    The minute begins at the first pause, when everything is started.
    """

    def __init__(self) -> None:
        super().__init__()
        self._skipped = 0.0
        self.cpu_at_start = 0.0

    def now(self) -> float:
        return super().now() + self._skipped

    def pause(self, seconds: float) -> None:
        self.cpu_at_start = self.cpu_at_start or time.process_time()
        if self._skipped >= 60:
            raise _MinuteOver
        self._skipped += seconds


def waiting(client: Client) -> Result:
    """Start moves of all VMs of NODE1 to NODE2 and wait for a minute."""
    clock = _Minute()
    client.cluster.clock = clock
    names = [vm["name"] for vm in list_vms(client.cluster)]
    moves = plan_moves(client.cluster, [MoveRequest("NODE2", name) for name in names], "system")
    runs = [MigrationTask(MigrationRequest(move, Timeout.of(3600, move.vm.memory_mb))) for move in moves]
    limits = read_limits(client.cluster, [HOME, "NODE2"], None)
    started = 0

    def report(unused: object) -> None:
        nonlocal started
        if not started and all(run.stage is Stage.RUNNING for run in runs):
            started = len(client.traffic[0].requests)

    scheduler = Scheduler(client.cluster, Methods(client.cluster), limits, Policy(), report)
    with contextlib.suppress(_MinuteOver):
        scheduler.execute(runs)
    cpu = time.process_time() - clock.cpu_at_start
    asked = len(client.traffic[0].requests) - started
    return {"jobs": sum(run.stage is Stage.RUNNING for run in runs), "requests": asked, "cpu": cpu}


def _cpu(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


JOBS: dict[str, Callable[[Client], Result]] = {
    "listing": listing,
    "one": one,
    "plan": plan,
    "least": least,
    "waiting": waiting,
}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[2]](Client(pathlib.Path(sys.argv[1])))))
