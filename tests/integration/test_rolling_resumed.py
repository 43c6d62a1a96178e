# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rolling maintenance whose ansible-playbook is killed in each phase of a node, and run again.

Each layout in each phase is in ``tests/unit/test_rolls_resumed.py``, in process.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator

import pytest

from tests.integration.commands import Ansible
from tests.integration.rolls import Roll
from tests.running_cluster import RunningCluster, running_cluster

pytestmark = pytest.mark.long

SCENARIO = pathlib.Path(__file__).with_name("rolling.yml")
NODES = ["NODE1", "NODE2", "NODE3", "NODE4"]
PHASES = ["begun", "evacuated", "restarting", "worked"]
"""While the node is emptied, in the user's work, while it restarts, and while VMs return."""
FROM = {phase: (*PHASES[place:], "done") for place, phase in enumerate(PHASES)}


@pytest.fixture(scope="module")
def simulator(folder: pathlib.Path) -> Iterator[RunningCluster]:
    with running_cluster(SCENARIO, folder) as cluster:
        yield cluster


def has_reached(node: str, phase: str) -> Callable[[dict[str, str]], bool]:
    """Return what tells whether a node has a phase behind it: who looks seldom may find the next one."""
    return lambda phases: phases.get(node) in FROM[phase]


def test_killed_in_each_phase_the_same_command_goes_on_to_the_end(
    cluster: RunningCluster, ansible: Ansible, tmp_path: pathlib.Path
) -> None:
    roll = Roll(
        ansible,
        tmp_path,
        rolling_maintenance_layout="balanced",
        rolling_maintenance_home=["db*"],
        rolling_maintenance_restart=True,
    )
    before = cluster.owners()
    for phase in PHASES:
        roll.killed_when(has_reached("NODE1", phase))
        assert roll.phases()["NODE1"] in FROM[phase]
        assert [name for name, state in cluster.node_states().items() if state != "up"] in (["NODE1"], [])
    roll.killed_when(has_reached("NODE4", "worked"))  # its VMs return, and then memory is evened out
    assert [roll.phases()[node] for node in NODES[:3]] == ["done"] * 3
    assert roll.phases()["NODE4"] in FROM["worked"]

    last = roll()

    assert last.code == 0, last.text
    assert set(roll.phases().values()) == {"done"}
    assert set(cluster.node_states().values()) == {"up"}
    restarts = [node["restarts_requested"] for node in cluster.state()["nodes"]]
    assert restarts[0] in (1, 2)  # nobody saw whether the first one had begun
    assert restarts[1:] == [1] * 3
    owners = cluster.owners()
    assert {name: node for name, node in owners.items() if name.startswith("db")} == {
        name: node for name, node in before.items() if name.startswith("db")
    }
    assert {vm["name"]: vm["state"] for vm in cluster.state()["vms"]} == {
        **dict.fromkeys(owners, "running"),
        "test01": "off",
    }
