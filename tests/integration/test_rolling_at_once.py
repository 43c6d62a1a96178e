# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rolling maintenances in which two nodes are away at once, with real ansible-playbook."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.integration.rolls import FAILED, Roll, worked_on
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

SCENARIO = pathlib.Path(__file__).with_name("rolling.yml")
NODES = [f"NODE{number}" for number in range(1, 7)]


def given(count: int) -> str:
    """Return the scenario of the other stories with so many nodes."""
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    scenario["nodes"][0]["count"] = count
    scenario["vms"][0] |= {"count": 2 * count, "owner": NODES[:count]}
    return str(yaml.safe_dump(scenario))


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    path = folder / "six.yml"
    path.write_text(given(6), encoding="utf-8")
    with running_cluster(path, folder) as cluster:
        yield cluster


@pytest.fixture
def roll(cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path) -> Roll:
    return Roll(ansible, tmp_path, rolling_maintenance_at_once=2)


def away_together(roll: Roll) -> list[list[str]]:
    """Return the nodes that had their turns at the same time, as the state notes it."""
    found: list[list[str]] = []
    for node in roll.nodes().values():
        if node.get("together") and node["together"] not in found:
            found.append(node["together"])
    return found


def test_two_nodes_are_away_at_once_and_one_that_fails_stops_the_roll_after_the_other_is_back(
    cluster: RunningCluster, roll: Roll
) -> None:
    owners = cluster.owners()

    first = roll(broken="NODE4")

    assert first.code == FAILED, first.text
    assert worked_on(first) == ["NODE1", "NODE2", "NODE3"]
    assert roll.phases() == {**dict.fromkeys(NODES[:3], "done"), "NODE4": "evacuated", "NODE5": "", "NODE6": ""}
    assert cluster.node_states() == {**dict.fromkeys(NODES, "up"), "NODE4": "paused"}
    assert "The rolling maintenance stops at NODE4" in first.text
    assert "NODE3 is done." in first.text
    assert away_together(roll) == [NODES[:2], NODES[2:4]]

    second = roll()

    assert second.code == 0, second.text
    assert sorted(worked_on(second)) == NODES[3:]
    assert "The rolling maintenance is finished." in second.text
    assert set(roll.phases().values()) == {"done"}
    assert cluster.owners() == owners
    assert set(cluster.node_states().values()) == {"up"}
    assert cluster.migrations() == dict.fromkeys(owners, 2)
