# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bench's own arithmetic: limits, what counts as a poll, and the lower bound of a makespan."""

from __future__ import annotations

import pytest

from tests.bench.controller import Cost
from tests.bench.figures import Figure, table
from tests.bench.makespan import Evacuation, lower_bound
from tests.bench.tasks import besides_polls


@pytest.mark.parametrize(
    ("value", "limit", "at_least", "kept"),
    [
        (4, 4, False, True),
        (4.01, 4, False, False),
        (15, 15, True, True),
        (14.9, 15, True, False),
        (1e9, None, False, True),
    ],
)
def test_a_figure_keeps_its_limit_or_misses_it(value: float, limit: int | None, at_least: bool, kept: bool) -> None:
    assert Figure("a task", "requests", value, limit, at_least).is_kept is kept


def test_the_table_names_what_is_missed_and_what_has_no_limit() -> None:
    lines = table([Figure("a", "requests", 5, 4), Figure("b", "bytes", 17.25, unit="x")]).splitlines()
    assert [line.split() for line in lines] == [
        ["case", "figure", "limit", "ok"],
        ["a:", "requests", "5", "<=", "4", "NO"],
        ["b:", "bytes", "17.25", "x"],
    ]


def test_only_questions_for_jobs_after_the_call_are_polls() -> None:
    asked = [
        "Msvm_MigrationJob",
        "MigrateVirtualSystemToSystem",
        "Msvm_MigrationJob",
        "Msvm_MigrationJob",
        "Pull",
        "MSCluster_Resource",
        "Pull",
    ]
    assert besides_polls(asked) == 4


def test_what_a_playbook_costs_anyway_is_taken_off_before_the_mean_is_formed() -> None:
    assert Cost(10, 900, 90, 3, 4).less(Cost(0, 100, 10, 1, 2)).each(2) == Cost(5, 400, 40, 1, 1)


@pytest.mark.parametrize(
    ("slots", "sizes", "bound"),
    [
        ((2, 9, 9), [7000] * 3, 15),  # the source: 30 s of work in 2 slots
        ((9, 1, 1), [7000] * 6, 30),  # the destinations: 60 s of work in 2 slots
        ((9, 9, 9), [7000, 17000], 20),  # no longer than the longest, however many slots there are
    ],
)
def test_no_schedule_beats_the_slots_or_the_longest_migration(
    slots: tuple[int, int, int], sizes: list[int], bound: int
) -> None:
    assert lower_bound(Evacuation("drawn", slots, sizes)) == bound
