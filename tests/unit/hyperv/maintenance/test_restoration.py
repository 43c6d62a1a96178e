# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node that was emptied gets its VMs back, in process and on a manual clock."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.move_record import error_code

from tests.simulator.scenario import EventSpec
from tests.simulator.scenario_hardware import AdapterSpec, HostHardwareSpec, VmHardwareSpec
from tests.simulator.scenario_power import RestartSpec
from tests.simulator.world import Machine
from tests.support.maintenance import NODES, Story
from tests.support.requests import invokes_migration
from tests.support.scenarios import (
    ClusterSpec,
    Scenario,
    affinity_rule,
    event,
    migration,
    node,
    power,
    scenario,
    vm,
    with_nodes,
    with_vms,
    with_windows,
)

LEFT_ON_NODE2 = (
    "Left where the evacuation moved them (restore_node_roles=leave): Cluster Group (core cluster group) on NODE2."
)
TWO = scenario(NODES, [vm("web01", memory_mb=8000), vm("web02", memory_mb=8000)])


def evacuated(given: Scenario, *strategies: tuple[str, str]) -> Story:
    story = Story(given)
    outcome = story.evacuate(*strategies)
    assert outcome.error == ""
    return story


def test_the_node_is_resumed_and_gets_its_vms_back() -> None:
    story = evacuated(TWO)

    outcome = story.restore()

    assert (outcome.error, outcome.note, outcome.node_state, outcome.changed) == ("", LEFT_ON_NODE2, "up", True)
    assert story.vms == {"web01": ("NODE1", "running"), "web02": ("NODE1", "running")}
    assert outcome.ledger is not None
    assert outcome.ledger["state"] == "restored"
    again = story.restore()
    assert (again.error, again.changed, again.moves) == ("", False, [])


def test_a_vm_that_died_on_its_way_home_is_brought_home_and_started_by_the_next_run() -> None:
    given = scenario(NODES, [vm("web01", migration=migration(seconds=60))], [event(at=100, power_off="web01")])
    story = evacuated(given)

    failed = story.restore()
    entry = story.ledger.vm("web01")
    there = story.vms["web01"]
    again = story.restore()

    assert "web01" in failed.error
    assert (entry["died"], entry["restored"], there[1]) == (True, False, "off")
    assert (again.error, story.vms["web01"]) == ("", ("NODE1", "running"))
    assert [vm.name for vm in again.started] == ["web01"]


def test_what_is_not_to_come_home_stays_where_it_was_moved_and_is_settled() -> None:
    story = evacuated(TWO)
    there = story.vms["web02"]

    outcome = story.restore(home=("web01",))

    assert (outcome.error, outcome.node_state) == ("", "up")
    assert story.vms == {"web01": ("NODE1", "running"), "web02": there}
    assert [(one["name"], one["code"]) for one in outcome.stays] == [("web02", "left_there")]
    assert outcome.ledger is not None
    assert outcome.ledger["state"] == "restored"
    assert story.restore().changed is False


def test_what_was_shut_down_to_leave_comes_home_in_any_case() -> None:
    story = evacuated(TWO, ("web02", "shutdown"))

    outcome = story.restore(home=())

    assert outcome.error == ""
    assert story.vms["web02"] == ("NODE1", "running")
    assert story.vms["web01"][0] != "NODE1"


def test_a_dry_run_changes_nothing_and_does_not_ask_hyperv_for_a_paused_node() -> None:
    story = evacuated(TWO)
    before, node, kept = story.vms, story.node1, story.ledger.read()

    outcome = story.restore(check=True)

    assert [(one["outcome"], one["checked"]) for one in outcome.moves] == [("would_move", False)] * 2
    assert (outcome.error, outcome.changed) == ("", True)
    assert (story.vms, story.node1, story.ledger.read()) == (before, node, kept)


def test_without_a_ledger_there_is_nothing_to_go_by() -> None:
    with pytest.raises(HyperVError, match="There is no ledger at memory:ledger"):
        Story(TWO).restore()


