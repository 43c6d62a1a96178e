# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What speaks against emptying the next node while the one before it gets its VMs back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import find_node, read_nodes
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.early_evacuation import why_not_early
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.restoration_plan import (
    Home,
    RestorationPlan,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.file_names import NOBODY

from tests.support.scenarios import NODES, scenario, vm
from tests.support.simulated import Simulated

NOW = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.timezone.utc)
PAUSED = "It is paused, and not by this rolling maintenance. Somebody else may be at work on it."


def why(
    *,
    came_from: str = "NODE3",
    state: t.Literal["up", "paused"] = "up",
    by: dt.datetime | None = None,
    is_ours: bool = False,
) -> str:
    nodes = [dataclasses.replace(one, state=state) if one.name == "NODE2" else one for one in NODES]
    cluster = Simulated(scenario(nodes, [vm("web01", owner="NODE3")]), home="NODE3").cluster
    move: t.Any = {"name": "web01", "source_host": came_from, "destination_host": "NODE1"}
    home = Home(find_node(cluster, read_nodes(cluster), "NODE1"), NOBODY)
    plan = RestorationPlan(home, (move,), (), (), (), ())
    return why_not_early(cluster, plan, "NODE2", (), by, NOW, is_ours=is_ours)


def test_nothing_speaks_against_a_healthy_cluster() -> None:
    assert why() == ""
    assert why(by=NOW) == ""


@pytest.mark.parametrize(("is_ours", "text"), [(False, PAUSED), (True, "")])
def test_a_node_that_somebody_else_has_paused_is_left_to_its_turn(is_ours: bool, text: str) -> None:
    assert why(state="paused", is_ours=is_ours) == text


def test_a_vm_that_comes_back_from_it_or_a_time_that_is_over() -> None:
    assert why(came_from="node2.corp.example") == "VMs come back from it, or go home to it: web01."
    assert why(by=NOW - dt.timedelta(seconds=1)).startswith("It would not be back in time")
