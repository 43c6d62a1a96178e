# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting for a signal that asks a process to end, whenever it comes."""

from __future__ import annotations

import os
import select
import signal
import time
import types


class Ending:
    """Waits for signals in the main thread, between ``with`` and its end.

    A handler must not take a lock that the code it interrupts may hold: ``threading.Event.set`` deadlocks with the
    ``wait`` of its own thread. So the handlers do nothing, and what is waited for is the number of the signal, which
    the interpreter writes into a pipe (``signal.set_wakeup_fd``).
    """

    def __init__(self, *signals: signal.Signals) -> None:
        self._signals = signals
        self._asked = False

    def __enter__(self) -> Ending:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        self._pipe_before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._handlers_before = {number: signal.signal(number, _leave_to_the_pipe) for number in self._signals}
        return self

    def __exit__(self, *unused: object) -> None:
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._pipe_before)
        os.close(self._reading)
        os.close(self._writing)

    def wait(self, seconds: float) -> bool:
        """Wait for at most ``seconds``; return whether one of the signals has come since ``with``."""
        give_up = time.monotonic() + seconds
        while not self._asked and select.select([self._reading], [], [], max(0.0, give_up - time.monotonic()))[0]:
            # Other signals of the process may have handlers too.
            self._asked = not set(os.read(self._reading, select.PIPE_BUF)).isdisjoint(self._signals)
        return self._asked


def _leave_to_the_pipe(number: int, frame: types.FrameType | None) -> None:
    """Do nothing: that there is a handler is what makes the interpreter write."""
