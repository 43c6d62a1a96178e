# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""pywinrm as scripts use it, without Ansible: shells, and messages of their own over its transport."""

from __future__ import annotations

import typing as t

import pytest
import winrm
from winrm import exceptions

from tests.integration.clients.served import NODES, PASSWORD, USER, Host, served
from tests.simulator.host_profiles import Windows
from tests.unit.simulator.messages import enumerate_message

# The later name is that of pywinrm before 0.5.
Refused: type[Exception] = getattr(exceptions, "WSManFaultError", exceptions.WinRMError)
LOGINS = [("basic", USER), ("ntlm", USER), ("ntlm", f"CORP\\{USER}"), ("plaintext", USER)]


def session(host: Host, transport: str = "ntlm", user: str = USER) -> t.Any:
    return winrm.Session(host.url, auth=(user, PASSWORD), transport=transport)


@pytest.mark.parametrize(("transport", "user"), LOGINS)
def test_a_command(shell_host: Host, transport: str, user: str) -> None:
    said = session(shell_host, transport, user).run_cmd("echo", ["all", "is", "well"])
    assert (said.status_code, said.std_out, said.std_err) == (0, b"all is well\r\n", b"")


@pytest.mark.parametrize(("windows", "version"), [(2012, b"6.3.9600"), (2016, b"10.0.14393"), (2025, b"10.0.26100")])
def test_a_host_names_its_version(windows: Windows, version: bytes) -> None:
    with served("commands", windows) as host:
        assert session(host).run_cmd("ver").std_out == b"\r\nMicrosoft Windows [Version %s]\r\n" % version


def test_a_script_of_powershell_finds_no_powershell(shell_host: Host) -> None:
    said = session(shell_host).run_ps("Get-VM")
    assert (said.status_code, said.std_out) == (1, b"")
    assert b"'powershell' is not recognized as an internal or external command" in said.std_err


def test_a_host_without_shells_says_so(host: Host) -> None:
    with pytest.raises(Refused) as raised:
        session(host).run_cmd("hostname")
    assert getattr(raised.value, "wsmanfault_code", 0x803381AC) == 0x803381AC
    assert "not to allow remote shells" in str(raised.value)


@pytest.mark.parametrize(("transport", "user"), LOGINS)
def test_a_message_of_ones_own(host: Host, transport: str, user: str) -> None:
    answer = session(host, transport, user).protocol.send_message(enumerate_message(NODES).decode())
    assert b"<p:Name>NODE1</p:Name>" in (answer if isinstance(answer, bytes) else answer.encode())
