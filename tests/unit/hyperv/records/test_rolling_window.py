# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long nodes took, and whether another one can be back in time."""

from __future__ import annotations

import datetime as dt

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_resume import (
    RollingOptions,
    resume_or_start,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_state import (
    RollingState,
    set_phase,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.rolling_window import (
    Pace,
    Window,
    pace_of,
    read_stop_at,
    why_stop,
)

BEGAN = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.timezone.utc)
OPTIONS = RollingOptions("hvc1.corp.example", ["NODE1", "NODE2", "NODE3"])


def state_with(*took: int) -> RollingState:
    state, _warnings = resume_or_start(None, OPTIONS, "file", BEGAN)
    for number, seconds in enumerate(took, 1):
        state = set_phase(state, f"NODE{number}", "done", BEGAN, took=seconds)
    return state


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("5h30m", 5.5),
        ("90m", 1.5),
        ("1800s", 0.5),
        (" 1h 30m ", 1.5),
        ("2026-03-02T00:00:00+01:00", 1),
        ("2026-03-01T23:30Z", 1.5),
    ],
)
def test_a_time_has_its_zone_and_a_duration_begins_with_the_run(written: str, hours: float) -> None:
    assert read_stop_at(written, BEGAN) == BEGAN + dt.timedelta(hours=hours)


def test_no_text_is_no_limit() -> None:
    assert read_stop_at(" ", BEGAN) is None


@pytest.mark.parametrize("written", ["05:00", "2026-03-02T05:00:00", "soon", "5", "h"])
def test_what_is_neither_is_refused(written: str) -> None:
    with pytest.raises(HyperVError, match="Give a duration such as 5h30m, or a time with its zone"):
        read_stop_at(written, BEGAN)


def test_the_pace_is_that_of_the_nodes_that_are_done_before_that_of_the_last_rolling_maintenance() -> None:
    done = state_with(600, 900, 1200)
    assert pace_of(done) == Pace((600, 900, 1200))
    again, _warnings = resume_or_start(done, OPTIONS, "file", BEGAN)
    assert pace_of(again) == Pace((600, 900, 1200), is_of_before=True)
    assert pace_of(set_phase(again, "NODE1", "done", BEGAN, took=60)) == Pace((60,))
    assert pace_of(state_with()) is None


def test_what_took_long_ago_is_kept_through_a_rolling_maintenance_of_which_nothing_is_known() -> None:
    again, _warnings = resume_or_start(state_with(600, 600, 600), OPTIONS, "file", BEGAN)
    for name in OPTIONS.nodes:
        again = set_phase(again, name, "done", BEGAN)
    third, _warnings = resume_or_start(again, OPTIONS, "file", BEGAN)
    assert pace_of(third) == Pace((600, 600, 600), is_of_before=True)


@pytest.mark.parametrize(
    ("turns", "minutes", "begins"),
    [
        ((600, 600), 13, True),  # 10 minutes and a quarter more
        ((600, 600), 12, False),
        ((300, 1200), 21, True),  # the slowest one took 20
        ((300, 1200), 19, False),
    ],
)
def test_a_node_is_begun_only_if_it_can_be_back(turns: tuple[int, ...], minutes: int, begins: bool) -> None:
    assert (why_stop(BEGAN + dt.timedelta(minutes=minutes), BEGAN, Pace(turns)) == "") is begins


def test_without_a_pace_only_the_time_counts() -> None:
    assert why_stop(BEGAN + dt.timedelta(seconds=1), BEGAN, None) == ""
    assert "no node is begun after 2026-03-01T22:00+00:00" in why_stop(BEGAN, BEGAN, None)


def test_the_reason_has_the_numbers() -> None:
    why = why_stop(BEGAN + dt.timedelta(minutes=12), BEGAN, Pace((600, 600)))
    assert why == (
        "A node may take 0:12:30, by the 2 before it and 25% as a margin, and would be back at "
        "2026-03-01T22:12+00:00, after 2026-03-01T22:12+00:00."
    )


def test_what_is_left_is_told_with_its_end() -> None:
    assert Pace((600, 1200)).describe(4, BEGAN) == (
        "2 nodes took 0:15:00 each: 4 more are expected to be done at 2026-03-01T23:00+00:00."
    )
    assert "1 node took 0:10:00 in the last rolling maintenance: 1 more is expected" in Pace(
        (600,), is_of_before=True
    ).describe(1, BEGAN)


def test_a_node_has_to_be_begun_so_early_that_it_is_back_in_time() -> None:
    assert Window.of("", BEGAN, state_with(600)).begin_by is None
    assert Window.of("2h", BEGAN, state_with()).begin_by == BEGAN + dt.timedelta(hours=2)
    window = Window.of("2h", BEGAN, state_with(1200, 2400))
    begin_by = window.begin_by
    assert begin_by == BEGAN + dt.timedelta(seconds=7200 - 2400)
    assert (window.why_stop(begin_by), window.why_stop(begin_by + dt.timedelta(seconds=1))[:6]) == ("", "A node")
