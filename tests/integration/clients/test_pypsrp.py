# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""pypsrp as scripts use it, without Ansible: its WSMan client for every operation, WinRS, shells of PowerShell."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import RunspacePool
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import SelectorSet, WSMan

from tests.integration.clients.served import NODES, PASSWORD, USER, WMI, Host

CONFIG = "http://schemas.microsoft.com/wbem/wsman/1/config"
N = "{http://schemas.xmlsoap.org/ws/2004/09/enumeration}"
W = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
LOGINS = [{"auth": "basic", "encryption": "never"}, {"auth": "ntlm"}, {"auth": "negotiate"}]


def client(host: Host, **options: t.Any) -> t.Any:
    return WSMan("127.0.0.1", port=host.port, ssl=False, username=USER, password=PASSWORD, no_proxy=True, **options)


def selectors(**values: str) -> t.Any:
    chosen = SelectorSet()
    for name, value in values.items():
        chosen.add_option(name, value)
    return chosen


def code(raised: pytest.ExceptionInfo[t.Any]) -> int:
    return int(raised.value.code)


@pytest.mark.parametrize("login", LOGINS, ids=str)
def test_get_enumerate_pull_and_invoke(host: Host, login: dict[str, str]) -> None:
    wsman = client(host, **login)
    node = wsman.get(NODES, selector_set=selectors(Name="NODE2"))
    assert node.findtext(f".//{{{NODES}}}Name") == "NODE2"
    context = wsman.enumerate(NODES, ET.Element(f"{N}Enumerate")).findtext(f".//{N}EnumerationContext")
    names = []
    while context:
        pull = ET.Element(f"{N}Pull")
        ET.SubElement(pull, f"{N}EnumerationContext").text = context
        page = wsman.pull(NODES, pull)
        names += [name.text for name in page.iter(f"{{{NODES}}}Name")]
        context = page.findtext(f".//{N}EnumerationContext")
    assert names == ["NODE1", "NODE2"]
    system = f"{WMI}/root/virtualization/v2/Msvm_ComputerSystem"
    nothing = selectors(CreationClassName="Msvm_ComputerSystem", Name="nothing")
    wish = ET.Element(f"{{{system}}}RequestStateChange_INPUT")
    with pytest.raises(WSManFaultError) as raised:
        wsman.invoke(f"{system}/RequestStateChange", system, wish, selector_set=nothing)
    assert code(raised) == 0x80338000


@pytest.mark.parametrize("login", LOGINS, ids=str)
def test_a_command(shell_host: Host, login: dict[str, str]) -> None:
    with client(shell_host, **login) as wsman, WinRS(wsman, no_profile=True, codepage=437) as shell:
        process = Process(shell, "hostname")
        process.invoke()
        assert (process.rc, process.stdout, process.stderr) == (0, b"NODE1\r\n", b"")
        assert shell.owner == f"CORP\\{USER}"


@pytest.mark.parametrize("shell", [WinRS, RunspacePool])
def test_a_host_without_shells_says_so(host: Host, shell: t.Any) -> None:
    with client(host) as wsman, pytest.raises(WSManFaultError) as raised:
        shell(wsman).open()
    assert code(raised) == 0x803381AC


def test_a_shell_of_powershell_itself_is_not_there(shell_host: Host) -> None:
    with client(shell_host) as wsman, pytest.raises(WSManFaultError) as raised:
        RunspacePool(wsman).open()
    assert code(raised) == 0x80338012


def test_the_size_of_envelopes_is_learnt_from_the_configuration(host: Host) -> None:
    wsman = client(host, auth="ntlm")
    wsman.update_max_payload_size()
    assert wsman.max_envelope_size == 500 * 1024
    service = wsman.get_server_config("config/service")
    assert service.findtext(f".//{{{CONFIG}}}MaxConcurrentOperationsPerUser") == "1500"
