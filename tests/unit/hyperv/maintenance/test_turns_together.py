# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes that have their turns together, with their steps interleaved on the manual clock, killed and resumed."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turn import Turn
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.turns_together import TurnsTogether
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import LayoutName
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import Phase

from tests.support.rolling_states import HOSTS, a_state
from tests.support.rolls_at_once import Failed, Roll
from tests.support.scenarios import ClusterSpec, migration, node, scenario, vm
from tests.support.several_clients import Killed

NODES = [f"NODE{number}" for number in range(1, 7)]
SIX = scenario(
    [node(name, memory_mb=65536) for name in NODES],
    [vm(f"web{number:02}", owner=NODES[number % 6], memory_mb=8192) for number in range(12)],
)


def asked(*phases: Phase) -> list[Turn]:
    state = a_state(*phases)
    return [Turn(host, f"NODE{number}", HOSTS, state, False, False) for number, host in enumerate(HOSTS, 1)]


class TestWhich:
    @pytest.mark.parametrize(
        ("phases", "taken", "waiting"),
        [
            (("", "", ""), [0, 1, 2], []),
            (("done", "", ""), [1, 2], []),
            (("begun", "", ""), [0], [1, 2]),
            (("", "evacuated", "begun"), [1, 2], [0]),
            (("restarting", "worked", ""), [1], [0, 2]),
            (("worked", "worked", "done"), [0, 1], []),
        ],
    )
    def test_what_was_begun_goes_first_and_what_only_returns_before_that(
        self, phases: tuple[Phase, ...], taken: list[int], waiting: list[int]
    ) -> None:
        found = TurnsTogether.of(asked(*phases), 3)
        assert found.hosts == [HOSTS[place] for place in taken]
        assert list(found.waiting) == [HOSTS[place] for place in waiting]

    def test_nodes_that_are_done_have_nothing_to_do(self) -> None:
        found = TurnsTogether.of(asked("done", "done", "done"), 3)
        assert (found.nodes, found.waiting) == ([], ())

    def test_one_host_is_taken_as_it_is(self) -> None:
        found = TurnsTogether.of(asked("evacuated")[1:2], 2)
        assert (found.hosts, found.first.together, found.waiting) == ([HOSTS[1]], (), ())

    def test_no_node_is_begun_where_one_of_this_run_is_not_done(self) -> None:
        turns = asked("done", "", "")[1:]
        TurnsTogether.of(turns, 2).refuse_after_failure(HOSTS[:1])
        with pytest.raises(HyperVError, match=r"NODE2, NODE3 are not begun, because n1\.example \(evacuated\) had its"):
            TurnsTogether.of(asked("evacuated", "", "")[1:], 2).refuse_after_failure(HOSTS[:1])
        TurnsTogether.of(asked("evacuated", "begun", "")[1:2], 2).refuse_after_failure(HOSTS[:1])


@pytest.mark.parametrize(("layout", "seed"), [("keep", 1), ("any", 2)])
def test_two_nodes_at_once_from_the_first_to_the_last(tmp_path: pathlib.Path, layout: LayoutName, seed: int) -> None:
    roll = Roll(SIX, tmp_path, NODES, layout=layout, seed=seed)
    before = roll.owners

    roll.run()

    assert roll.together == [NODES[:2], NODES[2:4], NODES[4:]]
    assert set(roll.phases.values()) == {"done"}
    assert set(roll.node_states.values()) == {"up"}
    counts = [roll.simulated.migrations(name) for name in before]
    if layout == "keep":
        assert roll.owners == before
        assert set(counts) == {2}
    else:
        assert sum(counts) < 1.5 * len(counts)
        assert not {"NODE5", "NODE6"} & set(roll.owners.values())


@pytest.mark.parametrize(("layout", "after"), [("keep", 3), ("keep", 40), ("any", 90), ("keep", 130)])
def test_killed_at_any_moment_the_same_command_goes_on_with_the_same_nodes(
    tmp_path: pathlib.Path, layout: LayoutName, after: float
) -> None:
    roll = Roll(SIX, tmp_path, NODES, layout=layout, seed=int(after))
    before = roll.owners
    roll.simulated.kill_at = after
    with pytest.raises(Killed):
        roll.run()
    left_open = [host for host, phase in roll.phases.items() if phase not in ("", "done")]
    roll.simulated.kill_at, killed = None, len(roll.together)

    roll.run()

    assert set(roll.phases.values()) == {"done"}
    assert set(roll.node_states.values()) == {"up"}
    if left_open:
        assert set(roll.together[killed]) <= set(left_open)
    if layout == "keep":
        assert roll.owners == before


def test_where_one_fails_the_other_gets_its_vms_back_and_no_node_is_begun(tmp_path: pathlib.Path) -> None:
    roll = Roll(SIX, tmp_path, NODES, failing={"NODE1"})
    before = roll.owners

    with pytest.raises(Failed, match="the tasks on NODE1 failed"):
        roll.run()

    assert roll.phases == {"NODE1": "evacuated", "NODE2": "done", **dict.fromkeys(NODES[2:], "")}
    assert roll.node_states == {"NODE1": "paused", **dict.fromkeys(NODES[1:], "up")}
    assert {name: node for name, node in roll.owners.items() if before[name] == "NODE2"} == {
        name: node for name, node in before.items() if node == "NODE2"
    }

    roll.failing = set()
    roll.run()

    assert roll.together == [NODES[:2], ["NODE1"], NODES[2:4], NODES[4:]]
    assert roll.owners == before
    assert set(roll.phases.values()) == {"done"}


