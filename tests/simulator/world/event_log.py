# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the hosts write into their event logs about migrations that fail.

The source writes that it failed, the node that knows why the reason: for most failures that is the destination
("Ballast", a public agent: "a clustered live migration fails on the destination node"). Ids: the event lists of
Hyper-V-High-Availability and Hyper-V-VMMS.
"""

from __future__ import annotations

import collections
import dataclasses
import re
import typing as t

from .failures import AT_SOURCE, COMMUNICATIONS, SECURITY, UNFINISHED, WRAPPER, Failure

if t.TYPE_CHECKING:
    from .members import Job
    from .world import World

VMMS = ("Microsoft-Windows-Hyper-V-VMMS-Admin", "Microsoft-Windows-Hyper-V-VMMS")
HIGH_AVAILABILITY = (
    "Microsoft-Windows-Hyper-V-High-Availability-Admin",
    "Microsoft-Windows-Hyper-V-High-Availability",
)
_KEPT = 500
# Ids 21100 to 21203 and the wrappers are of Hyper-V-High-Availability, others that a migration meets of Hyper-V-VMMS.
_OF_CLUSTER = range(21100, 21504)


@dataclasses.dataclass(frozen=True)
class Logged:
    """One error of a host about a VM, in simulated seconds."""

    at: float
    channel: str
    provider: str
    vm: str
    vm_id: str
    number: int
    failure: Failure


class EventLogs:
    """The event logs of all hosts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._logs: dict[str, collections.deque[Logged]] = {}
        world.migrations.ended.append(self._of_job)

    def of(self, node: str) -> list[Logged]:
        """Return what a host has written, the oldest first."""
        return list(self._logs.get(node, ()))

    def _of_job(self, job: Job) -> None:
        for failure in job.logged or job.failures:
            at_source = failure.message_id in (WRAPPER, AT_SOURCE) or failure.error_type in (COMMUNICATIONS, SECURITY)
            self._write(job.source if at_source else job.destination, job, failure)

    def _write(self, node: str, job: Job, failure: Failure) -> None:
        told = re.fullmatch(r"[0-9]{1,5}", failure.message_id)
        number = int(told.group() if told else UNFINISHED)
        channel, provider = HIGH_AVAILABILITY if number in _OF_CLUSTER else VMMS
        log = self._logs.setdefault(node, collections.deque(maxlen=_KEPT))
        log.append(Logged(self._world.now, channel, provider, job.machine.name, job.machine.id, number, failure))
