# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Embedded instances as CIM-XML text (DSP0201), both ways."""

from __future__ import annotations

import datetime as dt
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.embedded import (
    EmbeddedReadError,
    Property,
    object_path,
    read_embedded,
    write_embedded,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnsendableText
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.values import UTC, CimType
from hypothesis import given
from hypothesis import strategies as st

# A parser normalises line ends, so "\r" is in the alphabet on purpose: it must leave as a reference.
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r&<>\"']")
)


@given(TEXT, st.lists(st.none() | TEXT, max_size=4))
def test_texts_come_back(text: str, array: list[str | None]) -> None:
    written = write_embedded("Msvm_X", [Property("One", CimType.STRING, text), Property("Many", CimType.STRING, array)])
    assert read_embedded(written) == ("Msvm_X", {"one": (text,), "many": tuple(array)})


def test_every_type_is_written_in_the_forms_of_cim_xml() -> None:
    written = write_embedded(
        "Msvm_VirtualSystemMigrationSettingData",
        [
            Property("MigrationType", CimType.UINT16, 32768),
            Property("Bandwidth", CimType.SINT64, -5),
            Property("RetainVhdCopiesOnSource", CimType.BOOLEAN, False),
            Property("Ratio", CimType.REAL64, 0.5),
            Property("Since", CimType.DATETIME, dt.datetime(2031, 3, 9, 14, 7, tzinfo=UTC)),
            Property("Timeout", CimType.DATETIME, dt.timedelta(seconds=100)),
            Property("Addresses", CimType.STRING, ("10.9.0.4", None)),
            Property("None", CimType.STRING, ()),
            Property("Policy", CimType.STRING, None),
            Property("Empty", CimType.STRING, ""),
        ],
    )
    assert written == (
        '<INSTANCE CLASSNAME="Msvm_VirtualSystemMigrationSettingData">'
        '<PROPERTY NAME="MigrationType" TYPE="uint16"><VALUE>32768</VALUE></PROPERTY>'
        '<PROPERTY NAME="Bandwidth" TYPE="sint64"><VALUE>-5</VALUE></PROPERTY>'
        '<PROPERTY NAME="RetainVhdCopiesOnSource" TYPE="boolean"><VALUE>false</VALUE></PROPERTY>'
        '<PROPERTY NAME="Ratio" TYPE="real64"><VALUE>0.5</VALUE></PROPERTY>'
        '<PROPERTY NAME="Since" TYPE="datetime"><VALUE>20310309140700.000000+000</VALUE></PROPERTY>'
        '<PROPERTY NAME="Timeout" TYPE="datetime"><VALUE>00000000000140.000000:000</VALUE></PROPERTY>'
        '<PROPERTY.ARRAY NAME="Addresses" TYPE="string"><VALUE.ARRAY><VALUE>10.9.0.4</VALUE><VALUE.NULL/>'
        "</VALUE.ARRAY></PROPERTY.ARRAY>"
        '<PROPERTY.ARRAY NAME="None" TYPE="string"><VALUE.ARRAY></VALUE.ARRAY></PROPERTY.ARRAY>'
        '<PROPERTY NAME="Policy" TYPE="string"></PROPERTY>'
        '<PROPERTY NAME="Empty" TYPE="string"><VALUE></VALUE></PROPERTY>'
        "</INSTANCE>"
    )


