# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs come back to a node that was restarted when it is a sound member of its cluster again."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.simulator.scenario import MigrationNetworkSpec
from tests.support.maintenance import Story
from tests.support.scenarios import StorageSpec, node, restart, scenario, vm

NETWORKS = (MigrationNetworkSpec("10.20.0.0"), MigrationNetworkSpec("10.30.0.0"))


def a_story(storage: StorageSpec | None = None, networks: t.Any = NETWORKS, **boot: t.Any) -> Story:
    nodes = [
        node(f"NODE{number}", networks=networks if number == 1 else NETWORKS, restart=restart(**boot))
        for number in range(1, 5)
    ]
    return Story(scenario(nodes, [vm("web01")], storage=storage or StorageSpec("san")))


def restarted(story: Story, wait: float = 76.0) -> Story:
    """Empty NODE1, restart it, and wait until it has joined its cluster again."""
    assert story.evacuate().error == ""
    world = story.simulated.server.world
    world.restarts.request(world.nodes["NODE1"])
    story.simulated.pause(wait)
    world.look()
    assert story.node1 == "paused"
    return story


def restart_node(story: Story) -> None:
    """Restart NODE1, and wait until its Windows runs, and its cluster has not got it back."""
    world = story.simulated.server.world
    world.restarts.request(world.nodes["NODE1"])
    for _look in range(200):
        story.simulated.pause(1)
        world.look()
        if story.node1 == "joining":
            return


def change_storage(story: Story, **changes: t.Any) -> None:
    world = story.simulated.server.world
    spec = dataclasses.replace(world.scenario.storage, **changes)
    world.scenario = dataclasses.replace(world.scenario, storage=spec)
    world.storage.spec = spec


def test_a_node_in_order_is_not_waited_for() -> None:
    story = restarted(a_story())
    began = story.simulated.now()

    outcome = story.restore()

    assert (outcome.error, story.simulated.owner("web01")) == ("", "NODE1")
    assert not [line for line in story.lines if "in order" in line]
    assert story.simulated.now() - began < 60


@pytest.mark.parametrize(
    ("boot", "reason"),
    [
        (
            {"networks_seconds": 120.0},
            "The interface of NODE1 to the cluster network Cluster Network 2 is unavailable.",
        ),
        ({"clock_offset_seconds": 900.0, "clock_seconds": 200.0}, "The clock of NODE1 is 900 s ahead of that of NODE2"),
        ({"clock_offset_seconds": -301.0, "clock_seconds": 200.0}, "The clock of NODE1 is 301 s behind that of NODE2"),
    ],
)
def test_what_passes_is_waited_for(boot: dict[str, t.Any], reason: str) -> None:
    story = restarted(a_story(**boot))
    began = story.simulated.now()

    outcome = story.restore()

    assert (outcome.error, story.simulated.owner("web01")) == ("", "NODE1")
    assert story.simulated.now() - began >= 60
    assert any("until NODE1 is in order" in line and reason in line for line in story.lines)


@pytest.mark.parametrize("vms", [[vm("web01")], [vm("build")], []], ids=["moved", "stopped elsewhere", "none"])
@pytest.mark.parametrize("shown", ["joining", "down"])
def test_a_node_is_waited_for_until_its_cluster_service_runs(shown: str, vms: list[t.Any]) -> None:
    nodes = [node(f"NODE{number}", restart=restart(joining_seconds=120)) for number in (1, 2, 3)]
    story = Story(scenario(nodes, vms))
    assert story.evacuate(("build", "shutdown")).error == ""
    if vms and vms[0].name == "build":
        world = story.simulated.server.world
        world.relocate(next(iter(world.machines.values())), "NODE3")  # somebody else does that, so it stays there
    restart_node(story)
    # Windows answers before the cluster knows anything of the node but that it is down.
    states = (b"<p:State>3</p:State>", b"<p:State>1</p:State>" if shown == "down" else b"<p:State>3</p:State>")
    story.simulated.alter = lambda request, answer: answer.replace(*states) if b"MSCluster_Node" in answer else answer

    outcome = story.restore()

    assert (outcome.error, story.node1) == ("", "up")
    assert {state for _owner, state in story.vms.values()} <= {"running"}
    assert any(f"until NODE1 is in order: Node NODE1 is {shown}." in line for line in story.lines)


