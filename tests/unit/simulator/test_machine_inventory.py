# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What inventories of other people ask of a host: its product, processors and version, and summaries of its VMs."""

from __future__ import annotations

import re
import uuid

import pytest

from tests.simulator.clock import ManualClock
from tests.simulator.cluster import SimulatedCluster, load
from tests.unit.simulator.messages import (
    WMI,
    context_of,
    enumerate_message,
    fault_of,
    invoke_message,
    items_of,
    pull_message,
)

V2 = f"{WMI}root/virtualization/v2"
SERVICE = f"{V2}/Msvm_VirtualSystemManagementService"
SETTINGS = f"{V2}/Msvm_VirtualSystemSettingData"
SERVICE_KEYS = {"CreationClassName": "Msvm_VirtualSystemManagementService"}
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SCENARIO = """
nodes: [{name: NODE1, build: 26100}]
vms: [{name: web01, owner: NODE1}, {name: db01, owner: NODE1, state: "off"}]
switches: {first_page: full}
"""


@pytest.fixture
def cluster() -> SimulatedCluster:
    return load(SCENARIO, ManualClock())


def rows(cluster: SimulatedCluster, namespace: str, query: str) -> list[dict[str, str]]:
    uri, host = f"{WMI}{namespace}/*", cluster.endpoint("NODE1")
    reply = host.handle(enumerate_message(uri, query))
    found = items_of(reply, W)
    while context := context_of(reply):
        reply = host.handle(pull_message(uri, context))
        found += items_of(reply)
    return [{child.tag.rpartition("}")[2]: child.text or "" for child in item} for item in found]


def summaries(cluster: SimulatedCluster, parameters: str) -> str:
    message = invoke_message(SERVICE, "GetSummaryInformation", parameters, SERVICE_KEYS)
    return cluster.endpoint("NODE1").handle(message).body.decode()


def settings(instance_id: str) -> str:
    return (
        "<p:SettingData><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address>"
        f"<a:ReferenceParameters><w:ResourceURI>{SETTINGS}</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="InstanceID">{instance_id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        "</p:SettingData>"
    )


def wished(*numbers: int) -> str:
    return "".join(f"<p:RequestedInformation>{number}</p:RequestedInformation>" for number in numbers)


def test_the_product_has_a_uuid_of_its_own(cluster: SimulatedCluster) -> None:
    (product,) = rows(cluster, "root/cimv2", "select UUID from Win32_ComputerSystemProduct")
    assert uuid.UUID(product["UUID"]).version == 5


def test_the_processors_belong_to_the_host(cluster: SimulatedCluster) -> None:
    query = "ASSOCIATORS OF {Win32_ComputerSystem.Name='NODE1'} WHERE AssocClass = Win32_ComputerSystemProcessor"
    found = rows(cluster, "root/cimv2", f"{query} ResultClass = Win32_Processor")
    (system,) = rows(cluster, "root/cimv2", "select NumberOfProcessors from Win32_ComputerSystem")
    assert [processor["DeviceID"] for processor in found] == ["CPU0", "CPU1"]
    assert system["NumberOfProcessors"] == "2"


def test_the_management_service_has_the_version_of_windows(cluster: SimulatedCluster) -> None:
    query = r"select * from CIM_Datafile where Path = '\\windows\\system32\\' and FileName='vmms'"
    (file,) = rows(cluster, "root/cimv2", query)
    assert (file["Path"], file["Version"]) == ("\\windows\\system32\\", "10.0.26100.1")


def test_every_vm_has_a_guid_for_its_firmware(cluster: SimulatedCluster) -> None:
    query = "select BIOSGUID from Msvm_VirtualSystemSettingData"
    guids = {row["BIOSGUID"] for row in rows(cluster, "root/virtualization/v2", query)}
    assert len(guids) == 2
    assert all(re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", guid) for guid in guids)


def test_summaries_of_all_vms_hold_what_was_asked_for(cluster: SimulatedCluster) -> None:
    answer = summaries(cluster, wished(1, 100, 4711))
    assert re.findall(r"<q:ElementName>(\w+)<", answer) == ["web01", "db01"]
    assert re.findall(r"<q:EnabledState>(\w+)<", answer) == ["2", "3"]
    assert answer.count('<q:Name xsi:nil="true"/>') == 2
    assert answer.count(f'<p:SummaryInformation xmlns:q="{V2}/Msvm_SummaryInformation"') == 2
    assert "<p:ReturnValue>0<" in answer


def test_summaries_of_one_vm(cluster: SimulatedCluster) -> None:
    vm_id = cluster.state()["vms"][1]["id"]
    answer = summaries(cluster, settings(f"Microsoft:{vm_id}") + wished(0))
    assert re.findall(r"<q:Name>([^<]+)<", answer) == [vm_id]


def test_a_summary_of_settings_that_are_not_there_is_refused(cluster: SimulatedCluster) -> None:
    assert "<p:ReturnValue>32773<" in summaries(cluster, settings("Microsoft:nothing") + wished(0))


def test_the_cluster_has_no_such_service(cluster: SimulatedCluster) -> None:
    uri = SERVICE.replace("virtualization", "HyperVCluster")
    reply = cluster.endpoint("NODE1").handle(invoke_message(uri, "GetSummaryInformation", "", SERVICE_KEYS))
    assert fault_of(reply)[0] == 0x80041010
