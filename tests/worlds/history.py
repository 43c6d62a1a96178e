# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What truly happened in the simulated cluster, by whom, and what each request could have read of it.

Everything is taken from the simulator's own state. Nothing here knows how the product works.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
import typing as t
from collections.abc import Callable, Iterator

from tests.simulator.world import Job, Machine, Node, World

Actor = t.Literal["product", "others", "cluster"]
How = t.Literal["job", "hand", "restart"]
Reading = t.Literal["vms", "roles", "nodes", "mirrors", "storage", "else"]

_READINGS: tuple[tuple[Reading, re.Pattern[bytes]], ...] = (
    ("nodes", re.compile(rb"MSCluster_Node\b")),
    ("roles", re.compile(rb"MSCluster_Resource(Group)?\b")),
    ("vms", re.compile(rb"Msvm_SummaryInformation(Base)?\b")),
    ("mirrors", re.compile(rb"MSFT_VirtualDisk\b")),
    ("storage", re.compile(rb"root/Microsoft/Windows/Storage\b")),
)


@dataclasses.dataclass(frozen=True)
class VmSeen:
    """A VM at a moment: where it is, where summary and cluster show it, and its state.

    ``shown`` holds the owner as well, and ``told`` only what can be read.
    """

    name: str
    owner: str
    shown: frozenset[str]
    state: str
    busy: bool
    told: frozenset[str]


@dataclasses.dataclass(frozen=True)
class Moment:
    """The cluster when a request was answered: VMs by id, states of nodes, and owner and state of roles by name.

    ``request`` counts the requests of the run from 0; ``answered``: its answer arrived. ``about``: ids of the only VMs
    that were read, None for all. ``resting``: nodes whose disks are out of service; ``outdated``: those whose copies
    are not current; ``losses``: how often mirrors were below the redundancy that they should have;
    ``balancer``: AutoBalancerMode.
    """

    request: int
    at: float
    reading: Reading
    answered: bool
    vms: dict[str, VmSeen]
    nodes: dict[str, str]
    about: frozenset[str] | None = None
    roles: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    resting: frozenset[str] = frozenset()
    outdated: frozenset[str] = frozenset()
    losses: int = 0
    balancer: int = 0

    def shows(self, vm: str) -> bool:
        """Tell whether a VM was read, and was there."""
        return self.answered and vm in self.vms and (self.about is None or vm in self.about)


@dataclasses.dataclass(frozen=True)
class Moved:
    """A VM's owner changed. ``by`` whom, and ``how``: its job succeeded, by hand, or it was restarted elsewhere."""

    request: int
    at: float
    vm: str
    source: str
    destination: str
    by: Actor
    how: How


@dataclasses.dataclass(frozen=True)
class Called:
    """The product started a migration of a VM, which was on ``source`` at that moment."""

    request: int
    at: float
    vm: str
    source: str
    destination: str


@dataclasses.dataclass(frozen=True)
class Commanded:
    """The product asked for a VM's state to change."""

    request: int
    at: float
    vm: str
    wanted: str


@dataclasses.dataclass(frozen=True)
class RoleCalled:
    """The product had a role moved that is no VM; it was on ``source`` at that moment."""

    request: int
    role: str
    source: str
    destination: str


@dataclasses.dataclass(frozen=True)
class Held:
    """The product paused a node, or resumed it."""

    request: int
    node: str
    what: t.Literal["pause", "resume"]


@dataclasses.dataclass(frozen=True)
class Taken:
    """The product had the disks of a node taken out of service."""

    request: int
    node: str


