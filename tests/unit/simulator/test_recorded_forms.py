# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated service beside recorded answers of real hosts: the forms in which it once differed from them."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

import pytest

from tests.simulator.host_profiles import PROFILES, Windows, profile_of
from tests.simulator.scenario_listener import ListenerSpec, TlsSpec
from tests.simulator.schema import Property, load
from tests.simulator.wsman import Endpoint, WireSwitches, describe
from tests.unit.simulator.messages import (
    CLUSTER,
    GET,
    KEYS,
    SERVICE,
    SERVICE_KEYS,
    SYSTEM,
    VM_ID,
    WQL,
    N,
    Rows,
    W,
    body_of,
    cluster_rows,
    context_of,
    endpoint,
    enumerate_message,
    fault_of,
    invoke_message,
    items_of,
    message,
    pull_message,
)

CIMV2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2"
CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
DMTF = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2"
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
S = "http://www.w3.org/2003/05/soap-envelope"


def names(element: ET.Element) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]


def windows_endpoint(windows: Windows = 2022, **switches: t.Any) -> Endpoint:
    rows = Rows(
        "root/cimv2",
        {
            "Win32_OperatingSystem": [{"Name": "Windows", "CSName": "NODE1", "Caption": "Windows"}],
            "Win32_ComputerSystem": [{"Name": "NODE1"}],
        },
    )
    forms = WireSwitches(**switches)
    return Endpoint("node1.corp.example", [rows, cluster_rows()], forms, build=PROFILES[windows].build)


def instance_of(class_name: str, windows: Windows = 2022) -> ET.Element:
    return body_of(windows_endpoint(windows).handle(message(f"{CIMV2}/{class_name}", GET)))


def test_properties_are_sorted_without_regard_to_letter_case() -> None:
    found = names(instance_of("Win32_OperatingSystem"))
    assert found == sorted(found, key=str.lower)
    assert found.index("Caption") < found.index("CSName") < found.index("CurrentTimeZone")


def test_a_scalar_that_is_null_is_nil_and_an_array_that_is_null_is_left_out() -> None:
    body = body_of(endpoint().handle(message(SYSTEM, GET, "", {**KEYS, "Name": "NODE1"})))
    assert "PrimaryOwnerName" in names(body)
    arrays = {name for name, declared in classes(CLUSTER_NAMESPACE, "Msvm_ComputerSystem") if declared.type.is_array}
    assert arrays >= {"Roles", "Dedicated", "OperationalStatus"}
    assert not arrays & set(names(body))


CLUSTER_NAMESPACE = "root/HyperVCluster/v2"


def classes(namespace: str, class_name: str) -> list[tuple[str, Property]]:
    found = load().find(namespace)
    assert found is not None
    definition = found.find(class_name)
    assert definition is not None
    return list(definition.properties.items())


# Lists as read from hosts: 64 properties of Win32_OperatingSystem with one array (MUILanguages); 53 scalars of
# Win32_ComputerSystem on a host of 2012 and three more since 2016; Msvm_ComputerSystem gained two by 2026.
@pytest.mark.parametrize(
    ("windows", "class_name", "scalars"),
    [
        (2012, "Win32_OperatingSystem", 63),
        (2025, "Win32_OperatingSystem", 63),
        (2012, "Win32_ComputerSystem", 53),
        (2016, "Win32_ComputerSystem", 56),
    ],
)
def test_instances_have_all_scalars_of_their_class(windows: Windows, class_name: str, scalars: int) -> None:
    assert len(set(names(instance_of(class_name, windows)))) == scalars


def test_a_class_has_the_properties_of_its_host_s_windows() -> None:
    def image_is_there(windows: Windows) -> bool:
        reply = windows_endpoint(windows).handle(message(SYSTEM, GET, "", KEYS))
        return "ManagementVtlImageFileName" in names(body_of(reply))

    assert [image_is_there(windows) for windows in PROFILES] == [False, False, False, True]


@pytest.mark.parametrize(
    ("request_bytes", "letters"),
    [
        (message(SYSTEM, GET, "", KEYS), "saxwp"),
        (invoke_message(SERVICE, "MigrateVirtualSystemToSystem", "", SERVICE_KEYS), "saxwp"),
        (enumerate_message(SYSTEM), "sanw"),
        (message(SYSTEM, GET, "", {**KEYS, "Name": "NOBODY"}), "saxenwp"),
    ],
)
def test_each_operation_declares_its_own_prefixes(request_bytes: bytes, letters: str) -> None:
    for activity_id in ("absent", "sent"):
        text = endpoint(activity_id=activity_id).handle(request_bytes).body.decode()
        declared = "".join(re.findall(r" xmlns:(\w)=", text[: text.index("><s:Header>")]))
        assert declared == letters + ("p" if activity_id == "sent" and "p" not in letters else "")
        between = text[text.index("</a:MessageID>") : text.index("<a:To>")]
        assert bool(re.fullmatch("</a:MessageID><p:ActivityId>[0-9A-F-]{36}</p:ActivityId>", between)) == (
            activity_id == "sent"
        )


