# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each switch has a name of its own, is read by the simulator and is tried by a test; and what some of them change."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
import re
import typing as t

import pytest

from tests.simulator.cim import ObjectPath
from tests.simulator.clock import ManualClock
from tests.simulator.providers import providers_of
from tests.simulator.scenario import Scenario
from tests.simulator.scenario_file import read_scenario
from tests.simulator.switches import Switches
from tests.simulator.world import Job, JobState, Refusal, World
from tests.support.scenarios import ClusterSpec, as_text, event, node, scenario, vm

TESTS = pathlib.Path(__file__).parents[2]
NAMES = [field.name for field in dataclasses.fields(Switches)]


def read_all(*folders: str) -> str:
    """Return the text of all files below folders of ``tests``, but of those that define the switches."""
    files = (path for folder in folders for path in (TESTS / folder).rglob("*.*") if path.suffix in (".py", ".yml"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files if not path.name.endswith("switches.py"))


def test_no_two_groups_of_switches_share_a_name() -> None:
    names = [name for group in Switches.__mro__ for name in vars(group).get("__annotations__", {})]
    assert [name for name, count in collections.Counter(names).items() if count > 1] == []
    assert set(names) == set(NAMES)


def test_every_switch_is_read_by_the_simulator() -> None:
    source = read_all("simulator")
    assert [name for name in NAMES if not re.search(rf"\.{name}\b", source)] == []


def test_every_switch_is_tried_by_a_test() -> None:
    used = read_all("unit", "integration") + pathlib.Path(__file__).read_text(encoding="utf-8")
    assert [name for name in NAMES if not re.search(rf"\b{name}\b", used)] == []


def world_of(given: Scenario, **switches: t.Any) -> World:
    clock = ManualClock()
    world = World(read_scenario(as_text(dataclasses.replace(given, switches=Switches(**switches)))), clock)
    world.look()
    return world


PAUSED = scenario(vms=[vm("web01")], events=[event(at=0, pause="NODE2")])
TIED = scenario(vms=[vm("web01", possible_owners=("NODE1", "NODE3"))])
APART = scenario(
    vms=[vm("web01", anti_affinity=("web",)), vm("web02", owner="NODE2", anti_affinity=("web",))],
    cluster=ClusterSpec(enforced_anti_affinity=1),
)


@pytest.mark.parametrize(
    ("switch", "given"),
    [("paused_destination", PAUSED), ("non_possible_owner", TIED), ("affinity_conflict", APART)],
)
def test_a_destination_that_the_cluster_forbids_is_refused_fails_or_is_taken(switch: str, given: Scenario) -> None:
    def outcome(objection: str) -> Refusal | JobState | int:
        world = world_of(given, **{switch: objection})
        web01 = next(machine for machine in world.machines.values() if machine.name == "web01")
        started = world.migrations.invoke(web01, world.nodes["NODE2"], "CORP\\me", "NODE1")
        world.timeline.run_until(60)
        return started.state if isinstance(started, Job) else started

    assert isinstance(outcome("refuse"), Refusal)
    assert outcome("fail_job") is JobState.EXCEPTION
    assert outcome("allow") is JobState.COMPLETED


def test_a_vm_is_started_on_a_paused_node_by_switch() -> None:
    def state_after(start_on_paused_node: str) -> str:
        given = scenario([node("NODE1", state="paused"), node("NODE2")], [vm("web01", state="off")])
        world = world_of(given, start_on_paused_node=start_on_paused_node)
        (web01,) = world.machines.values()
        world.power.request(web01, "running")
        world.timeline.run_until(60)
        return web01.state

    assert (state_after("refuse"), state_after("allow")) == ("off", "running")


def test_a_host_takes_a_call_without_settings_by_switch() -> None:
    def returned(host_takes_no_settings: bool) -> int:
        given = scenario([node("HV1", member=False), node("HV2", member=False)], [vm("web01", owner="HV1")])
        world = world_of(given, host_takes_no_settings=host_takes_no_settings)
        namespace, service = "root/virtualization/v2", "Msvm_VirtualSystemMigrationService"
        provider = next(one for one in providers_of(world, world.nodes["HV1"]) if one.namespace == namespace)
        (machine,) = world.machines.values()
        parameters = {
            "ComputerSystem": ObjectPath(namespace, "Msvm_ComputerSystem", {"Name": machine.id}),
            "DestinationHost": "hv2.corp.example",
            "MigrationSettingData": None,
            "NewSystemSettingData": None,
            "NewResourceSettingData": None,
        }
        path = ObjectPath(namespace, service, {"CreationClassName": service})
        return t.cast("int", provider.invoke(path, "MigrateVirtualSystemToHost", parameters)["ReturnValue"])

    assert (returned(True), returned(False)) == (4096, Refusal.INVALID_PARAMETER.value[1])
