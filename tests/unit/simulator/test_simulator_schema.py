# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the MOF files say about namespaces, classes and methods."""

from __future__ import annotations

import pytest

from tests.simulator import schema

CLUSTER = "root/HyperVCluster/v2"
HOST = "root/virtualization/v2"


def namespace(name: str) -> schema.Namespace:
    found = schema.load().find(name)
    assert found is not None
    return found


def the_class(namespace_name: str, class_name: str) -> schema.ClassDefinition:
    found = namespace(namespace_name).find(class_name)
    assert found is not None
    return found


def test_namespaces_and_classes_are_found_in_any_letter_case() -> None:
    assert the_class("ROOT/hypervcluster/V2", "msvm_COMPUTERSYSTEM").name == "Msvm_ComputerSystem"
    assert schema.load().find("root/nowhere") is None


@pytest.mark.parametrize(
    "name",
    [
        "Msvm_VirtualSystemMigrationCapabilities",
        "Msvm_VirtualSystemMigrationSettingData",
        "Msvm_VirtualSystemMigrationServiceSettingData",
        "Msvm_VirtualSystemMigrationNetworkSettingData",
        "Msvm_VirtualSystemMigrationServiceSettingDataComponent",
        "Msvm_ElementCapabilities",
        "Msvm_MemorySettingData",
    ],
)
def test_setting_classes_are_on_the_host_and_not_in_the_cluster(name: str) -> None:
    assert namespace(CLUSTER).find(name) is None
    assert namespace(HOST).find(name) is not None


def test_a_setting_of_the_host_fits_a_parameter_of_the_cluster() -> None:
    parameter = (
        the_class(CLUSTER, "Msvm_VirtualSystemMigrationService")
        .methods["MigrateVirtualSystemToSystem"]
        .parameters["MigrationSettingData"]
    )
    given = schema.load().find_anywhere("Msvm_VirtualSystemMigrationSettingData", CLUSTER)
    assert given is not None
    assert parameter.type.embedded_class is not None
    assert given.is_a(parameter.type.embedded_class)


def test_the_migration_method_has_the_documented_signature() -> None:
    method = the_class(CLUSTER, "Msvm_VirtualSystemMigrationService").methods["MigrateVirtualSystemToSystem"]
    assert {name: (p.type.name, p.type.is_array, p.is_in, p.is_out) for name, p in method.parameters.items()} == {
        "ComputerSystem": ("reference", False, True, False),
        "DestinationSystem": ("reference", False, True, False),
        "MigrationSettingData": ("string", False, True, False),
        "NewSystemSettingData": ("string", False, True, False),
        "NewResourceSettingData": ("string", True, True, False),
        "NewComputerSystem": ("reference", False, False, True),
        "Job": ("reference", False, False, True),
    }
    assert method.return_type is not None
    assert method.return_type.name == "uint32"


@pytest.mark.parametrize(
    ("place", "name", "keys"),
    [
        (CLUSTER, "Msvm_ComputerSystem", ("CreationClassName", "Name")),
        (
            CLUSTER,
            "Msvm_VirtualSystemMigrationService",
            ("CreationClassName", "Name", "SystemCreationClassName", "SystemName"),
        ),
        (CLUSTER, "Msvm_MigrationJob", ("InstanceID",)),
        (CLUSTER, "Msvm_SummaryInformation", ("InstanceID",)),
        (CLUSTER, "Msvm_AffectedJobElement", ("AffectedElement", "AffectingElement")),
        ("root/MSCluster", "MSCluster_Node", ("Name",)),
        ("root/cimv2", "Win32_OperatingSystem", ("Name",)),
        ("root/interop", "Msvm_RegisteredProfile", ("InstanceID",)),
    ],
)
def test_keys_are_those_of_the_documentation(place: str, name: str, keys: tuple[str, ...]) -> None:
    assert the_class(place, name).keys == keys


def test_properties_are_inherited_and_in_alphabetical_order() -> None:
    names = list(the_class(CLUSTER, "Msvm_ComputerSystem").properties)
    assert names == sorted(names)
    assert {"ElementName", "OperationalStatus", "EnabledState", "OnTimeInMilliseconds"} <= set(names)


def test_a_query_of_a_base_class_reaches_the_derived_one() -> None:
    classes = namespace(CLUSTER)
    family = classes.family(the_class(CLUSTER, "Msvm_SummaryInformationBase"))
    assert {member.name for member in family} == {"Msvm_SummaryInformationBase", "Msvm_SummaryInformation"}


def test_methods_of_the_cluster_provider_return_nothing_but_the_answers_about_quorum() -> None:
    for name in ("MSCluster_Node", "MSCluster_ResourceGroup", "MSCluster_Resource"):
        methods = the_class("root/MSCluster", name).methods.values()
        assert methods
        assert [m.name for m in methods if m.return_type is not None and not m.name.endswith("LoseQuorum")] == []


def test_private_properties_are_an_object_and_no_text() -> None:
    declared = the_class("root/MSCluster", "MSCluster_Resource").properties["PrivateProperties"]
    assert (declared.type.is_object, declared.type.embedded_class) == (True, "MSCluster_Property")


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("MSCluster_Cluster", (84, 111, 116, 119, 130)),
        ("MSCluster_Node", (36, 39, 40, 40, 43)),
        ("MSCluster_Network", (19, 19, 19, 19, 19)),
        ("MSCluster_ResourceGroup", (23, 27, 31, 31, 32)),
        ("MSCluster_Resource", (42, 42, 42, 42, 42)),
    ],
)
def test_cluster_classes_have_all_properties_that_hosts_of_a_build_have(name: str, counts: tuple[int, ...]) -> None:
    """The third and the last number are those of microsoft/wmi, read from hosts of 2019 and 23H2; others: the docs."""
    declared = the_class("root/MSCluster", name).properties.values()
    found = [sum(one.since_build <= build for one in declared) for build in (9600, 14393, 17763, 20348, 26100)]
    assert tuple(found) == counts
