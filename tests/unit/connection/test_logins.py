# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every way to log in, over both connection plugins, with and without TLS and message encryption.

Kerberos is MIT's: a KDC on loopback, the simulated node with a keytab, the client with a password or a ticket.
"""

from __future__ import annotations

import contextlib
import functools
import pathlib
import ssl
import typing as t
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import trustme
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import Sender, open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.tickets import Cache
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import LoginRefused, Unreachable

from tests.certificates import authority_file, ed25519_file
from tests.kerberos import Realm, lacking, realm
from tests.unit.connection.listening import PASSWORD, Node, answer_to, connection, refusing, server_tls

NODE = "node1.corp.example"
WITHOUT_WSMAN = "hvc1.corp.example"
LONG = b"<long>" + b"x" * 40000 + b"</long>"
CALLED = {"ansible_winrm_kerberos_hostname_override": NODE, "ansible_psrp_negotiate_hostname_override": NODE}
UPN = "operator@CORP.EXAMPLE"
# Ansible's winrm plugin starts kinit with PATH and the cache alone, and what else it is told to pass on.
BY_PASSWORD = {"ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"]}
BY_TICKET = {"ansible_winrm_kinit_mode": "manual", "ansible_password": None}
Listen = Callable[..., tuple[Node, dict[str, t.Any]]]
needs_kerberos = pytest.mark.skipif(bool(lacking()), reason=f"no Kerberos realm can be run here: {lacking()}")


@pytest.fixture(params=["winrm", "psrp"])
def plugin(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    with realm(tmp_path_factory.mktemp("realm"), "operator", PASSWORD, [NODE]) as made:
        made.administer(
            *(f"addprinc -pw {PASSWORD} {user}" for user in ("old", "shut", "gone")),
            "modprinc -pwexpire yesterday old",
            "modprinc -allow_tix shut",
            "modprinc -expire yesterday gone",
            f"addprinc -randkey HTTP/{WITHOUT_WSMAN}",
            f"ktadd -k {made.keytab} HTTP/{WITHOUT_WSMAN}",
        )
        yield made


@pytest.fixture
def kerberos(running: Realm, monkeypatch: pytest.MonkeyPatch, cache: str) -> Realm:
    for name, value in {**running.environment, "KRB5CCNAME": cache}.items():
        monkeypatch.setenv(name, value)
    return running


@pytest.fixture
def cache(tmp_path: pathlib.Path) -> str:
    return f"FILE:{tmp_path}/tickets"


@pytest.fixture
def ticket(kerberos: Realm, cache: str) -> Callable[..., None]:
    """Return what puts a ticket of operator into the cache."""
    return functools.partial(kerberos.fetch_ticket, "operator", PASSWORD, cache=cache)


@pytest.fixture
def listen(scheme: str, authority: trustme.CA, tmp_path: pathlib.Path) -> Iterator[Listen]:
    """Start a node that is reached over the scheme, and return it with what a client must set to do so."""
    with contextlib.ExitStack() as ends:

        def start(**demands: t.Any) -> tuple[Node, dict[str, t.Any]]:
            tls = server_tls(authority, "127.0.0.1") if scheme == "https" else None
            node = Node(tls=tls, **demands)
            ends.callback(node.listener.close)
            return node, {"scheme": scheme, "trust": authority_file(authority, tmp_path)}

        yield start


def converse(node: Node, sender: Sender) -> None:
    """Send three messages, one of them long, and expect one connection and one login for all of them."""
    for message in (b"<one/>", LONG, b"<three/>"):
        assert sender.send(message) == answer_to(message)
    assert node.service.received == [b"<one/>", LONG, b"<three/>"]
    assert node.listener.connections == {"opened": 1, "open": 1, "logins": 1}


@pytest.mark.parametrize("login", ["ntlm", "credssp"])
@pytest.mark.parametrize("encryption", ["auto", "always"])
def test_one_login_on_one_connection_serves_all_messages(
    listen: Listen, plugin: str, login: str, encryption: str
) -> None:
    node, settings = listen(logins=["negotiate", "credssp"])
    converse(node, node.sender(plugin, login=login, encryption=encryption, **settings))


def test_negotiate_without_kerberos_is_ntlm(listen: Listen) -> None:
    node, settings = listen()
    sender = node.sender("psrp", login="negotiate", **settings)
    assert sender.login == ""
    converse(node, sender)
    assert sender.login == "ntlm"


@pytest.mark.parametrize("login", ["ntlm", "credssp", "basic"])
def test_a_login_that_leaves_nothing_open_is_named_as_it_was_asked_for(
    authority: trustme.CA, tmp_path: pathlib.Path, plugin: str, login: str
) -> None:
    node = Node(tls=server_tls(authority, "127.0.0.1"), logins=["negotiate", "basic", "credssp"])
    with contextlib.closing(node.listener):
        trust = authority_file(authority, tmp_path)
        sender = node.sender(plugin, scheme="https", trust=trust, login=login)
        converse(node, sender)
        assert sender.login == login


@pytest.mark.parametrize("login", ["ntlm", "credssp"])
def test_messages_stay_readable_where_both_sides_want_that(listen: Listen, plugin: str, login: str) -> None:
    node, settings = listen(logins=["negotiate", "credssp"], encryption="optional")
    converse(node, node.sender(plugin, login=login, encryption="never", **settings))


def test_basic_over_https_serves_where_encryption_is_required(
    authority: trustme.CA, tmp_path: pathlib.Path, plugin: str
) -> None:
    node = Node(tls=server_tls(authority, "127.0.0.1"), encryption="required")
    with contextlib.closing(node.listener):
        trust = authority_file(authority, tmp_path)
        converse(node, node.sender(plugin, scheme="https", trust=trust, login="basic"))


@pytest.mark.parametrize("login", ["ntlm", "basic", "credssp"])
def test_a_node_that_requires_encryption_turns_readable_messages_away(plugin: str, login: str) -> None:
    node = Node(encryption="required", logins=["negotiate", "basic", "credssp"])
    with contextlib.closing(node.listener), pytest.raises(Unreachable, match=r"refuses unencrypted .*https"):
        node.sender(plugin, login=login, encryption="never").send(b"<one/>")
    assert node.service.received == []


@pytest.mark.parametrize("login", ["credssp", "ntlm", "basic"])
def test_a_login_that_the_node_has_switched_off_is_unreachable(listen: Listen, plugin: str, login: str) -> None:
    node, settings = listen(logins=["negotiate" if login == "credssp" else "credssp"])
    with pytest.raises(Unreachable, match=rf"{login}.*ansible_{plugin}_"):
        node.sender(plugin, login=login, encryption="auto" if login != "basic" else "never", **settings).send(b"<one/>")
    assert node.service.received == []


def test_a_wrong_password_under_credssp_is_unreachable_and_not_told(listen: Listen, plugin: str) -> None:
    node, settings = listen(logins=["credssp"])
    with pytest.raises(Unreachable, match="credssp") as caught:
        node.sender(plugin, login="credssp", ansible_password="wrong-Secret-1", **settings).send(b"<one/>")
    assert "wrong-Secret-1" not in str(caught.value)
    assert node.service.received == []


@needs_kerberos
@pytest.mark.parametrize("encryption", ["auto", "always"])
def test_kerberos_with_a_password(listen: Listen, kerberos: Realm, plugin: str, encryption: str) -> None:
    node, settings = listen(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    settings |= {"login": "kerberos", "ansible_user": UPN, "encryption": encryption}
    converse(node, node.sender(plugin, **settings, **BY_PASSWORD, **CALLED))


@needs_kerberos
def test_kerberos_with_a_ticket_needs_no_password(
    listen: Listen, kerberos: Realm, plugin: str, ticket: Callable[..., None]
) -> None:
    ticket()
    node, settings = listen(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    converse(node, node.sender(plugin, login="kerberos", ansible_user=UPN, **BY_TICKET, **CALLED, **settings))


@needs_kerberos
def test_negotiate_takes_kerberos_where_it_can(listen: Listen, kerberos: Realm, ticket: Callable[..., None]) -> None:
    ticket()
    node, settings = listen(keytab=kerberos.keytab)
    sender = node.sender("psrp", login="negotiate", ansible_user=UPN, **BY_TICKET, **CALLED, **settings)
    converse(node, sender)
    assert sender.login == "kerberos"


KERBEROS_FAILS = {
    "a wrong password": (
        {"ansible_password": "wrong-Secret-1"},
        "kinit: Password incorrect.*; the password is wrong: check ansible_password",
        "the password is wrong: check ansible_password",
    ),
    "an unknown user": (
        {"ansible_user": "nobody@CORP.EXAMPLE"},
        "'nobody@CORP.EXAMPLE' not found.*; the domain does not know this user: check ansible_user",
        "not found in Kerberos database.*: check ansible_user",
    ),
    "an unknown name of the node": (
        {"ansible_winrm_kerberos_hostname_override": None, "ansible_psrp_negotiate_hostname_override": None},
        r"HTTP/127\.0\.0\.1@.* ansible_winrm_kerberos_hostname_override",
        r"WSMAN/127\.0\.0\.1@.* ansible_psrp_negotiate_hostname_override",
    ),
    "no ticket": (BY_TICKET, "there is no ticket: run kinit", "there is no ticket: run kinit"),
    "an unknown realm": (
        {"ansible_user": "operator@OTHER.EXAMPLE"},
        "OTHER.EXAMPLE.*krb5.conf",
        "OTHER.EXAMPLE.*krb5.conf",
    ),
    "a realm in lower case": (
        {"ansible_user": "operator@corp.example"},
        "check the realm in ansible_user, which is the domain in capitals",
        "check the realm in ansible_user, which is the domain in capitals",
    ),
    "an expired password": (
        {"ansible_user": "old@CORP.EXAMPLE"},
        "the password has expired: change it",
        "the password has expired: change it",
    ),
    "a disabled account": (
        {"ansible_user": "shut@CORP.EXAMPLE"},
        "this account is disabled, locked or expired",
        "this account is disabled, locked or expired",
    ),
    "an expired account": (
        {"ansible_user": "gone@CORP.EXAMPLE"},
        "this account is disabled, locked or expired",
        "this account is disabled, locked or expired",
    ),
    "a backslash": (
        {"ansible_user": "CORP\\operator"},
        "Kerberos drops the backslash: write ansible_user as operator@REALM",
        "Kerberos drops the backslash: write ansible_user as operator@REALM",
    ),
}


REFUSED_BY_THE_DOMAIN = {"a wrong password", "an expired password", "a disabled account", "an expired account"}


@needs_kerberos
@pytest.mark.parametrize(
    ("case", "wrong", "winrm", "psrp"),
    [(case, *texts) for case, texts in KERBEROS_FAILS.items()],
    ids=list(KERBEROS_FAILS),
)
def test_where_kerberos_fails_the_node_is_not_asked_and_the_cure_is_told(
    kerberos: Realm, plugin: str, case: str, wrong: t.Any, winrm: t.Any, psrp: t.Any
) -> None:
    node = Node(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    settings = {"login": "kerberos", "ansible_user": UPN, **BY_PASSWORD, **CALLED, **wrong}
    said = winrm if plugin == "winrm" else psrp
    with contextlib.closing(node.listener):
        with pytest.raises(Unreachable, match=rf"^Cannot log in .*kerberos.*{said}") as caught:
            node.sender(plugin, **settings).send(b"<one/>")
        assert node.listener.connections["logins"] == 0
    assert isinstance(caught.value, LoginRefused) == (case in REFUSED_BY_THE_DOMAIN)
    assert "wrong-Secret-1" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


@needs_kerberos
@pytest.mark.parametrize("user", ["operator@corp.example", "OPERATOR@CORP.EXAMPLE"])
def test_a_ticket_of_a_name_that_is_written_otherwise_is_told_with_its_cure(
    kerberos: Realm, ticket: Callable[..., None], plugin: str, user: str
) -> None:
    ticket()
    node = Node(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    with contextlib.closing(node.listener), pytest.raises(Unreachable, match=r"must read as klist shows it.*capitals"):
        node.sender(plugin, login="kerberos", ansible_user=user, **BY_TICKET, **CALLED).send(b"<one/>")


@needs_kerberos
def test_a_ticket_that_kinit_got_under_another_name_is_told_with_its_cure(
    kerberos: Realm, tmp_path: pathlib.Path
) -> None:
    """With ``-C`` and ``-E`` a domain controller of Active Directory may give a ticket of another name."""
    kinit = tmp_path / "kinit"
    kinit.write_text("#!/bin/sh\nexec kinit operator@CORP.EXAMPLE\n")
    kinit.chmod(0o700)
    node = Node(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    settings = {"ansible_user": "Operator@corp.example", "ansible_winrm_kinit_cmd": str(kinit), **BY_PASSWORD, **CALLED}
    with contextlib.closing(node.listener), pytest.raises(Unreachable, match=r"must read as klist shows it.*capitals"):
        node.sender("winrm", login="kerberos", **settings).send(b"<one/>")


@needs_kerberos
def test_a_computer_without_the_service_wsman_is_told_with_the_variable_that_helps(
    kerberos: Realm, ticket: Callable[..., None]
) -> None:
    ticket()
    called = {"ansible_psrp_negotiate_hostname_override": WITHOUT_WSMAN}
    settings = {"login": "kerberos", "ansible_user": UPN, **BY_TICKET, **called}
    node = Node(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    with contextlib.closing(node.listener):
        with pytest.raises(Unreachable, match=r"WSMAN/hvc1.*set ansible_psrp_negotiate_service to HTTP"):
            node.sender("psrp", **settings).send(b"<one/>")
        assert node.service.received == []
        node.sender("psrp", **settings, ansible_psrp_negotiate_service="HTTP").send(b"<two/>")


@needs_kerberos
def test_a_certificate_to_which_pywinrm_cannot_bind_kerberos_is_told_with_its_cure(
    kerberos: Realm, ticket: Callable[..., None], tmp_path: pathlib.Path
) -> None:
    ticket()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ed25519_file(tmp_path))
    node = Node(tls=tls, logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    settings = {"login": "kerberos", "scheme": "https", "ansible_user": UPN, **BY_TICKET, **CALLED}
    settings["ansible_winrm_server_cert_validation"] = "ignore"
    with contextlib.closing(node.listener):
        with pytest.raises(Unreachable, match="signed with Ed25519: set ansible_winrm_send_cbt to false"):
            node.sender("winrm", **settings).send(b"<one/>")
        assert node.service.received == []
        node.sender("winrm", **settings, ansible_winrm_send_cbt=False).send(b"<two/>")


@needs_kerberos
def test_a_session_goes_on_after_its_ticket_has_ended_or_tells_to_get_another(
    kerberos: Realm, cache: str, ticket: Callable[..., None], plugin: str
) -> None:
    node = Node(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    sender = node.sender(plugin, login="kerberos", ansible_user=UPN, **BY_TICKET, **CALLED)
    with contextlib.closing(node.listener):
        ticket("-l", "3s")
        sender.send(b"<one/>")
        kerberos.wait_for_the_end(cache)

        if plugin == "winrm":
            sender.send(b"<two/>")  # pykerberos does not look at the end of the ticket
            sender.close()
        received = list(node.service.received)
        with pytest.raises(Unreachable, match=r"(Ticket|credential has) expired.*; run kinit again"):
            sender.send(b"<lost/>")
        assert node.service.received == received

        ticket()
        assert sender.send(b"<three/>") == answer_to(b"<three/>")
        assert node.service.received == [*received, b"<three/>"]


@needs_kerberos
def test_a_session_by_password_logs_in_anew_when_its_ticket_has_ended(
    kerberos: Realm, cache: str, ticket: Callable[..., None]
) -> None:
    """An answer could not be opened by pyspnego then, so that nothing may be sent with the old keys, not even once."""
    node = Node(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    sender = node.sender("psrp", login="kerberos", ansible_user=UPN, **CALLED)
    with contextlib.closing(node.listener), contextlib.ExitStack() as ends:
        ends.callback(kerberos.administer, "modprinc -maxlife 1day operator")
        kerberos.administer("modprinc -maxlife 3seconds operator")
        sender.send(b"<one/>")
        ticket()
        kerberos.wait_for_the_end(cache)

        assert sender.send(b"<two/>") == answer_to(b"<two/>")
        assert node.service.received == [b"<one/>", b"<two/>"]
        assert node.listener.connections["logins"] == 2


@needs_kerberos
@pytest.mark.parametrize("mode", [BY_PASSWORD, BY_TICKET], ids=["password", "ticket"])
def test_a_login_that_the_node_asks_for_later_takes_the_ticket_of_its_own_account(
    kerberos: Realm,
    ticket: Callable[..., None],
    authority: trustme.CA,
    tmp_path: pathlib.Path,
    plugin: str,
    mode: t.Any,
) -> None:
    ticket()
    node = Node(tls=server_tls(authority, "127.0.0.1"), logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    settings = {"login": "kerberos", "scheme": "https", "trust": authority_file(authority, tmp_path)}
    sender = node.sender(plugin, **settings, ansible_user=UPN, **mode, **CALLED)
    with contextlib.closing(node.listener), ThreadPoolExecutor(1) as threads:
        sender.send(b"<one/>")
        node.effects.append("http_401")
        with Cache(f"FILE:{tmp_path}/of-another-account").held():
            answer = threads.submit(sender.send, b"<two/>")
            if plugin == "psrp" and mode is BY_PASSWORD:
                answer.result(30)  # pyspnego has a cache of its own in memory then
            else:
                assert answer not in wait([answer], timeout=0.3).done
        assert answer.result() == answer_to(b"<two/>")


def test_an_account_in_too_many_groups_is_told_of_them(plugin: str) -> None:
    page = b"<h2>Bad Request - Request Too Long</h2><hr><p>HTTP Error 400. The size of the request headers is too long."
    with (
        refusing(400, page) as port,
        pytest.raises(Unreachable, match=r"'operator'.*too long.*an account in many groups"),
    ):
        open_sender(connection(plugin, port)).send(b"<one/>")
