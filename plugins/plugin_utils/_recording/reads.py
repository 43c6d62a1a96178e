# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be sent while a cluster is recorded: reads, and checks that change nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from .._hyperv.failure.errors import HyperVError
from .._wsman.namespaces import ADDRESSING, ENUMERATE, GET, PULL, RELEASE, SOAP, WSMAN

_READS = frozenset({GET, ENUMERATE, PULL, RELEASE})
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
    """Raise NotARead for every message that is not known to change nothing."""
    try:
        envelope = ET.fromstring(request)
    except (ET.ParseError, ValueError) as error:
        raise NotARead(f"A recording sends nothing that it cannot read: {error}") from error
    header, body = envelope.find(f"{{{SOAP}}}Header"), envelope.find(f"{{{SOAP}}}Body")
    actions = [] if header is None else header.findall(f"{{{ADDRESSING}}}Action")
    uris = [] if header is None else header.findall(f"{{{WSMAN}}}ResourceURI")
    parts = [] if body is None else [part.tag for part in body]
    if not actions and parts == [_IDENTIFY]:
        return
    action = (actions[0].text or "").strip() if len(actions) == 1 else ""
    uri = (uris[0].text or "").strip() if len(uris) == 1 else ""
    if uri and action in _READS:
        return
    prefix, unused, method = action.rpartition("/")
    if uri and prefix == uri and method in METHODS and parts == [f"{{{uri}}}{method}_INPUT"]:
        return
    raise NotARead(
        f"A recording sends reads and checks alone, and {action.rpartition('/')[2] or 'this request'} is none of them."
    )
