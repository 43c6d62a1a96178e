# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings in a call of the migration service: whether the provider takes them, and what they were.

Value maps: Microsoft docs of Msvm_VirtualSystemMigrationSettingData and its CIM_ parent. Which form, which class and
whose version of it the cluster's provider wants is not documented; the scenario's switches decide.
"""

from __future__ import annotations

import datetime
import typing as t

from .. import schema
from ..cim import CimFault, Embedded, Value
from ..embedded_text import dmtf_time
from ..switches import SettingDataForm
from ..world import Refusal
from .namespace import VIRTUALIZATION, View

TYPED = "Msvm_VirtualSystemMigrationSettingData"
PARENT = "CIM_VirtualSystemMigrationSettingData"
MIGRATION_TYPES = {"virtual_system": 32768, "virtual_system_and_storage": 32771}
DMTF_LIVE = 2
_VALUES = {"TransportType": (5, 32768), "CPUCappingMagnitude": (0, 1, 2)}
# WBEM_E_INVALID_METHOD_PARAMETERS; WBEM_E_INVALID_CLASS: the cluster's namespace does not have the Msvm_ class;
# ERROR_INVALID_PARAMETER, as a recorded fault of a provider has it.
_FAULTS = {
    "parameter_fault": (0x8004102F, "Invalid method Parameter(s)"),
    "class_fault": (0x80041010, "Invalid class"),
    "win32_fault": (87, "The parameter is incorrect."),
}


def refusal_of(
    view: View, setting_data: Value, new_system_settings: Value, new_resource_settings: Value
) -> Refusal | None:
    """Return why the provider does not take the settings of a call, or None. Raises CimFault, if it is so switched."""
    switches = view.world.scenario.switches
    form = _form(setting_data)
    if form is None or form not in switches.accepts_setting_data:
        if switches.refuses_setting_data_by != "return_value":
            raise CimFault(*_FAULTS[switches.refuses_setting_data_by], "ExecMethod")
        return Refusal.INVALID_PARAMETER
    if isinstance(setting_data, Embedded) and not _is_valid(view, setting_data):
        return Refusal.INVALID_PARAMETER
    changes = new_system_settings is not None or bool(new_resource_settings)
    if not changes or switches.new_settings == "always":
        return None
    with_storage = _migration_type(setting_data) == MIGRATION_TYPES["virtual_system_and_storage"]
    return None if with_storage and switches.new_settings == "with_storage" else Refusal.INCOMPATIBLE


def _form(setting_data: Value) -> SettingDataForm | None:
    if setting_data is None:
        return "null"
    if not isinstance(setting_data, Embedded):
        return None
    given = setting_data.properties
    if setting_data.class_name == PARENT:
        return "cim"
    if setting_data.class_name != TYPED:
        return None
    network = given.get("TransportType") is not None or given.get("DestinationIPAddressList") is not None
    return "typed_net" if network else "typed"


def _migration_type(setting_data: Value) -> int | None:
    return setting_data.properties.get("MigrationType") if isinstance(setting_data, Embedded) else None


def _is_valid(view: View, setting_data: Embedded) -> bool:
    if setting_data.class_name == PARENT:
        return _migration_type(setting_data) == DMTF_LIVE
    taken = {MIGRATION_TYPES[word] for word in view.world.scenario.switches.migration_types}
    return _migration_type(setting_data) in taken and has_known_values(view, setting_data)


def has_known_values(view: View, setting_data: Embedded) -> bool:
    """Tell whether the host knows all properties of a Msvm_VirtualSystemMigrationSettingData, and their values."""
    return _is_known(view, setting_data) and all(
        setting_data.properties.get(name, values[0]) in values for name, values in _VALUES.items()
    )


def _is_known(view: View, setting_data: Embedded) -> bool:
    """Tell whether the Windows version that decides has all the properties of an instance."""
    builds = [node.spec.windows_build for node in view.world.nodes.values()]
    build = view.node.spec.windows_build if view.world.scenario.switches.setting_data_build == "asked" else min(builds)
    definition = schema.load().find_anywhere(setting_data.class_name, VIRTUALIZATION)
    assert definition is not None
    return all(definition.properties[name].since_build <= build for name in setting_data.properties)


def plain(value: Value) -> t.Any:
    """Return a value as data that JSON can hold; an embedded instance as its class and properties."""
    if isinstance(value, Embedded):
        properties = {name: plain(one) for name, one in value.properties.items()}
        return {"class": value.class_name, "properties": properties}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return dmtf_time(value) if isinstance(value, (datetime.datetime, datetime.timedelta)) else value
