# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a world smaller in which something is wrong, as long as the same is wrong."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterator

from tests.simulator.scenario import MigrationSpec, VmSpec
from tests.simulator.scenario_power import PowerSpec
from tests.simulator.switches import Switches

from .judge import judge
from .play import as_played, play
from .product import tell
from .world import Run, World

_MOST_TRIES = 400


def shrink(world: World) -> World:
    """Return the smallest world found in which the first violated invariant still is; the same where none is."""
    world = as_played(world, play(world, tell))
    wanted = _violated(world)
    if not wanted:
        return world
    tries, smaller = 0, True
    while smaller and tries < _MOST_TRIES:
        smaller = False
        for candidate in _candidates(world):
            tries += 1
            if tries >= _MOST_TRIES:
                break
            if wanted & _violated(candidate):
                world, smaller = candidate, True
                break
    return world


def _violated(world: World) -> set[str]:
    try:
        return {violation.partition(":")[0] for violation in judge(world, play(world, tell))[:1]}
    except (LookupError, ValueError):
        return set()


def _candidates(world: World) -> Iterator[World]:
    """Yield smaller worlds, the much smaller ones first."""
    yield from _fewer_runs(world)
    steps = world.steps
    size = len(steps)
    while size:
        for start in range(0, len(steps), size):
            yield dataclasses.replace(world, steps=steps[:start] + steps[start + size :])
        size //= 2
    yield from _simpler_scenario(world)
    for number, run in enumerate(world.runs):
        for simpler in _simpler_runs(run):
            yield dataclasses.replace(world, runs=(*world.runs[:number], simpler, *world.runs[number + 1 :]))


def _fewer_runs(world: World) -> Iterator[World]:
    for number in reversed(range(len(world.runs))):
        steps = tuple(
            dataclasses.replace(step, run=step.run - (step.run > number)) for step in world.steps if step.run != number
        )
        if len(world.runs) > 1:
            yield dataclasses.replace(world, runs=world.runs[:number] + world.runs[number + 1 :], steps=steps)


def _simpler_scenario(world: World) -> Iterator[World]:
    given = world.scenario
    if world.twin:
        yield dataclasses.replace(world, twin=False)
    if given.switches != Switches():
        yield dataclasses.replace(world, scenario=dataclasses.replace(given, switches=Switches()))
    used = {vm for run in world.runs for vm, unused in (*run.moves, *run.strategies)} | {
        vm for run in world.runs for vm in run.vms
    }
    for number, vm in enumerate(given.vms):
        rest = given.vms[:number] + given.vms[number + 1 :]
        if vm.name not in used and rest:
            steps = tuple(step for step in world.steps if step.subject != vm.name)
            yield dataclasses.replace(world, scenario=dataclasses.replace(given, vms=rest), steps=steps)
        for simpler in _simpler_vms(vm):
            vms = (*given.vms[:number], simpler, *given.vms[number + 1 :])
            yield dataclasses.replace(world, scenario=dataclasses.replace(given, vms=vms))


def _simpler_vms(vm: VmSpec) -> Iterator[VmSpec]:
    plain = VmSpec(vm.name, vm.owner, id=vm.id, group=vm.group, clustered=vm.clustered)
    for field, value in (
        ("migration", MigrationSpec()), ("power", PowerSpec()), ("state", "running"), ("memory_mb", 4096),
        ("priority", 2000), ("possible_owners", None), ("anti_affinity", ()), ("attachments", ()),
    ):  # fmt: skip
        if getattr(vm, field) != value and getattr(vm, field) != getattr(plain, field):
            yield dataclasses.replace(vm, **t.cast("dict[str, t.Any]", {field: value}))


def _simpler_runs(run: Run) -> Iterator[Run]:
    plain = Run(run.kind, run.node)
    for field in dataclasses.fields(Run):
        value = getattr(run, field.name)
        if field.name in ("strategies", "moves", "vms"):
            for number in range(len(value)):
                if len(value) > 1 or field.name == "strategies":
                    yield dataclasses.replace(run, **{field.name: value[:number] + value[number + 1 :]})
        elif value != getattr(plain, field.name) and field.name not in ("state", "check"):
            yield dataclasses.replace(run, **{field.name: getattr(plain, field.name)})
