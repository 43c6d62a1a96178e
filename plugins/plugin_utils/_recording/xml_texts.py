# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The values in an XML message, each with the property that it is of, replaced without touching anything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.sax.saxutils import escape

Change = Callable[[str, str], str]
"""Returns what a value becomes, given the name of its property and the value."""

_PARTS = re.compile(r"<(/?)([\w.:-]+)([^<>]*?)(/?)>|<!--.*?-->|<[?!][^>]*>|[^<]+", re.DOTALL)
_ATTRIBUTES = re.compile(r"([\w.:-]+)(\s*=\s*)(\"[^\"]*\"|'[^']*')")
# Elements whose values belong to a property that an attribute names.
_NAMED = frozenset({"Data", "Selector", "PROPERTY", "PROPERTY.ARRAY", "PROPERTY.REFERENCE", "KEYBINDING", "PARAMVALUE"})
_INNER = frozenset({"VALUE", "VALUE.ARRAY", "KEYVALUE", "VALUE.REFERENCE", "Datetime", "Interval", "Text", "Item"})
# Attributes that say something of a machine; all others are names of classes, properties and types, and codes.
_TELLING = frozenset({"Machine", "UserID"})
_ESCAPES = re.compile(r"&(#x[0-9a-fA-F]+|#\d+|lt|gt|amp|quot|apos);")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


def change_values(message: str, change: Change) -> str:
    """Return a message with its values changed. What does not change keeps its very spelling."""
    names: list[str] = []
    written = []
    for part in _PARTS.finditer(message):
        text, name = part[0], part[2]
        if name is None:
            written.append(text if text.startswith("<") else _changed(text, _property(names), change))
            continue
        local = name.rpartition(":")[2]
        if part[1]:
            if names:
                names.pop()
        else:
            text = _with_attributes(text, part[3], change)
            if not part[4]:
                named = re.search(r"\b(?:NAME|Name)\s*=\s*[\"']([^\"']*)", part[3]) if local in _NAMED else None
                names.append(named[1] if named else local)
        written.append(text)
    return "".join(written)


def _property(names: list[str]) -> str:
    return next((name for name in reversed(names) if name not in _INNER), names[-1] if names else "")


def _with_attributes(tag: str, attributes: str, change: Change) -> str:
    def replaced(match: re.Match[str]) -> str:
        local = match[1].rpartition(":")[2]
        if local not in _TELLING:
            return match[0]
        quote, value = match[3][0], match[3][1:-1]
        return f"{match[1]}{match[2]}{quote}{_changed(value, local, change, {quote: '&quot;'})}{quote}"

    return tag if not attributes.strip() else tag.replace(attributes, _ATTRIBUTES.sub(replaced, attributes), 1)


def _changed(raw: str, name: str, change: Change, more: dict[str, str] | None = None) -> str:
    value = plain(raw)
    if not value.strip():
        return raw
    new = change(name, value)
    return raw if new == value else escape(new, more or {})


def plain(raw: str) -> str:
    """Return text as it is without the escapes of XML."""

    def letter(match: re.Match[str]) -> str:
        if not match[1].startswith("#"):
            return _ENTITIES[match[1]]
        number = int(match[1][2:], 16) if match[1].startswith("#x") else int(match[1][1:])
        return chr(number) if number < 0x110000 else match[0]

    return _ESCAPES.sub(letter, raw)
