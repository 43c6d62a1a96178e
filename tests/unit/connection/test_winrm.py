# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What only the winrm plugin has: several ways to log in, and one setting for its timeouts."""

from __future__ import annotations

import pathlib
import typing as t
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import LockoutGuard, open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import AnswerLost, Unreachable

from tests.unit.connection.listening import PASSWORD, Node, answer_to, connection, inside


@pytest.fixture
def node() -> Iterator[Node]:
    made = Node()
    yield made
    made.listener.close()


def test_the_next_way_to_log_in_is_tried_when_one_cannot_be_used(node: Node) -> None:
    sender = node.sender("winrm", login=["certificate", "ntlm"])
    assert sender.send(b"<one/>") == answer_to(b"<one/>")


def test_every_way_to_log_in_that_failed_is_named(node: Node) -> None:
    with pytest.raises(Unreachable, match=r"refused the cred.*ntlm: .*certificate cannot be used: both cert_pem"):
        node.sender("winrm", login=["certificate", "ntlm"], ansible_password="wrong").send(b"<one/>")
    assert node.service.received == []


@pytest.fixture
def kerberos(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Make it look as if the library for Kerberos could be imported: it needs one of the operating system."""
    monkeypatch.setattr("winrm.transport.HAVE_KERBEROS", True)
    return {"login": "kerberos", "ansible_user": "operator@CORP.EXAMPLE"}


def no_login(node: Node, **settings: str) -> str:
    with pytest.raises(Unreachable, match=r"^Cannot log in to .* ansible_winrm_transport") as caught:
        node.sender("winrm", **settings).send(b"<one/>")
    assert "credentials" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert node.service.received == []
    return str(caught.value)


def test_kerberos_without_kinit_is_told_with_its_cure_and_refuses_no_credentials(
    node: Node, kerberos: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    told = no_login(node, **kerberos)
    assert "kerberos cannot be used on this controller: kinit was not found; install it (package krb5-user" in told


def test_a_kinit_of_the_inventory_that_does_not_exist_is_named(node: Node, kerberos: dict[str, str]) -> None:
    assert "/no/such/kinit was not found" in no_login(node, **kerberos, ansible_winrm_kinit_cmd="/no/such/kinit")


@pytest.mark.parametrize(("login", "library"), [("kerberos", "pykerberos"), ("credssp", "requests-credssp")])
def test_a_login_whose_library_is_missing_is_told_with_its_cure(
    node: Node, monkeypatch: pytest.MonkeyPatch, login: str, library: str
) -> None:
    monkeypatch.setattr(f"winrm.transport.HAVE_{login.upper()}", False)
    told = no_login(node, login=login, ansible_winrm_kinit_mode="manual")
    assert f"{login} cannot be used on this controller: the Python package {library} cannot be imported; " in told
    assert f"-m pip install 'pywinrm[{login}]'" in told


def test_a_ticket_that_kinit_does_not_get_is_told_in_its_words(
    node: Node, kerberos: dict[str, str], tmp_path: pathlib.Path
) -> None:
    kinit = tmp_path / "kinit"
    kinit.write_text("#!/bin/sh\necho 'kinit: Password incorrect while getting initial credentials' >&2\nexit 1\n")
    kinit.chmod(0o700)
    with pytest.raises(Unreachable, match=r"kerberos got no ticket, .*not asked: .*Password incorrect.*krb5\.conf"):
        node.sender("winrm", **kerberos, ansible_winrm_kinit_cmd=str(kinit)).send(b"<one/>")
    assert node.service.received == []


def test_a_kinit_that_asks_on_is_told_where_ansible_waits_for_its_end(
    node: Node, kerberos: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older versions of ansible-core raise pexpect's own exception then, with all that kinit has said so far."""
    made = connection("winrm", node.listener.port, **kerberos, ansible_winrm_kinit_cmd="sh")
    said = RuntimeError("Timeout exceeded. before: 'Password expired.  You must change it now. Enter new password: '")
    monkeypatch.setattr(made, "_kerb_auth", Mock(side_effect=said), raising=False)
    with pytest.raises(Unreachable, match=r"kinit did not end .*; the password has expired: change it"):
        open_sender(made).send(b"<one/>")
    assert node.service.received == []


def test_a_ticket_for_many_nodes_is_asked_for_once(
    node: Node, kerberos: dict[str, str], tmp_path: pathlib.Path
) -> None:
    """A password that is wrong may lock the account, if it is tried for each node of a cluster."""
    kinit = tmp_path / "kinit"
    kinit.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho 'kinit: Password incorrect' >&2\nexit 1\n")
    kinit.chmod(0o700)
    guard = LockoutGuard()
    said = "the password is wrong: check ansible_password"
    for called, told in {"node1": said, "node2": said, "node3": "not asked, because the account"}.items():
        settings = {"ansible_winrm_kinit_cmd": str(kinit), "ansible_winrm_kerberos_hostname_override": called}
        host = {"ansible_host": f"127.0.0.{called[-1]}"}
        with pytest.raises(Unreachable, match=told):
            open_sender(connection("winrm", node.listener.port, **kerberos, **settings, **host), guard).send(b"<one/>")
    assert (tmp_path / "asked").read_text() == "asked\n"


def test_a_setting_that_the_plugin_refuses_is_unreachable(node: Node) -> None:
    with pytest.raises(Unreachable, match=r"'winrm' refuses its settings: .*telepathy"):
        node.sender("winrm", login="telepathy")


def test_a_message_that_may_have_been_carried_out_is_not_sent_another_way(node: Node) -> None:
    node.effects.append("truncate")
    with pytest.raises(AnswerLost):
        node.sender("winrm", login=["ntlm", "basic"]).send(b"<one/>")
    assert node.service.received == [b"<one/>"]


def test_a_way_that_was_refused_is_not_tried_again_on_every_new_connection(node: Node) -> None:
    sender = node.sender("winrm", login=["certificate", "ntlm"])
    sender.send(b"<one/>")
    sender.close()
    node.listener.close()
    with pytest.raises(Unreachable) as caught:
        sender.send(b"<two/>")
    assert "certificate" not in str(caught.value)


def timeouts(**settings: t.Any) -> tuple[int, int]:
    """Return the seconds that the node may take, and those that the controller waits for it."""
    sender = open_sender(connection("winrm", 5985, **settings))
    connect, read = inside(sender)._ways["ntlm"]()._transport.read_timeout_sec
    assert connect <= min(read, 30)
    return sender.operation_timeout, read


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (60, 70)),
        ({"ansible_winrm_operation_timeout_sec": 40, "ansible_winrm_read_timeout_sec": 45}, (40, 45)),
        ({"ansible_winrm_operation_timeout_sec": "400", "ansible_winrm_read_timeout_sec": "500"}, (400, 500)),
        ({"ansible_winrm_connection_timeout": 25}, (25, 35)),
        ({"ansible_winrm_connection_timeout": 120, "ansible_winrm_read_timeout_sec": 30}, (120, 130)),
        ({"ansible_winrm_read_timeout_sec": 30}, (20, 30)),
        ({"ansible_winrm_read_timeout_sec": 45}, (20, 45)),
        ({"ansible_winrm_operation_timeout_sec": 25}, (25, 30)),
    ],
    ids=str,
)
def test_timeouts_are_those_of_ansibles_own_plugin_and_long_where_nothing_is_set(
    settings: dict[str, t.Any], expected: tuple[int, int]
) -> None:
    assert timeouts(**settings) == expected


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"ansible_winrm_read_timeout_sec": 20}, "20 s.*operation_timeout_sec.*20 s.*read_timeout_sec"),
        ({"ansible_winrm_operation_timeout_sec": 60}, "60 s.*operation_timeout_sec.*30 s.*read_timeout_sec"),
        ({"ansible_winrm_operation_timeout_sec": 60, "ansible_winrm_read_timeout_sec": 30}, "must exceed"),
        ({"ansible_winrm_operation_timeout_sec": 0}, "must be positive"),
        ({"ansible_winrm_connection_timeout": -1}, "ansible_winrm_connection_timeout.*must be positive"),
        ({"ansible_winrm_read_timeout_sec": "soon"}, "ansible_winrm_read_timeout_sec is 'soon'"),
    ],
    ids=str,
)
def test_timeouts_that_contradict_each_other_are_refused_as_ansibles_own_plugin_does(
    settings: dict[str, t.Any], named: str
) -> None:
    with pytest.raises(Unreachable, match=named):
        timeouts(**settings)
