# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Msvm_VirtualSystemManagementService in root\\virtualization\\v2, and its GetSummaryInformation (Microsoft docs)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..cim import Embedded, Instance, ObjectPath, Value
from .namespace import ClassTable, View
from .systems import SYSTEM, summaries

SERVICE = "Msvm_VirtualSystemManagementService"
INVALID_PARAMETER = 32773
# RequestedInformation: the property that a number asks for. Of the others the simulated VMs have nothing.
INFORMATION = {
    0: "Name",
    1: "ElementName",
    2: "CreationTime",
    3: "Notes",
    4: "NumberOfProcessors",
    9: "VirtualSwitchNames",
    10: "Version",
    11: "Shielded",
    100: "EnabledState",
    101: "ProcessorLoad",
    103: "MemoryUsage",
    105: "UpTime",
    109: "HealthState",
    110: "OperationalStatus",
    111: "StatusDescriptions",
    123: "MemorySpansPhysicalNumaNodes",
}


def _services(view: View) -> Iterator[Instance]:
    yield {
        "CreationClassName": SERVICE,
        "Name": "vmms",
        "SystemCreationClassName": SYSTEM,
        "SystemName": view.node.name,
        "ElementName": "Hyper-V Virtual System Management Service",
        "Caption": "Hyper-V Virtual System Management Service",
        "EnabledState": 2,
        "HealthState": 5,
        "OperationalStatus": [2],
        "Started": True,
        "StartMode": "Automatic",
        "Status": "OK",
    }


def _get_summary_information(view: View, unused: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    asked = parameters.get("SettingData")
    wanted = None if asked is None else {path.keys.get("InstanceID", "").lower() for path in asked}
    known = {str(row["InstanceID"]).lower(): row for row in summaries(view)}
    if wanted is not None and not wanted <= known.keys():
        return {"ReturnValue": INVALID_PARAMETER}
    properties = {
        INFORMATION[number] for number in parameters.get("RequestedInformation") or () if number in INFORMATION
    }
    found = [
        Embedded("Msvm_SummaryInformation", {name: value for name, value in row.items() if name in properties})
        for instance_id, row in known.items()
        if wanted is None or instance_id in wanted
    ]
    return {"ReturnValue": 0, "SummaryInformation": found}


TABLE = ClassTable({SERVICE: _services}, {(SERVICE, "GetSummaryInformation"): _get_summary_information})
