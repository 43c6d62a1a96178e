# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Evacuations of nodes whose disks hold a part of the cluster's storage, or do not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.storage_gate import (
    StorageGate,
    StorageWait,
)

from tests.simulator.host_profiles import Windows
from tests.support.maintenance import Story
from tests.support.requests import queried_classes
from tests.support.scenarios import StorageSpec, node, scenario, vm


def a_story(
    kind: t.Any = "spaces_direct", *, windows: Windows = 2022, switches: t.Any = None, **storage: t.Any
) -> Story:
    nodes = [node(f"NODE{number}", windows=windows) for number in range(1, 5)]
    given = scenario(nodes, [vm("web01"), vm("web02")], storage=StorageSpec(kind, **storage))
    return Story(given, **(switches or {}))


def away(story: Story, name: str = "NODE3") -> None:
    """Let a node restart: when it is back, its copies are out of date."""
    world = story.simulated.server.world
    world.drains.lose(world.nodes[name])
    world.nodes[name].enter("up")


def losses(story: Story) -> list[dict[str, t.Any]]:
    return t.cast("list[dict[str, t.Any]]", story.simulated.server.state()["storage"]["losses"])


def test_a_repair_is_waited_for_before_anything_is_changed() -> None:
    story = a_story(repair_delay_seconds=20, repair_seconds=1000)
    away(story)

    outcome = story.evacuate(storage=StorageWait(7200, 30))

    assert (outcome.error, story.node1, outcome.storage["verdict"]) == ("", "paused", "passed")
    assert story.simulated.now() >= 1020
    assert losses(story) == []
    waits = [line for line in story.lines if line.startswith("Waiting for the storage of the cluster, 7200 s at most")]
    assert len(waits) == 1
    assert any("Storage is being repaired or rebalanced: 40 %" in line for line in story.lines)


def test_a_repair_that_takes_too_long_stops_with_names_and_changes_nothing() -> None:
    story = a_story(repair_delay_seconds=0, repair_seconds=1000)
    away(story)

    with pytest.raises(
        HyperVError, match=r"NODE1 cannot be taken away, because its storage is needed.*Volume1"
    ) as refused:
        story.evacuate(storage=StorageWait(300, 30))

    assert "Storage is being repaired or rebalanced" in str(refused.value)
    assert (story.node1, story.ledger.content, story.simulated.now()) == ("up", None, 300)


def test_a_disk_of_another_node_that_failed_is_not_waited_for() -> None:
    story = a_story(bad_disks=("NODE3 disk 2",))

    with pytest.raises(HyperVError, match="The disk of NODE3 NODE3 disk 2 is unhealthy"):
        story.evacuate()

    assert (story.simulated.now(), story.node1) == (0, "up")
    assert story.evacuate(storage=StorageWait(0, 10, ("node3 disk 2",))).error == ""


@pytest.mark.parametrize("kind", ["san", "smb"])
def test_storage_elsewhere_is_not_asked_for_and_not_called_good(kind: str) -> None:
    story = a_story(kind)

    outcome = story.evacuate()

    assert (outcome.error, outcome.storage["verdict"]) == ("", "not_applicable")
    assert not [name for name in queried_classes(story.simulated.requests) if name.startswith("MSFT_")]
    volumes = [
        request for _node, request in story.simulated.requests if b"FROM MSCluster_ClusterSharedVolume" in request
    ]
    assert len(volumes) == 1  # what a restoration compares with


def test_a_shared_volume_without_access_stops_it() -> None:
    with pytest.raises(HyperVError, match=r"C:\\ClusterStorage\\Volume2 cannot be reached"):
        a_story(unreachable=("Volume2",)).evacuate()


def test_a_dry_run_tells_of_a_repair_and_does_not_wait() -> None:
    story = a_story(repair_seconds=1000)
    away(story)

    outcome = story.evacuate(check=True)

    assert (outcome.error, outcome.storage["verdict"], story.simulated.now()) == ("", "refused", 0)
    assert any("The virtual disk Volume1" in warning for warning in outcome.warnings)


def test_a_dry_run_fails_where_the_run_would() -> None:
    assert "NODE3 disk 1" in a_story(bad_disks=("NODE3 disk 1",)).evacuate(check=True).error


@pytest.mark.parametrize("windows", [2016, 2022])
@pytest.mark.parametrize("degraded_space_refuses", ["drains", "pauses"])
def test_a_space_that_degrades_at_the_last_moment_is_waited_for(windows: Windows, degraded_space_refuses: str) -> None:
    switches = {"degraded_space_refuses": degraded_space_refuses}
    story = a_story(repair_seconds=600, windows=windows, switches=switches)
    story.enter = lambda: away(story)

    outcome = story.evacuate()

    assert (outcome.error, story.node1, losses(story)) == ("", "paused", [])
    waited = any("Windows does not pause the node" in line for line in story.lines)
    assert waited is (degraded_space_refuses == "pauses")


