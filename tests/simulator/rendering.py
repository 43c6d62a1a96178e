# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM values as WS-Management XML: instances, rows of a column list, references, results of methods (DSP0227, DSP0230).

Text is put together from pieces that are made once for a class: a page may hold thousands of instances.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Callable, Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from .cim import Embedded, Instance, ObjectPath, Value
from .embedded_text import write_instance
from .envelopes import ADDRESSING, ANONYMOUS, WSMAN, XSI
from .schema import CimType, ClassDefinition, Schema
from .wire_switches import WireSwitches

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
COMMON = "http://schemas.dmtf.org/wbem/wscim/1/common"
# A look for these is cheaper than four replacements in each of thousands of texts.
_SPECIAL = re.compile(r"[&<>\r]")
_REFERENCE_PREFIXES = f' xmlns:a="{ADDRESSING}" xmlns:w="{WSMAN}"'

Write = Callable[[Value], str]


class Field(t.NamedTuple):
    """A property or parameter ready to be written."""

    name: str
    opening: str
    closing: str
    nil: str
    write: Write


class Renderers:
    """The renderers of one service, one for each spelling of a namespace: each keeps what it worked out of classes."""

    def __init__(self, schema: Schema, switches: WireSwitches, build: int) -> None:
        self._schema = schema
        self._switches = switches
        self._build = build
        self._renderers: dict[str, Renderer] = {}

    def of(self, spelled: str) -> Renderer:
        """Return the renderer for answers in which a namespace is spelled as the client wrote it."""
        if spelled not in self._renderers:
            self._renderers[spelled] = Renderer(self._schema, self._switches, spelled, self._build)
        return self._renderers[spelled]