# r4sd/go-wsman measured that Hyper-V refuses &amp; and &lt; in values and takes numeric references.
@given(TEXT)
def test_markup_leaves_as_numeric_references_only(text: str) -> None:
    written = write_embedded("Msvm_X", [Property("Notes", CimType.STRING, text)])
    for entity in ("&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "]]>", "<![CDATA["):
        assert entity not in written
    assert "\r" not in written


def test_markup_is_told_apart_from_its_own_escapes() -> None:
    written = write_embedded("Msvm_X", [Property("Notes", CimType.STRING, "a &lt; b & \"c\" 'd'\r\n")])
    assert "<VALUE>a &#38;lt; b &#38; &#34;c&#34; &#39;d&#39;&#13;\n</VALUE>" in written


@pytest.mark.parametrize("char", ["\0", "\x08", "\x1f", "\ufffe", "\udc00"])
def test_a_character_that_xml_cannot_carry_is_refused(char: str) -> None:
    with pytest.raises(UnsendableText, match=f"{ord(char):04X}"):
        write_embedded("Msvm_X", [Property("Notes", CimType.STRING, f"a{char}")])
    with pytest.raises(UnsendableText, match=f"{ord(char):04X}"):
        write_embedded("Msvm_X", [Property("Notes", CimType.STRING, [f"a{char}"])])


# What PROPERTY may carry besides: DSP0201 and Microsoft's extensions VALUE.OBJECT and PROPERTY.OBJECT.
def test_what_windows_and_its_tools_add_is_read_over() -> None:
    class_name, properties = read_embedded(
        """
        <?xml version="1.0"?><!-- from a tool --><INSTANCE classname="Msvm_Error" xmlns:x="urn:x">
          <QUALIFIER NAME="dynamic" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER>
          <PROPERTY Name="Message" CLASSORIGIN="CIM_Error" PROPAGATED="true" MODIFIED="TRUE" TYPE="string">
            <QUALIFIER NAME="key" TYPE="boolean"><VALUE>FALSE</VALUE></QUALIFIER><VALUE>lost</VALUE>
          </PROPERTY>
          <PROPERTY NAME="Nothing" TYPE="string"/>
          <PROPERTY.ARRAY NAME="Codes" TYPE="uint16"><VALUE.ARRAY><VALUE>1</VALUE><VALUE>2</VALUE></VALUE.ARRAY>
          </PROPERTY.ARRAY>
          <PROPERTY.REFERENCE NAME="Job"><VALUE.REFERENCE>Msvm_Job.Id=1</VALUE.REFERENCE></PROPERTY.REFERENCE>
        </INSTANCE>
        """.strip()
    )
    assert class_name == "Msvm_Error"
    assert properties == {
        "message": ("lost",),
        "nothing": (),
        "codes": ("1", "2"),
        "job": ("Msvm_Job.Id=1",),
    }


def test_an_instance_inside_an_instance_stays_text() -> None:
    unused_class, properties = read_embedded(
        '<INSTANCE CLASSNAME="Outer"><PROPERTY.OBJECT NAME="Inner" TYPE="object"><VALUE.OBJECT>'
        '<INSTANCE CLASSNAME="Inner"><PROPERTY NAME="A" TYPE="string"><VALUE>x &#38; y</VALUE></PROPERTY></INSTANCE>'
        "</VALUE.OBJECT></PROPERTY.OBJECT></INSTANCE>"
    )
    (inner,) = properties["inner"]
    assert inner is not None
    assert read_embedded(inner) == ("Inner", {"a": ("x & y",)})


@pytest.mark.parametrize("wrapper", ["DECLGROUP", "VALUE.NAMEDINSTANCE"])
def test_an_instance_is_found_inside_a_wrapper(wrapper: str) -> None:
    assert read_embedded(f'<{wrapper}><X/><INSTANCE CLASSNAME="A"/></{wrapper}>') == ("A", {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no well-formed XML"),
        ("plain words", "no well-formed XML"),
        ("<INSTANCE>", "no well-formed XML"),
        ("<CLASS NAME='A'/>", "CLASS is no embedded instance"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><INSTANCE CLASSNAME="&b;"/>', "document type declaration"),
    ],
)
def test_what_is_no_embedded_instance_is_named(text: str, why: str) -> None:
    with pytest.raises(EmbeddedReadError, match=why):
        read_embedded(text)


@given(TEXT)
def test_any_text_is_an_instance_or_an_embedded_read_error(text: str) -> None:
    for candidate in (text, f"<INSTANCE>{text}</INSTANCE>"):
        try:
            unused, properties = read_embedded(candidate)
        except EmbeddedReadError:
            continue
        root = ET.fromstring(candidate.strip())
        instance = root if root.tag == "INSTANCE" else root.find(".//INSTANCE")
        assert instance is not None
        assert len(properties) <= len(instance)


def test_null_says_whether_it_is_one_of_an_array() -> None:
    properties = [Property("One", CimType.STRING, None), Property("Many", CimType.STRING, None, is_array=True)]
    assert write_embedded("Msvm_X", properties) == (
        '<INSTANCE CLASSNAME="Msvm_X"><PROPERTY NAME="One" TYPE="string"></PROPERTY>'
        '<PROPERTY.ARRAY NAME="Many" TYPE="string"></PROPERTY.ARRAY></INSTANCE>'
    )


def test_a_path_doubles_the_backslashes_of_its_keys_and_escapes_their_quotes() -> None:
    keys = {"InstanceID": 'Microsoft:7C1F\\0 "x"', "Name": "a"}
    path = object_path("root/virtualization/v2", "Msvm_X", keys)
    assert path == 'root/virtualization/v2:Msvm_X.InstanceID="Microsoft:7C1F\\\\0 \\"x\\"",Name="a"'
