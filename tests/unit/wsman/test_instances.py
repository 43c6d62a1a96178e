# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instances and method results.

Shapes: DSP0227, and answers of a Hyper-V host published with the project r4sd/go-wsman (hyperv/testdata).
"""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnexpectedValue
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.instances import Instance, read_instance
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.items import read_page
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.namespaces import (
    ADDRESSING,
    CIM_COMMON,
    WMI,
    WSMAN,
    XSI,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.values import UTC, CimType
from hypothesis import given
from hypothesis import strategies as st

V2 = "root/virtualization/v2"
Answer = Callable[[str], ET.Element]


def instance(properties: str, class_name: str = "Msvm_MigrationJob", namespace: str = V2) -> Instance:
    return read_instance(
        ET.fromstring(
            f'<p:{class_name} xmlns:p="{WMI}{namespace}/{class_name}" xmlns:xsi="{XSI}" xmlns:cim="{CIM_COMMON}" '
            f'xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}">{properties}</p:{class_name}>'
        )
    )


# The shape of Msvm_StorageJob in go-wsman's testdata, with the class and texts of a German host.
def test_a_job_is_read_whatever_language_its_host_speaks(answer: Answer) -> None:
    job = read_instance(answer("get_migration_job"))
    assert (job.class_name, job.namespace) == ("Msvm_MigrationJob", V2)
    assert job.text("InstanceID") == "D4A7C610-28EB-4935-9F0C-61B3E85D7A42"
    assert job.text("Owner") == r"LAB\anneke"
    assert job.boolean("Cancellable") is True
    assert job.boolean("DeleteOnCompletion") is False
    assert job.integer("JobState", CimType.UINT16) == 7
    assert job.integers("OperationalStatus", CimType.UINT16) == (17, 2)
    assert job.texts("StatusDescriptions") == ("Der Auftrag wurde abgeschlossen", "Erfolgreich beendet")
    assert job.interval("ElapsedTime") == dt.timedelta(seconds=161, microseconds=305821)
    assert job.datetime("StartTime") == dt.datetime(2031, 3, 9, 5, 7, 55, 482913, tzinfo=UTC)
    assert job.datetime("InstallDate") is None


def test_nil_and_missing_are_null_and_an_empty_element_is_an_empty_string(answer: Answer) -> None:
    job = read_instance(answer("get_migration_job"))
    assert job.text("Parent") is None
    assert job.text("NotInThisClass") is None
    assert job.text("ErrorDescription") == ""
    assert job.text("Notify") == ""


@pytest.mark.parametrize("nil", ["true", "1", "TRUE"])
def test_every_spelling_of_nil_is_null(nil: str) -> None:
    row = instance(f'<p:X xsi:nil="{nil}"/>')
    assert row.text("X") is None
    assert row.texts("X") == ()
    assert row.integer("X") is None
    assert row.integers("X") == ()
    assert row.boolean("X") is None
    assert row.datetime("X") is None
    assert row.interval("X") is None
    assert row.octets("X") is None
    assert row.reference("X") is None
    assert row.references("X") == ()
    assert row.embedded("X") is None
    assert row.embeddeds("X") == ()


def test_nil_that_is_false_is_a_value() -> None:
    assert instance('<p:X xsi:nil="false">here</p:X>').text("X") == "here"


def test_property_names_have_no_case() -> None:
    assert instance("<p:ElementName>db-17</p:ElementName>").text("elementNAME") == "db-17"


def test_one_element_is_a_scalar_and_an_array_of_one() -> None:
    row = instance("<p:X>5</p:X>")
    assert row.integer("X") == 5
    assert row.integers("X") == (5,)
    assert row.texts("X") == ("5",)


def test_elements_of_an_array_need_not_be_neighbours() -> None:
    assert instance("<p:X>1</p:X><p:Y>a</p:Y><p:X>2</p:X>").integers("X") == (1, 2)


def test_an_array_where_a_scalar_is_expected_is_named() -> None:
    with pytest.raises(UnexpectedValue, match=r"Msvm_MigrationJob\.X holds 2 values"):
        instance("<p:X>1</p:X><p:X>2</p:X>").integer("X")


def test_a_value_of_the_wrong_type_names_its_property() -> None:
    with pytest.raises(UnexpectedValue, match=r"Msvm_MigrationJob\.X: '70000' is no uint16"):
        instance("<p:X>70000</p:X>").integer("X", CimType.UINT16)


def test_octets_are_read() -> None:
    row = instance("<p:O>AAECAw==</p:O><p:N>7</p:N><p:N>255</p:N>")
    assert row.octets("O") == b"\x00\x01\x02\x03"
    assert row.octets("N") == b"\x07\xff"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")))
def test_the_text_of_a_string_is_kept_to_the_last_space(text: str) -> None:
    element = ET.Element("row")
    ET.SubElement(element, "Notes").text = text
    assert read_instance(ET.fromstring(ET.tostring(element))).text("Notes") == text


# DSP0227 has cim:Datetime; a column list of WinRM loses the prefix; Microsoft's OMI server writes bare text or
# CIM_DateTime.
@pytest.mark.parametrize(
    "content",
    [
        "<cim:Datetime>2031-03-09T14:07:00+02:00</cim:Datetime>",
        "<Datetime>2031-03-09T12:07:00Z</Datetime>",
        "<p:CIM_DateTime>2031-03-09T12:07:00.0000000Z</p:CIM_DateTime>",
        "2031-03-09T12:07:00Z",
        "20310309140700.000000+120",
    ],
)
def test_a_date_is_read_in_every_dress(content: str) -> None:
    assert instance(f"<p:X>{content}</p:X>").datetime("X") == dt.datetime(2031, 3, 9, 12, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "content", ["<cim:Interval>P1DT2H</cim:Interval>", "<Interval>P1DT2H</Interval>", "00000001020000.000000:000"]
)
def test_an_interval_is_read_in_every_dress(content: str) -> None:
    assert instance(f"<p:X>{content}</p:X>").interval("X") == dt.timedelta(days=1, hours=2)


def test_a_date_alone_is_read() -> None:
    row = instance("<p:X><cim:Date>2031-03-09</cim:Date></p:X>")
    assert row.datetime("X") == dt.datetime(2031, 3, 9, tzinfo=UTC)


def test_a_date_is_no_interval_and_an_interval_no_date() -> None:
    row = instance("<p:D>2031-03-09T12:07:00Z</p:D><p:I>PT1S</p:I>")
    with pytest.raises(UnexpectedValue, match="a date stands where an interval"):
        row.interval("D")
    with pytest.raises(UnexpectedValue, match="an interval stands where a date"):
        row.datetime("I")


# Associations in go-wsman's testdata hold the reference without a:EndpointReference.
def test_both_ends_of_an_association_are_read(answer: Answer) -> None:
    (item,) = read_page(answer("pull_affected_job_element")).items
    vm = Reference.of(
        V2,
        "Msvm_ComputerSystem",
        CreationClassName="Msvm_ComputerSystem",
        Name="3B9E41D7-5C20-4F8A-A1D6-7E02C49B8F15",
    )
    assert item.instance.reference("AffectedElement") == vm
    job = item.instance.reference("AffectingElement")
    assert job is not None
    assert (job.class_name, job.key("instanceid")) == ("Msvm_MigrationJob", "D4A7C610-28EB-4935-9F0C-61B3E85D7A42")


def epr_body(name: str) -> str:
    return (
        f"<a:Address>http://node-a:5985/wsman</a:Address><a:ReferenceParameters><w:ResourceURI> {WMI}{V2}/Msvm_Error "
        f'</w:ResourceURI><w:SelectorSet><w:Selector Name="Name">{name}</w:Selector></w:SelectorSet>'
        "</a:ReferenceParameters>"
    )


def test_references_are_read_with_and_without_their_wrapper() -> None:
    row = instance(
        f"<p:X>{epr_body('a')}</p:X><p:X><a:EndpointReference>{epr_body('b')}</a:EndpointReference></p:X><p:X/>"
    )
    assert row.references("X") == tuple(Reference.of(V2, "Msvm_Error", Name=name) for name in "ab")


def test_a_reference_and_a_text_are_not_taken_for_each_other() -> None:
    row = instance(f"<p:Ref>{epr_body('a')}</p:Ref><p:Text>Msvm_Error.Name='a'</p:Text>")
    with pytest.raises(UnexpectedValue, match=r"Msvm_MigrationJob\.Ref holds no text"):
        row.text("Ref")
    with pytest.raises(UnexpectedValue, match=r"Msvm_MigrationJob\.Text holds no reference"):
        row.reference("Text")


# DSP0227: an embedded object may stand as a tree of elements.
def test_an_embedded_instance_is_read_from_elements() -> None:
    row = instance(
        f'<p:TargetInstance xmlns:q="{WMI}root/cimv2/Win32_Process"><q:Name>vmwp.exe</q:Name>'
        '<q:Handle>41</q:Handle></p:TargetInstance><p:Other><q:Y xmlns:q="urn:q">1</q:Y></p:Other>'
    )
    inner = row.embedded("TargetInstance")
    assert inner is not None
    assert (inner.text("Name"), inner.integer("Handle")) == ("vmwp.exe", 41)
    other = row.embedded("Other")
    assert other is not None
    assert other.integer("Y") == 1


# Microsoft docs, Msvm_ConcreteJob.GetErrorEx: Errors is an array of embedded Msvm_Error.
def test_embedded_instances_are_read_from_cim_xml_text(answer: Answer) -> None:
    output = read_instance(answer("invoke_get_error_ex"))
    first, second = output.embeddeds("Errors")
    assert (first.class_name, first.namespace) == ("Msvm_Error", V2)
    assert first.text("Message") == 'Verschieben von "db-17" fehlgeschlagen <NODE-B>.'
    assert first.integer("ErrorType", CimType.UINT16) == 4
    assert first.texts("MessageArguments") == ("db-17", "NODE-B")
    assert first.text("OwningEntity") is None
    assert second.text("Message") == "Zugriff verweigert & beendet."
    assert output.integer("ReturnValue", CimType.UINT32) == 0


def test_an_empty_text_is_no_embedded_instance_and_other_text_is_named() -> None:
    row = instance("<p:X/><p:Y>out of memory</p:Y>")
    assert row.embedded("X") is None
    with pytest.raises(UnexpectedValue, match=r"Msvm_MigrationJob\.Y: .*no well-formed XML"):
        row.embedded("Y")


# Microsoft docs, class Msvm_VirtualSystemMigrationService: 4096 and a job.
def test_the_output_of_a_method_gives_its_job(answer: Answer) -> None:
    output = read_instance(answer("invoke_migrate_job_started"))
    assert output.integer("ReturnValue", CimType.UINT32) == 4096
    job = output.reference("Job")
    assert job == Reference.of(V2, "Msvm_MigrationJob", InstanceID="D4A7C610-28EB-4935-9F0C-61B3E85D7A42")


# DSP0226, fragment-level access: w:XmlFragment, which WinRM also uses for the rows of a column list.
def test_rows_of_a_column_list_have_no_class(answer: Answer) -> None:
    rows = [item.instance for item in read_page(answer("enumerate_columns")).items]
    assert [(row.class_name, row.namespace, row.text("ElementName")) for row in rows] == [
        ("", "", "db-17"),
        ("", "", "db-18"),
    ]
    assert rows[0].text("Description") is None
    assert rows[0].datetime("InstallDate") == dt.datetime(2030, 11, 2, 8, 15, tzinfo=UTC)
    with pytest.raises(UnexpectedValue, match=r"^Name: "):
        rows[0].integer("Name")


@pytest.mark.parametrize("tag", ["row", "{urn:other}Msvm_MigrationJob", "{http://schemas.dmtf.org/x/2/CIM_A}CIM_A"])
def test_an_element_outside_wmi_has_no_class_and_no_namespace(tag: str) -> None:
    row = read_instance(ET.Element(tag))
    assert (row.class_name, row.namespace, row.properties) == ("", "", {})
