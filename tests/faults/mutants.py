# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mutants of the product, which prove that the matrix finds each mistake: ``python -m tests.faults.mutants``.

Exits with 1 where one is not found.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import typing as t
from collections.abc import Callable
from unittest import mock

from . import network
from .cases import Case, Finding, carry_out, controller, undisturbed
from .controller import COLLECTION
from .kinds import Fault

Patch = contextlib.AbstractContextManager[t.Any]


def _product(module: str) -> t.Any:
    """Return a module of the product as Ansible has loaded it."""
    return importlib.import_module(f"{COLLECTION}.plugins.plugin_utils._hyperv.{module}")


def _false_success() -> Patch:
    def mutated(unused: t.Any, runs: t.Any, **unused_too: t.Any) -> None:
        for run in runs:
            run.end("moved", 0.0)

    return mock.patch.object(_product("scheduling.scheduler").Scheduler, "execute", mutated)


def _false_failure() -> Patch:
    task, failure = _product("migration.migration_task").MigrationTask, _product("failure.failures").Failure
    end = task.end

    def mutated(self: t.Any, unused: str, now: float) -> None:
        self.error = failure("lost", "The move of web01 to NODE2 failed", "Look where it is.")
        end(self, "failed", now)

    return mock.patch.object(task, "end", mutated)


def _second_call() -> Patch:
    method = _product("methods.by_system").SystemMethod
    start = method.start

    def twice(self: t.Any, *arguments: object) -> object:
        result = start(self, *arguments)
        start(self, *arguments)
        return result

    return mock.patch.object(method, "start", twice)


def _no_look() -> Patch:
    starter = _product("scheduling.starting").Starter
    return mock.patch.object(starter, "_look_for_job", lambda self, task, answer: self._call(task))


def _empty_words() -> Patch:
    error = _product("failure.errors").HyperVError("It did not work.")
    return mock.patch.object(_product("scheduling.scheduler").Scheduler, "execute", side_effect=error)


def _no_pause() -> Patch:
    # The evacuation reads the node once more at its end, so that one has to be wrong as well.
    hold = _product("maintenance.node_hold")
    read = hold.read_node_state

    def paused(cluster: t.Any, name: str) -> tuple[t.Any, str, frozenset[str]]:
        node, why, down = read(cluster, name)
        return node._replace(state="paused"), why, down

    patches = contextlib.ExitStack()
    patches.enter_context(mock.patch.object(hold, "pause_node", lambda cluster, node: node))
    patches.enter_context(mock.patch.object(hold, "read_node_state", paused))
    return patches


def _role_unwatched() -> Patch:
    moving = _product("maintenance.role_moving")

    def mutated(*arguments: t.Any) -> None:
        arguments[3].arrive()

    return mock.patch.object(moving.RoleMoving, "_wait", mutated)


def _role_left() -> Patch:
    return mock.patch.object(_product("maintenance.roles_away").RolesAway, "empty")


def _disks_unread() -> Patch:
    """Take the disks of a node for serving that rest."""
    return mock.patch.object(_product("maintenance.disk_maintenance"), "_serves", return_value=True)


def _disks_unsaid() -> Patch:
    return mock.patch.object(_product("maintenance.disk_maintenance").DiskMaintenance, "rest", return_value=[])


def _no_end() -> Patch:
    return mock.patch.object(network, "MOST_REQUESTS", 7)


# By name: the run and how its first migration call is broken, if at all; what must be found; and the mutation.
MUTANTS: dict[str, tuple[str, str, Callable[[], Patch]]] = {
    "false success": ("single", "web01 is said to be on NODE2 and is on NODE1", _false_success),
    "false success of an evacuation": ("evacuation", "web01 is said to be on", _false_success),
    "false failure": ("single", "web01 is on NODE2, and a failure is told", _false_failure),
    "second call": ("single", "web01 was called for at", _second_call),
    "no look before a call is repeated": ("single/reset_after", "web01 was called for at", _no_look),
    "no node named": ("single", "names no node", _empty_words),
    "no cure named": ("single", "names no cure", _empty_words),
    "node not paused": ("evacuation", "NODE1 is up after a run that succeeded", _no_pause),
    "role said to be there that is not": ("roles_away", "is said to be online on", _role_unwatched),
    "role left": ("roles_away", "NODE1 still owns FS1", _role_left),
    "disks left in maintenance mode": ("storage_back", "given back with its disks in maintenance mode", _disks_unread),
    "disks that do not rest unsaid": ("storage_away", "the disks of NODE1 do not rest", _disks_unsaid),
    "no end": ("single", "the run hangs: 8 requests", _no_end),
}


def _first_call(whole: Finding) -> int:
    return next(index for index, request in enumerate(whole.requests) if "MigrateVirtualSystemToSystem" in request)


def main() -> int:
    """Carry out each run with its mutation; return the exit code."""
    controller()
    missed = 0
    for name, (place, wanted, mutate) in MUTANTS.items():
        run, __, kind = place.partition("/")
        case = Case(run, (Fault(kind, _first_call(undisturbed(run))),)) if kind else None
        with mutate():
            found = " ".join((carry_out(case) if case else undisturbed(run)).violations)
        missed += wanted not in found
        print(f"{name}: {'found' if wanted in found else f'NOT FOUND: {found}'}")
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} mutants found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
