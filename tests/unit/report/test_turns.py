# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The turns of the nodes of a rolling maintenance on the page, and the sentence on its estimate."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.account import Account
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.page import page
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.records import account_of_results
from ansible_collections.hyperv.migration.plugins.plugin_utils._report.summary import summary

from tests.unit.report.given import record
from tests.unit.report.reading import read_page

PHASES = ("begun", "evacuated", "restarting", "worked", "done")


def turn(node: str, *moments: str) -> dict[str, t.Any]:
    """Return a turn that reached each phase at a time of day, none where it is empty."""
    reached = zip(PHASES, moments, strict=False)
    return {"node": node, "reached": {phase: f"2026-03-01T{one}:00+00:00" if one else None for phase, one in reached}}


def account(*turns: dict[str, t.Any], estimate: dict[str, t.Any] | None = None) -> Account:
    given = [{"moves": [record("web01", 1, 0.0)]}]
    return account_of_results(given, title="Roll", error="", note="", dry_run=False, turns=turns, estimate=estimate)


def parts(*turns: dict[str, t.Any]) -> list[list[tuple[str, int]]]:
    """Return of each turn its parts with their minutes."""
    return [[(one.name, (one.ended - one.began) // 60) for one in turn.parts] for turn in account(*turns).turns]


def test_a_turn_is_emptied_worked_on_restarted_and_filled() -> None:
    assert parts(turn("NODE1", "22:00", "22:05", "22:15", "22:35", "22:40")) == [
        [("emptied", 5), ("worked on", 10), ("restarted", 20), ("filled", 5)]
    ]


def test_without_a_restart_the_work_ends_when_it_is_noted() -> None:
    assert parts(turn("NODE1", "22:00", "22:05", "", "22:35", "22:40")) == [
        [("emptied", 5), ("worked on", 30), ("filled", 5)]
    ]


def test_what_is_not_reached_is_not_shown() -> None:
    assert parts(turn("NODE1", "22:00", "22:05"), turn("NODE2", "22:10"), turn("NODE3")) == [[("emptied", 5)], [], []]


def test_the_bars_are_on_one_axis_from_the_first_turn_to_the_last() -> None:
    text = page(account(turn("A", "22:00", "22:10", "", "22:20", "22:30"), turn("B", "22:30", "22:40")), 0.0)
    found = read_page(text)
    bars = [value for tag, key, value in found.attributes if key == "style" and "width" in value]
    assert bars[:4] == ["left:0%;width:25%", "left:25%;width:25%", "left:50%;width:25%", "left:75%;width:25%"]
    assert found.not_closed == []
    assert found.tables[0][:2] == ["Node", "Took"]


def test_without_turns_there_is_no_such_section() -> None:
    assert "turns of the nodes" not in page(account(turn("A", "22:00")), 0.0)
    assert "turns of the nodes" not in page(account(), 0.0)


def test_the_name_of_a_node_is_text() -> None:
    text = page(account(turn("<b>\x1b[31m", "22:00", "22:05")), 0.0)
    assert "<b>" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("expected", "took", "percent", "end"),
    [
        (600, 1200, 50.0, "it took 20 min 00 s, 50 % longer."),
        (600, 500, 20.0, "it took 8 min 20 s, 20 % less."),
        (600, 600, 0.0, "it took 10 min 00 s."),
    ],
)
def test_the_estimate_is_told_beside_what_it_took(expected: int, took: int, percent: float, end: str) -> None:
    estimate = {"done": 2, "left": 2, "expected_seconds": expected, "took_seconds": took, "error_percent": percent}
    lines = " ".join(summary(account(estimate=estimate)))
    assert f"With 2 of 4 nodes done, the rest was expected to take 10 min 00 s; {end}" in lines
    assert "expected to take" not in " ".join(summary(account()))
