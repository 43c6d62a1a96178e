# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node is emptied, in process and on a manual clock: what is done, what is said, and what the ledger keeps."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.patience import STILL_TRUE
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.outcome import EvacuationOutcome
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.beside import Beside, ExpectedMove
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import read_ledger

from tests.simulator.scenario import EventSpec, MigrationSpec, ReachedSpec, VmSpec, VmState
from tests.support.maintenance import NODES, Story
from tests.support.requests import calls, queried_classes
from tests.support.scenarios import Scenario, attachment, event, migration, node, power, scenario, vm, with_nodes

web01 = functools.partial(vm, "web01", memory_mb=20000)
build = functools.partial(vm, "build")
TWO = scenario(NODES, [vm("web01", memory_mb=8000), vm("web02", memory_mb=8000)])
FAILS = migration(fails_at=60, hresult=0x8007000E)
HALFWAY = ReachedSpec("web01", 50)
EDGE = vm("edge", clustered=False)
BUILD, WEB = vm("build"), vm("web")


def three(first: VmSpec = BUILD, web: VmSpec = WEB, *more: VmSpec) -> Scenario:
    """Return a cluster with VMs build, db and web, of which the first and the last may be special."""
    return scenario(NODES, [first, vm("db"), web, *more])


def outcomes(outcome: EvacuationOutcome) -> dict[str, str]:
    return {one["vm"]["name"]: one["outcome"] for one in outcome.moves}


def test_a_node_is_emptied_and_stays_paused() -> None:
    story = Story(TWO)

    outcome = story.evacuate()

    assert (outcome.error, outcome.note) == (
        "",
        "The node is paused. Bring its VMs back with hyperv.migration.restore_node. Moved as well: Cluster Group (core "
        "cluster group) to NODE2.",
    )
    assert outcomes(outcome) == {"web01": "moved", "web02": "moved"}
    assert {owner for owner, _state in story.vms.values()} == {"NODE2", "NODE3"}
    assert (story.node1, outcome.node_state) == ("paused", "paused")
    assert (outcome.paused_by_us, outcome.paused_before, outcome.changed) == (True, False, True)
    assert story.ledger.content is not None
    assert (story.ledger.content["state"], story.entered) == ("evacuated", 1)


def test_what_the_report_says_is_not_read_again_for_it() -> None:
    story = Story(TWO)
    story.evacuate()
    assert queried_classes(story.simulated.requests).count("Msvm_VirtualSystemMigrationServiceSettingData") == 3
    lists = [request for _node, request in story.simulated.requests if b"SELECT * FROM MSCluster_Node<" in request]
    assert len(lists) == 3  # for the plan, before the node is paused, and at the end


FOUR = scenario(NODES, [vm(f"web{number:02}", memory_mb=1024) for number in range(1, 5)])


def after_the_pause(story: Story) -> list[tuple[str, bytes]]:
    """Return the requests of an evacuation from the pause of the node on."""
    (first,) = (at for at, (_node, request) in enumerate(story.simulated.requests) if calls("Pause", request))
    return story.simulated.requests[first:]


def owners_asked(requests: list[tuple[str, bytes]]) -> int:
    asked = sum(calls("GetPossibleOwners", request) for _node, request in requests)
    return asked + queried_classes(requests).count("MSCluster_ResourceToPossibleOwner")


def test_moves_go_by_what_their_plan_has_just_read() -> None:
    story = Story(FOUR)
    outcome = story.evacuate()
    assert set(outcomes(outcome).values()) == {"moved"}
    later = after_the_pause(story)
    assert owners_asked(later) == 0
    assert "Msvm_VirtualSystemMigrationServiceSettingData" not in queried_classes(later)
    before = story.simulated.requests[: -len(later)]
    assert queried_classes(before).count("Msvm_SummaryInformation") == 1
    memory = [node for node, request in before if b"FreePhysicalMemory" in request]
    assert sorted(memory) == ["NODE1", "NODE2", "NODE3"]


def test_moves_of_a_plan_that_is_old_by_then_read_again_what_it_went_by() -> None:
    story = Story(FOUR)
    story.enter = lambda: story.simulated.pause(STILL_TRUE + 1)
    story.evacuate()
    later = after_the_pause(story)
    assert owners_asked(later) > 0
    assert queried_classes(later).count("Msvm_VirtualSystemMigrationServiceSettingData") == 3


