# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an event source is told of a cluster between two looks, and what it asks for that."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._event_source import ClusterEvents, Ended
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import (
    Node,
    pause_node,
    pick_node,
    read_nodes,
    resume_node,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import LoginRefused

from tests.support.scenarios import Switches, event, migration, node, scenario, vm
from tests.support.simulated import Simulated

FAILING = """
nodes: [{name: NODE1}, {name: NODE2}]
vms:
  - {name: web01, owner: NODE1}
  - {name: broken, owner: NODE1, migration: {fails_at: 60, hresult: 0x8007000E}}
"""


def watched(simulated: Simulated, delay: int = 10) -> ClusterEvents:
    events = ClusterEvents("hvc1", delay, simulated.cluster)
    assert events.look() == []
    return events


def node_of(simulated: Simulated, name: str) -> Node:
    return pick_node(read_nodes(simulated.cluster), name)


def test_the_first_look_and_looks_at_a_cluster_that_rests_tell_nothing() -> None:
    simulated = Simulated()
    simulated.move(("web01", "NODE2"))
    events = watched(simulated)
    assert [events.look() for unused in range(3)] == [[], [], []]


def test_a_node_that_is_paused_and_resumed_is_told_once_each() -> None:
    simulated = Simulated()
    events = watched(simulated)

    pause_node(simulated.cluster, node_of(simulated, "NODE2"))
    (paused,) = events.look()
    assert events.look() == []
    resume_node(simulated.cluster, node_of(simulated, "NODE2"), "none")
    (resumed,) = events.look()

    assert (paused["type"], paused["change"], paused["host"]) == ("node", "paused", "hvc1")
    assert paused["node"] == {
        "name": "NODE2",
        "state": "paused",
        "previous_state": "up",
        "condition": None,
        "previous_condition": None,
    }
    assert (resumed["change"], resumed["node"]["previous_state"]) == ("up", "paused")


def test_a_migration_is_told_when_it_starts_and_when_it_has_succeeded() -> None:
    simulated = Simulated(FAILING)
    events = watched(simulated)
    told = []
    simulated.move(("web01", "NODE2"), report=lambda runs: told.extend(events.look()))
    told += events.look()

    assert [(one["type"], one["change"]) for one in told] == [("migration", "started"), ("migration", "succeeded")]
    assert told[0]["migration"]["vm"]["name"] == "web01"
    assert (told[0]["migration"]["running"], told[1]["migration"]["running"]) == (True, False)
    assert told[1]["migration"]["error"] is None


def test_a_migration_that_failed_between_two_looks_is_told_with_the_reason() -> None:
    simulated = Simulated(FAILING)
    events = watched(simulated)
    simulated.move(("broken", "NODE2"))
    failed = [one for one in events.look() if one["change"] == "failed"]

    assert failed
    assert all(one["migration"]["vm"]["name"] == "broken" for one in failed)
    assert all("memory" in one["migration"]["error"]["message"] for one in failed)
    assert events.look() == []


def test_a_name_keeps_only_letters_that_the_rule_engine_returns_whole() -> None:
    simulated = Simulated(FAILING.replace("name: broken", 'name: "b\\U0001F600roken \u4e2d"'))
    events = watched(simulated)
    (vm_id,) = [one["id"] for one in simulated.server.state()["vms"] if one["name"].startswith("b")]
    simulated.move(("b\U0001f600roken \u4e2d", "NODE2"))
    failed = [one for one in events.look() if one["change"] == "failed"]

    assert failed
    assert {(one["migration"]["vm"]["name"], one["migration"]["vm"]["id"]) for one in failed} == {
        ("b\ufffdroken \u4e2d", vm_id)
    }
    assert all(max(repr(one)) <= "\uffff" for one in failed)


def test_a_migration_whose_end_nobody_saw_is_told_as_vanished() -> None:
    simulated = Simulated(FAILING)
    events = watched(simulated)
    looks: list[list[dict[str, t.Any]]] = []
    simulated.move(("web01", "NODE2"), report=lambda runs: looks.append([] if any(looks) else events.look()))
    simulated.pause(3600)
    (started,) = [one for look in looks for one in look]
    (vanished,) = events.look()
    assert (started["change"], vanished["change"]) == ("started", "vanished")
    assert started["migration"]["id"] == vanished["migration"]["id"]


def test_a_look_takes_two_queries_and_a_third_while_there_are_no_jobs() -> None:
    simulated = Simulated()
    events = watched(simulated)
    simulated.sent.clear()
    events.look()
    assert simulated.sent.total() == 2 + 1 + 2, "the third one is released after its first row"

    simulated.move(("web01", "NODE2"))
    events.look()
    simulated.sent.clear()
    events.look()
    assert simulated.sent.total() == 2 + 1


def test_a_host_that_gives_no_answer_is_an_event_once_and_so_is_its_return_with_what_it_missed() -> None:
    simulated = Simulated()
    events = watched(simulated)
    pause_node(simulated.cluster, node_of(simulated, "NODE2"))

    simulated.lose = lambda node, request: "down"
    looks = [events.look() for unused in range(3)]
    simulated.lose = lambda node, request: ""
    back = events.look()

    assert [[one["change"] for one in look] for look in looks] == [["lost"], [], []]
    assert "is down" in looks[0][0]["message"]
    assert [(one["type"], one["change"]) for one in back] == [("connection", "restored"), ("node", "paused")]


def test_an_answer_that_cannot_be_read_is_no_end_of_the_source() -> None:
    simulated = Simulated()
    events = watched(simulated)
    simulated.garble = lambda request: True
    assert [one["change"] for one in events.look()] == ["lost"]


def test_a_host_that_refuses_is_asked_less_and_less_often_up_to_five_minutes() -> None:
    simulated = Simulated()
    simulated.lose = lambda node, request: "down"
    events = ClusterEvents("hvc1", 10, simulated.cluster)
    waits = []
    for unused in range(20):
        waits.append(events.wait)
        events.look()
    assert waits[:7] == [10, 20, 40, 80, 160, 300, 300]
    assert waits[-1] == 300

    simulated.lose = lambda node, request: ""
    events.look()
    assert events.wait == 10


@pytest.mark.parametrize("looks_before", [0, 2])
def test_a_refused_login_ends_the_source_and_is_not_tried_again(looks_before: int) -> None:
    simulated = Simulated()
    events = ClusterEvents("hvc1", 10, simulated.cluster)
    for unused in range(looks_before):
        events.look()

    def refuse(node: str, request: bytes) -> str:
        raise LoginRefused("hvc1:5985 refused the credentials of user 'operator'.")

    simulated.lose = refuse
    (lost,) = events.look()
    asked = len(simulated.requests)
    words = r"^hyperv\.migration\.hyperv_cluster: hvc1:5985 refused the credentials .* The source ends"
    with pytest.raises(Ended, match=words) as ended:
        assert events.wait
    with pytest.raises(Ended):
        events.look()
    assert len(simulated.requests) == asked
    assert (lost["change"], lost["message"]) == ("lost", str(ended.value))


def test_migrations_are_still_told_after_the_provider_has_moved_to_another_node() -> None:
    given = scenario(
        [node("NODE1"), node("NODE2")],
        [vm("web01"), vm("broken", migration=migration(fails_at=60, hresult=0x8007000E))],
        [event(at=100, core_group="NODE2")],
        switches=Switches(provider_on="core_group"),
    )
    simulated = Simulated(given)
    events = watched(simulated)
    simulated.pause(200)
    assert events.look() == []
    simulated.move(("web01", "NODE2"))
    assert [one["change"] for one in events.look()] == ["succeeded"]


def test_a_cluster_whose_provider_answers_nowhere_is_an_event_once() -> None:
    simulated = Simulated(provider_on="none")
    events = ClusterEvents("hvc1", 10, simulated.cluster)
    (lost,) = events.look()
    assert (lost["type"], lost["change"]) == ("connection", "lost")
    assert "HyperVCluster" in lost["message"]
    assert events.look() == []
