# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rolling maintenances in which the next node is emptied while one gets its VMs back, with real ansible-playbook."""

from __future__ import annotations

import datetime as dt
import itertools
import pathlib
import re
import typing as t
from collections.abc import Iterator

import pytest
import yaml

from tests.integration.commands import Ansible
from tests.integration.rolls import FAILED, Roll, worked_on
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

SCENARIO = pathlib.Path(__file__).with_name("rolling.yml")
NODES = [f"NODE{number}" for number in range(1, 6)]
OVERLAP = {"rolling_maintenance_overlap": True, "restore_node_retries": 0}


def given(**changes: dict[str, t.Any]) -> str:
    """Return the scenario of the other stories with five nodes; ``changes`` are of a VM that runs on NODE1, by name."""
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    scenario["nodes"][0]["count"] = len(NODES)
    scenario["vms"][0] |= {"count": 2 * len(NODES), "owner": NODES}
    if changes:
        scenario["vms"][1] = {"name": "db02", "owner": "NODE3", "memory_mb": 4096}
        scenario["vms"] += [{"owner": "NODE1", "memory_mb": 4096, "name": name, **one} for name, one in changes.items()]
    return str(yaml.safe_dump(scenario))


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    (folder / "five.yml").write_text(given(), encoding="utf-8")
    with running_cluster(folder / "five.yml", folder) as cluster:
        yield cluster


@pytest.fixture
def roll(cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path) -> Roll:
    return Roll(ansible, tmp_path, **OVERLAP, rolling_maintenance_restart=True)


def reached(roll: Roll, node: str, phase: str) -> dt.datetime:
    return dt.datetime.fromisoformat(t.cast("str", roll.nodes()[node]["reached"][phase]))


def test_the_next_node_is_emptied_while_one_gets_its_vms_back(cluster: RunningCluster, roll: Roll) -> None:
    owners = cluster.owners()

    answer = roll()

    assert answer.code == 0, answer.text
    assert worked_on(answer) == NODES
    assert cluster.owners() == owners
    assert set(cluster.node_states().values()) == {"up"}
    assert cluster.migrations() == dict.fromkeys(owners, 2)
    for before, after in itertools.pairwise(NODES):
        assert f"{after}: It is emptied while {before} gets its VMs back." in answer.text
        assert re.search(rf"^{before}: .* -> {before} moved", answer.text, re.MULTILINE)
        assert reached(roll, before, "worked") <= reached(roll, after, "begun") <= reached(roll, before, "done")
    assert "26 of 26 moves of 13 VMs made." in answer.text


def test_where_a_vm_cannot_come_back_the_next_node_is_told_of_and_the_same_command_goes_on_with_both(
    plugin: str, tmp_path: pathlib.Path
) -> None:
    stuck = given(db01={"migration": {"fails_at": 50, "fails_towards": "NODE1", "fail_times": 1}})
    (tmp_path / "stuck.yml").write_text(stuck, encoding="utf-8")
    with running_cluster(tmp_path / "stuck.yml", tmp_path) as cluster:
        (tmp_path / "run").mkdir()
        roll = Roll(Ansible(tmp_path, cluster.inventory, plugin), tmp_path / "run", **OVERLAP)
        owners = cluster.owners()

        first = roll()

        assert first.code == FAILED, first.text
        assert worked_on(first) == ["NODE1"]
        assert roll.phases() == {"NODE1": "worked", "NODE2": "evacuated", **dict.fromkeys(NODES[2:], "")}
        assert cluster.node_states() == {**dict.fromkeys(NODES, "up"), "NODE2": "paused"}
        assert "NODE2 was begun before its turn, and may be paused: it was evacuated" in first.text
        assert "-e restore_node_name=NODE2" in first.text

        second = roll()

        assert second.code == 0, second.text
        assert worked_on(second) == NODES[1:]
        assert cluster.owners() == owners
        assert set(cluster.node_states().values()) == {"up"}


