# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A line at least once a minute from a task that waits.

ansible-runner, and so AWX, ends a job that shows nothing for its idle time-out, however well the work goes on; people
do the same.
"""

from __future__ import annotations

from collections.abc import Callable

_QUIET_FOR = 30.0  # seconds without a line; a pause between two looks comes on top


class SignsOfLife:
    """Repeats what was told last where there is nothing new."""

    def __init__(self, show: Callable[[str], None], now: Callable[[], float]) -> None:
        self._show = show
        self._now = now
        self._news = ""
        self._news_at = self._shown_at = now()

    def told(self, line: str) -> None:
        """Remember a line that was shown."""
        self._news = line
        self._news_at = self._shown_at = self._now()

    def shown(self) -> None:
        """Take note of a line that is soon out of date, and not to be repeated: no other is needed for a while."""
        self._shown_at = self._now()

    def give(self) -> None:
        """Show a line if none was shown for a while."""
        now = self._now()
        if now - self._shown_at < _QUIET_FOR:
            return
        self._shown_at = now
        waited = f"Still waiting, {now - self._news_at:.0f} s"
        self._show(f"{waited} after: {self._news}" if self._news else f"{waited} so far")
