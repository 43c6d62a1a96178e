# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Maintenance mode of the disks of a node, as the simulated Storage Spaces Direct has it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.faults import Fault
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.method_input import Parameter
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

from tests.simulator.host_profiles import Windows
from tests.support.scenarios import StorageSpec, node, scenario
from tests.support.simulated import Simulated

STORAGE = "root/Microsoft/Windows/Storage"
IN_SERVICE, MAINTENANCE = {2}, {0xD00A}


def a_cluster(
    windows: Windows = 2022, *, copies: int = 3, resting: tuple[str, ...] = (), **switches: t.Any
) -> Simulated:
    nodes = [node(f"NODE{number}", windows=windows) for number in range(1, 5)]
    storage = StorageSpec("spaces_direct", copies=copies, disks_in_maintenance=resting)
    return Simulated(scenario(nodes, storage=storage), "NODE2", **switches)


def statuses(simulated: Simulated, name: str = "NODE1") -> set[int]:
    """Return the OperationalStatus of all disks of a node in the pool."""
    rows = simulated.cluster.home.query(STORAGE, Query("MSFT_PhysicalDisk"))
    found = [row for row in rows if (row.text("FriendlyName") or "").startswith(f"{name} disk")]
    assert len(found) == 4
    return {status for row in found for status in row.integers("OperationalStatus")}


def unit(simulated: Simulated, name: str = "NODE1") -> Reference:
    query = Query("MSFT_StorageScaleUnit", (), {"FriendlyName": (name,)})
    (found,) = simulated.cluster.home.references(STORAGE, query)
    return found


def maintain(simulated: Simulated, *, enable: bool, name: str = "NODE1") -> int | None:
    answer = simulated.cluster.home.invoke(unit(simulated, name), "Maintenance", {"EnableMaintenanceMode": enable})
    return answer.integer("ReturnValue")


def pause(simulated: Simulated, drain: int, name: str = "NODE1") -> None:
    reference = Reference.of("root/MSCluster", "MSCluster_Node", Name=name)
    simulated.cluster.home.invoke(reference, "Pause", {"DrainType": drain, "TargetNode": ""})


def resume(simulated: Simulated, name: str = "NODE1") -> None:
    reference = Reference.of("root/MSCluster", "MSCluster_Node", Name=name)
    simulated.cluster.home.invoke(reference, "Resume", {"FailbackType": 0})


def storage(simulated: Simulated) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", simulated.server.state()["storage"])


def test_disks_pass_through_the_states_between_and_are_repaired_after_that() -> None:
    simulated = a_cluster(2016)

    seen = [statuses(simulated)]
    for enable in (True, False):
        assert maintain(simulated, enable=enable) == 0
        seen.append(statuses(simulated))
        simulated.pause(10)
        seen.append(statuses(simulated))

    assert seen == [IN_SERVICE, {0xD00F}, MAINTENANCE, {0xD010}, IN_SERVICE]
    assert storage(simulated)["outdated"] == ["NODE1"]
    simulated.pause(600)
    assert (storage(simulated)["outdated"], storage(simulated)["losses"]) == ([], [])


def test_the_last_copy_is_not_let_go() -> None:
    simulated = a_cluster(2016, copies=2, resting=("NODE3",))

    assert (maintain(simulated, enable=True), statuses(simulated)) == (48006, IN_SERVICE)


def test_a_second_node_is_a_loss_of_redundancy() -> None:
    simulated = a_cluster(2016, resting=("NODE3",))

    assert maintain(simulated, enable=True) == 0

    (loss,) = storage(simulated)["losses"]
    assert (loss["node"], loss["data"]) == ("NODE1", False)


def test_disks_stay_in_maintenance_through_a_restart() -> None:
    simulated = a_cluster(2016, resting=("NODE1",))
    world = simulated.server.world
    world.drains.lose(world.nodes["NODE1"])
    world.nodes["NODE1"].enter("up")

    simulated.pause(60)

    assert statuses(simulated) == MAINTENANCE
    assert storage(simulated)["disks_out_of_service"] == ["NODE1"]


