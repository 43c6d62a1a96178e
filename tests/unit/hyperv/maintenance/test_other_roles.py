# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node owns beside VMs leaves it after them, comes back on request, and is accounted for in between."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.simulator.scenario_roles import RoleType
from tests.support.maintenance import NODES, CutOff, Gone, Story
from tests.support.requests import queried_classes
from tests.support.scenarios import ClusterSpec, Scenario, fault, migration, role, scenario, vm, with_windows

VOLUME1, VOLUME2 = "Cluster Virtual Disk (Volume1)", "Cluster Virtual Disk (Volume2)"
GIVEN = scenario(
    NODES,
    [vm("web", memory_mb=1000)],
    roles=[
        role("FS1", "file_server", "NODE1"),
        role("Broker", "replica_broker", "NODE1"),
        role("Stopped", "generic_service", "NODE1", online=False),
        role("Available Storage", "available_storage", "NODE1", online=False),
        role(VOLUME1, "shared_volume", "NODE1"),
        role(VOLUME2, "shared_volume", "NODE1"),
        role("Cluster Pool 1", "storage_pool", "NODE3"),
    ],
)
MOVING = ("FS1", VOLUME1, VOLUME2, "Cluster Group")
BROKER = (
    "Not moved from NODE1, since it is left to the cluster (it fails over when NODE1 restarts): "
    "Broker (Hyper-V Replica Broker)."
)


def with_roles(*roles: t.Any) -> Scenario:
    return scenario(NODES, [vm("web", memory_mb=1000)], roles=roles)


def entries(story: Story) -> dict[str, tuple[str, str, bool]]:
    """Destination, outcome and whether it is settled of each role in the ledger."""
    assert story.ledger.content is not None
    roles = story.ledger.content["other_roles"]
    return {one["name"]: (one["destination_host"], one["outcome"], one["restored"]) for one in roles}


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"internal_groups": "absent"},
        {"shared_volume_links": "absent"},
        {"role_move_answer": "pending"},
        {"role_move_answer": "timed_out"},
        {"role_move_state": "online"},
        {"missing_classes": ("MSCluster_GroupSet", "MSCluster_ClusterSharedVolumeToResource")},
    ],
)
def test_roles_volumes_and_the_core_group_leave_and_come_back(switches: dict[str, t.Any]) -> None:
    story = Story(GIVEN, **switches)
    before = story.roles

    out = story.evacuate()

    assert out.error == ""
    assert [name for name, _source, _destination in story.role_moves] == list(MOVING)
    assert story.roles == {
        **before,
        "FS1": ("NODE2", "online"),
        VOLUME1: ("NODE2", "online"),
        VOLUME2: ("NODE3", "online"),
        "Cluster Group": ("NODE3", "online"),
    }
    assert [one["outcome"] for one in out.roles] == ["moved"] * 4
    assert entries(story) == {name: (story.roles[name][0], "moved", False) for name in MOVING}
    assert "Moved as well: FS1 (file server) to NODE2" in out.note
    assert out.note.endswith(BROKER)
    assert "FS1 (file server) is online on NODE2." in story.lines

    back = story.restore(roles="home")

    assert (back.error, story.roles) == ("", before)
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == "restored"
    assert "Brought back as well: FS1 (file server)" in back.note


@pytest.mark.parametrize("internal", ["listed", "absent"])
def test_the_plan_says_where_each_goes_and_a_dry_run_changes_nothing(internal: str) -> None:
    story = Story(GIVEN, internal_groups=internal)

    dry = story.evacuate(check=True)

    assert dry.changed
    assert story.role_moves == []
    assert [(one["name"], one["destination_host"]) for one in dry.plan["roles"]] == [
        ("FS1", "NODE2"),
        ("Cluster Group", "NODE3"),
        ("Broker", None),
    ]
    assert [(one["name"], one["destination_host"]) for one in dry.plan["shared_volumes"]] == [
        (VOLUME1, "NODE2"),
        (VOLUME2, "NODE3"),
    ]
    assert BROKER in story.lines


