# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read a YAML node into frozen dataclasses by their type hints, and say where in the file a value is wrong.

Knows nothing of clusters: what is allowed stands in the type hints (``Literal``, ``Annotated[int, Bounds(...)]``,
nested dataclasses, tuples of those, ``X | None``).
"""

from __future__ import annotations

import collections.abc
import dataclasses
import difflib
import functools
import types
import typing as t

import yaml

Shape = t.TypeVar("Shape")


class ScenarioError(Exception):
    """A scenario that cannot be used. The text names file, line, key, the bad value and what is allowed."""


@dataclasses.dataclass(frozen=True)
class Bounds:
    """The smallest and the largest number that a key takes; None for no bound."""

    low: float | None = None
    high: float | None = None

    def admit(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.high is None:
            return f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}"


@dataclasses.dataclass(frozen=True)
class Names:
    """How the names in one place of the file must look."""

    pattern: t.Pattern[str]
    allowed: str


class Marks:
    """Where each key of one file was found, so that a later check can still name the line."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: dict[str, int] = {}

    def note(self, where: str, node: yaml.Node) -> None:
        self._lines[where] = node.start_mark.line + 1

    def error(self, where: str, value: object, allowed: str) -> ScenarioError:
        """Return the error for ``value`` at ``where`` (such as ``nodes[0].state``); ``allowed`` ends the sentence."""
        place = where
        while place not in self._lines and place:
            place = place.rpartition(".")[0] if "." in place else ""
        line = self._lines.get(place, 1)
        return ScenarioError(f"{self._source}:{line}: {where or 'the scenario'}: {value!r} is wrong; {allowed}")


def compose(text: str, source: str) -> yaml.Node:
    """Return the root node of ``text``. Raises ScenarioError when it is no YAML or empty."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error)
        raise ScenarioError(f"{source}:{line}: not valid YAML: {problem}") from error
    if node is None:
        raise ScenarioError(f"{source}:1: the file is empty; a scenario has at least nodes")
    return node


def read(shape: type[Shape], node: yaml.Node, marks: Marks, where: str = "") -> Shape:
    """Return a ``shape`` (a dataclass) filled from a mapping node; unknown and repeated keys are refused."""
    marks.note(where, node)
    if not isinstance(node, yaml.MappingNode):
        raise marks.error(where, _plain(node), f"it must be a mapping with keys among {_keys(shape)}")
    hints = _hints(t.cast(t.Any, shape))
    values: dict[str, t.Any] = {}
    for key_node, value_node in node.value:
        key = str(_plain(key_node))
        place = f"{where}.{key}" if where else key
        marks.note(place, key_node)
        if key not in hints:
            raise marks.error(
                place, key, f"there is no such key here{_similar(key, hints)}; the keys are {_keys(shape)}"
            )
        if key in values:
            raise marks.error(place, key, "the key stands here twice")
        values[key] = _value(hints[key], value_node, marks, place)
    for field in dataclasses.fields(t.cast(t.Any, shape)):
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and field.name not in values:
            raise marks.error(where, sorted(values), f"the key {field.name} is missing")
    return shape(**values)


def _value(hint: t.Any, node: yaml.Node, marks: Marks, where: str) -> t.Any:
    marks.note(where, node)
    origin = t.get_origin(hint)
    if origin is t.Annotated:
        return _annotated(hint, node, marks, where)
    if origin in (t.Union, types.UnionType):
        return _union(t.get_args(hint), node, marks, where)
    if origin in (tuple, collections.abc.Sequence):
        return _sequence(t.get_args(hint)[0], node, marks, where)
    if dataclasses.is_dataclass(hint):
        return read(t.cast(type, hint), node, marks, where)
    if origin is t.Literal:
        return _choice(t.get_args(hint), node, marks, where)
    return _scalar(hint, _plain(node), marks, where)


def _choice(choices: tuple[t.Any, ...], node: yaml.Node, marks: Marks, where: str) -> t.Any:
    value = _plain(node)
    if value is None or isinstance(value, bool):
        # YAML 1.1 reads the bare words on, off and null as values of their own; here they are words.
        value = node.value
    if value not in choices:
        raise marks.error(where, value, f"allowed: {', '.join(str(choice) for choice in choices)}")
    return value


def _scalar(hint: t.Any, value: object, marks: Marks, where: str) -> t.Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    text = "a text that is not empty" if isinstance(value, str) else "a text; write it in quotes"
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: text, type(None): "null"}
    fits = isinstance(value, hint) and (hint is not int or not isinstance(value, bool))
    if not fits or (hint is str and not value):
        raise marks.error(where, value, f"allowed: {kinds[hint]}")
    return value


def _annotated(hint: t.Any, node: yaml.Node, marks: Marks, where: str) -> t.Any:
    inner, rule = t.get_args(hint)
    value = _value(inner, node, marks, where)
    fits = rule.admit(value) if isinstance(rule, Bounds) else rule.pattern.fullmatch(value)
    if not fits:
        raise marks.error(where, value, f"allowed: {rule if isinstance(rule, Bounds) else rule.allowed}")
    return value


def _union(choices: tuple[t.Any, ...], node: yaml.Node, marks: Marks, where: str) -> t.Any:
    nothing = isinstance(node, yaml.ScalarNode) and _plain(node) is None
    if nothing and types.NoneType in choices:
        return None
    structured = (tuple, collections.abc.Sequence)
    for choice in choices:
        is_list, takes_list = isinstance(node, yaml.SequenceNode), t.get_origin(choice) in structured
        is_mapping, takes_mapping = isinstance(node, yaml.MappingNode), dataclasses.is_dataclass(choice)
        if choice is not types.NoneType and is_list == takes_list and is_mapping == takes_mapping:
            return _value(choice, node, marks, where)
    raise marks.error(where, _plain(node), "the value has another form than this key takes")


def _sequence(item: t.Any, node: yaml.Node, marks: Marks, where: str) -> tuple[t.Any, ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise marks.error(where, _plain(node), "allowed: a list")
    return tuple(_value(item, child, marks, f"{where}[{index}]") for index, child in enumerate(node.value))


class _Constructor(yaml.constructor.SafeConstructor):
    """SafeConstructor without the dates, so that a name such as 2026-01-01 stays a text."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda unused, node: node.value)


def _plain(node: yaml.Node) -> t.Any:
    try:
        return _Constructor().construct_object(node, deep=True)
    except yaml.YAMLError:
        return node.tag


@functools.cache
def _hints(shape: type) -> dict[str, t.Any]:
    # Only fields that the constructor takes are keys of the file.
    hints = t.get_type_hints(shape, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(shape) if field.init}


def _similar(key: str, keys: collections.abc.Iterable[str]) -> str:
    near = difflib.get_close_matches(key.lower(), keys, 1)
    return f" (is {near[0]} meant?)" if near else ""


def _keys(shape: type) -> str:
    return ", ".join(_hints(shape))
