# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every property of Msvm_VirtualSystemMigrationSettingData as an option. Data only.

Sources: Microsoft docs, the classes Msvm_VirtualSystemMigrationSettingData and CIM_VirtualSystemMigrationSettingData
(types, value maps, the version that added a property); the two newest properties, which they lack, stand in the
wrappers that Microsoft generated from hosts of Windows Server 2019 and Azure Stack HCI 23H2 (microsoft/wmi).
"""

from __future__ import annotations

import dataclasses
import types
import typing as t
from collections.abc import Mapping

from ..._wsman.values import CimType
from ..cluster.cim_values import (
    AZURE_23H2,
    MIGRATION_TYPES,
    WINDOWS_1703,
    WINDOWS_1709,
    WINDOWS_2012,
    WINDOWS_2016,
    WINDOWS_2019,
)

_BEFORE_2016 = WINDOWS_2016 - 1


@dataclasses.dataclass(frozen=True, eq=False)
class SettingProperty:
    """One property.

    Attributes:
        option: name of the option.
        name: name of the property in CIM.
        type: CIM type, of each element where it is an array.
        choices: numbers by word; empty where any value goes.
        in_parent: whether the abstract CIM parent class has it too.
        parent_choices: numbers by word in the parent's own value map.
        since: oldest Windows build that is known to have it.
        lacking: newest Windows build that is known to lack it; no source tells about the builds between.
        aliases: other names of the option.
    """

    option: str
    name: str
    type: CimType
    is_array: bool = False
    choices: Mapping[str, int] = dataclasses.field(default_factory=dict)
    in_parent: bool = False
    parent_choices: Mapping[str, int] = dataclasses.field(default_factory=dict)
    since: int = WINDOWS_2012
    lacking: int = WINDOWS_2012 - 1
    aliases: tuple[str, ...] = ()


TRANSPORTS = {"tcp": 5, "smb": 32768}
CPU_CAPPINGS = {"normal": 0, "low": 1, "high": 2}
_LIVE = 2  # CIM_VirtualSystemMigrationSettingData.MigrationType: the guest is hardly disturbed

MIGRATION_TYPE = SettingProperty(
    "migration_type",
    "MigrationType",
    CimType.UINT16,
    choices={word: number for number, word in MIGRATION_TYPES.items()},
    in_parent=True,
    parent_choices={"virtual_system": _LIVE},
)
TRANSPORT = SettingProperty(
    "transport",
    "TransportType",
    CimType.UINT16,
    choices=TRANSPORTS,
    in_parent=True,
    parent_choices=TRANSPORTS,  # its value map leaves 32768 and above to vendors
    aliases=("transport_type",),
)
ADDRESSES = SettingProperty(
    "destination_ip_addresses",
    "DestinationIPAddressList",
    CimType.STRING,
    is_array=True,
    aliases=("destination_ip_address_list",),
)
UNMANAGED_VHDS = SettingProperty(
    "unmanaged_vhds", "UnmanagedVhds", CimType.STRING, is_array=True, since=WINDOWS_2016, lacking=_BEFORE_2016
)

RETAIN_DISKS = SettingProperty("retain_vhd_copies_on_source", "RetainVhdCopiesOnSource", CimType.BOOLEAN)
MIGRATION_PROPERTIES = (
    MIGRATION_TYPE,
    TRANSPORT,
    SettingProperty("other_transport_type", "OtherTransportType", CimType.STRING, in_parent=True),
    ADDRESSES,
    SettingProperty("enable_compression", "EnableCompression", CimType.BOOLEAN, since=9600, lacking=9599),
    SettingProperty(
        "cpu_capping",
        "CPUCappingMagnitude",
        CimType.UINT16,
        choices=CPU_CAPPINGS,
        since=WINDOWS_1709,
        lacking=WINDOWS_1709 - 1,
        aliases=("cpu_capping_magnitude",),
    ),
    SettingProperty(
        "cancel_if_blackout_threshold_exceeded",
        "CancelIfBlackoutThresholdExceeded",
        CimType.BOOLEAN,
        since=WINDOWS_1709,
        lacking=WINDOWS_1709 - 1,
    ),
    SettingProperty("priority", "Priority", CimType.UINT16, in_parent=True),
    SettingProperty("bandwidth", "Bandwidth", CimType.UINT16, in_parent=True),
    SettingProperty("bandwidth_unit", "BandwidthUnit", CimType.STRING, in_parent=True),
    SettingProperty("destination_planned_virtual_system_id", "DestinationPlannedVirtualSystemId", CimType.STRING),
    RETAIN_DISKS,
    SettingProperty(
        "remove_source_unmanaged_vhds",
        "RemoveSourceUnmanagedVhds",
        CimType.BOOLEAN,
        since=WINDOWS_2016,
        lacking=_BEFORE_2016,
    ),
    UNMANAGED_VHDS,
    # "Windows 10, version 1703 and Windows Server 2016": the older of the two, for nodes are servers.
    SettingProperty(
        "avoid_removing_vhds", "AvoidRemovingVHDs", CimType.BOOLEAN, since=WINDOWS_2016, lacking=_BEFORE_2016
    ),
    SettingProperty(
        "allow_overwrite_existing_file",
        "AllowOverwriteExistingFile",
        CimType.BOOLEAN,
        since=WINDOWS_1703,
        lacking=WINDOWS_1703 - 1,
    ),
    SettingProperty(
        "enable_vhd_compression", "EnableVhdCompression", CimType.BOOLEAN, since=AZURE_23H2, lacking=WINDOWS_2019
    ),
    SettingProperty("advanced_options", "AdvancedOptions", CimType.STRING, since=AZURE_23H2, lacking=WINDOWS_2019),
    SettingProperty("instance_id", "InstanceID", CimType.STRING, in_parent=True),
    SettingProperty("element_name", "ElementName", CimType.STRING, in_parent=True),
    SettingProperty("caption", "Caption", CimType.STRING, in_parent=True),
    SettingProperty("description", "Description", CimType.STRING, in_parent=True),
)

# Msvm_MoveUnmanagedVhd: names of its properties by suboption.
UNMANAGED_VHD = types.MappingProxyType({"source_path": "VhdSourcePath", "destination_path": "VhdDestinationPath"})


def migration_options() -> dict[str, dict[str, t.Any]]:
    """Return the specification of the suboptions of ``migration_settings`` for Ansible."""
    return {one.option: _specified(one) for one in MIGRATION_PROPERTIES}


def _specified(one: SettingProperty) -> dict[str, t.Any]:
    spec: dict[str, t.Any] = {"type": _ansible_type(one)}
    if one is UNMANAGED_VHDS:
        return {
            "type": "list",
            "elements": "dict",
            "options": {option: {"type": "str", "required": True} for option in UNMANAGED_VHD},
        }
    if one.is_array:
        spec = {"type": "list", "elements": spec["type"]}
    if one.choices:
        spec["choices"] = list(one.choices)
    if one.aliases:
        spec["aliases"] = list(one.aliases)
    return spec


def _ansible_type(one: SettingProperty) -> str:
    if one.choices or one.type is CimType.STRING:
        return "str"
    return "bool" if one.type is CimType.BOOLEAN else "int"