def test_which_volume_is_on_which_disk_is_read_once_for_all() -> None:
    story = Story(GIVEN)
    story.evacuate()
    assert queried_classes(story.simulated.requests).count("MSCluster_ClusterSharedVolumeToResource") == 1


def test_what_is_elsewhere_is_not_named() -> None:
    given = scenario(NODES, [vm("web")], cluster=ClusterSpec(core_group_owner="NODE3"))
    outcome = Story(given).evacuate()
    assert (outcome.plan["roles"], outcome.plan["shared_volumes"], outcome.roles) == ([], [], [])
    assert outcome.note == "The node is paused. Bring its VMs back with hyperv.migration.restore_node."


@pytest.mark.parametrize(
    ("kind", "moves"),
    [
        ("temporary", False),
        ("storage_pool", False),
        ("file_server", True),
        ("print_server", True),
        ("dhcp_server", True),
        ("dtc", True),
        ("message_queuing", True),
        ("wins_server", True),
        ("dfs_namespace", True),
        ("generic_application", True),
        ("generic_service", True),
        ("generic_script", True),
        ("isns_server", True),
        ("connection_broker", True),
        ("iscsi_target", True),
        ("available_storage", False),
        ("scale_out_file_server", False),
        ("replica_broker", False),
        ("task_scheduler", False),
        ("updating", False),
        ("scale_out_cluster", False),
        ("storage_replica", False),
        ("vm_replica_coordinator", False),
        ("cross_cluster_orchestrator", False),
        ("infrastructure_file_server", False),
        ("core_sddc", False),
        ("user_manager", False),
        ("unknown", False),
    ],
)
def test_each_type_of_group_moves_or_is_named_with_a_reason(kind: RoleType, moves: bool) -> None:
    story = Story(with_roles(role("One", kind, "NODE1")), internal_groups="listed")
    outcome = story.evacuate()
    assert outcome.error == ""
    assert (story.roles["One"][0] != "NODE1") is moves
    shown = next(one for one in outcome.plan["roles"] if one["name"] != "Cluster Group")
    assert (shown["destination_host"] is not None) is moves
    assert shown["reason"]
    assert ("Not moved from NODE1" in outcome.note) is not moves


def test_a_role_stays_where_its_strategy_says_so_and_a_strategy_without_a_role_is_noted() -> None:
    story = Story(GIVEN)
    outcome = story.evacuate(roles=(("fs*", "stay"), ("Cluster Virtual Disk (Volume1)", "stay"), ("SQL*", "stay")))
    assert outcome.error == ""
    assert [name for name, _source, _destination in story.role_moves] == [VOLUME2, "Cluster Group"]
    assert "the strategy is stay (it fails over when NODE1 restarts): " in outcome.note
    assert "The strategy 'stay' for 'SQL*' is not used: no role of the node matches it." in outcome.plan["notes"]


def test_a_role_prefers_its_preferred_owner_and_goes_to_none_but_possible_ones() -> None:
    story = Story(
        with_roles(
            role("Likes", "file_server", "NODE1", preferred_owners=("NODE3",)),
            role("Only", "generic_service", "NODE1", possible_owners=("NODE1", "NODE2")),
            role("Both", "generic_service", "NODE1", possible_owners=("NODE1", "NODE3")),
        )
    )
    outcome = story.evacuate()
    assert outcome.error == ""
    assert {name: story.roles[name][0] for name in ("Likes", "Only", "Both")} == {
        "Likes": "NODE3",
        "Only": "NODE2",
        "Both": "NODE3",
    }


def test_roles_go_by_priority_and_after_those_that_they_start_after() -> None:
    given = with_roles(
        role("App", "generic_application", "NODE1", priority=3000, starts_after=("SQL",)),
        role("SQL", "generic_service", "NODE1", priority=1000),
        role("FS1", "file_server", "NODE1", priority=2000),
    )
    story = Story(with_windows(given, 2022))  # Windows Server 2016 has no sets of groups
    assert story.evacuate().error == ""
    assert [name for name, _source, _destination in story.role_moves] == ["FS1", "SQL", "App", "Cluster Group"]


