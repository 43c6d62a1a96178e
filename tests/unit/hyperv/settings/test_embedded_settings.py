# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""new_system_settings and new_resource_settings from the task to what the simulated cluster reads."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.settings.setting_types import (
    RESOURCE_CLASSES,
    VM_SETTING_TYPES,
    resource_types,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator import schema
from tests.support.given_settings import Client, wanted
from tests.support.simulated import Simulated

HOST = "root/virtualization/v2"
VM_CLASS = "Msvm_VirtualSystemSettingData"
AWKWARD = ["", " ", "a & b", "<x>", "]]>", "\"'", "C:\\path\\", "&amp;", "&#38;", "\t\r\n", "\u00e4\u65e5\U0001f600"]
# What the user writes for each type, and what must arrive.
BY_TYPE = {
    "string": (AWKWARD[2], AWKWARD[2]),
    "string[]": (AWKWARD, AWKWARD),
    "uint16": (65535, 65535),
    "uint16[]": ([0, "1", 2, 3], [0, 1, 2, 3]),
    "uint32": ("4294967295", 4294967295),
    "uint64": (18446744073709551615, 18446744073709551615),
    "boolean": (False, False),
    "datetime": ("PT1H30M0.5S", "00000000013000.500000:000"),
}


def arrived(new_settings: str = "always", **options: t.Any) -> dict[str, t.Any]:
    client = Client(Simulated(new_settings=new_settings), wanted(**options))
    assert client.migrate().return_value == 4096
    return client.call


def system_property(value: object, name: str = "Notes") -> object:
    return arrived(new_system_settings={name: value})["new_system_settings"]["properties"].get(name)


READ_FROM_HOSTS = 17763  # the build of the oldest host that microsoft/wmi read


def refusal(**options: t.Any) -> str:
    with pytest.raises(HyperVError) as caught:
        wanted(**options)
    return str(caught.value)


def documented(class_name: str) -> set[str]:
    """Return the properties that Microsoft's docs have; those of later builds were read from hosts, without types."""
    declared = schema.load().find_anywhere(class_name, HOST).properties.values()
    return {one.name for one in declared if one.since_build < READ_FROM_HOSTS}


def test_every_property_of_a_vm_is_read_back_typed() -> None:
    given_values = {name: BY_TYPE[word][0] for name, word in VM_SETTING_TYPES.values()}
    sent = arrived(new_system_settings=given_values)["new_system_settings"]
    assert sent["class"] == VM_CLASS
    assert sent["properties"] == {name: BY_TYPE[word][1] for name, word in VM_SETTING_TYPES.values()}
    assert sent["properties"].keys() == documented(VM_CLASS)


@pytest.mark.parametrize("class_name", sorted(RESOURCE_CLASSES.values()))
def test_every_property_of_a_resource_class_is_read_back_typed(class_name: str) -> None:
    types = resource_types(class_name)
    values = {name: BY_TYPE[word] for name, word in types.values()}
    for name in {"Parent", "HostResource", "Connection"} & values.keys():
        path = 'root/virtualization/v2:Msvm_X.InstanceID="a\\\\b"'
        values[name] = (path, path) if types[name.lower()][1] == "string" else ([path], [path])
    entry = {"class": class_name.upper(), "properties": {name: given for name, (given, unused) in values.items()}}
    (sent,) = arrived(new_resource_settings=[entry])["new_resource_settings"]
    assert sent["class"] == class_name
    assert sent["properties"] == {name: expected for name, (unused, expected) in values.items()}
    assert sent["properties"].keys() == documented(class_name)


def test_several_resources_arrive_in_order_and_each_of_its_class() -> None:
    entries = [
        {"class": "Msvm_MemorySettingData", "properties": {"VirtualQuantity": 2048}},
        {"class": "Msvm_StorageAllocationSettingData", "properties": {"HostResource": ["C:\\a.vhdx"]}},
        {"class": "Msvm_MemorySettingData", "properties": {}},
    ]
    assert arrived(new_resource_settings=entries)["new_resource_settings"] == entries


def test_the_check_gets_the_same_settings_as_the_move() -> None:
    client = Client(Simulated(new_settings="always"), wanted(new_system_settings={"Notes": ["x"]}))
    client.check()
    client.migrate()
    checked, moved = client.calls
    assert checked["new_system_settings"] == moved["new_system_settings"]
    assert checked["method"] != moved["method"]


