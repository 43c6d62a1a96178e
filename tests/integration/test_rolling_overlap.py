# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rolling maintenances in which the next node is emptied while one gets its VMs back, with real ansible-playbook."""

from __future__ import annotations

import datetime as dt
import pathlib
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


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    scenario = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    scenario["nodes"][0]["count"] = len(NODES)
    scenario["vms"][0] |= {"count": 2 * len(NODES), "owner": NODES}
    path = folder / "five.yml"
    path.write_text(str(yaml.safe_dump(scenario)), encoding="utf-8")
    with running_cluster(path, folder) as cluster:
        yield cluster


@pytest.fixture
def roll(cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path) -> Roll:
    return Roll(ansible, tmp_path, rolling_maintenance_overlap=True, rolling_maintenance_restart=True)


def reached(roll: Roll, node: str, phase: str) -> dt.datetime:
    return dt.datetime.fromisoformat(t.cast("str", roll.nodes()[node]["reached"][phase]))


def test_the_next_node_is_emptied_while_one_gets_its_vms_back(cluster: RunningCluster, roll: Roll) -> None:
    owners = cluster.owners()

    answer = roll()

    print(answer.text)
    assert answer.code == 0, answer.text
    assert worked_on(answer) == NODES
    assert cluster.owners() == owners
    assert set(cluster.node_states().values()) == {"up"}
    assert cluster.migrations() == dict.fromkeys(owners, 2)
    for before, after in zip(NODES, NODES[1:], strict=False):
        assert f"{after}: It is emptied while {before} gets its VMs back." in answer.text
        assert reached(roll, before, "worked") <= reached(roll, after, "begun") <= reached(roll, before, "done")
    print(answer.text)
    assert 0


