# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Storage Spaces Direct has against taking a node away, asked of the simulated cluster."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.cluster_health import Health, read_health
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.health_gate import HealthGate

from tests.support.requests import queried_classes
from tests.support.scenarios import StorageSpec, node, scenario
from tests.support.simulated import Simulated

# Storage Spaces Direct is there since 2016.
NODES = [node(f"NODE{number}", windows=2016) for number in range(1, 5)]
DISKS = "MSFT_PhysicalDisk"


def a_cluster(kind: t.Literal["san", "smb", "spaces_direct"] = "spaces_direct", **storage: t.Any) -> Simulated:
    return Simulated(scenario(NODES, storage=StorageSpec(kind=kind, **storage)), "NODE2")


def look(simulated: Simulated, *ignore: str) -> Health:
    return read_health(simulated.cluster, "NODE1", ignore)


def codes(health: Health) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in health.findings]


def away(simulated: Simulated, name: str = "NODE3", seconds: float = 60) -> None:
    """Let a node be down for a while, so that its disks are outdated when it is back."""
    world = simulated.server.world
    world.drains.lose(world.nodes[name])
    simulated.pause(seconds)
    world.look()
    world.nodes[name].enter("up")


def test_mirrors_that_are_whole_speak_against_nothing() -> None:
    health = look(a_cluster())

    assert codes(health) == []
    assert health.as_result()["storage"] == {
        "on_the_nodes": True,
        "verdict": "passed",
        "repair_jobs": 0,
        "repair_percent": None,
        "repair_bytes_left": None,
    }


@pytest.mark.parametrize("kind", ["san", "smb"])
def test_storage_elsewhere_is_not_looked_at_and_not_said_to_be_good(kind: t.Literal["san", "smb"]) -> None:
    simulated = a_cluster(kind)

    health = look(simulated)

    assert (codes(health), health.as_result()["storage"]["on_the_nodes"]) == ([], False)
    assert not [name for name in queried_classes(simulated.requests) if name.startswith("MSFT_")]


def test_a_repair_is_waited_for_with_what_is_left_of_it() -> None:
    simulated = a_cluster(repair_seconds=300, repair_delay_seconds=10)
    away(simulated)
    told: list[str] = []

    simulated.pause(10 + 120)
    before = look(simulated)
    after = HealthGate((), 60, 600, 10, told.append).wait(simulated.cluster, "NODE1")

    assert ("storage_repairing", "storage") in codes(before)
    assert {code for code, subject in codes(before)} == {"storage_repairing", "storage_unhealthy"}
    assert before.as_result()["storage"]["repair_percent"] == 40
    assert (codes(after), simulated.server.world.storage.is_whole) == ([], True)
    assert "40 %" in told[0]
    assert len(told) > 5  # each step of the repair is a line


def test_the_moment_before_a_repair_begins_is_no_good_moment_either() -> None:
    simulated = a_cluster(repair_delay_seconds=30)
    away(simulated)

    health = look(simulated)

    assert {subject for code, subject in codes(health)} == {"Volume1", "Volume2", "ClusterPerformanceHistory"}
    assert all(finding.transient and "In Service" in finding.message for finding in health.findings)


@pytest.mark.parametrize("away_job", [True, False])
def test_a_node_that_is_away_makes_its_mirrors_unhealthy(away_job: bool) -> None:
    simulated = a_cluster(away_job=away_job)
    world = simulated.server.world
    world.drains.lose(world.nodes["NODE3"])

    health = look(simulated)

    assert ("node_not_up", "NODE3") in codes(health)
    assert ("storage_unhealthy", "Volume1") in codes(health)
    assert (("storage_repairing", "storage") in codes(health)) is away_job


def test_a_job_that_has_ended_and_is_still_listed_is_no_repair() -> None:
    simulated = a_cluster(repair_seconds=100, repair_delay_seconds=0, ended_jobs_stay_seconds=600)
    away(simulated)

    simulated.pause(200)

    assert codes(look(simulated)) == []


def test_disks_of_other_nodes_count_and_those_of_the_node_that_is_taken_away_do_not() -> None:
    simulated = a_cluster(bad_disks=("NODE1 disk 1", "NODE3 disk 2"))

    (finding,) = look(simulated).findings

    assert (finding.code, finding.subject, finding.transient) == ("storage_unhealthy", "NODE3 disk 2", False)
    assert finding.message == "The disk of NODE3 NODE3 disk 2 is unhealthy (Failed Media)."
    assert codes(look(simulated, "node3 DISK 2")) == []


def test_disks_are_not_listed_while_there_is_something_to_wait_for() -> None:
    simulated = a_cluster(bad_disks=("NODE4 disk 1",))
    away(simulated)

    look(simulated)

    assert DISKS not in queried_classes(simulated.requests)


def test_a_pool_that_is_read_only_is_told() -> None:
    assert codes(look(a_cluster(read_only=True))) == [("storage_read_only", "S2D on HVC1")]


def test_storage_that_cannot_be_read_is_not_taken_for_good() -> None:
    simulated = Simulated(
        scenario(NODES, storage=StorageSpec(kind="spaces_direct")), "NODE2", missing_classes=["MSFT_VirtualDisk"]
    )

    (finding,) = look(simulated).findings

    assert (finding.code, finding.subject) == ("storage_unknown", "NODE2")
    assert "local administrator" in finding.remedy