def test_settings_of_storage_go_with_a_migration_of_storage() -> None:
    options = {"new_system_settings": {"ConfigurationDataRoot": "C:\\ClusterStorage\\Volume2"}}
    storage = {"migration_type": "virtual_system_and_storage"}
    switches: dict[str, t.Any] = {
        "migration_types": ["virtual_system", "virtual_system_and_storage"],
        "new_settings": "with_storage",
    }
    assert Client(Simulated(**switches), wanted(**options)).migrate().return_value == 6
    assert Client(Simulated(**switches), wanted(**options, migration_settings=storage)).migrate().return_value == 4096


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20))
def test_a_text_arrives_as_it_was_given(text: str) -> None:
    client = Client(Simulated(), wanted(new_system_settings={"ElementName": text, "Notes": [text, None]}))
    client.check()
    assert client.calls[0]["new_system_settings"]["properties"] == {"ElementName": text, "Notes": [text, None]}


@pytest.mark.parametrize("text", AWKWARD)
def test_an_awkward_text_arrives_as_it_was_given(text: str) -> None:
    assert system_property(text, "ElementName") == text


def test_null_and_empty_are_different_things() -> None:
    settings = wanted(new_system_settings={"ElementName": None, "Version": "", "Notes": [], "BootSourceOrder": None})
    assert settings.new_system == (
        '<INSTANCE CLASSNAME="Msvm_VirtualSystemSettingData"><PROPERTY NAME="ElementName" TYPE="string"></PROPERTY>'
        '<PROPERTY NAME="Version" TYPE="string"><VALUE></VALUE></PROPERTY>'
        '<PROPERTY.ARRAY NAME="Notes" TYPE="string"><VALUE.ARRAY></VALUE.ARRAY></PROPERTY.ARRAY>'
        '<PROPERTY.ARRAY NAME="BootSourceOrder" TYPE="string"></PROPERTY.ARRAY></INSTANCE>'
    )
    sent = arrived(new_system_settings={"ElementName": None, "Version": "", "Notes": [], "BootSourceOrder": None})
    assert sent["new_system_settings"]["properties"] == {"Version": "", "Notes": []}


@pytest.mark.parametrize("nothing", [None, {}, []])
def test_no_settings_are_no_parameter(nothing: object) -> None:
    options = {"new_resource_settings": nothing} if isinstance(nothing, list) else {"new_system_settings": nothing}
    call = arrived("never", **options)
    assert (call["new_system_settings"], call["new_resource_settings"]) == (None, None)


ZONE = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-01-31T10:00:00Z", "20260131100000.000000+000"),
        ("2026-01-31T10:00:00.5+02:00", "20260131080000.500000+000"),
        ("20260131100000.000000+120", "20260131080000.000000+000"),
        (dt.datetime(2026, 1, 31, 10, tzinfo=ZONE), "20260131080000.000000+000"),
        (dt.datetime(2026, 1, 31, 10), "20260131100000.000000+000"),
        (dt.date(2026, 1, 31), "20260131000000.000000+000"),
        ("PT30S", "00000000000030.000000:000"),
        ("00000000000030.000000:000", "00000000000030.000000:000"),
    ],
)
def test_dates_and_intervals_leave_in_the_form_of_cim(value: object, text: str) -> None:
    sent = wanted(new_system_settings={"CreationTime": value}).new_system
    assert f'TYPE="datetime"><VALUE>{text}</VALUE>' in sent
    assert system_property(value, "CreationTime") == text


def test_names_are_taken_in_any_letter_case_and_sent_as_documented() -> None:
    sent = arrived(new_system_settings={"notes": ["x"], "BIOSGUID": "{1}", "SECUREBOOTENABLED": True})
    assert sent["new_system_settings"]["properties"] == {"Notes": ["x"], "BIOSGUID": "{1}", "SecureBootEnabled": True}


def test_a_property_that_is_not_known_here_goes_with_its_type() -> None:
    settings = wanted(
        new_system_settings={
            "NewNumber": {"type": "sint8", "value": "-5"},
            "NewList": {"type": "uint16", "value": [1, 2]},
            "NewNothing": {"type": "string[]", "value": None},
            "NewReal": {"type": "Real64", "value": 0.5},
        }
    )
    assert '<PROPERTY NAME="NewNumber" TYPE="sint8"><VALUE>-5</VALUE></PROPERTY>' in settings.new_system
    assert '<PROPERTY.ARRAY NAME="NewList" TYPE="uint16"><VALUE.ARRAY><VALUE>1</VALUE>' in settings.new_system
    assert '<PROPERTY.ARRAY NAME="NewNothing" TYPE="string"></PROPERTY.ARRAY>' in settings.new_system
    assert '<PROPERTY NAME="NewReal" TYPE="real64"><VALUE>0.5</VALUE></PROPERTY>' in settings.new_system


