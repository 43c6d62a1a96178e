# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The conditions behind WHERE: true, false, or None where NULL takes part. Microsoft docs, "WQL operators"."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import operator
import re
import typing as t
from collections.abc import Callable

import pywbem

from .cim import Embedded, Instance, ObjectPath, Value

# None is NULL.
Literal = str | int | float | bool | None
_OPERATORS: dict[str, Callable[[t.Any, t.Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_UNORDERED = ("=", "<>", "!=")
_CLASS = "__class"
_THIS = "__this"


class WqlError(Exception):
    """A query that is not WQL, or that compares what cannot be compared."""


@dataclasses.dataclass(frozen=True)
class Row:
    """An instance, its own class, and how to tell what a class is derived from."""

    instance: Instance
    class_name: str
    is_a: Callable[[str, str], bool]


@dataclasses.dataclass(frozen=True)
class PropertyPath:
    """A property, or with more than one name a property of an embedded instance."""

    names: tuple[str, ...]

    def value(self, row: Row) -> Value:
        """Return the value, or None where any part of the path is NULL. ``__CLASS`` is the class's name."""
        current: Value = Embedded(row.class_name, row.instance)
        for name in self.names:
            if not isinstance(current, Embedded):
                return None
            current = _member(current, name.lower())
        return current

    def __str__(self) -> str:
        return ".".join(self.names)


def _member(owner: Embedded, name: str) -> Value:
    if name == _CLASS:
        return owner.class_name
    if name == _THIS:
        return owner
    return next((value for key, value in owner.properties.items() if key.lower() == name), None)


class Condition(t.Protocol):
    """One node of the condition."""

    def test(self, row: Row) -> bool | None:
        """Return whether a row fulfils it; None where that is unknown, as for NULL."""

    def properties(self) -> tuple[str, ...]:
        """Return the properties that it names."""


@dataclasses.dataclass(frozen=True)
class Disjunction:
    parts: tuple[Condition, ...]

    @functools.cached_property
    def _texts(self) -> tuple[PropertyPath, frozenset[str]] | None:
        """The property that is to be one of several texts, and these in capitals; None for any other condition."""
        texts = [(one.path, one.literal) for one in self.parts if isinstance(one, Comparison) and one.operator == "="]
        if len(texts) < len(self.parts) or any(path != texts[0][0] for path, unused in texts):
            return None
        return texts[0][0], frozenset(_without_case(str(literal)) for unused, literal in texts)

    def test(self, row: Row) -> bool | None:
        if self._texts is not None:
            # Tens of thousands of rows may be compared with dozens of names.
            value = self._texts[0].value(row)
            if isinstance(value, str):
                return _without_case(value) in self._texts[1]
        results = [part.test(row) for part in self.parts]
        return True if True in results else None if None in results else False

    def properties(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.properties())


@dataclasses.dataclass(frozen=True)
class Conjunction:
    parts: tuple[Condition, ...]

    def test(self, row: Row) -> bool | None:
        results = [part.test(row) for part in self.parts]
        return False if False in results else None if None in results else True

    def properties(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.properties())


@dataclasses.dataclass(frozen=True)
class Negation:
    part: Condition

    def test(self, row: Row) -> bool | None:
        result = self.part.test(row)
        return None if result is None else not result

    def properties(self) -> tuple[str, ...]:
        return self.part.properties()


@dataclasses.dataclass(frozen=True)
class IsNull:
    path: PropertyPath

    def test(self, row: Row) -> bool | None:
        return self.path.value(row) is None

    def properties(self) -> tuple[str, ...]:
        return (str(self.path),)


@dataclasses.dataclass(frozen=True)
class IsA:
    """``path ISA class_name``; ``__this`` is the instance itself, ``__CLASS`` its class."""

    path: PropertyPath
    class_name: str

    def test(self, row: Row) -> bool | None:
        value = self.path.value(row)
        name = value.class_name if isinstance(value, (Embedded, ObjectPath)) else value
        return row.is_a(name, self.class_name) if isinstance(name, str) else None

    def properties(self) -> tuple[str, ...]:
        return (str(self.path),)


@dataclasses.dataclass(frozen=True)
class Like:
    path: PropertyPath
    pattern: str

    def test(self, row: Row) -> bool | None:
        value = self.path.value(row)
        if value is None:
            return None
        if not isinstance(value, str):
            raise WqlError(f"LIKE takes strings only: {self.path}")
        return _like(self.pattern).fullmatch(value) is not None

    def properties(self) -> tuple[str, ...]:
        return (str(self.path),)


@functools.lru_cache(maxsize=512)
def _like(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\[\^?[^\]]+\]|.", pattern, re.DOTALL)
    return re.compile("".join(map(_like_part, parts)), re.IGNORECASE | re.DOTALL)


def _like_part(part: str) -> str:
    if len(part) == 1:
        return {"%": ".*", "_": "."}.get(part, re.escape(part))
    inside = part[1:-1]
    inverted = inside.startswith("^") and len(inside) > 1
    # What stands in brackets is plain but for the range's dash.
    members = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside[1:] if inverted else inside)
    return f"[{'^' if inverted else ''}{members}]"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """``path operator literal``; ``reference`` is the literal read as an object path, where it is one."""

    path: PropertyPath
    operator: str
    literal: str | int | float | bool
    reference: ObjectPath | None

    def test(self, row: Row) -> bool | None:
        value = self.path.value(row)
        if value is None:
            return None
        if isinstance(value, (list, tuple, Embedded)):
            raise WqlError(f"arrays and objects cannot be compared: {self.path}")
        if isinstance(value, ObjectPath):
            return self._refers(value)
        left, right = self._alike(value)
        return _OPERATORS[self.operator](left, right)

    def properties(self) -> tuple[str, ...]:
        return (str(self.path),)

    def _refers(self, value: ObjectPath) -> bool:
        if self.operator not in _UNORDERED or self.reference is None:
            raise WqlError(f"a reference is only equal or not equal to an object path: {self.path}")
        same = _plain(value) == _plain(self.reference)
        wanted = self.reference.namespace.lower()
        same = same and wanted in ("", value.namespace.lower())
        return same is (self.operator == "=")

    def _alike(self, value: Value) -> tuple[t.Any, t.Any]:
        try:
            if isinstance(value, bool):
                return value, _boolean(self.literal)
            if isinstance(value, (int, float)):
                return value, _number(self.literal)
            if isinstance(value, (datetime.datetime, datetime.timedelta)):
                return value, _time(str(self.literal), type(value))
        except ValueError as error:
            raise WqlError(f"{self.literal!r} is no value for {self.path}") from error
        return _without_case(str(value)), _without_case(str(self.literal))


def _plain(path: ObjectPath) -> tuple[str, dict[str, str]]:
    return path.class_name.lower(), {name.lower(): _without_case(value) for name, value in path.keys.items()}


@functools.lru_cache(maxsize=4096)
def _without_case(text: str) -> str:
    """Return a text in the capitals of Windows: one letter for each ("ß" has none), and each of one letter alone."""
    if text.isascii():
        return text.upper()
    return "".join(one.upper() if one.upper().lower() == one and len(one.upper()) == 1 else one for one in text)


def _boolean(literal: Literal) -> bool:
    text = str(literal).lower()
    if text not in ("true", "false", "1", "0", "-1"):
        raise ValueError(text)
    return text not in ("false", "0")


def _number(literal: Literal) -> int | float:
    if isinstance(literal, str):
        return int(literal, 0)
    return literal if literal is not None else 0


def _time(text: str, wanted: type) -> datetime.datetime | datetime.timedelta:
    stamp = pywbem.CIMDateTime(text)
    found = stamp.timedelta if wanted is datetime.timedelta else stamp.datetime
    if found is None:
        raise ValueError(text)
    return t.cast("datetime.datetime | datetime.timedelta", found)
