# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Embedded instances: CIM-XML text (DSP0201) inside a string, in both directions."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from .values import CimType, Scalar, dmtf_text
from .xmltext import brief, refuse_unsendable
from .xmltrees import UnreadableXml, read_xml


class EmbeddedReadError(ValueError):
    """A text is no embedded instance."""


class Property(t.NamedTuple):
    """One property to send: a scalar, a sequence for an array (None in it is VALUE.NULL), or None for NULL.

    ``is_array`` matters for NULL only, whose value does not tell.
    """

    name: str
    cim_type: CimType
    value: Scalar | Sequence[Scalar | None] | None
    is_array: bool = False


def write_embedded(class_name: str, properties: Sequence[Property]) -> str:
    """Return the bare INSTANCE element as text. Raises UnsendableText.

    Hyper-V's parser of embedded instances refuses the entities ``&amp;`` and ``&lt;`` in values but takes numeric
    character references (measured on a real host by the authors of go-wsman), so markup leaves as those.
    """
    return f'<INSTANCE CLASSNAME="{_value(class_name)}">{"".join(map(_property, properties))}</INSTANCE>'


def _property(item: Property) -> str:
    attributes = f'NAME="{_value(item.name)}" TYPE="{item.cim_type.value}"'
    if isinstance(item.value, (list, tuple)):
        values = "".join("<VALUE.NULL/>" if one is None else _element(one) for one in item.value)
        return f"<PROPERTY.ARRAY {attributes}><VALUE.ARRAY>{values}</VALUE.ARRAY></PROPERTY.ARRAY>"
    if item.value is None:
        tag = "PROPERTY.ARRAY" if item.is_array else "PROPERTY"
        return f"<{tag} {attributes}></{tag}>"
    return f"<PROPERTY {attributes}>{_element(item.value)}</PROPERTY>"  # type: ignore[arg-type]


def _element(value: Scalar) -> str:
    return f"<VALUE>{_value(dmtf_text(value))}</VALUE>"


_MARKUP = str.maketrans({char: f"&#{ord(char)};" for char in "&<>\"'\r"})


def _value(text: str) -> str:
    return refuse_unsendable(text).translate(_MARKUP)


def object_path(namespace: str, class_name: str, keys: Mapping[str, str]) -> str:
    """Return WMI's path of an instance, the form in which a text property of an embedded instance refers to one.

    Hyper-V takes it without a server part; backslashes and quotes in a key are escaped by a backslash (WMI docs,
    "Describing the Location of a WMI Object"; that an endpoint reference is refused there: measured by go-wsman).
    """
    escaped_keys = (
        '{}="{}"'.format(name, value.replace("\\", "\\\\").replace('"', '\\"')) for name, value in keys.items()
    )
    return f"{namespace}:{class_name}.{','.join(escaped_keys)}"


def read_embedded(text: str) -> tuple[str, Mapping[str, tuple[str | None, ...]]]:
    """Return class name and values by property name in lower case of an INSTANCE text.

    Tolerates what Windows and its tools add: CLASSORIGIN, PROPAGATED, MODIFIED, QUALIFIER, PROPERTY.OBJECT with
    VALUE.OBJECT, and attribute names in any case. An inner instance stays text. Raises EmbeddedReadError.
    """
    try:
        root = read_xml(text.strip())
    except UnreadableXml as error:
        raise EmbeddedReadError(f"the embedded instance cannot be read: {error}") from error
    instance = root if root.tag == "INSTANCE" else root.find(".//INSTANCE")
    if instance is None:
        raise EmbeddedReadError(f"{brief(root.tag)} is no embedded instance")
    properties = {
        _attribute(child, "NAME").lower(): _read_values(child) for child in instance if child.tag.startswith("PROPERTY")
    }
    return _attribute(instance, "CLASSNAME"), properties


def _attribute(element: ET.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.upper() == name), "")


def _read_values(element: ET.Element) -> tuple[str | None, ...]:
    values: list[str | None] = []
    for child in element:
        if child.tag in ("VALUE.ARRAY", "VALUE.OBJECTARRAY", "VALUE.REFARRAY"):
            values.extend(_read_values(child))
        elif child.tag in ("VALUE.OBJECT", "VALUE.REFERENCE"):
            values.append(ET.tostring(child[0], encoding="unicode") if len(child) else child.text or "")
        elif child.tag == "VALUE.NULL":
            values.append(None)
        elif child.tag == "VALUE":
            values.append(child.text or "")
    return tuple(values)
