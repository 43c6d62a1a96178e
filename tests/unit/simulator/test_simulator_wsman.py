# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated WS-Management service: headers, Get, faults. Shapes as in DSP0226, DSP0227 and [MS-WSMV]."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tests.simulator.cim import CimFault
from tests.simulator.wsman import Endpoint, RequestInfo, WireSwitches, describe
from tests.unit.simulator.messages import (
    CLUSTER,
    GET,
    KEYS,
    MESSAGE_ID,
    MSCLUSTER,
    SYSTEM,
    VM_ID,
    A,
    F,
    N,
    body_of,
    cluster_rows,
    endpoint,
    enumerate_message,
    fault_of,
    invoke_message,
    message,
)

GOLDEN_HEADER = (
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"'
    ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
    ' xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header>'
    "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</a:Action><a:MessageID>ID</a:MessageID>"
    "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
    f"<a:RelatesTo>{MESSAGE_ID}</a:RelatesTo></s:Header><s:Body>"
)
GOLDEN_INSTANCE = (
    '<p:Msvm_ComputerSystem xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/HyperVCluster/v2/Msvm_ComputerSystem"'
    ' xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:Msvm_ComputerSystem_Type">'
)


def get(**selectors: str) -> bytes:
    return message(SYSTEM, GET, "", selectors)


def test_get_answers_with_the_whole_instance_in_the_form_of_windows() -> None:
    reply = endpoint().handle(get(**KEYS))
    text = re.sub("<a:MessageID>uuid:[0-9A-F-]{36}<", "<a:MessageID>ID<", reply.body.decode())
    assert reply.status == 200
    assert text.startswith(GOLDEN_HEADER + GOLDEN_INSTANCE)
    assert text.endswith("</p:Msvm_ComputerSystem></s:Body></s:Envelope>")
    for piece in (
        "<p:Caption></p:Caption>",
        "<p:ElementName>a &amp; b &lt;c&gt;&#13;\n</p:ElementName>",
        "<p:InstallDate><cim:Datetime>2026-01-15T08:30:05.120000Z</cim:Datetime></p:InstallDate>",
        "<p:OnTimeInMilliseconds>6138293824</p:OnTimeInMilliseconds>",
        "<p:OperationalStatus>2</p:OperationalStatus><p:OperationalStatus>32774</p:OperationalStatus>",
        '<p:PrimaryOwnerName xsi:nil="true"/>',
    ):
        assert piece in text
    assert "<p:StatusDescriptions" not in text


def test_properties_stand_in_alphabetical_order_and_nothing_between_elements() -> None:
    reply = endpoint().handle(get(**KEYS))
    instance = body_of(reply)
    names = [child.tag.rpartition("}")[2] for child in instance]
    assert names == sorted(names)
    assert all(not (element.tail or "").strip(" \r\n") and element.tail is None for element in instance.iter())


def test_intervals_booleans_and_jobs_have_the_form_of_windows() -> None:
    text = endpoint().handle(message(f"{CLUSTER}/Msvm_MigrationJob", GET, "", {"InstanceID": "JOB1"})).body.decode()
    assert "<p:TimeBeforeRemoval><cim:Interval>P0DT0H5M0.00417S</cim:Interval></p:TimeBeforeRemoval>" in text
    assert "<p:DeleteOnCompletion>false</p:DeleteOnCompletion>" in text


def test_datetimes_can_be_bare() -> None:
    text = endpoint(datetime_form="bare").handle(get(**KEYS)).body.decode()
    assert "<p:InstallDate>2026-01-15T08:30:05.120000Z</p:InstallDate>" in text


def test_the_namespace_is_found_in_any_case_and_echoed_as_sent() -> None:
    uri = SYSTEM.replace("root/HyperVCluster", "ROOT/hypervcluster")
    reply = endpoint().handle(message(uri, GET, "", KEYS))
    assert body_of(reply).tag == f"{{{uri}}}Msvm_ComputerSystem"


def test_selectors_are_found_in_any_letter_case() -> None:
    assert endpoint().handle(get(creationclassname="msvm_computersystem", NAME=VM_ID.lower())).status == 200


