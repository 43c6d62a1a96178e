# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mutants of the product, which prove that the worlds find each mistake: ``python -m tests.worlds.mutants``.

Each has a small world of its own in which the mistake shows. Exits with 1 where one is not found, or where the product
as it is does something wrong in one of these worlds.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import typing as t
from collections.abc import Callable
from unittest import mock

from ansible_collections.hyperv.migration.plugins.plugin_utils import _connections
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.storage_health import StorageHealth
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.failures import Failure
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance import (
    bookkeeping,
    node_hold,
    observation,
    wording,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.balancing import Balancing
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.bookkeeping import Bookkeeping
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.disk_maintenance import (
    DiskMaintenance,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.evacuation import Evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.moving import Moving
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.rounds import Rounds
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.storage_gate import StorageGate
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration import verification
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import Move
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning import (
    restoration,
    restoration_decision,
    restoration_plan,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.restarted import Restarts
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.scheduler import Scheduler

from tests.simulator.scenario import MigrationSpec, NodeSpec, VmSpec
from tests.support.scenarios import StorageSpec, scenario

from .judge import judge
from .play import play
from .product import tell
from .roll_mutants import ROLL_MUTANTS
from .world import Run, Step, World

Patch = contextlib.AbstractContextManager[t.Any]
_NODES = tuple(NodeSpec(f"NODE{number}", simultaneous_migrations=1) for number in (1, 2, 3))
_VMS = (VmSpec("vma", "NODE1", memory_mb=65536, priority=3000), VmSpec("vmb", "NODE1"))
_MAINTENANCE = (Run("evacuate"), Run("restore"))


def _world(name: str, *steps: Step, runs: tuple[Run, ...] = _MAINTENANCE, vms: tuple[VmSpec, ...] = _VMS) -> World:
    return World(name, scenario(_NODES, vms), runs, steps)


def _no_verdict_on_the_dead() -> Patch:
    """The state in which a VM was first seen counts for nothing."""
    return mock.patch.object(bookkeeping, "find_stopped", return_value=observation.Stopped())


def _no_look_at_the_owner() -> Patch:
    """Where a VM is fetched from does not matter, and nothing is read again."""
    return mock.patch.object(Move, "is_elsewhere", False)


def _ledger_after_the_moves() -> Patch:
    """The ledger is written when all is over."""

    def begin(self: Bookkeeping, *, is_paused: bool, **unused: t.Any) -> None:
        self.ledger = self._begun(self._store.read(), is_paused=is_paused)

    return mock.patch.object(Bookkeeping, "begin", begin)


def _always_paused() -> Patch:
    """Whatever is read of the node, it is taken for paused."""
    read = observation.read_node_state

    def paused(cluster: t.Any, name: str) -> tuple[t.Any, str, list[t.Any]]:
        node, why, nodes = read(cluster, name)
        return (node._replace(state="paused") if node is not None else None), why, nodes

    return mock.patch.object(node_hold, "read_node_state", paused)


def _all_moved() -> Patch:
    """Every move is said to have succeeded."""

    def execute(self: t.Any, tasks: t.Any, **unused: t.Any) -> None:
        for task in tasks:
            task.end("moved", self._clock.now())

    return mock.patch.object(Scheduler, "execute", execute)


def _nothing_left_behind() -> Patch:
    """What is still on the node is not looked at."""

    def look(self: t.Any) -> None:
        real(self)
        self._left = []

    real = Evacuation._look
    return mock.patch.object(Evacuation, "_look", look)


def _restores_all() -> Patch:
    """A restoration fetches each VM from wherever it is."""
    return mock.patch.object(restoration_decision, "_stay", return_value=None)


def _dry_run_pauses() -> Patch:
    """A dry run pauses the node."""

    def look(self: t.Any, what: str) -> None:
        real(self, what)
        self.pause()

    real = node_hold.NodeHold.look
    return mock.patch.object(node_hold.NodeHold, "look", look)


def _breaks() -> Patch:
    """A mistake in the code ends an evacuation."""
    return mock.patch.object(Evacuation, "_verify", side_effect=ZeroDivisionError)


def _moves_again() -> Patch:
    """What was moved and is on the node again is moved a second time."""

    def planned_again(self: t.Any, unused: t.Any) -> t.Any:
        return plan_evacuation(self._cluster, self._request).moves

    return mock.patch.object(Rounds, "_planned_again", planned_again)


def _never_arrives() -> Patch:
    """What has arrived is taken for failed."""
    error = Failure("not_arrived", "it did not arrive", "Look at it.")
    return mock.patch.object(
        verification, "_arrived", return_value=verification.Judgement(verification.Verdict.FAILED, error)
    )


def _no_look_at_the_state() -> Patch:
    """What has arrived is taken for moved, in whatever state it is, and however it came there."""
    stack = contextlib.ExitStack()
    arrived = verification.Judgement(verification.Verdict.ARRIVED)
    stack.enter_context(mock.patch.object(verification, "_arrived", return_value=arrived))
    stack.enter_context(mock.patch.object(Restarts, "find", return_value=None))
    return stack


def _brings_nothing_back() -> Patch:
    """A restoration takes every VM for one that is back."""

    def decide(home: t.Any, *unused: t.Any) -> restoration_plan.RestorationPlan:
        return restoration_plan.RestorationPlan(home, (), (), (), (), (), ())

    return mock.patch.object(restoration, "decide", decide)


def _silent_about_what_is_not_back() -> Patch:
    """A restoration does not say which VMs it did not bring back."""
    return mock.patch.object(wording, "not_back", return_value="")


def _looks_twice_a_day() -> Patch:
    """Half a day passes between two looks at migrations."""
    return mock.patch.object(Scheduler, "_pause", lambda self, unused: self._clock.pause(12 * 3600.0))


def _dry_run_asks_nothing() -> Patch:
    """A dry run does not ask Hyper-V about the VMs."""
    return mock.patch.object(Moving, "dry_run", return_value=None)


def _open_gate() -> Patch:
    """Storage is never looked at before a node is taken away."""
    return mock.patch.object(StorageGate, "look", return_value=StorageHealth(on_the_nodes=False))


def _passes() -> Patch:
    """Storage that was not looked at is called good."""
    return mock.patch.object(StorageHealth, "verdict", "passed")


def _balancer_stays_off() -> Patch:
    """The balancer of the cluster is not put back."""
    return mock.patch.object(Balancing, "put_back", return_value=None)


def _balancer_unsaid() -> Patch:
    """That the balancer is off is not said."""
    return mock.patch.object(Balancing, "note", "")


def _disks_rest_for_good() -> Patch:
    """A node is given back whatever its disks do."""
    return mock.patch.multiple(DiskMaintenance, end=mock.DEFAULT, came_back=mock.DEFAULT)


def _anybody_is_admitted() -> Patch:
    """Whoever answers at a host's address is taken for that host."""
    return mock.patch.object(_connections, "admit", return_value=None)


_TWICE = (Run("evacuate", check=True), Run("evacuate"))
_DIES = (VmSpec("vma", "NODE1"), VmSpec("vmb", "NODE1", memory_mb=65536))
_FETCHED = (VmSpec("vma", "NODE1", memory_mb=65536, priority=3000), VmSpec("vmb", "NODE1", priority=1000))
_FAILS = (VmSpec("vma", "NODE1", migration=MigrationSpec(fails_at=50)),)

_FAILS_ONCE = (VmSpec("vma", "NODE1"), VmSpec("vmb", "NODE1", migration=MigrationSpec(fails_at=99, fail_times=1)))
_NOT_BACK = (VmSpec("vma", "NODE1", migration=MigrationSpec(fails_at=50, fails_towards="NODE1")),)
_MOVE = (Run("move", moves=(("vma", "NODE2"),)),)
_ONE = (VmSpec("vma", "NODE1"),)
_REFUSED = (VmSpec("vma", "NODE1", migration=MigrationSpec(refuse_check="It does not suit.")),)

_BACK = _world(
    "brought back",
    Step(0, 100, "resume", "NODE1"),
    Step(0, 100, "move", "vma", "NODE1"),
    Step(0, 100, "pause", "NODE1"),
    vms=_FAILS_ONCE,
)

_COMES = _world(
    "comes",
    Step(0, 60, "resume", "NODE1"),
    Step(0, 61, "create", "vma", "NODE1", 1024.0),
    Step(0, 62, "pause", "NODE1"),
)

_MIRRORS = World(
    "mirrors",
    scenario(
        [dataclasses.replace(node, windows=2016) for node in (*_NODES, NodeSpec("NODE4"))],
        _ONE,
        storage=StorageSpec("spaces_direct", repair_seconds=900),
    ),
    (*_MAINTENANCE, Run("evacuate", "NODE2"), Run("restore", "NODE2")),
)

_QUIET = World("quiet", scenario(_NODES, _ONE), (Run("evacuate", balancer_off=True), Run("restore")))
_SHARES = World("shares", scenario(_NODES, _ONE, storage=StorageSpec("smb")), _MAINTENANCE)

MUTANTS: dict[str, tuple[str, Callable[[], Patch], World]] = {
    "what died is not looked for": (
        "off is said", _no_verdict_on_the_dead, _world("dies", Step(0, 75, "die", "vmb"), vms=_DIES),
    ),
    "the owner is not looked at before a move": (
        "left to others", _no_look_at_the_owner, _world("queued", Step(0, 60, "move", "vmb", "NODE2"), vms=_FETCHED),
    ),
    "the ledger is written after the moves": (
        "ledger is kept", _ledger_after_the_moves, _world("cut", Step(0, 80, "kill"), vms=_FETCHED),
    ),
    "the node is taken for paused": (
        "node is as said", _always_paused, _world("resumed", Step(0, 75, "resume", "NODE1")),
    ),
    "every move succeeds": ("arrived", _all_moved, _world("fails", vms=_FAILS)),
    "what is left is not looked at": (
        "success is success", _nothing_left_behind, _COMES,
    ),
    "a restoration fetches everything": (
        "fetched rightly", _restores_all, _world("elsewhere", Step(1, 0, "move", "vmb", "NODE2")),
    ),
    "an error of the code ends it": ("ends", _breaks, _world("breaks", vms=_ONE)),
    "what came back is moved again": ("moved once", _moves_again, _BACK),
    "what has arrived is taken for failed": ("failed", _never_arrives, _world("arrives", runs=_MOVE, vms=_ONE)),
    "the state is not looked at": (
        "state is kept", _no_look_at_the_state,
        _world(
            "turned off", Step(0, 0, "lag", "", "both", 8.0), Step(0, 18, "turn_off", "vma"), runs=_MOVE, vms=_ONE
        ),
    ),
    "a crash is not looked for": (
        "restart is said", _no_look_at_the_state, _world("crash", Step(0, 13, "crash", "NODE1"), runs=_MOVE, vms=_ONE),
    ),
    "a restoration brings nothing back": ("all are back", _brings_nothing_back, _world("back", vms=_ONE)),
    "what is not back is not said": ("as before", _brings_nothing_back, _world("as before", vms=_ONE)),
    "what failed to come back is not said": (
        "left is said", _silent_about_what_is_not_back, _world("left", vms=_NOT_BACK),
    ),
    "migrations are looked at twice a day": ("in time", _looks_twice_a_day, _world("late", runs=_MOVE, vms=_ONE)),
    "a dry run asks nothing": (
        "dry run is true", _dry_run_asks_nothing,
        _world("asked", runs=(Run("evacuate", check=True), Run("evacuate")), vms=_REFUSED),
    ),
    "whoever answers is taken for the host": (
        "strangers", _anybody_is_admitted,
        World("astray", scenario(_NODES, _VMS), _TWICE, (Step(0, 5, "lead_astray", "NODE2"),), twin=True),
    ),
    "a dry run pauses": (
        "dry run changes nothing", _dry_run_pauses, _world("dry", runs=(Run("evacuate", check=True),)),
    ),
    "a node is taken away while mirrors are repaired": ("redundancy is kept", _open_gate, _MIRRORS),
    "mirrors that others have broken are not looked at": (
        "mirrors were whole", _open_gate,
        dataclasses.replace(_MIRRORS, steps=(Step(0, 2, "crash", "NODE3"), Step(0, 3, "come_back", "NODE3"))),
    ),
    "the balancer stays off": ("balancer is put back", _balancer_stays_off, _QUIET),
    "that the balancer is off is not said": ("balancer is as said", _balancer_unsaid, _QUIET),
    "storage elsewhere is called good": ("storage elsewhere", _passes, _SHARES),
    "disks are left in maintenance mode": ("disks serve", _disks_rest_for_good, _MIRRORS),
    **ROLL_MUTANTS,
}  # fmt: skip
"""By name: the invariant that finds it, the mutation, and the world in which it shows."""


def violated(world: World) -> set[str]:
    """Return the names of the invariants that do not hold in a world."""
    return {violation.partition(":")[0] for violation in judge(world, play(world, tell))}


def main() -> int:
    """Carry out each world as it is and with its mutation; return the exit code."""
    missed = 0
    for name, (wanted, mutate, world) in MUTANTS.items():
        before = violated(world)
        with mutate():
            found = violated(world)
        well = not before and wanted in found
        missed += not well
        print(f"{name}: {'found' if well else f'NOT FOUND: {sorted(found)}, and {sorted(before)} without it'}")
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} mutants found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
