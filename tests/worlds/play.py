# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Carries a world out: the product's runs one after the other, with the steps of others between their requests."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import random
import threading
import typing as t
import uuid
from collections.abc import Callable, Iterator, Sequence
from unittest import mock

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import AnswerLost, Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster
from tests.simulator.scenario_file import read_scenario
from tests.simulator.world import Machine
from tests.support.scenarios import as_text
from tests.support.side_by_side import Interleaving

from .controllers import CutOff, Files
from .history import Called, Commanded, Held, History, Moment, Moved, RoleCalled, Taken
from .neighbours import Neighbours
from .others import Others
from .steps import Killed, carry_out
from .world import Run, RunKind, Step, World

MOST_REQUESTS = 8000  # of one run: one that waits for a slot as long as it may sends half of that
Ending = t.Literal["well", "failed", "refused", "killed", "broken", "endless"]


class Endless(BaseException):
    """A run has sent more requests than any that comes to its end."""


@dataclasses.dataclass(frozen=True)
class Told:
    """What a run said at its end.

    Attributes:
        ending: ``refused``: before anything was changed; ``broken``: by an error that is a mistake of the code.
        text: the last message, with its notes and warnings.
        records: what it says of each move, in the form of hyperv_vm_migrate.
        roles: what it says of each role that is no VM.
        node_state: of its node.
        ledger: VMs of the ledger, by id.
        left, started: names of VMs.
        plan, artifact: what an artifact would hold of plan and ledger.
        storage: the verdict on it.
        phases: of a rolling maintenance, the phase of each node.
        batch: the nodes that a plan of one takes together.
    """

    ending: Ending
    text: str = ""
    records: tuple[dict[str, t.Any], ...] = ()
    node_state: str = ""
    ledger: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    started: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()
    roles: tuple[dict[str, t.Any], ...] = ()
    plan: dict[str, t.Any] | None = None
    artifact: dict[str, t.Any] | None = None
    storage: str = ""
    phases: dict[str, str] = dataclasses.field(default_factory=dict)
    batch: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Episode:
    """One run with all that happened in it, or a part of a rolling maintenance, which is a run by itself.

    Parts that go on at the same time have what happens in each: what another one does, others do there.

    ``before``, ``after``: the cluster at its begin and at its end; ``steps``: what others did; ``kept``: the VMs of its
    node's ledger, by id, that were to be brought back when it began; ``strangers_changed``: the second cluster is not
    as it was before; ``beside``: what other runs said that began and ended in the middle of this one; ``within``: of a
    part, its first request among those of the whole run, and the first one after it; ``roles_called`` of a run with
    parts are with these.
    """

    run: Run
    told: Told
    before: Moment
    after: Moment
    moments: tuple[Moment, ...]
    moved: tuple[Moved, ...]
    called: tuple[Called, ...]
    commanded: tuple[Commanded, ...]
    held: tuple[Held, ...]
    steps: tuple[Step, ...]
    kept: dict[str, t.Any]
    strangers_changed: bool = False
    beside: tuple[Told, ...] = ()
    roles_called: tuple[RoleCalled, ...] = ()
    taken: tuple[Taken, ...] = ()
    within: tuple[int, int] | None = None

    @property
    def changed_from(self) -> int:
        """The number of the first request that changed something; that of the end where none did."""
        changes = [one.request for one in self.called]
        changes += [one.request for one in self.commanded]
        changes += [one.request for one in self.held]
        changes += [one.request for one in self.roles_called]
        return min(changes, default=len(self.moments))

    @property
    def has_changed(self) -> bool:
        """It changed anything."""
        return self.changed_from < len(self.moments)

    def planned(self) -> tuple[Moment, ...]:
        """Return what was read of VMs before anything was changed."""
        return tuple(
            moment
            for moment in self.moments[: self.changed_from]
            if moment.answered and moment.reading in ("vms", "roles")
        )

    def last(self, *readings: str, until: float | None = None) -> Moment:
        """Return the moment of the last answered reading of a kind, or else that of the begin."""
        found = (
            moment
            for moment in reversed(self.moments)
            if moment.answered and moment.reading in readings and (until is None or moment.at <= until)
        )
        return next(found, self.before)


class _Part:
    """A part of a rolling maintenance that goes on, maybe beside others; ``began``: with which request of the run."""

    def __init__(self, run: Run, history: History, began: int, kept: dict[str, t.Any]) -> None:
        self.run = run
        self.history = history
        self.began = began
        self.kept = kept
        self.before = history.moment()
        self.steps: list[Step] = []

    def episode(self, told: Told, ended: int) -> Episode:
        """Return it with what was said at its end, which the request ``ended`` of the run was the last before."""
        seen = self.history
        return Episode(
            self.run, told, self.before, seen.moment(), tuple(seen.moments), tuple(seen.moved), tuple(seen.called),
            tuple(seen.commanded), tuple(seen.held), tuple(self.steps), self.kept,
            roles_called=tuple(seen.roles_called), taken=tuple(seen.taken), within=(self.began, ended),
        )  # fmt: skip


