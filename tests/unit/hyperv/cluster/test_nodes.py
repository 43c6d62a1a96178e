# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is told when a node does not become what was asked for."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import (
    pause_node,
    pick_node,
    read_named_nodes,
    read_nodes,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError

from tests.simulator.scenario import EventSpec
from tests.support.scenarios import node, scenario
from tests.support.simulated import Simulated


def test_a_node_that_goes_down_before_it_is_paused_is_told_with_what_to_do() -> None:
    simulated = Simulated(home="NODE3")
    subject = pick_node(read_nodes(simulated.cluster), "NODE1")
    simulated.server.world.events.carry_out(EventSpec(down="NODE1"))
    with pytest.raises(HyperVError, match=r"^Node NODE1 is down, so Pause was refused\. Bring it up in the cluster"):
        pause_node(simulated.cluster, subject)


def rows_of_nodes(simulated: Simulated) -> list[str]:
    asked = [request.decode() for unused, request in simulated.requests]
    return [one.partition("MSCluster_Node")[2].partition("<")[0] for one in asked if " FROM MSCluster_Node" in one]


def test_a_node_with_its_own_name_is_asked_for_alone() -> None:
    simulated = Simulated()
    (found,) = read_named_nodes(simulated.cluster, ["Node2.hv.example", "NODE2"])
    assert (found.name, len(simulated.requests)) == ("NODE2", 1)
    assert rows_of_nodes(simulated) == [" WHERE Name = 'node2'"]


@pytest.mark.parametrize("names", [["NODE2", "NODE9"], ["10.0.0.2"], ["NODE2", "' OR Name LIKE '%"], ["NODE 2"]])
def test_all_nodes_are_read_where_a_name_is_not_one_of_theirs(names: list[str]) -> None:
    simulated = Simulated()
    assert read_named_nodes(simulated.cluster, names) == read_nodes(simulated.cluster)
    assert "%" not in "".join(rows_of_nodes(simulated))


def test_a_host_that_stands_alone_has_no_node_of_any_name() -> None:
    simulated = Simulated(scenario([node("NODE1", member=False)], []))
    assert read_named_nodes(simulated.cluster, ["NODE1"]) == []
