# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Embedded instances as pywbem writes CIM-XML (DSP0201), and times as it reads them (DSP0004)."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

import pytest
import pywbem
import winrm

from tests.integration.clients.served import PASSWORD, USER, WMI, Host
from tests.unit.simulator.messages import enumerate_message, invoke_message, reference

CLUSTER = f"{WMI}/root/HyperVCluster/v2"
SYSTEM = f"{CLUSTER}/Msvm_ComputerSystem"
SERVICE = f"{CLUSTER}/Msvm_VirtualSystemMigrationService"
SETTINGS = "Msvm_VirtualSystemMigrationSettingData"


def send(host: Host, message: bytes) -> str:
    protocol = winrm.Session(host.url, auth=(USER, PASSWORD), transport="basic").protocol
    answer = protocol.send_message(message.decode())
    return answer.decode() if isinstance(answer, bytes) else str(answer)


def vm_id(host: Host) -> str:
    return str(host.cluster.state()["vms"][0]["id"])


def check(host: Host, settings: str) -> str:
    """Ask whether the VM may move to NODE2 with these settings; return the return value."""
    parameters = (
        f"<p:ComputerSystem>{reference(vm_id(host), SYSTEM)}</p:ComputerSystem>"
        f"<p:DestinationSystem>{reference('NODE2', SYSTEM)}</p:DestinationSystem>"
        f"<p:MigrationSettingData>{escape(settings)}</p:MigrationSettingData>"
    )
    keys = {"CreationClassName": "Msvm_VirtualSystemMigrationService"}
    method = "CheckVirtualSystemIsMigratableToSystem"
    answer = send(host, invoke_message(SERVICE, method, parameters, keys))
    return re.findall(r"<p:ReturnValue>(\d+)<", answer)[0]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_instance_of_pywbem_is_an_embedded_instance(host: Host, indent: int | None) -> None:
    live = {"MigrationType": pywbem.Uint16(32768), "TransportType": pywbem.Uint16(5)}
    settings = pywbem.CIMInstance(SETTINGS, properties=live)
    assert check(host, settings.tocimxmlstr(indent)) in ("0", "4096")


def test_one_with_a_property_that_the_class_has_not_is_refused(host: Host) -> None:
    settings = pywbem.CIMInstance(SETTINGS, properties={"Colour": "red"})
    assert check(host, settings.tocimxmlstr()) not in ("0", "4096")


def test_times_are_those_of_cim(host: Host) -> None:
    query = "SELECT InstallDate FROM Msvm_ComputerSystem WHERE Caption = 'Virtual Machine'"
    answer = send(host, enumerate_message(f"{CLUSTER}/*", query))
    shown = re.findall(r"<(?:\w+:)?Datetime[^>]*>([^<]+)<", answer)
    written = pywbem.CIMDateTime(f"{re.sub('[-T:Z]', '', shown[0])[:14]}.000000+000")
    again = send(host, enumerate_message(f"{CLUSTER}/*", f"{query} AND InstallDate >= '{written}'"))
    assert re.findall(r"<(?:\w+:)?Datetime[^>]*>([^<]+)<", again) == shown
