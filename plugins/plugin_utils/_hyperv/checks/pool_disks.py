# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disks of the nodes in the pool of Storage Spaces Direct: how they are, and which node each is in.

Sources, Microsoft docs: the Storage Management API (MSFT_PhysicalDisk, MSFT_StorageNodeToPhysicalDisk), and "Storage
Spaces and Storage Spaces Direct health and operational states". Lists of disks can take minutes.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ..._hostnames import first_label
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from ..cluster.cim_values import (
    CHANGING_MAINTENANCE_MODE,
    HEALTHY,
    IN_MAINTENANCE_MODE,
    OPERATIONAL_OK,
    PHYSICAL_DISK_STATUSES,
    STORAGE_HEALTH,
)

STORAGE = "root/Microsoft/Windows/Storage"
_COLUMNS = ("ObjectId", "FriendlyName", "SerialNumber", "StoragePoolUniqueId", "HealthStatus", "OperationalStatus")
_DISKS = Query("MSFT_PhysicalDisk", _COLUMNS)
_UNWELL = Query("MSFT_PhysicalDisk", _COLUMNS, {"HealthStatus": (1, 2, 5)})
_PLACES = Query(
    "MSFT_StorageNodeToPhysicalDisk",
    ("StorageNode", "PhysicalDisk", "IsPhysicallyConnected"),
    {"IsPhysicallyConnected": (True,)},
)


@dataclasses.dataclass(frozen=True)
class PoolDisk:
    """One disk of the pool.

    Attributes:
        object_id: its key.
        node: the full name of the node that it is in, empty where that is not told.
        health, statuses: HealthStatus and OperationalStatus.
    """

    object_id: str
    name: str
    node: str
    health: int | None
    statuses: tuple[int, ...]

    @property
    def reference(self) -> Reference:
        """The reference to it."""
        return Reference.of(STORAGE, "MSFT_PhysicalDisk", ObjectId=self.object_id)

    @property
    def is_in_maintenance(self) -> bool:
        """Nothing is written to it, on purpose."""
        return not IN_MAINTENANCE_MODE.isdisjoint(self.statuses)

    @property
    def is_changing(self) -> bool:
        """It is on its way into maintenance mode or out of it."""
        return not CHANGING_MAINTENANCE_MODE.isdisjoint(self.statuses)

    def is_in(self, node: str) -> bool:
        """Tell whether it is in a node."""
        return bool(self.node) and first_label(self.node) == first_label(node)


class Asked(t.Protocol):
    """Whoever answers queries."""

    def query(self, namespace: str, query: Query) -> list[Instance]:
        """Return the instances that answer a query. Raises Fault and TransportError."""


def read_pool_disks(session: Asked) -> list[PoolDisk]:
    """Return all disks of the pool, in three queries. Raises Fault and TransportError."""
    return _of_pool(session, session.query(STORAGE, _DISKS))


def read_unwell_disks(session: Asked) -> list[PoolDisk]:
    """Return those that are not healthy, in one query where there are none. Raises Fault and TransportError."""
    return _of_pool(session, session.query(STORAGE, _UNWELL))


def _of_pool(session: Asked, rows: Sequence[Instance]) -> list[PoolDisk]:
    rows = [row for row in rows if row.text("StoragePoolUniqueId")]
    places = _places(session) if rows else {}
    return [
        PoolDisk(
            object_id=object_id,
            name=row.text("FriendlyName") or row.text("SerialNumber") or "",
            node=places.get(object_id.casefold(), ""),
            health=row.integer("HealthStatus"),
            statuses=statuses_of(row),
        )
        for row in rows
        for object_id in (row.text("ObjectId") or "",)
    ]


def _places(session: Asked) -> dict[str, str]:
    """Return the full name of the node to which each disk is connected, by the disk's ObjectId in lower case."""
    names = {
        (row.text("ObjectId") or "").casefold(): row.text("Name") or ""
        for row in session.query(STORAGE, Query("MSFT_StorageNode", ("ObjectId", "Name")))
    }
    places: dict[str, str] = {}
    for row in session.query(STORAGE, _PLACES):
        node, disk = row.reference("StorageNode"), row.reference("PhysicalDisk")
        if node is not None and disk is not None and row.boolean("IsPhysicallyConnected"):
            places[_object_id(disk)] = names.get(_object_id(node), "")
    return places


def _object_id(reference: Reference) -> str:
    return (reference.key("ObjectId") or "").casefold()


def statuses_of(row: Instance) -> tuple[int, ...]:
    """Return the OperationalStatus of a row of any storage class."""
    return tuple(row.integers("OperationalStatus"))


def is_well(row: Instance) -> bool:
    """Tell whether a row of a pool or virtual disk shows it healthy and OK."""
    return row.integer("HealthStatus") == HEALTHY and all(status == OPERATIONAL_OK for status in statuses_of(row))


def describe_state(health: int | None, statuses: Sequence[int], words: Mapping[int, str]) -> str:
    """Return health and status in words, such as ``in the state Warning (Degraded)``."""
    shown = ", ".join(words.get(status, f"status {status}") for status in statuses)
    state = STORAGE_HEALTH.get(-1 if health is None else health, f"in the state {health}")
    return f"{state} ({shown})" if shown else state


def describe_disk(disk: PoolDisk) -> str:
    """Return the state of a disk in words."""
    return describe_state(disk.health, disk.statuses, PHYSICAL_DISK_STATUSES)


def of_node(disks: Sequence[PoolDisk], node: str) -> Iterator[PoolDisk]:
    """Yield those that are in a node."""
    return (disk for disk in disks if disk.is_in(node))
