# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node restarts: it stops at 5 s, boots at 65 s and has joined at 75 s, unless an event decides otherwise."""

from __future__ import annotations

import pytest

from tests.simulator.clock import ManualClock
from tests.simulator.scenario import EventSpec, NodeState
from tests.simulator.scenario_file import read_scenario
from tests.simulator.world import World
from tests.support.scenarios import as_text, event, node, scenario

MOMENTS = (1, 6, 66, 76)
RESTART: tuple[NodeState, ...] = ("paused", "down", "joining", "paused")


def states(*events: EventSpec) -> tuple[NodeState, ...]:
    """Return the state of NODE1 at each of the moments after a restart of it, paused, was asked for."""
    clock = ManualClock()
    given = scenario([node("NODE1", state="paused"), node("NODE2")], events=events)
    world = World(read_scenario(as_text(given)), clock)
    restarted = world.nodes["NODE1"]
    world.restarts.request(restarted)
    seen = []
    for moment in MOMENTS:
        clock.advance(moment - world.now)
        world.look()
        seen.append(restarted.state)
    return tuple(seen)


def test_a_paused_node_comes_back_paused() -> None:
    assert states() == RESTART


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (event(at=3, down="NODE1"), ("paused", "down", "down", "down")),
        (event(at=30, down="NODE1"), ("paused", "down", "down", "down")),
        (event(at=70, down="NODE1"), ("paused", "down", "joining", "down")),
        (event(at=30, up="NODE1"), ("paused", "down", "up", "up")),
        (event(at=70, up="NODE1"), ("paused", "down", "joining", "up")),
    ],
    ids=["crash before", "crash while away", "crash while joining", "up while away", "up while joining"],
)
def test_an_event_meanwhile_decides(happens: EventSpec, expected: tuple[NodeState, ...]) -> None:
    assert states(happens) == expected