def test_references_name_class_and_keys_without_a_wrapper() -> None:
    reply = endpoint().handle(enumerate_message(f"{CLUSTER}/Msvm_AffectedJobElement"))
    assert (
        '<p:AffectedElement xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><a:Address>'
        "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{SYSTEM}</w:ResourceURI><w:SelectorSet>"
        '<w:Selector Name="CreationClassName">Msvm_ComputerSystem</w:Selector>'
        f'<w:Selector Name="Name">{VM_ID}</w:Selector></w:SelectorSet></a:ReferenceParameters></p:AffectedElement>'
    ) in reply.body.decode()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("elements", f"<p:VmID>{VM_ID}</p:VmID>"),
        ("cim_xml", f'&lt;PROPERTY NAME="VmID" TYPE="string"&gt;&lt;VALUE&gt;{VM_ID}&lt;/VALUE&gt;'),
        ("absent", '<p:PrivateProperties xsi:nil="true"/>'),
    ],
)
def test_private_properties_come_in_three_forms(form: str, expected: str) -> None:
    reply = endpoint(private_properties=form).handle(enumerate_message(f"{MSCLUSTER}/MSCluster_Resource"))
    ET.fromstring(reply.body)
    assert expected in reply.body.decode()
    assert (VM_ID in reply.body.decode()) == (form != "absent")


@pytest.mark.parametrize(
    ("request_bytes", "code", "subcode"),
    [
        (get(CreationClassName="Msvm_ComputerSystem", Name="NOBODY"), 0x80338000, "a:DestinationUnreachable"),
        (get(), 0x803380FA, "w:InvalidSelectors"),
        (get(**KEYS, ElementName="web01"), 0x8033805B, "w:InvalidSelectors"),
        (message(f"{CLUSTER}/Msvm_Unknown", GET), 0x80041010, "a:DestinationUnreachable"),
        (message(f"{CLUSTER}/*", GET), 0x80338002, "a:DestinationUnreachable"),
        (message(SYSTEM.replace("v2", "v9"), GET), 0x8004100E, "a:DestinationUnreachable"),
        (message("http://schemas.microsoft.com/wbem/wsman/1/other", GET), 0x80338012, "a:DestinationUnreachable"),
        (message(SYSTEM, GET.replace("Get", "Create")), 0x80338013, "a:ActionNotSupported"),
        (get(**KEYS).replace(MESSAGE_ID.encode(), b""), 0x80338011, "a:MessageInformationHeaderRequired"),
        (get(**KEYS).replace(b"role/anonymous", b"none"), 0x80338011, "a:MessageInformationHeaderRequired"),
        (get(**KEYS).replace(b"a:To>", b"a:Too>"), 0x80338011, "a:MessageInformationHeaderRequired"),
    ],
)
def test_wrong_requests_end_in_the_fault_of_windows(request_bytes: bytes, code: int, subcode: str) -> None:
    assert fault_of(endpoint().handle(request_bytes)) == (code, subcode)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ('<x:New xmlns:x="urn:x" s:mustUnderstand="true"/>', 0x80338010),
        ("<w:MaxEnvelopeSize>8191</w:MaxEnvelopeSize>", 0x8033807E),
        ("<w:OperationTimeout>PT-1S</w:OperationTimeout>", 0x8033800F),
        ("<w:OperationTimeout>PT0S</w:OperationTimeout>", 0x80338081),
        ('<w:Locale xml:lang="fr-FR" s:mustUnderstand="true"/>', 0x80338087),
    ],
)
def test_headers_that_cannot_be_followed_are_faults(header: str, code: int) -> None:
    assert fault_of(endpoint().handle(message(SYSTEM, GET, "", KEYS, header)))[0] == code


@pytest.mark.parametrize(
    "header",
    [
        '<x:New xmlns:x="urn:x"/>',
        '<w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize>',
        "<w:OperationTimeout>PT1M30.0S</w:OperationTimeout>",
        '<w:Locale xml:lang="fr-FR" s:mustUnderstand="false"/>',
        '<w:OptionSet s:mustUnderstand="true"/>',
    ],
)
def test_headers_of_real_clients_are_taken(header: str) -> None:
    assert endpoint().handle(message(SYSTEM, GET, "", KEYS, header)).status == 200


def test_partial_keys_are_accepted_when_they_are_unique() -> None:
    assert endpoint().handle(get(Name=VM_ID)).status == 200
    assert fault_of(endpoint().handle(get(CreationClassName="Msvm_ComputerSystem")))[0] == 0x8033805E
    refused = endpoint(partial_keys="refused").handle(get(Name=VM_ID))
    assert fault_of(refused) == (0x80338000, "a:DestinationUnreachable")


def test_a_singleton_needs_no_keys() -> None:
    for partial_keys in ("accepted", "refused"):
        reply = endpoint(partial_keys=partial_keys).handle(message(f"{CLUSTER}/Msvm_MigrationJob", GET))
        assert reply.status == 200, reply.body