@pytest.mark.parametrize(
    ("boot", "reason", "name"),
    [
        ({"networks_seconds": 10_000.0}, "cluster network Cluster Network 1 is unavailable", None),
        ({"clock_offset_seconds": 301.0, "clock_seconds": 10_000.0}, "301 s ahead", "node1"),
    ],
)
def test_what_does_not_pass_keeps_vms_from_coming_back(boot: dict[str, t.Any], reason: str, name: str | None) -> None:
    story = restarted(a_story(**boot))

    with pytest.raises(HyperVError, match=r"Nothing was changed\. .* No VM is moved back to NODE1") as refused:
        story.restore()

    assert reason in str(refused.value)
    assert (story.node1, story.simulated.owner("web01") != "NODE1") == ("paused", True)
    if name is not None:
        assert (story.restore(ignore=[name]).error, story.simulated.owner("web01")) == ("", "NODE1")


def test_a_clock_within_the_tolerance_does_no_harm() -> None:
    story = restarted(a_story(clock_offset_seconds=290.0, clock_seconds=10_000.0))

    assert story.restore().error == ""


def test_an_interface_that_failed_counts_where_the_cluster_uses_its_network() -> None:
    for used in (True, False):
        network = MigrationNetworkSpec("10.40.0.0", interface="failed", used=used)
        story = restarted(a_story(networks=(*NETWORKS, network)))
        if used:
            with pytest.raises(HyperVError, match="Cluster Network 3 is failed"):
                story.restore()
            assert story.restore(ignore=["cluster network 3"]).error == ""
        else:
            assert story.restore().error == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("unreachable", "cannot be reached"),
        ("in_maintenance", "is in maintenance"),
        ("redirected", "is redirected, and was not before"),
    ],
)
def test_a_shared_volume_that_is_not_as_it_should_be_keeps_vms_away(change: str, reason: str) -> None:
    story = restarted(a_story())
    change_storage(story, **{change: ("Volume2",)})

    with pytest.raises(HyperVError, match=r"C:\\ClusterStorage\\Volume2") as refused:
        story.restore()

    assert reason in str(refused.value)
    assert story.restore(ignore=["volume2"]).error == ""


def test_a_volume_that_was_redirected_before_is_as_it_should_be() -> None:
    story = restarted(a_story(StorageSpec("san", redirected=("Volume1",))))

    assert story.ledger.content is not None
    assert story.ledger.content["redirected"] == ["C:\\ClusterStorage\\Volume1"]
    assert story.restore().error == ""


def test_redirection_does_not_count_where_nobody_knows_how_it_was() -> None:
    story = restarted(a_story())
    assert story.ledger.content is not None
    story.ledger.content["redirected"] = None
    change_storage(story, redirected=("Volume1",))

    assert story.restore().error == ""


def test_a_run_that_goes_on_keeps_how_volumes_were_at_first() -> None:
    story = a_story()
    story.evacuate()
    change_storage(story, redirected=("Volume1",))

    story.evacuate()

    assert story.ledger.content is not None
    assert story.ledger.content["redirected"] == []


def test_a_node_that_the_controller_cannot_reach_is_not_held_against_it() -> None:
    story = restarted(a_story(clock_offset_seconds=900.0, clock_seconds=10_000.0))
    story.simulated.lose = lambda node, request: "down" if node == "NODE1" else ""

    assert story.restore().error == ""


@pytest.mark.parametrize("delay", [20.0, 100.0])
def test_vms_come_back_when_the_repair_has_begun(delay: float) -> None:
    spec = StorageSpec("spaces_direct", repair_delay_seconds=delay, repair_seconds=5000)
    story = restarted(a_story(spec))
    began = story.simulated.now()

    outcome = story.restore()

    assert (outcome.error, outcome.warnings, story.simulated.owner("web01")) == ("", [], "NODE1")
    assert began + delay <= story.simulated.now() < began + 5000
    assert "Waiting until the repair of storage has begun." in story.lines


def test_a_repair_that_does_not_begin_is_told_and_not_waited_for_without_end() -> None:
    story = restarted(a_story(StorageSpec("spaces_direct", repair_delay_seconds=5000)))

    outcome = story.restore()

    assert (outcome.error, story.simulated.owner("web01")) == ("", "NODE1")
    assert any("No repair of storage has begun within 300 s" in warning for warning in outcome.warnings)
