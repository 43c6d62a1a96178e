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
from tests.unit.simulator.messages import MESSAGE_ID, WMI, A, N, S, W, fault_of

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
nodes: [{name: NODE1, windows: %d}, {name: NODE2}]
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


@pytest.fixture(params=[2012, 2016, 2022, 2025])
def cluster(request: pytest.FixtureRequest) -> SimulatedCluster:
    return load(SCENARIO % request.param, ManualClock())


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


def query(text: str, more: str = "") -> str:
    return f'<wsen:Enumerate>{more}<wsman:Filter Dialect="{WQL}">{text}</wsman:Filter></wsen:Enumerate>'


@pytest.mark.parametrize(
    ("namespace", "class_name", "text", "found"),
    [
        ("root/cimv2", "Win32_ComputerSystemProduct", "SELECT * FROM Win32_ComputerSystemProduct ", 1),
        (
            "root/cimv2",
            "Win32_Processor",
            "ASSOCIATORS OF {Win32_ComputerSystem.Name='NODE1'} WHERE AssocClass = Win32_ComputerSystemProcessor "
            "ResultClass = Win32_Processor",
            2,
        ),
        (
            "root/virtualization/v2",
            "Msvm_ComputerSystem",
            'SELECT * FROM Msvm_ComputerSystem WHERE Description = "Microsoft Virtual Machine" AND '
            "(EnabledState != 0 and EnabledState != 3 and EnabledState != 32769) ",
            1,
        ),
    ],
)
def test_libvirt_pulls_with_the_uri_of_the_class(
    cluster: SimulatedCluster, namespace: str, class_name: str, text: str, found: int
) -> None:
    uri = f"{WMI}{namespace}/{class_name}"
    first = OPENWSMAN.write(f"{WMI}{namespace}/*", ENUMERATE, query(text))
    answers = read_all(cluster, first, OPENWSMAN, uri)
    # It looks for the class's element as the first child of n:Items.
    assert ["".join(answers).count(f"<n:Items><p:{class_name} "), len(answers)] == [found, found + 1]


def test_libvirt_starts_a_vm_and_follows_the_job(cluster: SimulatedCluster) -> None:
    vm_id = cluster.state()["vms"][1]["id"]
    uri = f"{V2}/Msvm_ComputerSystem"
    wish = "<p:RequestedState>2</p:RequestedState>"
    body = f'<p:RequestStateChange_INPUT xmlns:p="{uri}">{wish}</p:RequestStateChange_INPUT>'
    selectors = (
        '<wsman:SelectorSet><wsman:Selector Name="CreationClassName">Msvm_ComputerSystem</wsman:Selector>'
        f'<wsman:Selector Name="Name">{vm_id}</wsman:Selector></wsman:SelectorSet>'
    )
    started = ask(cluster, OPENWSMAN.write(uri, f"{uri}/RequestStateChange", body, selectors))
    assert "<p:ReturnValue>4096</p:ReturnValue>" in started
    (job,) = re.findall(r'<w:Selector Name="InstanceID">([^<]+)<', started)
    asked = query(f"SELECT * FROM Msvm_ConcreteJob WHERE InstanceID = '{job}'")
    answers = read_all(cluster, OPENWSMAN.write(f"{V2}/*", ENUMERATE, asked), OPENWSMAN, f"{V2}/Msvm_ConcreteJob")
    assert names_in(answers, "InstanceID") == [job]


def test_winrb_repeats_its_session_in_the_body(cluster: SimulatedCluster) -> None:
    wish = '<wsman:OptimizeEnumeration xsi:nil="true"/><wsman:MaxElements>32000</wsman:MaxElements>'
    session = "<p:SessionId>uuid:1</p:SessionId>"
    body = query("select * from MSCluster_Node", wish).replace("</wsen:Enumerate>", f"{session}</wsen:Enumerate>")
    pulled = f'<wsman:OptimizeEnumeration xsi:nil="true"/><wsman:MaxElements>32000</wsman:MaxElements>{session}'
    answers = read_all(cluster, WINRB.write(f"{MSCLUSTER}/*", ENUMERATE, body), WINRB, f"{MSCLUSTER}/*", pulled)
    assert names_in(answers) == ["NODE1", "NODE2"]


def test_virt_who_reads_guests_with_blanks_in_its_headers(cluster: SimulatedCluster) -> None:
    def spread(namespace: str, class_name: str) -> str:
        return f"\n                {WMI}{namespace}/{class_name}\n            "

    text = "select BIOSGUID, VirtualSystemIdentifier from Msvm_VirtualSystemSettingData "
    realized = query(f"{text}where VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'")
    begun = ask(cluster, OPENWSMAN.write(spread("root/virtualization/v2", "*"), ENUMERATE, realized))
    service = f"{V2}/Msvm_VirtualSystemManagementService"
    body = f'<wsman:GetSummaryInformation_INPUT xmlns:p="{service}">'
    body += "".join(f"<p:RequestedInformation>{number}</p:RequestedInformation>" for number in (0, 1, 100))
    selectors = (
        "<wsman:SelectorSet>"
        '<wsman:Selector Name="CreationClassName">Msvm_VirtualSystemManagementService</wsman:Selector>'
        '<wsman:Selector Name="SystemCreationClassName">Msvm_ComputerSystem</wsman:Selector></wsman:SelectorSet>'
    )
    named = spread("root/virtualization/v2", "Msvm_VirtualSystemManagementService")
    invoke = f"{body}</wsman:GetSummaryInformation_INPUT>"
    summaries = ask(cluster, OPENWSMAN.write(named, f"{service}/GetSummaryInformation", invoke, selectors))
    assert re.findall(r"<q:EnabledState>(\d+)<", summaries) == ["2", "3"]
    # It pulls with the namespace of old, whichever it asked.
    pull = f"<wsen:Pull><wsen:EnumerationContext>{context_in(begun)}</wsen:EnumerationContext></wsen:Pull>"
    first = ask(cluster, OPENWSMAN.write(spread("root/virtualization", "*"), PULL, pull))
    assert len(names_in([first], "BIOSGUID")) == 1