def test_both_fail_and_both_go_on(tmp_path: pathlib.Path) -> None:
    roll = Roll(SIX, tmp_path, NODES, failing={"NODE1", "NODE2"})
    with pytest.raises(Failed):
        roll.run()
    assert list(roll.phases.values()) == ["evacuated", "evacuated", "", "", "", ""]
    roll.failing = set()
    roll.run()
    assert roll.together[1] == NODES[:2]
    assert set(roll.node_states.values()) == {"up"}


def test_nodes_without_room_for_both_wait_for_one_another(tmp_path: pathlib.Path) -> None:
    full = scenario(
        [node(name, memory_mb=65536) for name in NODES],
        [vm(f"web{number:02}", owner=NODES[number % 6], memory_mb=10000) for number in range(24)],
    )
    roll = Roll(full, tmp_path, NODES)
    before = roll.owners
    roll.run()
    assert roll.together == [[name] for name in NODES]
    assert any("are not away together: no plan was found that empties them together" in line for line in roll.lines)
    assert roll.owners == before


def test_a_smaller_number_goes_on_with_what_a_larger_one_has_begun(tmp_path: pathlib.Path) -> None:
    roll = Roll(SIX, tmp_path, NODES, failing={"NODE1", "NODE2"})
    before = roll.owners
    with pytest.raises(Failed):
        roll.run()
    roll.failing, roll.at_once = set(), 1
    roll.run()
    assert roll.together == [NODES[:2], *([name] for name in NODES)]
    assert roll.owners == before


@pytest.mark.parametrize("seed", range(2))
def test_what_is_planned_again_takes_no_memory_that_the_other_one_needs(tmp_path: pathlib.Path, seed: int) -> None:
    """Each node has VMs whose moves to NODE3 fail; what is left of the others is enough for all of them together."""
    fails = migration(fails_at=50, fails_towards="NODE3")
    vms = [
        vm(f"{node.lower()}-{number}", owner=node, memory_mb=8000, migration=fails)
        for node in ("NODE1", "NODE2")
        for number in range(3)
    ]
    others = [vm(f"old{number}", owner=f"NODE{number}", memory_mb=20000) for number in (3, 4, 5, 6)]
    roll = Roll(scenario([node(name, memory_mb=65536) for name in NODES], [*vms, *others]), tmp_path, NODES, seed=seed)
    used: list[int] = []

    def look(node_: str, request: bytes) -> str:
        memory: dict[str, int] = {}
        for one in roll.simulated.server.state()["vms"]:
            memory[one["owner"]] = memory.get(one["owner"], 0) + (20000 if one["name"].startswith("old") else 8000)
        used.append(max(memory.values()))
        return ""

    roll.simulated.lose = look
    roll._take(NODES[:2])

    assert roll.together == [NODES[:2]]
    assert [roll.phases[name] for name in NODES[:2]] == ["done", "done"]
    assert max(used) <= 0.9 * 65536


def watch_the_balancer(roll: Roll) -> list[str]:
    """Return a list to which nodes are added that are away while the balancer is on."""
    world, acting = roll.simulated.server.world, list[str]()

    def look(node_: str, request: bytes) -> str:
        away = [name for name, one in world.nodes.items() if one.state == "paused"]
        acting.extend(away if world.auto_balancer_mode else ())
        return ""

    roll.simulated.lose = look
    return acting


@pytest.mark.parametrize("seed", range(3))
def test_the_balancer_is_off_while_any_of_them_is_away(tmp_path: pathlib.Path, seed: int) -> None:
    roll = Roll(SIX, tmp_path, NODES, layout="any", seed=seed, balancer_off=True, failing={"NODE1"})
    acting, world = watch_the_balancer(roll), roll.simulated.server.world

    with pytest.raises(Failed, match="the tasks on NODE1 failed"):
        roll.run()
    assert (acting, world.auto_balancer_mode) == ([], 0)
    assert "The balancer of the cluster stays off until NODE1 got the VMs back as well." in " ".join(roll.lines)

    roll.failing = set()
    roll.run()
    assert (acting, world.auto_balancer_mode) == ([], 2)


@pytest.mark.parametrize("seed", range(4))
def test_an_evacuation_that_fails_leaves_the_balancer_off_for_the_other_one(tmp_path: pathlib.Path, seed: int) -> None:
    fails = vm("fails", owner="NODE1", memory_mb=8192, migration=migration(fails_at=50))
    given = scenario([node(name, memory_mb=65536) for name in NODES], [fails, vm("web", owner="NODE2")])
    roll = Roll(given, tmp_path, NODES, balancer_off=True, seed=seed)
    acting = watch_the_balancer(roll)
    with pytest.raises(Failed, match=r"could not be moved from NODE1"):
        roll.run()
    assert roll.phases["NODE2"] == "done"
    assert (acting, roll.simulated.server.world.auto_balancer_mode) == ([], 2)


@pytest.mark.parametrize("seed", range(4))
def test_vms_that_keep_apart_are_planned_again_to_different_nodes(tmp_path: pathlib.Path, seed: int) -> None:
    """The first move of each fails, and of the nodes that are left the same one is the emptiest for both."""
    once = migration(fails_at=50, fail_times=1)
    vms = [
        vm(f"dc{number}", owner=f"NODE{number}", memory_mb=8192, anti_affinity=("dc",), migration=once)
        for number in (1, 2)
    ]
    others = [vm(f"old{number}", owner=f"NODE{number}", memory_mb=8192 * (number - 2)) for number in (3, 4, 5, 6)]
    given = scenario(
        [node(name, memory_mb=65536) for name in NODES], [*vms, *others], cluster=ClusterSpec(enforced_anti_affinity=1)
    )
    roll = Roll(given, tmp_path, NODES, layout="any", seed=seed)

    roll._take(NODES[:2])

    assert [roll.phases[name] for name in NODES[:2]] == ["done", "done"]
    assert roll.owners["dc1"] != roll.owners["dc2"]
