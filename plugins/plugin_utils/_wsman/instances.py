# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM instances and method results from a SOAP body.

The wire names no types, tells no array of one from a scalar, and leaves NULL properties out or marks them nil. So an
Instance keeps what was sent, and its reader asks for what the class definition promises.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import typing as t
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from .embedded import EmbeddedReadError, read_embedded
from .errors import UnexpectedValue
from .namespaces import XSI, split_resource_uri
from .references import Reference, read_reference
from .values import CimType, Scalar, parse, parse_integer, parse_octets
from .xmltext import brief

_NIL = f"{{{XSI}}}nil"
# Windows puts times into cim:Datetime, cim:Interval or cim:Date; a column list loses the prefix, and other servers
# write CIM_DateTime in a namespace of their own.
_TIMES = frozenset({"Datetime", "Interval", "Date", "CIM_DateTime"})

Raw = t.Union[None, str, Reference, "Instance"]
_T = t.TypeVar("_T")


_KNOWN_TAGS = 4096  # more than all classes and properties that one run meets


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


# An enumeration repeats the same few tags in each of its instances.
@functools.lru_cache(_KNOWN_TAGS)
def _property_name(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


@functools.lru_cache(_KNOWN_TAGS)
def _class_and_namespace(tag: str) -> tuple[str, str]:
    """Return what an element's tag says of an instance; two empty texts for a row of a column list."""
    uri, brace, class_name = tag[1:].rpartition("}")
    try:
        namespace = split_resource_uri(uri)[0] if brace else ""
    except UnexpectedValue:
        namespace = ""
    return (class_name, namespace) if namespace else ("", "")


def read_value(element: Element) -> Raw:
    """Read one property or parameter element."""
    nil = element.get(_NIL)
    if nil is not None and nil.lower() in ("true", "1"):
        return None
    if len(element) == 0:
        return element.text or ""
    first = element[0]
    # An embedded object is an element of its own inside the property, or its properties stand there directly.
    if len(element) == 1 and _is_of_instance(first.tag):
        return read_instance(first)
    reference = read_reference(element)
    if reference is not None:
        return reference
    if len(element) == 1 and len(first) == 0 and local_name(first) in _TIMES:
        return first.text or ""
    return read_instance(element)


@functools.lru_cache(_KNOWN_TAGS)
def _is_of_instance(tag: str) -> bool:
    """Tell an instance from a property: only an instance is called like the class of its namespace."""
    namespace, brace, name = tag[1:].rpartition("}")
    return bool(brace) and namespace.rpartition("/")[2] == name


def read_instance(element: Element) -> Instance:
    """Read an instance, a method's output, or a row of a column list (which has no class name)."""
    properties: dict[str, Raw | tuple[Raw, ...]] = {}
    arrays: dict[str, list[Raw]] = {}
    for child in element:
        name = _property_name(child.tag)
        # Nearly all are texts, which need no call: there are tens of thousands of them in a list.
        value = (child.text or "") if not len(child) and child.get(_NIL) is None else read_value(child)
        if name not in properties:
            properties[name] = value
        elif name in arrays:
            arrays[name].append(value)
        else:
            arrays[name] = [t.cast(Raw, properties[name]), value]
    if arrays:
        properties.update((name, tuple(values)) for name, values in arrays.items())
    return Instance(*_class_and_namespace(element.tag), properties)


@dataclasses.dataclass(slots=True)  # not frozen: one of those takes twice as long to make
class Instance:
    """What a host sent of one instance or method result.

    Attributes:
        class_name: its own class, which may be a subclass of the one asked for; empty in a row of a column list.
        namespace: its CIM namespace, empty where the wire does not tell.
        properties: values by property name in lower case, a tuple where there are several; NULL is None, or not there
            at all. (A tuple around every value would keep Python's garbage collector busy in large clusters.)
    """

    class_name: str
    namespace: str
    properties: Mapping[str, Raw | tuple[Raw, ...]]

    def text(self, name: str) -> str | None:
        """Return a string property; None for NULL."""
        value = self.properties.get(name.lower())
        return value if value is None or isinstance(value, str) else self._one(name, self.texts(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a string array; empty for NULL."""
        value = self.properties.get(name.lower())
        return (value,) if isinstance(value, str) else tuple([self._text(name, raw) for raw in self._raws(name)])

    def integer(self, name: str, cim_type: CimType = CimType.UINT64) -> int | None:
        """Return an integer property; None for NULL. Raises UnexpectedValue outside the range of its type."""
        text = self.text(name)
        try:
            return None if text is None else parse_integer(text, cim_type)
        except UnexpectedValue as error:
            raise self._misread(name, error) from error

    def integers(self, name: str, cim_type: CimType = CimType.UINT64) -> tuple[int, ...]:
        """Return an integer array; empty for NULL."""
        try:
            return tuple([parse_integer(text, cim_type) for text in self.texts(name)])
        except UnexpectedValue as error:
            raise self._misread(name, error) from error

    def boolean(self, name: str) -> bool | None:
        """Return a boolean property; None for NULL."""
        return t.cast("bool | None", self._parsed(name, CimType.BOOLEAN))

    def datetime(self, name: str) -> dt.datetime | None:
        """Return a point in time in UTC; None for NULL and for "never"."""
        value = self._parsed(name, CimType.DATETIME)
        if isinstance(value, dt.timedelta):
            raise UnexpectedValue(f"{self._label(name)}: an interval stands where a date is expected")
        return t.cast("dt.datetime | None", value)

    def interval(self, name: str) -> dt.timedelta | None:
        """Return a length of time; None for NULL."""
        value = self._parsed(name, CimType.DATETIME)
        if isinstance(value, dt.datetime):
            raise UnexpectedValue(f"{self._label(name)}: a date stands where an interval is expected")
        return t.cast("dt.timedelta | None", value)

    def octets(self, name: str) -> bytes | None:
        """Return a uint8 array; None for NULL."""
        texts = self.texts(name)
        return parse_octets(texts) if texts else None

    def reference(self, name: str) -> Reference | None:
        """Return a REF; None for NULL."""
        return self._one(name, self.references(name))

    def references(self, name: str) -> tuple[Reference, ...]:
        """Return an array of REF; empty for NULL."""
        found = tuple(raw for raw in self._raws(name) if raw != "")
        for raw in found:
            if not isinstance(raw, Reference):
                raise UnexpectedValue(f"{self._label(name)} holds no reference")
        return t.cast("tuple[Reference, ...]", found)

    def embedded(self, name: str) -> Instance | None:
        """Return an embedded instance, sent as an element tree or as CIM-XML text; None for NULL."""
        value = self.properties.get(name.lower())
        return value if isinstance(value, Instance) else self._one(name, self.embeddeds(name))

    def embeddeds(self, name: str) -> tuple[Instance, ...]:
        """Return an array of embedded instances; empty for NULL."""
        return tuple(self._embedded(name, raw) for raw in self._raws(name) if raw != "")

    def _embedded(self, name: str, raw: Raw) -> Instance:
        if isinstance(raw, Instance):
            return raw
        try:
            class_name, properties = read_embedded(self._text(name, raw))
        except EmbeddedReadError as error:
            raise UnexpectedValue(f"{self._label(name)}: {error}") from error
        return Instance(class_name, self.namespace, properties)

    def _raws(self, name: str) -> tuple[Raw, ...]:
        value = self.properties.get(name.lower())
        return tuple([raw for raw in (value if isinstance(value, tuple) else (value,)) if raw is not None])

    def _parsed(self, name: str, cim_type: CimType) -> Scalar | None:
        text = self.text(name)
        try:
            return None if text is None else parse(text, cim_type)
        except UnexpectedValue as error:
            raise self._misread(name, error) from error

    def _misread(self, name: str, error: UnexpectedValue) -> UnexpectedValue:
        return UnexpectedValue(f"{self._label(name)}: {error}")

    def _text(self, name: str, raw: Raw) -> str:
        if not isinstance(raw, str):
            raise UnexpectedValue(f"{self._label(name)} holds no text")
        return raw

    def _one(self, name: str, values: tuple[_T, ...]) -> _T | None:
        if len(values) > 1:
            raise UnexpectedValue(f"{self._label(name)} holds {len(values)} values where one is expected")
        return values[0] if values else None

    def _label(self, name: str) -> str:
        return f"{brief(self.class_name)}.{name}" if self.class_name else name
