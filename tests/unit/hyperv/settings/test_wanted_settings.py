# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""migration_settings from the task to what the simulated cluster reads, and what is refused on the way."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cim_values import WINDOWS_BUILDS
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import Node, read_nodes
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.setting_properties import (
    MIGRATION_PROPERTIES,
    SettingProperty,
)

from tests.simulator import schema
from tests.support.given_settings import NEW_NODES, Client, wanted
from tests.support.scenarios import node, with_nodes
from tests.support.simulated import Simulated

SETTING_DATA = "Msvm_VirtualSystemMigrationSettingData"
AWKWARD = "a & b < c > d ]]> \"quoted\" 'too' C:\\path\\ \t\n\r &amp; \u00fc \u65e5\u672c \U0001f600"

# What the user writes, and what must arrive: option, value, CIM property, value of its CIM type.
ROWS = [
    ("migration_type", "virtual_system", "MigrationType", 32768),
    ("migration_type", "storage", "MigrationType", 32769),
    ("migration_type", "staged", "MigrationType", 32770),
    ("migration_type", "virtual_system_and_storage", "MigrationType", 32771),
    ("migration_type", "storage_deep_check", "MigrationType", 32772),
    ("transport", "tcp", "TransportType", 5),
    ("transport", "smb", "TransportType", 32768),
    ("transport_type", "smb", "TransportType", 32768),
    ("other_transport_type", AWKWARD, "OtherTransportType", AWKWARD),
    ("destination_ip_addresses", ["10.20.0.12", "fd00::12"], "DestinationIPAddressList", ["10.20.0.12", "fd00::12"]),
    ("destination_ip_address_list", "10.20.0.12", "DestinationIPAddressList", ["10.20.0.12"]),
    ("destination_ip_addresses", [], "DestinationIPAddressList", []),
    ("enable_compression", True, "EnableCompression", True),
    ("enable_compression", "no", "EnableCompression", False),
    ("cpu_capping", "normal", "CPUCappingMagnitude", 0),
    ("cpu_capping", "low", "CPUCappingMagnitude", 1),
    ("cpu_capping_magnitude", "high", "CPUCappingMagnitude", 2),
    ("cancel_if_blackout_threshold_exceeded", True, "CancelIfBlackoutThresholdExceeded", True),
    ("priority", 65535, "Priority", 65535),
    ("priority", "0", "Priority", 0),
    ("bandwidth", 100, "Bandwidth", 100),
    ("bandwidth_unit", "percent", "BandwidthUnit", "percent"),
    ("bandwidth_unit", "", "BandwidthUnit", ""),
    ("destination_planned_virtual_system_id", "6E1F7C2A", "DestinationPlannedVirtualSystemId", "6E1F7C2A"),
    ("retain_vhd_copies_on_source", True, "RetainVhdCopiesOnSource", True),
    ("remove_source_unmanaged_vhds", False, "RemoveSourceUnmanagedVhds", False),
    (
        "unmanaged_vhds",
        [{"source_path": "C:\\a & b\\<1>.vhdx", "destination_path": "\\\\server\\share\\\u65e5.vhdx"}],
        "UnmanagedVhds",
        [
            {
                "class": "Msvm_MoveUnmanagedVhd",
                "properties": {
                    "VhdSourcePath": "C:\\a & b\\<1>.vhdx",
                    "VhdDestinationPath": "\\\\server\\share\\\u65e5.vhdx",
                },
            }
        ],
    ),
    ("avoid_removing_vhds", True, "AvoidRemovingVHDs", True),
    ("allow_overwrite_existing_file", True, "AllowOverwriteExistingFile", True),
    ("enable_vhd_compression", True, "EnableVhdCompression", True),
    ("advanced_options", AWKWARD, "AdvancedOptions", AWKWARD),
    ("instance_id", "Microsoft:1\\2", "InstanceID", "Microsoft:1\\2"),
    ("element_name", AWKWARD, "ElementName", AWKWARD),
    ("caption", "&lt;", "Caption", "&lt;"),
    ("description", "]]>", "Description", "]]>"),
]


