# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When which VM was under way, and how many at once."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.hyperv.migration.plugins.plugin_utils._report.timeline import Timeline, timeline
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.report.given import BEGAN, CAPABILITIES, account, record, run_of


def of(*moves: dict[str, t.Any], **others: t.Any) -> Timeline:
    made = timeline(account(moves=list(moves), **others))
    assert made is not None
    return made


def test_nothing_begun_has_no_timeline() -> None:
    assert timeline(account()) is None
    assert timeline(account(moves=[record("web01", 1)])) is None


def test_bars_lie_where_their_moves_did() -> None:
    first, second = record("a", 0, 0, 10), record("b", 0, 30, 10)
    bars = of(first, second).lanes[0].bars
    assert [(drawn.left, drawn.width) for drawn in bars] == [(0.0, 25.0), (75.0, 25.0)]


def test_a_bar_ends_with_its_job_and_its_tail_with_the_arrival() -> None:
    ended = (BEGAN + dt.timedelta(seconds=30)).isoformat()
    (drawn,) = of(record("a", 0, 0, 40, job_ended=ended)).lanes[0].bars
    assert (drawn.left, drawn.width, drawn.tail) == (0.0, 75.0, 25.0)


def test_a_move_whose_job_has_ended_takes_no_slot_though_its_vm_is_awaited() -> None:
    ended = (BEGAN + dt.timedelta(seconds=10)).isoformat()
    shown = of(record("a", 0, 0, 20, job_ended=ended), record("b", 0, 10, 10))
    assert shown.loads[0].peak == 1


def test_one_move_after_the_other_is_one_at_once() -> None:
    assert of(record("a", 0, 0, 10), record("b", 0, 10, 10)).loads[0].peak == 1
    assert of(record("a", 0, 0, 10), record("b", 0, 9, 10)).loads[0].peak == 2


def test_a_move_within_one_second_was_under_way_all_the_same() -> None:
    assert of(record("a", 0, 5, 0)).loads[0].peak == 1


def test_a_node_counts_what_comes_and_what_goes() -> None:
    moves = [
        record("a", 0, 0, 10, source_host="NODE1", destination_host="NODE2"),
        record("b", 1, 5, 10, source_host="NODE2", destination_host="NODE3"),
    ]
    shown = of(*moves, capabilities=CAPABILITIES)
    assert {load.name: (load.peak, load.limit) for load in shown.loads} == {"": (2, 0), "NODE1": (1, 4)}
    assert {lane.load.name: lane.load.limit for lane in shown.lanes} == {"NODE2": 2, "NODE3": 2}


def test_moves_to_one_node_are_shown_by_where_they_come_from() -> None:
    moves = [record(f"vm{n}", n, n, source_host=f"NODE{n}", destination_host="NODE1") for n in (2, 3)]
    assert [(lane.direction, lane.load.name) for lane in of(*moves).lanes] == [("from", "NODE2"), ("from", "NODE3")]


def test_the_limit_of_the_cluster_and_of_the_user_is_the_lower_one() -> None:
    cluster = {"cluster": {"name": "HVC1", "maximum_parallel_migrations": 3}, "nodes": []}
    assert of(record("a", 0, 0), capabilities=cluster, max_parallel=0).loads[0].limit == 3
    assert of(record("a", 0, 0), capabilities=cluster, max_parallel=2).loads[0].limit == 2


def test_pauses_between_tries_are_told() -> None:
    assert of(record("a", 0, 0, attempts=2)).has_pauses
    assert not of(record("a", 0, 0)).has_pauses


def test_the_bars_of_64_moves_never_break_the_limit() -> None:
    shown = timeline(run_of(64))
    assert shown is not None
    assert max(load.peak for load in shown.loads) == 4
    assert sum(len(lane.bars) for lane in shown.lanes) == 64


@given(st.integers(min_value=0, max_value=400_000))
def test_an_axis_has_a_few_ticks_in_order(seconds: int) -> None:
    ticks = of(record("a", 0, 0, float(seconds))).ticks
    assert len(ticks) <= 6
    assert [percent for percent, unused in ticks] == sorted({percent for percent, unused in ticks})
    assert all(0 <= percent <= 100 for percent, unused in ticks)
