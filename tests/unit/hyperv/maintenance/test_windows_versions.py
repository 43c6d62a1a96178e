# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The core stories on hosts of each version of Windows: a move, a lost answer, a refusal, an evacuation and its return.

Whole runs on one version: ``make stories WINDOWS=2016``, and so with any other target.
"""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.checks.cluster_health import read_health

from tests.simulator.host_profiles import PROFILES, Windows
from tests.simulator.scenario_file import CHOSEN_WINDOWS, read_scenario
from tests.simulator.scenario_reader import ScenarioError
from tests.support.maintenance import Story
from tests.support.requests import invokes_migration, lose_first
from tests.support.scenarios import Scenario, as_text, migration, node, scenario, vm
from tests.support.simulated import Simulated

VERSIONS = pytest.mark.parametrize("windows", PROFILES)


def cluster_of(*windows: Windows) -> Scenario:
    """Return three nodes, of the versions in turn, with two VMs on the first."""
    nodes = [node(f"NODE{number + 1}", memory_mb=65536, windows=windows[number % len(windows)]) for number in range(3)]
    return scenario(nodes, [vm("web01", memory_mb=8000), vm("web02", memory_mb=8000)])


@VERSIONS
def test_a_vm_moves_once_also_where_the_answer_is_lost(windows: Windows) -> None:
    simulated = Simulated(cluster_of(windows))
    simulated.lose = lose_first("after", invokes_migration)
    (run,) = simulated.move(("web01", "NODE2"))
    assert run.outcome == "moved"
    assert (simulated.owner("web01"), simulated.migrations("web01")) == ("NODE2", 1)


@VERSIONS
def test_a_move_that_fails_says_why(windows: Windows) -> None:
    given = cluster_of(windows)
    fails = dataclasses.replace(given.vms[0], migration=migration(fails_at=50, hresult=0x8007000E))
    simulated = Simulated(dataclasses.replace(given, vms=(fails, *given.vms[1:])))
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, simulated.owner("web01")) == ("failed", "NODE1")
    assert run.error.hresult == "0x8007000E"


@VERSIONS
def test_a_node_is_emptied_and_filled_again(windows: Windows) -> None:
    story = Story(cluster_of(windows))
    emptied = story.evacuate()
    assert emptied.error == ""
    assert {owner for owner, unused in story.vms.values()} <= {"NODE2", "NODE3"}
    restored = story.restore()
    assert restored.error == ""
    assert {owner for owner, unused in story.vms.values()} == {"NODE1"}


@VERSIONS
def test_affinity_rules_are_read_where_the_version_has_them(windows: Windows) -> None:
    story = Story(cluster_of(windows))
    assert story.evacuate(check=True).error == ""
    asked = [request for unused, request in story.simulated.requests if b"MSCluster_AffinityRule" in request]
    assert asked
    answers = [story.simulated.server.endpoint("NODE2").handle(request).body for request in asked]
    missing = [b"2150858778" in answer or b"2150858752" in answer for answer in answers]
    assert all(missing) if windows < 2022 else not any(missing)


@VERSIONS
def test_the_cluster_is_looked_at(windows: Windows) -> None:
    simulated = Simulated(cluster_of(windows))
    assert read_health(simulated.cluster, "NODE1", ()).findings == ()


def test_versions_may_be_mixed() -> None:
    simulated = Simulated(cluster_of(2022, 2025))
    (run,) = simulated.move(("web01", "NODE2"))
    assert (run.outcome, simulated.owner("web01")) == ("moved", "NODE2")


def test_the_environment_chooses_the_version_of_nodes_that_name_none(monkeypatch: pytest.MonkeyPatch) -> None:
    text = as_text(scenario([node("NODE1"), node("NODE2", windows=2025), node("NODE3", build=17763)]))

    def builds() -> list[int]:
        return [one.windows_build for one in read_scenario(text).nodes]

    monkeypatch.delenv(CHOSEN_WINDOWS, raising=False)
    assert builds() == [20348, 26100, 17763]
    monkeypatch.setenv(CHOSEN_WINDOWS, "2016")
    assert builds() == [14393, 26100, 17763]
    monkeypatch.setenv(CHOSEN_WINDOWS, "2003")
    with pytest.raises(ScenarioError, match="SIMULATED_WINDOWS: '2003' is wrong; allowed: 2012, 2016, 2022, 2025"):
        builds()
