# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A client's view of a simulated cluster in process: no network, and a clock that only the client moves."""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Callable, Sequence

import yaml
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import read_limits
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.methods.methods import Methods
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    MigrationRequest,
    MigrationTask,
    Policy,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.timeouts import Timeout
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import AUTO, MethodChoice
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.scheduler import Scheduler
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import AnswerLost, Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster
from tests.simulator.scenario_file import read_scenario
from tests.simulator.scenario_roles import CORE_GROUP
from tests.support.requests import calls
from tests.support.scenarios import Scenario, as_mapping, scenario, vm

TWO_VMS = scenario(vms=[vm("web01", memory_mb=20000), vm("web02", memory_mb=20000)])
_CONNECT, _READ = 30.0, 70.0  # seconds that the product waits for a connection and for an answer


class Simulated:
    """The simulated cluster with a client on it; is itself the client's clock.

    Attributes:
        login: how the client says that it logged in.
        sent: how many requests went to each node.
        requests: node and SOAP message of each request.
        pauses: how long the client waited each time, in seconds.
        between_pauses: how many requests it sent before each of them.
        lose: says of a request to a node what becomes of it: ``""`` it is answered, ``"down"`` the node is not reached,
            ``"silent"`` likewise, which takes half a minute to tell, ``"hangs"`` it takes the request and does not
            answer in time, ``"before"`` or ``"after"`` the connection breaks before or after the node carried it out.
        garble: says which answers arrive cut in half.
        alter: returns what arrives instead of an answer.
    """

    def __init__(self, given: Scenario | str = TWO_VMS, home: str = "NODE1", **switches: t.Any) -> None:
        """Start a scenario, or the text of one, with switches that it does not set itself."""
        content = yaml.safe_load(given) if isinstance(given, str) else as_mapping(given)
        content["switches"] = {**content.get("switches", {}), **switches}
        self._clock = ManualClock()
        self.server = SimulatedCluster(read_scenario(yaml.safe_dump(content, sort_keys=False)), self._clock)
        self.cluster = Cluster(self._connect, self)
        self.home = home
        self.sent: collections.Counter[str] = collections.Counter()
        self.login = ""
        self.names: dict[str, str] = {}  # other names of nodes
        self.pauses: list[float] = []  # seconds
        self.between_pauses: list[int] = []
        self.requests: list[tuple[str, bytes]] = []
        self.lose: Callable[[str, bytes], str] = lambda node, request: ""
        self.garble: Callable[[bytes], bool] = lambda request: False
        self.alter: Callable[[bytes, bytes], bytes] = lambda request, answer: answer
        self._requests = 0

    def now(self) -> float:
        return self._clock.now()

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.between_pauses.append(self._requests)
        self._requests = 0
        self._clock.advance(seconds)

    def _connect(self, node: str | None) -> Session:
        name = node or self.home
        known = {one.lower(): one for one in self.server.world.nodes}
        known.update(self.names)
        label = name if name in self.names else name.partition(".")[0].lower()
        there = known.get(label, name)
        if node is not None and there == self.home:
            return self.cluster.home.host
        return Session(lambda request: self._send(there, request), self, name, login=lambda: self.login)

    def _send(self, node: str, request: bytes) -> bytes:
        self._requests += 1
        self.requests.append((node, request))
        self.sent[node] += 1
        lost = self.lose(node, request)
        if lost == "down":
            raise Unreachable(f"{node} is down")
        if lost == "silent":
            self._clock.advance(_CONNECT)
            raise Unreachable(f"{node} did not answer in time. Check that the node is up")
        if lost == "hangs":
            self._clock.advance(_READ)
            raise AnswerLost(f"The connection to {node} broke: timed out")
        if lost == "before":
            raise AnswerLost("reset")
        if node == self.server.world.scenario.cluster.name:
            node = self._owner_of_the_name()
        try:
            answer = self.server.endpoint(node).handle(request).body
        except (ConnectionResetError, KeyError) as error:  # down, or no node at all
            raise Unreachable(str(error)) from error
        if lost == "after":
            raise AnswerLost("reset")
        answer = self.alter(request, answer)
        return answer[: len(answer) // 2] if self.garble(request) else answer

    def _owner_of_the_name(self) -> str:
        """Return the node that answers for the cluster's name; nobody does while the core group moves."""
        world = self.server.world
        world.look()
        if CORE_GROUP in world.roles.moving:
            raise Unreachable(f"{world.scenario.cluster.name} does not answer")
        return world.core_group_owner

    def runs(self, *wishes: tuple[str, str], timeout: int = 0, method: MethodChoice = AUTO) -> list[MigrationTask]:
        moves = plan(self.cluster, [MoveRequest(destination, name) for name, destination in wishes], method)
        return [MigrationTask(MigrationRequest(move, Timeout.of(timeout, move.vm.memory_mb))) for move in moves]

    def scheduler(
        self,
        report: Callable[[Sequence[MigrationTask]], None] = lambda runs: None,
        *,
        method: MethodChoice = AUTO,
        **policy: t.Any,
    ) -> Scheduler:
        limits = read_limits(self.cluster, list(self.server.world.nodes), None)
        return Scheduler(self.cluster, Methods(self.cluster, method), limits, Policy(**policy), report)

    def move(
        self, *wishes: tuple[str, str], timeout: int = 0, method: MethodChoice = AUTO, **options: t.Any
    ) -> list[MigrationTask]:
        runs = self.runs(*wishes, timeout=timeout, method=method)
        self.scheduler(method=method, **options).execute(runs)
        return runs

    def rehearse(self, *wishes: tuple[str, str], method: MethodChoice = AUTO) -> list[MigrationTask]:
        runs = self.runs(*wishes, method=method)
        self.scheduler(method=method).dry_run(runs)
        return runs

    def called(self, method: str) -> list[str]:
        """Return the nodes that a CIM method was called on."""
        return [node for node, request in self.requests if calls(method, request)]

    def owner(self, name: str) -> str:
        return str(next(vm["owner"] for vm in self.server.state()["vms"] if vm["name"] == name))

    def migrations(self, name: str) -> int:
        vm_id = next(vm["id"] for vm in self.server.state()["vms"] if vm["name"] == name)
        return int(self.server.counters()["migrations"].get(vm_id, 0))


def started(given: Scenario | str, after: float = 8.0, **switches: t.Any) -> tuple[Simulated, Reference]:
    """Return a cluster with a migration of web01 to NODE2 that has been running for ``after`` seconds, and its job."""
    simulated = Simulated(given, **switches)
    (run,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(run)
    simulated.pause(after)
    assert run.reference
    return simulated, run.reference
