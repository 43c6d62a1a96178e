# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The balancer of the cluster is switched off while a node is empty, and put back as it was."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.plan_table import evacuation_table

from tests.support.maintenance import Gone, Story
from tests.support.scenarios import ClusterSpec, migration, node, scenario, vm

NODES = [node(f"NODE{number}", windows=2022) for number in range(1, 4)]
PUT = b"http://schemas.xmlsoap.org/ws/2004/09/transfer/Put"


def a_story(mode: t.Literal[0, 1, 2] = 2, *, fails: bool = False, **switches: t.Any) -> Story:
    web = vm("web01", migration=migration(fails_at=10)) if fails else vm("web01")
    return Story(scenario(NODES, [web], cluster=ClusterSpec(auto_balancer_mode=mode)), **switches)


def mode(story: Story) -> int:
    return int(story.simulated.server.state()["auto_balancer_mode"])


def noted(story: Story) -> int | None:
    assert story.ledger.content is not None
    return story.ledger.content["balancer"]


@pytest.mark.parametrize("put_takes", ["changed_properties", "whole_instance"])
@pytest.mark.parametrize("found", [1, 2])
def test_it_is_off_until_the_vms_are_back(found: t.Literal[1, 2], put_takes: str) -> None:
    story = a_story(found, put_takes=put_takes)

    evacuation = story.evacuate(balancer_off=True)
    empty = (evacuation.error, mode(story), noted(story))
    restoration = story.restore()

    assert empty == ("", 0, found)
    assert f"AutoBalancerMode was {found}" in evacuation.note
    assert (restoration.error, mode(story), noted(story)) == ("", found, None)


def test_it_is_left_alone_unless_that_is_wished() -> None:
    story = a_story()

    evacuation = story.evacuate()

    assert (evacuation.error, mode(story), noted(story)) == ("", 2, None)
    assert any("balances its VMs by itself" in note for note in evacuation.plan["notes"])
    assert not [request for _node, request in story.simulated.requests if PUT in request]


def test_one_that_is_off_is_not_switched_on_afterwards() -> None:
    story = a_story(0)

    story.evacuate(balancer_off=True)
    story.restore()

    assert mode(story) == 0


def test_what_somebody_has_set_meanwhile_stays() -> None:
    story = a_story(2)
    story.evacuate(balancer_off=True)
    story.simulated.server.world.auto_balancer_mode = 1

    story.restore()

    assert (mode(story), noted(story)) == (1, None)


def test_a_refusal_is_told_and_nothing_else_changes() -> None:
    story = a_story(put_takes="nothing")

    outcome = story.evacuate(balancer_off=True)

    assert "AutoBalancerMode of the cluster could not be set to 0." in outcome.error
    assert "(Get-Cluster).AutoBalancerMode = 0" in outcome.error
    assert (mode(story), story.node1, story.simulated.owner("web01")) == (2, "up", "NODE1")
    assert (story.simulated.called("Pause"), outcome.moves) == ([], [])


def test_an_evacuation_that_fails_puts_it_back() -> None:
    story = a_story(fails=True)

    outcome = story.evacuate(balancer_off=True)

    assert (bool(outcome.error), mode(story), noted(story)) == (True, 2, None)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_looked_after(when: str) -> None:
    story = a_story()
    lost: list[bytes] = []

    def lose(node: str, request: bytes) -> str:
        if PUT in request and not lost:
            lost.append(request)
            return when
        return ""

    story.simulated.lose = lose

    outcome = story.evacuate(balancer_off=True)

    assert (mode(story), bool(outcome.error)) == ((0, False) if when == "after" else (2, True))
    waiting = "Waiting 60 s at most until the cluster shows AutoBalancerMode 0."
    assert story.lines.count(waiting) == (0 if when == "after" else 1)


@pytest.mark.parametrize("again", ["evacuate", "restore"])
def test_a_rerun_after_a_kill_puts_it_back(again: str) -> None:
    story = a_story()

    def die(node: str, request: bytes) -> str:
        if b"Pause" in request:
            raise Gone
        return ""

    story.simulated.lose = die
    with pytest.raises(Gone):
        story.evacuate(balancer_off=True)
    story.simulated.lose = lambda node, request: ""
    killed = (mode(story), noted(story))

    if again == "evacuate":
        story.evacuate()
    story.restore()

    assert killed == (0, 2)
    assert (mode(story), noted(story)) == (2, None)


