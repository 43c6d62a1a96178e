# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""new_system_settings and new_resource_settings as embedded instances.

A property that is not named is not sent and keeps what it has; None is sent as NULL, an empty list as an array
without elements and an empty text as an empty text: CIM-XML tells them apart (DSP0201 5.2).
"""

from __future__ import annotations

import datetime as dt
import re
import typing as t
from collections.abc import Mapping, Sequence

from ..._wsman.embedded import Property, object_path, write_embedded
from ..._wsman.errors import UnexpectedValue, UnsendableText
from ..._wsman.instances import Instance
from ..._wsman.values import UTC, CimType, Scalar, dmtf_text, parse
from ..._wsman.xmltext import refuse_unsendable
from ..cluster.cluster import VIRTUALIZATION
from ..failure.errors import HyperVError
from .setting_types import RESOURCE_CLASSES, VM_SETTING_TYPES, VM_SETTINGS, resource_types

_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_CLASS = re.compile(r"[A-Za-z][A-Za-z0-9]*_\w+", re.ASCII)
_TYPE = re.compile(r"(\w+)(\[\])?", re.ASCII)
_REFERENCE = "reference"
_TYPES = {one.value: one for one in CimType}

Types = Mapping[str, tuple[str, str]]


def system_settings(values: Mapping[str, t.Any] | None) -> str | None:
    """Return an Msvm_VirtualSystemSettingData, or None for no values. Raises HyperVError."""
    if not values:
        return None
    return _instance(VM_SETTINGS, values, VM_SETTING_TYPES, "new_system_settings")


def resource_settings(entries: Sequence[Mapping[str, t.Any]] | None) -> tuple[str, ...]:
    """Return the resource settings, each of the class that its entry names. Raises HyperVError."""
    return tuple(_resource(entry, f"new_resource_settings[{number}]") for number, entry in enumerate(entries or ()))


def changed_settings(class_name: str, shown: Instance, changes: Mapping[str, str | Sequence[str]]) -> str:
    """Return settings as a host shows them with some properties changed: all that are set and of a known type.

    Raises UnexpectedValue for a value that is not of its type.
    """
    types = VM_SETTING_TYPES if class_name == VM_SETTINGS else resource_types(class_name)
    properties = []
    for key, (name, word) in types.items():
        cim_type, is_array = _TYPES[word.removesuffix("[]")], word.endswith("[]")
        if name in changes:
            properties.append(Property(name, cim_type, changes[name], is_array))
        elif shown.texts(key):
            values = [parse(text, cim_type) for text in shown.texts(key)]
            if is_array:
                properties.append(Property(name, cim_type, values, is_array))
            elif values[0] is not None:
                properties.append(Property(name, cim_type, values[0]))
    return write_embedded(class_name, properties)


def _resource(entry: Mapping[str, t.Any], where: str) -> str:
    given = str(entry["class"])
    if not _CLASS.fullmatch(given):
        raise HyperVError(f"{where}.class: {given!r} is not the name of a CIM class, such as Msvm_MemorySettingData.")
    class_name = RESOURCE_CLASSES.get(given.lower(), given)
    return _instance(class_name, entry["properties"], resource_types(class_name), f"{where}.properties")


def _instance(class_name: str, values: Mapping[str, t.Any], types: Types, where: str) -> str:
    properties = [_property(str(name), value, types, where) for name, value in values.items()]
    names = [one.name for one in properties]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise HyperVError(f"{where}: {twice} is specified more than once, in different spellings.")
    return write_embedded(class_name, properties)


def _property(given: str, value: t.Any, types: Types, where: str) -> Property:
    """Return one property, spelled as documented and of its type: the one stated with it, else the documented one."""
    if not _NAME.fullmatch(given):
        raise HyperVError(f"{where}: {given!r} is not the name of a CIM property.")
    name, word = types.get(given.lower(), (given, ""))
    where = f"{where}.{name}"
    if isinstance(value, Mapping) and value.get("type") != _REFERENCE:
        word, value = _stated(value, where)
    elif not word:
        raise HyperVError(
            f"{where}: its type is not known here. Give type and value, such as {{type: uint32, value: 5}}; "
            "Microsoft's documentation of the class names the type."
        )
    cim_type, is_array = _type(word, value, where)
    if value is None:
        return Property(name, cim_type, None, is_array)
    if is_array:
        items = [
            None if one is None else _scalar(cim_type, one, f"{where}[{index}]") for index, one in enumerate(value)
        ]
        return Property(name, cim_type, items, is_array)
    return Property(name, cim_type, _scalar(cim_type, value, where))


def _stated(value: Mapping[str, t.Any], where: str) -> tuple[str, t.Any]:
    if set(value) != {"type", "value"}:
        raise HyperVError(
            f"{where}: a dictionary here has the keys type and value, and not {', '.join(map(str, value))}."
        )
    word = str(value["type"])
    is_list = isinstance(value["value"], (list, tuple))
    return (f"{word}[]" if is_list and not word.endswith("[]") else word), value["value"]


def _type(word: str, value: t.Any, where: str) -> tuple[CimType, bool]:
    found = _TYPE.fullmatch(word)
    cim_type = _TYPES.get(found[1].lower()) if found else None
    if found is None or cim_type is None:
        raise HyperVError(f"{where}: {word!r} is no CIM type. The types are {', '.join(_TYPES)}, an array is string[].")
    is_array = found[2] is not None
    if value is not None and is_array != isinstance(value, (list, tuple)):
        raise HyperVError(f"{where} takes {'a list' if is_array else 'a single value'}: it is of type {word}.")
    return cim_type, is_array


def _scalar(cim_type: CimType, value: t.Any, where: str) -> Scalar:
    """Return a value of the type from what YAML or a template gave for it. Raises HyperVError."""
    try:
        if isinstance(value, Mapping) and cim_type is CimType.STRING:
            return refuse_unsendable(_path(value, where))
        found = _typed(cim_type, value)
        refuse_unsendable(dmtf_text(found))
    except UnsendableText as error:
        raise HyperVError(f"{where}: {error}") from error
    except UnexpectedValue as error:
        raise HyperVError(f"{where}: {error}. It is of type {cim_type.value}.") from error
    return found


def _typed(cim_type: CimType, value: t.Any) -> Scalar:
    if isinstance(value, bool):
        if cim_type is CimType.BOOLEAN:
            return value
        raise UnexpectedValue(f"{value} is no {cim_type.value}")
    if isinstance(value, dt.datetime):  # YAML knows dates; one without a zone counts as UTC there
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    elif isinstance(value, dt.date):
        value = value.isoformat()
    if not isinstance(value, (str, int, float)):
        raise UnexpectedValue(f"{value!r} is no {cim_type.value}")
    found = parse(str(value), cim_type)
    if found is None:
        raise UnexpectedValue(f"{value} stands for no date at all")
    return found


def _path(value: Mapping[str, t.Any], where: str) -> str:
    keys = value.get("keys")
    named = set(value) - {"namespace"} == {"type", "class", "keys"} and value["type"] == _REFERENCE
    if not named or not isinstance(keys, Mapping) or not keys:
        raise HyperVError(
            f"{where}: a reference is written as {{type: reference, class: Msvm_..., keys: {{InstanceID: ...}}}}, with "
            f"namespace where it is not {VIRTUALIZATION}."
        )
    texts = {str(name): str(key) for name, key in keys.items()}
    return object_path(str(value.get("namespace", VIRTUALIZATION)), str(value["class"]), texts)