class Renderer:
    """Writes values as one service does.

    ``spelled`` is the namespace as the client wrote it, which is echoed; ``build`` is that of the host's Windows, which
    has no properties of later ones.
    """

    def __init__(self, schema: Schema, switches: WireSwitches, spelled: str, build: int) -> None:
        self._schema = schema
        self._switches = switches
        self._spelled = spelled
        self._build = build
        self._fields: dict[tuple[str, str, tuple[str, ...] | None], list[Field]] = {}

    def class_uri(self, namespace: str, class_name: str) -> str:
        """Return the resource URI of a class."""
        spelled = self._spelled if namespace.lower() == self._spelled.lower() else namespace
        return f"{WMI}{spelled}/{class_name}"

    def instance(self, definition: ClassDefinition, instance: Instance, columns: Sequence[str] | None = None) -> str:
        """Return the element of an instance, with all properties or those in ``columns`` (MOF spelling)."""
        uri = self.class_uri(definition.namespace, definition.name)
        fields = self._class_fields(definition, "p:", columns)
        return (
            f'<p:{definition.name} xmlns:xsi="{XSI}" xmlns:p={quoteattr(uri)} xmlns:cim="{COMMON}"'
            f' xsi:type="p:{definition.name}_Type">{_write(fields, instance)}</p:{definition.name}>'
        )

    def fragment(self, definition: ClassDefinition, instance: Instance, columns: Sequence[str]) -> str:
        """Return a row of a column list as w:XmlFragment: no prefixes, no class name."""
        fields = self._class_fields(definition, "", columns)
        # Both declarations stand there in all 719 recorded rows, although the envelope declares w too.
        return f'<w:XmlFragment xmlns:xsi="{XSI}" xmlns:w="{WSMAN}">{_write(fields, instance)}</w:XmlFragment>'

    def selected(self, expression: str, definition: ClassDefinition, instance: Instance) -> str:
        """Return what a fragment-level Get asks for: a property, or its text alone; DSP0226 7.7 and its annex D."""
        name, unused, rest = expression.partition("/")
        declared = definition.find_property(name.rpartition(":")[2])
        opening = f'<w:XmlFragment xmlns:xsi="{XSI}" xmlns:w="{WSMAN}"'
        if declared is None or rest not in ("", "text()") or instance.get(declared.name) is None:
            return f'{opening} xsi:nil="true"/>'
        written = _write(self._class_fields(definition, "p:", [declared.name]), instance)
        if rest:
            written = re.sub(r"</?p:\w+>", "", written)
        uri = quoteattr(self.class_uri(definition.namespace, definition.name))
        return f'{opening} xmlns:p={uri} xmlns:cim="{COMMON}">{written}</w:XmlFragment>'

    def result(self, uri: str, method: str, types: Mapping[str, CimType], values: Mapping[str, Value]) -> str:
        """Return the METHOD_OUTPUT element; ``types`` are the out-parameters and ReturnValue as they are to stand."""
        fields = [self._returned(name, cim_type) for name, cim_type in types.items()]
        return (
            f'<p:{method}_OUTPUT xmlns:xsi="{XSI}" xmlns:p={quoteattr(uri)} xmlns:cim="{COMMON}">'
            f"{_write(fields, values)}</p:{method}_OUTPUT>"
        )

    def instance_endpoint(self, definition: ClassDefinition, instance: Instance) -> str:
        """Return the a:EndpointReference of an instance."""
        body = self._endpoint(
            self.class_uri(definition.namespace, definition.name), {key: instance.get(key) for key in definition.keys}
        )
        return f"<a:EndpointReference>{body}</a:EndpointReference>"

    def reference(self, path: ObjectPath) -> str:
        """Return the body of the endpoint reference of ``path`` (no a:EndpointReference around it)."""
        return self._endpoint(self.class_uri(path.namespace, path.class_name), dict(sorted(path.keys.items())))

    def _endpoint(self, uri: str, keys: Mapping[str, Value]) -> str:
        selectors = "".join(
            f"<w:Selector Name={quoteattr(name)}>{self._selector(value)}</w:Selector>" for name, value in keys.items()
        )
        selector_set = f"<w:SelectorSet>{selectors}</w:SelectorSet>" if selectors else ""
        return (
            f"<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{escape(uri)}</w:ResourceURI>{selector_set}</a:ReferenceParameters>"
        )

    def _selector(self, value: Value) -> str:
        if isinstance(value, ObjectPath):
            return f"<a:EndpointReference>{self.reference(value)}</a:EndpointReference>"
        return _boolean(value) if isinstance(value, bool) else escape(str(value))

    def _class_fields(self, definition: ClassDefinition, prefix: str, columns: Sequence[str] | None) -> list[Field]:
        key = (definition.name, prefix, None if columns is None else tuple(columns))
        if key not in self._fields:
            self._fields[key] = [
                self._field(name, prefix, declared.type)
                for name, declared in definition.properties.items()
                if declared.since_build <= self._build and (columns is None or name in columns)
            ]
        return self._fields[key]

    def _field(self, name: str, prefix: str, cim_type: CimType) -> Field:
        tag = f"{prefix}{name}"
        # Recorded instances (Server 2008 to 2026) have nil for a scalar that is NULL, and nothing for an array.
        nil = "" if cim_type.is_array else f'<{tag} xsi:nil="true"/>'
        if cim_type.is_object and self._hides_objects(prefix):
            return Field(name, nil, "", nil, lambda value: "")
        prefixes = _REFERENCE_PREFIXES if cim_type.name == "reference" else ""
        return Field(name, f"<{tag}{prefixes}>", f"</{tag}>", nil, self._writer(cim_type, prefix))

    def _hides_objects(self, prefix: str) -> bool:
        hidden = self._switches.private_properties
        return hidden == "absent" or (hidden == "whole_rows" and not prefix)

    def _returned(self, name: str, cim_type: CimType) -> Field:
        """Return an out-parameter; where it is an object, virt-who finds the properties directly in its element."""
        if not cim_type.is_object:
            return self._field(name, "p:", cim_type)
        return Field(name, "", "", f'<p:{name} xsi:nil="true"/>', lambda value: self._object(f"p:{name}", value))

    def _object(self, tag: str, embedded: Embedded) -> str:
        definition = self._definition_of(embedded)
        uri = self.class_uri(definition.namespace, definition.name)
        fields = self._class_fields(definition, "q:", None)
        return (
            f'<{tag} xmlns:q={quoteattr(uri)} xsi:type="q:{definition.name}_Type">'
            f"{_write(fields, embedded.properties)}</{tag}>"
        )

    def _writer(self, cim_type: CimType, prefix: str) -> Write:
        if cim_type.embedded_class is not None:
            as_elements = cim_type.is_object and self._switches.private_properties != "cim_xml"
            return self._embedded_elements if as_elements else self._embedded_text
        if cim_type.name == "reference":
            return self.reference
        if cim_type.name == "boolean":
            return _boolean
        if cim_type.name == "datetime":
            return self._time_writer("cim:" if prefix else "")
        return _text if cim_type.name in ("string", "char16") else str

    def _time_writer(self, prefix: str) -> Write:
        if self._switches.datetime_form == "bare":
            return time_text

        def write(value: datetime.datetime | datetime.timedelta) -> str:
            name = "Interval" if isinstance(value, datetime.timedelta) else "Datetime"
            return f"<{prefix}{name}>{time_text(value)}</{prefix}{name}>"

        return write

    def _definition_of(self, embedded: Embedded) -> ClassDefinition:
        found = self._schema.find_anywhere(embedded.class_name, self._spelled)
        if found is None:
            raise LookupError(f"no namespace has the class {embedded.class_name}")
        return found

    def _embedded_text(self, embedded: Embedded) -> str:
        return escape(write_instance(self._definition_of(embedded), embedded))

    def _embedded_elements(self, embedded: Embedded) -> str:
        return self.instance(self._definition_of(embedded), embedded.properties)


def time_text(value: datetime.datetime | datetime.timedelta) -> str:
    """Return a datetime (in UTC) or an interval in the form of XML Schema, as Windows writes it."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat() + "Z"
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    return f"P{value.days}DT{hours}H{minutes}M{seconds}{fraction}S"


def _write(fields: Iterable[Field], values: Mapping[str, Value]) -> str:
    pieces: list[str] = []
    for name, opening, closing, nil, write in fields:
        value = values.get(name)
        if value is None:
            pieces.append(nil)
        elif isinstance(value, (list, tuple)):
            pieces += [f"{opening}{write(item)}{closing}" for item in value]
        else:
            pieces.append(f"{opening}{write(value)}{closing}")
    return "".join(pieces)


def _text(value: Value) -> str:
    text = str(value)
    return escape(text, {"\r": "&#13;"}) if _SPECIAL.search(text) else text


def _boolean(value: Value) -> str:
    return "true" if value else "false"
