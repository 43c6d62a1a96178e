# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One page of an enumeration."""

from __future__ import annotations

import typing as t
from xml.etree.ElementTree import Element

from .errors import UnreadableAnswer
from .instances import Instance, local_name, read_instance
from .namespaces import ADDRESSING, ENUMERATION, WSMAN
from .references import Reference, read_reference
from .xmltext import brief

_EPR = f"{{{ADDRESSING}}}EndpointReference"
_ITEM = f"{{{WSMAN}}}Item"


class Item(t.NamedTuple):
    """One instance of an enumeration, with its reference where that was asked for."""

    instance: Instance
    reference: Reference | None


class Page(t.NamedTuple):
    """The items of one answer, and the context that gets the next ones (None at the end)."""

    items: list[Item]
    context: str | None


def read_page(answer: Element) -> Page:
    """Read an EnumerateResponse or PullResponse.

    Items and EndOfSequence stand in either of two namespaces, by the operation and the server. The end is
    EndOfSequence, even beside a context, or the lack of a context. Raises UnreadableAnswer for anything else: it must
    not pass for an empty list.
    """
    if local_name(answer) not in ("EnumerateResponse", "PullResponse"):
        raise UnreadableAnswer(f"{brief(local_name(answer))} came where a page of an enumeration was expected")
    items = [
        _read_item(element)
        for namespace in (WSMAN, ENUMERATION)
        for box in answer.findall(f"{{{namespace}}}Items")
        for element in box
    ]
    ended = any(answer.find(f"{{{namespace}}}EndOfSequence") is not None for namespace in (WSMAN, ENUMERATION))
    context = (answer.findtext(f"{{{ENUMERATION}}}EnumerationContext") or "").strip()
    return Page(items, None if ended or not context else context)


def _read_item(element: Element) -> Item:
    if element.tag == _EPR:
        return Item(Instance("", "", {}), read_reference(element))
    if element.tag == _ITEM:
        own = next((child for child in element if child.tag != _EPR), None)
        instance = read_instance(own) if own is not None else Instance("", "", {})
        return Item(instance, read_reference(element))
    return Item(read_instance(element), None)
