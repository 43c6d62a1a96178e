# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the VMs of a host have attached of it: media, drives and devices.

Values: Microsoft docs of Msvm_StorageAllocationSettingData, Msvm_ResourceAllocationSettingData,
Msvm_PciExpressSettingData and Msvm_GpuPartitionSettingData.
"""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Iterator

from ..cim import Instance
from ..world import Machine
from .namespace import ClassTable, View


class _Form(t.NamedTuple):
    """How one kind of attachment is shown."""

    class_name: str
    resource_type: int
    subtype: str
    element_name: str


STORAGE, RESOURCE = "Msvm_StorageAllocationSettingData", "Msvm_ResourceAllocationSettingData"
PCI_EXPRESS, GPU_PARTITION = "Msvm_PciExpressSettingData", "Msvm_GpuPartitionSettingData"
FORMS = {
    "iso": _Form(STORAGE, 31, "Microsoft:Hyper-V:Virtual CD/DVD Disk", "ISO Disk Image"),
    "floppy": _Form(STORAGE, 31, "Microsoft:Hyper-V:Virtual Floppy Disk", "Floppy Disk Image"),
    "host_drive": _Form(RESOURCE, 16, "Microsoft:Hyper-V:Physical DVD Drive", "Physical DVD Drive"),
    "pass_through_disk": _Form(RESOURCE, 17, "Microsoft:Hyper-V:Physical Disk Drive", "Physical Disk Drive"),
    "pci_device": _Form(PCI_EXPRESS, 32769, "Microsoft:Hyper-V:Virtual Pci Express Port", "PCI Express Port"),
    "gpu_partition": _Form(GPU_PARTITION, 32770, "Microsoft:Hyper-V:GPU Partition", "GPU Partition Settings"),
}
HARD_DISK = _Form(STORAGE, 31, "Microsoft:Hyper-V:Virtual Hard Disk", "Hard Disk Image")
DVD_DRIVE = _Form(RESOURCE, 16, "Microsoft:Hyper-V:Synthetic DVD Drive", "DVD Drive")


def resource_id(machine: Machine, form: _Form, number: int) -> str:
    """Return InstanceID of what a VM has in its place of this number; its hard disks come first."""
    return rf"Microsoft:{machine.id}\{form.subtype.rpartition(':')[2]}\0\{number}\L"


def _rows(class_name: str, view: View) -> Iterator[Instance]:
    for machine in view.node.residents.values():
        shown: list[tuple[_Form, str | None]] = [(HARD_DISK, path) for path in machine.files.disks]
        shown.append((DVD_DRIVE, None))
        shown += [(FORMS[one.kind], one.path) for one in machine.spec.attachments]
        for number, (form, path) in enumerate(shown):
            if form.class_name == class_name:
                yield {
                    "InstanceID": resource_id(machine, form, number),
                    "ElementName": form.element_name,
                    "ResourceType": form.resource_type,
                    "ResourceSubType": form.subtype,
                    "HostResource": [path] if path else None,
                    "PoolID": "",
                    "AllocationUnits": "count",
                    "VirtualQuantity": 1,
                }


TABLE = ClassTable(
    {name: functools.partial(_rows, name) for name in (STORAGE, RESOURCE, PCI_EXPRESS, GPU_PARTITION)},
)
