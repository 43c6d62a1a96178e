# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Subscribe, Pull and Unsubscribe on the EventLog resource ([MS-WSMV] 3.1.4.6, 3.1.4.7), in pull mode.

Answers are as recorded from a host (tests of txwinrm): the reference of the subscription in ReferenceProperties, a new
context with each page, no end of the sequence.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape, quoteattr

from .cim import CimFault
from .envelopes import ENUMERATION, EVENTING, WSMAN, XSI, Request, new_id, size_of
from .event_queries import BadQuery, Select, read_query_list
from .event_switches import EventSwitches
from .faults import Code, Fault

EVENT_LOG = "http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog"
SUBSCRIBE, UNSUBSCRIBE = f"{EVENTING}/Subscribe", f"{EVENTING}/Unsubscribe"
PULL_MODE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/Pull"
EARLIEST = "http://schemas.dmtf.org/wbem/wsman/1/wsman/bookmark/earliest"
DIALECT = "http://schemas.microsoft.com/win/2004/08/events/eventquery"
EVENT = "http://schemas.microsoft.com/win/2004/08/events/event"
HYPERV_EVENT = "http://www.microsoft.com/Windows/Virtualization/Events"
_ACCESS_DENIED = 5
_E, _N, _W = f"{{{EVENTING}}}", f"{{{ENUMERATION}}}", f"{{{WSMAN}}}"
_LEVELS = {1: "Critical", 2: "Error", 3: "Warning", 4: "Information"}


@dataclasses.dataclass(frozen=True)
class LogRecord:
    """One event of a log; ``data`` are names and values of a Hyper-V event, ``message`` its text as rendered."""

    at: datetime.datetime
    channel: str
    provider: str
    id: int
    level: int
    data: tuple[tuple[str, str], ...]
    message: str
    number: int = 1

    def write(self, computer: str, *, rendered: bool) -> str:
        """Return the event as XML."""
        values = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in self.data)
        culture = f'<RenderingInfo Culture="en-US"><Message>{escape(self.message)}</Message>'
        text = f"{culture}<Level>{_LEVELS[self.level]}</Level><Task/><Opcode/><Channel/><Provider/></RenderingInfo>"
        return (
            f'<Event xmlns="{EVENT}"><System><Provider Name={quoteattr(self.provider)}/><EventID>{self.id}</EventID>'
            f"<Version>0</Version><Level>{self.level}</Level><Task>0</Task><Opcode>0</Opcode>"
            "<Keywords>0x8000000000000000</Keywords>"
            f'<TimeCreated SystemTime="{self.at.strftime("%Y-%m-%dT%H:%M:%S.%f")}000Z"/>'
            f"<EventRecordID>{self.number}</EventRecordID><Channel>{escape(self.channel)}</Channel>"
            f'<Computer>{escape(computer)}</Computer><Security UserID="S-1-5-18"/></System>'
            f'<UserData><VmlEventLog xmlns="{HYPERV_EVENT}">{values}</VmlEventLog></UserData>'
            f"{text if rendered else ''}</Event>"
        )


