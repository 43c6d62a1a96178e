# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A second cluster whose cluster, nodes and VMs bear the same names, in one inventory with the first.

Names of the first may lead to computers of the second: a wrong record in DNS, an address that was given away.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import typing as t
import uuid
from collections.abc import Callable, Iterator
from unittest import mock

from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils import _connections
from ansible_collections.hyperv.migration.plugins.plugin_utils._connections import Connections
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster
from tests.simulator.scenario import Scenario
from tests.simulator.scenario_file import read_scenario
from tests.support.scenarios import as_text

_DOMAIN, _THEIRS = "corp.example", "branch.example"


def twin_of(scenario: Scenario) -> Scenario:
    """Return a cluster with the same names in another domain, where no VM has the id of one of the first."""
    cluster = dataclasses.replace(scenario.cluster, fqdn=scenario.cluster.fqdn.replace(_DOMAIN, _THEIRS))
    vms = [
        dataclasses.replace(vm, id=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{vm.name}.{number}.{_THEIRS}")).upper())
        for number, vm in enumerate(scenario.vms)
    ]
    return dataclasses.replace(scenario, cluster=cluster, vms=tuple(vms), events=())


class _Line:
    """A connection to whatever computer its name leads to when it is first used."""

    operation_timeout = 20
    login = "ntlm"

    def __init__(self, neighbours: Neighbours, address: str) -> None:
        self._neighbours = neighbours
        self._leads_to: tuple[SimulatedCluster, str] | None = None
        self.address = address

    def send(self, request: bytes) -> bytes:
        self._leads_to = self._leads_to or self._neighbours.behind(self.address)
        return self._neighbours.send(*self._leads_to, request)

    def close(self) -> None:
        """Nothing is open."""


class Neighbours:
    """The inventory and the network of a controller that reaches both clusters.

    Attributes:
        astray: nodes of the first cluster whose names lead to the second one.
    """

    def __init__(
        self,
        own: SimulatedCluster,
        scenario: Scenario,
        clock: ManualClock,
        send: Callable[[SimulatedCluster, str, bytes], bytes],
    ) -> None:
        """Set the second cluster up beside the first, which was made from ``scenario``."""
        self.astray: set[str] = set()
        self.send = send
        self._own = own
        self._twin = SimulatedCluster(read_scenario(as_text(twin_of(scenario))), clock)
        nodes = [node.name.lower() for node in scenario.nodes if node.member]
        self._groups = {
            "corp": [f"{node}.{_DOMAIN}" for node in nodes],
            "branch": [f"{node}.{_THEIRS}" for node in nodes],
        }

    def state(self) -> str:
        """Return all that is so in the second cluster."""
        return json.dumps({what: self._twin.state()[what] for what in ("nodes", "vms")}, sort_keys=True, default=str)

    def behind(self, address: str) -> tuple[SimulatedCluster, str]:
        """Return the computer that a name leads to now."""
        label, unused, domain = address.lower().partition(".")
        name = next((name for name in self._own.world.nodes if name.lower() == label), label)
        is_theirs = domain == _THEIRS or name in self.astray
        return (self._twin if is_theirs else self._own), name

    @contextlib.contextmanager
    def reachable(self) -> Iterator[None]:
        """Have connections lead through this network."""
        with mock.patch.object(
            _connections, "open_sender", lambda plugin, unused: _Line(self, str(plugin.get_option("remote_addr")))
        ):
            yield

    def connect(self, home: str, clock: t.Any) -> Cluster:
        """Return the cluster as a task on one of its hosts sees it."""
        host = f"{home.lower()}.{_DOMAIN}"
        plugin = connection_loader.get("winrm", PlayContext(), os.devnull)
        plugin.set_options(var_options={"ansible_host": host, "_extras": {}})
        hosts = [one for group in self._groups.values() for one in group]
        given = {
            "inventory_hostname": host,
            "groups": {"all": hosts, "ungrouped": [], "hyperv_nodes": hosts, **self._groups},
            "hostvars": {one: {} for one in hosts},
        }
        return Connections(plugin, given, clock).cluster()
