# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Media, drives and devices of its own host that a VM uses.

Only root/virtualization/v2 of the host shows it; one query a class serves all VMs of the host. Source: Microsoft
docs, Msvm_StorageAllocationSettingData, Msvm_ResourceAllocationSettingData, Msvm_PciExpressSettingData and
Msvm_GpuPartitionSettingData.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from ..._wsman.session import Session
from ..._wsman.wql import Query
from .cluster import VIRTUALIZATION, Cluster

ISO, FLOPPY, HOST_DRIVE, PASS_THROUGH = "iso", "floppy", "host_drive", "pass_through_disk"
PCI_DEVICE, GPU_PARTITION = "pci_device", "gpu_partition"

_COLUMNS = ("InstanceID", "ResourceSubType", "HostResource")
_DVD_DISK = "Microsoft:Hyper-V:Virtual CD/DVD Disk"
_FLOPPY_DISK = "Microsoft:Hyper-V:Virtual Floppy Disk"
_DISK_DRIVE = "Microsoft:Hyper-V:Physical Disk Drive"
# Sources spell the subtype of a host's own optical drive in different ways.
_OPTICAL_DRIVES = (
    "Microsoft:Hyper-V:Physical CD/DVD Drive",
    "Microsoft:Hyper-V:Physical DVD Drive",
    "Microsoft:Hyper-V:Physical CD Drive",
)
_KINDS = {_DVD_DISK: ISO, _FLOPPY_DISK: FLOPPY, _DISK_DRIVE: PASS_THROUGH, **dict.fromkeys(_OPTICAL_DRIVES, HOST_DRIVE)}
# An InstanceID of settings begins with that of the system: a VM's own has its GUID, a checkpoint's another one.
_OWNER = re.compile(r"Microsoft:\{?([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})\}?\\", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Z]:\\?|.*Win32_CDROMDrive.*", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Attachment:
    """Something of the host that a VM uses: its ``kind``, and the path by which the host knows it."""

    kind: str
    path: str


def read_attachments(cluster: Cluster, node: str) -> dict[str, tuple[Attachment, ...]]:
    """Return what the VMs of a node have attached of it, by VM id; four queries. Raises Fault and TransportError."""
    session = cluster.node(node)
    found: dict[str, tuple[Attachment, ...]] = {}
    for vm_id, attachment in (*_media(session), *_devices(session)):
        if attachment not in found.get(vm_id, ()):
            found[vm_id] = (*found.get(vm_id, ()), attachment)
    return {vm_id: tuple(sorted(those, key=lambda one: (one.kind, one.path))) for vm_id, those in found.items()}


def _media(session: Session) -> Iterator[tuple[str, Attachment]]:
    for class_name, kinds in (
        ("Msvm_StorageAllocationSettingData", (_DVD_DISK, _FLOPPY_DISK)),
        ("Msvm_ResourceAllocationSettingData", (_DISK_DRIVE, *_OPTICAL_DRIVES)),
    ):
        for vm_id, subtype, path in _settings(session, Query(class_name, _COLUMNS, {"ResourceSubType": kinds})):
            kind = _KINDS.get(subtype, "")
            if kind and path:
                yield vm_id, Attachment(HOST_DRIVE if kind == ISO and _DRIVE.fullmatch(path) else kind, path)


def _devices(session: Session) -> Iterator[tuple[str, Attachment]]:
    for class_name, kind in (
        ("Msvm_PciExpressSettingData", PCI_DEVICE),
        ("Msvm_GpuPartitionSettingData", GPU_PARTITION),
    ):
        for vm_id, unused, path in _settings(session, Query(class_name, _COLUMNS)):
            yield vm_id, Attachment(kind, path)


def _settings(session: Session, query: Query) -> Iterator[tuple[str, str, str]]:
    """Yield VM id, subtype and first host resource of settings that belong to VMs."""
    # A version of Windows need not have each kind of device.
    for row in session.query(VIRTUALIZATION, query, missing_ok=True):
        owner = _OWNER.match(row.text("InstanceID") or "")
        if owner is not None:
            path = next((one for one in row.texts("HostResource") if one), "")
            yield owner[1].upper(), row.text("ResourceSubType") or "", path
