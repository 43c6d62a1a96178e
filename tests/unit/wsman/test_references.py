# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""References both ways: WS-Addressing endpoint references as DSP0226 and DSP0227 use them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import UnsendableText
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.namespaces import (
    ADDRESSING,
    ANONYMOUS,
    WMI,
    WSMAN,
    resource_uri,
    split_resource_uri,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import (
    Reference,
    read_reference,
    reference_body,
    selector_set,
)
from hypothesis import given
from hypothesis import strategies as st

V2 = "root/virtualization/v2"
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"))
KEYS = st.dictionaries(st.text("abcXYZ_09", min_size=1), TEXT, max_size=4)
PLAIN = st.builds(lambda keys: Reference(resource_uri(V2, "Msvm_X"), tuple(keys.items())), KEYS)
NESTED = st.builds(
    lambda inner, name: Reference(resource_uri(V2, "Msvm_Y"), ((name, inner),)), PLAIN, st.just("Dependent")
)


def element(content: str) -> ET.Element:
    return ET.fromstring(f'<r xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}">{content}</r>')


@given(PLAIN | NESTED)
def test_what_is_written_is_read_back(reference: Reference) -> None:
    body = reference_body(reference)
    assert read_reference(element(body)) == reference
    assert read_reference(element(f"<a:EndpointReference>{body}</a:EndpointReference>")) == reference


def test_the_body_holds_address_uri_and_selectors_without_a_wrapper() -> None:
    root = element(reference_body(Reference.of(V2, "Msvm_X", Name='a<b&"c"', Id="1")))
    assert [child.tag for child in root] == [f"{{{ADDRESSING}}}Address", f"{{{ADDRESSING}}}ReferenceParameters"]
    assert root[0].text == ANONYMOUS
    uri, selectors = root[1]
    assert (uri.tag, uri.text) == (f"{{{WSMAN}}}ResourceURI", f"{WMI}{V2}/Msvm_X")
    assert [(one.get("Name"), one.text) for one in selectors] == [("Name", 'a<b&"c"'), ("Id", "1")]


def test_a_reference_without_keys_has_no_selector_set() -> None:
    assert selector_set(()) == ""
    assert read_reference(element(reference_body(Reference.of(V2, "Msvm_X")))) == Reference.of(V2, "Msvm_X")


# DSP0226 allows an endpoint reference as a selector's value; Microsoft's OMI server leaves the wrapper out.
@pytest.mark.parametrize("wrapper", ["a:EndpointReference", None])
def test_a_key_that_is_a_reference_is_read_in_both_forms(wrapper: str | None) -> None:
    vm = Reference.of(V2, "Msvm_ComputerSystem", Name="81F02D5A")
    body = reference_body(vm)
    inner = f"<{wrapper}>{body}</{wrapper}>" if wrapper else body
    read = read_reference(
        element(
            f"<a:ReferenceParameters><w:ResourceURI>{WMI}{V2}/Msvm_HostedDependency</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="Dependent">{inner}</w:Selector><w:Selector Name="Kind">x</w:Selector>'
            "</w:SelectorSet></a:ReferenceParameters>"
        )
    )
    assert read is not None
    assert read.selectors == (("Dependent", vm), ("Kind", "x"))
    assert read.key("Dependent") is None
    assert read.key("KIND") == "x"
    assert read.key("Antecedent") is None


def test_a_key_that_is_a_reference_is_written_with_its_wrapper() -> None:
    inner = Reference.of(V2, "Msvm_ComputerSystem", Name="81F02D5A")
    root = element(selector_set((("Dependent", inner),)))
    found = root.find(f"{{{WSMAN}}}SelectorSet/{{{WSMAN}}}Selector/{{{ADDRESSING}}}EndpointReference")
    assert found is not None
    assert read_reference(found) == inner


def test_keys_are_kept_literally() -> None:
    key = "Microsoft:81F02D5A\\B637\\0\\0\\D "
    read = read_reference(element(reference_body(Reference.of(V2, "Msvm_X", InstanceID=key))))
    assert read is not None
    assert read.key("InstanceID") == key


def test_what_holds_no_reference_parameters_is_no_reference() -> None:
    assert read_reference(element("")) is None
    assert read_reference(element(f"<a:Address>{ANONYMOUS}</a:Address>")) is None


@pytest.mark.parametrize("char", ["\0", "\x1b", "\ufffe", "\ud800"])
def test_a_key_that_xml_cannot_carry_is_refused(char: str) -> None:
    with pytest.raises(UnsendableText, match=rf"U\+{ord(char):04X} at position 2"):
        reference_body(Reference.of(V2, "Msvm_X", Name=f"db{char}"))


def test_namespace_and_class_come_from_the_resource_uri() -> None:
    reference = Reference.of("root\\virtualization\\v2", "Msvm_X")
    assert (reference.namespace, reference.class_name) == (V2, "Msvm_X")
    assert split_resource_uri(f" {WMI.upper()}root/MSCluster/MSCluster_Node ") == ("root/MSCluster", "MSCluster_Node")


@pytest.mark.parametrize("uri", ["", "urn:x", WMI, WMI + "Msvm_X", WMI + V2 + "/", "http://schemas.dmtf.org/x/2/CIM_A"])
def test_another_uri_names_no_class_of_wmi(uri: str) -> None:
    with pytest.raises(ValueError, match="no resource URI"):
        split_resource_uri(uri)
