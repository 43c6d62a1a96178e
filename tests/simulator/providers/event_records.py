# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host's event logs as its EventLog resource reads them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from ..event_subscriptions import LogRecord
from ..world import Node, World
from ..world.event_log import VMMS
from .texts import LANGUAGES

_ERROR = 2
_NOISE = 19100  # background disk merge failed to complete: an error of VMMS that concerns no migration


class HostLogs:
    """The event logs of one host in its language."""

    def __init__(self, world: World, node: Node, wait: Callable[[float], None]) -> None:
        self._world = world
        self._node = node
        self._wait = wait

    def now(self) -> datetime.datetime:
        return self._world.date(self._world.now)

    def wait(self, seconds: float) -> None:
        self._wait(seconds)

    def records(self) -> Sequence[LogRecord]:
        """Return all events, the oldest first: those of other things, then those of migrations."""
        texts = LANGUAGES[self._world.scenario.language]
        found = [self._noise(index) for index in range(self._world.scenario.switches.event_noise)]
        for logged in self._world.event_logs.of(self._node.name):
            failure = logged.failure
            code = () if failure.hresult is None else (("ErrorCode", f"0x{failure.hresult:08X}"),)
            found.append(
                LogRecord(
                    self._world.date(logged.at),
                    logged.channel,
                    logged.provider,
                    logged.number,
                    _ERROR,
                    (("VmName", logged.vm), ("VmId", logged.vm_id), *code),
                    texts.of_failure(failure),
                    len(found) + 1,
                )
            )
        return found

    def _noise(self, index: int) -> LogRecord:
        channel, provider = VMMS
        data = (("VmName", f"other{index}"), ("ErrorCode", "0x80070020"))
        message = f"'other{index}' background disk merge failed to complete. (0x80070020)"
        return LogRecord(self.now(), channel, provider, _NOISE, _ERROR, data, message, index + 1)