def test_a_ledger_given_as_data_is_gone_by_and_no_file_is_written() -> None:
    story = evacuated(TWO)
    given, story.ledger.content = story.ledger.content, None
    outcome = story.restore(given=given, node="")
    assert (outcome.error, outcome.ledger_path, story.ledger.content) == ("", None, None)
    assert {owner for owner, _state in story.vms.values()} == {"NODE1"}


def test_what_does_not_fit_is_said_in_the_dry_run_with_what_is_missing() -> None:
    other = vm("other", owner="NODE2", memory_mb=6000)
    story = Story(with_nodes(dataclasses.replace(TWO, vms=(*TWO.vms, other)), node("NODE1", memory_mb=24576)))
    assert story.evacuate(destinations=("NODE3",)).error == ""
    assert story.ledger.content is not None
    assert story.restore(given={**story.ledger.content, "vms": []}).node_state == "up"  # somebody resumed it
    story.simulated.move(("other", "NODE1"))

    outcome = story.restore(check=True)

    said = (
        "web02 is not back: NODE1 has 6480 MB free beside the other VMs that come back, and it needs 8000 MB. Move "
        "other VMs away from NODE1 first"
    )
    assert outcome.error.startswith(said)
    assert {one["vm"]["name"]: one["outcome"] for one in outcome.moves} == {"web01": "would_move"}
    assert [(one["name"], one["code"]) for one in outcome.stays] == [("web02", "no_memory")]

    real = story.restore()
    assert real.error.startswith(said)
    assert {name: owner for name, (owner, _state) in story.vms.items() if name != "other"} == {
        "web01": "NODE1",
        "web02": "NODE3",
    }
    assert not story.ledger.vm("web02")["restored"]
    story.simulated.move(("other", "NODE2"))
    assert story.restore().error == ""
    assert story.vms["web02"] == ("NODE1", "running")


def test_a_vm_whose_home_lost_its_switch_stays_until_the_node_has_it_again() -> None:
    both = HostHardwareSpec(switches=("External", "Internal"))
    internal = VmHardwareSpec(adapters=(AdapterSpec("Internal"),))
    vms = [vm("web01", memory_mb=1000, hardware=internal), vm("web02", memory_mb=1000)]
    story = evacuated(scenario([dataclasses.replace(one, hardware=both) for one in NODES], vms))
    home = story.simulated.server.world.nodes["NODE1"]
    home.spec = dataclasses.replace(home.spec, hardware=HostHardwareSpec(switches=("External",)))

    for outcome in (story.restore(check=True), story.restore()):
        assert outcome.error.startswith("web01 is not back: NODE1 has no virtual switch Internal")
        assert [(one["name"], one["code"]) for one in outcome.stays] == [("web01", "home_lacks")]
    assert (story.vms["web01"][0] != "NODE1", story.vms["web02"][0]) == (True, "NODE1")
    assert not story.ledger.vm("web01")["restored"]

    home.spec = dataclasses.replace(home.spec, hardware=both)
    assert story.restore().error == ""
    assert story.vms["web01"] == ("NODE1", "running")


def test_a_vm_that_somebody_moved_while_it_was_queued_is_left_there() -> None:
    nodes = [dataclasses.replace(one, simultaneous_migrations=1) for one in NODES]
    story = evacuated(scenario(nodes, [vm("big", memory_mb=40000, priority=3000), vm("web", memory_mb=1000)]))
    elsewhere = {"NODE2": "NODE3", "NODE3": "NODE2"}[story.vms["web"][0]]

    def move_web(node: str, request: bytes) -> str:
        if invokes_migration(request):
            story.simulated.server.world.events.carry_out(EventSpec(move="web", to=elsewhere, instant=True))
            story.simulated.lose = lambda node, request: ""
        return ""

    story.simulated.lose = move_web
    outcome = story.restore()

    assert outcome.error == ""
    assert story.vms == {"big": ("NODE1", "running"), "web": (elsewhere, "running")}
    assert {one["vm"]["name"]: one["outcome"] for one in outcome.moves} == {"big": "moved", "web": "elsewhere"}
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == "restored"


