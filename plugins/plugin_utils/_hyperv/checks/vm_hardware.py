# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What VMs need of a host that runs them. Only root/virtualization/v2 of their own host shows it.

Sources: Microsoft docs, Msvm_EthernetPortAllocationSettingData (a disabled allocation is not processed; HostResource is
the switch, PoolID the pool where none is named), Msvm_ProcessorSettingData, Msvm_VirtualSystemSettingData,
Msvm_SecuritySettingData and Msvm_GpuPartitionSettingData; LimitProcessorFeaturesMode as microsoft/wmi read it from a
host of 23H2. An InstanceID of settings begins with the GUID of its VM, and that of a checkpoint with another.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from ..._wsman.instances import Instance
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..cluster.cluster import VIRTUALIZATION
from .host_hardware import read_switches

_OWNER = re.compile(r"Microsoft:\{?([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})\}?", re.IGNORECASE)
_NAME = re.compile(r"""Name=["']?\{?([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})\}?""", re.IGNORECASE)
_DISABLED = 3  # EnabledState
_PORT_COLUMNS = ("InstanceID", "HostResource", "PoolID", "EnabledState", "LastKnownSwitchName")
_PORTS = Query("Msvm_EthernetPortAllocationSettingData", _PORT_COLUMNS)
# The mode came with a build whose number a host by itself does not tell beforehand: all properties, or a fault.
_PROCESSORS = Query("Msvm_ProcessorSettingData")
_SYSTEMS = Query("Msvm_VirtualSystemSettingData", ("InstanceID", "Version"))
_SECURITY = Query("Msvm_SecuritySettingData", ("InstanceID", "TpmEnabled", "ShieldingRequested"))
_GPUS = Query("Msvm_GpuPartitionSettingData", ("InstanceID",))


@dataclasses.dataclass(frozen=True)
class Connection:
    """To what one network adapter is connected: a switch by its name, or whatever a resource pool offers."""

    switch: str = ""
    pool: str = ""


@dataclasses.dataclass(frozen=True)
class VmHardware:
    """What one VM needs. What its host does not tell is None, or nothing.

    Attributes:
        connections: of its network adapters that are connected.
        limits_processor_features: processor compatibility is on.
        by_cluster: that leaves it the features that all nodes of the cluster have, and not the documented least.
        version: configuration version, such as ``10.0``.
        has_tpm: it has a virtual TPM.
        is_shielded: only a guarded host may run it.
        uses_gpu: a partition of a GPU is assigned to it.
    """

    connections: tuple[Connection, ...] = ()
    limits_processor_features: bool | None = None
    by_cluster: bool = False
    version: str = ""
    has_tpm: bool = False
    is_shielded: bool = False
    uses_gpu: bool = False


def read_vm_hardware(session: Session) -> dict[str, VmHardware]:
    """Return what the VMs of a host need, by VM id; six queries, for any number of VMs.

    Raises Fault and TransportError.
    """
    found: dict[str, VmHardware] = {}

    def of(vm_id: str) -> VmHardware:
        return found.get(vm_id, VmHardware())

    switches = read_switches(session)
    for vm_id, row in _rows(session, _PORTS):
        connection = _connection(row, switches)
        if connection is not None:
            found[vm_id] = dataclasses.replace(of(vm_id), connections=(*of(vm_id).connections, connection))
    for vm_id, row in _rows(session, _PROCESSORS):
        limits, mode = row.boolean("LimitProcessorFeatures"), row.integer("LimitProcessorFeaturesMode")
        found[vm_id] = dataclasses.replace(of(vm_id), limits_processor_features=limits, by_cluster=mode == 1)
    for vm_id, row in _rows(session, _SYSTEMS):
        found[vm_id] = dataclasses.replace(of(vm_id), version=row.text("Version") or "")
    for vm_id, row in _rows(session, _SECURITY):
        tpm, shielded = bool(row.boolean("TpmEnabled")), bool(row.boolean("ShieldingRequested"))
        found[vm_id] = dataclasses.replace(of(vm_id), has_tpm=tpm, is_shielded=shielded)
    for vm_id, unused in _rows(session, _GPUS):
        found[vm_id] = dataclasses.replace(of(vm_id), uses_gpu=True)
    return found


def _rows(session: Session, query: Query) -> Iterator[tuple[str, Instance]]:
    # A version of Windows need not have each kind of setting.
    for row in session.query(VIRTUALIZATION, query, missing_ok=True):
        owner = _OWNER.match(row.text("InstanceID") or "")
        if owner is not None:
            yield owner[1].upper(), row


def _connection(row: Instance, switches: dict[str, str]) -> Connection | None:
    """Return to what an adapter is connected, None for nothing."""
    if row.integer("EnabledState") == _DISABLED:
        return None
    path = next((one for one in row.texts("HostResource") if one), "")
    switch = _NAME.search(path)
    if path:
        name = switches.get(switch[1].upper(), "") if switch is not None else ""
        return Connection(switch=name or row.text("LastKnownSwitchName") or "")
    pool = row.text("PoolID") or ""
    return Connection(pool=pool) if pool else None
