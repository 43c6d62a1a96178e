# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The event logs of Windows over WS-Management: what a pull subscription asks, and what its answers hold.

[MS-WSMV] 3.1.4.6 (Subscribe on the EventLog resource, in pull mode), 3.1.4.7 (Unsubscribe), 3.1.4.1.30.1 (options) and
3.1.4.1.30.5 (the query list as filter); the bookmark that begins with the oldest event: DSP0226 10.2.6. The form of the
messages is that of a client that is known to work (txwinrm), and of the answers that it recorded from hosts.

The text of an event may be in any language and hold anything. It is data.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
from xml.etree.ElementTree import Element

from .errors import NoAnswer, UnreadableAnswer
from .faults import Fault
from .instances import local_name
from .namespaces import ENUMERATION, EVENT_LOG, EVENT_QUERY_DIALECT, EVENTING, PULL, SUBSCRIBE, UNSUBSCRIBE, WSMAN
from .references import Reference
from .session import Session
from .xmltext import brief, escaped

FilterForm = t.Literal["element", "text"]
"""How a query list stands in a filter: as an element, which [MS-WSMV] demands, or as text, which txwinrm sends."""

_PULL_MODE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/Pull"
_EARLIEST = "http://schemas.dmtf.org/wbem/wsman/1/wsman/bookmark/earliest"
# The host forgets a subscription that nobody ends after this time, and a Pull without events ends after the other one.
_EXPIRES = 60
PULL_SECONDS = 5
_MOST_DATA = 40  # values of one event
_LONGEST_TEXT = 4000  # characters of a message or a value

_TARGET = Reference(EVENT_LOG, ())
_UNSUBSCRIBE_BODY = f'<e:Unsubscribe xmlns:e="{EVENTING}"/>'
OPTIONS = (
    "<w:OptionSet>"
    '<w:Option Name="SubscriptionName">hyperv.migration</w:Option>'
    '<w:Option Name="ContentFormat">RenderedText</w:Option>'
    '<w:Option Name="IgnoreChannelError" xsi:nil="true"/>'
    "</w:OptionSet>"
)


@dataclasses.dataclass(frozen=True)
class LoggedEvent:
    """One event of a log.

    Attributes:
        id: its number, which has a meaning beside ``provider`` alone.
        level: 1 critical, 2 error, 3 warning, 4 information; 0 always logged.
        time: as the host writes it, in UTC (``2026-01-15T08:00:00.000000000Z``); the host's own clock.
        channel, provider, computer: by name.
        message: rendered by the host, in a language of its choice; empty where it has no text for the event.
        data: the values of its EventData or UserData, such as the VM's name and id and an HRESULT.
    """

    id: int
    level: int
    time: str
    channel: str
    provider: str
    computer: str = ""
    message: str = ""
    data: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Subscription:
    """A subscription as its host knows it: by ``identifier``, and the first ``context`` of its events."""

    identifier: str
    context: str


def read_log(session: Session, query_list: str, most: int) -> list[LoggedEvent]:
    """Return events of a node's logs that a ``QueryList`` of Windows asks for, the oldest first, at most ``most``.

    It takes three requests: Subscribe, one Pull, Unsubscribe; one more where the node refuses the filter as an element.
    What does not fit into one answer is not read, and nothing is repeated: whoever asks for the reason of a failure can
    do without. Raises Fault, TransportError and UnreadableAnswer.
    """
    subscription = _subscribe(session, query_list)
    context = f"<n:EnumerationContext>{escaped(subscription.context)}</n:EnumerationContext>"
    body = f"<n:Pull>{context}<n:MaxElements>{most}</n:MaxElements></n:Pull>"
    try:
        answer = session.request(PULL, _TARGET, body, headers=OPTIONS, operation_timeout=PULL_SECONDS)
        return read_events(answer)[:most]
    except Fault as fault:
        if fault.is_timed_out:  # how a Pull may end that has waited for events in vain
            return []
        raise
    finally:
        with contextlib.suppress(NoAnswer):
            headers = OPTIONS + unsubscribe_header(subscription)
            session.request(UNSUBSCRIBE, _TARGET, _UNSUBSCRIBE_BODY, headers=headers)