@pytest.mark.parametrize(("lag", "code"), [(20.0, ""), (400.0, "owner_in_doubt")])
def test_a_vm_that_only_the_cluster_shows_elsewhere_is_not_fetched(lag: float, code: str) -> None:
    story = evacuated(scenario(NODES, [vm("web")]))
    world = story.simulated.server.world
    lagging = dataclasses.replace(world.scenario.switches, owner_lag_seconds=lag, owner_lag_in="summary")
    world.scenario = dataclasses.replace(world.scenario, switches=lagging)
    elsewhere = {"NODE2": "NODE3", "NODE3": "NODE2"}[story.vms["web"][0]]
    world.events.carry_out(EventSpec(move="web", to=elsewhere, instant=True))

    outcome = story.restore()

    assert story.vms == {"web": (elsewhere, "running")}
    (move,) = outcome.moves
    assert (move["outcome"], error_code(move)) == ("failed" if code else "elsewhere", code)
    assert outcome.ledger is not None
    assert outcome.ledger["state"] == ("evacuated" if code else "restored")


def test_a_vm_that_somebody_moved_seconds_before_its_slot_became_free_is_left_there() -> None:
    nodes = [dataclasses.replace(one, simultaneous_migrations=1) for one in NODES]
    story = evacuated(scenario(nodes, [vm("big", memory_mb=12000, priority=3000), vm("web", memory_mb=1000)]))
    elsewhere = {"NODE2": "NODE3", "NODE3": "NODE2"}[story.vms["web"][0]]
    calls: list[float] = []

    def move_web(node: str, request: bytes) -> str:
        if calls:
            story.simulated.server.world.events.carry_out(EventSpec(move="web", to=elsewhere, instant=True))
            story.simulated.lose = lambda node, request: ""
        elif invokes_migration(request):
            calls.append(story.simulated.now())
        return ""

    began = story.simulated.now()
    story.simulated.lose = move_web
    outcome = story.restore()

    assert story.simulated.now() - began < 30
    assert story.vms == {"big": ("NODE1", "running"), "web": (elsewhere, "running")}
    assert {one["vm"]["name"]: one["outcome"] for one in outcome.moves} == {"big": "moved", "web": "elsewhere"}


def test_a_vm_that_left_a_node_under_maintenance_waits_for_the_end_of_that() -> None:
    story = evacuated(scenario(NODES, [vm("web", memory_mb=1000)]))
    there = story.vms["web"][0]
    third = {"NODE2": "NODE3", "NODE3": "NODE2"}[there]
    events = story.simulated.server.world.events
    events.carry_out(EventSpec(pause=there))
    events.carry_out(EventSpec(move="web", to=third, instant=True))

    outcome = story.restore()

    assert (outcome.error, story.vms["web"][0]) == ("", third)
    assert f"{there} is paused, so it was most likely emptied after that: restore {there} first" in outcome.note
    assert story.ledger.vm("web")["restored"] is False

    events.carry_out(EventSpec(resume=there))
    events.carry_out(EventSpec(move="web", to=there, instant=True))
    assert (story.restore().error, story.vms["web"][0]) == ("", "NODE1")
    assert story.ledger.vm("web")["restored"] is True


def test_what_leaves_little_memory_is_a_warning() -> None:
    story = evacuated(scenario(NODES, [vm("web", memory_mb=30000), vm("db", memory_mb=30000)]))
    outcome = story.restore(check=True)
    assert outcome.error == ""
    assert any("less than the 10 % of its memory that an evacuation keeps free" in one for one in outcome.warnings)


def test_what_came_back_is_settled_although_another_vm_does_not_come() -> None:
    fails = migration(fails_at=10, hresult=0x80071398, fails_towards="NODE1")
    story = evacuated(with_vms(TWO, vm("web01", memory_mb=8000, migration=fails)))

    outcome = story.restore()

    assert "web01 (NODE2 -> NODE1) is not back: " in outcome.error
    assert "run the restore of NODE1 again: it goes on with what is left." in outcome.error
    assert (story.ledger.vm("web01")["restored"], story.ledger.vm("web02")["restored"]) == (False, True)
    assert outcome.node_state == "up"


