# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Embedded instances as the text of a CIM-XML INSTANCE element (DSP0201), read as strictly as Hyper-V reads them.

What Hyper-V refuses beyond DSP0201 (entities in values, dates of XML Schema, scalars for arrays) and with which code
is known from experiments that users of the Hyper-V WMI provider published.
"""

from __future__ import annotations

import datetime
import re
import typing as t
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from . import object_paths
from .cim import Embedded, Value
from .schema import CimType, ClassDefinition, Property, Schema
from .values import NotAValue, read_scalar

FAILED = 32768
INVALID_PARAMETER = 32773
INCORRECT_DATA_TYPE = 32776

_ENTITY = re.compile(r"<VALUE>[^<]*&(amp|lt);")
_DATE = re.compile(r"(\d{14})\.(\d{6})([+-]\d{3})")
_INTERVAL = re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)\.(\d{6}):000")
_CHILDREN = {"PROPERTY": "VALUE", "PROPERTY.ARRAY": "VALUE.ARRAY"}
_ATTRIBUTES = {"NAME", "TYPE", "CLASSORIGIN", "PROPAGATED", "MODIFIED", "EmbeddedObject", "ARRAYSIZE"}


class EmbeddedRefused(Exception):
    """An embedded instance that the provider does not take.

    Attributes:
        return_value: what the method returns for it, in the family of codes of Hyper-V.
    """

    def __init__(self, return_value: int, reason: str) -> None:
        super().__init__(reason)
        self.return_value = return_value


def read_instance(text: str, expected: str, schema: Schema, namespace: str) -> Embedded:
    """Return the instance in ``text``, which must be of class ``expected`` or below. Raises EmbeddedRefused.

    A property that holds an instance in turn is read as one.
    """
    entity = _ENTITY.search(text)
    if entity:
        raise EmbeddedRefused(FAILED if entity[1] == "amp" else INVALID_PARAMETER, f"&{entity[1]}; in a value")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise EmbeddedRefused(INVALID_PARAMETER, str(error)) from error
    definition = schema.find_anywhere(root.get("CLASSNAME", ""), namespace)
    if root.tag != "INSTANCE" or definition is None or not definition.is_a(expected):
        raise EmbeddedRefused(INVALID_PARAMETER, f"not an INSTANCE of {expected}")
    reader = _Reader(definition, schema, namespace)
    properties: dict[str, Value] = {}
    for element in root:
        if element.tag == "QUALIFIER":
            continue
        name, value = reader.read_property(element)
        if name in properties:
            raise EmbeddedRefused(INVALID_PARAMETER, f"{name} stands there twice")
        properties[name] = value
    return Embedded(definition.name, {name: value for name, value in properties.items() if value is not None})


class _Reader:
    """Reads the properties of one class."""

    def __init__(self, definition: ClassDefinition, schema: Schema, namespace: str) -> None:
        self._definition = definition
        self._schema = schema
        self._namespace = namespace

    def read_property(self, element: ET.Element) -> tuple[str, Value]:
        """Return name and value of a property as the class spells and types it. Raises EmbeddedRefused."""
        declared = self._definition.find_property(element.get("NAME", ""))
        if declared is None or element.tag not in _CHILDREN or not _ATTRIBUTES.issuperset(element.attrib):
            what = f"{element.tag} {element.get('NAME')} of {self._definition.name}"
            raise EmbeddedRefused(INVALID_PARAMETER, what)
        cim_type = declared.type
        if (element.tag == "PROPERTY.ARRAY") != cim_type.is_array:
            raise EmbeddedRefused(INVALID_PARAMETER, f"{declared.name} is an array where the class has none, or not")
        if element.get("TYPE") != cim_type.name:
            raise EmbeddedRefused(INCORRECT_DATA_TYPE, f"{declared.name} is no {element.get('TYPE')}")
        children = [child for child in element if child.tag != "QUALIFIER"]
        if not children:
            return declared.name, None
        if len(children) > 1 or children[0].tag != _CHILDREN[element.tag]:
            raise EmbeddedRefused(INVALID_PARAMETER, f"the value of {declared.name}")
        if not cim_type.is_array:
            return declared.name, self._read_value(declared, children[0])
        return declared.name, [self._read_value(declared, child) for child in children[0]]

    def _read_value(self, declared: Property, element: ET.Element) -> Value:
        if element.tag == "VALUE.NULL":
            return None
        if element.tag != "VALUE" or len(element):
            raise EmbeddedRefused(INVALID_PARAMETER, f"{element.tag} where a VALUE belongs")
        text, cim_type = element.text or "", declared.type
        if cim_type.embedded_class is not None:
            return read_instance(text, cim_type.embedded_class, self._schema, self._namespace)
        if declared.name in object_paths.REFERRING and not object_paths.is_acceptable(text):
            raise EmbeddedRefused(INVALID_PARAMETER, f"{declared.name} holds no object path of WMI: {text}")
        if cim_type.name == "datetime":
            return _read_time(text)
        try:
            return read_scalar(text.lower() if cim_type.name == "boolean" else text, cim_type.name)
        except NotAValue as error:
            raise EmbeddedRefused(INCORRECT_DATA_TYPE, str(error)) from error


def _read_time(text: str) -> datetime.datetime | datetime.timedelta:
    interval = _INTERVAL.fullmatch(text)
    if interval:
        days, hours, minutes, seconds, micros = (int(part) for part in interval.groups())
        return datetime.timedelta(days, seconds, micros, 0, minutes, hours)
    date = _DATE.fullmatch(text)
    try:
        if date is None:
            raise ValueError(f"{text!r} is no datetime of DSP0004")
        moment = datetime.datetime.strptime(f"{date[1]}.{date[2]}", "%Y%m%d%H%M%S.%f")
        zone = datetime.timezone(datetime.timedelta(minutes=int(date[3])))
    except ValueError as error:
        raise EmbeddedRefused(FAILED, str(error)) from error
    return moment.replace(tzinfo=zone)


def write_instance(definition: ClassDefinition, embedded: Embedded) -> str:
    """Return the INSTANCE element of ``embedded`` with all properties of its class."""
    pieces = [
        _write_property(name, declared.type, embedded.properties.get(name))
        for name, declared in definition.properties.items()
    ]
    return f"<INSTANCE CLASSNAME={quoteattr(definition.name)}>{''.join(pieces)}</INSTANCE>"


def _write_property(name: str, cim_type: CimType, value: Value) -> str:
    tag = "PROPERTY.ARRAY" if cim_type.is_array else "PROPERTY"
    content = ""
    if value is not None and cim_type.is_array:
        content = f"<VALUE.ARRAY>{''.join(_write_value(item) for item in value)}</VALUE.ARRAY>"
    elif value is not None:
        content = _write_value(value)
    return f'<{tag} NAME="{name}" TYPE="{cim_type.name}">{content}</{tag}>'


def _write_value(value: Value) -> str:
    if isinstance(value, bool):
        # The text form of WMI objects writes booleans in capitals.
        return f"<VALUE>{str(value).upper()}</VALUE>"
    if isinstance(value, (datetime.datetime, datetime.timedelta)):
        return f"<VALUE>{dmtf_time(value)}</VALUE>"
    return f"<VALUE>{escape(str(value))}</VALUE>"


def dmtf_time(value: datetime.datetime | datetime.timedelta) -> str:
    """Return a datetime or an interval in the form of DSP0004 5.2.4."""
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(value.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{value.days:08d}{hours:02d}{minutes:02d}{seconds:02d}.{value.microseconds:06d}:000"
    offset = t.cast(datetime.timedelta, value.utcoffset())
    return f"{value:%Y%m%d%H%M%S.%f}{round(offset.total_seconds() / 60):+04d}"
