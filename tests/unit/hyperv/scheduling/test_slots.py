# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves that wait for a slot: what is looked at meanwhile, and how much work that is where hundreds wait."""

from __future__ import annotations

import typing as t

import pytest

from tests.support.scenarios import event, migration, node, scenario, vm
from tests.support.simulated import Simulated

NODES = [node(f"NODE{number}", simultaneous_migrations=1, memory_mb=400_000) for number in (1, 2, 3)]


def queue(count: int, *events: event) -> tuple[Simulated, list[str]]:
    """Return a cluster with as many VMs on NODE1, which moves one at a time in 12 seconds, and their names."""
    names = [f"vm{number:02}" for number in range(count)]
    vms = [vm(name, memory_mb=1024, migration=migration(seconds=12)) for name in names]
    return Simulated(scenario(NODES, vms, events=events)), names


def test_vms_are_not_read_again_long_before_it_is_their_turn() -> None:
    simulated, names = queue(40)
    runs = simulated.runs(*((name, "NODE2") for name in names))
    before = len(simulated.requests)
    simulated.scheduler().execute(runs)
    assert {run.outcome for run in runs} == {"moved"}
    sent = [request.lower() for unused, request in simulated.requests[before:]]
    last = runs[-1].move.vm.id.lower().encode()
    assert sum(last in request for request in sent) <= 12


@pytest.mark.parametrize("count", range(4, 10))
def test_a_destination_that_was_paused_meanwhile_takes_none_of_those_that_waited(count: int) -> None:
    simulated, names = queue(count, event(5, pause="NODE3"))
    *others, last = simulated.move(*((name, "NODE2") for name in names[:-1]), (names[-1], "NODE3"))
    assert {run.outcome for run in others} == {"moved"}
    assert last.error is not None
    assert last.error.code == "destination_paused"
    assert simulated.migrations(names[-1]) == 0


def test_the_limits_are_not_asked_for_each_of_those_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    simulated, names = queue(40)
    runs = simulated.runs(*((name, "NODE2") for name in names))
    scheduler, asked = simulated.scheduler(), 0
    allow = type(scheduler._limits).allow

    def counted(*arguments: t.Any) -> bool:
        nonlocal asked
        asked += 1
        return allow(*arguments)

    monkeypatch.setattr(type(scheduler._limits), "allow", counted)
    scheduler.execute(runs)
    assert asked <= 6 * len(simulated.pauses)
