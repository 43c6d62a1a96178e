# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rolling maintenances in which two nodes are away at once, with real ansible-playbook."""

from __future__ import annotations

import pathlib
import re
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
    assert sorted(worked_on(first)) == ["NODE1", "NODE2", "NODE3"]
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


def test_a_roll_that_was_killed_while_two_nodes_were_emptied_goes_on_with_both(
    cluster: RunningCluster, roll: Roll
) -> None:
    owners = cluster.owners()

    roll.killed_when(lambda phases: all(phases.get(node) for node in NODES[:2]))

    assert {roll.phases()[node] for node in NODES[:2]} <= {"begun", "evacuated"}
    assert {cluster.node_states()[node] for node in NODES[2:]} == {"up"}

    roll.killed_when(lambda phases: "worked" in phases.values())
    again = roll()

    assert again.code == 0, again.text
    assert set(roll.phases().values()) == {"done"}
    assert cluster.owners() == owners
    assert set(cluster.node_states().values()) == {"up"}
    assert away_together(roll) == [NODES[:2], NODES[2:4], NODES[4:]]


@pytest.mark.parametrize("layout", ["any", "balanced"])
def test_with_each_layout_no_vm_goes_to_a_node_of_its_own_batch(
    cluster: RunningCluster, roll: Roll, layout: str
) -> None:
    rehearsal = roll("--check", rolling_maintenance_layout=layout)
    assert rehearsal.code == 0, rehearsal.text
    assert "Nodes of one number are away together, 2 at most." in rehearsal.text
    assert cluster.migrations() == {}

    answer = roll(rolling_maintenance_layout=layout, rolling_maintenance_restart=True)

    assert answer.code == 0, answer.text
    # Nodes that are away together are told of in any order.
    assert [sorted(worked_on(answer)[at : at + 2]) for at in (0, 2, 4)] == [NODES[:2], NODES[2:4], NODES[4:]]
    assert set(roll.phases().values()) == {"done"}
    assert set(cluster.node_states().values()) == {"up"}
    assert [node["restarts_requested"] for node in cluster.state()["nodes"]] == [1] * 6
    for first, second in (NODES[:2], NODES[2:4], NODES[4:]):
        assert not re.search(rf"{first} -> {second}|{second} -> {first}", answer.text)
    last = {name for name, node in cluster.owners().items() if node in NODES[4:]}
    assert (last != set()) == (layout == "balanced")
    assert sum(cluster.migrations().values()) < 2 * len(cluster.owners())


def test_with_a_planned_order_the_play_takes_the_batches_of_the_plan_after_a_kill_as_well(
    cluster: RunningCluster, roll: Roll
) -> None:
    planned = {"rolling_maintenance_order": "Planned", "rolling_maintenance_layout": "any"}
    rehearsal = roll("--check", **planned)
    assert rehearsal.code == 0, rehearsal.text
    found = re.search(r"The order of the nodes is planned: (.*)\.", rehearsal.text)
    assert found is not None
    batches = [one.split(" with ") for one in found[1].split(", ")]
    assert [len(one) for one in batches] == [2, 2, 2]
    assert batches != [NODES[:2], NODES[2:4], NODES[4:]]  # two of them have more VMs than the others

    roll.killed_when(lambda phases: all(phases.get(node) for node in batches[0]), **planned)
    assert {roll.phases()[node] for node in batches[0]} <= {"begun", "evacuated"}
    again = roll(**planned)

    assert again.code == 0, again.text
    assert f"The order of the nodes is planned: {' with '.join(sorted(batches[0]))}, " in again.text
    assert set(roll.phases().values()) == {"done"}
    assert set(cluster.node_states().values()) == {"up"}
    together = away_together(roll)
    assert len(together) == 3
    assert sorted(batches[0]) in [sorted(one) for one in together]


def test_nodes_that_cannot_be_away_together_wait_for_one_another(tmp_path: pathlib.Path, plugin: str) -> None:
    path, folder = tmp_path / "four.yml", tmp_path / "kept"
    path.write_text(given(4), encoding="utf-8")
    folder.mkdir()

    with running_cluster(path, tmp_path) as cluster:
        roll = Roll(Ansible(tmp_path, cluster.inventory, plugin), folder, rolling_maintenance_at_once="50%")
        answer = roll()
        states, moves = cluster.node_states(), cluster.migrations()

    assert answer.code == 0, answer.text
    assert worked_on(answer) == NODES[:4]
    assert (
        "NODE1, NODE2 are not away together: no majority of the votes would be left. NODE2 waits until NODE1 is done."
    ) in answer.text
    assert set(roll.phases().values()) == {"done"}
    assert away_together(roll) == []
    assert set(states.values()) == {"up"}
    assert set(moves.values()) == {2}


def test_more_hosts_at_once_than_the_user_allows_are_refused(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    play = {
        "hosts": "hyperv_nodes",
        "gather_facts": False,
        "serial": 3,
        "max_fail_percentage": 0,
        "roles": [{"role": "hyperv.migration.rolling_maintenance", "vars": {"rolling_maintenance_at_once": 2}}],
    }
    playbook = tmp_path / "own.yml"
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")

    answer = ansible.run("ansible-playbook", *ansible.sources, str(playbook))

    assert answer.code == FAILED
    assert (
        "NODE1, NODE2, NODE3 are worked on at once, and rolling_maintenance_at_once is 2, which is 2 of 6 nodes"
    ) in answer.text
    assert cluster.migrations() == {}

    free = tmp_path / "free.yml"
    del play["max_fail_percentage"]
    free.write_text(yaml.safe_dump([{**play, "serial": 2, "strategy": "free"}]), encoding="utf-8")
    refused = ansible.run("ansible-playbook", *ansible.sources, str(free))
    assert refused.code == FAILED
    assert "The strategy of the play is free" in refused.text
    assert cluster.migrations() == {}


def test_a_number_that_is_none_is_refused_in_words(cluster: RunningCluster, roll: Roll) -> None:
    answer = roll(rolling_maintenance_at_once="half")
    assert answer.code == FAILED
    assert "rolling_maintenance_at_once is 'half'. Give a number of nodes from 1 on" in answer.text
    assert cluster.migrations() == {}
