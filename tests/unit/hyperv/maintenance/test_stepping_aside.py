# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs of other nodes step aside for an evacuation, one after another, and go home after it."""

from __future__ import annotations

import contextlib
import re
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger import (
    record_outcomes,
    start_ledger,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_form import LeavingVm

from tests.simulator.scenario import EventSpec, VmSpec
from tests.support.maintenance import CutOff, Gone, MemoryLedger, Story
from tests.support.records import leaving, record
from tests.support.scenarios import CROWDED_NODES, CROWDED_VMS, migration, node, scenario, vm

NOW = "2026-03-01T22:00:00+00:00"
AT_HOME = {"big": "NODE1", "app02": "NODE2", "fill02": "NODE2", "fill03": "NODE3"}
ASIDE = {**AT_HOME, "big": "NODE2", "app02": "NODE3"}


def story(*, vms: t.Sequence[VmSpec] = CROWDED_VMS, events: t.Sequence[EventSpec] = (), **more: t.Any) -> Story:
    return Story(scenario(nodes=more.pop("nodes", CROWDED_NODES), vms=vms, events=events, **more))


def owners(told: Story) -> dict[str, str]:
    return {name: owner for name, (owner, _state) in told.vms.items()}


def order(told: Story) -> list[str]:
    """Return the VMs in the order in which lines about their moves were shown."""
    found = (re.match(r"(?:\[.*\] )?(\w+): NODE\d -> NODE\d", line) for line in told.lines)
    return list(dict.fromkeys(one[1] for one in found if one))


def happens(told: Story, **what: t.Any) -> None:
    told.simulated.server.world.events.carry_out(EventSpec(**what))


def watched(told: Story) -> list[str]:
    """Return a list to which each moment is added in which a node has less free than is to be kept."""
    found: list[str] = []

    def look(node: str, request: bytes) -> str:
        for one in told.simulated.server.state()["nodes"]:
            if one["free_mb"] < one["memory_mb"] * 0.1:
                found.append(f"{one['name']} has {one['free_mb']} MB at {told.simulated.now()}")
        return ""

    told.simulated.lose = look
    return found


def test_without_the_option_nothing_steps_aside() -> None:
    told = story()
    outcome = told.evacuate()
    assert "With helpers=1 (the roles' evacuate_node_helpers) every VM has a place" in outcome.error
    assert "app02 from NODE2 to NODE3" in outcome.error
    assert (owners(told), told.ledger.content, told.node1) == (AT_HOME, None, "up")


def test_a_vm_steps_aside_before_those_of_the_node_leave() -> None:
    told = story()
    outcome = told.evacuate(helpers=1)
    assert not outcome.error
    assert owners(told) == ASIDE
    assert order(told) == ["app02", "big"]
    assert "app02 steps aside from NODE2 to NODE3 (1 of 1)." in told.lines
    assert "Stepped aside: app02 (NODE2 -> NODE3). hyperv.migration.restore_node brings them home." in outcome.note
    assert [(one["vm"]["name"], one["helper"]) for one in outcome.moves] == [("app02", True), ("big", False)]
    entry = told.ledger.vm("app02")
    assert (entry["source_host"], entry["destination_host"], entry["outcome"]) == ("NODE2", "NODE3", "moved")
    assert (entry["helper"], entry["restored"], told.ledger.content["state"]) == (True, False, "evacuated")


def test_it_goes_home_after_those_of_the_node() -> None:
    told = story()
    told.evacuate(helpers=1)
    told.lines.clear()
    outcome = told.restore()
    assert not outcome.error
    assert owners(told) == AT_HOME
    assert order(told) == ["big", "app02"]
    assert "app02 stepped aside and goes home from NODE3 to NODE2." in told.lines
    assert [(one["vm"]["name"], one["helper"]) for one in outcome.moves] == [("big", False), ("app02", True)]
    assert told.ledger.content["state"] == "restored"


def test_check_mode_says_what_would_be_done() -> None:
    told = story()
    dry = told.evacuate(helpers=1, check=True)
    assert not dry.error
    assert {one["vm"]["name"]: (one["outcome"], one["helper"]) for one in dry.moves} == {
        "app02": ("would_move", True),
        "big": ("would_move", False),
    }
    assert (owners(told), told.ledger.content) == (AT_HOME, None)
    real = told.evacuate(helpers=1)
    ways = [[(one["vm"]["name"], one["source_host"], one["host_after"]) for one in run.moves] for run in (dry, real)]
    assert ways[0] == ways[1]
    home = told.restore(check=True)
    assert [(one["vm"]["name"], one["host_after"]) for one in home.moves] == [("big", "NODE1"), ("app02", "NODE2")]
    assert not home.error


# NODE2 has room for 29,000 MB when the first one is gone, for which there is room on NODE3 only when the second is.
NODES4 = [node(f"NODE{number}", memory_mb=65536) for number in (1, 2, 3, 4)]
CHAIN = [
    vm("big", memory_mb=36_000),
    vm("a", owner="NODE2", memory_mb=12_000),
    vm("b", owner="NODE2", memory_mb=11_000),
    vm("fill2", owner="NODE2", memory_mb=17_000),
    vm("fill3", owner="NODE3", memory_mb=42_000),
    vm("fill4", owner="NODE4", memory_mb=43_000),
]


def test_two_step_aside_in_order_and_go_home_in_the_other() -> None:
    told = story(vms=CHAIN, nodes=NODES4)
    assert "With helpers=2" in told.evacuate(helpers=1).error
    assert not told.evacuate(helpers=2).error
    aside = [one for one in order(told) if one in ("a", "b")]
    assert order(told) == [*aside, "big"]
    assert {owners(told)[one] for one in aside} == {"NODE3", "NODE4"}
    told.lines.clear()
    assert not told.restore().error
    assert order(told) == ["big", *reversed(aside)]
    assert owners(told) == {one.name: one.owner for one in CHAIN}


def test_memory_suffices_at_every_moment() -> None:
    told = story(vms=CHAIN, nodes=NODES4)
    short = watched(told)
    assert not told.evacuate(helpers=2).error
    assert not told.restore().error
    assert short == []


def test_a_home_that_is_paused_is_waited_for() -> None:
    told = story()
    told.evacuate(helpers=1)
    happens(told, pause="NODE2")
    outcome = told.restore()
    assert not outcome.error
    assert owners(told) == {**AT_HOME, "app02": "NODE3"}
    assert any("app02 is kept in the ledger" in one and "NODE2 is paused" in one for one in outcome.warnings)
    assert (told.ledger.vm("app02")["restored"], told.ledger.vm("big")["restored"]) == (False, True)
    happens(told, resume="NODE2")
    assert not told.restore().error
    assert (owners(told), told.ledger.content["state"]) == (AT_HOME, "restored")


def test_a_home_without_room_is_waited_for() -> None:
    told = story()
    told.evacuate(helpers=1)
    happens(told, move="fill03", to="NODE2", instant=True)
    outcome = told.restore()
    assert not outcome.error
    assert owners(told) == {**AT_HOME, "fill03": "NODE2", "app02": "NODE3"}
    assert any(re.search(r"app02 .*NODE2 has \d+ MB free, and it needs 24000 MB", one) for one in outcome.warnings)
    assert told.simulated.migrations("app02") == 1
    happens(told, move="fill03", to="NODE3", instant=True)
    assert not told.restore().error
    assert owners(told) == AT_HOME


def test_one_that_is_still_on_its_way_after_a_kill_is_waited_for() -> None:
    told = story()

    def kill(node: str, request: bytes) -> str:
        if any(one["moving_to"] for one in told.simulated.server.state()["vms"]):
            raise KeyboardInterrupt
        return ""

    told.simulated.lose = kill
    with pytest.raises(KeyboardInterrupt):
        told.evacuate(helpers=1)
    told.simulated.lose = lambda node, request: ""
    assert not told.evacuate(helpers=1).error
    assert "Waiting for VMs that are on their way and may leave room: app02." in told.lines
    assert (owners(told), told.simulated.migrations("app02")) == (ASIDE, 1)
    assert not told.restore().error
    assert owners(told) == AT_HOME


def failing(memory_mb: int = 24_000) -> VmSpec:
    """Return the helper with migrations to NODE3 that fail."""
    return vm("app02", owner="NODE2", memory_mb=memory_mb, migration=migration(fails_at=40, fails_towards="NODE3"))


WIDER = [*CROWDED_VMS, vm("fill04", owner="NODE4", memory_mb=28_500)]


def test_a_move_that_fails_is_planned_again() -> None:
    told = story(vms=[failing() if one.name == "app02" else one for one in CROWDED_VMS] + [WIDER[-1]], nodes=NODES4)
    # NODE4 has the smaller hole, so it comes first; the one on NODE3 is the other.
    happens(told, pause="NODE4")
    told.enter = lambda: happens(told, resume="NODE4")
    outcome = told.evacuate(helpers=1)
    assert not outcome.error
    assert owners(told)["app02"] == "NODE4"
    assert told.ledger.vm("app02")["destination_host"] == "NODE4"
    assert told.ledger.content["state"] == "evacuated"
    assert not told.restore().error
    assert owners(told) == {**AT_HOME, "fill04": "NODE4"}


def test_where_nothing_else_helps_the_node_is_given_back() -> None:
    told = story(vms=[failing() if one.name == "app02" else one for one in CROWDED_VMS])
    outcome = told.evacuate(helpers=1)
    assert "app02 (NODE2 -> NODE3) did not step aside" in outcome.error
    assert "Planned again after that: it cannot be emptied." in outcome.error
    assert (owners(told), told.node1) == (AT_HOME, "up")
    assert told.simulated.migrations("big") == 0
    assert not told.restore().error
    assert told.ledger.content["state"] == "restored"


@pytest.mark.parametrize("there", ["NODE3", "NODE4"])
def test_a_vm_that_somebody_moves_first_is_left_there(there: str) -> None:
    told = story(vms=WIDER, nodes=NODES4)
    told.enter = lambda: happens(told, move="app02", to=there, instant=True)
    outcome = told.evacuate(helpers=1)
    assert not outcome.error
    assert told.simulated.migrations("app02") == 0
    told.enter = lambda: None
    assert not told.restore().error
    assert owners(told) == {**AT_HOME, "fill04": "NODE4", "app02": there}
    assert told.ledger.content["state"] == "restored"


def test_a_plan_that_was_agreed_on_is_carried_out() -> None:
    told = story()
    plan = told.evacuate(helpers=1, check=True).plan
    outcome = told.evacuate(plan=dict(plan))
    assert not outcome.error
    assert owners(told) == ASIDE
    told.ledger.content = None  # of what was done, nothing but the plan is known
    again = told.evacuate(plan=dict(plan))
    assert not again.error
    assert [one["code"] for one in again.plan["revalidation"]] == ["moved", "moved"]
    assert not told.restore().error
    assert owners(told) == AT_HOME


def test_a_second_one_steps_aside_where_a_move_fails_later() -> None:
    """The node for which the first made room refuses the VM, and the other one has room when another VM is gone."""
    picky = vm("big", memory_mb=36_000, migration=migration(fails_at=50, fails_towards="NODE2"))
    told = story(vms=[picky, *CROWDED_VMS[1:], vm("fill04", owner="NODE4", memory_mb=28_500)], nodes=NODES4)
    outcome = told.evacuate(helpers=2)
    assert not outcome.error
    aside = [one["vm"]["name"] for one in outcome.moves if one["helper"]]
    assert (len(aside), owners(told)["big"] in ("NODE3", "NODE4")) == (2, True)
    short = watched(told)
    assert not told.restore().error
    assert (owners(told), short) == ({**AT_HOME, "fill04": "NODE4"}, [])


def test_an_evacuation_that_fails_later_leaves_a_way_home() -> None:
    stuck = vm("big", memory_mb=36_000, migration=migration(fails_at=50))
    told = story(vms=[stuck, *CROWDED_VMS[1:]])
    outcome = told.evacuate(helpers=1)
    assert "big (NODE1 -> NODE2)" in outcome.error
    assert "Stepped aside: app02 (NODE2 -> NODE3)" in outcome.error
    assert (owners(told), told.node1) == ({**AT_HOME, "app02": "NODE3"}, "up")
    assert not told.restore().error
    assert owners(told) == AT_HOME


def test_a_roll_leaves_each_vm_where_it_was() -> None:
    """NODE2, whose VM stepped aside for NODE1, is the next one."""
    told = Story(scenario(nodes=NODES4, vms=WIDER), home="NODE4")
    begun = owners(told)
    for name in ("NODE1", "NODE2", "NODE3"):
        told.node, told.ledger = name, MemoryLedger()
        assert not told.evacuate(helpers=2).error, name
        assert name not in owners(told).values()
        assert not told.restore().error, name
        assert owners(told) == begun, name


def test_its_own_node_may_be_next_before_it_is_home() -> None:
    """Its node is paused when NODE1 is filled again, is filled itself, and gets it with the next restore of NODE1."""
    told = story()
    told.evacuate(helpers=1)
    of_node1 = told.ledger
    happens(told, pause="NODE2")
    told.restore()
    happens(told, resume="NODE2")
    told.node, told.ledger = "NODE2", MemoryLedger()
    told.simulated.home = "NODE3"
    assert not told.evacuate().error
    assert not told.restore().error
    assert owners(told)["app02"] == "NODE3"
    told.node, told.ledger = "NODE1", of_node1
    assert not told.restore().error
    assert (owners(told), of_node1.content["state"]) == (AT_HOME, "restored")


def test_one_that_steps_aside_again_keeps_its_first_home() -> None:
    move: LeavingVm = {**leaving("A", source="NODE2", destination="NODE3"), "helper": True}
    first = start_ledger(None, "NODE1", None, [move], NOW)
    first = record_outcomes(first, [record("A", destination="NODE3")], NOW, [])
    onward: LeavingVm = {**move, "source_host": "NODE3", "destination_host": "NODE4", "state": "paused"}
    (entry,) = start_ledger(first, "NODE1", None, [onward], NOW)["vms"]
    assert (entry["source_host"], entry["destination_host"], entry["state"]) == ("NODE2", "NODE4", "running")
    elsewhere: LeavingVm = {**onward, "source_host": "NODE5"}
    (entry,) = start_ledger(first, "NODE1", None, [elsewhere], NOW)["vms"]
    assert entry["source_host"] == "NODE5", "somebody moved it there"


def test_a_vm_of_the_node_that_steps_aside_later_belongs_to_the_node() -> None:
    first = record_outcomes(start_ledger(None, "NODE1", None, [leaving("A")], NOW), [record("A")], NOW, [])
    onward: LeavingVm = {**leaving("A", source="NODE2", destination="NODE3"), "helper": True}
    (entry,) = start_ledger(first, "NODE1", None, [onward], NOW)["vms"]
    assert (entry["source_host"], entry["helper"]) == ("NODE1", False)


EVERY = 17  # requests between two at which a run is interrupted


@pytest.mark.parametrize("error", [CutOff, KeyboardInterrupt, Gone])
def test_what_is_interrupted_goes_on_and_comes_home(error: type[BaseException]) -> None:
    told = story()
    count = requests(told)
    told.evacuate(helpers=1)
    for index in range(len(error.__name__) % EVERY, count[0], EVERY):
        told = story()
        requests(told, index, error)
        with contextlib.suppress(error):
            told.evacuate(helpers=1)
        told.simulated.lose = lambda node, request: ""
        again = told.evacuate(helpers=1)
        assert again.error == "", index
        assert owners(told) == ASIDE, index
        back = told.restore()
        assert back.error == "", index
        assert owners(told) == AT_HOME, index
        assert told.simulated.migrations("app02") == 2, index


@pytest.mark.parametrize("error", [CutOff, KeyboardInterrupt])
def test_a_way_home_that_is_interrupted_goes_on(error: type[BaseException]) -> None:
    told = story()
    told.evacuate(helpers=1)
    count = requests(told)
    told.restore()
    for index in range(3, count[0], EVERY):
        told = story()
        told.evacuate(helpers=1)
        requests(told, index, error)
        with contextlib.suppress(error):
            told.restore()
        told.simulated.lose = lambda node, request: ""
        assert told.restore().error == "", index
        assert owners(told) == AT_HOME, index
        assert told.ledger.content["state"] == "restored", index


def requests(told: Story, index: int = -1, error: type[BaseException] = CutOff) -> list[int]:
    """Return how many requests are sent from now on; the one of an index raises an error."""
    count = [0]

    def lose(node: str, request: bytes) -> str:
        count[0] += 1
        if count[0] - 1 == index:
            raise error
        return ""

    told.simulated.lose = lose
    return count