def test_virt_who_learns_that_the_namespace_of_old_is_gone(cluster: SimulatedCluster) -> None:
    # The codes that it was seen with; it goes on with the new namespace after any fault.
    asked = query("select BIOSGUID from Msvm_VirtualSystemSettingData where SettingType = 3")
    reply = cluster.endpoint("NODE1").handle(OPENWSMAN.write(f"{WMI}root/virtualization/*", ENUMERATE, asked))
    assert fault_of(reply)[0] in (2150858778, 0x8004100E)


def test_omicli_names_classes_as_dmtf_does(cluster: SimulatedCluster) -> None:
    uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSCluster_Node"
    namespace = '<wsman:Selector Name="__cimnamespace">root/MSCluster</wsman:Selector>'
    first = OPENWSMAN.write(uri, ENUMERATE, "<wsen:Enumerate/>", f"<wsman:SelectorSet>{namespace}</wsman:SelectorSet>")
    assert re.findall(r"<p:Name>(\w+)<", "".join(read_all(cluster, first, OPENWSMAN, uri))) == ["NODE1", "NODE2"]


def test_an_unauthenticated_test_of_wsman_has_no_headers(cluster: SimulatedCluster) -> None:
    identity = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
    message = f'<s:Envelope xmlns:s="{S}" xmlns:i="{identity}"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'
    assert "Stack: 3.0" in ask(cluster, message.encode())


def test_winrb_and_pypsrp_ask_for_the_size_of_envelopes(cluster: SimulatedCluster) -> None:
    config = "http://schemas.microsoft.com/wbem/wsman/1/config"
    answer = ask(cluster, WINRB.write(config, f"{TRANSFER}/Get", ""))
    assert re.search(r"<cfg:MaxEnvelopeSizekb>(150|500)<", answer)


def spread_out(message: bytes) -> bytes:
    """Return a message with blanks and line ends around each text, as in the templates of txwinrm."""
    return re.sub(rb">([^<>]+)</", rb">\n      \1\n    </", message)


def test_txwinrm_puts_blanks_around_every_text(cluster: SimulatedCluster) -> None:
    begun = ask(cluster, spread_out(OPENWSMAN.write(NODES, ENUMERATE, "<wsen:Enumerate> </wsen:Enumerate>")))
    pulled = f"<wsen:Pull><wsen:EnumerationContext>{context_in(begun)}</wsen:EnumerationContext>"
    pulled += "<wsen:MaxElements>100</wsen:MaxElements></wsen:Pull>"
    assert names_in([ask(cluster, spread_out(OPENWSMAN.write(NODES, PULL, pulled)))]) == ["NODE1", "NODE2"]


def test_metricshub_limits_the_time_of_a_pull_and_releases_what_it_does_not_read(cluster: SimulatedCluster) -> None:
    uri, wish = f"{MSCLUSTER}/*", "<wsman:OptimizeEnumeration/><wsman:MaxElements>50</wsman:MaxElements>"
    enumerate_nodes = OPENWSMAN.write(uri, ENUMERATE, query("SELECT * FROM MSCluster_Node", wish))
    kept = f"<wsen:EnumerationContext>{context_in(ask(cluster, enumerate_nodes))}</wsen:EnumerationContext>"
    most = "<wsen:MaxTime>PT1.5S</wsen:MaxTime><wsen:MaxElements>50</wsen:MaxElements>"
    assert names_in([ask(cluster, OPENWSMAN.write(uri, PULL, f"<wsen:Pull>{kept}{most}</wsen:Pull>"))]) == ["NODE2"]
    unread = f"<wsen:EnumerationContext>{context_in(ask(cluster, enumerate_nodes))}</wsen:EnumerationContext>"
    ask(cluster, OPENWSMAN.write(uri, f"{N}/Release", f"<wsen:Release>{unread}</wsen:Release>"))
    assert cluster.counters()["open_enumerations"] == 0


def test_opennms_writes_the_size_of_envelopes_into_the_body(cluster: SimulatedCluster) -> None:
    # CXF makes the identifier of a message a URN.
    wish = "<wsman:OptimizeEnumeration/><wsman:MaxEnvelopeSize>51200</wsman:MaxEnvelopeSize>"
    message = OPENWSMAN.write(f"{MSCLUSTER}/*", ENUMERATE, query("select * from MSCluster_Cluster", wish))
    answer = ask(cluster, message.replace(MESSAGE_ID.encode(), b"urn:" + MESSAGE_ID.encode()))
    assert f"<a:RelatesTo>urn:{MESSAGE_ID}</a:RelatesTo>" in answer
    assert answer.count("<p:MSCluster_Cluster ") == 1
