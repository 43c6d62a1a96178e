# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The EventLog resource as a client meets it that is not ours: the messages of txwinrm, in their own words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import pytest

from tests.simulator.wsman import Endpoint, Reply, WireSwitches

RESOURCE = "http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog"
EVENTING = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
PULL_MODE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/Pull"
DIALECT = "http://schemas.microsoft.com/win/2004/08/events/eventquery"
EARLIEST = "<w:Bookmark>http://schemas.dmtf.org/wbem/wsman/1/wsman/bookmark/earliest</w:Bookmark>"
QUERY = '<QueryList><Query Path="System"><Select>*</Select></Query></QueryList>'
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"


def send(endpoint: Endpoint, action: str, body: str, header: str = "") -> Reply:
    return endpoint.handle(
        (
            '<s:Envelope xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            f'xmlns:e="{EVENTING}" xmlns:n="{ENUMERATION}" xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header><a:To>http://hv1:5985/wsman</a:To>'
            f'<w:ResourceURI s:mustUnderstand="true">{RESOURCE}</w:ResourceURI>'
            f'<a:ReplyTo><a:Address s:mustUnderstand="true">{ANONYMOUS}</a:Address></a:ReplyTo>'
            f'<a:Action s:mustUnderstand="true">{action}</a:Action>'
            "<a:MessageID>uuid:40E5E215-9AE6-4BB2-BF59-5BE542B6E67B</a:MessageID>"
            f"{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        ).encode()
    )


def subscribe(
    endpoint: Endpoint, query: str = QUERY, mode: str = PULL_MODE, dialect: str = DIALECT, bookmark: str = EARLIEST
) -> Reply:
    body = (
        f'<e:Subscribe><e:Delivery Mode="{mode}"/><w:Filter Dialect="{dialect}">{escape(query)}</w:Filter>'
        f"{bookmark}<w:SendBookmarks/></e:Subscribe>"
    )
    return send(endpoint, f"{EVENTING}/Subscribe", body)


def served() -> Endpoint:
    return Endpoint("hv1.example.test", [], WireSwitches())


def found(reply: Reply, tag: str) -> str:
    return next((one.text or "" for one in ET.fromstring(reply.body).iter() if one.tag.endswith(f"}}{tag}")), "")


def test_a_subscription_is_made_pulled_and_ended_once() -> None:
    endpoint = served()
    made = subscribe(endpoint)
    identifier, context = found(made, "Identifier"), found(made, "EnumerationContext")
    pull = f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext><n:MaxElements>5</n:MaxElements></n:Pull>"
    pulled = send(endpoint, f"{ENUMERATION}/Pull", pull)
    header = f"<e:Identifier>{identifier}</e:Identifier>"
    ended = send(endpoint, f"{EVENTING}/Unsubscribe", "<e:Unsubscribe/>", header)
    again = send(endpoint, f"{EVENTING}/Unsubscribe", "<e:Unsubscribe/>", header)

    assert [reply.status for reply in (made, pulled, ended, again)] == [200, 200, 200, 500]
    assert re.search(rb"<n:Items ?/?>(</n:Items>)?", pulled.body)
    assert found(pulled, "EnumerationContext") not in ("", context)
    assert endpoint.open_enumerations == 0


@pytest.mark.parametrize(
    ("wrong", "subcode"),
    [
        ({"query": "<QueryList><Query Path='System'><Select>*[</Select></Query></QueryList>"}, "CannotProcessFilter"),
        ({"query": "no list"}, "CannotProcessFilter"),
        ({"query": "<Other/>"}, "CannotProcessFilter"),
        ({"dialect": "http://schemas.microsoft.com/wbem/wsman/1/WQL"}, "FilterDialectRequestedUnavailable"),
        ({"mode": "http://schemas.dmtf.org/wbem/wsman/1/wsman/Events"}, "SchemaValidationError"),
        ({"bookmark": ""}, "SchemaValidationError"),
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused(wrong: dict[str, str], subcode: str) -> None:
    reply = subscribe(served(), **wrong)

    assert reply.status == 500
    assert subcode.encode() in reply.body


def test_the_resource_knows_subscriptions_alone() -> None:
    reply = send(served(), "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", "")

    assert reply.status == 500
    assert b"ActionNotSupported" in reply.body