def test_a_node_that_may_not_own_a_vm_any_more_is_refused_when_the_plan_is_old() -> None:
    story = Story(FOUR)

    def forbid() -> None:
        story.simulated.pause(STILL_TRUE + 1)
        for machine in story.simulated.server.world.machines.values():
            machine.spec = dataclasses.replace(machine.spec, possible_owners=("NODE1",))

    story.enter = forbid
    outcome = story.evacuate(attempts=1)
    assert {one["error"]["code"] for one in outcome.moves} == {"not_possible_owner"}
    assert {owner for owner, _state in story.vms.values()} == {"NODE1"}


def test_later_rounds_read_again_what_moves_go_by() -> None:
    failing = vm("web01", memory_mb=1024, migration=FAILS)
    story = Story(scenario(NODES, [failing, *(vm(f"web{number:02}", memory_mb=1024) for number in range(2, 5))]))
    story.evacuate()
    assert owners_asked(after_the_pause(story)) > 0


def test_jobs_that_name_their_vms_are_looked_for_by_that_alone() -> None:
    many = [vm(f"web{number:02}", memory_mb=16384 if number == 1 else 1024) for number in range(1, 13)]
    story = Story(scenario(NODES, many))
    outcome = story.evacuate()
    assert set(outcomes(outcome).values()) == {"moved"}
    assert queried_classes(story.simulated.requests).count("Msvm_AffectedJobElement") == 1


def test_the_report_shows_the_nodes_as_they_were_beside_one_that_is_emptied_at_the_same_time() -> None:
    given = scenario(NODES, [vm("web01", memory_mb=8000), vm("db01", owner="NODE2", memory_mb=8000)])
    by_itself, together = Story(given, home="NODE3"), Story(given, home="NODE3")
    db01 = next(one["id"] for one in together.simulated.server.state()["vms"] if one["name"] == "db01")
    beside = Beside(("NODE1", "NODE2"), (ExpectedMove(db01.upper(), "NODE2", "NODE3", 8000),))
    outcome = together.evacuate(beside=beside)
    assert together.vms["web01"] == ("NODE3", "running")
    assert outcome.nodes_before == by_itself.evacuate().nodes_before


def test_the_report_shows_the_nodes_before_and_after() -> None:
    story = Story(scenario(NODES, [vm("web01", memory_mb=8000), vm("web02", memory_mb=8000), EDGE]))
    outcome = story.evacuate(("edge", "stay"))
    before, after = ({one["name"]: one for one in nodes} for nodes in (outcome.nodes_before, outcome.nodes_after))
    assert (before["NODE1"]["state"], before["NODE1"]["vm_count"]) == ("up", 2)
    assert (after["NODE1"]["state"], after["NODE1"]["vm_count"]) == ("paused", 0)  # edge is not of the cluster
    assert sum(one["running_vm_count"] for one in after.values()) == 2
    assert after["NODE1"]["free_memory_mb"] - before["NODE1"]["free_memory_mb"] == 16000


def test_a_rollback_is_seen_by_the_report() -> None:
    outcome = Story(scenario(NODES, [vm("web01", migration=FAILS)])).evacuate(attempts=1)
    (node1,) = [one for one in outcome.nodes_after if one["name"] == "NODE1"]
    assert (node1["state"], node1["vm_count"]) == ("up", 1)


def test_a_second_run_finds_nothing_to_do() -> None:
    story = Story(TWO)
    story.evacuate()
    assert story.ledger.content is not None
    kept = story.ledger.content["vms"]

    again = story.evacuate()

    assert (again.error, again.changed, again.moves) == ("", False, [])
    assert (story.ledger.content["state"], story.ledger.content["vms"]) == ("evacuated", kept)


def test_the_next_step_is_said_in_place_of_the_restore() -> None:
    outcome = Story(TWO).evacuate(next_step="It is worked on now.")
    assert outcome.note.startswith("The node is paused. It is worked on now.")


