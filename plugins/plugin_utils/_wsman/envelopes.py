# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SOAP envelopes: requests out, answers in.

Built from text, not from a tree: the bytes are then exactly those of the specification, with the prefixes that Windows
itself uses. Answers are read by namespace and local name, never by prefix.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET

from .errors import UnreadableAnswer
from .faults import read_fault
from .namespaces import ADDRESSING, ANONYMOUS, CIM_COMMON, ENUMERATION, SOAP, TRANSFER, WSMAN, WSMAN_MICROSOFT, XSI
from .references import Reference, selector_set
from .transport import OPERATION_TIMEOUT
from .xmltext import brief, escaped
from .xmltrees import UnreadableXml, read_xml

# WinRM's own limit is 500 kB (MaxEnvelopeSizekb); it clamps what a client asks above it.
MAX_ENVELOPE_SIZE = 512000
# Nodes keep to the limit that they are told. Where one counts letters instead of bytes, UTF-16 doubles them.
LONGEST_ANSWER = 2 * MAX_ENVELOPE_SIZE

_DECLARATIONS = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("s", SOAP),
        ("a", ADDRESSING),
        ("x", TRANSFER),
        ("n", ENUMERATION),
        ("w", WSMAN),
        ("p", WSMAN_MICROSOFT),
        ("cim", CIM_COMMON),
        ("xsi", XSI),
    )
)


def new_message_id() -> str:
    """Return an id for one request."""
    return f"uuid:{str(uuid.uuid4()).upper()}"


def write_request(
    action: str,
    target: Reference,
    body: str = "",
    *,
    to: str,
    message_id: str,
    operation_timeout: int = OPERATION_TIMEOUT,
    headers: str = "",
) -> bytes:
    """Return one request ([MS-WSMV] 3.1.4.1.1). ``body`` and ``headers`` are XML with the prefixes declared here."""
    return (
        f"<s:Envelope {_DECLARATIONS}><s:Header>"
        f"<a:To>{escaped(to)}</a:To>"
        f'<w:ResourceURI s:mustUnderstand="true">{escaped(target.uri)}</w:ResourceURI>'
        f'<a:ReplyTo><a:Address s:mustUnderstand="true">{ANONYMOUS}</a:Address></a:ReplyTo>'
        f'<a:Action s:mustUnderstand="true">{escaped(action)}</a:Action>'
        f'<w:MaxEnvelopeSize s:mustUnderstand="true">{MAX_ENVELOPE_SIZE}</w:MaxEnvelopeSize>'
        f"<a:MessageID>{message_id}</a:MessageID>"
        '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/>'
        '<p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>'
        f"<w:OperationTimeout>PT{operation_timeout}S</w:OperationTimeout>"
        f"{selector_set(target.selectors)}{headers}"
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def read_answer(answer: bytes, message_id: str) -> ET.Element:
    """Return the first element of the answer's body. Raises Fault or UnreadableAnswer.

    The answer's action is not looked at: servers differ there. What it relates to is, because an answer to an earlier
    request would otherwise pass for this one's.
    """
    if len(answer) > LONGEST_ANSWER:
        raise UnreadableAnswer(f"the answer of {len(answer)} bytes is longer than any that was asked for")
    try:
        # SOAP 1.2 part 1, section 5: a message holds no document type declaration.
        envelope = read_xml(answer)
    except UnreadableXml as error:
        raise UnreadableAnswer(f"the answer of {len(answer)} bytes cannot be read: {error}") from error
    body = envelope.find(f"{{{SOAP}}}Body")
    if body is None:
        raise UnreadableAnswer(f"the answer of {len(answer)} bytes is no SOAP envelope")
    fault = body.find(f"{{{SOAP}}}Fault")
    if fault is not None:
        raise read_fault(fault)
    relates_to = envelope.findtext(f"{{{SOAP}}}Header/{{{ADDRESSING}}}RelatesTo")
    if relates_to is not None and relates_to.strip().upper() != message_id.upper():
        raise UnreadableAnswer(f"the answer belongs to request {brief(relates_to.strip())}, not to {message_id}")
    return body[0] if len(body) else ET.Element("Empty")
