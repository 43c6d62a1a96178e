# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves whose task was cut off: where their VMs are by then decides, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import MigrationTask
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.scheduling.cut_off import account_for

from tests.simulator.scenario import EventSpec
from tests.support.requests import invokes_migration
from tests.support.scenarios import migration, scenario, vm
from tests.support.simulated import Simulated

WHY = "The task was cut off after 60 s"


class CutOff(BaseException):
    """Ansible's time limit of a task."""


def cut_off(
    simulated: Simulated, after: int, *wanted: tuple[str, str], then: Callable[[], None] = lambda: None
) -> dict[str, MigrationTask]:
    """Return the moves after their task was cut off at the request ``after`` the first call for a migration."""
    seen = 0

    def lose(node: str, request: bytes) -> str:
        nonlocal seen
        seen += bool(seen or invokes_migration(request))
        if seen > after:
            raise CutOff
        return ""

    runs = simulated.runs(*wanted)
    simulated.lose = lose
    with pytest.raises(CutOff):
        simulated.scheduler().execute(runs)
    simulated.lose = lambda node, request: ""
    then()
    account_for(simulated.cluster, runs, WHY)
    return {run.move.vm.name: run for run in runs}


def two() -> Simulated:
    return Simulated(scenario(vms=[vm("web01", memory_mb=20000), vm("web02", memory_mb=20000)]), home="NODE2")


WANTED = ("web01", "NODE2"), ("web02", "NODE2")


def test_a_vm_that_is_on_its_way_is_still_moving_and_one_that_was_not_asked_for_is_not_begun() -> None:
    simulated = two()
    runs = cut_off(simulated, 2, *WANTED)
    assert {name: run.outcome for name, run in runs.items()} == {"web01": "started", "web02": "not_begun"}
    assert simulated.migrations("web02") == 0


def test_a_vm_that_has_arrived_by_then_has_moved() -> None:
    simulated = two()
    runs = cut_off(simulated, 2, *WANTED, then=lambda: simulated.pause(120))
    assert (runs["web01"].outcome, runs["web02"].outcome) == ("moved", "not_begun")


def test_a_vm_that_somebody_moved_is_elsewhere() -> None:
    simulated = two()
    moved = EventSpec(move="web02", to="NODE3", instant=True)
    runs = cut_off(simulated, 2, *WANTED, then=lambda: simulated.server.world.events.carry_out(moved))
    assert runs["web02"].outcome == "elsewhere"
    assert "neither on NODE1 nor on NODE2: somebody else moved it." in runs["web02"].warnings[-1]


def test_a_vm_whose_migration_has_failed_by_then_was_not_moved() -> None:
    simulated = Simulated(scenario(vms=[vm("web01", migration=migration(fails_at=50))]), home="NODE2")
    runs = cut_off(simulated, 2, WANTED[0], then=lambda: simulated.pause(120))
    error = runs["web01"].error
    assert error is not None
    assert (error.code, error.transient) == ("cut_off", True)
    assert "it is on NODE1 with no migration that runs" in error.message


def test_a_vm_that_has_gone_off_on_its_way_is_a_failure() -> None:
    simulated = two()

    def die() -> None:
        simulated.pause(120)
        assert simulated.owner("web01") == "NODE2"
        simulated.server.world.events.carry_out(EventSpec(power_off="web01"))

    runs = cut_off(simulated, 2, *WANTED, then=die)
    error = runs["web01"].error
    assert error is not None
    assert (error.code, "is off, and was running before" in error.message) == ("state_changed", True)


def test_where_nothing_can_be_read_nothing_is_known_and_none_is_called_not_begun() -> None:
    simulated = two()

    def break_down() -> None:
        simulated.lose = lambda node, request: "down"

    runs = cut_off(simulated, 2, *WANTED, then=break_down)
    errors = [run.error for run in runs.values()]
    assert [error.code for error in errors if error is not None] == ["outcome_unknown"] * 2
    assert all(WHY in error.message for error in errors if error is not None)