def test_a_dry_run_changes_nothing() -> None:
    story = Story(TWO)
    before = story.simulated.server.counters()["migrations"]

    outcome = story.evacuate(check=True)

    assert outcomes(outcome) == {"web01": "would_move", "web02": "would_move"}
    assert all(one["checked"] for one in outcome.moves)
    assert (outcome.error, outcome.note, outcome.changed) == ("", "", True)
    assert (story.node1, story.ledger.content, story.entered) == ("up", None, 0)
    assert story.simulated.server.counters()["migrations"] == before


def test_refusals_of_a_dry_run_that_are_alike_are_told_once() -> None:
    refuses = migration(refuse_check="the disk is not there")
    vms = [vm(f"vm{number}", memory_mb=500, migration=refuses) for number in range(1, 13)]
    outcome = Story(scenario(NODES, vms)).evacuate(check=True)

    assert {one["destination_host"] for one in outcome.moves} == {"NODE2", "NODE3"}
    assert outcome.error.count("Hyper-V says that the VM cannot be migrated to the destination") == 1
    assert outcome.error.count("cannot be migrated") == 1
    assert outcome.error.startswith("12 of 12 VMs")
    assert all(f"vm{number} (NODE1 -> " in outcome.error for number in range(1, 13))


def test_nothing_is_changed_where_a_vm_has_no_place() -> None:
    story = Story(scenario(NODES, [vm("pinned", memory_mb=1000, possible_owners=("NODE1",))]))

    for check in (True, False):
        outcome = story.evacuate(check=check)
        assert outcome.error.startswith("Nothing was changed on NODE1, because it cannot be emptied. ")
        assert "pinned: none of its possible owners (NODE1)" in outcome.error
        assert (outcome.changed, outcome.note) == (False, "")
        assert (story.node1, story.ledger.content) == ("up", None)


def test_a_node_that_is_down_is_refused() -> None:
    story = Story(with_nodes(TWO, node("NODE1", state="down")))
    with pytest.raises(HyperVError, match=r"Nothing was changed. Node NODE1 is down"):
        story.evacuate()
    assert story.ledger.content is None


