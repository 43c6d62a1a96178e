# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which machine speaks for a task's host that has gone silent, however the inventory lists the nodes."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import read_nodes
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable

from tests.support.actions import carry_out
from tests.unit.connection.simulated_hosts import Network, SimulatedHosts
from tests.unit.connection.sites import ALIASES, BOTH, FULL_NAMES, SAME_NAME, SHORT_NAMES, Open, Site, cluster

ADDRESSES = Site(BOTH, {"cluster_a": ["10.1.0.1", "10.1.0.2"], "cluster_b": ["10.2.0.1", "10.2.0.2"]})
LARGE = Site({"HVA": cluster("HVA", "a.example", *(f"NODE{n}" for n in range(1, 9)))}, {"a": ["node1.a.example"]})


def silenced(hosts: SimulatedHosts, home: str, machine: str) -> Cluster:
    """Return the cluster of a task that has read its nodes, after which the task's host does not answer any more."""
    found = hosts.connections(home).cluster()
    assert read_nodes(found)
    hosts.network.disconnect(machine)
    hosts.network.sent.clear()
    return found


@pytest.mark.parametrize(
    ("site", "home", "machine", "speaker"),
    [
        (FULL_NAMES, "node1.a.example", "HVA/NODE1", "HVA/NODE2"),
        (SAME_NAME, "node1.b.example", "HVB/NODE1", "HVB/NODE2"),
        (SHORT_NAMES, "node1", "HVA/NODE1", "HVA/NODE2"),
        (ALIASES, "siteb-1", "HVB/NODE1", "HVB/NODE2"),
        (ADDRESSES, "10.1.0.1", "HVA/NODE1", "HVA/NODE2"),
        (ADDRESSES, "10.2.0.2", "HVB/NODE2", "HVB/NODE1"),
    ],
)
def test_a_node_of_the_same_cluster_speaks(opened: Open, site: Site, home: str, machine: str, speaker: str) -> None:
    hosts = opened(site)
    found = silenced(hosts, home, machine)
    assert len(read_nodes(found)) == 2
    read = hosts.network.sent[speaker]
    read_nodes(found)
    assert hosts.network.sent[speaker] > read
    assert not hosts.network.changes


@pytest.mark.parametrize("listed", [1, 8])
def test_one_refused_login_ends_the_search(opened: Open, listed: int) -> None:
    site = dataclasses.replace(LARGE, groups={"a": [f"node{number}.a.example" for number in range(1, 1 + listed)]})
    hosts = opened(site)
    found = silenced(hosts, "node1.a.example", "HVA/NODE1")
    others = {f"HVA/NODE{number}" for number in range(2, 9)}
    hosts.network.refusing.update(others)
    for unused in range(3):
        with pytest.raises(Unreachable):
            read_nodes(found)
        found.clock.pause(600)
    assert sum(hosts.network.sent[one] for one in others) == 1


@pytest.mark.parametrize("progress", [True, False])
def test_a_task_without_progress_tells_nothing_of_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch, progress: bool
) -> None:
    network = opened(FULL_NAMES).network
    carry = Network.send

    def send(network: Network, address: str, request: bytes) -> bytes:
        if b"Msvm_" in request:
            network.disconnect("HVA/NODE1")
        return carry(network, address, request)

    monkeypatch.setattr(Network, "send", send)
    network.clusters["HVA"].world.nodes["NODE2"].enter("paused")
    told: list[str] = []
    hosts = FULL_NAMES.groups["cluster_a"]
    with pytest.raises(Unreachable):  # before a restart the task's host itself has to say who it is
        carry_out("hyperv_node_restart", hosts, told=told, check_mode=True, name="NODE2", progress=progress)
    assert ["is asked through NODE2" in line for line in told] == [True] * progress
