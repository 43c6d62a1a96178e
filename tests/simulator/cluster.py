# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated cluster as a whole: its nodes' WS-Management services over one world, with state and counters."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
import secrets
import typing as t
from collections.abc import Callable

from .cim import CimFault
from .clock import Clock, ScaledClock
from .fault_rules import FaultPlan, FaultRule
from .latency import Latency
from .providers import providers_of
from .providers.event_records import HostLogs
from .scenario import Scenario
from .scenario_file import read_scenario, read_scenario_file
from .state import describe
from .world import Node, World
from .wsman import Endpoint, Reply, RequestInfo
from .wsman import describe as describe_request


class Meter(t.Protocol):
    """Something that messages go through."""

    @property
    def bytes_in(self) -> int:
        """Bytes received."""

    @property
    def bytes_out(self) -> int:
        """Bytes sent."""

    def reset_counters(self) -> None:
        """Count from zero again."""


class Line(Meter, t.Protocol):
    """A node's listener, which also knows its connections."""

    @property
    def connections(self) -> dict[str, int]:
        """How many TCP connections were ``opened`` so far and are ``open``, and the ``logins`` on all of them."""

    @property
    def refused_logins(self) -> int:
        """How many logins came to nothing."""


class SimulatedCluster:
    """The cluster of a scenario. Its nodes may be asked from several threads; requests take turns.

    Attributes:
        scenario: what it was made from, with a password in it in any case.
        world: nodes, VMs and migrations.
        clock: the simulated time that everything follows.
    """

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        user = dataclasses.replace(scenario.user, password=scenario.user.password or secrets.token_urlsafe(12))
        self.scenario = dataclasses.replace(scenario, user=user)
        self.clock = clock
        self.world = World(self.scenario, clock)
        self._requests: collections.Counter[str] = collections.Counter()
        self._endpoints = {name: NodeEndpoint(self, node) for name, node in self.world.nodes.items()}
        self._meters: list[Meter] = list(self._endpoints.values())
        self._lines: dict[str, Line] = {}

    def endpoint(self, node_name: str) -> NodeEndpoint:
        """Return the service of a node, named as in the scenario. Raises KeyError."""
        return self._endpoints[node_name]

    def state(self) -> dict[str, t.Any]:
        """Return what is true now: ``nodes``, ``vms``, ``jobs`` (and more), as data that JSON can hold."""
        with self.world.lock:
            self.world.look()
            return describe(self.world)

    def counters(self) -> dict[str, t.Any]:
        """Return what was done since the start or the last reset.

        ``requests`` by operation, ``bytes_in`` and ``bytes_out``, ``shells_opened``, ``open_enumerations``,
        ``connections``: how many were ``opened`` and are ``open``, and the ``logins`` on them, by the name of a node
        with a listener, ``refused_logins`` of each of these that had any, and ``migrations``: how often each VM's
        migration was started by a call, by VM id, without those that were not.
        """
        with self.world.lock:
            machines = self.world.machines.values()
            return {
                "requests": dict(self._requests),
                "bytes_in": sum(meter.bytes_in for meter in self._meters),
                "bytes_out": sum(meter.bytes_out for meter in self._meters),
                "shells_opened": self._requests["Shell"],
                "open_enumerations": sum(endpoint.open_enumerations for endpoint in self._endpoints.values()),
                "connections": {name: line.connections for name, line in self._lines.items()},
                "refused_logins": {
                    name: line.refused_logins for name, line in self._lines.items() if line.refused_logins
                },
                "migrations": {machine.id: machine.times_migrated for machine in machines if machine.times_migrated},
            }

    def reset(self) -> None:
        """Put the cluster back to the start of its scenario, counters and faults included."""
        with self.world.lock:
            self.world.reset()
            self._requests.clear()
            for meter in self._meters:
                meter.reset_counters()
            for endpoint in self._endpoints.values():
                endpoint.begin_anew()

    def meter(self, node_name: str, line: Line) -> None:
        """Count what goes through the listener of a node from now on."""
        self._meters.append(line)
        self._lines[node_name] = line

    def recorded(self, node_name: str, request: bytes) -> Reply | None:
        """Return what is known to be the answer of a node to a message, None where the world has to answer."""
        return None

    def count(self, request: RequestInfo) -> None:
        """Count one request."""
        self._requests[request.operation] += 1


class NodeEndpoint:
    """One node's service with what the scenario lets go wrong on the way to it.

    Attributes:
        bytes_in, bytes_out: sizes of the messages that went through ``handle``.
        latency: how long its answers are on their way.
    """

    def __init__(self, cluster: SimulatedCluster, node: Node) -> None:
        self._cluster = cluster
        self._name = node.name
        self.bytes_in = self.bytes_out = 0
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget open enumerations and how often faults have struck, as a service that was restarted."""
        world = self._cluster.world
        scenario = self._cluster.scenario
        self._plan = FaultPlan(scenario.faults, self._name)
        self.latency = Latency(scenario.latency, self._name)
        node = world.nodes[self._name]
        self._endpoint = Endpoint(
            node.spec.full_name,
            providers_of(world, node),
            scenario.switches,
            self._on_request,
            build=node.spec.windows_build,
            account=f"{scenario.user.domain}\\{scenario.user.name}",
            listener=scenario.listener,
            logs=HostLogs(world, node, self._cluster.clock.wait),
            event_switches=scenario.switches,
        )

    @property
    def open_enumerations(self) -> int:
        return self._endpoint.open_enumerations

    def handle(self, request: bytes) -> Reply:
        """Answer a message as a client sees it that is in this process.

        Raises:
            ConnectionResetError: the node is down, or a fault rule cuts the connection.
        """
        self.bytes_in += len(request)
        self._cluster.clock.wait(self.latency.of_exchange() + self.delay(request))
        reply = self._disturbed(request, self.disturb(request))
        self.bytes_out += len(reply.body)
        return reply

    def reset_counters(self) -> None:
        """Count bytes from zero again."""
        self.bytes_in = self.bytes_out = 0

    def _disturbed(self, request: bytes, rule: FaultRule | None) -> Reply:
        effect = rule.effect if rule else ""
        if rule and effect == "delay":
            self._cluster.clock.wait(rule.seconds)
        elif effect == "reset_before":
            raise ConnectionResetError(f"{self._name}: connection reset before the request was carried out")
        elif effect in ("http_503", "empty_400", "http_401"):
            return Reply(int(effect[-3:]), b"")
        reply = self.serve(request)
        if effect == "reset_after":
            raise ConnectionResetError(f"{self._name}: connection reset after the request was carried out")
        return Reply(reply.status, reply.body[: len(reply.body) // 2]) if effect == "truncate" else reply

    def serve(self, request: bytes) -> Reply:
        """Answer a message that has arrived; what goes wrong on the network is the listener's business."""
        world = self._cluster.world
        with world.lock:
            world.look()
            return self._cluster.recorded(self._name, request) or self._endpoint.handle(request)

    def identify(self, request: bytes) -> Reply:
        """Answer a message that has arrived from who has not logged in."""
        return self._endpoint.identify(request)

    def refuse(self, request: bytes, code: int) -> Reply:
        """Answer a message with the fault ``code``, and carry nothing out."""
        return self._endpoint.refuse(request, CimFault(code, "", ""))

    def disturb(self, request: bytes) -> FaultRule | None:
        """Return what goes wrong with this message on the network; counts it."""
        world = self._cluster.world
        with world.lock:
            world.look()
            if not world.nodes[self._name].windows_runs:
                return FaultRule("reset_before")
        if not self._plan.has_rules:
            return None
        info = describe_request(request)
        return None if info is None else self._plan.on_the_network(info)

    def delay(self, request: bytes) -> float:
        """Return how many seconds the answer to this message takes because of what it asks for."""
        info = describe_request(request) if self.latency.knows_operations else None
        return 0.0 if info is None else self.latency.of_operation(info.operation)

    def _on_request(self, request: RequestInfo) -> None:
        self._cluster.count(request)
        self._plan.in_the_service(request)


def load(
    path_or_text: pathlib.Path | str,
    clock: Clock | None = None,
    *,
    allow_unencrypted: bool = False,
    make: Callable[[Scenario, Clock], SimulatedCluster] = SimulatedCluster,
) -> SimulatedCluster:
    """Return the cluster of a scenario file (a Path) or of a scenario's text.

    The clock is the scenario's own (scaled real time) unless one is given. With ``allow_unencrypted`` its listeners
    take readable messages, whatever the scenario says. Raises ScenarioError.
    """
    if isinstance(path_or_text, pathlib.Path):
        scenario = read_scenario_file(path_or_text)
    else:
        scenario = read_scenario(path_or_text)
    if allow_unencrypted:
        listener = dataclasses.replace(scenario.listener, encryption="optional")
        scenario = dataclasses.replace(scenario, listener=listener)
    return make(scenario, clock or ScaledClock(scenario.clock.speed))
