# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A task that waits shows a line at least once a minute."""

from __future__ import annotations

import itertools
import os
import time

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils import _clock
from ansible_collections.hyperv.migration.plugins.plugin_utils._signs_of_life import SignsOfLife


class Hour:
    """A clock that only pauses move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        self.lines: list[tuple[float, str]] = []
        self.signs = SignsOfLife(lambda line: self.lines.append((self.seconds, line)), lambda: self.seconds)
        monkeypatch.setattr(time, "monotonic", lambda: self.seconds)
        monkeypatch.setattr(time, "sleep", self._sleep)
        self.clock = _clock.TaskClock(self.signs.give)

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def hour(monkeypatch: pytest.MonkeyPatch) -> Hour:
    return Hour(monkeypatch)


@pytest.mark.parametrize("pause", [1, 5, 29, 40, 600, 3600])
def test_no_minute_is_without_a_line(hour: Hour, pause: float) -> None:
    hour.signs.told("web01: NODE1 -> NODE2 40 %")
    for unused in range(int(3600 / pause)):
        hour.clock.pause(pause)
    times = [0.0, *(at for at, unused in hour.lines), hour.seconds]
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) <= 60
    assert len(hour.lines) <= 3600 / 30
    assert hour.lines[-1][1].endswith(" s after: web01: NODE1 -> NODE2 40 %")


def test_the_line_says_for_how_long_nothing_new_was_told(hour: Hour) -> None:
    hour.signs.told("waits for NODE2")
    hour.clock.pause(100)
    assert [line for unused, line in hour.lines][-1] == "Still waiting, 90 s after: waits for NODE2"
    hour.signs.told("NODE2 is up")
    hour.clock.pause(40)
    assert [line for unused, line in hour.lines][-1] == "Still waiting, 30 s after: NODE2 is up"


def test_a_task_that_has_told_nothing_yet_says_so(hour: Hour) -> None:
    hour.clock.pause(45)
    assert hour.lines == [(30.0, "Still waiting, 30 s so far")]


def test_what_is_told_in_time_is_not_repeated(hour: Hour) -> None:
    for step in range(60):
        hour.signs.told(f"step {step}")
        hour.clock.pause(20)
    assert not hour.lines


def test_a_line_that_is_soon_out_of_date_is_not_repeated(hour: Hour) -> None:
    hour.signs.told("NODE2 is down")
    hour.clock.pause(25)
    hour.signs.shown()
    hour.clock.pause(10)
    assert not hour.lines
    hour.clock.pause(25)
    assert hour.lines == [(60.0, "Still waiting, 60 s after: NODE2 is down")]


def test_a_long_pause_ends_with_ansible(hour: Hour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 1)
    with pytest.raises(_clock.Abandoned):
        hour.clock.pause(3600)
    assert hour.seconds <= 30
