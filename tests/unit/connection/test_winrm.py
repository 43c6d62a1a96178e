# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible's real winrm connection plugin as a sender, against a listener with real NTLM and message encryption."""

from __future__ import annotations

import collections
import dataclasses
import os
import socket

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import UnsupportedConnection, open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import winrm as winrm_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.transport import (
    AnswerLost,
    NodeBusy,
    Unreachable,
)

from tests.simulator.authentication import User
from tests.simulator.fault_rules import FaultRule
from tests.simulator.http import Listener

PASSWORD = "correct-Horse-7"


@dataclasses.dataclass
class Reply:
    status: int
    body: bytes


class Service:
    """Answers every message with its own bytes."""

    def __init__(self):
        self.received = []
        self.status = 200

    def handle(self, request):
        self.received.append(request)
        return Reply(self.status, b"<answer>" + request + b"</answer>")


class Node:
    def __init__(self, **options):
        self.service = Service()
        self.effects = collections.deque()
        self.listener = Listener(
            self.service, User("operator", PASSWORD, "CORP"), disturb=lambda request: self._next_effect(), **options
        )

    def _next_effect(self):
        effect = self.effects.popleft() if self.effects else None
        return FaultRule(effect) if effect else None

    def sender(self, **variables):
        return open_sender(plugin(self.listener.port, **variables))


def plugin(port, **variables):
    extras = {name: value for name, value in variables.items() if name.startswith("ansible_winrm_message")}
    made = connection_loader.get("winrm", PlayContext(), os.devnull)
    made.set_options(
        var_options={
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": "operator",
            "ansible_password": PASSWORD,
            "ansible_winrm_transport": ["ntlm"],
            "ansible_winrm_scheme": "http",
            **variables,
            "_extras": extras,
        }
    )
    return made


@pytest.fixture
def node():
    made = Node()
    yield made
    made.listener.close()


@pytest.mark.parametrize("user", ["operator", "CORP\\operator"])
def test_messages_go_over_ntlm_encrypted_and_unchanged(node, user):
    sender = node.sender(ansible_user=user, ansible_winrm_message_encryption="always")
    assert sender.send(b"<one/>") == b"<answer><one/></answer>"
    assert sender.send(b"<two/>") == b"<answer><two/></answer>"
    assert node.service.received == [b"<one/>", b"<two/>"]
    sender.close()


def test_the_connection_plugins_own_shell_is_never_opened(node):
    made = plugin(node.listener.port)
    open_sender(made).send(b"<one/>")
    assert not made.connected
    assert made.shell_id is None
    assert made.protocol is None


def test_a_soap_fault_is_an_answer(node):
    node.service.status = 500
    assert node.sender().send(b"<one/>") == b"<answer><one/></answer>"


def test_the_next_way_to_log_in_is_tried_when_one_cannot_be_used(node):
    sender = node.sender(ansible_winrm_transport=["certificate", "ntlm"])
    assert sender.send(b"<one/>") == b"<answer><one/></answer>"


def test_every_way_to_log_in_that_failed_is_named(node):
    with pytest.raises(Unreachable, match=r"certificate: both cert_pem.*ntlm: "):
        node.sender(ansible_winrm_transport=["certificate", "ntlm"], ansible_password="wrong").send(b"<one/>")
    assert node.service.received == []


def test_a_wrong_password_is_unreachable_and_not_repeated_in_the_message(node):
    with pytest.raises(Unreachable, match="refused the credentials of user 'operator'") as caught:
        node.sender(ansible_password="wrong-Secret-1").send(b"<one/>")
    assert "wrong-Secret-1" not in str(caught.value)


def test_a_closed_port_is_unreachable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="refused the connection"):
        open_sender(plugin(port)).send(b"<one/>")


def test_an_unknown_name_is_unreachable():
    with pytest.raises(Unreachable, match="cannot be resolved"):
        open_sender(plugin(5985, ansible_host="no-such-host.invalid")).send(b"<one/>")


def test_tls_to_a_port_that_speaks_none_is_unreachable(node):
    with pytest.raises(Unreachable, match="TLS with"):
        node.sender(ansible_winrm_scheme="https").send(b"<one/>")


@pytest.mark.parametrize("effect", ["reset_before", "reset_after", "empty_400", "http_401", "truncate"])
def test_a_broken_session_is_an_unknown_outcome_and_the_next_send_is_cured(node, effect):
    sender = node.sender()
    sender.send(b"<one/>")
    node.effects.append(effect)
    with pytest.raises(AnswerLost):
        sender.send(b"<two/>")
    assert sender.send(b"<three/>") == b"<answer><three/></answer>"


def test_a_busy_node_says_so(node):
    node.effects.append("http_503")
    with pytest.raises(NodeBusy):
        node.sender().send(b"<one/>")
    assert node.service.received == []


def test_no_answer_in_time_is_an_unknown_outcome(node, monkeypatch):
    monkeypatch.setattr(node.service, "handle", lambda request: __import__("time").sleep(3) or Reply(200, b""))
    sender = node.sender(ansible_winrm_connection_timeout=1)
    sender._read_timeout = 1
    with pytest.raises(AnswerLost):
        sender.send(b"<one/>")


def test_a_connection_that_was_silent_for_long_is_opened_anew(node, monkeypatch):
    sender = node.sender()
    sender.send(b"<one/>")
    now = winrm_sender.time.monotonic()
    monkeypatch.setattr(winrm_sender.time, "monotonic", lambda: now + winrm_sender.LONGEST_SILENCE + 1)
    before = sender._transport.session
    assert sender.send(b"<two/>") == b"<answer><two/></answer>"
    assert sender._transport.session is not before


def test_other_connection_plugins_are_refused_by_name():
    with pytest.raises(UnsupportedConnection, match=r"'local'.*ansible_connection to winrm"):
        open_sender(connection_loader.get("local", PlayContext(), os.devnull))


def test_a_server_that_takes_no_plain_messages_is_explained(node):
    with pytest.raises(Unreachable, match="unencrypted"):
        node.sender(ansible_winrm_message_encryption="never").send(b"<one/>")
    assert node.service.received == []
