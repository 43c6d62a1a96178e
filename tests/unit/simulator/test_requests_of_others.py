# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Requests in the forms in which programs of others send them to Windows, written out from their sources.

Each is in production against real hosts, so a host that refuses one of them is not like Windows.
"""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster, load
from tests.unit.simulator.messages import MESSAGE_ID, WMI, A, N, S, W

MSCLUSTER = f"{WMI}root/MSCluster"
NODES = f"{MSCLUSTER}/MSCluster_Node"
V2 = f"{WMI}root/virtualization/v2"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
ENUMERATE, PULL = f"{N}/Enumerate", f"{N}/Pull"
RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD = f"{RSP}/cmd"
P = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
SCENARIO = """
nodes: [{name: NODE1}, {name: NODE2}]
vms: [{name: web01, owner: NODE1}, {name: db01, owner: NODE1, state: "off"}]
switches: {shells: canned}
"""


@dataclasses.dataclass(frozen=True)
class Style:
    """How a program writes its envelopes.

    Attributes:
        envelope: the prefix of SOAP, with what else it declares there.
        headers: what it sends beside the headers that every message has.
        understood: the attribute on headers that matter to it.
        addressed: the attribute on the address of the answer.
    """

    envelope: str = "s"
    headers: str = ""
    understood: str = ' s:mustUnderstand="true"'
    addressed: str = ""

    def write(self, uri: str, action: str, body: str, more: str = "") -> bytes:
        prefix = self.envelope
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><{prefix}:Envelope xmlns:{prefix}="{S}" xmlns:wsa="{A}"'
            f' xmlns:wsman="{W}" xmlns:wsen="{N}" xmlns:rsp="{RSP}" xmlns:p="{P}"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<{prefix}:Header><wsa:Action{self.understood}>{action}</wsa:Action>"
            f"<wsa:To{self.understood}>http://node1.corp.example:5985/wsman</wsa:To>"
            f"<wsman:ResourceURI{self.understood}>{uri}</wsman:ResourceURI>"
            f"<wsa:MessageID{self.understood}>{MESSAGE_ID}</wsa:MessageID>"
            f"<wsa:ReplyTo><wsa:Address{self.addressed}>{A}/role/anonymous</wsa:Address></wsa:ReplyTo>"
            f"{self.headers}{more}</{prefix}:Header><{prefix}:Body>{body}</{prefix}:Body></{prefix}:Envelope>"
        ).encode()


OPENWSMAN = Style()
# The attribute without a prefix means nothing to SOAP, and the body repeats the session.
WINRB = Style(
    "env",
    '<wsman:MaxEnvelopeSize mustUnderstand="true">153600</wsman:MaxEnvelopeSize><p:SessionId mustUnderstand="false">'
    'uuid:1</p:SessionId><wsman:Locale xml:lang="en-US" mustUnderstand="false"/><p:DataLocale xml:lang="en-US"'
    ' mustUnderstand="false"/><wsman:OperationTimeout>PT60S</wsman:OperationTimeout>',
    ' mustUnderstand="true"',
    ' mustUnderstand="true"',
)
WINRM4J = Style(
    "soap",
    "<wsman:MaxEnvelopeSize>153600</wsman:MaxEnvelopeSize><wsman:OperationTimeout>PT60S</wsman:OperationTimeout>"
    '<wsman:Locale xml:lang="en-US"/>',
    "",
)


@pytest.fixture
def cluster() -> SimulatedCluster:
    return load(SCENARIO, ManualClock())


def ask(cluster: SimulatedCluster, message: bytes) -> str:
    """Return the answer, which must not be a fault."""
    reply = cluster.endpoint("NODE1").handle(message)
    assert reply.status == 200, reply.body.decode()
    return reply.body.decode()


def context_in(answer: str) -> str:
    found = re.search(r"<n:EnumerationContext>([^<]+)<", answer)
    return found[1] if found else ""


def read_all(cluster: SimulatedCluster, first: bytes, style: Style, uri: str, more: str = "") -> list[str]:
    """Begin an enumeration and pull it to its end with the URI, one item at a time; return all answers."""
    answers = [ask(cluster, first)]
    while context := context_in(answers[-1]):
        pull = f"<wsen:Pull><wsen:EnumerationContext>{context}</wsen:EnumerationContext>{more}</wsen:Pull>"
        answers.append(ask(cluster, style.write(uri, PULL, pull)))
    return answers


def names_in(answers: list[str], name: str = "Name") -> list[str]:
    return re.findall(rf"<(?:p:)?{name}>([^<]+)<", "".join(answers))


@pytest.mark.parametrize(
    "headers",
    [
        "",
        "<wsman:OperationTimeout>PT60.0S</wsman:OperationTimeout>",
        "<wsman:OperationTimeout>PT61.1S</wsman:OperationTimeout>",
        "<wsman:MaxEnvelopeSize>512000</wsman:MaxEnvelopeSize>",
        '<wsman:Locale xml:lang="de-DE" s:mustUnderstand="false"/>',
        "<wsman:RequestTotalItemsCountEstimate/>",
        '<wsman:OptionSet><wsman:Option Name="ShowExtensions"/></wsman:OptionSet>',
    ],
)
def test_openwsman_enumerates_item_by_item(cluster: SimulatedCluster, headers: str) -> None:
    first = OPENWSMAN.write(NODES, ENUMERATE, "<wsen:Enumerate/>", headers)
    answers = read_all(cluster, first, OPENWSMAN, NODES)
    assert names_in(answers) == ["NODE1", "NODE2"]
    # No empty page after the last item.
    assert [answer.count("<p:Name>") for answer in answers] == [0, 1, 1]


@pytest.mark.parametrize("mode", ["EnumerateEPR", "EnumerateObjectAndEPR"])
def test_openwsman_asks_for_references(cluster: SimulatedCluster, mode: str) -> None:
    body = f"<wsen:Enumerate><wsman:EnumerationMode>{mode}</wsman:EnumerationMode></wsen:Enumerate>"
    answers = read_all(cluster, OPENWSMAN.write(NODES, ENUMERATE, body), OPENWSMAN, NODES)
    assert re.findall(r'<w:Selector Name="Name">(\w+)<', "".join(answers)) == ["NODE1", "NODE2"]


def test_an_enumeration_without_items_has_an_empty_page(cluster: SimulatedCluster) -> None:
    # libvirt wants n:Items in the answer to a Pull, with nothing in it where a query has found nothing.
    query = "select * from Msvm_ComputerSystem where ElementName = 'nothing'"
    body = f'<wsen:Enumerate><wsman:Filter Dialect="{WQL}">{query}</wsman:Filter></wsen:Enumerate>'
    answers = read_all(cluster, OPENWSMAN.write(f"{V2}/*", ENUMERATE, body), OPENWSMAN, f"{V2}/*")
    assert re.search(r"<n:PullResponse><n:Items(></n:Items>|/>)<n:EndOfSequence/></n:PullResponse>", answers[-1])


def test_winrm4j_writes_attributes_with_a_namespace(cluster: SimulatedCluster) -> None:
    body = (
        "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams></rsp:Shell>"
    )
    created = ask(cluster, WINRM4J.write(CMD, "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create", body))
    (shell_id,) = re.findall(r'<w:Selector Name="ShellId">([^<]+)<', created)
    shell = f'<wsman:SelectorSet><wsman:Selector Name="ShellId">{shell_id}</wsman:Selector></wsman:SelectorSet>'
    line = "<rsp:CommandLine><rsp:Command>echo myline</rsp:Command></rsp:CommandLine>"
    started = ask(cluster, WINRM4J.write(CMD, f"{RSP}/Command", line, shell))
    (command_id,) = re.findall(r"<rsp:CommandId>([^<]+)<", started)
    wish = f'<rsp:DesiredStream rsp:CommandId="{command_id}">stdout stderr</rsp:DesiredStream>'
    received = ask(cluster, WINRM4J.write(CMD, f"{RSP}/Receive", f"<rsp:Receive>{wish}</rsp:Receive>", shell))
    assert "<rsp:ExitCode>0</rsp:ExitCode>" in received
    signal = f'<rsp:Signal CommandId="{command_id}"><rsp:Code>{RSP}/signal/terminate</rsp:Code></rsp:Signal>'
    assert "SignalResponse" in ask(cluster, WINRM4J.write(CMD, f"{RSP}/Signal", signal, shell))
    ask(cluster, WINRM4J.write(CMD, f"{TRANSFER}/Delete", "", shell))
