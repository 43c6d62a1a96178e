# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SOAP envelopes: what a request's header says and whether it may, and the envelope around an answer.

Headers: DSP0226 5 to 7 and [MS-WSMV] 2.2.4; faults for missing and not understood ones: DSP0226 14.6. The encoding of
an answer is that of the request: DSP0226 C.2 (by memory).
"""

from __future__ import annotations

import codecs
import dataclasses
import functools
import re
import typing as t
import urllib.parse
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from xml.sax.saxutils import escape

from .faults import Code, Fault

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
WSMV = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
EVENTING = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ANONYMOUS = f"{ADDRESSING}/role/anonymous"
SMALLEST_ENVELOPE = 8192
NAMESPACE_SELECTOR = "__cimnamespace"

_S, _A, _W, _P = (f"{{{uri}}}" for uri in (SOAP, ADDRESSING, WSMAN, WSMV))
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_UNDERSTOOD = frozenset(
    {_A + name for name in ("To", "Action", "MessageID", "ReplyTo", "FaultTo", "From")}
    | {_W + "FragmentTransfer"}
    | {_W + name for name in ("ResourceURI", "SelectorSet", "OptionSet", "MaxEnvelopeSize", "OperationTimeout")}
    | {_W + name for name in ("Locale", "RequestTotalItemsCountEstimate")}
    | {_P + name for name in ("DataLocale", "SessionId", "OperationID", "SequenceId", "ActivityId")}
)
# What a shell complies with: [MS-WSMV] 3.1.4.5.2 and 3.1.4.11, [MS-PSRP] 3.1.5.3.1.
_SHELL_OPTIONS = frozenset(
    {"WINRS_NOPROFILE", "WINRS_CODEPAGE", "WINRS_CONSOLEMODE_STDIN", "WINRS_SKIP_CMD_SHELL", "protocolversion"}
)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_TRUE = ("true", "1")
# A byte order mark, or the first letter of an envelope that has none (XML 1.0, appendix F).
_BEGINNINGS_OF_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<")
_PREFIXES = {"s": SOAP, "a": ADDRESSING, "x": TRANSFER, "e": EVENTING, "n": ENUMERATION, "w": WSMAN, "p": WSMV}
# What each answer declares, as in all recorded ones; Enumerate, Pull and Release have p only where a header has it.
_DECLARED = {"enumeration": "sanw", "eventing": "saenw", "fault": "saxenwp", "": "saxwp"}
_KINDS = {ENUMERATION: "enumeration", EVENTING: "eventing"}


class UnreadableRequest(Exception):
    """Bytes that are no SOAP 1.2 envelope; there is nothing to relate an answer to."""


@dataclasses.dataclass(frozen=True)
class Request:
    """One SOAP message from a client. Header values are as sent, stripped; missing ones are empty.

    ``size`` is in bytes as sent, ``encoding`` what the message and its answer are written in. ``written_uri`` is the
    resource URI as sent, where ``resource_uri`` was put in its place.
    """

    size: int
    encoding: t.Literal["utf-8", "utf-16"]
    headers: t.Sequence[ET.Element]
    body: ET.Element | None
    message_id: str
    action: str
    resource_uri: str
    written_uri: str = ""

    @classmethod
    def read(cls, data: bytes) -> Request:
        """Return what ``data`` says, well-formed or not as WS-Management. Raises UnreadableRequest."""
        if b"<!DOCTYPE" in data:
            raise UnreadableRequest("SOAP 1.2 forbids document type declarations")
        try:
            root = ET.fromstring(data)
        except (ET.ParseError, ValueError, LookupError) as error:
            raise UnreadableRequest(str(error)) from error
        body = root.find(_S + "Body")
        if root.tag != _S + "Envelope" or body is None:
            raise UnreadableRequest("not a SOAP 1.2 envelope")
        header = root.find(_S + "Header")
        headers = list(header) if header is not None else []
        texts = {header.tag: (header.text or "").strip() for header in headers}
        return cls(
            len(data),
            "utf-16" if data.startswith(_BEGINNINGS_OF_UTF16) else "utf-8",
            headers,
            next(iter(body), None),
            texts.get(_A + "MessageID", ""),
            texts.get(_A + "Action", ""),
            texts.get(_W + "ResourceURI", ""),
        )

    def header(self, name: str, namespace: str = WSMAN) -> ET.Element | None:
        """Return the first header of that name."""
        return self._by_tag.get(f"{{{namespace}}}{name}")

    @functools.cached_property
    def _by_tag(self) -> Mapping[str, ET.Element]:
        return {header.tag: header for header in reversed(self.headers)}

    @property
    def is_identify(self) -> bool:
        """Whether it asks who the service is, which needs no header at all (DSP0226 11)."""
        return self.body is not None and self.body.tag == f"{{{IDENTITY}}}Identify"

    @property
    def addressed_to(self) -> str:
        """The host in wsa:To, empty where there is none."""
        return urllib.parse.urlsplit(self._text("To", ADDRESSING)).hostname or ""

    def check(self, language: str) -> None:
        """Raise Fault when headers are missing, ill-formed or must be understood and are not."""
        for header in self.headers:
            if header.get(_S + "mustUnderstand") in _TRUE and header.tag not in _UNDERSTOOD:
                raise Fault(Code.MUST_UNDERSTAND)
        if not (self.message_id and self.action and self.resource_uri and self._text("To", ADDRESSING)):
            raise Fault(Code.HEADER_REQUIRED)
        reply_to = self.header("ReplyTo", ADDRESSING)
        if reply_to is None or (reply_to.findtext(_A + "Address") or "").strip() != ANONYMOUS:
            raise Fault(Code.HEADER_REQUIRED)
        locale = self.header("Locale")
        if locale is not None and locale.get(_S + "mustUnderstand") in _TRUE and locale.get(_LANGUAGE) != language:
            raise Fault(Code.LOCALE)
        options = self.header("OptionSet")
        if options is not None and any(_demands(option) for option in options):
            raise Fault(Code.UNSUPPORTED_FEATURE)
        if self.timeout is not None and self.timeout <= 0:
            raise Fault(Code.TIMEOUT_HEADER)
        if (self.max_envelope_size or SMALLEST_ENVELOPE) < SMALLEST_ENVELOPE:
            raise Fault(Code.ENVELOPE_TOO_SMALL)

    def _text(self, name: str, namespace: str = WSMAN) -> str:
        header = self.header(name, namespace)
        return "" if header is None else (header.text or "").strip()

    @functools.cached_property
    def max_envelope_size(self) -> int | None:
        """The largest answer that the client takes, in bytes. Raises Fault."""
        written = self._text("MaxEnvelopeSize")
        if not written:
            return None
        if not written.isascii() or not written.isdigit():
            raise Fault(Code.ENVELOPE_TOO_SMALL)
        return int(written)

    @functools.cached_property
    def timeout(self) -> float | None:
        """The OperationTimeout in seconds. Raises Fault."""
        written = self._text("OperationTimeout")
        if not written:
            return None
        match = _DURATION.fullmatch(written)
        if match is None or not any(match.groups()):
            # Recorded for PT-1S (pypsrp).
            raise Fault(Code.INVALID_HEADER)
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds

    @functools.cached_property
    def selectors(self) -> Mapping[str, ET.Element]:
        """The selectors of the header by name as sent, without that of the namespace. Raises Fault."""
        chosen = read_selectors(self.header("SelectorSet"))
        return {name: selector for name, selector in chosen.items() if name.lower() != NAMESPACE_SELECTOR}

    @property
    def namespace_selector(self) -> str:
        """The CIM namespace that a selector names, empty where none does (DSP0227 5.2). Raises Fault."""
        chosen = read_selectors(self.header("SelectorSet"))
        return next(
            ((element.text or "").strip() for name, element in chosen.items() if name.lower() == NAMESPACE_SELECTOR), ""
        )


def _demands(option: ET.Element) -> bool:
    """Tell whether a w:Option must be complied with and is unknown."""
    return option.get("MustComply") in _TRUE and option.get("Name") not in _SHELL_OPTIONS


def read_selectors(selector_set: ET.Element | None) -> dict[str, ET.Element]:
    """Return the selectors in a w:SelectorSet by name as sent; none for None. Raises Fault."""
    selectors: dict[str, ET.Element] = {}
    for selector in () if selector_set is None else selector_set:
        name = selector.get("Name", "")
        if selector.tag != _W + "Selector" or not name:
            raise Fault(Code.SCHEMA_VALIDATION)
        if name.lower() in (known.lower() for known in selectors):
            raise Fault(Code.DUPLICATE_SELECTORS)
        selectors[name] = selector
    return selectors


def size_of(text: str, counted_in: str) -> int:
    """Return the bytes of ``text`` in ``utf16`` or ``utf8``."""
    # A look at the text is cheaper than to encode each of thousands of instances.
    letters = len(text) if text.isascii() else len(text.encode("utf-16-le" if counted_in == "utf16" else "utf-8"))
    return letters * 2 if counted_in == "utf16" and text.isascii() else letters


def new_id() -> str:
    """Return a new message or context id in the spelling of Windows."""
    return f"uuid:{str(uuid.uuid4()).upper()}"


def envelope(
    action: str, relates_to: str, language: str, body: str, *, activity_id: bool = False, is_fault: bool = False
) -> str:
    """Return the answer around ``body``, XML text that may use the prefixes that the answer to the operation has."""
    # No white space between elements: Microsoft's own client fails on an indented fault.
    named = next((name for uri, name in _KINDS.items() if action.startswith(uri)), "")
    kind = "fault" if is_fault else named
    letters = _DECLARED[kind]
    if activity_id and "p" not in letters:
        letters += "p"
    declared = "".join(f' xmlns:{letter}="{_PREFIXES[letter]}"' for letter in letters)
    activity = f"<p:ActivityId>{str(uuid.uuid4()).upper()}</p:ActivityId>" if activity_id else ""
    relates = f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xml:lang="{language}"{declared}><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>{new_id()}</a:MessageID>{activity}<a:To>{ANONYMOUS}</a:To>{relates}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )
