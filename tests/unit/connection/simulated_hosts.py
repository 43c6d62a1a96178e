# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An inventory, real connection plugins made from it, and simulated clusters in this process behind its addresses.

Machines are called CLUSTER/NODE. The network knows them by the names that they call themselves by, with their domain,
and by addresses: 10.1.0.1 is the first node of the first cluster, 10.2.0.1 that of the second.
"""

from __future__ import annotations

import collections
import dataclasses
import os
import typing as t
from collections.abc import Mapping, Sequence

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils import _connections
from ansible_collections.hyperv.migration.plugins.plugin_utils._connections import Connections
from ansible_collections.hyperv.migration.plugins.plugin_utils._via import Via, ViaSearch
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import LoginRefused, Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster
from tests.simulator.scenario_file import read_scenario
from tests.simulator.wsman import describe

_READS = frozenset({"Get", "Enumerate", "Pull", "Release"})
Groups = Mapping[str, Sequence[str]]
Variables = Mapping[str, Mapping[str, t.Any]]


class HandClock:
    """Time that goes on when somebody waits."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def pause(self, seconds: float) -> None:
        self._now += seconds


@dataclasses.dataclass(frozen=True)
class Network:
    """Simulated clusters, and which machine is behind which address.

    Attributes:
        sent: requests that arrived, by machine.
        changes: what was asked of a machine beside reading.
        refusing: machines that refuse user and password.
    """

    clusters: Mapping[str, SimulatedCluster]
    machines: dict[str, str]
    sent: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    changes: list[str] = dataclasses.field(default_factory=list)
    refusing: set[str] = dataclasses.field(default_factory=set)

    @classmethod
    def of(cls, scenarios: Mapping[str, str], leads: Mapping[str, str]) -> Network:
        """Start a cluster for each scenario; ``leads`` are addresses that lead elsewhere, "" for nowhere."""
        clusters = {name: SimulatedCluster(read_scenario(text), ManualClock()) for name, text in scenarios.items()}
        machines: dict[str, str] = {}
        for number, (name, cluster) in enumerate(clusters.items(), start=1):
            for place, node in enumerate(cluster.scenario.nodes, start=1):
                machine = f"{name}/{node.name}"
                machines[f"10.{number}.0.{place}"] = machines[node.full_name] = machine
        return cls(clusters, {**machines, **{address.lower(): machine for address, machine in leads.items()}})

    def disconnect(self, machine: str) -> None:
        """Let no address lead to a machine any more."""
        self.machines.update({address: "" for address, there in self.machines.items() if there == machine})

    def send(self, address: str, request: bytes) -> bytes:
        """Carry a request. Raises Unreachable."""
        machine = self.machines.get(address.lower())
        if not machine:
            raise Unreachable(f"{address} does not answer.")
        self.sent[machine] += 1
        if machine in self.refusing:
            raise LoginRefused(f"{address} refused user and password.")
        asked = describe(request)
        if asked is not None and asked.operation not in _READS:
            self.changes.append(f"{machine}: {asked.operation}")
        cluster, unused, node = machine.partition("/")
        try:
            return self.clusters[cluster].endpoint(node).handle(request).body
        except ConnectionResetError as error:
            raise Unreachable(f"{address} does not answer.") from error


class _Sender:
    """What a real sender is to a session, over the simulated network."""

    operation_timeout = 20
    login = "ntlm"

    def __init__(self, network: Network, connection: t.Any) -> None:
        self._network = network
        self.address = str(connection.get_option("remote_addr"))

    def send(self, request: bytes) -> bytes:
        return self._network.send(self.address, request)

    def close(self) -> None:
        """Nothing is open."""


class SimulatedHosts:
    """Hosts of an inventory in front of a network.

    Attributes:
        network: what is behind them.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        scenarios: Mapping[str, str],
        groups: Groups,
        variables: Variables | None = None,
        leads: Mapping[str, str] | None = None,
    ) -> None:
        self.network = Network.of(scenarios, leads or {})
        self._groups = groups
        self._variables = variables or {}
        self._opened: list[tuple[Session, str]] = []
        monkeypatch.setattr(_connections, "open_sender", lambda connection, unused: _Sender(self.network, connection))

    @property
    def hosts(self) -> list[str]:
        """All hosts of the inventory, in the order of its groups."""
        return list(dict.fromkeys(host for hosts in self._groups.values() for host in hosts))

    def connections(self, home: str, **task_vars: t.Any) -> Connections:
        """Return the connections of a task on ``home``, whose plugin is made as Ansible makes it."""
        plugin = connection_loader.get("winrm", PlayContext(), os.devnull)
        plugin.set_options(var_options={"ansible_host": home, **self._variables.get(home, {}), "_extras": {}})
        given = {
            "inventory_hostname": home,
            "groups": {"all": self.hosts, "ungrouped": [], **self._groups},
            "hostvars": {host: dict(self._variables.get(host, {})) for host in self.hosts},
            **task_vars,
        }
        return Connections(plugin, given, HandClock())

    def asked_from(self, home: str, name: str | None, **task_vars: t.Any) -> str:
        """Return the machine that a task on ``home`` reaches by a name (None: its own). Raises as Connections."""
        return self._machine_of(self.connections(home, **task_vars), name)

    def via(self, node: str, hosts: Sequence[str] = (), **arguments: t.Any) -> Via:
        """Return the host to talk through, among all unless told otherwise; raises as ViaSearch."""
        connections = self.connections(self.hosts[0])
        return ViaSearch(connections.inventory, connections.who).find(node, hosts or self.hosts, **arguments)

    def _machine_of(self, connections: Connections, name: str | None) -> str:
        session = connections.session(name)
        opened = {id(one): address for address, one in connections.close()}
        return self.network.machines[opened[id(session)].lower()]
