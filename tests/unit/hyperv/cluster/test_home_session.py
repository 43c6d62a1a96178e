# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When another node speaks for the task's host, and when not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import CIMV2, Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import (
    pause_node,
    pick_node,
    read_nodes,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import (
    AnswerLost,
    LoginRefused,
    Unreachable,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.wql import Query

from tests.support.maintenance import NODES
from tests.support.requests import calls
from tests.support.scenarios import scenario
from tests.support.simulated import Simulated

COMPUTER = Query("Win32_ComputerSystem", ("Name",))


def cluster_of() -> tuple[Simulated, list[str]]:
    """Return a cluster of three nodes that are known, and what is told from then on."""
    simulated = Simulated(scenario(NODES))
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
    assert len(lines) == 1


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
    with pytest.raises(Unreachable, match="NODE1 did not answer 2 requests in 140 s, and is asked again in "):
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