def row_id(value: object) -> str:
    return ascii(value)[:24] if not isinstance(value, list) else "list"


def types_of(value: object) -> object:
    return [type(one) for one in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize(("option", "given", "name", "arrives"), ROWS, ids=row_id)
def test_a_property_goes_through_the_wire_and_is_read_back_typed(
    option: str, given: t.Any, name: str, arrives: t.Any
) -> None:
    client = Client(Simulated(NEW_NODES), wanted(migration_settings={option: given}))
    client.check()
    sent = client.calls[0]["migration_settings"]
    assert sent["class"] == SETTING_DATA
    assert sent["properties"][name] == arrives
    assert types_of(sent["properties"][name]) == types_of(arrives)
    assert sent["properties"].keys() == {"MigrationType", name}


def test_every_property_of_the_class_and_every_option_is_among_the_rows() -> None:
    definition = schema.load().find_anywhere(SETTING_DATA, "root/virtualization/v2")
    assert {name for unused, unused_too, name, unused_as_well in ROWS} == definition.properties.keys()
    assert {one.name for one in MIGRATION_PROPERTIES} == definition.properties.keys()
    names = {name for one in MIGRATION_PROPERTIES for name in (one.option, *one.aliases)}
    assert names == {option for option, *unused in ROWS}


def test_types_and_versions_are_those_of_the_class() -> None:
    definition = schema.load().find_anywhere(SETTING_DATA, "root/virtualization/v2")
    for one in MIGRATION_PROPERTIES:
        declared = definition.properties[one.name]
        assert (one.type.value, one.is_array) == (declared.type.name, declared.type.is_array), one.name
        assert declared.since_build in (0, one.since), one.name


def test_all_properties_go_in_one_call_of_the_method_too() -> None:
    given = {option: value for option, value, *unused in ROWS if option in {p.option for p in MIGRATION_PROPERTIES}}
    given.update(migration_type="virtual_system", transport="tcp")
    client = Client(Simulated(NEW_NODES, migration_types=["virtual_system"]), wanted(migration_settings=given))
    assert client.migrate().return_value == 4096
    assert client.call["method"] == "MigrateVirtualSystemToSystem"
    assert client.call["migration_settings"]["properties"].keys() == {one.name for one in MIGRATION_PROPERTIES}


def test_an_option_without_a_value_is_not_sent() -> None:
    settings = wanted(migration_settings={"priority": None, "bandwidth_unit": None, "unmanaged_vhds": None})
    assert settings == wanted()
    assert settings == wanted(migration_settings={})


def nodes(*builds: int | None) -> list[Node]:
    node = Client(Simulated()).move.destination
    return [node._replace(name=f"NODE{number}", build=build) for number, build in enumerate(builds, 1)]


NEWER = [one for one in MIGRATION_PROPERTIES if one.since > 9200]
VALUES = {option: given for option, given, *unused in ROWS}


@pytest.mark.parametrize("one", NEWER, ids=lambda one: one.option)
def test_a_property_that_the_oldest_node_lacks_is_refused_with_the_version_that_has_it(one: SettingProperty) -> None:
    settings = wanted(migration_settings={one.option: VALUES[one.option]})
    with pytest.raises(HyperVError) as caught:
        settings.notes_on(nodes(26100, None, one.lacking))
    assert str(caught.value) == (
        f"migration_settings.{one.option} ({one.name}) needs Windows build {one.since} ({WINDOWS_BUILDS[one.since]}); "
        f"node NODE3 runs build {one.lacking}. Leave that out, or update the node."
    )
    assert [note for note in settings.notes_on(nodes(26100, one.since)) if "build" in note] == []


@pytest.mark.parametrize(
    ("option", "lacking", "having"),
    [("enable_compression", 9200, 9600), ("cpu_capping", 14393, 17763), ("enable_vhd_compression", 17763, 25398)],
)
def test_the_simulated_cluster_agrees_on_what_a_version_has(option: str, lacking: int, having: int) -> None:
    def answered(build: int) -> tuple[int | None, bool]:
        mixed = with_nodes(NEW_NODES, node("NODE2", build=build))
        client = Client(Simulated(mixed), wanted(migration_settings={option: VALUES[option]}))
        return client.migrate().return_value, client.simulated.migrations("web01") == 1

    assert (answered(lacking), answered(having)) == ((4, False), (4096, True))


def test_every_property_that_is_too_new_is_named_and_nothing_is_sent() -> None:
    simulated = Simulated(with_nodes(NEW_NODES, node("NODE2", build=14393)))
    settings = wanted(migration_settings={"cpu_capping": "low", "enable_vhd_compression": True, "transport": "smb"})
    with pytest.raises(HyperVError, match=r"cpu_capping .*NODE2 runs build 14393\. .*enable_vhd_compression") as caught:
        settings.notes_on(read_nodes(simulated.cluster))
    assert "transport" not in str(caught.value)
    assert simulated.server.state()["calls"] == []


def test_a_version_that_no_source_tells_about_is_noted() -> None:
    settings = wanted(migration_settings={"enable_vhd_compression": True, "migration_type": "storage"})
    (note,) = settings.notes_on(nodes(26100, 20348))
    assert "no source tells whether build 20348 of node NODE2 has it" in note
    (note,) = settings.notes_on(nodes(None, 26100))
    assert note.startswith("The Windows build of NODE1 is not known")
    assert wanted(migration_settings={"transport": "tcp"}).notes_on(nodes(None)) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"transport": "smb", "enable_compression": True}, "ignores enable_compression"),
        (
            {"migration_type": "storage", "destination_ip_addresses": ["10.0.0.1"]},
            "no use for destination_ip_addresses",
        ),
        ({"avoid_removing_vhds": True, "retain_vhd_copies_on_source": True}, "retain_vhd_copies_on_source, avoid_"),
    ],
)
def test_values_that_do_not_go_together_are_noted_and_sent_all_the_same(given: dict[str, t.Any], told: str) -> None:
    settings = wanted(migration_settings=given)
    (note,) = settings.notes_on(nodes(26100))
    assert told in note
    client = Client(Simulated(NEW_NODES), settings)
    client.check()
    assert len(client.calls[0]["migration_settings"]["properties"]) >= len(given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"priority": 65536}, "migration_settings.priority is 65536. It lies between 0 and 65535."),
        ({"bandwidth": -1}, "migration_settings.bandwidth is -1. It lies between 0 and 65535."),
        ({"bandwidth": 101, "bandwidth_unit": "percent"}, "It lies between 0 and 100."),
        ({"destination_ip_addresses": ["node2"]}, "'node2' is no IP address"),
        ({"element_name": "a\x01b"}, "migration_settings.element_name: "),
        ({"bandwidth_unit": "\ud800"}, "U+D800"),
        (
            {"unmanaged_vhds": [{"source_path": "a\x00", "destination_path": "b"}]},
            "migration_settings.unmanaged_vhds: ",
        ),
    ],
)
def test_a_value_that_cannot_be_sent_is_refused_with_the_name_of_its_option(given: dict[str, t.Any], told: str) -> None:
    with pytest.raises(HyperVError) as caught:
        wanted(migration_settings=given)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("word", "moves"),
    [
        ("virtual_system", True),
        ("virtual_system_and_storage", True),
        ("storage", False),
        ("staged", False),
        ("storage_deep_check", False),
    ],
)
def test_it_is_known_which_types_of_migration_move_the_vm(word: str, moves: bool) -> None:
    assert wanted(migration_settings={"migration_type": word}).moves_the_vm is moves
    assert wanted().moves_the_vm
