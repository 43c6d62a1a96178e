# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restarts the Windows of a node without VMs, and waits until it is back.

Win32_OperatingSystem.Win32Shutdown is what Microsoft's Restart-Computer calls. Its forced form may take WinRM away
before the answer is sent (Microsoft docs: an indeterminate return value), so a lost answer is no error here, and the
request is never repeated: what LastBootUpTime says decides.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
from collections.abc import Callable

from ..._hostnames import first_label
from ..._wsman.errors import AnswerLost, NoAnswer, UnreadableAnswer
from ..._wsman.faults import Fault
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from ..cluster.cluster import CIMV2, Cluster
from ..cluster.groups import read_groups
from ..cluster.nodes import Node, find_node, pick_node, read_named_nodes, read_nodes
from ..cluster.owners import owners_of
from ..cluster.states import AT_REST
from ..cluster.vms import Vm, read_local_vms, read_vms
from ..failure.errors import HyperVError

_REBOOT, _FORCED_REBOOT = 2, 6
# winerror.h: what Win32Shutdown returns beside 0.
_REFUSALS = {
    5: "the account may not restart Windows",
    1115: "a shutdown is in progress already",
    1190: "a shutdown has been scheduled already",
    1191: "somebody is logged on, and force is false",
    1314: "the account lacks the right to shut the system down (SeShutdownPrivilege)",
}
# LastBootUpTime is computed, and moves by moments when the clock is set.
_JITTER = dt.timedelta(seconds=10)


@dataclasses.dataclass(frozen=True)
class Restarted:
    """A restart that ended. Times of boot are UTC; ``seconds`` is what it took until the cluster had the node again."""

    node: Node
    boot_before: dt.datetime
    boot_after: dt.datetime
    seconds: float


class BeforeRestart(t.NamedTuple):
    """A node that is to be restarted.

    Attributes:
        node: the node.
        objection: why it must not be restarted now; nothing where it may.
        going_down: VMs that are not of the cluster and run on it.
    """

    node: Node
    objection: str = ""
    going_down: tuple[Vm, ...] = ()


def read_boot_time(cluster: Cluster, node: str, *, is_awaited: bool = False) -> dt.datetime:
    """Return when the Windows of a node started. Raises HyperVError, Fault and TransportError.

    ``is_awaited``: it is expected to be silent for a while, and asked all the same.
    """
    rows = cluster.node(node, is_awaited=is_awaited).query(CIMV2, Query("Win32_OperatingSystem", ("LastBootUpTime",)))
    booted = rows[0].datetime("LastBootUpTime") if rows else None
    if booted is None:
        raise HyperVError(f"{node} does not tell when its Windows started, so a restart could not be noticed.")
    return booted


def look_before_restart(cluster: Cluster, name: str, *, local_vms: bool) -> BeforeRestart:
    """Return what there is to know before a node is restarted.

    ``local_vms``: VMs that are not of the cluster may go down with the node. Raises HyperVError, Fault and
    TransportError.
    """
    node = find_node(cluster, read_nodes(cluster), name)
    if node.state != "paused":
        return BeforeRestart(
            node,
            f"Node {node.name} is {node.state}, and only a paused one is restarted. Empty it first with the role "
            "evacuate_node, or pause it with hyperv_cluster_node.",
        )
    label = first_label(node.name)
    vms = read_vms(cluster)
    roles = read_groups(cluster, vms)
    clustered = {vm.id for vm in vms}
    own = [vm for vm in read_local_vms(cluster, node.name) if vm.state not in AT_REST]
    shown = [vm for vm in vms if label in owners_of(vm, roles.get(vm.id)) and vm.state not in AT_REST]
    running = {vm.id: vm.name for vm in (*shown, *own) if vm.id in clustered}
    if running:
        return BeforeRestart(
            node,
            f"Node {node.name} is paused but not empty: {', '.join(sorted(running.values()))} would go down with it. "
            "Move these VMs away, or stop them.",
        )
    local = tuple(vm for vm in own if vm.id not in clustered)
    if local and not local_vms:
        return BeforeRestart(
            node,
            f"VMs that are not of the cluster run on node {node.name} and would go down with it: "
            f"{', '.join(sorted(vm.name for vm in local))}. Stop them, or allow it with local_vms=true.",
        )
    return BeforeRestart(node, going_down=local)


