# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host offers VMs: switches, processors, memory, GPUs, guardians.

Sources: Microsoft docs, Msvm_VirtualEthernetSwitch, Msvm_ResourcePool, Msvm_PartitionableGpu, Win32_Processor,
Win32_OperatingSystem, MSFT_HgsClientConfiguration and MSFT_HgsGuardian; the static method Get as os-win calls it.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable

from ..._wsman.faults import Fault
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..cluster.cluster import CIMV2, VIRTUALIZATION

HGS = "root/Microsoft/Windows/Hgs"
_CONFIGURATION = "MSFT_HgsClientConfiguration"
_ETHERNET_CONNECTION = 33  # ResourceType
_SWITCHES = Query("Msvm_VirtualEthernetSwitch", ("Name", "ElementName"))
_POOLS = Query("Msvm_ResourcePool", ("PoolID",), {"ResourceType": (_ETHERNET_CONNECTION,)})
_GPUS = Query("Msvm_PartitionableGpu", ("Name",))
# Without a column list each row measures the load of its processor for a second.
_PROCESSORS = Query("Win32_Processor", ("Manufacturer", "Caption"))
_MEMORY = Query("Win32_OperatingSystem", ("FreePhysicalMemory",))  # kB
_GUARDIANS = Query("MSFT_HgsGuardian", ("Name", "HasPrivateSigningKey", "EncryptionCertificate"))


@dataclasses.dataclass(frozen=True)
class Processor:
    """The processors of a host: ``maker`` as ``GenuineIntel``, ``model`` with family, model and stepping."""

    maker: str
    model: str


@dataclasses.dataclass(frozen=True)
class Guardian:
    """An owner of key protectors whose private key a host has; the certificate tells it from others of its name."""

    name: str
    certificate: bytes


_T = t.TypeVar("_T")


class _Kept(t.Generic[_T]):
    """What is read at the first need and kept, a refusal as well: many VMs ask for it, one after the other."""

    def __init__(self, read: Callable[[HostHardware], _T]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, host: HostHardware, owner: type | None = None) -> _T:
        if self._name not in host.known:
            try:
                host.known[self._name] = self._read(host)
            except Fault as fault:
                host.known[self._name] = fault
        known = host.known[self._name]
        if isinstance(known, Fault):
            raise known
        return t.cast("_T", known)


class HostHardware:
    """What one host offers, each thing read at the first need and kept. All raise Fault and TransportError.

    ``known``: what was read, by its name here; a Fault where the host refused it.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.known: dict[str, object] = {}

    @_Kept
    def switches(self) -> frozenset[str]:
        """The names of its virtual switches, in one query."""
        return frozenset(filter(None, read_switches(self._session).values()))

    @_Kept
    def network_pools(self) -> frozenset[str]:
        """The ids of its resource pools for network connections, in lower case, in one query."""
        rows = self._session.query(VIRTUALIZATION, _POOLS, missing_ok=True)
        return frozenset((row.text("PoolID") or "").casefold() for row in rows)

    @_Kept
    def processor(self) -> Processor | None:
        """Its processors, in one query; None where it does not tell them."""
        rows = self._session.query(CIMV2, _PROCESSORS, missing_ok=True)
        return Processor(rows[0].text("Manufacturer") or "", rows[0].text("Caption") or "") if rows else None

    @_Kept
    def free_mb(self) -> int | None:
        """The memory that its Windows has left in MB, in one query; None where it does not say."""
        rows = self._session.query(CIMV2, _MEMORY)
        free = rows[0].integer("FreePhysicalMemory") if rows else None
        return None if free is None else free // 1024

    def forget_memory(self) -> None:
        """Have the memory read again: VMs have come or gone."""
        self.known.pop("free_mb", None)

    @_Kept
    def has_gpu(self) -> bool:
        """Tell whether it shows a GPU of which VMs may have parts, in one query."""
        return bool(self._session.query(VIRTUALIZATION, _GPUS, missing_ok=True))

    @_Kept
    def is_guarded(self) -> bool | None:
        """Tell whether it is a guarded host, in one call; None where it does not say."""
        output = self._session.invoke(Reference.of(HGS, _CONFIGURATION), "Get", {})
        told = output.embedded("cmdletOutput") if not output.integer("ReturnValue") else None
        return told.boolean("IsHostGuarded") if told is not None else None

    @_Kept
    def guardians(self) -> frozenset[Guardian]:
        """The guardians whose private keys it has, in one query."""
        return frozenset(
            Guardian(row.text("Name") or "", row.octets("EncryptionCertificate") or b"")
            for row in self._session.query(HGS, _GUARDIANS, missing_ok=True)
            if row.boolean("HasPrivateSigningKey")
        )


def read_switches(session: Session) -> dict[str, str]:
    """Return the names of a host's virtual switches by their GUIDs in upper case. Raises Fault and TransportError."""
    rows = session.query(VIRTUALIZATION, _SWITCHES, missing_ok=True)
    return {(row.text("Name") or "").upper(): row.text("ElementName") or "" for row in rows}