def test_vms_that_were_stopped_are_started_when_they_are_back() -> None:
    edge = vm("edge", memory_mb=1000, clustered=False)
    given = dataclasses.replace(TWO, vms=(*TWO.vms, edge))
    story = evacuated(given, ("web01", "shutdown"), ("edge", "save"))
    assert (story.vms["web01"][1], story.vms["edge"]) == ("off", ("NODE1", "saved"))

    outcome = story.restore()

    assert outcome.error == ""
    assert outcome.note.startswith("Started again: ")
    assert {vm.name for vm in outcome.started} == {"web01", "edge"}
    assert set(story.vms.values()) == {("NODE1", "running")}


def test_a_vm_that_cannot_be_started_is_named_and_kept_in_the_ledger() -> None:
    story = evacuated(TWO, ("web01", "shutdown"))
    story.simulated.lose = lambda node, request: "before" if b"/RequestStateChange</a:Action>" in request else ""

    outcome = story.restore()

    assert "web01 is not started: " in outcome.error
    assert story.vms["web01"] == ("NODE1", "off")
    assert not story.ledger.vm("web01")["restored"]
    assert [vm.name for vm in outcome.still_stopped] == ["web01"]


SLOW = scenario(NODES, [vm("big", memory_mb=16384, migration=migration(seconds=900))])


def test_a_migration_away_from_the_node_is_waited_for() -> None:
    story = Story(SLOW)
    outcome = story.evacuate(timeout=30)
    assert "big (NODE1 -> NODE2): " in outcome.error
    assert len(outcome.moves) == 1

    back = story.restore()

    assert back.error == ""
    assert any(line.startswith("Waiting for big: Its migration away from NODE1 still runs") for line in story.lines)
    assert story.vms["big"] == ("NODE1", "running")
    assert story.simulated.migrations("big") == 2


@pytest.mark.parametrize(("strategy", "state"), [("shutdown", "off"), ("save", "saved")])
def test_a_vm_that_was_stopped_and_still_leaves_is_listed_and_started_by_the_next_run(
    strategy: str, state: str
) -> None:
    story = Story(scenario(NODES, [vm("big", memory_mb=16384, migration=migration(seconds=300))]))
    story.evacuate(("big", strategy), timeout=30)

    early = story.restore(timeout=60)
    then = story.vms["big"]
    late = story.restore()

    assert "big is not back: Its migration away from NODE1 still runs" in early.error
    assert ([vm.name for vm in early.still_stopped], early.started, then) == (["big"], [], ("NODE1", state))
    assert (late.error, [vm.name for vm in late.started], late.still_stopped) == ("", ["big"], [])
    assert story.vms["big"] == ("NODE1", "running")


def test_a_migration_that_does_not_end_is_not_waited_for_without_end() -> None:
    story = Story(SLOW)
    story.evacuate(timeout=30)
    back = story.restore(timeout=60)
    assert "big is not back: Its migration away from NODE1 still runs." in back.error
    assert not story.ledger.vm("big")["restored"]


def test_a_vm_that_nobody_knows_is_kept_unless_it_is_to_be_forgotten() -> None:
    story = evacuated(TWO)
    assert story.ledger.content is not None
    story.ledger.content["vms"][0] = {
        **story.ledger.content["vms"][0],
        "vm_id": "FFFFFFFF-0000-0000-0000-000000000000",
        "name": "gone01",
    }
    assert (
        "kept in the ledger: gone01. If they were deleted, run this again with forget_gone=true" in story.restore().note
    )
    assert not story.ledger.vm("gone01")["restored"]
    assert story.restore(forget_gone=True).note == ""
    assert story.ledger.vm("gone01")["restored"]


def test_a_ledger_that_cannot_be_written_is_said_and_the_vms_are_back() -> None:
    story = evacuated(TWO)
    story.ledger.full_from = story.ledger.writes + 1
    outcome = story.restore()
    assert "No space left on device" in outcome.error
    assert {owner for owner, _state in story.vms.values()} == {"NODE1"}
    assert outcome.ledger is not None
    assert outcome.ledger["state"] == "restored"


