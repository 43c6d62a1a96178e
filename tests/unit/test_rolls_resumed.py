# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rolling maintenances of each layout, one and two nodes at once, that are killed in each phase and run again.

They are worlds like those of ``make worlds``, in which nobody else acts, and its judges look at every moment of them.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

import pytest

from tests.support.scenarios import ClusterSpec, NetworkSpec, migration, node, scenario, vm
from tests.worlds.judge import judge
from tests.worlds.play import Episode, play
from tests.worlds.product import tell
from tests.worlds.world import Layout, Run, RunKind, Step, World

NODES = tuple(f"NODE{number}" for number in range(1, 6))
HOME = "vm1"
SLOW = NetworkSpec(megabytes_per_second=60)
OVERLAP = 0  # one at a time, of which the next one is emptied while one gets its VMs back
AT_ONCE = (1, 2)
LAYOUTS: tuple[Layout, ...] = ("keep", "any", "balanced")
PHASES: tuple[RunKind, ...] = ("turn", "evacuate", "work", "restart", "restore")


def a_world(layout: Layout, at_once: int, *kills: int, **special: t.Any) -> World:
    """Return a rolling maintenance, killed before these requests of one run after the other."""
    given = scenario(
        [node(name, simultaneous_migrations=2) for name in NODES],
        [
            vm(
                f"vm{number}",
                owner=NODES[number % 5],
                memory_mb=2048 * (1 + number % 4),
                **special.get(f"vm{number}", {}),
            )
            for number in range(10)
        ],
        cluster=ClusterSpec(enforced_anti_affinity=1),
    )
    run = Run(
        "roll",
        "",
        nodes=NODES,
        layout=layout,
        at_once=at_once or 1,
        overlap=at_once == OVERLAP,
        home=(HOME,),
        restart=True,
        balancer_off=True,
    )
    steps = tuple(Step(number, request, "kill") for number, request in enumerate(kills))
    return World(f"{layout} {at_once}", given, (run,) * (len(kills) + 1), steps)


@functools.cache
def undisturbed(layout: Layout, at_once: int) -> tuple[Episode, ...]:
    return tuple(play(a_world(layout, at_once), tell))


def request_in(layout: Layout, at_once: int, kind: RunKind, share: float = 0.5, *, last: bool = False) -> int:
    """Return a request in the first part of a kind that sends any, or in the last one, after a share of all of it."""
    parts = [one for one in undisturbed(layout, at_once) if one.run.kind == kind and one.moments]
    within = parts[-1 if last else 0].within
    assert within is not None
    return int(within[0] + share * (within[1] - within[0]))


def ends_well(world: World) -> list[Episode]:
    """Play a world to its end, and return what happened."""
    episodes = play(world, tell)
    assert judge(world, episodes) == []
    assert episodes[-1].told.ending == "well", episodes[-1].told.text
    assert set(episodes[-1].told.phases.values()) == {"done"}
    assert set(episodes[-1].after.nodes.values()) == {"up"}
    return episodes


@pytest.mark.parametrize("at_once", AT_ONCE)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("phase", PHASES)
def test_killed_in_each_phase_the_same_command_goes_on_to_the_end(layout: Layout, at_once: int, phase: RunKind) -> None:
    world = a_world(layout, at_once, request_in(layout, at_once, phase))
    killed = ends_well(world)
    assert [one.told.ending for one in killed if one.run.kind == "roll"] == ["killed", "well"]
    assert killed[-1].after.vms.keys() == killed[0].before.vms.keys()
    if layout == "keep":
        assert [one.owner for one in killed[-1].after.vms.values()] == [
            one.owner for one in killed[0].before.vms.values()
        ]


@pytest.mark.parametrize("at_once", AT_ONCE)
def test_killed_while_memory_is_evened_out(at_once: int) -> None:
    last = request_in("balanced", at_once, "refill", last=True)
    episodes = ends_well(a_world("balanced", at_once, last))
    owners = {one.owner for one in episodes[-1].after.vms.values()}
    assert NODES[-1] in owners


