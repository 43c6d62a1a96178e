# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the next node of a rolling maintenance can be emptied while the one before it gets its VMs back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from ..._hostnames import first_label
from ..._text import clean
from ..cluster.cluster import Cluster
from ..planning.restoration_plan import RestorationPlan
from .health_gate import HealthGate


def why_not_early(
    cluster: Cluster,
    plan: RestorationPlan,
    node: str,
    ignore: Collection[str],
    begin_by: dt.datetime | None,
    now: dt.datetime,
    *,
    is_ours: bool,
) -> str:
    """Return what speaks against emptying a node now, in sentences; empty for nothing. It looks once.

    Args:
        plan: what comes back to the node before it, of which no move has begun.
        node: the next one.
        ignore: names whose problems do not count.
        begin_by: when it would have to be begun to be back in time; None for no limit.
        is_ours: this rolling maintenance has begun it before, and may have paused it.

    Raises HyperVError, Fault and TransportError.
    """
    if begin_by is not None and now > begin_by:
        return f"It would not be back in time: it had to be begun by {begin_by.isoformat(timespec='minutes')}."
    label = first_label(node)
    returning = [
        clean(move["name"])
        for move in (*plan.moves, *plan.helpers)
        if label in (first_label(move["source_host"]), first_label(move["destination_host"]))
    ]
    if returning:
        return f"VMs come back from it, or go home to it: {', '.join(returning)}."
    health = HealthGate(ignore, 0, 0, 0, lambda line: None).wait(cluster, node)
    if not is_ours and any(one.state == "paused" and first_label(one.name) == label for one, unused in health.nodes):
        return "It is paused, and not by this rolling maintenance. Somebody else may be at work on it."
    return health.message if health.findings else ""