def test_a_role_that_one_node_does_not_take_goes_to_the_next() -> None:
    story = Story(with_roles(role("FS1", "file_server", "NODE1", move="vetoed", fails_towards="NODE2")))
    outcome = story.evacuate()
    assert outcome.error == ""
    assert story.roles["FS1"] == ("NODE3", "online")
    assert entries(story)["FS1"] == ("NODE3", "moved", False)
    assert "FS1 (file server) does not go to NODE2: a resource of the role vetoed the move." in story.lines


@pytest.mark.parametrize(
    ("move", "said"),
    [
        ("vetoed", "a resource of the role vetoed the move"),
        ("comes_back", "it is still on NODE1"),
        ("failed", "it is failed on NODE2, and was online before"),
        ("pending", "600 s after its move was begun"),
    ],
)
def test_a_role_that_does_not_move_fails_the_evacuation_by_name(move: t.Any, said: str) -> None:
    story = Story(with_roles(role("FS1", "file_server", "NODE1", move=move), role("Other", "generic_service", "NODE1")))

    outcome = story.evacuate()

    is_there = move == "failed"
    told = "is not as it was before its move" if is_there else "was not moved"
    assert f"FS1 (file server) {told} from NODE1" in outcome.error
    assert said in outcome.error
    assert ("evacuate_node_role_strategies" in outcome.error) is not is_there
    assert "The node was given back" in outcome.error
    assert "not moved back: Other (generic service) to NODE" in outcome.error
    assert "restore_node_roles=home" in outcome.error
    assert story.roles["Other"][0] != "NODE1", "the others move all the same"
    assert (
        entries(story)["FS1"][1:]
        == {
            "vetoed": ("stayed", True),
            "comes_back": ("stayed", True),
            "failed": ("moved", False),
            "pending": ("planned", False),
        }[move]
    )
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == ("incomplete" if move == "pending" else "evacuated")


@pytest.mark.parametrize("condition", ["locked", "queued", "pending"])
def test_a_role_that_others_hold_is_waited_for_and_then_named(condition: t.Any) -> None:
    story = Story(with_roles(role("FS1", "file_server", "NODE1", condition=condition)))
    story.evacuate(check=True)
    assert any("Locked against moves now" in line for line in story.lines) is (condition == "locked")
    outcome = story.evacuate()
    assert "FS1 (file server) was not moved from NODE1" in outcome.error
    assert story.roles["FS1"][0] == "NODE1"
    waiting = [line for line in story.lines if "s at most until that has ended" in line]
    shown = {"queued": "queued for a move", "pending": "pending"}
    told = [f"FS1 (file server) is {shown.get(condition)} on NODE1. Waiting 600 s at most until that has ended."]
    assert waiting == (told if condition in shown else [])


def test_a_role_that_has_failed_keeps_its_state_and_place() -> None:
    story = Story(with_roles(role("FS1", "file_server", "NODE1", condition="failed")))
    outcome = story.evacuate()
    assert outcome.error == ""
    assert story.roles["FS1"] == ("NODE1", "failed")
    assert "since it is failed, which it stays: FS1 (file server)" in outcome.note


def test_nothing_but_vms_moves_where_a_vm_does_not() -> None:
    given = dataclasses.replace(GIVEN, vms=(vm("web", migration=migration(fails_at=50)),))
    story = Story(given)
    outcome = story.evacuate()
    assert "web" in outcome.error
    assert (story.role_moves, outcome.roles) == ([], [])


def test_what_somebody_else_moved_meanwhile_is_left_alone() -> None:
    story = Story(GIVEN)
    story.enter = lambda: story.simulated.server.world.role_owners.update(FS1="NODE3")
    outcome = story.evacuate()
    assert outcome.error == ""
    assert story.roles["FS1"] == ("NODE3", "online")
    assert "FS1" not in entries(story)
    assert "FS1 (file server): it is on NODE3, where somebody else has moved it." in outcome.note