def test_texts_of_faults_end_with_a_blank_and_the_reason_begins_with_a_sentence() -> None:
    for text_language, written in (("named", 'xml:lang="en-US"'), ("empty", 'xml:lang=""')):
        service = endpoint(fault_text_language=text_language)
        text = service.handle(message(SYSTEM, GET, "", {**KEYS, "Name": "NOBODY"})).body.decode()
        assert (
            f"<s:Text {written}>The WS-Management service cannot process the request. The service cannot find the"
            " resource identified by the resource URI and selectors. </s:Text>"
        ) in text
        assert "selectors. </f:Message>" in text


def test_a_query_for_a_missing_class_is_told_in_the_words_that_were_recorded() -> None:
    # Asked by WinRb of a host of 2008 R2 for Win32_Processa: the Reason and the provider's text differ.
    text = endpoint().handle(enumerate_message(f"{CLUSTER}/*", "SELECT * FROM Msvm_Unknown")).body.decode()
    reason = re.search("<s:Text [^>]*>([^<]*)<", text)
    assert reason is not None
    assert reason[1].startswith("The data source could not process the filter.")
    assert text.count("<f:Message>The specified class does not exist in the given namespace. </f:Message>") == 1
    # 3 of 3 hosts (2008 R2 to 2016: WinRb, OMI, a report about MSFC_FCAdapterHBAAttributes) declare cim, unused.
    assert 'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:__ExtendedStatus_Type"' in text


def test_the_fault_of_a_quota_has_one_of_two_forms() -> None:
    def refused(layout: str) -> str:
        service = endpoint(fault_layout=layout)
        for unused in range(1500):
            service.handle(message(SYSTEM, f"{N}/Enumerate", "<n:Enumerate/>"))
        return service.handle(message(SYSTEM, f"{N}/Enumerate", "<n:Enumerate/>")).body.decode()

    assert "<s:Value>w:InternalError<" in refused("wsman")
    assert "<a:RelatesTo>" in refused("wsman")
    assert "<s:Value>w:QuotaLimit<" in refused("wmi_error")
    assert "<a:RelatesTo>" not in refused("wmi_error")


def test_elements_of_other_namespaces_are_passed_over() -> None:
    more = '<p:SessionId xmlns:p="urn:p">uuid:1</p:SessionId><w:OptimizeEnumeration/>'
    service = endpoint()
    asked = f"<n:Enumerate>{more}<w:MaxElements>1</w:MaxElements></n:Enumerate>"
    first = service.handle(message(SYSTEM, f"{N}/Enumerate", asked))
    body = f"<n:Pull><n:EnumerationContext>{context_of(first)}</n:EnumerationContext>{more}</n:Pull>"
    assert len(items_of(service.handle(message(SYSTEM, f"{N}/Pull", body)))) == 1


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("__SERVER = 'node1'", 3),
        ("__SERVER = 'NODE2'", 0),
        (f'__RELPATH = \'Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="{VM_ID}"\'', 1),
        ("__NAMESPACE = 'root\\\\HyperVCluster\\\\v2'", 3),
        ("__DYNASTY = 'CIM_ManagedElement'", 3),
    ],
)
def test_system_properties_are_known_in_wql(condition: str, found: int) -> None:
    query = f"SELECT __PATH, Name FROM Msvm_ComputerSystem WHERE {condition}"
    reply = endpoint(first_page="full").handle(enumerate_message(f"{CLUSTER}/*", query))
    assert [names(item) for item in items_of(reply, W)] == [["Name"]] * found


def test_dmtf_s_resource_uri_finds_a_class_in_the_namespace_of_its_selector() -> None:
    uri, namespace = f"{DMTF}/CIM_ComputerSystem", {"__cimnamespace": "root/HyperVCluster/v2"}
    reply = endpoint().handle(message(uri, GET, "", {**KEYS, **namespace}))
    assert names(body_of(reply))[:1] == ["Caption"]
    everything = f'<n:Enumerate><w:Filter Dialect="{WQL}">SELECT * FROM Msvm_ComputerSystem</w:Filter></n:Enumerate>'
    assert endpoint().handle(message(f"{DMTF}/*", f"{N}/Enumerate", everything, namespace)).status == 200
    assert fault_of(endpoint().handle(message(uri, GET, "", KEYS)))[0] == 0x8004100E
    service = f"{DMTF}/Msvm_VirtualSystemMigrationService"
    call = invoke_message(service, "MigrateVirtualSystemToSystem", "", {**SERVICE_KEYS, **namespace})
    assert endpoint().handle(call).status == 200


