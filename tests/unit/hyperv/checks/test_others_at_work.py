# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who else is at work in a cluster, asked of the simulated one."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.cluster_health import read_health
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.others_at_work import find_others_at_work
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation import plan_evacuation
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)

from tests.simulator.scenario import ClusterSpec
from tests.support.scenarios import node, role, scenario
from tests.support.simulated import Simulated

# The balancer is there since 2016.
NODES = [node("NODE1", windows=2016), node("NODE2", windows=2016)]
QUIET: dict[str, t.Any] = {"auto_balancer_mode": 0}


def a_cluster(**properties: t.Any) -> Simulated:
    return Simulated(scenario(NODES, cluster=ClusterSpec(**properties)), "NODE2")


@pytest.mark.parametrize(
    ("properties", "code", "said"),
    [
        ({"auto_balancer_mode": 1}, "balancer_on", "above 80 % of memory or CPU when a node joins."),
        (
            {"auto_balancer_mode": 2, "auto_balancer_level": 3},
            "balancer_on",
            "above 60 % of memory or CPU when a node joins and every 30 minutes.",
        ),
        (QUIET | {"backup_in_progress": 1}, "cluster_backup_running", "A backup of the cluster's configuration"),
        (QUIET | {"drain_on_shutdown": 0}, "no_drain_on_shutdown", "DrainOnShutdown is 0"),
    ],
)
def test_what_else_may_move_vms_is_told_beforehand_and_stops_nothing(
    properties: dict[str, t.Any], code: str, said: str
) -> None:
    simulated = a_cluster(**properties)

    (finding,) = find_others_at_work(simulated.cluster, ())
    health = read_health(simulated.cluster, "NODE1", ())
    plan = plan_evacuation(simulated.cluster, EvacuationRequest("NODE1"))

    assert (finding.code, said in finding.message, bool(finding.remedy)) == (code, True, True)
    assert (health.findings, health.notes) == ((), (finding,))
    assert (plan.infeasibility, finding.text in plan.as_result()["notes"]) == (None, True)


def test_a_cluster_of_its_own_tells_nothing() -> None:
    assert not list(find_others_at_work(a_cluster(**QUIET).cluster, ()))


def test_a_host_without_a_cluster_has_nobody_else() -> None:
    simulated = Simulated(scenario([node("NODE1", member=False)]), "NODE1")

    assert not list(find_others_at_work(simulated.cluster, ()))


def test_a_role_that_updates_nodes_by_itself_is_told() -> None:
    given = scenario(NODES, cluster=ClusterSpec(**QUIET), roles=[role("CAUHVC1", "updating", owner="NODE2")])
    simulated = Simulated(given, "NODE2")

    health = read_health(simulated.cluster, "NODE1", ())

    assert [(one.code, one.subject, one.severity) for one in health.notes] == [("updating_role", "CAUHVC1", "warning")]
    assert health.findings == ()