@pytest.mark.parametrize("maintenance_codes", ["from_d009", "from_d007"])
@pytest.mark.parametrize("away_job", [True, False])
def test_a_paused_node_whose_own_disks_rest_can_be_emptied(maintenance_codes: str, *, away_job: bool) -> None:
    story = a_story(
        disks_in_maintenance=("NODE1",), away_job=away_job, switches={"maintenance_codes": maintenance_codes}
    )
    world = story.simulated.server.world
    world.drains.pause(world.nodes["NODE1"], drain=False)

    outcome = story.evacuate(storage=StorageWait(0))

    assert (outcome.error, outcome.storage["verdict"]) == ("", "passed")


def test_disks_that_rest_in_another_node_stop_it() -> None:
    story = a_story(disks_in_maintenance=("NODE3",))
    world = story.simulated.server.world
    world.drains.pause(world.nodes["NODE1"], drain=False)

    with pytest.raises(HyperVError, match="its storage is needed"):
        story.evacuate(storage=StorageWait(60, 30))


def test_disks_of_another_node_that_are_still_repaired_stop_it_whatever_rests() -> None:
    story = a_story(disks_in_maintenance=("NODE1",), repair_seconds=600)
    world = story.simulated.server.world
    world.drains.pause(world.nodes["NODE1"], drain=False)
    away(story)
    story.simulated.pause(30)  # until the repair has begun, nothing shows whose copies are out of date

    with pytest.raises(HyperVError, match="its storage is needed"):
        story.evacuate(storage=StorageWait(60, 30))


def test_storage_that_cannot_be_read_for_a_while_is_read_again() -> None:
    story = a_story(repair_seconds=1)
    story.simulated.lose = lambda node, request: "before" if b"MSFT_" in request and story.simulated.now() < 300 else ""

    outcome = story.evacuate()

    assert (outcome.error, outcome.storage["verdict"]) == ("", "passed")
    assert any("The state of the storage could not be read from NODE2" in line for line in story.lines)


def test_storage_of_a_node_that_is_down_itself_is_not_waited_for() -> None:
    story = a_story()
    story.simulated.server.world.drains.lose(story.simulated.server.world.nodes["NODE1"])

    with pytest.raises(HyperVError, match="Node NODE1 is down, and storage is not whole before it is back"):
        story.evacuate()

    assert story.simulated.now() < 60


def test_storage_of_a_node_that_goes_down_while_its_disks_are_about_to_rest_is_not_waited_for() -> None:
    story = a_story()
    world = story.simulated.server.world

    def lose(unused: str, request: bytes) -> str:
        if b"MSFT_" in request and story.node1 == "paused":
            world.drains.lose(world.nodes["NODE1"])
        return ""

    story.simulated.lose = lose

    outcome = story.evacuate()

    assert "Node NODE1 is down, and storage is not whole before it is back" in outcome.error
    assert story.simulated.now() < 120


def slow_storage(story: Story, seconds: float) -> None:
    """Have each query of storage take that long."""

    def answer(unused: str, request: bytes) -> str:
        if b"SELECT" in request and b" FROM MSFT_" in request:
            story.simulated.pause(seconds)
        return ""

    story.simulated.lose = answer


def test_slow_lists_of_storage_exceed_its_limit_by_a_moment_and_one_request_at_most() -> None:
    story = a_story()
    slow_storage(story, 100)

    with pytest.raises(HyperVError, match="could not be read from NODE2 in the time that it may take"):
        story.evacuate(storage=StorageWait(150, 10))

    assert 150 <= story.simulated.now() <= 150 + 10 + 100
    assert (story.node1, story.ledger.content) == ("up", None)


@pytest.mark.parametrize("timeout", [0, 1000])
def test_slow_lists_of_storage_are_read_where_they_may_take_that_long(timeout: float) -> None:
    story = a_story()
    slow_storage(story, 60)

    assert story.evacuate(storage=StorageWait(timeout, 10), rest_disks=False).error == ""


def storage_asked(story: Story) -> set[str]:
    return {node for node, request in story.simulated.requests if b"root/Microsoft/Windows/Storage" in request}


@pytest.mark.parametrize("windows", [2016, 2022])
def test_storage_is_asked_of_another_node_than_the_one_that_is_taken_away(windows: Windows) -> None:
    nodes = [node(f"NODE{number}", windows=windows) for number in range(1, 5)]
    given = scenario(nodes, [vm("web01")], storage=StorageSpec("spaces_direct"))
    story = Story(given, "NODE1")

    evacuation = story.evacuate()
    restoration = story.restore()

    assert (evacuation.error, restoration.error, evacuation.storage["verdict"]) == ("", "", "passed")
    assert "NODE1" not in storage_asked(story)


def test_storage_is_asked_of_the_node_itself_where_no_other_one_answers() -> None:
    story = Story(a_story().simulated.server.scenario, "NODE1")
    story.simulated.lose = lambda where, request: "" if where == "NODE1" else "down"

    gate = StorageGate(story._cluster(), StorageWait(), story.lines.append)

    assert gate.look("NODE1").verdict == "passed"
    assert storage_asked(story) == {"NODE1"}