def test_a_node_that_is_down_is_refused_before_anything_is_changed() -> None:
    story = evacuated(TWO)
    story.simulated.server.world.nodes["NODE1"].enter("down")
    with pytest.raises(HyperVError, match=r"Nothing was changed\. Node NODE1 is down"):
        story.restore()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("paused", "NODE1 is paused again: somebody else paused it while its VMs were moved back. Resume it with "),
        ("down", "NODE1 is down: it went away while its VMs were moved back. The cluster restarts elsewhere"),
    ],
)
def test_a_node_that_is_not_up_at_the_end_is_said_to_be_so(state: t.Literal["paused", "down"], said: str) -> None:
    story = evacuated(TWO)
    called: list[str] = []

    def change_the_node(node: str, request: bytes) -> str:
        if invokes_migration(request):
            called.append(node)
        elif len(called) == len(TWO.vms) and {owner for owner, _state in story.vms.values()} == {"NODE1"}:
            story.simulated.server.world.nodes["NODE1"].enter(state)
        return ""

    story.simulated.lose = change_the_node
    outcome = story.restore()

    assert said in outcome.error
    assert outcome.node_state == state


@pytest.mark.parametrize("wanted", range(1, 16))
def test_what_is_said_of_the_node_is_what_was_read_of_it_last(wanted: int) -> None:
    """Somebody pauses it before one of the last requests, counted from when all VMs are back."""
    story = evacuated(TWO)
    read: list[str] = []
    requests: list[bytes] = []

    def pause_the_node(node: str, request: bytes) -> str:
        state = story.simulated.server.world.nodes["NODE1"]
        if {owner for owner, _state in story.vms.values()} == {"NODE1"}:
            requests.append(request)
        if len(requests) == wanted:
            state.enter("paused")
        if re.search(rb"MSCluster_Node\b", request):
            read.append(state.state)
        return ""

    story.simulated.lose = pause_the_node
    assert story.restore().node_state == read[-1]


def restarted(listening_seconds: float) -> Story:
    """Return a story whose node was emptied and restarted, and has joined the cluster again."""
    restart = RestartSpec(joining_seconds=10, listening_seconds=listening_seconds)
    story = evacuated(scenario((dataclasses.replace(NODES[0], restart=restart), *NODES[1:]), TWO.vms))
    world = story.simulated.server.world
    world.restarts.request(world.nodes["NODE1"])
    story.simulated.pause(80)
    world.look()
    assert story.node1 == "paused"
    return story


def test_a_node_whose_hyper_v_is_about_to_start_is_waited_for() -> None:
    story = restarted(listening_seconds=100)

    outcome = story.restore()

    assert (outcome.error, outcome.warnings) == ("", [])
    assert {owner for owner, _state in story.vms.values()} == {"NODE1"}
    (line,) = [line for line in story.lines if "can receive" in line or "cannot receive" in line]
    assert line.startswith("Waiting up to 300 s until Hyper-V runs on NODE1, which cannot receive VMs yet: It listens")


def test_a_node_that_never_listens_is_told_and_what_can_be_done_is_done() -> None:
    story = restarted(listening_seconds=86400)
    check = story.restore(check=True)

    outcome = story.restore()

    said = "NODE1 cannot receive VMs: It listens on no address for migrations"
    assert check.error.startswith(said)
    assert outcome.warnings[0].startswith(said)
    assert (outcome.error.startswith(said), outcome.node_state) == (True, "up")
    assert {owner for owner, _state in story.vms.values()} & {"NODE1"} == set()


def test_what_the_evacuation_stopped_is_started_wherever_somebody_has_moved_it() -> None:
    story = evacuated(TWO, ("web02", "shutdown"))
    world = story.simulated.server.world
    (web02,) = [machine for machine in world.machines.values() if machine.name == "web02"]
    elsewhere = {"NODE2": "NODE3", "NODE3": "NODE2"}[web02.owner]
    world.relocate(web02, elsewhere)

    outcome = story.restore()

    assert (outcome.error, outcome.note) == ("", f"Started again: web02. {LEFT_ON_NODE2}")
    assert story.vms == {"web01": ("NODE1", "running"), "web02": (elsewhere, "running")}