@pytest.mark.parametrize(
    ("strategy", "state", "why"),
    [
        ("shutdown", "paused", "It is paused, so its guest cannot shut down, as its strategy shutdown wants"),
        ("save", "paused", "It is paused, so it would not come back paused once it is saved"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_a_paused_vm_that_is_to_be_stopped_is_refused_before_another_is_stopped(
    strategy: str, state: VmState, why: str, check: bool
) -> None:
    story = Story(three(build(state=state)))

    outcome = story.evacuate(("build", strategy), ("db", "shutdown"), check=check)

    assert why in outcome.error
    assert "give it the strategy migrate" in outcome.error
    assert (story.node1, story.commands("db"), story.ledger.content) == ("up", [], None)


@pytest.mark.parametrize("check", [True, False])
def test_a_guest_that_cannot_be_shut_down_is_refused_before_another_is_stopped(check: bool) -> None:
    story = Story(three(build(power=power(guest="absent"))))
    if check:
        outcome = story.evacuate(("build", "shutdown"), ("db", "shutdown"), check=True)
        assert "build offers no shutdown service" in outcome.error
    else:
        with pytest.raises(HyperVError, match=r"Nothing was changed on NODE1\. .*build offers no shutdown service"):
            story.evacuate(("build", "shutdown"), ("db", "shutdown"))
    assert (story.node1, story.commands("db"), story.ledger.content) == ("up", [], None)


def test_hyperv_is_not_asked_about_a_vm_that_will_be_off_by_then() -> None:
    nodes = [node("NODE1", memory_mb=65536), node("NODE2", memory_mb=16384)]
    gpu = vm("gpu", memory_mb=1024, attachments=(attachment("pci_device"),))
    story = Story(scenario(nodes, [build(memory_mb=20000), gpu]))
    strategies = ("build", "shutdown"), ("gpu", "shutdown")

    rehearsed = story.evacuate(*strategies, check=True)

    assert rehearsed.error == ""
    assert [(one["outcome"], one["checked"]) for one in rehearsed.moves] == [("would_move", False)] * 2
    assert story.evacuate(*strategies).error == ""
    assert story.vms == {"build": ("NODE2", "off"), "gpu": ("NODE2", "off")}


def test_vms_are_stopped_as_wished_and_the_others_run_on() -> None:
    story = Story(three())

    outcome = story.evacuate(("build", "shutdown"), ("db", "save"))

    assert outcome.error == ""
    assert {name: state for name, (_owner, state) in story.vms.items()} == {
        "build": "off",
        "db": "saved",
        "web": "running",
    }
    assert {vm.name for vm in outcome.still_stopped} == {"build", "db"}
    assert outcome.died == ()
    assert [(story.ledger.vm(name)["state"], story.ledger.vm(name)["strategy"]) for name in ("build", "db")] == [
        ("running", "shutdown"),
        ("running", "save"),
    ]


def test_a_vm_whose_move_fails_is_tried_on_another_node() -> None:
    fails_there = dataclasses.replace(FAILS, fails_towards="NODE2")
    story = Story(scenario(NODES, [web01(migration=fails_there)]))

    outcome = story.evacuate()

    assert outcome.error == ""
    assert story.vms == {"web01": ("NODE3", "running")}
    assert list(outcome.excluded.values()) == [{"NODE2"}]
    assert story.ledger.vm("web01")["destination_host"] == "NODE3"


@pytest.mark.parametrize(
    ("paused", "give_back", "state", "said"),
    [
        (False, True, "up", "The node was given back: it takes VMs again."),
        (False, False, "paused", "The node stays paused, as give_back=false says. Resume it"),
        (True, True, "paused", "The node had been paused before this run, and stays so. Resume it"),
    ],
    ids=["given back", "kept", "was paused before"],
)
def test_a_node_is_given_back_if_it_was_taken(paused: bool, give_back: bool, state: str, said: str) -> None:
    first = node("NODE1", memory_mb=65536, state="paused" if paused else "up")
    story = Story(with_nodes(scenario(NODES, [web01(migration=FAILS)]), first))

    outcome = story.evacuate(attempts=1, give_back=give_back)

    assert outcome.error.startswith("1 of 1 VMs could not be moved from NODE1. web01 (NODE1 -> NODE2): ")
    assert said in outcome.error
    assert (story.node1, outcome.node_state, outcome.paused_before) == (state, state, paused)
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == "incomplete"


def test_vms_that_were_stopped_run_again_where_they_still_are_when_it_fails() -> None:
    story = Story(three(BUILD, vm("web", migration=FAILS), EDGE))

    outcome = story.evacuate(("build", "shutdown"), ("edge", "shutdown"), attempts=1)

    assert "The node was given back: it takes VMs again. Started again: edge." in outcome.error
    assert (
        "Still stopped, although running before: build. hyperv.migration.restore_node brings them back" in outcome.error
    )
    assert (story.vms["edge"], story.vms["build"][1]) == (("NODE1", "running"), "off")
    assert ([vm.name for vm in outcome.started], [vm.name for vm in outcome.still_stopped]) == (["edge"], ["build"])
    assert (story.ledger.vm("edge")["restored"], story.ledger.vm("build")["restored"]) == (True, False)


def test_a_vm_that_came_meanwhile_is_told_by_name() -> None:
    arrives = event(when=HALFWAY, move="app03", to="NODE1", instant=True)
    story = Story(scenario(NODES, [web01(), vm("app03", owner="NODE3", memory_mb=1000)], [arrives]))

    outcome = story.evacuate()

    assert (
        "These VMs are on NODE1 although all planned moves have ended: app03. Run the evacuation again."
        in outcome.error
    )
    assert [vm.name for vm in outcome.left] == ["app03"]
    assert story.node1 == "up"


def test_a_vm_that_a_crash_brought_before_the_pause_is_told_although_its_old_owner_is_shown_for_a_while() -> None:
    app = vm("app", owner="NODE3", possible_owners=("NODE1", "NODE3"))
    story = Story(scenario(NODES, [app], [event(at=0, down="NODE3")]), owner_lag_seconds=10)

    outcome = story.evacuate()

    assert story.vms["app"] == ("NODE1", "running")
    assert "These VMs are on NODE1 although all planned moves have ended: app." in outcome.error
    assert "Waiting until VMs of nodes that are down are shown elsewhere: app." in story.lines


def test_a_vm_that_stays_on_a_node_that_is_down_is_not_waited_for_forever() -> None:
    pinned = vm("pinned", owner="NODE3", possible_owners=("NODE3",))
    story = Story(scenario(NODES, [pinned], [event(at=0, down="NODE3")]))

    outcome = story.evacuate()

    assert (outcome.error, story.node1, story.vms["pinned"][0]) == ("", "paused", "NODE3")


def test_a_vm_that_died_in_its_migration_is_told_and_the_ledger_knows_that_it_ran() -> None:
    story = Story(scenario(NODES, [web01()], [event(when=HALFWAY, power_off="web01")]))

    outcome = story.evacuate()

    assert story.vms["web01"][1] == "off"
    assert (
        "These VMs ran before and do not run now, although they were not to be stopped: web01 (off, on NODE"
        in outcome.error
    )
    assert [vm.name for vm in outcome.died] == ["web01"]
    entry = story.ledger.vm("web01")
    assert (entry["state"], entry["died"]) == ("running", True)

    back = story.restore()

    assert back.error == ""
    assert story.vms == {"web01": ("NODE1", "running")}
    assert story.ledger.content is not None
    assert story.ledger.content["state"] == "restored"


def test_a_vm_that_died_in_a_run_before_is_told_without_failing_again() -> None:
    story = Story(scenario(NODES, [web01()], [event(when=HALFWAY, power_off="web01")]))
    story.evacuate()

    again = story.evacuate()

    assert again.error == ""
    assert "Off since a former run of this evacuation, although running before: web01." in again.note
    assert story.restore().error == ""
    assert story.vms == {"web01": ("NODE1", "running")}


@pytest.mark.parametrize(
    ("happens", "state", "said"),
    [
        (
            event(when=HALFWAY, resume="NODE1"),
            "up",
            "NODE1 is up, and not paused: somebody resumed it while it was emptied.",
        ),
        (event(when=HALFWAY, down="NODE1"), "down", "The node is down."),
    ],
)
def test_the_last_word_on_the_node_is_what_was_read_last(happens: EventSpec, state: str, said: str) -> None:
    story = Story(scenario(NODES, [web01()], [happens]))

    outcome = story.evacuate()

    assert said in outcome.error
    assert "The node is paused." not in outcome.error + outcome.note
    assert (story.node1, outcome.node_state) == (state, state)


def test_where_no_node_answers_any_more_nothing_is_said_of_the_node_and_its_vms() -> None:
    story = Story(TWO)
    story.simulated.lose = lambda node, request: "down" if story.node1 == "paused" else ""

    outcome = story.evacuate()

    assert "broke off: NODE2 is down. Run it again" in outcome.error
    assert "Whether the node is paused is not known: NODE2 is down." in outcome.error
    assert "Where the VMs are could not be read: NODE2 is down." in outcome.error
    assert (outcome.node_state, story.node1, outcome.moves) == ("", "paused", [])
    assert story.ledger.content is not None
    assert story.ledger.content["state"] != "evacuated"


def test_a_vm_that_somebody_moved_meanwhile_is_left_there() -> None:
    nodes = [dataclasses.replace(one, simultaneous_migrations=1) for one in NODES]
    vms = [vm("big", memory_mb=40000, priority=3000), vm("web", memory_mb=1000)]
    moved = event(when=ReachedSpec("big", 30), move="web", to="NODE3", instant=True)
    story = Story(scenario(nodes, vms, [moved]))

    outcome = story.evacuate(destinations=("NODE2",))

    assert outcome.error == ""
    assert outcomes(outcome) == {"big": "moved", "web": "elsewhere"}
    assert (
        "It is on NODE3, and no longer on NODE1"
        in next(one for one in outcome.moves if one["outcome"] == "elsewhere")["warnings"][0]
    )
    assert story.vms["web"] == ("NODE3", "running")
    assert story.ledger.vm("web")["outcome"] == "elsewhere"

    back = story.restore()

    assert back.error == ""
    assert story.vms == {"big": ("NODE1", "running"), "web": ("NODE3", "running")}
    assert [one["message"] for one in back.stays] == ["It is on NODE3: somebody moved it while NODE1 was emptied."]


def test_a_vm_that_somebody_moves_on_as_soon_as_it_has_arrived_is_left_there() -> None:
    story = Story(scenario(NODES, [vm("web", memory_mb=1000)]))
    world = story.simulated.server.world
    (web,) = world.machines.values()

    def move_on(node: str, request: bytes) -> str:
        if web.owner == "NODE2":
            world.relocate(web, "NODE3")
        return ""

    story.simulated.lose = move_on

    outcome = story.evacuate(destinations=("NODE2",))

    assert outcome.error == ""
    assert outcomes(outcome) == {"web": "elsewhere"}
    assert story.vms["web"] == ("NODE3", "running")


@pytest.mark.parametrize("seconds", [90, 900])
def test_a_vm_that_somebody_else_begins_to_migrate_to_another_node_is_waited_for(seconds: int) -> None:
    nodes = [dataclasses.replace(one, simultaneous_migrations=1) for one in NODES]
    vms = [vm(name, memory_mb=40000, priority=3000) for name in ("big1", "big2")]
    vms.append(vm("web", memory_mb=1000, migration=migration(seconds=seconds)))
    story = Story(scenario(nodes, vms, [event(when=ReachedSpec("big1", 90), move="web", to="NODE3")]))

    outcome = story.evacuate()

    assert {one["name"]: one["destination_host"] for one in outcome.planned}["web"] == "NODE2"
    assert outcome.error == ""
    assert story.vms["web"] == ("NODE3", "running")
    assert story.simulated.migrations("web") == 0


def test_a_given_plan_keeps_how_a_vm_was_that_a_cancelled_run_has_stopped() -> None:
    story = Story(three())
    plan = planned(story, ("build", "shutdown"))
    interrupt(story, "Pause")  # the job is cancelled after it has shut build down
    with pytest.raises(KeyboardInterrupt):
        story.evacuate(("build", "shutdown"), plan=plan)
    assert story.vms["build"][1] == "off"
    story.simulated.lose = lambda node, request: ""
    story.ledger.content = None  # it was in a container that is gone

    outcome = story.evacuate(("build", "shutdown"), plan=plan)

    assert outcome.error == ""
    assert (story.ledger.vm("build")["state"], story.ledger.vm("build")["strategy"]) == ("running", "shutdown")
    assert story.restore().error == ""
    assert story.vms["build"] == ("NODE1", "running")


def test_a_vm_that_is_off_since_the_plan_was_made_is_named_and_left_off() -> None:
    story = Story(scenario(NODES, [web01()], [event(at=10, power_off="web01")]))
    plan = planned(story)
    story.simulated.pause(20)

    outcome = story.evacuate(plan=plan)

    assert outcome.error == ""
    assert "Running when the plan was made, and off when this evacuation began: web01." in outcome.note
    back = story.restore()
    assert back.error == ""
    assert "not started, since the evacuation did not stop them: web01." in back.note
    assert story.vms == {"web01": ("NODE1", "off")}


def planned(story: Story, *strategies: tuple[str, str]) -> dict[str, t.Any]:
    """Return a plan as an earlier job hands it on."""
    outcome = story.evacuate(*strategies, check=True)
    return {"node": "NODE1", "cluster": "hvc1.corp.example", "moves": outcome.planned, "stays": outcome.stays}


def interrupt(story: Story, after: str) -> None:
    """Have the run end as by Ctrl-C at the first request for a migration after ``after`` was called."""

    def lose(node: str, request: bytes) -> str:
        if b"/MigrateVirtualSystemToSystem</a:Action>" in request:
            raise KeyboardInterrupt
        return ""

    story.simulated.lose = lose


def test_a_guest_that_does_not_shut_down_in_time_may_still_do_so_and_is_watched_for() -> None:
    story = Story(three(build(power=power(stop_seconds=1000))))

    outcome = story.evacuate(("build", "shutdown"))

    assert "VM build did not become off within 900 s" in outcome.error
    assert "Asked to shut down, still running, and may yet go off: build." in outcome.error
    assert (story.node1, story.vms["build"]) == ("up", ("NODE1", "running"))
    early = story.restore()
    assert "may yet go off: build" in early.note
    assert not story.ledger.vm("build")["restored"]
    story.simulated.pause(300)
    assert story.vms["build"] == ("NODE1", "off")

    assert story.restore().error == ""

    assert story.vms["build"] == ("NODE1", "running")
    assert story.ledger.vm("build")["restored"]


@pytest.mark.parametrize("full_from", [2, 3, 4])
def test_a_ledger_that_cannot_be_written_any_more_hides_no_vm_that_is_stopped(full_from: int) -> None:
    story = Story(three(BUILD, vm("web", migration=FAILS)))
    story.ledger.full_from = full_from

    outcome = story.evacuate(("build", "shutdown"))

    assert "No space left on device" in outcome.error
    assert "The node was given back: it takes VMs again." in outcome.error
    assert "Still stopped, although running before: build." in outcome.error
    assert outcome.ledger is not None
    entry = next(vm for vm in outcome.ledger["vms"] if vm["name"] == "build")
    assert (entry["state"], entry["strategy"], entry["outcome"]) == ("running", "shutdown", "moved")


def test_nothing_is_changed_where_the_ledger_cannot_be_written_at_first() -> None:
    story = Story(TWO)
    story.ledger.full_from = 1
    with pytest.raises(HyperVError, match="No space left"):
        story.evacuate()
    assert (story.node1, story.simulated.server.counters()["migrations"]) == ("up", {})


def test_nothing_is_changed_where_the_state_of_the_roll_cannot_be_written() -> None:
    story = Story(TWO)

    def refuse() -> None:
        raise HyperVError("the state of the roll cannot be written")

    story.enter = refuse
    with pytest.raises(HyperVError, match="state of the roll"):
        story.evacuate()
    assert story.node1 == "up"


def test_a_hand_written_ledger_without_its_optional_parts_is_gone_on_with() -> None:
    story = Story(TWO)
    story.evacuate()
    assert story.ledger.content is not None
    kept = ("vm_id", "name", "source_host", "destination_host", "outcome")
    vms = [{key: value for key, value in entry.items() if key in kept} for entry in story.ledger.content["vms"]]
    bare = {"format": "hyperv.migration ledger 2", "cluster": "hvc1.corp.example", "node": "NODE1", "vms": vms}
    story.ledger.content = read_ledger(bare, "by hand")

    assert story.evacuate().error == ""
    assert story.restore().error == ""
    assert {owner for owner, _state in story.vms.values()} == {"NODE1"}


def test_a_ledger_of_an_earlier_version_is_known_by_a_vm_that_is_on_another_node() -> None:
    story = Story(scenario(NODES, [vm("web01"), vm("web02", owner="NODE2")]))
    (away,) = (one["id"] for one in story.simulated.server.state()["vms"] if one["name"] == "web02")
    moved = {"vm_id": away, "name": "web02", "source_host": "NODE1", "destination_host": "NODE2", "outcome": "moved"}
    earlier = {"format": "hyperv.migration ledger 1", "cluster": "HVC1", "node": "NODE1", "vms": [moved]}
    story.ledger.content = read_ledger(earlier, "ledger.json")

    assert story.evacuate().error == ""
    assert (story.ledger.vm("web02")["outcome"], story.ledger.content["cluster"]) == ("moved", "hvc1.corp.example")
    assert story.restore().error == ""
    assert {owner for owner, _state in story.vms.values()} == {"NODE1"}


def test_a_restart_is_refused_for_what_would_go_down_with_the_node() -> None:
    given = three(BUILD, WEB, EDGE)
    story = Story(given)
    wishes = ("build", "stay"), ("edge", "stay")

    refused = story.evacuate(*wishes, restart=True)

    assert refused.error.startswith(
        "Nothing was changed on NODE1, because it is to be restarted and build, edge would go down with it."
    )
    assert (story.node1, story.ledger.content) == ("up", None)
    assert (
        "it is to be restarted and build would go down" in story.evacuate(*wishes, restart=True, local_vms=True).error
    )
    allowed = story.evacuate(("edge", "stay"), restart=True, local_vms=True)
    assert (allowed.error, story.vms["edge"]) == ("", ("NODE1", "running"))
    assert Story(given).evacuate(("edge", "shutdown"), restart=True).error == ""


def test_a_time_limit_that_is_shorter_than_one_move_may_take_is_told_before_the_first() -> None:
    story = Story(TWO)
    outcome = story.evacuate(time_limit=60)
    assert "This task is cut off after 60 s" in outcome.warnings[0]
    warning, first_move = (
        next(number for number, line in enumerate(story.lines) if line.startswith(start))
        for start in ("WARNING: This task is cut off after 60 s", "[")
    )
    assert warning < first_move, story.lines
    assert not Story(TWO).evacuate(time_limit=7200).warnings


SMOOTH = migration()


def hosts(moves: MigrationSpec = SMOOTH) -> Scenario:
    nodes = [node(name, member=False, memory_mb=65536) for name in ("NODE1", "NODE2")]
    return scenario(nodes, [vm("web01", migration=moves), vm("test01", memory_mb=2048, state="off")])


def test_a_host_without_a_cluster_is_emptied_and_not_paused() -> None:
    story = Story(hosts(), home="NODE1")

    outcome = story.evacuate(destinations=("NODE2",))

    assert outcome.error == ""
    assert outcome.note.startswith("It is not a node of a cluster, so nothing keeps VMs from being started on it.")
    assert (outcome.is_clustered, outcome.node_state, outcome.paused_by_us) == (False, "", False)
    assert story.vms == {"web01": ("NODE2", "running"), "test01": ("NODE2", "off")}
    assert story.restore().error == ""
    assert story.vms == {"web01": ("NODE1", "running"), "test01": ("NODE1", "off")}


def test_a_host_without_a_cluster_that_cannot_be_emptied_was_not_paused() -> None:
    story = Story(hosts(FAILS), home="NODE1")
    outcome = story.evacuate(("test01", "stay"), destinations=("NODE2",))
    assert "1 of 1 VMs could not be moved from NODE1. web01 (NODE1 -> NODE2): " in outcome.error
    assert "The host is not a node of a cluster, so it was not paused." in outcome.error


@pytest.mark.parametrize("strategy", ["shutdown", "save"])
def test_a_vm_that_may_run_on_one_node_only_is_stopped_there_and_started_again(strategy: str) -> None:
    pinned = vm("pinned", memory_mb=4000, possible_owners=("NODE1",))
    story = Story(scenario(NODES, [pinned, vm("web", memory_mb=4000)]))

    outcome = story.evacuate(("pinned", strategy), restart=True)

    assert (outcome.error, outcome.node_state) == ("", "paused")
    assert story.vms["pinned"] == ("NODE1", "off" if strategy == "shutdown" else "saved")
    assert "Stopped for the evacuation: pinned." in outcome.note
    assert story.restore().error == ""
    assert story.vms == {"pinned": ("NODE1", "running"), "web": ("NODE1", "running")}


def test_a_vm_that_somebody_brings_back_meanwhile_is_not_moved_a_second_time() -> None:
    big = vm("big", memory_mb=40000, priority=3000, migration=migration(fails_at=90, fail_times=1))
    back = event(at=25, move="web", to="NODE1", instant=True)
    story = Story(scenario(NODES, [big, WEB], [back]))

    outcome = story.evacuate()

    assert (story.vms["web"][0], story.simulated.migrations("web")) == ("NODE1", 1)
    assert "These VMs are on NODE1 although all planned moves have ended: web." in outcome.error
    assert (story.simulated.migrations("big"), story.node1) == (2, "up")


def test_a_move_that_took_too_long_is_not_planned_again_beside_its_migration() -> None:
    given = scenario(
        NODES,
        [vm("big", memory_mb=8192, migration=migration(seconds=900)), vm("web", migration=migration(fails_at=50))],
    )
    story = Story(given)
    outcome = story.evacuate(timeout=30, attempts=3)
    moves = [(move["vm"]["name"], move["outcome"]) for move in outcome.moves]
    assert moves.count(("big", "failed")) == 1
    assert story.simulated.migrations("big") == 1
    assert "among the destinations" not in outcome.error
