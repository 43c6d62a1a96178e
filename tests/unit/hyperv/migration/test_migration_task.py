# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stages of a move: which may follow which, that the product takes these and no others, and who changes a move."""

from __future__ import annotations

import ast
import itertools
import pathlib
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import Node
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import Vm
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.attempt import WatchedJob
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.cancellation import Cancellation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import (
    IllegalTransition,
    MigrationRequest,
    MigrationTask,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.moves import Move
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.stage import TRANSITIONS, Stage
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.timeouts import Timeout
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference

from tests.simulator.scenario import MigrationSpec
from tests.support.requests import invokes_migration
from tests.support.scenarios import migration, one_vm
from tests.support.simulated import Simulated

MOVE = Move(Vm("6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31", "web01", "NODE1", "running"), None, "NODE1",
            Node("NODE2", "up", "not_initiated", "", None))  # fmt: skip
JOB = WatchedJob(Reference.of("root/HyperVCluster/v2", "Msvm_MigrationJob", InstanceID="JOB1"), "system")
# A way from the beginning to each stage, and what enters it.
WAYS: dict[Stage, tuple[Stage, ...]] = {
    Stage.WAITING: (),
    Stage.SEARCHING: (Stage.SEARCHING,),
    Stage.RUNNING: (Stage.RUNNING,),
    Stage.CANCELLING: (Stage.RUNNING, Stage.CANCELLING),
    Stage.VERIFYING: (Stage.VERIFYING,),
    Stage.ENDED: (Stage.ENDED,),
}


def enter(task: MigrationTask, stage: Stage) -> None:
    """Have a move enter a stage by the method that is there for it."""
    cancellation = t.cast(Cancellation, None)
    {
        Stage.WAITING: lambda: task.wait_again(0, 1),
        Stage.SEARCHING: lambda: task.search(None, 0, 1, no_answer=True),
        Stage.RUNNING: lambda: task.follow(JOB, 1),
        Stage.CANCELLING: lambda: task.cancel(cancellation, 1),
        Stage.VERIFYING: lambda: task.verify(1),
        Stage.ENDED: lambda: task.end("moved", 1),
    }[stage]()


def in_stage(stage: Stage) -> MigrationTask:
    task = MigrationTask(MigrationRequest(MOVE, Timeout(600, "given")))
    for one in WAYS[stage]:
        enter(task, one)
    assert task.stage is stage
    return task


@pytest.mark.parametrize(("before", "after"), list(itertools.product(Stage, Stage)))
def test_a_move_enters_the_stages_of_the_table_and_refuses_all_others(before: Stage, after: Stage) -> None:
    task = in_stage(before)
    if after in TRANSITIONS[before]:
        enter(task, after)
        assert task.stage is after
    else:
        with pytest.raises(IllegalTransition, match=f"{before.value} cannot become {after.value}"):
            enter(task, after)
        assert task.stage is before


class Transitions:
    """The transitions that moves make from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: set[tuple[Stage, Stage]] = set()
        take = MigrationTask._enter

        def note(task: MigrationTask, stage: Stage, now: float) -> None:
            self.made.add((task.stage, stage))
            take(task, stage, now)

        monkeypatch.setattr(MigrationTask, "_enter", note)


def batch(moves: MigrationSpec | None = None, **options: t.Any) -> None:
    """Move web01 in a cluster where its migration goes like this."""
    lost = options.pop("lost", {})
    simulated = Simulated(one_vm(moves or migration()), **options.pop("switches", {}))
    (task,) = simulated.runs(("web01", "NODE2"), timeout=options.pop("timeout", 0))
    calls = itertools.count(1)

    def lose(node: str, request: bytes) -> str:
        return str(lost.get(next(calls), "")) if invokes_migration(request) else ""

    simulated.lose = lose
    simulated.scheduler(**options).execute([task])


def test_every_row_of_the_table_is_taken_by_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    transitions = Transitions(monkeypatch)
    batch()
    batch(migration(refuse_check="the processors differ"))
    batch(migration(fails_at=50, hresult=0x8007274D, fail_times=1), retries=1)
    batch(migration(stuck_at=40), timeout=30, on_timeout="leave")
    batch(migration(stuck_at=40), timeout=30, on_timeout="cancel")
    batch(migration(stuck_at=40, cancel="ignored"), timeout=30, on_timeout="cancel")
    batch(migration(return_value=0, return_moves=True))
    batch(lost={1: "after"})
    batch(lost={1: "before", 2: "before"})
    batch(migration(return_value=32771, return_moves=True))
    batch(migration(return_value=32771))
    assert transitions.made == {(before, after) for before, rows in TRANSITIONS.items() for after in rows}


def assigned_elsewhere(source: str) -> list[str]:
    """Return the attributes of other objects that a file assigns."""
    targets: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign):
            targets += node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets.append(node.target)
    flat = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return [
        ast.unparse(one)
        for one in flat
        if isinstance(one, ast.Attribute) and not (isinstance(one.value, ast.Name) and one.value.id == "self")
    ]


HYPERV = pathlib.Path(__file__).parents[4] / "plugins/plugin_utils/_hyperv"


@pytest.mark.parametrize("package", ["migration", "methods", "scheduling", "power"])
def test_objects_are_changed_by_their_own_methods_alone(package: str) -> None:
    files = list((HYPERV / package).glob("*.py"))
    assert files
    assert [one for path in files for one in assigned_elsewhere(path.read_text(encoding="utf-8"))] == []


def test_reading_a_cluster_changes_nothing_of_it() -> None:
    found = [one for path in HYPERV.rglob("*.py") for one in assigned_elsewhere(path.read_text(encoding="utf-8"))]
    assert [one for one in found if "cluster." in one] == []


def test_a_change_from_outside_is_found() -> None:
    assert assigned_elsewhere("task.stage, task.due = 1, 2\ntask.attempts += 1\nself.due = 3") == [
        "task.stage",
        "task.due",
        "task.attempts",
    ]