@pytest.mark.parametrize("at", range(1, 31))
def test_a_guest_that_goes_off_late_is_started_or_named_at_whatever_moment_of_the_restore(at: int) -> None:
    story = Story(scenario(NODES, [vm("web01", power=power(stop_seconds=1000)), vm("web02")]))
    assert "did not become off within 900 s" in story.evacuate(("web01", "shutdown")).error
    requests: list[str] = []

    def go_off(node: str, request: bytes) -> str:
        requests.append(node)
        if len(requests) == at:
            story.simulated.pause(150)
        return ""

    story.simulated.lose = go_off
    outcome = story.restore()

    if len(requests) < at:
        assert "web01" in outcome.note  # it still runs, and may yet go off
        story.simulated.pause(150)
    elif story.vms["web01"] != ("NODE1", "running"):
        assert "web01" in outcome.error + outcome.note
    again = story.restore()
    assert (again.error, story.vms["web01"]) == ("", ("NODE1", "running"))


def test_a_vm_to_which_an_enforced_class_denies_its_node_stays_by_name() -> None:
    given = scenario(
        NODES,
        [vm("dc01", anti_affinity=("dc",)), vm("web01"), vm("dc02", owner="NODE2", anti_affinity=("dc",))],
        cluster=ClusterSpec(enforced_anti_affinity=1),
    )
    story = evacuated(given)
    assert story.vms["dc01"][0] == "NODE3"
    story.simulated.server.world.relocate(machine_of(story, "dc02"), "NODE1")  # somebody moved it there

    outcome = story.restore()

    assert outcome.error.startswith(
        "dc01 is not back: On NODE1 it would break the anti-affinity class dc (another node)."
    )
    assert (story.vms["dc01"][0], story.vms["web01"][0], story.node1) == ("NODE3", "NODE1", "up")
    assert not story.ledger.vm("dc01")["restored"]
    story.simulated.server.world.relocate(machine_of(story, "dc02"), "NODE2")
    assert story.restore().error == ""
    assert story.vms["dc01"][0] == "NODE1"


def test_a_class_that_is_not_enforced_keeps_no_vm_from_its_node() -> None:
    given = scenario(NODES, [vm("dc01", anti_affinity=("dc",)), vm("dc02", owner="NODE2", anti_affinity=("dc",))])
    story = evacuated(given)
    story.simulated.server.world.relocate(machine_of(story, "dc02"), "NODE1")
    assert story.restore().error == ""
    assert story.vms["dc01"][0] == "NODE1"


def test_vms_of_a_rule_for_the_same_node_come_back_together_or_not_at_all() -> None:
    rules = [affinity_rule("pair", "same_node", ("web01", "web02"))]
    vms = [vm("web01", memory_mb=8000), vm("web02", memory_mb=8000), vm("other", owner="NODE2", memory_mb=6000)]
    given = scenario([node("NODE1", memory_mb=24576), *NODES[1:]], vms, affinity_rules=rules)
    story = evacuated(with_windows(given, 2022))  # Windows Server 2016 has no affinity rules
    story.simulated.server.world.relocate(machine_of(story, "other"), "NODE1")

    outcome = story.restore()

    assert "web02 is not back: NODE1 has" in outcome.error
    assert "web01 is not back: On NODE1 it would break the affinity rule pair (the same node)." in outcome.error
    assert story.vms["web01"][0] == story.vms["web02"][0] != "NODE1"


def test_a_vm_of_which_the_node_is_no_possible_owner_any_more_stays_by_name() -> None:
    story = evacuated(TWO)
    machine = machine_of(story, "web02")
    machine.spec = dataclasses.replace(machine.spec, possible_owners=("NODE2", "NODE3"))
    outcome = story.restore()
    assert "web02 is not back: NODE1 is not a possible owner of it." in outcome.error
    assert story.vms["web01"][0] == "NODE1"


def machine_of(story: Story, name: str) -> Machine:
    return next(one for one in story.simulated.server.world.machines.values() if one.name == name)
