# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What events in the logs of hosts mean for a migration, by provider and id. Data, and how an event is looked up.

An id means something beside its provider alone. Events that carry the same number as a message of a job have its
meaning (``known_failures.MESSAGES``); the others are told here. A code in an event, such as 0x8009030E, means what it
means everywhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from .classification import failure_of
from .hresults import hresults_in
from .known_failures import INFORMATION, MESSAGES, WRAPPERS, KnownFailure

HIGH_AVAILABILITY = "Microsoft-Windows-Hyper-V-High-Availability"
VMMS = "Microsoft-Windows-Hyper-V-VMMS"
CLUSTER = "Microsoft-Windows-FailoverClustering"

_EVENT_LIST = "list of the events of Microsoft-Windows-Hyper-V-High-Availability"
_CLUSTER_EVENTS = "Microsoft docs, Failover Clustering system log events"


@dataclasses.dataclass(frozen=True)
class KnownEvent:
    """What an event means, and the public source that says so."""

    failure: KnownFailure
    source: str


def _of_messages(source: str, *numbers: int) -> dict[int, KnownEvent]:
    return {number: KnownEvent(MESSAGES[number], source) for number in numbers}


EVENTS: Mapping[str, Mapping[int, KnownEvent]] = {
    HIGH_AVAILABILITY: {
        **_of_messages(_EVENT_LIST, 21117, 21118, 21121, 21124, 21125, 21126, 21131, 21142, 21145, 21158, 21159),
        21102: KnownEvent(
            KnownFailure(
                "the VM could not be registered on the destination",
                "Check that the VM's configuration file can be read there, and that no other VM has its id.",
            ),
            _EVENT_LIST,
        ),
        21123: KnownEvent(
            KnownFailure(
                "the networks for live migration could not be set on a host",
                "Check the live migration networks of the cluster.",
            ),
            _EVENT_LIST,
        ),
        21157: KnownEvent(
            KnownFailure(
                "a local disk of the VM could not be processed", "Move the disk to storage that all nodes reach."
            ),
            _EVENT_LIST,
        ),
    },
    VMMS: {
        **_of_messages("Microsoft docs, Compare-VM (MessageId of an incompatibility)", 33012),
        **_of_messages("MessageId that programs with Compare-VM act on", 40010),
    },
    CLUSTER: {
        1069: KnownEvent(
            KnownFailure(
                "a resource of the cluster failed on a node",
                "Read which resource the event names, and repair it in Failover Cluster Manager.",
            ),
            _CLUSTER_EVENTS,
        ),
        1135: KnownEvent(
            KnownFailure(
                "a node was removed from the cluster during the move",
                "Check that node, its cluster service and its cluster networks.",
                transient=True,
            ),
            _CLUSTER_EVENTS,
        ),
        5120: KnownEvent(
            KnownFailure(
                "a cluster shared volume was paused because a node could not reach it",
                "Check the storage of the volume that the event names, and its paths from both nodes.",
                transient=True,
            ),
            _CLUSTER_EVENTS,
        ),
    },
}


def meaning(provider: str, number: int, texts: Sequence[str]) -> KnownFailure | None:
    """Return what an event of a provider means, by its number, else by a code in its values or its text; or None.

    Events that stand around a cause, and those that tell of no failure, mean what a code in them means.
    """
    known = EVENTS.get(provider, {}).get(number)
    if known is not None:
        return known.failure
    if number in INFORMATION:
        return None
    codes = [code for text in texts for code in hresults_in(text)]
    by_code = [failure for failure in map(failure_of, codes) if failure is not None and not failure.vague]
    return by_code[-1] if by_code else None


def is_wrapper(number: int) -> bool:
    """Tell whether events of this number only say that a migration failed, with the text of the cause in theirs."""
    return number in WRAPPERS
