# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible's real winrm and psrp connection plugins as senders, against a listener with real NTLM and encryption."""

from __future__ import annotations

import contextlib
import pathlib
import ssl
import threading
import time
from collections.abc import Iterator

import pytest
import trustme
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import LockoutGuard, http_sender, open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.lockout import Account, Answered
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import (
    AnswerLost,
    LoginRefused,
    NodeBusy,
    Unreachable,
)

from tests.ports import free_port
from tests.simulator.fault_rules import Effect
from tests.unit.connection.listening import PASSWORD, GarbledTls, Node, Reply, answer_to, connection, inside, server_tls

WORDS = {"winrm": "ansible_winrm_", "psrp": "ansible_psrp_"}


@pytest.fixture(params=["winrm", "psrp"])
def plugin(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def node() -> Iterator[Node]:
    made = Node()
    yield made
    made.listener.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: pathlib.Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def tls_node(authority: trustme.CA) -> Iterator[Node]:
    made = Node(tls=server_tls(authority, "localhost", "127.0.0.1"))
    yield made
    made.listener.close()


@pytest.mark.parametrize("user", ["operator", "CORP\\operator"])
def test_messages_go_over_ntlm_encrypted_and_unchanged(node: Node, plugin: str, user: str) -> None:
    sender = node.sender(plugin, ansible_user=user, encryption="always")
    assert sender.send(b"<one/>") == answer_to(b"<one/>")
    assert sender.send(b"<two/>") == answer_to(b"<two/>")
    assert node.service.received == [b"<one/>", b"<two/>"]
    sender.close()


def test_negotiate_falls_back_to_ntlm(node: Node) -> None:
    sender = node.sender("psrp", login="negotiate")
    assert sender.send(b"<one/>") == answer_to(b"<one/>")
    assert sender.send(b"<two/>") == answer_to(b"<two/>")


def test_the_connection_plugins_own_shell_is_never_opened(node: Node, plugin: str) -> None:
    made = connection(plugin, node.listener.port)
    open_sender(made).send(b"<one/>")
    assert not made.connected
    assert getattr(made, "shell_id", None) is None
    assert getattr(made, "runspace", None) is None
    assert node.service.received == [b"<one/>"]


@pytest.mark.parametrize("settings", [{}, {"encryption": "always"}, {"login": "basic"}], ids=str)
def test_messages_go_over_https(tls_node: Node, plugin: str, trusted: str, settings: dict[str, str]) -> None:
    sender = tls_node.sender(plugin, scheme="https", trust=trusted, **settings)
    assert sender.send(b"<one/>") == answer_to(b"<one/>")
    assert sender.send(b"<two/>") == answer_to(b"<two/>")
    assert tls_node.service.received == [b"<one/>", b"<two/>"]


def test_a_certificate_that_nobody_trusts_is_unreachable(tls_node: Node, plugin: str) -> None:
    with pytest.raises(Unreachable, match=f"TLS with.*{WORDS[plugin]}ca_"):
        tls_node.sender(plugin, scheme="https").send(b"<one/>")
    assert tls_node.service.received == []


@pytest.mark.parametrize("login", ["ntlm", "basic"])
def test_a_certificate_for_another_name_is_unreachable(
    authority: trustme.CA, plugin: str, trusted: str, login: str
) -> None:
    other = Node(tls=server_tls(authority, "other.example"))
    with contextlib.closing(other.listener), pytest.raises(Unreachable, match="carries the name"):
        other.sender(plugin, scheme="https", trust=trusted, login=login).send(b"<one/>")
    assert other.service.received == []


def test_an_authority_that_is_no_file_is_unreachable(tls_node: Node, plugin: str) -> None:
    with pytest.raises(Unreachable, match=f"no-such-file.*{WORDS[plugin]}ca_"):
        tls_node.sender(plugin, scheme="https", trust="/no-such-file", login="basic").send(b"<one/>")


def test_a_soap_fault_is_an_answer(node: Node, plugin: str) -> None:
    node.service.status = 500
    assert node.sender(plugin).send(b"<one/>") == answer_to(b"<one/>")


def test_a_login_that_cannot_be_used_is_told_with_its_reason(node: Node, plugin: str) -> None:
    with pytest.raises(Unreachable, match=rf"Cannot log in.*certificate cannot be used: .*cert.*{WORDS[plugin]}"):
        node.sender(plugin, login="certificate").send(b"<one/>")
    assert node.service.received == []


@pytest.mark.parametrize("login", ["ntlm", "basic"])
def test_a_wrong_password_is_unreachable_and_not_repeated_in_the_message(
    tls_node: Node, plugin: str, trusted: str, login: str
) -> None:
    sender = tls_node.sender(plugin, scheme="https", trust=trusted, login=login, ansible_password="wrong-Secret-1")
    with pytest.raises(LoginRefused, match=f"refused the credentials of user 'operator' .*{WORDS[plugin]}") as caught:
        sender.send(b"<one/>")
    assert "wrong-Secret-1" not in str(caught.value)
    assert tls_node.service.received == []


class Listening(LockoutGuard):
    """A guard that also writes down which account logged in, and how often it heard of the first answer."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: list[Account | None] = []
        self.answers = 0

    @contextlib.contextmanager
    def login(self, account: Account | None, address: str) -> Iterator[Answered]:
        self.accounts.append(account)
        with super().login(account, address) as answered:

            def heard() -> None:
                self.answers += 1
                answered()

            yield heard


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_a_login_tells_its_account_and_its_first_answer_once(node: Node, plugin: str, password: str) -> None:
    guard = Listening()
    sender = open_sender(connection(plugin, node.listener.port, ansible_password=password), guard)
    for unused in range(2 if password == PASSWORD else 1):
        with contextlib.suppress(LoginRefused):
            sender.send(b"<one/>")
    assert guard.accounts == [Account("operator", password, ("ntlm",))]
    assert guard.answers == 1


def test_a_certificate_is_no_account_that_can_be_locked(node: Node, plugin: str) -> None:
    guard = Listening()
    sender = open_sender(connection(plugin, node.listener.port, login="certificate", ansible_password=None), guard)
    with pytest.raises(Unreachable):
        sender.send(b"<one/>")
    assert guard.accounts == [None]


def test_an_empty_password_is_an_account_and_is_told_where_it_is_refused(node: Node, plugin: str) -> None:
    """As from a look-up that found nothing, which each host would refuse and so lock the account."""
    guard = Listening()
    sender = open_sender(connection(plugin, node.listener.port, ansible_password=""), guard)
    with pytest.raises(LoginRefused, match="Check ansible_user, ansible_password, which is empty, and"):
        sender.send(b"<one/>")
    assert guard.accounts == [Account("operator", "", ("ntlm",))]


def test_a_wrong_password_is_unreachable_where_messages_are_encrypted(node: Node, plugin: str) -> None:
    with pytest.raises(Unreachable, match="refused the credentials of user 'operator'"):
        node.sender(plugin, ansible_password="wrong").send(b"<one/>")
    assert node.service.received == []


def test_a_closed_port_is_unreachable(plugin: str) -> None:
    with pytest.raises(Unreachable, match="refused the connection"):
        open_sender(connection(plugin, free_port())).send(b"<one/>")


def test_a_node_without_a_way_to_it_is_told_as_the_network_told_it(plugin: str) -> None:
    """Linux opens no TCP connection to the broadcast address; urllib3 calls that a timeout, as all that fails so."""
    with pytest.raises(Unreachable, match=r":5985 cannot be reached: .*Network is unreachable"):
        open_sender(connection(plugin, 5985, ansible_host="255.255.255.255")).send(b"<one/>")


def test_an_unknown_name_is_unreachable(plugin: str) -> None:
    with pytest.raises(Unreachable, match="cannot be resolved"):
        open_sender(connection(plugin, 5985, ansible_host="no-such-host.invalid")).send(b"<one/>")


def test_tls_to_a_port_that_speaks_none_is_unreachable(node: Node, plugin: str) -> None:
    with pytest.raises(Unreachable, match=rf"speaks no TLS on this port.*{WORDS[plugin]}(scheme|protocol)") as caught:
        node.sender(plugin, scheme="https", login="basic").send(b"<one/>")
    assert "certificate" not in str(caught.value)


@pytest.mark.parametrize("effect", ["reset_before", "reset_after", "empty_400", "http_401", "truncate"])
def test_a_broken_session_is_an_unknown_outcome_and_the_next_send_is_cured(
    node: Node, plugin: str, effect: Effect
) -> None:
    sender = node.sender(plugin)
    sender.send(b"<one/>")
    node.effects.append(effect)
    with pytest.raises(AnswerLost):
        sender.send(b"<two/>")
    assert sender.send(b"<three/>") == answer_to(b"<three/>")
    assert node.service.received.count(b"<two/>") == (effect in ("reset_after", "truncate"))


@pytest.mark.parametrize("first", [True, False], ids=["first message", "later message"])
@pytest.mark.parametrize("login", ["ntlm", "basic"])
def test_a_message_whose_answer_is_lost_over_https_is_not_sent_again(
    tls_node: Node, plugin: str, trusted: str, login: str, first: bool
) -> None:
    again = {"ansible_psrp_reconnection_retries": 3, "ansible_psrp_reconnection_backoff": 0}
    sender = tls_node.sender(plugin, scheme="https", trust=trusted, login=login, **again)
    if not first:
        sender.send(b"<one/>")
    tls_node.effects.append("reset_after")
    with pytest.raises(AnswerLost):
        sender.send(b"<two/>")
    assert tls_node.service.received.count(b"<two/>") == 1


def test_a_new_login_in_the_middle_of_https_carries_a_message_out_once(
    tls_node: Node, plugin: str, trusted: str
) -> None:
    sender = tls_node.sender(plugin, scheme="https", trust=trusted)
    sender.send(b"<one/>")
    tls_node.effects.append("http_401")
    assert sender.send(b"<two/>") == answer_to(b"<two/>")
    assert tls_node.service.received == [b"<one/>", b"<two/>"]


def test_a_tls_error_after_the_message_is_an_unknown_outcome_and_nothing_is_sent_again(
    authority: trustme.CA, plugin: str, trusted: str
) -> None:
    with GarbledTls(server_tls(authority, "127.0.0.1")) as server:
        settings = {"ansible_psrp_reconnection_retries": 3, "ansible_psrp_reconnection_backoff": 0}
        made = connection(plugin, server.port, scheme="https", trust=trusted, login="basic", **settings)
        with pytest.raises(AnswerLost):
            open_sender(made).send(b"<one/>")
        assert server.heard == [b"<one/>"]


def test_credentials_that_are_no_longer_taken_are_told_after_the_lost_answer(node: Node, plugin: str) -> None:
    sender = node.sender(plugin)
    sender.send(b"<one/>")
    node.listener.close()
    changed = Node(port=node.listener.port, password="another-Password-8")
    with contextlib.closing(changed.listener):
        with pytest.raises((AnswerLost, Unreachable)):
            sender.send(b"<two/>")
        with pytest.raises(Unreachable, match="refused the credentials"):
            sender.send(b"<three/>")
    assert changed.service.received == []


def test_a_busy_node_says_so(node: Node, plugin: str) -> None:
    node.effects.append("http_503")
    sender = node.sender(plugin)
    with pytest.raises(NodeBusy):
        sender.send(b"<one/>")
    assert node.service.received == []
    assert sender.send(b"<two/>") == answer_to(b"<two/>")


def test_a_soap_message_with_the_status_of_a_busy_node_is_the_answer_and_nothing_is_sent_again(
    node: Node, plugin: str
) -> None:
    # So openwsmand sends its fault DestinationUnreachable: the call may have been carried out.
    node.service.status = 503
    sender = node.sender(plugin, ansible_psrp_reconnection_retries=3, ansible_psrp_reconnection_backoff=0)
    assert sender.send(b"<one/>") == answer_to(b"<one/>")
    assert node.service.received == [b"<one/>"]


@pytest.mark.parametrize("login", ["ntlm", "basic"])
def test_a_page_of_a_proxy_is_no_answer(
    tls_node: Node, plugin: str, trusted: str, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_node.service, "handle", lambda request: Reply(502, b"<html>Bad gateway</html>"))
    with pytest.raises(AnswerLost, match="HTTP 502"):
        tls_node.sender(plugin, scheme="https", trust=trusted, login=login).send(b"<one/>")


def test_a_wrong_path_is_told_with_its_variable(node: Node, plugin: str) -> None:
    with pytest.raises(Unreachable, match=f"HTTP 404.*{WORDS[plugin]}path"):
        node.sender(plugin, **{f"{WORDS[plugin]}path": "nothing-here"}).send(b"<one/>")


def test_no_answer_in_time_is_an_unknown_outcome(node: Node, plugin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(node.service, "handle", lambda request: released.wait(10) and Reply(200, b""))
    timeout = {"ansible_psrp_read_timeout": 2, "ansible_winrm_read_timeout_sec": 2}
    sender = node.sender(plugin, ansible_winrm_operation_timeout_sec=1, **timeout)
    with pytest.raises(AnswerLost):
        sender.send(b"<one/>")
    released.set()


def test_a_connection_that_was_silent_for_long_is_opened_anew(
    node: Node, plugin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = node.sender(plugin)
    sender.send(b"<one/>")
    sender.send(b"<two/>")
    before = inside(sender)._channel
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + http_sender.LONGEST_SILENCE + 1)
    assert sender.send(b"<three/>") == answer_to(b"<three/>")
    assert inside(sender)._channel is not before


def test_a_server_that_takes_no_plain_messages_is_explained(node: Node, plugin: str) -> None:
    with pytest.raises(Unreachable, match="unencrypted"):
        node.sender(plugin, encryption="never").send(b"<one/>")
    assert node.service.received == []


def test_a_client_certificate_is_shown(
    authority: trustme.CA, plugin: str, trusted: str, tmp_path: pathlib.Path
) -> None:
    context = server_tls(authority, "127.0.0.1")
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    own = authority.issue_cert("operator@corp.example")
    certificate, key = tmp_path / "own.pem", tmp_path / "own.key"
    own.cert_chain_pems[0].write_to_path(certificate)
    own.private_key_pem.write_to_path(key)
    node = Node(tls=context)
    settings = {"scheme": "https", "trust": trusted, "login": "certificate"}
    with contextlib.closing(node.listener):
        # The listener maps no certificates to users, so the handshake is all that it can take.
        shown = node.sender(plugin, **settings, certificate=str(certificate), key=str(key))
        with pytest.raises(Unreachable, match="refused the credentials"):
            shown.send(b"<one/>")


def test_the_password_is_in_no_message(node: Node, plugin: str) -> None:
    node.effects.append("empty_400")
    with pytest.raises(AnswerLost) as caught:
        node.sender(plugin).send(b"<one/>")
    assert PASSWORD not in str(caught.value)
