# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pages of an enumeration (DSP0226 section 8, WS-Enumeration)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.items import Page, read_page
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.namespaces import ADDRESSING, ENUMERATION, WSMAN
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.references import Reference

Answer = Callable[[str], ET.Element]
V2 = "root/virtualization/v2"
CONTEXT = "uuid:0E5B7C93-64A1-4D28-8F3B-D90172C6E4A8"
FIRST, SECOND = "3B9E41D7-5C20-4F8A-A1D6-7E02C49B8F15", "81F02D5A-7B3C-4E96-B8D4-1A5C9E60F723"


def vm(name: str) -> Reference:
    return Reference.of(V2, "Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=name)


def names(page: Page) -> list[str | None]:
    return [item.instance.text("ElementName") for item in page.items]


def page_of(content: str) -> Page:
    return read_page(
        ET.fromstring(
            f'<n:PullResponse xmlns:n="{ENUMERATION}" xmlns:w="{WSMAN}" xmlns:a="{ADDRESSING}">{content}'
            "</n:PullResponse>"
        )
    )


# go-wsman's testdata: one instance a page while no MaxElements is sent.
def test_a_page_in_the_middle_gives_items_and_the_next_context(answer: Answer) -> None:
    page = read_page(answer("pull_one_of_many"))
    assert names(page) == ["NODE-A"]
    assert page.context == CONTEXT
    assert page.items[0].reference is None


# go-wsman's testdata: the last page has no context element.
def test_the_last_page_ends_the_sequence(answer: Answer) -> None:
    page = read_page(answer("pull_last"))
    assert names(page) == ["db-17"]
    assert page.context is None
    assert page.items[0].instance.class_name == "Msvm_ComputerSystem"


def test_a_last_page_may_be_empty(answer: Answer) -> None:
    assert read_page(answer("pull_end_without_items")) == Page([], None)


# DSP0226: the answer to an Enumerate that was not optimized.
def test_an_enumeration_may_start_with_a_context_alone(answer: Answer) -> None:
    assert read_page(answer("enumerate_context_only")) == Page([], CONTEXT)


# DSP0226: OptimizeEnumeration with EnumerateObjectAndEPR.
def test_each_instance_comes_with_its_reference(answer: Answer) -> None:
    page = read_page(answer("enumerate_items_with_references"))
    assert names(page) == ["db-17", "db-18"]
    assert [item.reference for item in page.items] == [vm(FIRST), vm(SECOND)]
    assert page.context is None


# DSP0226: EnumerateEPR.
def test_references_come_alone(answer: Answer) -> None:
    page = read_page(answer("enumerate_references_only"))
    assert [item.reference for item in page.items] == [vm(FIRST), vm(SECOND)]
    assert [item.instance.properties for item in page.items] == [{}, {}]


# Microsoft's OMI server sends both.
def test_the_end_counts_even_beside_a_context(answer: Answer) -> None:
    page = read_page(answer("enumerate_context_beside_end"))
    assert names(page) == ["db-17"]
    assert page.context is None


def test_nothing_found_is_an_empty_page(answer: Answer) -> None:
    assert read_page(answer("enumerate_nothing")) == Page([], None)


@pytest.mark.parametrize("items", ["w", "n"])
@pytest.mark.parametrize("end", ["w", "n"])
def test_items_and_end_stand_in_either_namespace(items: str, end: str) -> None:
    content = f"<{items}:Items><X><ElementName>a</ElementName></X></{items}:Items>"
    context = "<n:EnumerationContext>c</n:EnumerationContext>"
    assert page_of(context + content).context == "c"
    page = page_of(f"{context}{content}<{end}:EndOfSequence/>")
    assert names(page) == ["a"]
    assert page.context is None


@pytest.mark.parametrize("context", ["", "<n:EnumerationContext/>", "<n:EnumerationContext> </n:EnumerationContext>"])
def test_no_context_is_the_end(context: str) -> None:
    assert page_of(f"{context}<n:Items/>").context is None


def test_white_space_around_a_context_is_no_part_of_it() -> None:
    assert page_of("<n:EnumerationContext>\n uuid:1\n</n:EnumerationContext>").context == "uuid:1"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_reference_and_instance_pair_in_any_order(order: tuple[int, int]) -> None:
    parts = (
        "<X><ElementName>a</ElementName></X>",
        "<a:EndpointReference><a:ReferenceParameters><w:ResourceURI>urn:x</w:ResourceURI></a:ReferenceParameters>"
        "</a:EndpointReference>",
    )
    page = page_of(f"<w:Items><w:Item>{parts[order[0]]}{parts[order[1]]}</w:Item></w:Items>")
    assert names(page) == ["a"]
    assert page.items[0].reference == Reference("urn:x", ())


def test_an_item_may_hold_a_reference_or_an_instance_alone() -> None:
    page = page_of("<w:Items><w:Item><X><ElementName>a</ElementName></X></w:Item><w:Item/></w:Items>")
    assert names(page) == ["a", None]
    assert [item.reference for item in page.items] == [None, None]