@pytest.mark.parametrize("layout", LAYOUTS)
def test_killed_again_and_again(layout: Layout) -> None:
    kills = [request_in(layout, 2, phase) for phase in ("evacuate", "work", "restore")]
    ends_well(a_world(layout, 2, *kills, kills[0]))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_batch_is_killed_when_one_node_has_its_vms_and_the_other_has_not(layout: Layout) -> None:
    first, second = [one.within for one in undisturbed(layout, 2) if one.run.kind == "restore"][:2]
    assert first is not None
    assert second is not None
    killed = (min(first[1], second[1]) + max(first[1], second[1])) // 2
    episodes = ends_well(a_world(layout, 2, killed))
    ended = [one.told.ending for one in episodes if one.run.kind == "restore"]
    assert sorted(ended[:2]) == ["killed", "well"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_batch_goes_on_of_which_one_node_is_done_and_the_other_is_not(layout: Layout) -> None:
    once = migration(fails_at=50, fails_towards="NODE2", fail_times=1)
    world = a_world(layout, 2, 10**6, vm1={"migration": once})
    episodes = ends_well(world)
    whole = [one for one in episodes if one.run.kind == "roll"]
    assert [one.told.ending for one in whole] == ["failed", "well"]
    assert (whole[0].told.phases["NODE1"], whole[0].told.phases["NODE2"]) == ("done", "worked")
    batches = [one.told.batch for one in episodes if one.run.kind == "turn"]
    assert batches == [NODES[:2], ("NODE2",), NODES[2:4], NODES[4:]]


@pytest.mark.parametrize(("phase", "share"), [("evacuate", 0.7), ("evacuate", 0.95), ("work", 0.2), ("restore", 0.1)])
@pytest.mark.parametrize("layout", ["keep", "any"])
def test_a_node_that_somebody_resumes_in_the_middle_is_taken_again(
    layout: Layout, phase: RunKind, share: float
) -> None:
    """It is never worked on, or said to be empty, while it takes VMs; a run that stops for that goes on."""
    resumed = Step(0, request_in(layout, 2, phase, share), "resume", "NODE1")
    world = dataclasses.replace(a_world(layout, 2, 10**6), steps=(resumed,))
    episodes = ends_well(world)
    assert [one.kind for one in episodes[-1].steps] == []
    assert any(step.kind == "resume" for one in episodes for step in one.steps)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("phase", PHASES)
def test_killed_in_each_phase_of_overlapping_turns_the_same_command_goes_on(phase: RunKind, share: float) -> None:
    parts = [one for one in undisturbed("keep", OVERLAP) if one.run.kind == phase and one.moments]
    for one in parts[: 2 if phase == "evacuate" else 1]:  # that in its own turn, and the early one of the next node
        within = one.within
        assert within is not None
        killed = ends_well(a_world("keep", OVERLAP, int(within[0] + share * (within[1] - within[0]))))
        assert [each.told.ending for each in killed if each.run.kind == "roll"] == ["killed", "well"]
        owners = [[vm.owner for vm in moment.vms.values()] for moment in (killed[0].before, killed[-1].after)]
        assert owners[0] == owners[1]


def test_turns_overlap_so_that_the_whole_takes_less_time() -> None:
    in_turn, overlapping = (
        play(dataclasses.replace(world, scenario=dataclasses.replace(world.scenario, network=SLOW)), tell)
        for world in (a_world("keep", 1), a_world("keep", OVERLAP))
    )
    early = [one for one in overlapping if one.run.overlap and one.within]
    assert [(one.run.node, one.told.ending) for one in early] == [(node, "well") for node in NODES[1:]]
    assert set(overlapping[-1].told.phases.values()) == {"done"}
    moves = [
        {(move.request, move.vm) for one in played if not one.within for move in one.moved}
        for played in (in_turn, overlapping)
    ]
    assert len(moves[0]) == len(moves[1]) == 20
    assert overlapping[-1].after.at < 0.9 * in_turn[-1].after.at