def test_what_comes_to_the_node_after_the_plan_leaves_it_too() -> None:
    story = Story(with_roles(role("Late", "file_server", "NODE2"), role(VOLUME1, "shared_volume", "NODE3")))
    story.enter = lambda: story.simulated.server.world.role_owners.update({"Late": "NODE1", VOLUME1: "NODE1"})
    outcome = story.evacuate()
    assert outcome.error == ""
    assert "NODE1" not in {owner for owner, _state in story.roles.values()}
    assert entries(story).keys() == {"Late", VOLUME1, "Cluster Group"}


def test_what_comes_to_the_node_again_and_again_fails_the_evacuation_by_name() -> None:
    story = Story(GIVEN)

    def push(node: str, request: bytes) -> str:
        if b"Cluster Group" in request and b"MoveToNewNode" in request:
            story.simulated.server.world.role_owners["FS1"] = "NODE1"
        return ""

    story.simulated.lose = push
    outcome = story.evacuate()
    assert "FS1 (file server) is online on NODE1, to which somebody or the cluster moved it" in outcome.error
    assert "Run it again." in outcome.error


def test_roles_that_wait_for_each_other_leave_before_the_core_group() -> None:
    story = Story(
        with_roles(
            role("A", "generic_service", "NODE1", starts_after=("B",)),
            role("B", "generic_service", "NODE1", starts_after=("A",)),
        )
    )
    assert story.evacuate().error == ""
    assert [name for name, _source, _destination in story.role_moves] == ["A", "B", "Cluster Group"]


def killed_while_it_moves(story: Story, run: t.Callable[[Story], t.Any]) -> None:
    """Kill a run when the first role is on its way, and wait until the cluster is at rest."""
    kill(story, Gone, 1, run)
    story.simulated.pause(30)


def test_a_role_that_does_not_come_online_after_a_kill_fails_the_next_run() -> None:
    story = Story(with_roles(role("FS1", "file_server", "NODE1", move="failed")))
    killed_while_it_moves(story, Story.evacuate)
    assert story.roles["FS1"] == ("NODE2", "failed")
    outcome = story.evacuate()
    assert "FS1 (file server) is not as it was before its move from NODE1: it is failed on NODE2" in outcome.error
    assert entries(story)["FS1"] == ("NODE2", "moved", False)


@pytest.mark.parametrize("state", ["offline", "failed"])
def test_a_role_that_is_off_on_its_node_after_a_kill_fails_the_next_run(state: t.Any) -> None:
    story = Story(with_roles(role("FS1", "file_server", "NODE1", move="comes_back")))
    killed_while_it_moves(story, Story.evacuate)
    story.simulated.server.world.roles.states["FS1"] = state
    outcome = story.evacuate()
    assert f"it is {state} on NODE1, and was online before" in outcome.error
    assert entries(story)["FS1"][1:] == ("stayed", True)


def test_a_role_that_is_to_stay_after_a_kill_is_settled() -> None:
    story = Story(with_roles(role("FS1", "file_server", "NODE1", move="comes_back")))
    killed_while_it_moves(story, Story.evacuate)
    outcome = story.evacuate(roles=(("FS1", "stay"),))
    assert outcome.error == ""
    assert entries(story)["FS1"][1:] == ("stayed", True)
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == "evacuated"


def test_a_role_that_is_off_where_a_dead_node_left_it_fails_the_evacuation() -> None:
    story = Story(with_roles(role("FS1", "file_server", "NODE1", move_seconds=20)))

    def die(node: str, request: bytes) -> str:
        world = story.simulated.server.world
        if "FS1" in world.roles.moving:
            world.roles.place("FS1", "NODE3")
            world.roles.states["FS1"] = "failed"
        return ""

    story.simulated.lose = die
    outcome = story.evacuate()
    assert "it is failed on NODE3, and was online before" in outcome.error
    assert entries(story)["FS1"] == ("NODE3", "moved", False)


