# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages of a WS-Management client, written out for the tests of the service, and a provider with a few rows."""

from __future__ import annotations

import datetime
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from tests.simulator.cim import ANYTHING, CimFault, Embedded, Instance, ObjectPath, Value, Where
from tests.simulator.wsman import Endpoint, Reply, WireSwitches

WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
CLUSTER = f"{WMI}root/HyperVCluster/v2"
MSCLUSTER = f"{WMI}root/MSCluster"
SYSTEM = f"{CLUSTER}/Msvm_ComputerSystem"
SERVICE = f"{CLUSTER}/Msvm_VirtualSystemMigrationService"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
N = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
S = "http://www.w3.org/2003/05/soap-envelope"
F = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
GET = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
MESSAGE_ID = "uuid:3d4e5f60-7182-4394-a5b6-c7d8e9f00112"
VM_ID = "6E1F7C2A-3B54-4B0B-9D0E-0C5E7B1A2F31"
KEYS = {"CreationClassName": "Msvm_ComputerSystem", "Name": VM_ID}
SERVICE_KEYS = {"CreationClassName": "Msvm_VirtualSystemMigrationService"}
LIVE = (
    '<INSTANCE CLASSNAME="Msvm_VirtualSystemMigrationSettingData"><PROPERTY NAME="MigrationType" TYPE="uint16">'
    "<VALUE>32768</VALUE></PROPERTY></INSTANCE>"
)