class Play:
    """A world that is being carried out; is the product's clock, and what steps act on."""

    def __init__(self, world: World) -> None:
        self._clock = ManualClock()
        self.server = SimulatedCluster(read_scenario(as_text(world.scenario)), self._clock)
        self.cluster = self.server.world
        self.history = History(self.cluster)
        self.files = Files()
        self.artifacts: dict[str, dict[str, t.Any]] = {}
        self.plans: dict[str, dict[str, t.Any]] = {}
        self._ids = {one.name: one.id for one in self.cluster.machines.values()}
        self._due: list[Step] = []
        self._done: list[Step] = []
        self._lost = ""
        self._interruption = ""
        self._world = world
        self._number = 0
        self._run = world.runs[0]
        self._beside: list[Told] = []
        self._tell: Callable[[Play, Run], Told] | None = None
        self._requests_beside = 0
        self._interleaving = Interleaving(self._clock, world.name)
        self._local = threading.local()
        self._open: list[_Part] = []
        self._ended: list[Episode] = []
        self._is_killed = False
        self._others = Others(world)
        self.neighbours = Neighbours(self.server, world.scenario, self._clock, self._send) if world.twin else None

    # What the product sees.

    def now(self) -> float:
        """Return the reading of the clock."""
        return self._clock.now()

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self._interleaving.pause(seconds)
        self._end_if_killed()

    def connect(self, home: str) -> Cluster:
        """Return the cluster as a new task sees it that talks through a node."""
        if self.neighbours is not None:
            return self.neighbours.connect(home, self)
        names = {name.lower(): name for name in self.cluster.nodes}

        def session(node: str | None) -> Session:
            name = names.get((node or home).partition(".")[0].lower(), node or home)
            if node is not None and name == home:
                return cluster.home.host
            return Session(lambda request: self._send(self.server, name, request), self, name)

        cluster = Cluster(session, self)
        return cluster

    @property
    def _part(self) -> _Part | None:
        """The part that asks."""
        return getattr(self._local, "part", None)

    def _end_if_killed(self) -> None:
        """End a part whose process another one has taken along."""
        if self._part is not None and self._is_killed:
            raise Killed

    def _send(self, server: SimulatedCluster, node: str, request: bytes) -> bytes:
        if self._requests_beside:
            return self._send_beside(server, node, request)
        part = self._part
        self._interleaving.may_hand_on()
        self._end_if_killed()
        self._let_others_act()
        lost, self._lost = self._lost, ""
        answered = False
        try:
            if lost == "before":
                raise AnswerLost("reset")
            try:
                with part.history.acting("product") if part is not None else contextlib.nullcontext():
                    answer = server.endpoint(node).handle(request).body
            except (ConnectionResetError, KeyError) as error:
                raise Unreachable(str(error)) from error
            if lost == "after":
                raise AnswerLost("reset")
            answered = server is self.server
            return answer
        finally:
            for history in (self.history, part.history) if part is not None else (self.history,):
                history.note(request, answered=answered)
                history.request += 1

    def _send_beside(self, server: SimulatedCluster, node: str, request: bytes) -> bytes:
        """Carry a request of a second run, in which nobody else acts."""
        self._requests_beside += 1
        if self._requests_beside > MOST_REQUESTS:
            raise Endless
        try:
            return server.endpoint(node).handle(request).body
        except (ConnectionResetError, KeyError) as error:
            raise Unreachable(str(error)) from error

    def _let_others_act(self) -> None:
        part = self._part
        if (part.history if part is not None else self.history).request >= MOST_REQUESTS:
            raise Endless
        while self._due and self._due[0].request <= self.history.request:
            self._act(self._due.pop(0))
        for step in self._others.think_of(self._number, self.history.request):
            if self._act(step):
                break
        interruption, self._interruption = self._interruption, ""
        if interruption == "kill":
            self._is_killed = True
            raise Killed
        if interruption == "cut_off":
            raise CutOff

    def _act(self, step: Step) -> bool:
        self.cluster.look()
        began = self._clock.now()
        with self.history.acting("others"):
            done = carry_out(self, step)
        if done:
            took = self._clock.now() - began
            self._done.append(dataclasses.replace(step, amount=took) if step.kind == "second_run" else step)
            for part in self._open:
                part.steps.append(dataclasses.replace(step, request=part.history.request))
        self.cluster.look()
        return done

    # What steps act on.

    def machine(self, name: str) -> Machine | None:
        """See ``Surroundings``."""
        return self.cluster.machines.get(self._ids.get(name, ""))

    def lose(self, how: str) -> None:
        """See ``Surroundings``."""
        self._lost = how

    def fill_disk(self, full: bool) -> None:
        """See ``Surroundings``."""
        self.files.are_full = full

    def pass_time(self, seconds: float) -> None:
        """See ``Surroundings``."""
        self._clock.advance(seconds)

    def lead(self, node: str, *, astray: bool) -> bool:
        """See ``Surroundings``."""
        if self.neighbours is None or (node in self.neighbours.astray) == astray:
            return False
        (self.neighbours.astray.add if astray else self.neighbours.astray.discard)(node)
        return True

    def run_beside(self, node: str, how: str) -> bool:
        """See ``Surroundings``."""
        if self._tell is None or self._requests_beside:
            return False
        kind: RunKind = "restore" if how == "restore" else "evacuate"
        self._requests_beside = 1
        try:
            self._beside.append(self._tell(self, self._run if how == "same" else Run(kind, node)))
        except Endless:
            self._beside.append(Told("endless"))
        finally:
            self._requests_beside = 0
        return True

    def interrupt(self, how: str) -> None:
        """See ``Surroundings``."""
        self._interruption = how

    # One run after the other.

    def carry_out(self, number: int, run: Run, tell: Callable[[Play, Run], Told]) -> list[Episode]:
        """Carry out one run, and return what happened in its parts, if it has any, and in all of it."""
        self._due = sorted((step for step in self._world.steps if step.run == number), key=lambda step: step.request)
        self._done, self._lost, self._interruption, self._number = [], "", "", number
        self._run, self._tell, self._beside = run, tell, []
        self._open, self._ended, self._is_killed = [], [], False
        if run.elsewhere:
            self.files = Files()
        self.cluster.look()
        self.history.begin()
        before, kept = self.history.moment(), self.files.kept(run.node)
        strangers = self._strangers()
        try:
            with self.neighbours.reachable() if self.neighbours is not None else contextlib.nullcontext():
                told = tell(self, run)
        except (Killed, CutOff):
            told = Told("killed")
        except Endless:
            told = Told("endless")
        self.cluster.look()
        seen = self.history
        whole = Episode(
            run, told, before, seen.moment(), tuple(seen.moments), tuple(seen.moved), tuple(seen.called),
            tuple(seen.commanded), tuple(seen.held), tuple(self._done), kept, self._strangers() != strangers,
            tuple(self._beside), () if self._ended else tuple(seen.roles_called), tuple(seen.taken),
        )  # fmt: skip
        return [*self._ended, whole]

    def carry_out_parts(self, *works: tuple[Run, Callable[[], Told]]) -> list[Told]:
        """Carry out parts of a run at the same time, and return what each said. Raises Killed where one was killed."""
        self.cluster.look()
        with contextlib.ExitStack() as closing:
            for run, unused in works:
                history = History(self.cluster, "others")
                closing.callback(history.close)
                self._open.append(_Part(run, history, self.history.request, self.files.kept(run.node)))
            ready = [
                functools.partial(self._carry_out_part, part, work)
                for part, (unused, work) in zip(self._open, works, strict=True)
            ]
            ended = [ready[0]()] if len(ready) == 1 else self._interleaving.run(*ready)
            self._open = []
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        self._ended += ended
        if self._is_killed:
            raise Killed
        return [one.told for one in ended]

    def _carry_out_part(self, part: _Part, work: Callable[[], Told]) -> Episode:
        self._local.part = part
        try:
            told = work()
        except (Killed, CutOff):
            told = Told("killed")
        except Endless:
            told = Told("endless")
        finally:
            self._local.part = None
        self.cluster.look()
        return part.episode(told, self.history.request)

    def _strangers(self) -> str:
        return self.neighbours.state() if self.neighbours is not None else ""

    def settle(self, seconds: float) -> None:
        """Let time pass in which nobody acts."""
        self._clock.advance(seconds)
        self.cluster.look()


@contextlib.contextmanager
def repeatable(name: str) -> Iterator[None]:
    """Have ids that are drawn at random be the same each time."""
    drawn = random.Random(name)

    def draw_id() -> uuid.UUID:
        return uuid.UUID(int=drawn.getrandbits(128), version=4)

    with mock.patch.object(uuid, "uuid4", draw_id):
        yield


def as_played(world: World, episodes: Sequence[Episode]) -> World:
    """Return the world in which others do just what they did."""
    steps = tuple(step for one in episodes if one.within is None for step in one.steps)
    return dataclasses.replace(world, steps=steps, eagerness=0.0)


def play(world: World, tell: Callable[[Play, Run], Told]) -> list[Episode]:
    """Carry a world out."""
    with repeatable(world.name):
        stage = Play(world)
        try:
            return [one for number, run in enumerate(world.runs) for one in stage.carry_out(number, run, tell)]
        finally:
            stage.files.close()