def test_a_pull_of_a_dmtf_enumeration_finds_its_context() -> None:
    service, namespace = endpoint(pull_uri="same"), {"__cimnamespace": "root/HyperVCluster/v2"}
    uri = f"{DMTF}/CIM_ComputerSystem"
    first = service.handle(message(uri, f"{N}/Enumerate", "<n:Enumerate/>", namespace))
    body = f"<n:Pull><n:EnumerationContext>{context_of(first)}</n:EnumerationContext></n:Pull>"
    assert service.handle(message(uri, f"{N}/Pull", body, namespace)).status == 200
    assert fault_of(service.handle(pull_message(SYSTEM, context_of(first), 1)))[0] == 0x803381AD


def test_identify_tells_product_and_version_without_any_header() -> None:
    request = (
        f'<s:Envelope xmlns:s="{S}" xmlns:wsmid="{IDENTITY}"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>'
    ).encode()
    versions: list[tuple[Windows, str]] = [(2012, "OS: 6.3.9600"), (2025, "OS: 10.0.26100")]
    for windows, version in versions:
        body = body_of(windows_endpoint(windows).handle(request))
        assert body.findtext(f"{{{IDENTITY}}}ProductVendor") == "Microsoft Corporation"
        assert body.findtext(f"{{{IDENTITY}}}ProductVersion") == f"{version} SP: 0.0 Stack: 3.0"
    told = describe(request)
    assert told is not None
    assert told.operation == "Identify"


def test_the_configuration_is_read_whole_or_in_part() -> None:
    service = endpoint(max_envelope_size=153600)
    whole = body_of(service.handle(message(CONFIG, GET)))
    assert whole.findtext(f"{{{CONFIG}}}MaxEnvelopeSizekb") == "150"
    limits: list[tuple[Windows, str]] = [(2012, "150"), (2016, "500")]
    for windows, limit in limits:
        own = body_of(Endpoint("NODE1", [], WireSwitches(), build=PROFILES[windows].build).handle(message(CONFIG, GET)))
        assert own.findtext(f"{{{CONFIG}}}MaxEnvelopeSizekb") == limit
    part = body_of(service.handle(message(f"{CONFIG}/service/auth", GET)))
    assert (part.tag, part.findtext(f"{{{CONFIG}}}Negotiate")) == (f"{{{CONFIG}}}Auth", "true")
    assert part.findtext(f"{{{CONFIG}}}CredSSP") == "false"
    assert fault_of(service.handle(message(f"{CONFIG}/nothing", GET)))[0] == 0x80338002
    assert fault_of(service.handle(message(CONFIG, GET.replace("Get", "Put"))))[0] == 0x80338012


@pytest.mark.parametrize(
    ("listener", "logins", "unencrypted"),
    [
        (ListenerSpec(), ["Basic", "Negotiate"], "true"),
        (ListenerSpec(("kerberos", "credssp")), ["Kerberos", "CredSSP"], "false"),
        (ListenerSpec(encryption="required"), ["Basic", "Negotiate"], "false"),
        (ListenerSpec(("negotiate",), encryption="optional"), ["Negotiate"], "true"),
        (ListenerSpec(("basic", "certificate"), tls=TlsSpec("host.pem")), ["Basic", "Certificate"], "false"),
    ],
)
def test_the_configuration_says_how_to_log_in(listener: ListenerSpec, logins: list[str], unencrypted: str) -> None:
    service = Endpoint("NODE1", [], WireSwitches(), listener=listener)
    told = body_of(service.handle(message(f"{CONFIG}/service", GET)))
    taken = [login.tag.rpartition("}")[2] for login in told.iterfind(f"{{{CONFIG}}}Auth/*") if login.text == "true"]
    assert (taken, told.findtext(f"{{{CONFIG}}}AllowUnencrypted")) == (logins, unencrypted)


@pytest.mark.parametrize(
    ("expression", "answered"),
    [
        ("Name", f"<p:Name>{VM_ID}</p:Name>"),
        ("Name/text()", VM_ID),
        ("OperationalStatus", "<p:OperationalStatus>2</p:OperationalStatus><p:OperationalStatus>32774"),
        ("Nothing", 'xsi:nil="true"'),
    ],
)
def test_a_fragment_of_an_instance_can_be_read(expression: str, answered: str) -> None:
    header = f'<w:FragmentTransfer s:mustUnderstand="true">{expression}</w:FragmentTransfer>'
    reply = endpoint().handle(message(SYSTEM, GET, "", KEYS, header))
    assert body_of(reply).tag == f"{{{W}}}XmlFragment"
    assert answered in reply.body.decode()
    assert "ElementName" not in reply.body.decode()


def test_a_build_has_the_forms_of_the_version_before_it() -> None:
    assert profile_of(17763) is PROFILES[2016]
    assert profile_of(20348) is PROFILES[2022]
    assert profile_of(7601) is PROFILES[2012]
