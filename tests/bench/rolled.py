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

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.roll_request import (
    ANY,
    KEEP,
    LayoutName,
)
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

from tests.support.rolls import draw_cluster
from tests.support.whole_rolls import WholeRoll

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
    whole = WholeRoll(drawn, layout)
    state = resume_or_start(None, RollingOptions("c", drawn.names), "file", _BEGAN)[0]
    left, moves = list(drawn.names), 0
    began = whole.simulated.now()
    while left:
        estimate = estimate_at_half(state)
        if estimate is not None:
            state = {**state, "estimate": estimate}
        turn_began = whole.simulated.now()
        step = next(whole.plan(left).turns())
        moves += whole.take(step, 60 * chance.uniform(*_MINUTES))
        name = str(step["node"])
        left.remove(name)
        state = _with_done(state, name, whole.simulated.now() - turn_began)
    judged = judge_estimate(state)
    assert judged is not None
    return _Rolled(whole.simulated.now() - began, moves, judged.error_percent)


def _with_done(state: RollingState, name: str, seconds: float) -> RollingState:
    return set_phase(state, name, "done", _BEGAN, took=round(seconds))
