# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes to which nothing moves when a node is emptied."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_plan import EvacuationPlan
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.kept_free import KeptFree

from tests.support.scenarios import node, role, scenario, vm
from tests.support.simulated import Simulated

NEXT = KeptFree("node2.corp.example", "NODE2 is emptied next", always=False)
FILLED = KeptFree("NODE2", "NODE2 gets its VMs back")


def planned(*kept_free: KeptFree, memory_mb: int = 49152, helpers: int = 0) -> EvacuationPlan:
    """Return the plan to empty NODE1, with 24 GB on it and NODE2 with the most memory."""
    nodes = [node("NODE1"), node("NODE2", memory_mb=131072), node("NODE3", memory_mb=memory_mb)]
    vms = [*(vm(f"web0{number}", memory_mb=8192) for number in range(3)), vm("aside", owner="NODE3", memory_mb=1024)]
    given = scenario(nodes, vms, roles=[role("FS1", "file_server", "NODE1")])
    request = EvacuationRequest("NODE1", kept_free=kept_free, helpers=helpers)
    return plan_evacuation(Simulated(given, home="NODE3").cluster, request)


@pytest.mark.parametrize("kept_free", [NEXT, FILLED])
def test_nothing_moves_there_where_there_is_another_way(kept_free: KeptFree) -> None:
    plan = planned(kept_free)
    assert plan.infeasibility is None
    assert {one.destination for one in plan.moves} == {"NODE3"}
    assert {node for one in plan.roles.moves for node in one.candidates} == {"NODE3"}
    assert "NODE2" in {one.destination for one in planned().moves}


def test_a_node_that_is_emptied_next_takes_vms_rather_than_that_they_stay() -> None:
    plan = planned(NEXT, memory_mb=16384, helpers=1)
    assert plan.infeasibility is None
    assert "NODE2" in {one.destination for one in plan.moves}
    assert plan.helpers == ()


def test_a_node_that_is_filled_takes_none_and_the_refusal_says_so() -> None:
    plan = planned(FILLED, memory_mb=16384)
    assert plan.infeasibility is not None
    assert {one.destination for one in plan.moves} <= {"NODE3"}


def test_of_two_nodes_the_one_that_is_filled_stays_free() -> None:
    plan = planned(FILLED, KeptFree("NODE3", "NODE3 is emptied next", always=False))
    assert plan.infeasibility is None
    assert {one.destination for one in plan.moves} == {"NODE3"}