def test_a_restoration_that_cannot_put_it_back_says_so_and_another_one_does() -> None:
    story = a_story()
    story.evacuate(balancer_off=True)
    story.simulated.lose = lambda node, request: "before" if PUT in request else ""

    failed = story.restore()
    story.simulated.lose = lambda node, request: ""
    again = story.restore()

    assert "The balancer of the cluster is not as it was" in failed.error
    assert story.simulated.owner("web01") == "NODE1"
    assert (again.error, mode(story), noted(story)) == ("", 2, None)


LONG = 2500.0  # seconds: the balancer looks twice an hour
LIMIT = 4000


def a_full_story(**switches: t.Any) -> Story:
    """Return a cluster whose NODE2 is too full for the balancer, while NODE1 takes longer than half an hour."""
    nodes = [node(f"NODE{number}", memory_mb=65536, windows=2022) for number in range(1, 5)]
    vms = [
        vm("slow", memory_mb=2048, migration=migration(seconds=LONG)),
        vm("web01", memory_mb=2048),
        vm("full01", owner="NODE2", memory_mb=30_000),
        vm("full02", owner="NODE2", memory_mb=20_000),
    ]
    cluster = ClusterSpec(auto_balancer_level=3)
    return Story(scenario(nodes, vms, cluster=cluster), "NODE3", **{"balancer_acts": "joins", **switches})


def test_an_evacuation_ends_right_while_the_balancer_moves_vms_and_tells_of_it() -> None:
    story = a_full_story()

    evacuation = story.evacuate(timeout=LIMIT)

    assert evacuation.error == ""
    assert story.vms["full01"][0] != "NODE2", "the balancer has acted"
    assert {owner for owner, unused in story.vms.values()}.isdisjoint({"NODE1"})
    assert any("balances its VMs by itself" in note for note in evacuation.plan["notes"])
    assert {one["vm"]["name"]: one["outcome"] for one in evacuation.moves} == {"slow": "moved", "web01": "moved"}


def test_a_balancer_that_is_switched_off_moves_nothing_until_it_is_put_back() -> None:
    story = a_full_story(balancer_acts="resumes_too")

    evacuation = story.evacuate(balancer_off=True, timeout=LIMIT)
    meanwhile = (evacuation.error, mode(story), story.vms["full01"][0])
    restoration = story.restore(timeout=LIMIT)
    story.simulated.pause(2 * 3600)
    story.simulated.server.world.look()

    assert meanwhile == ("", 0, "NODE2")
    assert (restoration.error, mode(story)) == ("", 2)
    assert (story.vms["slow"][0], story.vms["web01"][0]) == ("NODE1", "NODE1")
    assert story.vms["full01"][0] != "NODE2", "it acts again"


def test_a_balancer_that_a_killed_evacuation_switched_off_is_quiet_and_is_put_back_by_those_that_follow() -> None:
    story = a_full_story()

    def die_while_it_moves(unused: str, request: bytes) -> str:
        if story.simulated.server.world.machines[slow].job is not None:
            raise Gone
        return ""

    slow = next(one.id for one in story.simulated.server.world.machines.values() if one.name == "slow")
    story.simulated.lose = die_while_it_moves
    with pytest.raises(Gone):
        story.evacuate(balancer_off=True, timeout=LIMIT)
    after_kill = mode(story)
    story.simulated.lose = lambda unused, request: ""
    story.simulated.pause(2000)

    evacuation = story.evacuate(balancer_off=True, timeout=LIMIT)
    quiet = story.vms["full01"][0]
    restoration = story.restore(timeout=LIMIT)

    assert (after_kill, evacuation.error, quiet) == (0, "", "NODE2")
    assert (restoration.error, mode(story), noted(story)) == ("", 2, None)


@pytest.mark.parametrize("lag", [0.0, 20.0])
def test_a_restoration_ends_right_although_the_balancer_acts_as_soon_as_the_node_is_back(lag: float) -> None:
    story = a_full_story(balancer_acts="resumes_too", owner_lag_seconds=lag)
    story.simulated.server.world.auto_balancer_mode = 1  # not twice an hour

    story.evacuate(timeout=LIMIT)
    restoration = story.restore(timeout=LIMIT)

    assert restoration.error == ""
    assert story.vms["full01"][0] != "NODE2", "the balancer has acted"
    assert (story.vms["slow"][0], story.vms["web01"][0], story.node1) == ("NODE1", "NODE1", "up")


def test_what_an_earlier_plan_said_of_the_balancer_is_not_said_again() -> None:
    plan = plan_evacuation(a_story().simulated.cluster, EvacuationRequest("NODE1"))

    assert any("balances its VMs" in line for line in evacuation_table(plan))
    assert not any("balances its VMs" in line for line in evacuation_table(plan, notes_shown=True))
