# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which settings the migration service takes, and what can be read afterwards of those it was called with."""

from __future__ import annotations

import typing as t

import pytest

from tests.simulator import object_paths, schema
from tests.simulator.cim import CimFault, Embedded, ObjectPath
from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster
from tests.simulator.embedded_text import INCORRECT_DATA_TYPE, INVALID_PARAMETER, EmbeddedRefused, read_instance
from tests.simulator.providers import providers_of
from tests.simulator.scenario_file import read_scenario

CLUSTER = "root/HyperVCluster/v2"
SERVICE = "Msvm_VirtualSystemMigrationService"
NODES = """
nodes: [{name: NODE1, build: 20348}, {name: NODE2, build: 14393}]
vms: [{name: web01, owner: NODE1}]
"""


def typed(**properties: t.Any) -> Embedded:
    return Embedded("Msvm_VirtualSystemMigrationSettingData", {"MigrationType": 32768, **properties})


class Service:
    """The migration service as NODE1 shows it."""

    def __init__(self, switches: str = "") -> None:
        self.cluster = SimulatedCluster(read_scenario(f"{NODES}switches: {{{switches}}}"), ManualClock())
        world = self.cluster.world
        self._provider = next(
            one for one in providers_of(world, world.nodes["NODE1"]) if one.namespace.lower() == CLUSTER.lower()
        )
        self.vm = next(iter(world.machines))

    def call(self, setting_data: Embedded | None, method: str = "Migrate", **changed: t.Any) -> int:
        name = {"Migrate": "MigrateVirtualSystemToSystem", "Check": "CheckVirtualSystemIsMigratableToSystem"}[method]
        parameters = {"ComputerSystem": self.vm, "DestinationSystem": "NODE2"}
        references = {
            parameter: ObjectPath(CLUSTER, "Msvm_ComputerSystem", {"Name": key})
            for parameter, key in parameters.items()
        }
        given = {"NewSystemSettingData": None, "NewResourceSettingData": None, **changed}
        path = ObjectPath(CLUSTER, SERVICE, {"CreationClassName": SERVICE})
        answer = self._provider.invoke(path, name, {**references, "MigrationSettingData": setting_data, **given})
        return int(answer["ReturnValue"])

    @property
    def recorded(self) -> list[dict[str, t.Any]]:
        return t.cast("list[dict[str, t.Any]]", self.cluster.state()["calls"])


@pytest.mark.parametrize(
    ("build_of", "properties", "code"),
    [
        ("oldest", {"AvoidRemovingVHDs": True}, 4096),
        ("oldest", {"CPUCappingMagnitude": 1}, 4),
        ("asked", {"CPUCappingMagnitude": 1}, 4096),
        ("asked", {"AdvancedOptions": ""}, 4),
    ],
)
def test_a_property_must_exist_in_the_version_that_decides(
    build_of: str, properties: dict[str, t.Any], code: int
) -> None:
    assert Service(f"setting_data_build: {build_of}").call(typed(**properties)) == code


@pytest.mark.parametrize(
    "properties", [{"TransportType": 2}, {"TransportType": 0}, {"CPUCappingMagnitude": 3}, {"MigrationType": 32771}]
)
def test_a_number_outside_of_its_value_map_is_refused(properties: dict[str, t.Any]) -> None:
    assert Service("setting_data_build: asked").call(typed(**properties)) == 4


def test_a_type_of_migration_is_taken_where_it_is_switched_on() -> None:
    service = Service("migration_types: [virtual_system_and_storage]")
    assert service.call(typed()) == 4
    assert service.call(typed(MigrationType=32771)) == 4096


@pytest.mark.parametrize(
    ("new_settings", "with_storage", "without"), [("always", 4096, 4096), ("never", 6, 6), ("with_storage", 4096, 6)]
)
@pytest.mark.parametrize(
    "changes",
    [
        {"NewSystemSettingData": Embedded("Msvm_VirtualSystemSettingData", {})},
        {"NewResourceSettingData": [Embedded("Msvm_MemorySettingData", {"Weight": 1})]},
    ],
)
def test_new_settings_are_taken_as_switched(
    new_settings: str, with_storage: int, without: int, changes: dict[str, t.Any]
) -> None:
    switches = f"new_settings: {new_settings}, migration_types: [virtual_system, virtual_system_and_storage]"
    assert Service(switches).call(typed(MigrationType=32771), **changes) == with_storage
    assert Service(switches).call(typed(), **changes) == without


