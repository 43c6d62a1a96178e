# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which VMs Hyper-V Replica has to do with."""

from __future__ import annotations

import typing as t
from collections.abc import Collection

from ..._wsman.session import Session
from ..._wsman.wql import Query
from .cim_values import REPLICATION_MODES, ReplicationMode
from .vms import normal_id

REPLICATED: tuple[ReplicationMode, ...] = t.get_args(ReplicationMode)
REPLICAS: tuple[ReplicationMode, ...] = ("replica", "test_replica", "extended_replica")


def read_replication(
    session: Session, namespace: str, modes: Collection[ReplicationMode] = REPLICATED
) -> dict[str, ReplicationMode]:
    """Return the mode of the VMs that are in one of ``modes``, by VM id. Raises Fault and TransportError."""
    numbers = tuple(number for number, mode in REPLICATION_MODES.items() if mode in modes)
    columns = ("Name", "ReplicationMode")
    rows = session.query(namespace, Query("Msvm_ComputerSystem", columns, {columns[1]: numbers}))
    found = {normal_id(row.text("Name") or ""): row.integer("ReplicationMode") or 0 for row in rows}
    return {vm_id: REPLICATION_MODES[number] for vm_id, number in found.items() if number in REPLICATION_MODES}