@pytest.mark.parametrize("is_killed", [False, True])
@pytest.mark.parametrize("wish", ["home", "leave"])
def test_a_role_that_has_failed_at_home_is_named_until_it_is_online(is_killed: bool, wish: str) -> None:
    roles = [
        dataclasses.replace(one, move="failed", fails_towards="NODE1") if one.name == "FS1" else one
        for one in GIVEN.roles
    ]
    story = Story(dataclasses.replace(GIVEN, roles=tuple(roles)))
    assert story.evacuate().error == ""
    if is_killed:
        killed_while_it_moves(story, lambda one: one.restore(roles="home"))
    else:
        assert "it is failed on NODE1" in story.restore(roles="home").error
    assert story.roles["FS1"] == ("NODE1", "failed")

    again = story.restore(roles=wish)
    assert "FS1 (file server) is not back: it is failed on NODE1, and was online before" in again.error
    assert not entries(story)["FS1"][2]

    story.simulated.server.world.roles.states["FS1"] = "online"
    assert story.restore(roles=wish).error == ""
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == "restored"


def test_a_role_that_somebody_took_offline_at_home_is_told_and_left() -> None:
    story = Story(GIVEN)
    assert story.evacuate().error == ""
    story.simulated.server.world.role_owners["FS1"] = "NODE1"
    story.simulated.server.world.roles.states["FS1"] = "offline"
    outcome = story.restore(roles="home")
    assert outcome.error == ""
    assert "FS1 (file server): it is offline on NODE1, and was online before." in outcome.note


def test_what_was_taken_offline_meanwhile_is_left_alone() -> None:
    story = Story(GIVEN)
    story.enter = lambda: story.simulated.server.world.roles.states.update(FS1="offline")
    outcome = story.evacuate()
    assert outcome.error == ""
    assert story.roles["FS1"] == ("NODE1", "offline")


@pytest.mark.parametrize(
    ("wish", "owners", "back"),
    [
        ("leave", ("NODE1",), []),
        ("home", (), ["FS1", VOLUME1, VOLUME2, "Cluster Group"]),
        ("preferred_owners", ("NODE1",), ["FS1"]),
        ("preferred_owners", ("NODE2",), []),
        ("preferred_owners", (), []),
    ],
)
def test_what_comes_back_is_what_is_wished(wish: str, owners: tuple[str, ...], back: list[str]) -> None:
    roles = [dataclasses.replace(one, preferred_owners=owners) if one.name == "FS1" else one for one in GIVEN.roles]
    story = Story(dataclasses.replace(GIVEN, roles=tuple(roles)))
    assert story.evacuate().error == ""
    before = story.roles

    dry = story.restore(roles=wish, check=True)
    assert (dry.error, story.roles) == ("", before)
    outcome = story.restore(roles=wish)

    assert outcome.error == ""
    assert [one["name"] for one in outcome.roles] == back
    assert [name for name in MOVING if story.roles[name][0] == "NODE1"] == back
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == "restored"


def test_what_was_moved_after_the_evacuation_does_not_come_back() -> None:
    story = Story(GIVEN)
    assert story.evacuate().error == ""
    story.simulated.server.world.role_owners["FS1"] = "NODE3"
    story.simulated.server.world.roles.states[VOLUME1] = "offline"
    outcome = story.restore(roles="home")
    assert outcome.error == ""
    assert story.roles["FS1"][0] == "NODE3"
    assert story.roles[VOLUME1] == ("NODE2", "offline")
    assert "FS1 (file server): it is on NODE3, where somebody else has moved it." in outcome.note
    assert "it is offline on NODE2, and keeps that state" in outcome.note
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == "restored"


def test_a_role_that_does_not_come_back_is_named_and_kept() -> None:
    roles = [
        dataclasses.replace(one, move="comes_back", fails_towards="NODE1") if one.name == "FS1" else one
        for one in GIVEN.roles
    ]
    story = Story(dataclasses.replace(GIVEN, roles=tuple(roles)))
    assert story.evacuate().error == ""
    outcome = story.restore(roles="home")
    assert "FS1 (file server) is not back" in outcome.error
    assert story.node1 == "up"
    assert story.vms["web"] == ("NODE1", "running")
    assert entries(story)["FS1"] == ("NODE2", "moved", False)
    assert entries(story)["Cluster Group"][2]
    assert story.ledger.content is not None
    assert story.ledger.content["state"] != "restored"


