# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The estimate at half of a rolling maintenance, what it is judged by, and when nodes reached their phases."""

from __future__ import annotations

import datetime as dt

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_estimate import (
    Judged,
    estimate_at_half,
    judge_estimate,
    turns_of,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_resume import (
    RollingOptions,
    resume_or_start,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import (
    Phase,
    RollingState,
    set_phase,
)

NOW = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.timezone.utc)
HOSTS = ["n1", "n2", "n3", "n4"]


def state_with(*took: int | None, hosts: list[str] | None = None) -> RollingState:
    """Return a state in which the first nodes are done."""
    state = resume_or_start(None, RollingOptions("c", hosts or HOSTS), "file", NOW)[0]
    for number, seconds in enumerate(took, 1):
        state = set_phase(state, f"n{number}", "done", NOW, took=seconds)
    return state


def test_it_is_made_when_half_of_the_nodes_are_done() -> None:
    assert estimate_at_half(state_with(100)) is None
    assert estimate_at_half(state_with(100, 200)) == {"done": 2, "nodes": ["n3", "n4"], "seconds": 300}
    assert estimate_at_half(state_with(100, 200, 300)) is None
    assert estimate_at_half(state_with(hosts=["n1"])) is None
    assert estimate_at_half(state_with(100, hosts=HOSTS[:3])) == {"done": 1, "nodes": ["n2", "n3"], "seconds": 200}


def test_it_is_not_made_of_what_is_not_known() -> None:
    assert estimate_at_half(state_with(None, None)) is None
    assert estimate_at_half({**state_with(None, None), "took_before": [100]}) is None
    assert estimate_at_half(set_phase(state_with(100, 200), "n3", "begun", NOW)) is None


def test_a_node_that_was_begun_before_its_turn_is_one_of_the_rest() -> None:
    state = set_phase(state_with(100, 200), "n3", "evacuated", NOW)
    assert estimate_at_half(state) is None
    assert estimate_at_half(state, early=["n3"]) == {"done": 2, "nodes": ["n3", "n4"], "seconds": 300}
    assert estimate_at_half(set_phase(state, "n4", "begun", NOW), early=["n3"]) is None


def test_it_is_judged_by_the_turns_after_it() -> None:
    state: RollingState = {**state_with(100, 200), "estimate": {"done": 2, "nodes": ["n3", "n4"], "seconds": 300}}
    assert judge_estimate(state) is None
    for host, seconds in (("n3", 120), ("n4", 130)):
        state = set_phase(state, host, "done", NOW, took=seconds)
    judged = judge_estimate(state)
    assert judged == Judged(2, 2, 300, 250)
    assert judged is not None
    assert judged.error_percent == 20.0
    assert estimate_at_half(state) is None


def test_it_is_not_judged_by_a_turn_that_was_interrupted_or_a_node_that_is_gone() -> None:
    state: RollingState = {**state_with(100, 200, 120), "estimate": {"done": 2, "nodes": ["n3", "n4"], "seconds": 300}}
    assert judge_estimate(set_phase(state, "n4", "done", NOW)) is None
    assert judge_estimate({**state, "nodes": {one: state["nodes"][one] for one in HOSTS[:3]}}) is None
    assert judge_estimate(state_with(100, 200, 300, 400)) is None


def test_each_phase_has_the_time_at_which_it_was_reached_and_the_begin_that_of_the_first_run() -> None:
    state = state_with()
    reached: tuple[Phase, ...] = ("begun", "evacuated", "begun", "evacuated", "worked")
    for minute, phase in enumerate(reached):
        state = set_phase(state, "n1", phase, NOW + dt.timedelta(minutes=minute), "NODE1")
    assert turns_of(state) == [
        {
            "node": "NODE1",
            "reached": {
                "begun": "2026-03-01T22:00:00+00:00",
                "evacuated": "2026-03-01T22:03:00+00:00",
                "restarting": None,
                "worked": "2026-03-01T22:04:00+00:00",
                "done": None,
            },
        }
    ]


def test_a_state_of_an_earlier_version_has_no_turns_to_show() -> None:
    state = state_with()
    assert turns_of({**state, "nodes": {"n1": {"phase": "done", "updated": "", "took": 5}}}) == []
