# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a recording holds, as questions and answers: rows of queries, outcomes of calls.

It shares no code with the product: what the product misreads must not look right here.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence

from tests.simulator.recordings import Recorded, Recording

SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
WSMAN = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
ADDRESSING = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_RESOURCE = re.compile(r"/wmi/(root/.+)/([^/]+)$", re.IGNORECASE)
_FROM = re.compile(r"^\s*SELECT\s+(.*?)\s+FROM\s+(\w+)(.*)$", re.IGNORECASE | re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Row:
    """One instance of an answer.

    Attributes:
        is_fragment: it came as a w:XmlFragment, without its class.
    """

    element: ET.Element
    is_fragment: bool

    def texts(self, name: str) -> list[str]:
        """Return the values of a property; none where it is null or not there."""
        return [
            "".join(part.itertext()).strip()
            for part in self.element
            if local(part) == name and part.get(NIL) not in ("true", "1")
        ]

    def text(self, name: str) -> str:
        """Return the value of a property, empty where there is none."""
        return next(iter(self.texts(name)), "")

    def part(self, name: str) -> ET.Element | None:
        """Return the element of a property."""
        return next((part for part in self.element if local(part) == name), None)


@dataclasses.dataclass(frozen=True)
class Exchange:
    """A recorded request with its answer, read."""

    recorded: Recorded
    computer: str
    request: ET.Element
    answer: ET.Element | None

    @functools.cached_property
    def action(self) -> str:
        """The last part of wsa:Action: the operation, or the name of a method."""
        return self._header("Action", ADDRESSING).rpartition("/")[2]

    @functools.cached_property
    def resource(self) -> tuple[str, str]:
        """Namespace in lower case, and class; both empty for another resource."""
        found = _RESOURCE.search(self._header("ResourceURI", WSMAN))
        return (found[1].lower(), found[2]) if found else ("", "")

    @property
    def is_of_events(self) -> bool:
        """Whether it is about event logs."""
        return self._header("ResourceURI", WSMAN).lower().endswith("/windows/eventlog")

    @property
    def is_call(self) -> bool:
        """Whether a CIM method was called."""
        return self._header("Action", ADDRESSING).startswith(self._header("ResourceURI", WSMAN) + "/")

    @functools.cached_property
    def query(self) -> str:
        """The query in WQL, empty for none."""
        return next((element.text or "" for element in self.request.iter(WSMAN + "Filter")), "")

    @property
    def asked_class(self) -> str:
        """The class that a read is about."""
        found = _FROM.match(self.query)
        return found[2] if found else self.resource[1]

    @property
    def columns(self) -> str:
        """The columns of a query; ``*`` for all."""
        found = _FROM.match(self.query)
        return found[1] if found else "*"

    @property
    def has_conditions(self) -> bool:
        """Whether a query asks for some of the instances alone."""
        found = _FROM.match(self.query)
        return bool(found and found[3].strip())

    @property
    def body(self) -> ET.Element | None:
        """The first element of the answer's body."""
        found = self.answer.find(SOAP + "Body") if self.answer is not None else None
        return found[0] if found is not None and len(found) else None

    @property
    def has_failed(self) -> bool:
        """Whether the answer is a fault."""
        return self.body is not None and self.body.tag == SOAP + "Fault"

    @functools.cached_property
    def fault_codes(self) -> set[int]:
        """The codes in a fault, of WS-Management and of the provider."""
        if self.body is None or not self.has_failed:
            return set()
        codes = {int(part.get("Code", "0")) for part in self.body.iter() if part.get("Code", "").isdigit()}
        return codes | {int(part.text or 0) for part in self.body.iter() if local(part) == "error_Code"}

    @functools.cached_property
    def rows(self) -> list[Row]:
        """The instances in this one answer."""
        parts = () if self.body is None else self.body.iter()
        items = next((part for part in parts if local(part) == "Items"), None)
        if items is None or self.has_failed:
            return []
        inner = [next(iter(part), part) if local(part) == "Item" else part for part in items]
        return [Row(part, local(part) == "XmlFragment") for part in inner]

    def output(self, name: str) -> str:
        """Return an out-parameter of a call, empty where there is none."""
        parts = () if self.body is None or self.has_failed else self.body
        return next(("".join(part.itertext()).strip() for part in parts if local(part) == name), "")

    def output_element(self, name: str) -> ET.Element | None:
        """Return the element of an out-parameter."""
        parts = () if self.body is None or self.has_failed else self.body
        return next((part for part in parts if local(part) == name), None)

    def input(self, name: str) -> str:
        """Return a parameter of a call, empty where it was left out."""
        body = self.request.find(SOAP + "Body")
        call = body[0] if body is not None and len(body) else ()
        return next(("".join(part.itertext()).strip() for part in call if local(part) == name), "")

    def _header(self, name: str, space: str) -> str:
        return (self.request.findtext(f"{SOAP}Header/{space}{name}") or "").strip()


class Evidence:
    """All exchanges in their order; those that are no XML are left out and counted.

    Attributes:
        unreadable: how many.
    """

    def __init__(self, recording: Recording) -> None:
        computers = recording.computers()
        self.exchanges: list[Exchange] = []
        self.unreadable = 0
        for one in recording.exchanges:
            try:
                request = ET.fromstring(one.request)
                answer = ET.fromstring(one.answer) if one.answer else None
            except ET.ParseError:
                self.unreadable += 1
                continue
            self.exchanges.append(Exchange(one, computers.get(one.host, one.host), request, answer))

    def calls(self, *methods: str) -> Iterator[Exchange]:
        """Yield the calls of some methods that were answered."""
        return (one for one in self.exchanges if one.is_call and one.action in methods and one.body is not None)

    def enumerations(self, namespace: str = "", class_name: str = "") -> Iterator[Exchange]:
        """Yield answered reads of a class (of any, by default) that begin an enumeration."""
        for one in self.exchanges:
            fits = (not namespace or one.resource[0] == namespace.lower()) and one.action == "Enumerate"
            if fits and one.body is not None and (not class_name or one.asked_class == class_name):
                yield one

    def rows(self, one: Exchange) -> list[Row]:
        """Return the instances of an enumeration, those of its further pages too."""
        found, context = list(one.rows), one.recorded.next_context
        pages = {page.recorded.context: page for page in self._pages.get(one.recorded.host, ())}
        seen: set[str] = set()
        while context and context in pages and context not in seen:
            seen.add(context)
            page = pages[context]
            found += page.rows
            context = page.recorded.next_context
        return found

    def all_rows(self, namespace: str, class_name: str) -> list[Row]:
        """Return every instance of a class in any answer."""
        return [row for one in self.enumerations(namespace, class_name) for row in self.rows(one)]

    @functools.cached_property
    def _pages(self) -> Mapping[str, Sequence[Exchange]]:
        by_host: dict[str, list[Exchange]] = {}
        for one in self.exchanges:
            if one.action == "Pull":
                by_host.setdefault(one.recorded.host, []).append(one)
        return by_host


def local(element: ET.Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]