def _subscribe(session: Session, query_list: str) -> Subscription:
    try:
        answer = session.request(SUBSCRIBE, _TARGET, subscribe_body(query_list, "element"), headers=OPTIONS)
    except Fault as fault:
        if not (fault.is_filter_refused or fault.is_parameter_refused):
            raise
        answer = session.request(SUBSCRIBE, _TARGET, subscribe_body(query_list, "text"), headers=OPTIONS)
    return read_subscription(answer)


def subscribe_body(query_list: str, form: FilterForm) -> str:
    """Return the body that subscribes to the events of a ``QueryList``, from the oldest one on."""
    content = query_list if form == "element" else escaped(query_list)
    return (
        f'<e:Subscribe xmlns:e="{EVENTING}"><e:Delivery Mode="{_PULL_MODE}">'
        f"<w:Heartbeats>PT{PULL_SECONDS}.000S</w:Heartbeats>"
        '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>'
        "<w:ContentEncoding>UTF-8</w:ContentEncoding></e:Delivery>"
        f"<e:Expires>PT{_EXPIRES}.000S</e:Expires>"
        f'<w:Filter Dialect="{EVENT_QUERY_DIALECT}">{content}</w:Filter>'
        f"<w:Bookmark>{_EARLIEST}</w:Bookmark></e:Subscribe>"
    )


def unsubscribe_header(subscription: Subscription) -> str:
    """Return the header that names a subscription: its manager's reference properties (WS-Eventing)."""
    return f'<e:Identifier xmlns:e="{EVENTING}">{escaped(subscription.identifier)}</e:Identifier>'


def read_subscription(answer: Element) -> Subscription:
    """Read a SubscribeResponse. Raises UnreadableAnswer."""
    context = (answer.findtext(f"{{{ENUMERATION}}}EnumerationContext") or "").strip()
    identifier = next((one.text or "" for one in answer.iter(f"{{{EVENTING}}}Identifier")), "").strip()
    if local_name(answer) != "SubscribeResponse" or not context:
        raise UnreadableAnswer(f"{brief(local_name(answer))} came where a subscription was expected")
    return Subscription(identifier, context)


def read_events(answer: Element) -> list[LoggedEvent]:
    """Read the events of a PullResponse; what is no event that can be read is left out. Raises UnreadableAnswer."""
    if local_name(answer) != "PullResponse":
        raise UnreadableAnswer(f"{brief(local_name(answer))} came where events were expected")
    boxes = [box for namespace in (ENUMERATION, WSMAN) for box in answer.findall(f"{{{namespace}}}Items")]
    events = [_event(element) for box in boxes for element in box.iter() if local_name(element) == "Event"]
    return [event for event in events if event is not None]


def _event(element: Element) -> LoggedEvent | None:
    system = _child(element, "System")
    number = _number(_text(system, "EventID"))
    if system is None or number is None:
        return None
    rendering = _child(element, "RenderingInfo")
    provider, created = _child(system, "Provider"), _child(system, "TimeCreated")
    return LoggedEvent(
        number,
        _number(_text(system, "Level")) or 0,
        brief(created.get("SystemTime", "") if created is not None else ""),
        brief(_text(system, "Channel")),
        brief(provider.get("Name", "") if provider is not None else ""),
        brief(_text(system, "Computer")),
        brief(_text(rendering, "Message"), _LONGEST_TEXT),
        _data(element),
    )


def _data(element: Element) -> tuple[str, ...]:
    """Return the values of an event: the texts of the innermost elements of EventData or UserData."""
    boxes = [box for name in ("EventData", "UserData") if (box := _child(element, name)) is not None]
    texts = [(one.text or "").strip() for box in boxes for one in box.iter() if not len(one)]
    return tuple(brief(text, _LONGEST_TEXT) for text in texts if text)[:_MOST_DATA]


def _child(element: Element, name: str) -> Element | None:
    return next((one for one in element if local_name(one) == name), None)


def _text(element: Element | None, name: str) -> str:
    child = _child(element, name) if element is not None else None
    return (child.text or "").strip() if child is not None else ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
