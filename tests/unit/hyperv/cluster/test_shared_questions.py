# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many questions about the cluster: who is asked, and that answers are those of the task's host."""

from __future__ import annotations

import collections
import threading

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster import owners
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.groups import VmGroup
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.owners import read_owners
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.patience import (
    PAIRS_FOR_A_CALL,
    QUESTIONS_ONE_BY_ONE,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable

from tests.support.requests import calls
from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

NODES = ("NODE1", "NODE2", "NODE3")
MANY = QUESTIONS_ONE_BY_ONE + 4
WITHIN = 20.0  # seconds


def simulated(logged_in: tuple[str, ...] = ("NODE2", "NODE3")) -> Simulated:
    """Return a cluster whose VMs may be on the first two nodes, or on the last two, in turn."""
    vms = [
        vm(f"web{number:02}", memory_mb=512, possible_owners=NODES[number % 2 : number % 2 + 2])
        for number in range(MANY)
    ]
    found = Simulated(scenario([node(name) for name in NODES], vms))
    for name in logged_in:
        found.cluster.node(name)
    return found


def roles(count: int = MANY) -> dict[str, VmGroup]:
    return {
        f"id{number:02}": VmGroup(f"Virtual Machine web{number:02}", f"web{number:02}", "") for number in range(count)
    }


def possible(one: Simulated, count: int = MANY) -> dict[str, tuple[str, ...]]:
    # So many pairs are expected that no list is asked for.
    each = read_owners(one.cluster, roles(count), expected_pairs=10**6, nodes=NODES)
    return {name: found.possible for name, found in each.items()}


EXPECTED = {f"id{number:02}": NODES[number % 2 : number % 2 + 2] for number in range(MANY)}


def asked(one: Simulated) -> collections.Counter[str]:
    return collections.Counter(one.called("GetPossibleOwners"))


def meet(one: Simulated, nodes: tuple[str, ...]) -> None:
    """Let the first question of each node wait for those of the others."""
    all_of_them, waiting = threading.Barrier(len(nodes), timeout=WITHIN), set(nodes)

    def lose(name: str, request: bytes) -> str:
        if calls("GetPossibleOwners", request) and name in waiting:
            waiting.discard(name)
            all_of_them.wait()
        return ""

    one.lose = lose


def test_nodes_that_are_talked_to_answer_side_by_side() -> None:
    one = simulated()
    meet(one, NODES)
    assert possible(one) == EXPECTED
    assert set(asked(one)) == set(NODES)
    assert asked(one).total() == MANY


def test_no_login_is_taken_for_it() -> None:
    one = simulated(logged_in=("NODE3",))
    meet(one, ("NODE1", "NODE3"))
    assert possible(one) == EXPECTED
    assert set(asked(one)) == {"NODE1", "NODE3"}
    assert "NODE2" not in one.sent


def test_a_few_questions_go_to_the_host_of_the_task() -> None:
    one = simulated()
    assert possible(one, QUESTIONS_ONE_BY_ONE) == dict(list(EXPECTED.items())[:QUESTIONS_ONE_BY_ONE])
    assert set(asked(one)) == {"NODE1"}


@pytest.mark.parametrize("lost", ["down", "before", "after", "unreadable"])
def test_a_node_that_does_not_answer_is_asked_no_more(lost: str) -> None:
    one = simulated(logged_in=("NODE2",))
    both = threading.Barrier(2, timeout=WITHIN)

    def lose(name: str, request: bytes) -> str:
        if not calls("GetPossibleOwners", request):
            return ""
        if asked(one)[name] == 1:
            both.wait()
        return lost if name == "NODE2" and lost != "unreadable" else ""

    def alter(request: bytes, answer: bytes) -> bytes:
        return b"<no>answer</no>" if lost == "unreadable" and b"//NODE2:" in request else answer

    one.lose, one.alter = lose, alter
    assert possible(one) == EXPECTED
    assert asked(one) == {"NODE1": MANY, "NODE2": 1}


def test_the_host_of_the_task_has_the_last_word() -> None:
    one = simulated()
    one.lose = lambda name, request: "down" if calls("GetPossibleOwners", request) else ""
    with pytest.raises(Unreachable, match="NODE1 is down"):
        possible(one)


def test_a_list_that_is_too_long_is_given_up_and_each_vm_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of all pairs of 8,000 VMs and 64 nodes would be 250 MB, and no enumeration of ours goes so far."""
    one = simulated()
    monkeypatch.setattr(owners, "MOST_PAIRS", 1)
    found = read_owners(one.cluster, roles(), nodes=NODES)
    assert {name: each.possible for name, each in found.items()} == EXPECTED
    assert asked(one).total() == MANY


def test_of_a_whole_cluster_with_many_nodes_each_vm_is_asked_for_without_a_list() -> None:
    names = [f"NODE{number}" for number in range(1, PAIRS_FOR_A_CALL + 2)]
    one = Simulated(scenario([node(name) for name in names], [vm("web01"), vm("web02", owner="NODE2")]))
    whole = read_whole_cluster(one.cluster)
    assert {each.possible for each in whole.snapshot.owners.values()} == {tuple(names)}
    assert asked(one).total() == 2
    assert not any("MSCluster_ResourceToPossibleOwner" in request.decode() for unused, request in one.requests)