@pytest.mark.parametrize("data", [b"", b"hello", b"<a/>", b'<!DOCTYPE x [<!ENTITY y "z">]>' + get(**KEYS)])
def test_what_is_no_soap_gets_an_empty_500(data: bytes) -> None:
    reply = endpoint().handle(data)
    assert (reply.status, reply.body) == (500, b"")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_request_in_utf_16_is_answered_in_utf_16(encoding: str) -> None:
    for keys in (KEYS, {**KEYS, "Name": "NOBODY"}):
        text = '<?xml version="1.0" encoding="UTF-16"?>' + get(**keys).decode()
        reply = endpoint().handle(text.encode(encoding))
        assert reply.status == (200 if keys == KEYS else 500)
        assert reply.body.decode("utf-16") != ""
        assert reply.body[:2] in (b"\xff\xfe", b"\xfe\xff")
        assert body_of(reply) is not None


def test_a_fault_names_the_provider_the_operation_and_the_object() -> None:
    reply = endpoint().handle(get(CreationClassName="Msvm_ComputerSystem", Name="NOBODY"))
    text = reply.body.decode()
    assert f"<a:Action>{A}/fault</a:Action>" in text
    assert re.findall('Code="2150858752" Machine="([^"]+)"', text) == ["node1.corp.example", "NODE1"]
    assert '<p:Description xsi:nil="true"/>' in text
    assert "<p:ProviderName>VmmsWmiInstanceAndMethodProvider</p:ProviderName>" in text
    assert '<f:ProviderFault provider="WMI Provider" path="%systemroot%\\system32\\WsmWmiPl.dll">' in text
    assert "<p:Operation>GetObject</p:Operation>" in text
    assert 'Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="NOBODY"' in text
    assert f'xmlns:p="{CLUSTER}/__ExtendedStatus"' in text


def test_the_other_layout_of_faults_is_an_instance_of_msft_wmi_error() -> None:
    reply = endpoint(fault_layout="wmi_error").handle(get(CreationClassName="Msvm_ComputerSystem", Name="NOBODY"))
    values = {element.tag.rpartition("}")[2]: element.text for element in body_of(reply).iter()}
    assert (values["error_Code"], values["CIMStatusCode"]) == ("2150858752", "6")
    assert values["MessageID"] == "HRESULT 0x80338000"
    assert F not in reply.body.decode()


def test_a_japanese_service_says_so_everywhere() -> None:
    reply = endpoint(language="ja-JP").handle(get(CreationClassName="Msvm_ComputerSystem", Name="NOBODY"))
    assert reply.body.decode().count('xml:lang="ja-JP"') == 2
    assert "リソース" in reply.body.decode()


def test_what_is_told_of_a_request_names_operation_class_and_namespace() -> None:
    told: list[RequestInfo] = []
    service = Endpoint("NODE1", [cluster_rows()], WireSwitches(), told.append)
    shell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
    powershell = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"
    for request in (
        get(**KEYS),
        enumerate_message(SYSTEM),
        message(SYSTEM, f"{N}/Pull"),
        invoke_message(SYSTEM, "RequestStateChange", ""),
        message(shell, GET.replace("Get", "Create")),
        message(powershell, GET.replace("Get", "Create")),
    ):
        service.handle(request)
    operations = [info.operation for info in told]
    assert operations == ["Get", "Enumerate", "Pull", "Invoke RequestStateChange", "Shell", "Shell"]
    assert {(info.class_name, info.namespace) for info in told[:4]} == {
        ("Msvm_ComputerSystem", "root/HyperVCluster/v2")
    }
    assert describe(get(**KEYS)) == told[0]
    assert describe(b"nothing") is None


@pytest.mark.parametrize(
    "uri",
    [
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd",
        "http://schemas.microsoft.com/powershell/Microsoft.PowerShell",
    ],
)
def test_shells_are_refused(uri: str) -> None:
    assert fault_of(endpoint().handle(message(uri, GET.replace("Get", "Create")))) == (0x803381AC, "w:InternalError")


def test_whoever_is_told_of_a_request_can_refuse_it() -> None:
    def refuse(info: RequestInfo) -> None:
        raise CimFault(0x803381A6, "")

    service = Endpoint("NODE1", [cluster_rows()], WireSwitches(), refuse)
    assert fault_of(service.handle(get(**KEYS))) == (0x803381A6, "w:InternalError")


def test_an_operation_that_outlasts_its_timeout_is_a_fault() -> None:
    times = iter([0.0, 61.0])
    service = Endpoint("NODE1", [cluster_rows()], WireSwitches(), now=lambda: next(times))
    request = message(SYSTEM, GET, "", KEYS, "<w:OperationTimeout>PT60S</w:OperationTimeout>")
    assert fault_of(service.handle(request)) == (0x80338029, "w:TimedOut")