def restart_node(
    cluster: Cluster, node: Node, *, force: bool, timeout: float, poll_interval: float, tell: Callable[[str], None]
) -> Restarted:
    """Restart a node and wait until it has started anew and is a member of its cluster again.

    ``tell`` is told each step, and for how long the next one is waited for. Raises HyperVError, also after ``timeout``
    seconds, and Fault and TransportError where nothing was begun.
    """
    clock = cluster.clock
    began = clock.now()

    def news(step: str) -> None:
        left = max(began + timeout - clock.now(), 0.0)
        tell(f"{step} Waiting {left:.0f} s at most until the node is back in its cluster.")

    before = read_boot_time(cluster, node.name)
    doubt = _request(cluster, node, force=force)
    unanswered = " The request was not answered, which is usual." if doubt else ""
    news(f"The restart of {node.name} is requested.{unanswered}")
    was_away = False
    after: dt.datetime | None = None
    state = ""
    while clock.now() - began < timeout:
        clock.pause(poll_interval)
        try:
            if after is None:
                now = read_boot_time(cluster, node.name, is_awaited=True)
                after = now if now - before > _JITTER else None
            if after is not None:
                there = pick_node(read_named_nodes(cluster, [node.name]), node.name)
                if there.is_running:
                    seconds = clock.now() - began
                    tell(f"{node.name} is back in its cluster after {seconds:.0f} s, and {there.state}.")
                    return Restarted(there, before, after, seconds)
                if there.state != state:
                    state = there.state
                    news(f"Windows has started on {node.name}, which the cluster shows as {state}.")
        except (HyperVError, NoAnswer):
            if not was_away and after is None:
                news(f"{node.name} is down: it does not answer.")
            was_away = True
    shown = (state or node.state) if after is not None else ""
    raise HyperVError(_late(node, doubt, timeout, shown, was_away=was_away))


def _request(cluster: Cluster, node: Node, *, force: bool) -> str:
    """Ask for the restart, once; return why it is not known to have been taken, if it is not."""
    session = cluster.node(node.name)
    found = session.references(CIMV2, Query("Win32_OperatingSystem"))
    target = found[0] if found else Reference.of(CIMV2, "Win32_OperatingSystem")
    parameters = {"Flags": _FORCED_REBOOT if force else _REBOOT, "Reserved": 0}
    try:
        value = session.invoke(target, "Win32Shutdown", parameters).integer("ReturnValue")
    except (AnswerLost, UnreadableAnswer) as lost:
        return str(lost)
    except Fault as fault:
        if fault.is_timed_out:
            return str(fault)
        raise
    if value:
        why = _REFUSALS.get(value, "Windows gives no reason")
        raise HyperVError(
            f"Node {node.name} was not restarted: Win32Shutdown returned {value}, {why}. Use an account that is a "
            "local administrator of the node, and see its System event log."
        )
    return ""


def _late(node: Node, doubt: str, timeout: float, state: str, *, was_away: bool) -> str:
    if state:
        return (
            f"Node {node.name} has restarted, but {timeout:.0f} s after the request the cluster shows it as {state}. "
            "See its cluster log; when it is a member again, go on."
        )
    if was_away:
        return (
            f"Node {node.name} did not come back within {timeout:.0f} s after the request to restart. Look at its "
            "console; if it is only slow, wait with a longer timeout."
        )
    told = f" The request was not answered ({doubt.rstrip('.')})." if doubt else ""
    return (
        f"Node {node.name} still runs without having restarted, {timeout:.0f} s after the request.{told} See its "
        "System event log for what holds the shutdown up."
    )
