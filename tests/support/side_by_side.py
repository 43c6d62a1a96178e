# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several works that take turns on one manual clock, as if each had a process of its own.

One of them goes on at a time. It hands on where it waits, and at requests that a seed draws, so that every interleaving
can be had again.
"""

from __future__ import annotations

import inspect
import random
import threading
import typing as t
from collections.abc import Callable

from tests.simulator.clock import ManualClock

_OFTEN = 0.1  # of the requests
_STUCK_AFTER = 120.0  # seconds of real time


class _Work:
    def __init__(self, work: Callable[[], t.Any], own: threading.local, back: Callable[[], None]) -> None:
        self.wakes = 0.0
        self.may_go = threading.Event()
        self.is_over = False
        self.result: t.Any = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._go, args=(work,), daemon=True)
        self._own = own
        self._back = back

    def _go(self, work: Callable[[], t.Any]) -> None:
        self._own.work = self
        self.may_go.wait()
        try:
            self.result = work()
        except BaseException as error:
            self.error = error
        self.is_over = True
        self._back()


class Interleaving:
    """Lets works take turns."""

    def __init__(self, clock: ManualClock, seed: int | str = 0) -> None:
        self._clock = clock
        self._chance = random.Random(seed)
        self._idle = threading.Event()
        self._own = threading.local()

    @property
    def is_inside(self) -> bool:
        """Whether it is one of the works that asks."""
        return getattr(self._own, "work", None) is not None

    def run(self, *works: Callable[[], t.Any]) -> list[t.Any]:
        """Do all of these, and return what they return; what one was ended or failed with, is its result."""
        runs = [_Work(work, self._own, self._idle.set) for work in works]
        for one in runs:
            one.thread.start()
        while ready := [one for one in runs if not one.is_over]:
            first = min(one.wakes for one in ready)
            self._clock.advance(max(0.0, first - self._clock.now()))
            one = self._chance.choice([run for run in ready if run.wakes <= self._clock.now()])
            self._idle.clear()
            one.may_go.set()
            if not self._idle.wait(_STUCK_AFTER):
                raise AssertionError("a work neither ends nor hands on")
        for one in runs:
            one.thread.join()
        return [one.error or one.result for one in runs]

    def pause(self, seconds: float) -> None:
        """Let a work wait while others go on; outside of them, let time pass."""
        if self.is_inside:
            self._hand_on(self._clock.now() + seconds)
        else:
            self._clock.advance(seconds)

    def may_hand_on(self) -> None:
        """Let others go on now and then."""
        if self.is_inside and self._chance.random() < _OFTEN and not _is_in_a_property():
            self._hand_on(self._clock.now())

    def _hand_on(self, wakes: float) -> None:
        work: _Work = self._own.work
        work.wakes = wakes
        work.may_go.clear()
        self._idle.set()
        work.may_go.wait()


def _is_in_a_property() -> bool:
    """Tell whether a cached property is read: all threads of a process share its lock, and processes do not."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "__get__":
            return True
        frame = frame.f_back
    return False