class Source(t.Protocol):
    """The logs of one host."""

    def records(self) -> Sequence[LogRecord]:
        """Return all events, the oldest first."""

    def now(self) -> datetime.datetime:
        """Return the host's date and time."""

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` go by."""


class NoLogs:
    """A host without events."""

    def records(self) -> Sequence[LogRecord]:
        return ()

    def now(self) -> datetime.datetime:
        return datetime.datetime(2026, 1, 15, tzinfo=datetime.timezone.utc)

    def wait(self, seconds: float) -> None:
        """Let no time go by."""


@dataclasses.dataclass
class _Subscription:
    identifier: str
    selects: Sequence[Select]
    context: str
    seen: set[int] = dataclasses.field(default_factory=set)


class EventSubscriptions:
    """The subscriptions of one host's event logs."""

    def __init__(self, source: Source, switches: EventSwitches, computer: str) -> None:
        self._source = source
        self._switches = switches
        self._computer = computer
        self._open: dict[str, _Subscription] = {}

    def answer(self, request: Request, room: int, counted_in: str) -> str:
        """Return the body of the answer to a message about the EventLog resource. Raises Fault and CimFault."""
        if self._switches.event_logs == "absent":
            raise Fault(Code.NO_PLUGIN)
        if self._switches.event_logs == "denied":
            raise CimFault(_ACCESS_DENIED, "", "")
        operations: dict[str, Callable[[], str]] = {
            SUBSCRIBE: lambda: self._subscribe(request),
            f"{ENUMERATION}/Pull": lambda: self._pull(request, room, counted_in),
            UNSUBSCRIBE: lambda: self._unsubscribe(request),
        }
        if request.action not in operations:
            raise Fault(Code.ACTION_NOT_SUPPORTED)
        return operations[request.action]()

    @property
    def open(self) -> int:
        """How many subscriptions nobody has ended."""
        return len(self._open)

    def _subscribe(self, request: Request) -> str:
        body = request.body
        if body is None or body.tag != f"{_E}Subscribe":
            raise Fault(Code.SCHEMA_VALIDATION)
        delivery, chosen = body.find(f"{_E}Delivery"), body.find(f"{_W}Filter")
        if delivery is None or delivery.get("Mode") != PULL_MODE or chosen is None:
            raise Fault(Code.SCHEMA_VALIDATION)
        if chosen.get("Dialect") != DIALECT:
            raise Fault(Code.FILTER_DIALECT)
        if (body.findtext(f"{_W}Bookmark") or "").strip() != EARLIEST:
            # DSP0226 10.2.6: "begin at the next available event", which nobody here waits for.
            raise Fault(Code.SCHEMA_VALIDATION)
        try:
            selects = read_query_list(self._query_list(chosen), self._source.now())
        except BadQuery as error:
            raise Fault(Code.CANNOT_PROCESS_FILTER) from error
        missing = {one.lower() for one in self._switches.missing_channels}
        known = [one for one in selects if one.channel.lower() not in missing]
        if len(known) < len(selects) and not _has_option(request, "IgnoreChannelError"):
            raise Fault(Code.CANNOT_PROCESS_FILTER)
        subscription = _Subscription(str(uuid.uuid4()).upper(), known, new_id())
        self._open[subscription.identifier] = subscription
        kind = "ReferenceProperties" if self._switches.event_identifier_in == "properties" else "ReferenceParameters"
        return (
            f"<e:SubscribeResponse><e:SubscriptionManager><a:Address>http://{self._computer}:5985/wsman</a:Address>"
            f"<a:{kind}><w:ResourceURI>{EVENT_LOG}</w:ResourceURI>"
            f"<e:Identifier>{subscription.identifier}</e:Identifier></a:{kind}></e:SubscriptionManager>"
            f"<e:Expires>PT0.000S</e:Expires><n:EnumerationContext>{subscription.context}</n:EnumerationContext>"
            "</e:SubscribeResponse>"
        )

    def _query_list(self, chosen: ET.Element) -> ET.Element:
        form = "element" if len(chosen) else "text"
        if self._switches.event_filter_form not in ("both", form):
            raise Fault(Code.SCHEMA_VALIDATION)
        if form == "element":
            return chosen[0]
        try:
            return ET.fromstring(chosen.text or "")
        except ET.ParseError as error:
            raise BadQuery(chosen.text) from error

    def _pull(self, request: Request, room: int, counted_in: str) -> str:
        context = (request.body.findtext(f"{_N}EnumerationContext") or "").strip() if request.body is not None else ""
        subscription = next((one for one in self._open.values() if one.context == context), None)
        if subscription is None or request.body is None:
            raise Fault(Code.INVALID_CONTEXT)
        asked = int(request.body.findtext(f"{_N}MaxElements") or "1")
        most = min(asked, self._switches.event_page_limit or asked)
        pieces: list[str] = []
        for record in self._new(subscription):
            piece = record.write(self._computer, rendered=self._switches.event_messages == "rendered")
            room -= size_of(piece, counted_in)
            if room < 0 or len(pieces) == most:
                break
            subscription.seen.add(record.number)
            pieces.append(piece)
        if not pieces:
            self._source.wait(self._switches.event_pull_seconds)
            if self._switches.event_pull_empty == "timed_out":
                raise Fault(Code.TIMED_OUT)
        subscription.context = new_id()
        return (
            f"<n:PullResponse><n:EnumerationContext>{subscription.context}</n:EnumerationContext>"
            f"<n:Items>{''.join(pieces)}</n:Items></n:PullResponse>"
        )

    def _new(self, subscription: _Subscription) -> t.Iterator[LogRecord]:
        for record in self._source.records():
            if record.number in subscription.seen:
                continue
            own = [one for one in subscription.selects if one.channel.lower() == record.channel.lower()]
            if own and any(one.matches(ET.fromstring(record.write("", rendered=False))) for one in own):
                yield record

    def _unsubscribe(self, request: Request) -> str:
        named = request.header("Identifier", EVENTING)
        if named is None or self._open.pop((named.text or "").strip(), None) is None:
            raise Fault(Code.RESOURCE_NOT_FOUND)
        return ""


def _has_option(request: Request, name: str) -> bool:
    options = request.header("OptionSet")
    return options is not None and any(
        one.get("Name") == name and one.get(f"{{{XSI}}}nil") in ("true", "1") for one in options
    )
