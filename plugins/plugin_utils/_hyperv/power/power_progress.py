# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Progress of a task that changes the state of VMs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._wsman.transport import Clock
from ..cluster.patience import BETWEEN_LINES
from .power_changes import CHANGED, FAILED, Change, PowerStage

_NAMED = 3  # of them
_FIRST_AFTER = 10.0  # seconds; most changes take less


class StateProgress:
    """Tells each VM that has its state or failed, and now and then which ones are still waited for."""

    def __init__(self, tell: Callable[[str], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._told: set[str] = set()
        self._next = clock.now() + _FIRST_AFTER

    def report(self, changes: Sequence[Change]) -> None:
        """Tell what is new since the last call."""
        for one in changes:
            if one.stage is PowerStage.ENDED and one.outcome in (CHANGED, FAILED) and one.vm.id not in self._told:
                self._told.add(one.vm.id)
                self._tell(f"[{_counts(changes)}] {one.vm.name}: {_news(one)}")
        waiting = [one.vm.name for one in changes if one.stage is not PowerStage.ENDED]
        if waiting and self._clock.now() >= self._next:
            self._next = self._clock.now() + BETWEEN_LINES
            more = f" and {len(waiting) - _NAMED} more" if len(waiting) > _NAMED else ""
            self._tell(f"[{_counts(changes)}] waiting for {', '.join(waiting[:_NAMED])}{more}")


def _counts(changes: Sequence[Change]) -> str:
    ended = [one for one in changes if one.stage is PowerStage.ENDED]
    failed = sum(one.outcome == FAILED for one in ended)
    return f"{len(ended)}/{len(changes)} done" + (f", {failed} failed" if failed else "")


def _news(one: Change) -> str:
    if one.error is not None:
        return f"FAILED: {one.error.cause}"
    return f"{one.before} -> {one.vm.state}"


def say_nothing(changes: Sequence[Change]) -> None:
    """Report no progress."""
