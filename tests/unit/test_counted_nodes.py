# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs that a job has changed are counted once each, and nothing else; ``test_runner.py`` counts those of whole jobs."""

from __future__ import annotations

import importlib
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._moving_options import MOVING

from tests.counted_nodes import QUERIES, ROOT, counted, records_of
from tests.support.actions import perform
from tests.support.scenarios import migration, node, scenario, vm
from tests.support.simulated import Simulated

COLLECTION = "hyperv.migration"
MODULES = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}


def run(module: str, simulated: Simulated, *, check: bool = False, **given: t.Any) -> t.Any:
    """Return the result of a module's task, also of one that fails."""
    try:
        return perform(module, simulated, check_mode=check, **given)
    except HyperVError as error:
        return getattr(error, "result", {"failed": True, "msg": str(error)})


def ids(simulated: Simulated, *names: str) -> list[str]:
    return [one["id"].lower() for name in names for one in simulated.server.state()["vms"] if one["name"] == name]


@pytest.fixture
def simulated() -> Simulated:
    broken = vm("broken", migration=migration(refuse_check="the processors differ"))
    return Simulated(scenario(vms=[vm("web01"), vm("web02"), vm("there", owner="NODE2"), broken]))


def test_the_modules_that_have_a_query_are_those_that_change_vms() -> None:
    named = {name.removeprefix(f"{COLLECTION}.") for name in QUERIES}
    assert {name for name in MODULES if moves_vms(name)} == named - {"hyperv_vm_state", "hyperv_migration_job"}
    assert named <= MODULES
    assert not [name for name in named if name.endswith("_info")]


def moves_vms(module: str) -> bool:
    """Tell whether a module has the options of those that move VMs."""
    action = importlib.import_module(f"ansible_collections.hyperv.migration.plugins.action.{module}").ActionModule
    return set(MOVING) <= set(action.ARGUMENTS["argument_spec"])


@pytest.mark.parametrize("check", [True, False])
def test_a_refill_counts_the_vms_that_it_has_moved(check: bool) -> None:
    nodes = [node(f"NODE{number}", memory_mb=65536) for number in (1, 2)]
    simulated = Simulated(scenario(nodes=nodes, vms=[vm(f"app{n}", memory_mb=8192) for n in range(4)]))
    result = run("hyperv_rolling_refill", simulated, check=check)
    moved = ids(simulated, *(one["vm"]["name"] for one in result["moves"]))
    assert moved
    assert counted([(f"{COLLECTION}.hyperv_rolling_refill", result)]) == ([] if check else moved)


@pytest.mark.parametrize("check", [True, False])
def test_a_batch_counts_the_vms_that_it_has_moved(simulated: Simulated, check: bool) -> None:
    names = ("web01", "there", "broken", "web02")
    wishes = [{"name": name, "destination_host": "NODE2"} for name in names]
    result = run("hyperv_vm_migrate", simulated, check=check, moves=wishes)
    assert {one["vm"]["name"] for one in result["moves"]} == set(names)
    moved = [] if check else ids(simulated, "web01", "web02")
    assert counted([(f"{COLLECTION}.hyperv_vm_migrate", result)]) == moved


@pytest.mark.parametrize("check", [True, False])
def test_a_change_of_state_counts_the_vms_whose_state_it_has_changed(simulated: Simulated, check: bool) -> None:
    ask = {"vms": [{"name": "web01"}, {"name": "web02"}], "state": "off", "force": True}
    first = run("hyperv_vm_state", simulated, check=check, **ask)
    second = run("hyperv_vm_state", simulated, check=check, **ask)
    assert len(first["vms"]) == 2
    action = f"{COLLECTION}.hyperv_vm_state"
    assert counted([(action, first)]) == ([] if check else ids(simulated, "web01", "web02"))
    assert counted([(action, second)]) == []


@pytest.mark.parametrize("check", [True, False])
def test_a_cancelled_migration_counts_its_vm(check: bool) -> None:
    simulated = Simulated(scenario(vms=[vm("web01", memory_mb=60_000)]))
    (task,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(task)
    result = run("hyperv_migration_job", simulated, check=check, name="web01", state="cancelled")
    assert result["jobs"]
    assert counted([(f"{COLLECTION}.hyperv_migration_job", result)]) == ([] if check else ids(simulated, "web01"))


def test_a_vm_that_several_tasks_have_changed_under_two_names_is_one(simulated: Simulated) -> None:
    results = []
    for destination in ("NODE2", "NODE3"):
        results.append(run("hyperv_vm_migrate", simulated, name="web01", destination_host=destination))
    results[1]["moves"][0]["vm"] = {**results[1]["moves"][0]["vm"], "name": "renamed"}
    assert counted((f"{COLLECTION}.hyperv_vm_migrate", one) for one in results) == ids(simulated, "web01")


@pytest.mark.parametrize("module", sorted(QUERIES))
@pytest.mark.parametrize(
    "result",
    [
        {},
        {"failed": True, "msg": "no"},
        {"moves": None, "vms": None, "jobs": None},
        {"moves": "x", "vms": 3, "jobs": {}},
        {"moves": [], "vms": [], "jobs": []},
        {
            "moves": [{"changed": True, "outcome": "failed", "vm": {"id": None}}],
            "jobs": [{"outcome": "cancelled", "vm": {}}],
        },
        {"results": [{"moves": []}], "skipped": True},
        "a text",
        None,
    ],
)
def test_a_result_of_another_shape_yields_nothing_and_breaks_nothing(module: str, result: t.Any) -> None:
    assert records_of(module, result) == []