@pytest.mark.parametrize(
    ("way", "code"), [("parameter_fault", 0x8004102F), ("class_fault", 0x80041010), ("win32_fault", 87)]
)
def test_a_form_can_be_refused_by_a_fault(way: str, code: int) -> None:
    service = Service(f"accepts_setting_data: ['null'], refuses_setting_data_by: {way}")
    with pytest.raises(CimFault) as caught:
        service.call(typed())
    assert caught.value.code == code
    assert service.call(None) == 4096
    assert [call["returned"] for call in service.recorded] == [None, 4096]


def test_every_call_is_recorded_with_its_settings() -> None:
    service = Service("new_settings: always")
    service.call(typed(TransportType=2), "Check")
    resources = [Embedded("Msvm_MemorySettingData", {"Weight": 1})]
    service.call(None, NewResourceSettingData=resources)
    refused, taken = service.recorded
    assert refused == {
        "at": 0.0,
        "node": "NODE1",
        "method": "CheckVirtualSystemIsMigratableToSystem",
        "vm": service.vm,
        "destination": "NODE2",
        "migration_settings": {
            "class": "Msvm_VirtualSystemMigrationSettingData",
            "properties": {"MigrationType": 32768, "TransportType": 2},
        },
        "new_system_settings": None,
        "new_resource_settings": None,
        "returned": 4,
    }
    assert (taken["migration_settings"], taken["returned"]) == (None, 4096)
    assert taken["new_resource_settings"] == [{"class": "Msvm_MemorySettingData", "properties": {"Weight": 1}}]
    service.cluster.reset()
    assert service.recorded == []


def read(properties: str, class_name: str = "Msvm_StorageAllocationSettingData") -> t.Mapping[str, t.Any]:
    text = f'<INSTANCE CLASSNAME="{class_name}">{properties}</INSTANCE>'
    return read_instance(text, "CIM_SettingData", schema.load(), CLUSTER).properties


def test_an_instance_inside_an_instance_is_read_as_one() -> None:
    inner = (
        "&#60;INSTANCE CLASSNAME=&#34;Msvm_MoveUnmanagedVhd&#34;&#62;&#60;PROPERTY NAME=&#34;VhdSourcePath&#34; "
        "TYPE=&#34;{}&#34;&#62;&#60;VALUE&#62;C:\\a &#38;#38; b&#60;/VALUE&#62;&#60;/PROPERTY&#62;&#60;/INSTANCE&#62;"
    )
    array = (
        '<PROPERTY.ARRAY NAME="UnmanagedVhds" TYPE="string"><VALUE.ARRAY><VALUE>{}</VALUE></VALUE.ARRAY>'
        "</PROPERTY.ARRAY>"
    )
    outer = "Msvm_VirtualSystemMigrationSettingData"
    assert read(array.format(inner.format("string")), outer)["UnmanagedVhds"] == [
        Embedded("Msvm_MoveUnmanagedVhd", {"VhdSourcePath": "C:\\a & b"})
    ]
    for wrong, code in ((inner.format("uint16"), INCORRECT_DATA_TYPE), ("C:\\a.vhdx", INVALID_PARAMETER)):
        with pytest.raises(EmbeddedRefused) as caught:
            read(array.format(wrong), outer)
        assert caught.value.return_value == code


def test_a_reference_in_another_form_than_a_path_is_refused() -> None:
    parent = '<PROPERTY NAME="Parent" TYPE="string"><VALUE>{}</VALUE></PROPERTY>'
    path = '\\\\NODE1\\root\\virtualization\\v2:Msvm_X.InstanceID="Microsoft:1\\\\0"'
    assert read(parent.format(path))["Parent"] == path
    with pytest.raises(EmbeddedRefused) as caught:
        read(parent.format("&#60;a:Address/&#62;"))
    assert caught.value.return_value == INVALID_PARAMETER


@pytest.mark.parametrize(
    ("text", "acceptable"),
    [
        ("", True),
        ("C:\\ClusterStorage\\root\\web01.vhdx", True),
        ("\\\\server\\share\\root.vhdx", True),
        ('root/virtualization/v2:Msvm_X.A="1",B=2', True),
        ('Root\\Virtualization\\V2:Msvm_X.A="\\"1\\""', True),
        ('root/virtualization/v2:Msvm_X.A="Microsoft:1\\0"', False),
        ('root/virtualization/v2:Msvm_X.A="1" "', False),
        ("root/virtualization/v2:Msvm_X", False),
        ("\\\\NODE1\\root\\virtualization\\v2", False),
        (" <a:ReferenceParameters/>", False),
    ],
)
def test_what_a_referring_property_may_hold(text: str, acceptable: bool) -> None:
    assert object_paths.is_acceptable(text) is acceptable
