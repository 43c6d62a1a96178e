# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disks of a node of Storage Spaces Direct rest while it is away, and are in service before it is given back.

Source: "Taking a Storage Spaces Direct server offline for maintenance" (Microsoft docs). Since Windows Server 2022 a
pause with a drain puts the disks into storage maintenance mode, and resuming ends it; before, both are calls of their
own, after the node is empty and before it is resumed. What stands on the disks is read, never concluded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from ..._text import clean
from ..checks.pool_disks import PoolDisk, describe_disk, of_node, read_pool_disks
from ..checks.storage_health import is_on_the_nodes
from ..checks.storage_session import storage_session
from ..cluster.cim_values import WINDOWS_2022
from ..cluster.cluster import Cluster
from ..cluster.drains import drain_node
from ..cluster.nodes import Node
from ..failure.errors import HyperVError
from ..failure.finding import full_stop
from ..records.ledger_form import DiskState
from .disk_calls import NotSupported, end_maintenance_of, set_maintenance
from .observation import UNREADABLE
from .storage_gate import StorageGate

_CHANGES_WITHIN = 120.0  # seconds
_RESYNC = "After the restart, the repair takes longer than it would have to."


class DiskMaintenance:
    """The disks of one node.

    Attributes:
        note: what to say of them at the end; empty for nothing.
    """

    def __init__(self, tell: Callable[[str], None], write_down: Callable[[DiskState], None], interval: float) -> None:
        """``write_down`` keeps what was read, or is about to be done; it may raise HyperVError.

        ``interval``: seconds between two looks; lists of disks are slow.
        """
        self.note = ""
        self._interval = interval
        self._tell = tell
        self._write_down = write_down

    def rest(self, cluster: Cluster, node: Node, remains: Sequence[str], gate: StorageGate) -> list[str]:
        """Let the disks of a node that is paused and empty rest; return warnings where they do not.

        ``remains``: names of what is left on the node on purpose, which a drain would move. Raises HyperVError where
        Windows refuses, Fault and TransportError.
        """
        if not is_on_the_nodes(cluster):
            return []
        gate.wait(node.name)  # another node may have been away while this one was emptied
        own = self._own(cluster, node)
        if not own or not all(disk.is_in_maintenance for disk in own):
            self._write_down("entering")
            self._tell(f"Putting the disks of {node.name} into maintenance mode.")
            trouble = self._drain(cluster, node, remains, gate) if _drains_disks(node) else self._call(cluster, node)
            if trouble:
                return [f"The disks of {node.name} are not in maintenance mode: {full_stop(trouble)} {_RESYNC}"]
        self._write_down("maintenance")
        self.note = f"The disks of {node.name} are in maintenance mode."
        return []

    def _drain(self, cluster: Cluster, node: Node, remains: Sequence[str], gate: StorageGate) -> str:
        if remains:
            names = ", ".join(map(clean, remains))
            return f"that takes a drain of the node, which would move what stays on it ({names})"
        trouble = ""

        def drain() -> None:
            nonlocal trouble
            trouble = drain_node(cluster, node, self._interval)

        gate.through(drain)
        if trouble:
            return trouble
        own = self._wait(cluster, node, lambda disk: disk.is_in_maintenance)
        return (
            "" if any(disk.is_in_maintenance for disk in own) else "they are in service although the node was drained"
        )

    def _call(self, cluster: Cluster, node: Node) -> str:
        session = storage_session(cluster, node)
        for _attempt in range(2):  # it may stop half way
            try:
                set_maintenance(session, node.name, enable=True)
            except NotSupported as unsupported:
                return str(unsupported)
            own = self._wait(cluster, node, lambda disk: disk.is_in_maintenance)
            if own and all(disk.is_in_maintenance for disk in own):
                return ""
        raise HyperVError(
            f"Not all disks of {node.name} have entered maintenance mode: {_described(own)}. See "
            "Get-StorageFaultDomain, and run the evacuation again."
        )

    def end(self, cluster: Cluster, node: Node) -> None:
        """Take the disks of a node that is about to be resumed into service, where resuming does not do that.

        Raises HyperVError where they stay: the node must not be given back then. Raises Fault and TransportError.
        """
        resuming_does_it = node.state == "paused" and _drains_disks(node)
        if is_on_the_nodes(cluster) and not resuming_does_it:
            self._end(cluster, node, self._own(cluster, node))

    def came_back(self, cluster: Cluster, node: Node) -> None:
        """Make sure that the disks of a node that is up are in service.

        Raises HyperVError where they are not, Fault and TransportError.
        """
        if is_on_the_nodes(cluster):
            own = self._wait(cluster, node, _serves)
            self._end(cluster, node, own)
            self._note("in_service")

    def _end(self, cluster: Cluster, node: Node, own: Sequence[PoolDisk]) -> None:
        if all(map(_serves, own)):
            return
        self._note("leaving")
        self._tell(f"Taking the disks of {node.name} out of maintenance mode.")
        session = storage_session(cluster, node)
        with contextlib.suppress(NotSupported):
            set_maintenance(session, node.name, enable=False)
        own = self._wait(cluster, node, _serves)
        for disk in own:
            if not _serves(disk):
                end_maintenance_of(session, disk)
        own = self._wait(cluster, node, _serves)
        resting = [disk for disk in own if not _serves(disk)]
        if resting:
            raise HyperVError(
                f"Disks of {node.name} are still in maintenance mode: {_described(resting)}. End it with "
                f"Disable-StorageMaintenanceMode, or with Repair-ClusterStorageSpacesDirect "
                f"-DisableStorageMaintenanceMode -Node {node.name}, and run this again."
            )

    def _note(self, state: DiskState) -> None:
        with contextlib.suppress(*UNREADABLE):  # a ledger that cannot be written must not keep disks from service
            self._write_down(state)

    def _wait(self, cluster: Cluster, node: Node, wanted: Callable[[PoolDisk], bool]) -> list[PoolDisk]:
        """Return the disks of a node as soon as all are as wanted, else as they are after a while."""
        deadline = cluster.clock.now() + _CHANGES_WITHIN
        told = ""
        while True:
            own = self._own(cluster, node)
            left = deadline - cluster.clock.now()
            if all(map(wanted, own)) or left <= 0:
                return own
            if not any(disk.is_changing for disk in own) and any(map(wanted, own)):
                return own  # it has stopped half way
            if (late := _described([disk for disk in own if not wanted(disk)])) != told:
                told = late
                self._tell(f"Waiting for the disks of {node.name}, {left:.0f} s at most: {told}.")
            cluster.clock.pause(self._interval)

    @staticmethod
    def _own(cluster: Cluster, node: Node) -> list[PoolDisk]:
        return list(of_node(read_pool_disks(storage_session(cluster, node)), node.name))


def _drains_disks(node: Node) -> bool:
    return node.build is not None and node.build >= WINDOWS_2022


def _serves(disk: PoolDisk) -> bool:
    return not disk.is_in_maintenance and not disk.is_changing


def _described(disks: Sequence[PoolDisk]) -> str:
    return ", ".join(f"{clean(disk.name)} is {describe_disk(disk)}" for disk in disks)
