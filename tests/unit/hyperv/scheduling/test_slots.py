# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves that wait for a slot: what is looked at meanwhile, and how much work that is where hundreds wait."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import Limits
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import MigrationTask
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import MoveRequest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.vocabulary import AUTO
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.migrate import (
    MigrationOptions,
    migrate,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.resolve_moves import plan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.slots import SharedSlots

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


@pytest.mark.parametrize("count", [1, 3])
def test_moves_of_another_maintenance_count_at_the_nodes_that_both_use(count: int) -> None:
    simulated, names = queue(count)
    moves = plan(simulated.cluster, [MoveRequest("NODE2", name) for name in names], AUTO)
    shared = SharedSlots()
    other, free_at = shared.share(), simulated.now() + 90
    other.hold([("NODE3", "NODE2")])
    started: list[float] = []

    def report(tasks: t.Sequence[MigrationTask]) -> None:
        if any(task.attempts for task in tasks) and not started:
            started.append(simulated.now())
        if simulated.now() >= free_at:
            other.hold([])

    done = migrate(simulated.cluster, moves, MigrationOptions(), report, share=shared.share())

    assert [(task.outcome, task.attempts) for task in done.tasks] == [("moved", 1)] * count
    assert started[0] >= free_at
    assert other.others() == []


def test_a_slot_is_given_once_and_can_be_had_again() -> None:
    limits, shared = Limits({"node1": 1, "node2": 1}), SharedSlots()
    one, other = shared.share(), shared.share()
    way = ("NODE1", "NODE2")
    assert one.hold_if([way], lambda others: limits.allow([], *way, others))
    assert not other.hold_if([way], lambda others: limits.allow([], *way, others))
    assert (one.others(), other.others()) == ([], [way])
    one.hold([])
    assert other.hold_if([way], lambda others: limits.allow([], *way, others))


def test_the_limit_of_all_moves_is_each_ones_own() -> None:
    """The cluster's limit may count by node, and the user's is that of one role."""
    limits = Limits({"node1": 2, "node2": 2, "node3": 2}, total=1)
    assert limits.allow([], "NODE1", "NODE2", [("NODE3", "NODE2")])
    assert not limits.allow([("NODE1", "NODE3")], "NODE1", "NODE2")
