# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs come back to a node when it is a sound member of its cluster again, and not before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ..checks.back_in_order import find_what_is_not_in_order
from ..checks.overlooking import that_count
from ..checks.storage_health import is_on_the_nodes, read_storage_health
from ..checks.storage_session import storage_session
from ..cluster.cluster import Cluster
from ..cluster.nodes import Node
from ..cluster.patience import BETWEEN_LOOKS
from ..failure.errors import HyperVError
from ..failure.finding import ERROR, Finding
from .waiting import text_of, wait_while_it_passes

_WITHIN = 300.0  # seconds

Tell = Callable[[str], None]


def wait_until_in_order(
    cluster: Cluster, node: str, redirected: Collection[str] | None, ignore: Collection[str], tell: Tell
) -> None:
    """Wait for what passes after a restart. Raises HyperVError where it does not, Fault and TransportError.

    ``redirected``: as ``find_what_is_not_in_order`` has it; ``ignore``: names whose problems do not count.
    """

    def look() -> Sequence[Finding]:
        found = [one for one in find_what_is_not_in_order(cluster, node, redirected) if one.severity == ERROR]
        return that_count(found, ignore)

    waited = wait_while_it_passes(
        cluster.clock,
        look,
        _WITHIN,
        BETWEEN_LOOKS,
        lambda left, text: tell(f"Waiting up to {left:.0f} s until {node} is in order: {text}"),
    )
    if waited.findings:
        raise HyperVError(f"Nothing was changed. {waited.text} No VM is moved back to {node} before that.")


def wait_for_the_repair_to_begin(cluster: Cluster, node: Node, interval: float, tell: Tell) -> str:
    """Wait until storage is being repaired or needs no repair; return a warning where neither comes to pass.

    ``node`` is the one that is back, which is not asked while another one answers: its lists may take minutes.

    A repair begins some time after the disks are back ("Understand and see storage resync", Microsoft docs). Looks
    every ``interval`` seconds, and asks nothing where storage is elsewhere. Raises Fault and TransportError.
    """
    if not is_on_the_nodes(cluster):
        return ""
    deadline = cluster.clock.now() + _WITHIN
    is_told = False
    while True:
        health = read_storage_health(cluster, None, through=storage_session(cluster, node))
        if not health.findings or (health.repair is not None and health.repair.is_running):
            return ""
        if cluster.clock.now() >= deadline:
            return f"No repair of storage has begun within {_WITHIN:.0f} s. {text_of(health.findings)}"
        if not is_told:
            is_told = True
            tell("Waiting until the repair of storage has begun.")
        cluster.clock.pause(interval)
