# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mutants of what is new in rolling maintenances, each with a world in which it shows; see ``mutants.py``."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable
from unittest import mock

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks import node_readiness
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance import evacuation, restoration, turn
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning import evacuation as evacuation_plans
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning import restoration as restoration_plans
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.absence import Absence
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.beside import Beside
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.kept_free import without
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.layout import Layout

from tests.simulator.scenario import NodeSpec, VmSpec
from tests.support.scenarios import StorageSpec, scenario

from .world import Run, Step, World

Patch = contextlib.AbstractContextManager[t.Any]
Mutant = tuple[str, Callable[[], Patch], World]
_SIX = tuple(f"NODE{number}" for number in range(1, 7))


def _world(
    name: str, *steps: Step, count: int = 5, runs: int = 2, storage: StorageSpec | None = None, **run: t.Any
) -> World:
    nodes = _SIX[:count]
    windows: t.Any = 2016 if storage is not None else 2022
    given = scenario(
        [NodeSpec(node, simultaneous_migrations=2, windows=windows) for node in nodes],
        [VmSpec(f"vm{number}", node, memory_mb=4096 * number) for number, node in enumerate(nodes, 1)],
        storage=storage or StorageSpec("san"),
    )
    rolling = Run("roll", "", nodes=nodes, **{"layout": "any", "home": (), **run})
    return World(name, given, (rolling,) * runs, steps)


def _any_may_be_away() -> Patch:
    """Votes, fault domains and the disks of nodes count for nothing."""
    return mock.patch.object(Absence, "objection", return_value="")


def _batch_takes_vms() -> Patch:
    """Nodes that are emptied at the same time are destinations of one another."""
    stack = contextlib.ExitStack()
    stack.enter_context(mock.patch.object(Beside, "around", lambda self, snapshot, reserve: snapshot))
    stack.enter_context(mock.patch.object(Layout, "without", lambda self, nodes: self))
    return stack


def _filled_takes_vms() -> Patch:
    """What the next node has may go to the one that gets its VMs back."""
    return mock.patch.object(
        evacuation_plans,
        "without",
        lambda snapshot, kept_free: without(snapshot, [one for one in kept_free if not one.always]),
    )


def _all_come_home() -> Patch:
    """Every VM comes home in every layout."""
    return mock.patch.object(restoration_plans, "_leaving_there", lambda plan, vms: plan)


def _none_comes_home() -> Patch:
    """No VM comes home, whatever is wished."""
    return mock.patch.object(restoration_plans, "is_meant", return_value=False)


def _works_again() -> Patch:
    """A node that had the work and was not given back gets it again."""
    return mock.patch.dict(turn.STEPS, {"worked": ("work", "restore")})


def _works_on_any() -> Patch:
    """Whatever the node is and has, it is worked on."""
    return mock.patch.object(node_readiness, "_objection", return_value="")


def _first_puts_back() -> Patch:
    """The first node of a batch that is given back puts the balancer back."""
    stack = contextlib.ExitStack()
    for module in (evacuation, restoration):
        stack.enter_context(mock.patch.object(module, "written_for_others", return_value={}))
    return stack


_WORKED = _world("worked", Step(0, 210, "kill"))
_RESUMED = _world("resumed", Step(0, 195, "resume", "NODE1"))

ROLL_MUTANTS: dict[str, Mutant] = {
    "no majority is left": ("away as proved", _any_may_be_away, _world("votes", count=4, at_once=2)),
    "disks of two nodes are away": (
        "away as proved", _any_may_be_away,
        _world("disks", at_once=2, storage=StorageSpec("spaces_direct", repair_seconds=60)),
    ),
    "nodes of a batch take each other's VMs": ("not into the batch", _batch_takes_vms, _world("batch", at_once=2)),
    "a node that is filled takes VMs": (
        "not into the batch", _filled_takes_vms, _world("overlap", layout="keep", overlap=True),
    ),
    "every VM comes home": ("comes home if meant", _all_come_home, _world("home")),
    "no VM comes home": ("rolled as said", _none_comes_home, _world("nobody", home=("vm2",))),
    "the work is done again": ("worked on once", _works_again, _WORKED),
    "a node is worked on that was resumed": ("worked on empty", _works_on_any, _RESUMED),
    "the first one puts the balancer back": (
        "balancer rests", _first_puts_back, _world("balancer", at_once=2, layout="keep", balancer_off=True),
    ),
}  # fmt: skip
"""By name: the invariant that finds it, the mutation, and the world in which it shows."""
