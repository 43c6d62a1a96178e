# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans of clusters whose nodes are asked side by side: the same as if one were asked after the other."""

from __future__ import annotations

import collections
import threading

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster import cluster as one_after_the_other
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster import long_lists, side_by_side
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.snapshot import Snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.taking_snapshots import take_snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.support.scenarios import node, scenario, vm
from tests.support.simulated import Simulated

NODES = [f"NODE{number}" for number in range(1, 9)]
_PATIENCE = 30.0  # seconds


def simulated() -> Simulated:
    vms = [
        vm(f"web{number:02}", owner=NODES[number % 2], memory_mb=512, possible_owners=tuple(NODES[: 2 + number % 7]))
        for number in range(50)
    ]
    return Simulated(scenario([node(name) for name in NODES], vms))


class Doors:
    """Connects to the nodes of a simulated cluster, of which NODE3 does not answer."""

    def __init__(self, one: Simulated) -> None:
        self.tried: collections.Counter[str] = collections.Counter()
        self.cluster = Cluster(self._connect, one)
        self._simulated = one

    def _connect(self, name: str | None) -> Session:
        self.tried[name or ""] += 1
        if name == "NODE3":
            raise Unreachable("NODE3 does not answer")
        return self.cluster.home if name == "NODE1" else self._simulated._connect(name)


def snapshot_of(one: Simulated) -> Snapshot:
    return take_snapshot(one.cluster, "NODE1", ())


def test_a_plan_reads_the_same_in_as_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    beside, alone = simulated(), simulated()
    found = snapshot_of(beside)
    assert {name for name, count in beside.sent.items() if count}.issuperset(NODES)
    for module in (one_after_the_other, long_lists, side_by_side):
        monkeypatch.setattr(module, "NODES_ONE_BY_ONE", len(NODES))
    assert found == snapshot_of(alone)
    assert len(beside.requests) == len(alone.requests)


def test_free_memory_is_read_after_the_list_of_vms() -> None:
    """A VM on its way would else be neither in the memory nor among those that are coming."""
    one = simulated()
    snapshot_of(one)
    requests = [request for unused, request in one.requests]
    listed = [at for at, request in enumerate(requests) if b"HyperVCluster" in request and b"Replica" not in request]
    memory = [at for at, request in enumerate(requests) if b"FreePhysicalMemory" in request]
    assert len(listed) == 2
    assert len(memory) == len(NODES) - 1
    assert max(listed) < min(memory)


def test_nodes_are_logged_in_to_while_the_vms_are_listed() -> None:
    """The last login waits for the list: nobody would get on, were the list read once all are logged in to."""
    one = simulated()
    listed = threading.Event()
    waited: list[bool] = []
    open_session = one._connect

    def connect(name: str | None) -> Session:
        if name == NODES[-1]:
            waited.append(listed.wait(_PATIENCE))
        return open_session(name)

    def lose(unused: str, request: bytes) -> str:
        if b"FROM Msvm_SummaryInformation" in request:
            listed.set()
        return ""

    one.cluster = Cluster(connect, one)
    one.lose = lose
    assert len(snapshot_of(one).destinations) == len(NODES) - 1
    assert waited == [True]


def test_a_node_that_does_not_answer_is_logged_in_to_once() -> None:
    doors = Doors(simulated())
    found = take_snapshot(doors.cluster, "NODE1", ())
    assert doors.tried["NODE3"] == 1
    assert "NODE3 does not answer" in found.unusable["node3"]
    assert [one.name for one in found.destinations] == [name for name in NODES if name not in ("NODE1", "NODE3")]


def test_a_node_that_does_not_answer_takes_no_vms_of_any_other() -> None:
    whole = read_whole_cluster(Doors(simulated()).cluster)
    assert {one.node.name: one.unusable for one in whole.nodes if one.unusable}.keys() == {"NODE3"}
