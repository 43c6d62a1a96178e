# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What VMs need of a host that runs them. Only root/virtualization/v2 of their own host shows it.

Sources: Microsoft docs, Msvm_EthernetPortAllocationSettingData (a disabled allocation is not processed; HostResource is
the switch, PoolID the pool where none is named), Msvm_ProcessorSettingData, Msvm_VirtualSystemSettingData,
Msvm_SecuritySettingData and Msvm_GpuPartitionSettingData; LimitProcessorFeaturesMode as microsoft/wmi read it from a
host of 23H2. An InstanceID of settings begins with the GUID of its VM, and that of a checkpoint with another.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Iterator

from ..._wsman.instances import Instance
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..cluster.cluster import VIRTUALIZATION
from .host_hardware import HostHardware
from .kept import Kept, read_once

_OWNER = re.compile(r"Microsoft:\{?([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})\}?", re.IGNORECASE)
_NAME = re.compile(r"""Name=["']?\{?([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})\}?""", re.IGNORECASE)
_DISABLED = 3  # EnabledState
_BY_CLUSTER = 1  # LimitProcessorFeaturesMode
_PORT_COLUMNS = ("InstanceID", "HostResource", "PoolID", "EnabledState", "LastKnownSwitchName")
_PORTS = Query("Msvm_EthernetPortAllocationSettingData", _PORT_COLUMNS)
# The mode came with a build whose number a host by itself does not tell beforehand: all properties, or a fault.
_PROCESSORS = Query("Msvm_ProcessorSettingData")
_SYSTEMS = Query("Msvm_VirtualSystemSettingData", ("InstanceID", "Version"))
_SECURITY = Query("Msvm_SecuritySettingData", ("InstanceID", "TpmEnabled", "ShieldingRequested"))
_GPUS = Query("Msvm_GpuPartitionSettingData", ("InstanceID",))


class Connection(t.NamedTuple):
    """To what one network adapter is connected: a switch by its name, or whatever a resource pool offers."""

    switch: str = ""
    pool: str = ""


class ProcessorLimits(t.NamedTuple):
    """Processor compatibility of one VM. What its host does not tell is None, or False.

    Attributes:
        is_on: it is not to see all features of the processor that it runs on.
        by_cluster: it sees those that all nodes of the cluster have, and not the documented least.
    """

    is_on: bool | None = None
    by_cluster: bool = False


class Security(t.NamedTuple):
    """``has_tpm``: a VM has a virtual TPM. ``is_shielded``: only a guarded host may run it."""

    has_tpm: bool = False
    is_shielded: bool = False


class VmHardware(Kept):
    """What the VMs of one host need, by VM id, for all of them at once; VMs without something are missing there."""

    def __init__(self, log_in: Callable[[], Session], host: HostHardware) -> None:
        """``host`` is theirs, which knows the names of the switches."""
        super().__init__(log_in)
        self._host = host

    @read_once
    def connections(self) -> dict[str, tuple[Connection, ...]]:
        """What their network adapters are connected to, in one query beside that of the host's switches."""
        switches = self._host.switch_names
        found: dict[str, tuple[Connection, ...]] = {}
        for vm_id, row in self._rows(_PORTS):
            connection = _connection(row, switches)
            if connection is not None:
                found[vm_id] = (*found.get(vm_id, ()), connection)
        return found

    @read_once
    def processor_limits(self) -> dict[str, ProcessorLimits]:
        """Their processor compatibility, in one query."""
        return {
            vm_id: ProcessorLimits(
                row.boolean("LimitProcessorFeatures"), row.integer("LimitProcessorFeaturesMode") == _BY_CLUSTER
            )
            for vm_id, row in self._rows(_PROCESSORS)
        }

    @read_once
    def versions(self) -> dict[str, str]:
        """Their configuration versions, such as ``10.0``, in one query."""
        return {vm_id: row.text("Version") or "" for vm_id, row in self._rows(_SYSTEMS)}

    @read_once
    def security(self) -> dict[str, Security]:
        """Whether they have a virtual TPM and are shielded, in one query."""
        return {
            vm_id: Security(bool(row.boolean("TpmEnabled")), bool(row.boolean("ShieldingRequested")))
            for vm_id, row in self._rows(_SECURITY)
        }

    @read_once
    def with_gpu(self) -> frozenset[str]:
        """Those to which a partition of a GPU is assigned, in one query."""
        return frozenset(vm_id for vm_id, unused in self._rows(_GPUS))

    def _rows(self, query: Query) -> Iterator[tuple[str, Instance]]:
        # A version of Windows need not have each kind of setting.
        for row in self._session.query(VIRTUALIZATION, query, missing_ok=True):
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
