# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole rolling maintenances of 16 simulated nodes on the manual clock, with restarts of about 20 minutes.

Each node is planned, emptied, away for 15 to 25 minutes, and given back, as the role does it, but for Ansible itself.
The estimate at half is the one that the role notes in its state.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.evacuation_request import (
    EvacuationRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll import plan_roll
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import (
    ANY,
    KEEP,
    LayoutName,
    RollRequest,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import read_whole_cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_estimate import (
    estimate_at_half,
    judge_estimate,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_resume import (
    RollingOptions,
    resume_or_start,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import (
    RollingState,
    set_phase,
)

from tests.support.maintenance import MemoryLedger, Story
from tests.support.rolls import draw_cluster
from tests.support.scenarios import node, scenario, vm

from .figures import Figure

NODES = 16
_MINUTES = (15, 25)  # of the work and the restart
_MOST_ERROR = 15  # percent
_BEGAN = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.timezone.utc)


@dataclasses.dataclass(frozen=True)
class _Rolled:
    """What a rolling maintenance took in seconds, how many moves, and by how many percent its estimate was wrong."""

    seconds: float
    moves: int
    error_percent: float


def measure() -> list[Figure]:
    """Take all nodes through maintenance with both layouts."""
    kept, moved = _roll(KEEP), _roll(ANY)
    case = f"rolling maintenance, {NODES} simulated nodes, restarts of about 20 minutes"
    return [
        Figure(case, "moves, any to keep", moved.moves / kept.moves, unit="x"),
        Figure(case, "duration, any to keep", moved.seconds / kept.seconds, unit="x"),
        Figure(case, "error of the estimate at half, keep", kept.error_percent, _MOST_ERROR, unit="%"),
        Figure(case, "error of the estimate at half, any", moved.error_percent, _MOST_ERROR, unit="%"),
    ]


def _roll(layout: LayoutName, seed: int = 0, per_node: int = 12) -> _Rolled:
    """Return what a rolling maintenance came to. Raises AssertionError where one of its steps fails."""
    drawn, chance = draw_cluster(seed, NODES, 0.65, per_node=per_node), random.Random(seed)
    story = Story(
        scenario(
            [node(name, memory_mb=size) for name, size in drawn.nodes.items()],
            [vm(one.name, owner=one.node, memory_mb=one.memory_mb) for one in drawn.guests],
        )
    )
    state = resume_or_start(None, RollingOptions("c", drawn.names), "file", _BEGAN)[0]
    left, moves = list(drawn.names), 0
    began = story.simulated.now()
    while left:
        estimate = estimate_at_half(state)
        if estimate is not None:
            state = {**state, "estimate": estimate}
        turn_began = story.simulated.now()
        name, made = _turn(story, left, drawn.names, layout, chance)
        moves += made
        left.remove(name)
        state = _with_done(state, name, story.simulated.now() - turn_began)
    judged = judge_estimate(state)
    assert judged is not None
    return _Rolled(story.simulated.now() - began, moves, judged.error_percent)


def _turn(
    story: Story, left: list[str], names: list[str], layout: LayoutName, chance: random.Random
) -> tuple[str, int]:
    """Take the next node through maintenance; return its name and how many moves it took."""
    whole = read_whole_cluster(story.simulated.cluster)
    done = [name for name in names if name not in left]
    plan = plan_roll(whole, RollRequest(left, done, layout=layout, evacuation=EvacuationRequest("")))
    assert plan.refusal is None, plan.refusal.text
    step = next(plan.turns())
    story.node = str(step["node"])
    story.simulated.home = next(name for name in names if name != story.node)
    story.ledger = MemoryLedger()
    given = {"cluster": plan.owner.full or None, **{key: step[key] for key in ("node", "moves", "helpers", "stays")}}
    emptied = story.evacuate(plan=given)
    assert not emptied.error, emptied.error
    story.simulated.pause(60 * chance.uniform(*_MINUTES))
    filled = story.restore(home=("*",) if layout == KEEP or step["returns_all"] else ())
    assert not filled.error, filled.error
    return story.node, len(emptied.moves) + len(filled.moves)


def _with_done(state: RollingState, name: str, seconds: float) -> RollingState:
    return set_phase(state, name, "done", _BEGAN, took=round(seconds))
