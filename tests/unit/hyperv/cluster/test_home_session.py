# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When another node speaks for the task's host, and when not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import CIMV2, Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import (
    pause_node,
    pick_node,
    read_host,
    read_nodes,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.shared_questions import ask_any
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import read_vms
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import (
    AnswerLost,
    LoginRefused,
    NoAnswer,
    Unreachable,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

from tests.support.maintenance import NODES
from tests.support.requests import calls
from tests.support.scenarios import Scenario, node, scenario, vm
from tests.support.simulated import Simulated

COMPUTER = Query("Win32_ComputerSystem", ("Name",))


def cluster_of(given: Scenario | None = None) -> tuple[Simulated, list[str]]:
    """Return a cluster, of three nodes unless another is given, that are known, and what is told from then on."""
    simulated = Simulated(given or scenario(NODES))
    lines: list[str] = []
    simulated.cluster = Cluster(simulated._connect, simulated, tell=lines.append)
    read_nodes(simulated.cluster)
    return simulated, lines


def losing(node: str, how: str, times: int = 1_000) -> Callable[[str, bytes], str]:
    left = [times]

    def lose(asked: str, request: bytes) -> str:
        if asked != node or not left[0]:
            return ""
        left[0] -= 1
        return how

    return lose


@pytest.mark.parametrize("how", ["down", "silent", "hangs", "before"])
def test_another_node_answers_for_a_silent_host(how: str) -> None:
    simulated, lines = cluster_of()
    simulated.lose = losing("NODE1", how)
    assert len(read_nodes(simulated.cluster)) == 3
    (line,) = lines
    assert line.startswith("NODE1 does not answer: ")
    assert line.endswith(". The cluster is asked through NODE2 from now on.")
    sent = simulated.sent["NODE1"]
    read_nodes(simulated.cluster)
    assert simulated.sent["NODE1"] == sent, "it is not waited for again"


def test_one_broken_connection_is_no_silence() -> None:
    simulated, lines = cluster_of()
    simulated.lose = losing("NODE1", "before", times=1)
    assert len(read_nodes(simulated.cluster)) == 3
    assert lines == []


def test_the_host_itself_is_still_the_one_that_is_asked_for_by_its_name() -> None:
    simulated, unused = cluster_of()
    assert simulated.cluster.identity.computer.name == "NODE1"
    simulated.lose = losing("NODE1", "down")
    read_nodes(simulated.cluster)
    with pytest.raises(Unreachable):
        simulated.cluster.node("NODE1").query(CIMV2, COMPUTER)
    assert simulated.cluster.identity.computer.name == "NODE1"
    assert simulated.cluster.is_home(simulated.cluster.node("NODE2"))
    assert not simulated.cluster.is_home(simulated.cluster.node("NODE1"))


def test_a_call_whose_answer_was_lost_is_not_made_again() -> None:
    simulated, lines = cluster_of()
    simulated.lose = lambda node, request: "hangs" if calls("Pause", request) else ""
    node = pick_node(read_nodes(simulated.cluster), "NODE2")
    with pytest.raises(Exception, match="NODE2 is up 60 s after Pause, not paused"):
        pause_node(simulated.cluster, node)
    assert simulated.called("Pause") == ["NODE1"]
    assert ["is asked through NODE2" in line for line in lines] == [True, False]
    assert lines[1] == "NODE2 is up. Waiting 60 s at most until it is paused."


def test_a_call_that_did_not_arrive_is_made_elsewhere() -> None:
    simulated, unused = cluster_of()
    simulated.lose = losing("NODE1", "silent")
    node = pick_node(read_nodes(simulated.cluster), "NODE2")
    assert pause_node(simulated.cluster, node).state == "paused"


def test_a_request_that_nobody_answers_is_handed_on_once() -> None:
    simulated, lines = cluster_of()
    simulated.lose = lambda node, request: "down" if b"MSCluster_ResourceGroup" in request else ""
    with pytest.raises(Unreachable):
        simulated.cluster.query_cluster(Query("MSCluster_ResourceGroup", ("Name",)))
    assert len(lines) == 1


def test_a_refused_login_is_tried_nowhere_else() -> None:
    simulated, lines = cluster_of()

    def refuse(node: str, request: bytes) -> str:
        raise LoginRefused(f"{node} refused user and password.")

    simulated.lose = refuse
    with pytest.raises(LoginRefused):
        read_nodes(simulated.cluster)
    assert set(simulated.sent) == {"NODE1"}
    assert lines == []


def test_nodes_that_are_down_or_paused_are_asked_last() -> None:
    simulated, lines = cluster_of()
    pause_node(simulated.cluster, pick_node(read_nodes(simulated.cluster), "NODE2"))
    simulated.lose = losing("NODE1", "down")
    read_nodes(simulated.cluster)
    assert lines[0].endswith("through NODE3 from now on.")


def test_where_nobody_answers_that_is_told_and_the_hosts_are_left_alone_for_a_while() -> None:
    simulated, lines = cluster_of()
    simulated.lose = lambda node, request: "hangs"
    for unused in range(2):
        with pytest.raises((AnswerLost, Unreachable)):
            read_nodes(simulated.cluster)
    assert lines
    assert all("Nor does any of NODE2, NODE3 answer for the cluster." in line for line in lines)
    sent, began = simulated.sent.total(), simulated.now()
    with pytest.raises(Unreachable, match="NODE1 did not answer 2 requests in 140 s, so it was not asked once more"):
        read_nodes(simulated.cluster)
    assert (simulated.sent.total(), simulated.now()) == (sent, began)
    simulated.pause(600)
    simulated.lose = lambda node, request: ""
    assert len(read_nodes(simulated.cluster)) == 3


def test_a_host_without_a_cluster_has_nobody_to_speak_for_it() -> None:
    simulated = Simulated("nodes: [{name: NODE1, member: false}, {name: NODE2, member: false}]")
    simulated.cluster.query_cluster_if_any(Query("MSCluster_Node", ("Name",)))
    simulated.lose = losing("NODE1", "down")
    with pytest.raises(Unreachable):
        simulated.cluster.home.query(CIMV2, COMPUTER)
    assert set(simulated.sent) == {"NODE1"}


def test_no_more_logins_are_tried_once_another_node_has_refused_one() -> None:
    """The password may have been changed since the task's host took it, and each refusal counts."""
    simulated, lines = cluster_of(scenario([node(f"NODE{number}") for number in range(1, 9)]))

    def lose(asked: str, request: bytes) -> str:
        if asked != "NODE1":
            raise LoginRefused(f"{asked} refused user and password.")
        return "silent"

    simulated.lose = lose
    for unused in range(3):
        with pytest.raises(Unreachable, match="NODE1"):
            read_nodes(simulated.cluster)
        simulated.pause(600)
    assert sum(simulated.sent[f"NODE{number}"] for number in range(2, 9)) == 1
    (line,) = lines
    assert "NODE2 refuses the login, so no other node is asked" in line


def test_a_search_among_many_silent_nodes_ends_and_goes_on_with_the_others_next_time() -> None:
    simulated, lines = cluster_of(scenario([node(f"NODE{number}") for number in range(1, 33)]))
    everybody_but_the_last = {f"NODE{number}" for number in range(1, 32)}
    simulated.lose = lambda asked, request: "silent" if asked in everybody_but_the_last else ""
    found = 0
    while not found:
        began = simulated.now()
        with contextlib.suppress(NoAnswer):
            found = len(read_nodes(simulated.cluster))
        assert simulated.now() - began <= 30 + 180 + 30
        simulated.pause(60)
    assert found == 32
    assert lines[-1].endswith("The cluster is asked through NODE32 from now on.")
    assert not any("NODE5," in line for line in lines[1:]), "it was asked in the first search"


def test_a_node_that_was_cut_off_from_the_others_does_not_speak_for_them() -> None:
    simulated, lines = cluster_of()
    simulated.lose = losing("NODE1", "down")
    there = simulated.server.world.nodes["NODE2"]
    there.enter("joining")
    there.booted_at = simulated.now()
    assert len(read_nodes(simulated.cluster)) == 3
    assert lines[0].endswith("through NODE3 from now on.")


def test_a_node_that_has_joined_another_cluster_does_not_speak_for_this_one() -> None:
    simulated, unused = cluster_of(scenario(NODES[:2]))
    other = Simulated(scenario([node("NODE2"), node("OTHER1"), node("OTHER2")]))
    simulated.lose = losing("NODE1", "down")
    simulated.alter = lambda request, answer: other.server.endpoint("NODE2").handle(request).body
    with pytest.raises(Unreachable):
        read_nodes(simulated.cluster)


def test_what_only_the_host_knows_of_itself_is_never_asked_of_who_speaks_for_it() -> None:
    simulated, unused = cluster_of()
    name = read_host(simulated.cluster, None).name
    assert simulated.cluster.is_home(simulated.cluster.node(name))
    simulated.lose = losing("NODE1", "down")
    read_nodes(simulated.cluster)
    with pytest.raises(Unreachable):
        simulated.cluster.node(name).query(CIMV2, COMPUTER)


@pytest.mark.parametrize("gone", ["NODE1", "NODE2"])
def test_many_questions_are_answered_although_one_of_those_that_share_them_is_silent(gone: str) -> None:
    simulated, unused = cluster_of()
    for one in NODES:
        assert simulated.cluster.node(one.name).query(CIMV2, COMPUTER)
    simulated.lose = losing(gone, "hangs")
    with pytest.raises(AnswerLost):
        simulated.cluster.node(gone).query(CIMV2, COMPUTER)
    names = [one.name for one in NODES]
    answers = ask_any(simulated.cluster, names, range(20), lambda session, unused: session.query(CIMV2, COMPUTER))
    assert len(answers) == 20


def test_a_host_is_asked_at_least_every_five_minutes_however_long_it_is_silent() -> None:
    """An event source asks for days, and notices soon that the host is back."""
    simulated = Simulated("nodes: [{name: NODE1, member: false}, {name: NODE2, member: false}]")
    simulated.lose = losing("NODE1", "silent")
    for unused in range(100):
        with pytest.raises(Unreachable):
            simulated.cluster.home.query(CIMV2, COMPUTER)
        simulated.pause(300)
    simulated.lose = lambda asked, request: ""
    assert simulated.cluster.home.query(CIMV2, COMPUTER)


def test_a_namespace_that_the_node_that_speaks_does_not_have_is_looked_for_on_the_others() -> None:
    simulated, unused = cluster_of(scenario(NODES, [vm("web01", owner="NODE2")]))
    assert read_vms(simulated.cluster)
    bare = Simulated("nodes: [{name: NODE2, member: false}]")

    def alter(request: bytes, answer: bytes) -> bytes:
        is_without = simulated.requests[-1][0] == "NODE2" and b"HyperVCluster" in request
        return bare.server.endpoint("NODE2").handle(request).body if is_without else answer

    simulated.alter = alter
    simulated.lose = losing("NODE1", "silent")
    assert len(read_nodes(simulated.cluster)) == 3
    assert [one.name for one in read_vms(simulated.cluster)] == ["web01"]
    assert simulated.cluster.hyperv.node == "NODE3"
