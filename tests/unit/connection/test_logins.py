# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every way to log in, over both connection plugins, with and without TLS and message encryption.

Kerberos is MIT's: a KDC on loopback, the simulated node with a keytab, the client with a password or a ticket.
"""

from __future__ import annotations

import contextlib

import pytest
import trustme
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.transport import Unreachable

from tests.certificates import authority_file
from tests.kerberos import lacking, realm
from tests.unit.connection.listening import PASSWORD, Node, answer_to, server_tls

NODE = "node1.corp.example"
LONG = b"<long>" + b"x" * 40000 + b"</long>"
CALLED = {"ansible_winrm_kerberos_hostname_override": NODE, "ansible_psrp_negotiate_hostname_override": NODE}
UPN = "operator@CORP.EXAMPLE"
# Ansible's winrm plugin starts kinit with PATH and the cache alone, and what else it is told to pass on.
BY_PASSWORD = {"ansible_winrm_kinit_env_vars": ["KRB5_CONFIG"]}
BY_TICKET = {"ansible_winrm_kinit_mode": "manual", "ansible_password": None}
needs_kerberos = pytest.mark.skipif(bool(lacking()), reason=f"no Kerberos realm can be run here: {lacking()}")


@pytest.fixture(params=["winrm", "psrp"])
def plugin(request):
    return request.param


@pytest.fixture(params=["http", "https"])
def scheme(request):
    return request.param


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with realm(tmp_path_factory.mktemp("realm"), "operator", PASSWORD, [NODE]) as made:
        yield made


@pytest.fixture
def kerberos(running, monkeypatch, tmp_path):
    for name, value in {**running.environment, "KRB5CCNAME": f"FILE:{tmp_path}/tickets"}.items():
        monkeypatch.setenv(name, value)
    return running


@pytest.fixture
def listen(scheme, authority, tmp_path):
    """Start a node that is reached over the scheme, and return it with what a client must set to do so."""
    with contextlib.ExitStack() as ends:

        def start(**demands):
            tls = server_tls(authority, "127.0.0.1") if scheme == "https" else None
            node = Node(tls=tls, **demands)
            ends.callback(node.listener.close)
            return node, {"scheme": scheme, "trust": authority_file(authority, tmp_path)}

        yield start


def converse(node, sender):
    """Send three messages, one of them long, and expect one connection and one login for all of them."""
    for message in (b"<one/>", LONG, b"<three/>"):
        assert sender.send(message) == answer_to(message)
    assert node.service.received == [b"<one/>", LONG, b"<three/>"]
    assert node.listener.connections == {"opened": 1, "open": 1, "logins": 1}


@pytest.mark.parametrize("login", ["ntlm", "credssp"])
@pytest.mark.parametrize("encryption", ["auto", "always"])
def test_one_login_on_one_connection_serves_all_messages(listen, plugin, login, encryption):
    node, settings = listen(logins=["negotiate", "credssp"])
    converse(node, node.sender(plugin, login=login, encryption=encryption, **settings))


def test_negotiate_without_kerberos_is_ntlm(listen):
    node, settings = listen()
    converse(node, node.sender("psrp", login="negotiate", **settings))


@pytest.mark.parametrize("login", ["ntlm", "credssp"])
def test_messages_stay_readable_where_both_sides_want_that(listen, plugin, login):
    node, settings = listen(logins=["negotiate", "credssp"], encryption="optional")
    converse(node, node.sender(plugin, login=login, encryption="never", **settings))


def test_basic_over_https_serves_where_encryption_is_required(authority, tmp_path, plugin):
    node = Node(tls=server_tls(authority, "127.0.0.1"), encryption="required")
    with contextlib.closing(node.listener):
        trust = authority_file(authority, tmp_path)
        converse(node, node.sender(plugin, scheme="https", trust=trust, login="basic"))


@pytest.mark.parametrize("login", ["ntlm", "basic", "credssp"])
def test_a_node_that_requires_encryption_turns_readable_messages_away(plugin, login):
    node = Node(encryption="required", logins=["negotiate", "basic", "credssp"])
    with contextlib.closing(node.listener), pytest.raises(Unreachable, match=r"refuses unencrypted .*https"):
        node.sender(plugin, login=login, encryption="never").send(b"<one/>")
    assert node.service.received == []


@pytest.mark.parametrize("login", ["credssp", "ntlm", "basic"])
def test_a_login_that_the_node_has_switched_off_is_unreachable(listen, plugin, login):
    node, settings = listen(logins=["negotiate" if login == "credssp" else "credssp"])
    with pytest.raises(Unreachable, match=rf"{login}.*ansible_{plugin}_"):
        node.sender(plugin, login=login, encryption="auto" if login != "basic" else "never", **settings).send(b"<one/>")
    assert node.service.received == []


def test_a_wrong_password_under_credssp_is_unreachable_and_not_told(listen, plugin):
    node, settings = listen(logins=["credssp"])
    with pytest.raises(Unreachable, match="credssp") as caught:
        node.sender(plugin, login="credssp", ansible_password="wrong-Secret-1", **settings).send(b"<one/>")
    assert "wrong-Secret-1" not in str(caught.value)
    assert node.service.received == []


@needs_kerberos
@pytest.mark.parametrize("encryption", ["auto", "always"])
def test_kerberos_with_a_password(listen, kerberos, plugin, encryption):
    node, settings = listen(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    settings |= {"login": "kerberos", "ansible_user": UPN, "encryption": encryption}
    converse(node, node.sender(plugin, **settings, **BY_PASSWORD, **CALLED))


@needs_kerberos
def test_kerberos_with_a_ticket_needs_no_password(listen, kerberos, plugin, running, monkeypatch):
    monkeypatch.setenv("KRB5CCNAME", running.environment["KRB5CCNAME"])
    running.fetch_ticket("operator", PASSWORD)
    node, settings = listen(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    converse(node, node.sender(plugin, login="kerberos", ansible_user=UPN, **BY_TICKET, **CALLED, **settings))


@needs_kerberos
def test_negotiate_takes_kerberos_where_it_can(listen, kerberos, running, monkeypatch):
    monkeypatch.setenv("KRB5CCNAME", running.environment["KRB5CCNAME"])
    running.fetch_ticket("operator", PASSWORD)
    node, settings = listen(keytab=kerberos.keytab)
    converse(node, node.sender("psrp", login="negotiate", ansible_user=UPN, **BY_TICKET, **CALLED, **settings))


KERBEROS_FAILS = {
    "a wrong password": (
        {"ansible_password": "wrong-Secret-1"},
        "kinit: Password incorrect.*ansible_password",
        "the password is wrong: check ansible_password",
    ),
    "an unknown user": (
        {"ansible_user": "nobody@CORP.EXAMPLE"},
        "'nobody@CORP.EXAMPLE' not found.*ansible_user",
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
}


@needs_kerberos
@pytest.mark.parametrize(("wrong", "winrm", "psrp"), KERBEROS_FAILS.values(), ids=list(KERBEROS_FAILS))
def test_where_kerberos_fails_the_node_is_not_asked_and_the_cure_is_told(kerberos, plugin, wrong, winrm, psrp):
    node = Node(logins=["kerberos", "negotiate"], keytab=kerberos.keytab)
    settings = {"login": "kerberos", "ansible_user": UPN, **BY_PASSWORD, **CALLED, **wrong}
    said = winrm if plugin == "winrm" else psrp
    with contextlib.closing(node.listener):
        with pytest.raises(Unreachable, match=rf"^Cannot log in .*kerberos.*{said}") as caught:
            node.sender(plugin, **settings).send(b"<one/>")
        assert node.listener.connections["logins"] == 0
    assert "wrong-Secret-1" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
