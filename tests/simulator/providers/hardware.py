# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The host as a machine in root\\cimv2: its product, processors and one file. Values: Microsoft docs of the classes.

The collection asks for none of it; libvirt's driver does when it connects, and virt-who when it reports a host.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from ..cim import Instance
from ..host_profiles import version_of
from .namespace import ClassTable, View

SOCKETS, CORES = 2, 16
MODEL = "Simulated processor"
MAKER_NAMES = {"GenuineIntel": "Intel64", "AuthenticAMD": "AMD64"}


def _products(view: View) -> Iterator[Instance]:
    yield {
        "Caption": "Computer System Product",
        "Description": "Computer System Product",
        "IdentifyingNumber": f"SIM-{view.node.name}",
        "Name": "Simulated host",
        "UUID": str(uuid.uuid5(uuid.NAMESPACE_DNS, view.node.spec.full_name)).upper(),
        "Vendor": "Simulated",
        "Version": "1.0",
    }


def _processors(view: View) -> Iterator[Instance]:
    spec = view.node.spec
    maker = spec.hardware.processor_maker
    model = f"{MAKER_NAMES[maker]} Family 6 Model {100 + spec.processor} Stepping 7"
    for socket in range(SOCKETS):
        yield {
            "AddressWidth": 64,
            "Architecture": 9,
            "Availability": 3,
            "Caption": model,
            "CpuStatus": 1,
            "CreationClassName": "Win32_Processor",
            "CurrentClockSpeed": 2400,
            "DataWidth": 64,
            "Description": model,
            "DeviceID": f"CPU{socket}",
            "Manufacturer": maker,
            "MaxClockSpeed": 2400,
            "Name": MODEL,
            "NumberOfCores": CORES,
            "NumberOfEnabledCore": CORES,
            "NumberOfLogicalProcessors": 2 * CORES,
            "ProcessorType": 3,
            "Role": "CPU",
            "SocketDesignation": f"CPU {socket}",
            "Status": "OK",
            "StatusInfo": 3,
            "SystemCreationClassName": "Win32_ComputerSystem",
            "SystemName": view.node.name,
            "ThreadCount": 2 * CORES,
        }


def _processor_links(view: View) -> Iterator[Instance]:
    for socket in range(SOCKETS):
        yield {
            "GroupComponent": view.path("Win32_ComputerSystem", Name=view.node.name),
            "PartComponent": view.path("Win32_Processor", DeviceID=f"CPU{socket}"),
        }


def _files(view: View) -> Iterator[Instance]:
    yield {
        "Caption": "c:\\windows\\system32\\vmms.exe",
        "CreationClassName": "CIM_LogicalFile",
        "CSCreationClassName": "Win32_ComputerSystem",
        "CSName": view.node.name,
        "Drive": "c:",
        "Extension": "exe",
        "FileName": "vmms",
        "FileType": "Application",
        "FSName": "NTFS",
        "Name": "c:\\windows\\system32\\vmms.exe",
        "Path": "\\windows\\system32\\",
        "Status": "OK",
        "Version": f"{version_of(view.node.spec.windows_build)}.1",
    }


TABLE = ClassTable(
    {
        "Win32_ComputerSystemProduct": _products,
        "Win32_Processor": _processors,
        "Win32_ComputerSystemProcessor": _processor_links,
        "CIM_DataFile": _files,
    }
)
