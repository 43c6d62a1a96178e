# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What only the winrm plugin has: several ways to log in, and one setting for its timeouts."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.winrm import OPERATION_TIMEOUT
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.transport import AnswerLost, Unreachable

from tests.unit.connection.listening import Node, answer_to, connection


@pytest.fixture
def node():
    made = Node()
    yield made
    made.listener.close()


def test_the_next_way_to_log_in_is_tried_when_one_cannot_be_used(node):
    sender = node.sender("winrm", login=["certificate", "ntlm"])
    assert sender.send(b"<one/>") == answer_to(b"<one/>")


def test_every_way_to_log_in_that_failed_is_named(node):
    with pytest.raises(Unreachable, match=r"certificate: both cert_pem.*ntlm: "):
        node.sender("winrm", login=["certificate", "ntlm"], ansible_password="wrong").send(b"<one/>")
    assert node.service.received == []


def test_a_message_that_may_have_been_carried_out_is_not_sent_another_way(node):
    node.effects.append("truncate")
    with pytest.raises(AnswerLost):
        node.sender("winrm", login=["ntlm", "basic"]).send(b"<one/>")
    assert node.service.received == [b"<one/>"]


def test_a_way_that_was_refused_is_not_tried_again_on_every_new_connection(node):
    sender = node.sender("winrm", login=["certificate", "ntlm"])
    sender.send(b"<one/>")
    sender.close()
    node.listener.close()
    with pytest.raises(Unreachable) as caught:
        sender.send(b"<two/>")
    assert "certificate" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({}, OPERATION_TIMEOUT),
        ({"ansible_winrm_operation_timeout_sec": 40, "ansible_winrm_read_timeout_sec": 45}, 40),
        ({"ansible_winrm_connection_timeout": 25}, 25),
    ],
    ids=str,
)
def test_the_node_gets_the_time_that_the_inventory_says(settings, seconds):
    assert open_sender(connection("winrm", 5985, **settings)).operation_timeout == seconds
