# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTML as a tree, written only by the serializer, so that a name cannot become markup."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET


def element(tag: str, *content: ET.Element | str, **attributes: str) -> ET.Element:
    """Return an element. ``class_`` is the attribute ``class``, and ``aria_label`` is ``aria-label``."""
    made = ET.Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    append(made, *content)
    return made


def append(parent: ET.Element, *content: ET.Element | str) -> None:
    """Add elements and texts at the end of an element."""
    for one in content:
        if isinstance(one, ET.Element):
            parent.append(one)
        elif len(parent):
            parent[-1].tail = (parent[-1].tail or "") + one
        else:
            parent.text = (parent.text or "") + one


def name(text: str) -> ET.Element:
    """Return a name that keeps its own direction of writing to itself."""
    return element("bdi", text)


def row(cells: Iterable[ET.Element], **attributes: str) -> ET.Element:
    """Return a row of a table."""
    return element("tr", *cells, **attributes)


def document(root: ET.Element) -> str:
    """Return a whole page as text."""
    return f"<!DOCTYPE html>\n{ET.tostring(root, encoding='unicode', method='html')}\n"
