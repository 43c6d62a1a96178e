# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the event logs of hosts say about a VM, or about migrations at all, as a task lists it."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..cluster.cluster import Cluster
from ..cluster.host_events import names
from ..cluster.nodes import read_surroundings
from ..cluster.vms import Vm
from ..scheduling.causes import read_events


class EventListing(t.NamedTuple):
    """Events as data, the oldest first, and notes on hosts whose logs could not be read."""

    events: list[dict[str, t.Any]]
    notes: list[str]


def list_events(cluster: Cluster, vm: Vm | None, nodes: Sequence[str], minutes: int, limit: int) -> EventListing:
    """Return the newest ``limit`` events of the last ``minutes`` by the clock of each host.

    Only those that name ``vm`` where one is given; of ``nodes``, or of all that run. Three requests to each host.
    Raises HyperVError for a node that does not exist, Fault and TransportError.
    """
    hosts = [node.name for node in read_surroundings(cluster, nodes)[1]] if nodes else list(cluster.vm_hosts)
    read = cluster.ask_each(hosts, lambda host: read_events(cluster, host, minutes * 60.0))
    found = [event for events, unused in read for event in events if vm is None or names(event.logged, vm)]
    newest = sorted(found, key=lambda event: (event.logged.time, event.node))[-limit:]
    return EventListing([event.as_result() for event in newest], [note for unused, note in read if note])
