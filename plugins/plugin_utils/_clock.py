# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real time, as the layers below ask for it."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Callable

_LONGEST_SLEEP = 15.0  # seconds


class SystemClock:
    """Real time."""

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class Abandoned(Exception):
    """The task's controlling process is gone."""


class Interruption:
    """Hands to a thread what has ended the task, since Ansible's time limit is raised in the main thread alone."""

    def __init__(self) -> None:
        self._came = threading.Event()
        self._error: BaseException | None = None

    def hand_on(self, error: BaseException) -> None:
        """Let the next pause of the thread raise this; only the first error counts."""
        if self._error is None:
            self._error = error
            self._came.set()

    def wait(self, seconds: float) -> None:
        """Sleep. Raises what was handed on, once: what is to be done after that may take its pauses."""
        if self._came.wait(seconds) and self._error is not None:
            self._came.clear()
            raise self._error


class TaskClock(SystemClock):
    """Real time, which ends for a task whose Ansible is gone: nobody would see what it goes on to do."""

    def __init__(
        self, still_waiting: Callable[[], None] | None = None, interruption: Interruption | None = None
    ) -> None:
        """``still_waiting`` is called every few seconds of a pause, which an interruption may end."""
        self._parent = os.getppid()
        self._still_waiting = still_waiting
        self._sleep = interruption.wait if interruption is not None else super().pause

    def pause(self, seconds: float) -> None:
        """Sleep. Raises Abandoned where Ansible has ended meanwhile, for instance by a signal to it alone."""
        until = self.now() + seconds
        left = seconds
        while True:
            self._sleep(min(left, _LONGEST_SLEEP))
            if os.getppid() != self._parent:
                raise Abandoned(
                    "Ansible has ended, so nothing more is started. Migrations under way go on at the cluster."
                )
            if self._still_waiting is not None:
                self._still_waiting()
            left = until - self.now()
            if left <= 0:
                return


def moment(reading: float) -> str:
    """Return a reading of a clock as UTC in ISO 8601."""
    seconds = time.time() - time.monotonic() + reading
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).isoformat(timespec="seconds")