class Rows:
    """A provider that has the instances it is given, and answers methods as it is told."""

    def __init__(self, namespace: str, rows: Mapping[str, Iterable[Instance]]) -> None:
        self.namespace = namespace
        self._rows = rows
        self.calls: list[tuple[ObjectPath, str, Mapping[str, Value]]] = []
        self.result: Mapping[str, Value] = {"ReturnValue": 0}
        self.refusals: list[CimFault] = []

    def instances(self, class_name: str, where: Where = ANYTHING) -> Iterable[Instance]:
        return self._rows.get(class_name, ())

    def invoke(self, path: ObjectPath, method: str, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
        self.calls.append((path, method, parameters))
        if self.refusals:
            raise self.refusals[0]
        return self.result

    def modify(self, path: ObjectPath, changes: Mapping[str, Value]) -> None:
        self.calls.append((path, "", changes))


def systems() -> list[Instance]:
    """Return the cluster, a node and a VM."""
    return [
        {"CreationClassName": "Msvm_ComputerSystem", "Name": "HVC1", "ElementName": "HVC1"},
        {"CreationClassName": "Msvm_ComputerSystem", "Name": "NODE1", "ElementName": "NODE1"},
        {
            "CreationClassName": "Msvm_ComputerSystem",
            "Name": VM_ID,
            "ElementName": "a & b <c>\r\n",
            "Caption": "",
            "OperationalStatus": [2, 32774],
            "StatusDescriptions": [],
            "OnTimeInMilliseconds": 6138293824,
            "InstallDate": datetime.datetime(
                2026, 1, 15, 10, 30, 5, 120000, datetime.timezone(datetime.timedelta(hours=2))
            ),
        },
    ]


def cluster_rows() -> Rows:
    """Return a provider of the cluster namespace: systems, the migration service, a job, an association."""
    job = {
        "InstanceID": "JOB1",
        "JobState": 4,
        "DeleteOnCompletion": False,
        "TimeBeforeRemoval": datetime.timedelta(minutes=5, microseconds=4170),
    }
    service = {
        **SERVICE_KEYS,
        "Name": "migrationwmi",
        "SystemCreationClassName": "Msvm_ComputerSystem",
        "SystemName": "HVC1",
    }
    affected = {
        "AffectedElement": ObjectPath("root/HyperVCluster/v2", "Msvm_ComputerSystem", KEYS),
        "AffectingElement": ObjectPath("root/HyperVCluster/v2", "Msvm_MigrationJob", {"InstanceID": "JOB1"}),
    }
    rows: dict[str, list[Instance]] = {
        "Msvm_ComputerSystem": systems(),
        "Msvm_MigrationJob": [job],
        "Msvm_VirtualSystemMigrationService": [service],
        "Msvm_AffectedJobElement": [affected],
    }
    return Rows("root/HyperVCluster/v2", rows)


def mscluster_rows() -> Rows:
    """Return a provider of the MSCluster namespace: one VM resource."""
    private = Embedded("MSCluster_Property", {"VmID": VM_ID, "VmState": 2})
    resource = {"Name": "Virtual Machine web01", "Type": "Virtual Machine", "PrivateProperties": private}
    return Rows("root/MSCluster", {"MSCluster_Resource": [resource]})


def endpoint(rows: Rows | None = None, **switches: t.Any) -> Endpoint:
    """Return a service on ``rows`` and a VM resource in MSCluster."""
    provided = [rows or cluster_rows(), mscluster_rows()]
    return Endpoint("NODE1", provided, WireSwitches(**switches))


def message(uri: str, action: str, body: str = "", selectors: Mapping[str, str] | None = None, more: str = "") -> bytes:
    """Return a request with the headers that every request needs."""
    chosen = "".join(
        f'<w:Selector Name="{name}">{escape(value)}</w:Selector>' for name, value in (selectors or {}).items()
    )
    selector_set = f"<w:SelectorSet>{chosen}</w:SelectorSet>" if chosen else ""
    return (
        f'<s:Envelope xmlns:s="{S}" xmlns:a="{A}" xmlns:w="{W}" xmlns:n="{N}"><s:Header>'
        "<a:To>http://node1.corp.example:5985/wsman</a:To>"
        f'<w:ResourceURI s:mustUnderstand="true">{uri}</w:ResourceURI>'
        f'<a:ReplyTo><a:Address s:mustUnderstand="true">{A}/role/anonymous</a:Address></a:ReplyTo>'
        f'<a:Action s:mustUnderstand="true">{action}</a:Action><a:MessageID>{MESSAGE_ID}</a:MessageID>'
        f"{selector_set}{more}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def enumerate_message(uri: str, query: str = "", most: int = 100, mode: str = "", dialect: str = WQL) -> bytes:
    """Return an optimized Enumerate, with a filter if there is a query."""
    asked = f"<w:EnumerationMode>{mode}</w:EnumerationMode>" if mode else ""
    filtered = f'<w:Filter Dialect="{dialect}">{escape(query)}</w:Filter>' if query else ""
    return message(
        uri,
        f"{N}/Enumerate",
        f"<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>{most}</w:MaxElements>{asked}{filtered}</n:Enumerate>",
    )


def pull_message(uri: str, context: str, most: int | None = None) -> bytes:
    """Return a Pull."""
    asked = "" if most is None else f"<n:MaxElements>{most}</n:MaxElements>"
    body = f"<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext>{asked}</n:Pull>"
    return message(uri, f"{N}/Pull", body)


def invoke_message(uri: str, method: str, parameters: str, selectors: Mapping[str, str] | None = None) -> bytes:
    """Return an Invoke; ``parameters`` use the prefix p for the class."""
    body = f'<p:{method}_INPUT xmlns:p="{uri}">{parameters}</p:{method}_INPUT>'
    return message(uri, f"{uri}/{method}", body, selectors)


def reference(name: str, uri: str = SYSTEM, class_name: str = "Msvm_ComputerSystem") -> str:
    """Return the content of a parameter that refers to a system."""
    return (
        f"<a:Address>{A}/role/anonymous</a:Address><a:ReferenceParameters><w:ResourceURI>{uri}</w:ResourceURI>"
        f'<w:SelectorSet><w:Selector Name="CreationClassName">{class_name}</w:Selector>'
        f'<w:Selector Name="Name">{name}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
    )


def body_of(reply: Reply) -> ET.Element:
    """Return the first element in the body of a reply."""
    return ET.fromstring(reply.body)[1][0]


def fault_of(reply: Reply) -> tuple[int, str]:
    """Return code and subcode of a reply that must be a fault."""
    assert reply.status == 500, reply.body.decode()
    fault = body_of(reply)
    innermost = list(fault.iter(f"{{{F}}}WSManFault"))[-1]
    subcode = fault.findtext(f".//{{{S}}}Subcode/{{{S}}}Value") or ""
    return int(innermost.attrib["Code"]), subcode


def context_of(reply: Reply) -> str:
    """Return the enumeration context of a reply, empty when there is none."""
    return body_of(reply).findtext(f"{{{N}}}EnumerationContext") or ""


def items_of(reply: Reply, namespace: str = N) -> list[ET.Element]:
    """Return the items of a page."""
    items = body_of(reply).find(f"{{{namespace}}}Items")
    assert items is not None, reply.body.decode()
    return list(items)
