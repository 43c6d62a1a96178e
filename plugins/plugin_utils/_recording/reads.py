# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be sent while a cluster is recorded: reads, and checks that change nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from .._hyperv.failure.errors import HyperVError
from .._wsman.namespaces import (
    ADDRESSING,
    ENUMERATE,
    ENUMERATION,
    EVENT_LOG,
    EVENTING,
    GET,
    PULL,
    RELEASE,
    SOAP,
    SUBSCRIBE,
    UNSUBSCRIBE,
    WMI,
    WSMAN,
)

_PARTS = [f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"]
# By action, what may be in the body.
_READS: dict[str, list[list[str]]] = {
    GET: [[]],
    ENUMERATE: [[f"{{{ENUMERATION}}}Enumerate"]],
    PULL: [[f"{{{ENUMERATION}}}Pull"]],
    RELEASE: [[f"{{{ENUMERATION}}}Release"]],
}
# Reading event logs; the host itself forgets a subscription after a minute.
_OF_EVENTS = {SUBSCRIBE: f"{{{EVENTING}}}Subscribe", UNSUBSCRIBE: f"{{{EVENTING}}}Unsubscribe"}
_IDENTIFY = "{http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd}Identify"
# Microsoft docs of each: a check of a migration, a question to the cluster, the errors of a job, or (Get) the
# configuration of the Host Guardian Service's client.
METHODS = frozenset(
    {
        "CheckSystemCompatibilityInfo",
        "CheckVirtualSystemIsMigratable",
        "CheckVirtualSystemIsMigratableToHost",
        "CheckVirtualSystemIsMigratableToSystem",
        "Get",
        "GetError",
        "GetErrorEx",
        "GetPossibleOwners",
        "GetPreferredOwners",
        "GetSystemCompatibilityInfo",
        "WillOfflineLoseQuorum",
    }
)


class NotARead(HyperVError):
    """A request was not sent because it might change something."""


def refuse_changes(request: bytes) -> None:
    """Raise NotARead for every message that is not known to change nothing.

    What could be read in two ways is refused: a second header or body, a document type, an action with parts.
    """
    try:
        envelope = ET.fromstring(request)
    except (ET.ParseError, ValueError) as error:
        raise NotARead(f"A recording sends nothing that it cannot read: {error}") from error
    action, uri, parts = "", "", [""]
    if (
        envelope.tag == f"{{{SOAP}}}Envelope"
        and [part.tag for part in envelope] == _PARTS
        and b"<!DOCTYPE" not in request
    ):
        header, body = envelope
        parts = [part.tag for part in body]
        if parts == [_IDENTIFY] and not len(header):
            return
        action, uri = _text(header, f"{{{ADDRESSING}}}Action"), _text(header, f"{{{WSMAN}}}ResourceURI")
    if uri and action in _READS and parts in _READS[action]:
        return
    if uri == EVENT_LOG and action in _OF_EVENTS and parts == [_OF_EVENTS[action]]:
        return
    prefix, unused, method = action.rpartition("/")
    if uri.startswith(WMI) and prefix == uri and method in METHODS and parts == [f"{{{uri}}}{method}_INPUT"]:
        return
    raise NotARead(
        f"A recording sends reads and checks alone, and {action.rpartition('/')[2] or 'this request'} is none of them."
    )


def _text(header: ET.Element, tag: str) -> str:
    """Return the text of the only header of a name; empty where there are several, or it has parts."""
    found = [part for part in header if part.tag == tag]
    return (found[0].text or "").strip() if len(found) == 1 and not len(found[0]) else ""
