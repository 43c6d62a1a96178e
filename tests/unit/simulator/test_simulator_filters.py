# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters in the dialects of DMTF, which clients other than this collection use beside WQL."""

from __future__ import annotations

import pytest

from tests.simulator.filters import ASSOCIATIONS, SELECTORS
from tests.simulator.wsman import Reply
from tests.unit.simulator.messages import (
    CLUSTER,
    SYSTEM,
    VM_ID,
    N,
    W,
    endpoint,
    fault_of,
    items_of,
    message,
    reference,
)

BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
JOB = f"{CLUSTER}/Msvm_MigrationJob"
EVERY_CLASS = f"{CLUSTER}/*"


def ask(uri: str, dialect: str, filtered: str) -> Reply:
    """Enumerate with elements as a filter."""
    optimized = "<w:OptimizeEnumeration/><w:MaxElements>10</w:MaxElements>"
    wish = f'<w:Filter Dialect="{dialect}" xmlns:b="{BINDING}">{filtered}</w:Filter>'
    request = message(uri, f"{N}/Enumerate", f"<n:Enumerate>{optimized}{wish}</n:Enumerate>")
    return endpoint(first_page="full").handle(request)


def selectors(**values: str) -> str:
    chosen = "".join(f'<w:Selector Name="{name}">{value}</w:Selector>' for name, value in values.items())
    return f"<w:SelectorSet>{chosen}</w:SelectorSet>"


def classes(reply: Reply) -> list[str]:
    return [item.tag.partition("}")[2] for item in items_of(reply, W)]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"elementname": "node1"}, 1),
        ({"CreationClassName": "Msvm_ComputerSystem"}, 3),
        ({"CreationClassName": "Msvm_ComputerSystem", "Name": VM_ID}, 1),
        ({"OnTimeInMilliseconds": "6138293824"}, 1),
        ({"Caption": "none has this"}, 0),
    ],
)
def test_a_selector_filter_compares_properties_without_letter_case(values: dict[str, str], found: int) -> None:
    assert classes(ask(SYSTEM, SELECTORS, selectors(**values))) == ["Msvm_ComputerSystem"] * found


@pytest.mark.parametrize(
    ("uri", "filtered"),
    [
        (EVERY_CLASS, selectors(ElementName="NODE1")),
        (SYSTEM, selectors(Colour="red")),
        (SYSTEM, selectors(ElementName="it's")),
        (SYSTEM, selectors(OperationalStatus="2")),
        (SYSTEM, selectors(InstallDate="2026-01-15T08:30:05Z")),
        (SYSTEM, selectors(ElementName="NODE1", elementname="NODE1")),
    ],
)
def test_a_selector_filter_that_windows_refuses(uri: str, filtered: str) -> None:
    assert fault_of(ask(uri, SELECTORS, filtered)) == (0x8033801A, "n:CannotProcessFilter")


@pytest.mark.parametrize(
    ("wish", "terms", "found"),
    [
        ("AssociatedInstances", "", ["Msvm_MigrationJob"]),
        (
            "AssociatedInstances",
            "<b:AssociationClassName>Msvm_AffectedJobElement</b:AssociationClassName><b:Role>AffectedElement</b:Role>"
            "<b:ResultClassName>Msvm_MigrationJob</b:ResultClassName><b:ResultRole>AffectingElement</b:ResultRole>",
            ["Msvm_MigrationJob"],
        ),
        ("AssociatedInstances", "<b:Role>AffectingElement</b:Role>", []),
        ("AssociationInstances", "", ["Msvm_AffectedJobElement"]),
        ("AssociationInstances", "<b:Role>AffectingElement</b:Role>", []),
    ],
)
def test_an_association_filter_follows_the_associations(wish: str, terms: str, found: list[str]) -> None:
    source = f"<b:Object>{reference(VM_ID)}</b:Object>"
    assert classes(ask(EVERY_CLASS, ASSOCIATIONS, f"<b:{wish}>{source}{terms}</b:{wish}>")) == found


@pytest.mark.parametrize(
    ("uri", "wish"),
    [
        (JOB, "<b:AssociatedInstances><b:Object>{0}</b:Object></b:AssociatedInstances>"),
        (EVERY_CLASS, "<b:AssociatedInstances/>"),
        (EVERY_CLASS, "<b:Friends><b:Object>{0}</b:Object></b:Friends>"),
        (
            EVERY_CLASS,
            "<b:AssociationInstances><b:Object>{0}</b:Object><b:ResultRole>x</b:ResultRole></b:AssociationInstances>",
        ),
        (EVERY_CLASS, ""),
    ],
)
def test_an_association_filter_that_asks_for_nothing_known(uri: str, wish: str) -> None:
    assert fault_of(ask(uri, ASSOCIATIONS, wish.format(reference(VM_ID)))) == (0x8033801A, "n:CannotProcessFilter")