def test_a_reference_leaves_as_an_object_path_of_wmi() -> None:
    reference = {
        "type": "reference",
        "class": "Msvm_ResourceAllocationSettingData",
        "keys": {"InstanceID": 'Microsoft:7C1F\\8BDD\\0"'},
    }
    path = 'root/virtualization/v2:Msvm_ResourceAllocationSettingData.InstanceID="Microsoft:7C1F\\\\8BDD\\\\0\\""'
    elsewhere = {**reference, "namespace": "root/x", "keys": {"A": "1", "B": "2"}}
    entry = {
        "class": "Msvm_StorageAllocationSettingData",
        "properties": {"Parent": reference, "HostResource": ["C:\\a.vhdx", elsewhere]},
    }
    (sent,) = arrived(new_resource_settings=[entry])["new_resource_settings"]
    assert sent["properties"] == {
        "Parent": path,
        "HostResource": ["C:\\a.vhdx", 'root/x:Msvm_ResourceAllocationSettingData.A="1",B="2"'],
    }


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"Brandnew": 5}, "new_system_settings.Brandnew: its type is not known here. Give type and value"),
        ({"Notes": "one"}, "new_system_settings.Notes takes a list: it is of type string[]."),
        ({"ElementName": ["one"]}, "new_system_settings.ElementName takes a single value"),
        ({"ElementName": True}, "new_system_settings.ElementName: True is no string"),
        ({"DebugPort": 4294967296}, "new_system_settings.DebugPort: '4294967296' is no uint32"),
        ({"DebugPort": True}, "True is no uint32"),
        ({"DebugPort": 1.5}, "'1.5' is no uint32"),
        ({"BootOrder": [0, "x"]}, "new_system_settings.BootOrder[1]: 'x' is no uint16"),
        ({"IsSaved": "maybe"}, "'maybe' is no boolean"),
        ({"CreationTime": "yesterday"}, "no date or interval"),
        ({"CreationTime": "9999-12-31T00:00:00Z"}, "stands for no date at all"),
        ({"CreationTime": "-PT5S"}, "new_system_settings.CreationTime: "),
        ({"ElementName": "a\x0bb"}, "new_system_settings.ElementName: "),
        ({"Notes": ["fine", "\x1f"]}, "new_system_settings.Notes[1]: "),
        ({"notes": [], "Notes": []}, "Notes is specified more than once"),
        ({"No tes": 1}, "'No tes' is not the name of a CIM property"),
        ({"X": {"type": "int", "value": 1}}, "'int' is no CIM type"),
        ({"X": {"type": "uint8"}}, "has the keys type and value"),
        ({"X": {"type": "uint8[]", "value": 1}}, "X takes a list"),
        ({"Parent": {"type": "reference", "class": "Msvm_X"}}, "a reference is written as"),
        ({"Parent": {"type": "reference", "class": "Msvm_X", "keys": {"A": "\x02"}}}, "new_system_settings.Parent: "),
        ({"Notes": [{"a": 1}]}, "new_system_settings.Notes[0]: a reference is written as"),
        ({"DebugPort": {"type": "uint32", "value": {}}}, "{} is no uint32"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(values: dict[str, t.Any], told: str) -> None:
    assert told in refusal(new_system_settings=values)


def test_a_resource_is_refused_by_its_place() -> None:
    entry = {"class": "Msvm_MemorySettingData", "properties": {"Weight": -1}}
    fine = {**entry, "properties": {}}
    assert "new_resource_settings[1].properties.Weight: '-1' is no uint32" in refusal(
        new_resource_settings=[fine, entry]
    )
    assert "new_resource_settings[0].class: 'a b' is not the name of a CIM class" in refusal(
        new_resource_settings=[{**fine, "class": "a b"}]
    )


def test_an_unknown_class_has_what_all_resources_have() -> None:
    settings = wanted(new_resource_settings=[{"class": "Msvm_NewSettingData", "properties": {"PoolID": "p"}}])
    assert settings.new_resources == (
        '<INSTANCE CLASSNAME="Msvm_NewSettingData"><PROPERTY NAME="PoolID" TYPE="string"><VALUE>p</VALUE></PROPERTY>'
        "</INSTANCE>",
    )
