# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Query lists of the Windows event log and their XPath 1.0 (Microsoft docs, "Consuming Events"), as far as needed.

Known are ``*``, steps with predicates, ``and``, ``or``, brackets, comparisons of elements and attributes with texts and
numbers, and ``timediff``. Anything else is refused.
"""

from __future__ import annotations

import datetime
import re
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Callable

Test = Callable[[ET.Element], bool]

_TOKEN = re.compile(r"\s*(<=|>=|!=|[\[\]()=<>*@]|'[^']*'|\"[^\"]*\"|[A-Za-z][\w.-]*|\d+)")
_COMPARE: dict[str, Callable[[t.Any, t.Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<=": lambda left, right: bool(left <= right),
    ">=": lambda left, right: bool(left >= right),
    "<": lambda left, right: bool(left < right),
    ">": lambda left, right: bool(left > right),
}


class BadQuery(Exception):
    """No query list, or one with an expression that is not known."""


class Select(t.NamedTuple):
    """The events of one channel that a query list selects."""

    channel: str
    matches: Test


def read_query_list(element: ET.Element, now: datetime.datetime) -> list[Select]:
    """Return what a QueryList selects at ``now``. Raises BadQuery."""
    if element.tag.rpartition("}")[2] != "QueryList":
        raise BadQuery(element.tag)
    selects = []
    for query in element:
        for one in query:
            channel = one.get("Path") or query.get("Path")
            if one.tag.rpartition("}")[2] != "Select" or not channel:
                raise BadQuery(one.tag)
            selects.append(Select(channel, _XPath(one.text or "", now).read()))
    return selects


class _XPath:
    """A parser of one expression."""

    def __init__(self, text: str, now: datetime.datetime) -> None:
        self._now = now
        self._tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise BadQuery(text)
            self._tokens.append(match.group(1))
            position = match.end()

    def read(self) -> Test:
        self._take("*")
        test = self._predicates()
        if self._tokens:
            raise BadQuery(" ".join(self._tokens))
        return test

    def _predicates(self) -> Test:
        tests: list[Test] = []
        while self._next() == "[":
            self._take("[")
            tests.append(self._either())
            self._take("]")
        return lambda element: all(test(element) for test in tests)

    def _either(self) -> Test:
        tests = [self._both()]
        while self._next() == "or":
            self._take("or")
            tests.append(self._both())
        return lambda element: any(test(element) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next() == "and":
            self._take("and")
            tests.append(self._one())
        return lambda element: all(test(element) for test in tests)

    def _one(self) -> Test:
        if self._next() == "(":
            self._take("(")
            test = self._either()
            self._take(")")
            return test
        if self._next() == "timediff":
            return self._age()
        if self._next() == "@":
            self._take("@")
            return self._compared(lambda name: lambda element: element.get(name))
        name = self._take()
        if self._next() in _COMPARE:
            return self._against(lambda element: _child_text(element, name))
        inner = self._predicates()
        return lambda element: any(inner(child) for child in element if child.tag.rpartition("}")[2] == name)

    def _age(self) -> Test:
        """Read ``timediff(@SystemTime) <= 600000``: the milliseconds since then."""
        for token in ("timediff", "(", "@"):
            self._take(token)
        name = self._take()
        self._take(")")
        compare, limit = _COMPARE[self._take()], int(self._take())

        def test(element: ET.Element) -> bool:
            written = element.get(name, "").partition(".")[0]
            at = datetime.datetime.fromisoformat(written).replace(tzinfo=datetime.timezone.utc)
            return compare((self._now - at).total_seconds() * 1000, limit)

        return test

    def _compared(self, reader: Callable[[str], Callable[[ET.Element], str | None]]) -> Test:
        return self._against(reader(self._take()))

    def _against(self, read: Callable[[ET.Element], str | None]) -> Test:
        compare, literal = _COMPARE[self._take()], self._take()
        if literal[0] in "'\"":
            return lambda element: compare(read(element) or "", literal[1:-1])
        return lambda element: (text := read(element)) is not None and compare(int(text), int(literal))

    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _take(self, wanted: str = "") -> str:
        if not self._tokens or (wanted and self._tokens[0] != wanted):
            raise BadQuery(f"{wanted or 'a word'} expected before {' '.join(self._tokens)}")
        return self._tokens.pop(0)


def _child_text(element: ET.Element, name: str) -> str | None:
    return next((one.text for one in element if one.tag.rpartition("}")[2] == name), None)
