# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host offers VMs: switches, processors, memory, GPUs, guardians.

Sources: Microsoft docs, Msvm_VirtualEthernetSwitch, Msvm_ResourcePool, Msvm_PartitionableGpu, Win32_Processor,
Win32_OperatingSystem, MSFT_HgsClientConfiguration and MSFT_HgsGuardian; the static method Get as os-win calls it.
"""

from __future__ import annotations

import typing as t

from ..._names import in_capitals
from ..._wsman.references import Reference
from ..._wsman.wql import Query
from ..cluster.cluster import CIMV2, VIRTUALIZATION
from .kept import Kept, read_once

HGS = "root/Microsoft/Windows/Hgs"
_CONFIGURATION = "MSFT_HgsClientConfiguration"
_ETHERNET_CONNECTION = 33  # ResourceType
_SWITCHES = Query("Msvm_VirtualEthernetSwitch", ("Name", "ElementName"))
_POOLS = Query("Msvm_ResourcePool", ("PoolID",), {"ResourceType": (_ETHERNET_CONNECTION,)})
_GPUS = Query("Msvm_PartitionableGpu", ("Name",))
# Without a column list each row measures the load of its processor for a second. All sockets have the same processor,
# and one row comes without a Pull.
_FIRST_PROCESSOR = Query("Win32_Processor", ("Manufacturer", "Caption"), {"DeviceID": ("CPU0",)})
_MEMORY = Query("Win32_OperatingSystem", ("FreePhysicalMemory",))  # kB
_GUARDIANS = Query("MSFT_HgsGuardian", ("Name", "HasPrivateSigningKey", "EncryptionCertificate"))


class Processor(t.NamedTuple):
    """The processors of a host: ``maker`` as ``GenuineIntel``, ``model`` with family, model and stepping."""

    maker: str
    model: str


class Guardian(t.NamedTuple):
    """An owner of key protectors whose private key a host has; the certificate tells it from others of its name."""

    name: str
    certificate: bytes


class HostHardware(Kept):
    """What one host offers, each thing read at the first need and kept."""

    @read_once
    def switch_names(self) -> dict[str, str]:
        """The names of its virtual switches by their GUIDs in upper case, in one query."""
        rows = self._session.query(VIRTUALIZATION, _SWITCHES, missing_ok=True)
        return {(row.text("Name") or "").upper(): row.text("ElementName") or "" for row in rows}

    @read_once
    def switches(self) -> frozenset[str]:
        """The names of its virtual switches alone."""
        return frozenset(filter(None, self.switch_names.values()))

    @read_once
    def network_pools(self) -> frozenset[str]:
        """The ids of its resource pools for network connections, in lower case, in one query."""
        rows = self._session.query(VIRTUALIZATION, _POOLS, missing_ok=True)
        return frozenset(in_capitals(row.text("PoolID") or "") for row in rows)

    @read_once
    def processor(self) -> Processor | None:
        """Its processors, in one query; None where it does not tell them."""
        rows = self._session.query(CIMV2, _FIRST_PROCESSOR, missing_ok=True)
        return Processor(rows[0].text("Manufacturer") or "", rows[0].text("Caption") or "") if rows else None

    @read_once
    def free_mb(self) -> int | None:
        """The memory that its Windows has left in MB, in one query; None where it does not say."""
        rows = self._session.query(CIMV2, _MEMORY)
        free = rows[0].integer("FreePhysicalMemory") if rows else None
        return None if free is None else free // 1024

    def forget_memory(self) -> None:
        """Have the memory read again: VMs have come or gone."""
        self.known.pop("free_mb", None)

    @read_once
    def has_gpu(self) -> bool:
        """Tell whether it shows a GPU of which VMs may have parts, in one query."""
        return bool(self._session.query(VIRTUALIZATION, _GPUS, missing_ok=True))

    @read_once
    def is_guarded(self) -> bool | None:
        """Tell whether it is a guarded host, in one call; None where it does not say."""
        output = self._session.invoke(Reference.of(HGS, _CONFIGURATION), "Get", {})
        told = output.embedded("cmdletOutput") if not output.integer("ReturnValue") else None
        return told.boolean("IsHostGuarded") if told is not None else None

    @read_once
    def guardians(self) -> frozenset[Guardian]:
        """The guardians whose private keys it has, in one query."""
        return frozenset(
            Guardian(row.text("Name") or "", row.octets("EncryptionCertificate") or b"")
            for row in self._session.query(HGS, _GUARDIANS, missing_ok=True)
            if row.boolean("HasPrivateSigningKey")
        )