def test_what_ansibles_time_limit_cuts_off_early_is_given_back_and_evacuated_in_its_own_turn(
    plugin: str, tmp_path: pathlib.Path
) -> None:
    slow = given(slow01={"owner": "NODE2", "migration": {"seconds": 3000}})  # 50 seconds of this machine
    (tmp_path / "slow.yml").write_text(slow, encoding="utf-8")
    with running_cluster(tmp_path / "slow.yml", tmp_path) as cluster:
        (tmp_path / "run").mkdir()
        roll = Roll(Ansible(tmp_path, cluster.inventory, plugin), tmp_path / "run", **OVERLAP)
        owners = cluster.owners()
        roll.environment = {"ANSIBLE_TASK_TIMEOUT": "30", "warns": True}

        first = roll("--limit", "NODE1,NODE2,NODE3")

        assert first.code == FAILED, first.text
        assert "NODE2 was not emptied yet. This task was cut off after 30 s by Ansible's time limit" in first.text
        assert "NODE1 is done. NODE1 done; NODE2 begun; NODE3 not begun." in first.text
        assert worked_on(first) == ["NODE1"]
        assert cluster.node_states() == dict.fromkeys(NODES, "up")

        cluster.wait_until_at_rest()
        roll.environment = {}
        second = roll("--limit", "NODE1,NODE2,NODE3")

        assert second.code == 0, second.text
        assert worked_on(second) == ["NODE2", "NODE3"]
        assert cluster.owners() == owners


def test_killed_while_one_is_filled_and_the_next_is_emptied_the_same_command_goes_on(
    cluster: RunningCluster, roll: Roll
) -> None:
    owners = cluster.owners()

    roll.killed_when(lambda phases: bool(phases.get("NODE2")))

    assert roll.phases()["NODE2"] in ("begun", "evacuated")
    again = roll()

    assert again.code == 0, again.text
    assert set(roll.phases().values()) == {"done"}
    assert cluster.owners() == owners
    assert set(cluster.node_states().values()) == {"up"}


@pytest.mark.parametrize(
    ("option", "value"), [("rolling_maintenance_layout", "any"), ("rolling_maintenance_at_once", 2)]
)
def test_what_does_not_overlap_is_refused_before_anything_is_asked(
    cluster: RunningCluster, roll: Roll, option: str, value: t.Any
) -> None:
    answer = roll(**{option: value})
    assert answer.code == FAILED, answer.text
    assert f"rolling_maintenance_overlap is true, and {option} is {value}." in answer.text
    assert cluster.migrations() == {}


def test_a_node_with_other_options_is_emptied_in_its_own_turn(
    cluster: RunningCluster, roll: Roll, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "others.yml").write_text("all: {hosts: {NODE2: {evacuate_node_attempts: 1}}}\n", encoding="utf-8")
    answer = roll("-i", str(tmp_path / "others.yml"), "--limit", "NODE1,NODE2,NODE3")
    assert answer.code == 0, answer.text
    assert "NODE2 is not emptied before its own turn. evacuate_node_attempts is not the same for both." in answer.text
    assert "NODE3 is not emptied before its own turn. evacuate_node_attempts is not the same for both." in answer.text
    assert roll.phases() == dict.fromkeys(NODES[:3], "done")


def test_a_node_that_would_not_be_back_in_time_is_not_begun_early(cluster: RunningCluster, roll: Roll) -> None:
    answer = roll(rolling_maintenance_stop_at="1s")
    assert answer.code == 0, answer.text
    assert "NODE2: It is emptied in its own turn, and not yet. It would not be back in time" in answer.text
    assert "Stopped in time before NODE2: 1 of 5 nodes are done." in answer.text
    assert roll.phases() == {"NODE1": "done", **dict.fromkeys(NODES[1:], "")}


def test_a_dry_run_empties_no_node_early(cluster: RunningCluster, roll: Roll) -> None:
    answer = roll("--check")
    assert answer.code == 0, answer.text
    assert "It is emptied while" not in answer.text
    assert cluster.migrations() == {}