def test_nothing_is_changed_where_it_is_not_known_what_else_the_node_owns() -> None:
    refused = fault("fault", code=0x80041001, mentions="IsClusterSharedVolume", times=None)
    story = Story(dataclasses.replace(GIVEN, faults=(refused,)))
    assert "What NODE1 owns beside VMs could not be read" in story.evacuate(check=True).error
    with pytest.raises(HyperVError, match="What NODE1 owns beside VMs could not be read"):
        story.evacuate()
    assert story.node1 == "up"
    assert story.ledger.content is None


def test_it_need_not_be_known_where_all_of_it_is_to_stay() -> None:
    refused = fault("fault", code=0x80041001, mentions="IsClusterSharedVolume", times=None)
    story = Story(dataclasses.replace(GIVEN, faults=(refused,)))
    outcome = story.evacuate(roles=(("*", "stay"),))
    assert outcome.error == ""
    assert any("What NODE1 owns beside VMs could not be read" in note for note in outcome.plan["notes"])


class _Killed:
    """Ends a run at one of its requests, counted from the first one that moves a role."""

    def __init__(self, story: Story, error: type[BaseException], index: int) -> None:
        self.requests = 0
        self._error, self._index = error, index
        story.simulated.lose = self._lose

    def _lose(self, node: str, request: bytes) -> str:
        if self.requests or b"MoveToNewNode" in request:
            self.requests += 1
            if self.requests - 1 == self._index:
                raise self._error()
        return ""


def begin() -> Story:
    return Story(GIVEN)


def evacuated() -> Story:
    story = begin()
    assert story.evacuate().error == ""
    return story


def requests_of(first: t.Callable[[], Story], run: t.Callable[[Story], t.Any]) -> int:
    story = first()
    count = _Killed(story, CutOff, -1)
    assert run(story).error == ""
    return count.requests


def kill(story: Story, error: type[BaseException], index: int, run: t.Callable[[Story], t.Any]) -> None:
    _Killed(story, error, index)
    with contextlib.suppress(error):
        run(story)
    story.simulated.lose = lambda node, request: ""


@pytest.mark.parametrize("error", [CutOff, Gone])
def test_an_evacuation_that_is_killed_at_any_request_and_run_again_ends_the_same(error: type[BaseException]) -> None:
    home = begin().roles
    for index in range(requests_of(begin, Story.evacuate)):
        story = begin()
        kill(story, error, index, Story.evacuate)
        again = story.evacuate()
        assert again.error == "", (index, again.error)
        stays = {name for name, (owner, _state) in story.roles.items() if owner == "NODE1"}
        assert stays == {"Broker", "Stopped", "Available Storage"}, index
        moved = [name for name, _source, _destination in story.role_moves]
        assert sorted(moved) == sorted(MOVING), (index, "each is moved once")
        assert story.restore(roles="home").error == ""
        assert story.roles == home, index


@pytest.mark.parametrize("error", [CutOff, Gone])
def test_a_restoration_that_is_killed_at_any_request_and_run_again_ends_the_same(error: type[BaseException]) -> None:
    def restore(story: Story) -> t.Any:
        return story.restore(roles="home")

    home = begin().roles
    for index in range(requests_of(evacuated, restore)):
        story = evacuated()
        kill(story, error, index, restore)
        back = restore(story)
        assert back.error == "", (index, back.error)
        assert story.roles == home, index
        assert len(story.role_moves) == 2 * len(MOVING), index


@pytest.mark.parametrize("seconds", [0.0, 4.0, 45.0])
def test_a_task_that_talks_through_the_clusters_name_outlives_the_move_of_the_core_group(seconds: float) -> None:
    roles = (role("Cluster Group", "core", "NODE1", move_seconds=seconds), role("FS1", "file_server", "NODE1"))
    given = dataclasses.replace(with_roles(*roles), cluster=ClusterSpec(core_group_owner="NODE1"))
    story = Story(given, "HVC1")  # nobody answers there while the core group moves

    evacuation = story.evacuate()
    away = story.roles["Cluster Group"]
    restoration = story.restore(roles="home")

    assert (evacuation.error, away[0] != "NODE1", away[1]) == ("", True, "online")
    assert (restoration.error, story.roles["Cluster Group"]) == ("", ("NODE1", "online"))
