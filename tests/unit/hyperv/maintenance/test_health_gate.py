# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a rolling maintenance waits for a cluster, on the manual clock."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.health_gate import HealthGate

from tests.support.scenarios import NODES, StorageSpec, event, node, scenario, vm, with_nodes, with_windows
from tests.support.simulated import Simulated


def gate(
    told: list[str], timeout: float = 300, interval: float = 10, ignore: tuple[str, ...] = (), for_storage: float = 7200
) -> HealthGate:
    return HealthGate(ignore, timeout, for_storage, interval, told.append)


def test_a_healthy_cluster_is_not_waited_for() -> None:
    simulated, told = Simulated(scenario()), list[str]()
    assert not gate(told).wait(simulated.cluster, "NODE1").findings
    assert (simulated.pauses, told) == ([], [])


def test_it_waits_until_the_cluster_is_healthy_and_says_once_what_for() -> None:
    paused = with_nodes(scenario(events=[event(45, resume="NODE2")]), node("NODE2", state="paused"))
    simulated, told = Simulated(paused), list[str]()
    assert not gate(told).wait(simulated.cluster, "NODE1").findings
    assert simulated.pauses == [10.0] * 5
    assert told == [
        "Waiting for the cluster, 300 s at most: Node NODE2 is paused. Resume it (hyperv_cluster_node with "
        "state=active), or finish its maintenance (restore_node)."
    ]


@pytest.mark.parametrize(("timeout", "waits"), [(0, []), (25, [10.0, 10.0, 5.0])])
def test_it_gives_up_in_time_with_what_is_wrong(timeout: float, waits: list[float]) -> None:
    simulated = Simulated(with_nodes(scenario(), node("NODE2", state="paused")))
    health = gate([], timeout).wait(simulated.cluster, "NODE1")
    assert [finding.subject for finding in health.findings] == ["NODE2"]
    assert simulated.pauses == waits


def test_it_says_so_when_something_else_is_wrong() -> None:
    given = scenario(
        NODES,
        [vm("web01", owner="NODE2")],
        [event(15, resume="NODE2"), event(15, pause="NODE3")],
    )
    simulated, told = Simulated(with_nodes(given, node("NODE2", state="paused"))), list[str]()
    gate(told, 40).wait(simulated.cluster, "NODE1")
    assert ["NODE2" in told[0], "20 s at most: Node NODE3" in told[1], len(told)] == [True, True, 2]


def test_what_is_ignored_is_not_waited_for() -> None:
    simulated = Simulated(with_nodes(scenario(), node("NODE2", state="paused")))
    assert not gate([], ignore=(" node2 ",)).wait(simulated.cluster, "NODE1").findings
    assert simulated.pauses == []


def repairing(seconds: float, **changed: t.Any) -> Simulated:
    """Return a cluster whose NODE3 has just come back, so that its mirrors are repaired for so long."""
    spec = StorageSpec("spaces_direct", repair_delay_seconds=0, repair_seconds=seconds)
    # Storage Spaces Direct is there since 2016.
    simulated = Simulated(with_windows(scenario(storage=spec, **changed), 2016))
    world = simulated.server.world
    world.drains.lose(world.nodes["NODE3"])
    world.nodes["NODE3"].enter("up")
    return simulated


def test_a_repair_of_storage_has_a_limit_of_its_own() -> None:
    simulated = repairing(3600)

    assert not gate([], timeout=60, interval=60, for_storage=7200).wait(simulated.cluster, "NODE1").findings
    assert simulated.now() >= 3600


def test_a_repair_that_takes_too_long_is_told_with_what_is_left() -> None:
    simulated = repairing(3600)

    health = gate([], timeout=60, interval=60, for_storage=1800).wait(simulated.cluster, "NODE1")

    assert simulated.now() == pytest.approx(1800, abs=1)
    assert "50 %" in health.message


def test_what_else_is_wrong_does_not_get_the_time_of_storage_and_is_not_cut_short_by_it() -> None:
    simulated = repairing(3600, events=[event(3000, pause="NODE2")])

    health = gate([], timeout=60, interval=60, for_storage=7200).wait(simulated.cluster, "NODE1")

    assert "node_not_up" in {finding.code for finding in health.findings}
    assert 3060 <= simulated.now() <= 3130
