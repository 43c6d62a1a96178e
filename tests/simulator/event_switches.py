# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What no source tells of the EventLog resource, and in what state a host's logs are, each as a switch."""

from __future__ import annotations

import dataclasses
import typing as t

from .scenario_reader import Bounds


@dataclasses.dataclass(frozen=True)
class EventSwitches:
    """Behaviours of the subscriptions to event logs.

    Attributes:
        event_logs: whether hosts serve them; ``denied``: the account is neither an administrator nor one of Event Log
            Readers; ``absent``: the plug-in for event forwarding is not registered.
        event_filter_form: the form in which a query list is taken: as an ``element``, which [MS-WSMV] 3.1.4.1.30.5
            demands, as ``text``, which txwinrm sends, or ``both``.
        event_pull_empty: how a Pull ends for which there are no events: without ``items``, as recorded, or
            ``timed_out``.
        event_pull_seconds: how long it waits for them before that.
        event_page_limit: the most events in one answer; null: as many as fit.
        event_identifier_in: where the id of a subscription is: in the ``properties`` of a reference, as recorded, or in
            its ``parameters``.
        event_messages: whether events come with their text (``rendered``), or the host does not have it (``raw``).
        event_noise: how many errors of other things the logs of each host hold that are as new as those of a migration.
        missing_channels: logs that a host does not have.
    """

    event_logs: t.Literal["served", "denied", "absent"] = "served"
    event_filter_form: t.Literal["both", "element", "text"] = "both"
    event_pull_empty: t.Literal["items", "timed_out"] = "items"
    event_pull_seconds: t.Annotated[float, Bounds(0)] = 0.0
    event_page_limit: t.Annotated[int, Bounds(1)] | None = None
    event_identifier_in: t.Literal["properties", "parameters"] = "properties"
    event_messages: t.Literal["rendered", "raw"] = "rendered"
    event_noise: t.Annotated[int, Bounds(0, 100000)] = 0
    missing_channels: tuple[str, ...] = ()
