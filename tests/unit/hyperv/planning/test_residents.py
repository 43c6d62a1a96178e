# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs are on a node, when Hyper-V and the cluster do not say the same, and what is counted for them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.action.hyperv_cluster_node_info import ActionModule
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.strategies import Strategy
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.usecases.vm_listing import list_vms

from tests.support.requests import without
from tests.support.simulated import Simulated

LAGS = pytest.mark.parametrize("who", ["summary", "cluster"])


def moved(who: str) -> Simulated:
    """Return a cluster in which web01 has just left NODE1 for NODE2, and ``who`` has not noticed."""
    simulated = Simulated(owner_lag_seconds=60, owner_lag_in=who)
    (run,) = simulated.runs(("web01", "NODE2"))
    simulated.scheduler().start(run)
    while simulated.owner("web01") != "NODE2":
        simulated.pause(1)
    return simulated


def plan(simulated: Simulated, node: str = "NODE1", **wish: t.Any) -> dict[str, t.Any]:
    return plan_evacuation(simulated.cluster, EvacuationRequest(node, **wish)).as_result()


def places(result: dict[str, t.Any]) -> dict[str, str]:
    return {one["name"]: one["destination_host"] for one in result["moves"]}


def names(simulated: Simulated, node: str) -> list[str]:
    return [row["name"] for row in list_vms(simulated.cluster, node=node)]


def counts(simulated: Simulated) -> dict[str, tuple[int, int]]:
    result = ActionModule.perform(None, simulated.cluster, {"name": None})
    return {node["name"]: (node["vm_count"], node["running_vm_count"]) for node in result["nodes"]}


@LAGS
def test_a_vm_is_on_both_nodes_until_hyperv_and_the_cluster_agree(who: str) -> None:
    simulated = moved(who)
    assert names(simulated, "NODE1") == ["web01", "web02"]
    assert names(simulated, "NODE2") == ["web01"]
    assert counts(simulated) == {"NODE1": (2, 2), "NODE2": (1, 1), "NODE3": (0, 0)}
    simulated.pause(61)
    assert names(simulated, "NODE1") == ["web02"]
    assert counts(simulated) == {"NODE1": (1, 1), "NODE2": (1, 1), "NODE3": (0, 0)}


@LAGS
def test_a_node_is_not_empty_while_either_says_that_a_vm_is_there(who: str) -> None:
    simulated = moved(who)
    assert set(places(plan(simulated))) == {"web01", "web02"}
    simulated.pause(61)
    assert set(places(plan(simulated))) == {"web02"}


def test_a_vm_that_has_left_for_hyperv_alone_is_planned_to_where_it_is() -> None:
    result = plan(moved("cluster"))
    assert places(result)["web01"] == "NODE2"
    told = "web01 is on NODE2, says Hyper-V; on NODE1, says the cluster. It counts as bound for NODE2."
    assert told in result["notes"]


def test_a_plan_does_not_undo_what_the_cluster_has_not_seen_yet() -> None:
    simulated = moved("cluster")
    result = plan(simulated, destinations=("NODE3",))
    assert "web01" not in places(result)
    assert "NODE2 is not among the destinations" in next(one["message"] for one in result["stays"])


def test_where_hyperv_tells_no_owner_the_clusters_word_counts() -> None:
    simulated = Simulated()
    simulated.alter = without("HostComputerSystemName")
    assert names(simulated, "NODE1") == ["web01", "web02"]
    assert names(simulated, "NODE2") == []
    assert counts(simulated) == {"NODE1": (2, 2), "NODE2": (0, 0), "NODE3": (0, 0)}
    assert set(places(plan(simulated))) == {"web01", "web02"}
    assert plan(simulated, "NODE2")["moves"] == []


def test_a_running_vm_whose_memory_is_not_told_is_not_planned_as_if_it_had_none() -> None:
    simulated = Simulated()
    simulated.alter = without("MemoryUsage")
    result = plan(simulated)
    assert (result["feasible"], result["moves"]) == (False, [])
    assert {(one["subject"], one["code"], one["severity"]) for one in result["findings"]} == {
        ("web01", "memory", "error"),
        ("web02", "memory", "error"),
    }
    assert "strategy migrate" in result["stays"][0]["remedy"]


def test_a_vm_whose_memory_is_not_told_is_planned_where_the_user_insists() -> None:
    simulated = Simulated()
    simulated.alter = without("MemoryUsage")
    result = plan(simulated, strategies=(Strategy("web01", "migrate"), Strategy("web02", "shutdown")))
    assert set(places(result)) == {"web01", "web02"}
    assert [(one["subject"], one["code"], one["severity"]) for one in result["findings"]] == [
        ("web01", "memory", "warning")
    ]


def test_a_vm_that_is_off_needs_no_memory() -> None:
    text = "nodes: [{name: NODE1}, {name: NODE2}]\nvms: [{name: web01, owner: NODE1, state: 'off'}]\n"
    simulated = Simulated(text)
    simulated.alter = without("MemoryUsage")
    assert places(plan(simulated)) == {"web01": "NODE2"}
