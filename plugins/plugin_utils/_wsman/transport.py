# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the codec needs from outside: a function that posts bytes, and a clock."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

Send = Callable[[bytes], bytes]
"""Posts one SOAP envelope and returns the one that answers it, be it a result or a fault.

Raises Unreachable, NodeBusy or AnswerLost. After AnswerLost the next call starts a new session by itself.
"""


OPERATION_TIMEOUT = 60
"""Seconds that a node may take for one request: WinRM's own upper limit (MaxTimeoutms), to which it clamps."""


class Clock(t.Protocol):
    """Time as the waiting code sees it."""

    def now(self) -> float:
        """Return seconds that only ever grow."""

    def pause(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
