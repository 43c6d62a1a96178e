# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Simulated time: seconds since the start of the simulation, fast on a scaled clock, by hand in tests."""

from __future__ import annotations

import datetime
import time
import typing as t


class Clock(t.Protocol):
    """Simulated time. ``started`` is the date and time (aware, UTC) at which ``now()`` was 0."""

    started: datetime.datetime

    def now(self) -> float:
        """Return the simulated seconds since ``started``; never goes back."""

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` of the client's time go by."""


class ScaledClock:
    """The machine's own clock, ``speed`` simulated seconds to one real second."""

    def __init__(self, speed: float = 1.0) -> None:
        self.started = datetime.datetime.now(datetime.timezone.utc)
        self._speed = speed
        self._origin = time.monotonic()

    def now(self) -> float:
        return (time.monotonic() - self._origin) * self._speed

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class ManualClock:
    """A clock that stands still until it is told to go on; it starts at the same date in every test."""

    def __init__(self) -> None:
        self.started = datetime.datetime(2026, 1, 15, 8, 0, tzinfo=datetime.timezone.utc)
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def wait(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` (not negative) of simulated time pass."""
        if seconds < 0:
            raise ValueError(f"time cannot go back: {seconds}")
        self._now += seconds
