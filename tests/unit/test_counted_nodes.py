# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs that a job has changed are counted once each, and nothing else; ``test_runner.py`` counts those of whole jobs."""

from __future__ import annotations

import importlib
import pathlib
import threading
import typing as t
import uuid

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._action import FailedWithResult
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._moving_options import MOVING

from tests.counted_nodes import QUERIES, ROOT, counted, records_of
from tests.support.actions import carry_out, perform
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
    moving_none = {"hyperv_vm_state", "hyperv_migration_job", "hyperv_node_restart", "hyperv_counted_vms"}
    assert {name for name in MODULES if moves_vms(name)} == named - moving_none
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


class TestMaintenance:
    """An evacuation and a restoration count what they have moved, stopped and started themselves."""

    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: pathlib.Path) -> None:
        self.folder = str(tmp_path)

    def evacuate(self, simulated: Simulated, **given: t.Any) -> list[str]:
        return self.of("hyperv_node_evacuation", simulated, node="NODE1", **given)

    def restore(self, simulated: Simulated, **given: t.Any) -> list[str]:
        return self.of("hyperv_node_restoration", simulated, node="NODE1", **given)

    def of(self, module: str, simulated: Simulated, **given: t.Any) -> list[str]:
        self.result = run(module, simulated, ledger_folder=self.folder, poll_interval=0.5, **given)
        found = counted([(f"{COLLECTION}.{module}", self.result)])
        assert len(records_of(f"{COLLECTION}.{module}", self.result)) == len(found)
        return sorted(found)

    def test_moves_count_and_a_dry_run_does_not(self) -> None:
        simulated = Simulated(scenario(vms=[vm("web01"), vm("web02"), vm("there", owner="NODE2")]))
        moved = sorted(ids(simulated, "web01", "web02"))
        assert self.evacuate(simulated, check=True, strategies="web02=shutdown") == []
        assert self.evacuate(simulated, strategies="web02=shutdown") == moved
        assert self.evacuate(simulated) == []
        assert self.restore(simulated, check=True) == []
        assert self.restore(simulated) == moved

    @pytest.mark.parametrize(("strategy", "give_back"), [("shutdown", True), ("shutdown", False), ("save", False)])
    def test_a_vm_that_was_stopped_counts_though_nothing_has_moved(self, strategy: str, give_back: bool) -> None:
        stuck = [vm(name, migration=migration(fails_at=0, hresult=0x8007000E)) for name in ("web01", "web02")]
        simulated = Simulated(scenario(vms=stuck))
        stopped = ids(simulated, "web01")
        assert self.evacuate(simulated, strategies=f"web01={strategy}", give_back=give_back) == stopped
        assert [one["changed"] for one in self.result["moves"]] == [False, False]
        assert [len(self.result[one]) for one in ("started", "still_stopped")] == [int(give_back), int(not give_back)]
        assert self.evacuate(simulated, strategies=f"web01={strategy}", give_back=False) == (
            stopped if give_back else []
        )

    def test_a_vm_that_is_started_where_it_is_counts(self) -> None:
        local = vm("edge01", clustered=False)
        simulated = Simulated(scenario(vms=[local, vm("web01")]))
        stop = {"strategies": "edge01=shutdown", "local_vms": True}
        both = sorted(ids(simulated, "edge01", "web01"))
        assert self.evacuate(simulated, **stop) == both
        assert self.restore(simulated) == both
        assert [one["name"] for one in self.result["started"]] == ["edge01"]
        assert [one["vm"]["name"] for one in self.result["moves"]] == ["web01"]

    def test_vms_of_the_node_that_is_emptied_meanwhile_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(threading, "Thread", AtOnce)
        nodes = [node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3, 4)]
        beside = [vm("app01", owner="NODE4"), vm("app02", owner="NODE4")]
        simulated = Simulated(scenario(nodes=nodes, vms=[vm("web01"), *beside]))
        self.evacuate(simulated, destinations=["NODE2"])
        other = {"node": "NODE4", "ledger_folder": self.folder, "strategies": "app02=shutdown"}
        moved = sorted(ids(simulated, "web01", "app01", "app02"))
        assert self.restore(simulated, meanwhile=other) == moved
        assert self.result["meanwhile"]["begun"]
        assert [one["vm"]["name"] for one in self.result["moves"]] == ["web01"]


def test_the_vms_of_a_node_that_has_many_are_named_in_a_result_that_is_kept() -> None:
    """ansible-runner empties a result of more than 700,000 characters."""
    vms = [{"vm_id": str(uuid.UUID(int=number)).upper(), "name": f"customer-web{number:04}"} for number in range(1500)]
    result = carry_out("hyperv_counted_vms", ["node1.example"], vms=[*vms, {**vms[0], "name": "renamed"}])
    assert len(str(result)) < 700_000 / 4
    assert counted([(f"{COLLECTION}.hyperv_counted_vms", result)]) == [one["vm_id"].lower() for one in vms]
    with pytest.raises(FailedWithResult, match=r"It is full\.") as failed:
        carry_out("hyperv_counted_vms", ["node1.example"], vms=vms, error="It is full.")
    assert failed.value.result["changed_vms"] == vms
    with pytest.raises(FailedWithResult, match=r"It is full\.") as failed:
        carry_out("hyperv_counted_vms", ["node1.example"], vms=vms[:300], error="It is full.")
    assert failed.value.result == {"changed": False}  # nothing buries the error; the first result is kept


class AtOnce:
    """A thread that has done its work when it was begun, as two cannot share one manual clock."""

    def __init__(self, target: t.Callable[..., None], args: tuple[t.Any, ...], daemon: bool) -> None:
        self.start = lambda: target(*args)


@pytest.mark.parametrize("check", [True, False])
def test_a_restart_counts_the_vms_that_go_down_with_the_node(check: bool) -> None:
    vms = [vm("edge01", clustered=False), vm("edge02", clustered=False, state="off"), vm("web01", owner="NODE2")]
    simulated = Simulated(scenario([node("NODE1", state="paused"), node("NODE2")], vms), "NODE2")
    result = run("hyperv_node_restart", simulated, check=check, name="NODE1", local_vms=True)
    assert counted([(f"{COLLECTION}.hyperv_node_restart", result)]) == ([] if check else ids(simulated, "edge01"))


@pytest.mark.parametrize("module", sorted(QUERIES))
@pytest.mark.parametrize(
    "result",
    [
        {},
        {"failed": True, "msg": "no"},
        {"moves": None, "vms": None, "jobs": None, "changed_vms": None},
        {"moves": "x", "vms": 3, "jobs": {}, "changed_vms": "x"},
        {"moves": [], "vms": [], "jobs": [], "changed_vms": []},
        {"changed_vms": [None, "x", {}, {"vm_id": None}, {"vm_id": ""}]},
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