@pytest.mark.parametrize(
    ("windows", "disks_of_a_drained_node", "after_pause", "after_drain"),
    [
        (2022, "maintenance", IN_SERVICE, MAINTENANCE),
        (2022, "with_every_pause", MAINTENANCE, MAINTENANCE),
        (2022, "in_service", IN_SERVICE, IN_SERVICE),
        (2016, "maintenance", IN_SERVICE, IN_SERVICE),
    ],
)
def test_a_drain_takes_the_disks_along(
    windows: Windows, disks_of_a_drained_node: str, after_pause: set[int], after_drain: set[int]
) -> None:
    seen = []
    for drain in (0, 1):
        simulated = a_cluster(windows, disks_of_a_drained_node=disks_of_a_drained_node)
        pause(simulated, drain)
        simulated.pause(10)
        seen.append(statuses(simulated))

    assert seen == [after_pause, after_drain]


@pytest.mark.parametrize(
    ("disks_of_a_resumed_node", "then"), [("in_service", IN_SERVICE), ("maintenance", MAINTENANCE)]
)
def test_resuming_brings_the_disks_back(disks_of_a_resumed_node: str, then: set[int]) -> None:
    simulated = a_cluster(2022, disks_of_a_resumed_node=disks_of_a_resumed_node)
    pause(simulated, 1)
    simulated.pause(10)

    resume(simulated)
    simulated.pause(10)

    assert statuses(simulated) == then


@pytest.mark.parametrize("drain_of_a_paused_node", ["accepted", "refused"])
def test_a_paused_node_is_drained_or_refused(drain_of_a_paused_node: str) -> None:
    simulated = a_cluster(drain_of_a_paused_node=drain_of_a_paused_node)
    pause(simulated, 0)

    if drain_of_a_paused_node == "refused":
        with pytest.raises(Fault, match="paused"):
            pause(simulated, 1)
    else:
        pause(simulated, 1)
        simulated.pause(10)
        assert statuses(simulated) == MAINTENANCE


@pytest.mark.parametrize(("degraded_space_refuses", "refused"), [("drains", [1]), ("pauses", [0, 1])])
def test_a_degraded_space_refuses_pauses(degraded_space_refuses: str, refused: list[int]) -> None:
    told = []
    for drain in (0, 1):
        simulated = a_cluster(resting=("NODE3",), degraded_space_refuses=degraded_space_refuses)
        try:
            pause(simulated, drain)
        except Fault:
            told.append(drain)

    assert told == refused


@pytest.mark.parametrize(
    ("maintenance_by", "unit_code", "health_code"), [("scale_unit", 0, 1), ("storage_health", 1, 0), ("nobody", 1, 1)]
)
def test_one_of_two_classes_puts_disks_into_maintenance(maintenance_by: str, unit_code: int, health_code: int) -> None:
    simulated = a_cluster(2016, maintenance_by=maintenance_by)
    (health,) = simulated.cluster.home.references(STORAGE, Query("MSFT_StorageHealth", ()))
    wish: dict[str, Parameter] = {"TargetObject": unit(simulated), "EnableMaintenanceMode": True}

    codes = (
        maintain(simulated, enable=True),
        simulated.cluster.home.invoke(health, "Maintenance", wish).integer("ReturnValue"),
    )

    assert codes == (unit_code, health_code)


@pytest.mark.parametrize(("maintenance_codes", "code"), [("from_d009", 0xD00A), ("from_d007", 0xD008)])
def test_the_number_of_maintenance_mode_is_not_known(maintenance_codes: str, code: int) -> None:
    assert statuses(a_cluster(resting=("NODE1",), maintenance_codes=maintenance_codes)) == {code}


def test_maintenance_that_stops_half_way_is_ended_disk_by_disk() -> None:
    simulated = a_cluster(2016, maintenance_stops_half_way=True)
    maintain(simulated, enable=True)
    simulated.pause(10)
    half = statuses(simulated)
    maintain(simulated, enable=False)
    simulated.pause(10)
    still = statuses(simulated)
    for row, reference in simulated.cluster.home.query_with_references(STORAGE, Query("MSFT_PhysicalDisk")):
        if (row.text("FriendlyName") or "").startswith("NODE1 disk"):
            simulated.cluster.home.invoke(reference, "Maintenance", {"EnableMaintenanceMode": False})

    assert (half, still, statuses(simulated)) == (IN_SERVICE | MAINTENANCE, IN_SERVICE | MAINTENANCE, IN_SERVICE)
