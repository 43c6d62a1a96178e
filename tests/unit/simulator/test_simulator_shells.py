# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The WinRS shells that the bench compares with: pywinrm's own messages run a command in one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from winrm import exceptions
from winrm.exceptions import WinRMOperationTimeoutError
from winrm.protocol import Protocol

from tests.simulator.accounts import User
from tests.simulator.envelopes import TRANSFER
from tests.simulator.http import Listener
from tests.simulator.shells import CMD, RESULT, SHELL
from tests.unit.simulator.messages import endpoint, message

# The later name of each is that of pywinrm before 0.5.
Refused: type[Exception] = getattr(exceptions, "WSManFaultError", exceptions.WinRMError)
look_once = getattr(Protocol, "get_command_output_raw", Protocol._raw_get_command_output)


def client(listener: Listener) -> Protocol:
    return Protocol(
        f"http://127.0.0.1:{listener.port}/wsman",
        transport="ntlm",
        username="operator",
        password="secret-9",
        message_encryption="always",
    )


@pytest.fixture
def shells() -> Iterator[Protocol]:
    listener = Listener(endpoint(shells="canned"), User("operator", "secret-9", "CORP"))
    yield client(listener)
    listener.close()


def test_a_command_reads_its_input_and_prints_the_canned_result(shells: Protocol) -> None:
    shell = shells.open_shell()
    command = shells.run_command(shell, "powershell", console_mode_stdin=False)
    shells.send_command_input(shell, command, "a script")
    with pytest.raises(WinRMOperationTimeoutError):
        look_once(shells, shell, command)
    shells.send_command_input(shell, command, "its end", end=True)
    assert shells.get_command_output(shell, command) == (RESULT, b"", 0)
    shells.cleanup_command(shell, command)
    shells.close_shell(shell)


def test_a_client_may_name_its_shell() -> None:
    body = '<rsp:Shell xmlns:rsp="{0}" ShellId="A &amp; B"><rsp:InputStreams>stdin</rsp:InputStreams></rsp:Shell>'
    options = '<w:OptionSet><w:Option Name="WINRS_NOPROFILE" MustComply="true">TRUE</w:Option></w:OptionSet>'
    service = endpoint(shells="canned")
    created = service.handle(message(CMD, f"{TRANSFER}/Create", body.format(SHELL), more=options)).body
    assert b'<w:Selector Name="ShellId">A &amp; B</w:Selector>' in created
    assert b"<rsp:ShellId>A &amp; B</rsp:ShellId>" in created
    assert b"<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams></rsp:OutputStreams>" in created
    assert service.handle(message(CMD, f"{TRANSFER}/Delete", "", {"ShellId": "A & B"})).status == 200


def test_a_shell_says_what_a_recorded_one_says_of_itself() -> None:
    # winrm4j, win12.xml.
    body = f'<rsp:Shell xmlns:rsp="{SHELL}"><rsp:InputStreams>stdin</rsp:InputStreams></rsp:Shell>'
    created = endpoint(shells="commands").handle(message(CMD, f"{TRANSFER}/Create", body)).body.decode()
    assert "<x:ResourceCreated><a:Address>http://node1.corp.example:5985/wsman</a:Address>" in created
    assert re.findall(r"<rsp:(\w+)>", created) == [
        "ShellId",
        "ResourceUri",
        "Owner",
        "ClientIP",
        "IdleTimeOut",
        "InputStreams",
        "OutputStreams",
        "ShellRunTime",
        "ShellInactivity",
    ]


def test_a_shell_that_was_closed_is_gone(shells: Protocol) -> None:
    shell = shells.open_shell()
    shells.close_shell(shell, close_session=False)
    with pytest.raises(Refused):
        shells.run_command(shell, "powershell")


def test_a_command_that_was_ended_is_gone(shells: Protocol) -> None:
    shell = shells.open_shell()
    command = shells.run_command(shell, "powershell")
    shells.cleanup_command(shell, command)
    with pytest.raises(Refused):
        look_once(shells, shell, command)


def test_no_shell_is_opened_where_nobody_asks_for_them() -> None:
    listener = Listener(endpoint(), User("operator", "secret-9", "CORP"))
    try:
        with pytest.raises(Refused):
            client(listener).open_shell()
    finally:
        listener.close()
