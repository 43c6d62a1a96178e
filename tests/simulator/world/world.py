# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated cluster's state at this moment: nodes, VMs, groups, migrations, and what happens by itself.

Nothing runs on its own: ``look()`` carries out what has become due since the last look. Callers hold ``lock``.
"""

from __future__ import annotations

import collections
import datetime
import functools
import threading

from ..clock import Clock
from ..scenario import Scenario, VmSpec
from ..scenario_roles import CORE_GROUP
from .affinity import Affinity
from .balancer import Balancer
from .calls import KEPT, Call
from .directory import Directory
from .drains import Drains
from .event_log import EventLogs
from .events import Events
from .members import READERS, Files, Machine, Node
from .migrations import Migrations
from .power import Power
from .restarts import Restarts
from .roles import Roles
from .storage import Storage
from .timeline import Timeline


class World:
    """Everything that the providers read and change; nodes by name and VMs by id, spelled as in the scenario."""

    timeline: Timeline
    nodes: dict[str, Node]
    machines: dict[str, Machine]
    directory: Directory
    core_group_owner: str
    auto_balancer_mode: int
    role_owners: dict[str, str]
    roles: Roles
    affinity: Affinity
    migrations: Migrations
    drains: Drains
    power: Power
    restarts: Restarts
    storage: Storage
    balancer: Balancer
    events: Events
    event_logs: EventLogs
    calls: collections.deque[Call]

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        self.scenario = scenario
        self.lock = threading.RLock()
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Put everything back to the start of the scenario; simulated time begins anew."""
        self._origin = self._clock.now()
        self.timeline = Timeline()
        self.nodes = {spec.name: Node(spec, index + 1) for index, spec in enumerate(self.scenario.nodes)}
        self._node_names = {name.lower(): name for name in self.nodes}
        self.machines = {}
        self.directory = Directory()
        self._groups: dict[str, Machine] = {}
        for spec in self.scenario.vms:
            self.add(spec)
        first = next(iter(self.members or self.nodes))
        self.auto_balancer_mode = self.scenario.cluster.auto_balancer_mode
        self.role_owners = {role.name: role.owner for role in self.scenario.roles}
        core = self.role_owners.pop(CORE_GROUP, None)
        self.core_group_owner = self.scenario.cluster.core_group_owner or core or first
        self.roles = Roles(self)
        self.affinity = Affinity(self)
        self.migrations = Migrations(self)
        self.migrations.ended.append(self.affinity.let_others_follow)
        self.event_logs = EventLogs(self)
        self.drains = Drains(self)
        self.power = Power(self)
        self.restarts = Restarts(self)
        self.storage = Storage(self)
        self.balancer = Balancer(self)
        self.events = Events(self)
        self.calls = collections.deque(maxlen=KEPT)

    @property
    def members(self) -> dict[str, Node]:
        """The nodes of the cluster, without hosts outside it."""
        return {name: node for name, node in self.nodes.items() if node.spec.member}

    @property
    def now(self) -> float:
        """Simulated seconds since the start or the last reset."""
        return self.timeline.now

    def look(self) -> None:
        """Carry out what has become due."""
        self.timeline.run_until(self._clock.now() - self._origin)

    def date(self, seconds: float) -> datetime.datetime:
        """Return the date and time of a simulated second."""
        return self._clock.started + datetime.timedelta(seconds=self._origin + seconds)

    def find_node(self, name: str) -> Node | None:
        """Return the node of this NetBIOS name in any letter case."""
        known = self._node_names.get(name.lower())
        return None if known is None else self.nodes[known]

    def find_host(self, name: str) -> Node | None:
        """Return the node or host that a name or an address of it means."""
        named = (
            one
            for one in self.nodes.values()
            if name.lower() in (one.spec.full_name, f"{one.name}.{one.spec.domain}".lower())
            or name in (one.spec.listener_addresses or ())
        )
        return self.find_node(name) or next(named, None)

    def find_machine(self, identity: str) -> Machine | None:
        """Return the VM with this GUID in any letter case."""
        return self.machines.get(identity.upper())

    def find_group(self, name: str) -> Machine | None:
        """Return the VM whose cluster group has this name in any letter case."""
        return self._groups.get(name.lower())

    def host_name(self, node: str) -> str:
        """Return the node's name in the form that summaries and jobs use."""
        if self.scenario.switches.host_name_form == "fqdn":
            return self.nodes[node].spec.full_name
        return node

    def add(self, spec: VmSpec) -> None:
        """Let there be one more VM, whose id, group and files are told."""
        owner, folder = str(spec.owner), str(spec.folder)
        files = Files(folder, folder, folder, spec.disks or ())
        machine = Machine(spec, owner, spec.state, spec.activity, owner, owner, files)
        self._see_processor(machine)
        self.machines[machine.id] = machine
        self.nodes[owner].residents[machine.id] = machine
        self._groups[machine.group.lower()] = machine
        self.directory.add(machine)

    def remove(self, machine: Machine) -> None:
        """Let a VM that does not move be gone, with its role."""
        del self.machines[machine.id]
        del self.nodes[machine.owner].residents[machine.id]
        del self._groups[machine.group.lower()]
        self.directory.remove(machine)
        for node in self.nodes.values():
            node.drained = [identity for identity in node.drained if identity != machine.id]

    def relocate(self, machine: Machine, destination: str) -> None:
        """Make ``destination`` the owner; summary and cluster show it at once or later, as switched."""
        del self.nodes[machine.owner].residents[machine.id]
        self.nodes[destination].planned.discard(machine.id)
        machine.owner = destination
        machine.changed_at = self.now
        if not machine.has_memory:
            self._see_processor(machine)
        self.nodes[destination].residents[machine.id] = machine
        switches = self.scenario.switches
        for reader in READERS:
            lags = switches.owner_lag_seconds > 0 and switches.owner_lag_in in ("both", reader)
            if lags:
                self.timeline.after(switches.owner_lag_seconds, functools.partial(machine.show_owner, reader))
            else:
                machine.show_owner(reader)

    def _see_processor(self, machine: Machine) -> None:
        """Let a VM find the processor of its node when it starts there."""
        spec = self.nodes[machine.owner].spec
        machine.processor, machine.processor_maker = spec.processor, spec.hardware.processor_maker

    def move_core_group(self, destination: str) -> None:
        """Move "Cluster Group", and with it the provider of the cluster namespace if it follows that group."""
        self.core_group_owner = destination
        if self.scenario.switches.jobs_lost_with_provider:
            self.migrations.jobs.clear()

    def roomiest_node(self, machine: Machine) -> Node | None:
        """Return the node that is up, may own the VM and has most free memory, if the VM fits there."""
        candidates = [
            node
            for node in self.nodes.values()
            if node.state == "up" and node.spec.member and node.name != machine.owner and machine.may_run_on(node.name)
        ]
        best = max(candidates, key=Node.free_mb, default=None)
        return best if best is not None and best.free_mb() >= machine.needs_mb else None