class History:
    """Watches one simulated world during one run after the other.

    Attributes:
        actor: who acts at this moment.
        request: the number of the request at hand.
    """

    def __init__(self, world: World, actor: Actor = "product") -> None:
        """``actor``: who acts unless it is told otherwise."""
        self._world = world
        self.actor: Actor = actor
        self.request = 0
        self.moments: list[Moment] = []
        self.moved: list[Moved] = []
        self.called: list[Called] = []
        self.commanded: list[Commanded] = []
        self.held: list[Held] = []
        self.roles_called: list[RoleCalled] = []
        self.taken: list[Taken] = []
        self._jobs: dict[int, Actor] = {}
        self._how: How = "hand"
        self._undo: list[Callable[[], None]] = []
        self._watch()

    def begin(self) -> None:
        """Forget what was before: a run begins."""
        self.request = 0
        self.moments, self.moved, self.called, self.commanded, self.held = [], [], [], [], []
        self.roles_called, self.taken = [], []

    @contextlib.contextmanager
    def acting(self, actor: Actor) -> Iterator[None]:
        """Have what happens done by somebody else."""
        before, self.actor = self.actor, actor
        try:
            yield
        finally:
            self.actor = before

    def note(self, request: bytes, *, answered: bool) -> None:
        """Keep what a request could have read."""
        reading = next((kind for kind, pattern in _READINGS if pattern.search(request)), "else")
        moment = self.moment(t.cast("Reading", reading), answered=answered)
        self.moments.append(dataclasses.replace(moment, about=self._about(request)))

    def _about(self, request: bytes) -> frozenset[str] | None:
        if b" WHERE " not in request:
            return None
        machines = self._world.machines.values()
        return frozenset(one.id for one in machines if one.id.encode() in request or one.name.encode() in request)

    def moment(self, reading: Reading = "else", *, answered: bool = True) -> Moment:
        """Return the cluster as it is now."""
        vms = {one.id: _seen(one) for one in self._world.machines.values()}
        nodes: dict[str, str] = {name: node.state for name, node in self._world.nodes.items()}
        known = self._world.roles
        roles: dict[str, tuple[str, str]] = {name: (known.owner(name), known.state(name)) for name in known.specs}
        return Moment(
            self.request, self._world.now, reading, answered, vms, nodes, roles=roles,
            balancer=self._world.auto_balancer_mode, **_storage(self._world),
        )  # fmt: skip

    def _watch(self) -> None:
        """Put oneself between the parts of the world that change owners and states."""
        world = self._world
        self._between(world.migrations, "start", self._start)
        self._between(world, "relocate", self._relocate)
        self._between(world.drains, "lose", self._lose)
        self._between(world.drains, "pause", self._hold("pause"))
        self._between(world.drains, "resume", self._hold("resume"))
        self._between(world.roles, "begin", self._begin_role)
        self._between(world.storage, "begin_maintenance", self._take)
        self._between(world.power, "request", self._request)
        self._between(world.power, "shut_down_guest", self._shut_down)

    def close(self) -> None:
        """Watch no more. Of several histories of one world, the last one that began to watch ends first."""
        while self._undo:
            self._undo.pop()()

    def _between(self, owner: object, name: str, watch: Callable[..., t.Any]) -> None:
        watched = getattr(owner, name)
        self._undo.append(functools.partial(setattr, owner, name, watched))
        setattr(owner, name, functools.partial(watch, watched))

    def _start(
        self, start: Callable[..., t.Any], machine: Machine, destination: Node, *rest: t.Any, **more: t.Any
    ) -> t.Any:
        job = start(machine, destination, *rest, **more)
        if isinstance(job, Job):
            self._jobs[id(job)] = self.actor
            if self.actor == "product":
                now, source = self._world.now, job.source
                self.called.append(Called(self.request, now, machine.id, source, destination.name))
        return job

    def _relocate(self, relocate: Callable[..., None], machine: Machine, destination: str) -> None:
        source, job = machine.owner, machine.job
        relocate(machine, destination)
        by_job = job is not None and job.destination == destination
        by = self._jobs.get(id(job), self.actor) if by_job else self.actor
        how: How = "job" if by_job else self._how
        self.moved.append(Moved(self.request, self._world.now, machine.id, source, destination, by, how))

    def _lose(self, lose: Callable[..., int], node: Node) -> int:
        before, self._how = self._how, "restart"
        try:
            with self.acting("cluster"):
                return lose(node)
        finally:
            self._how = before

    def _begin_role(self, begin: Callable[..., None], role: str, destination: str) -> None:
        if self.actor == "product":
            self.roles_called.append(RoleCalled(self.request, role, self._world.roles.owner(role), destination))
        begin(role, destination)

    def _take(self, begin: Callable[..., None], node: Node) -> None:
        if self.actor == "product":
            self.taken.append(Taken(self.request, node.name))
        begin(node)

    def _hold(self, what: t.Literal["pause", "resume"]) -> Callable[..., None]:
        def hold(change: Callable[..., None], node: Node, *rest: t.Any, **more: t.Any) -> None:
            if self.actor == "product":
                self.held.append(Held(self.request, node.name, what))
            change(node, *rest, **more)

        return hold

    def _request(self, request: Callable[..., t.Any], machine: Machine, wanted: str, *rest: t.Any) -> t.Any:
        self._command(machine, wanted)
        return request(machine, wanted, *rest)

    def _shut_down(self, shut_down: Callable[..., t.Any], machine: Machine, **more: t.Any) -> t.Any:
        self._command(machine, "shut_down")
        return shut_down(machine, **more)

    def _command(self, machine: Machine, wanted: str) -> None:
        if self.actor == "product":
            self.commanded.append(Commanded(self.request, self._world.now, machine.id, wanted))


def _storage(world: World) -> dict[str, t.Any]:
    storage = world.storage
    return {
        "resting": frozenset(storage.out_of_service),
        "outdated": frozenset(storage.outdated if storage.is_on_the_nodes else ()),
        "losses": len(storage.losses),
    }


def _seen(machine: Machine) -> VmSeen:
    shown = frozenset({machine.owner, machine.owner_in_summary, machine.owner_in_cluster})
    told = frozenset({machine.owner_in_summary, machine.owner_in_cluster})
    return VmSeen(machine.name, machine.owner, shown, machine.state, machine.job is not None, told)
