# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proxies on the way: squid and tinyproxy, and addresses where none is. A failure names the proxy and who set it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pathlib
import re
import sys
import traceback
import typing as t
from collections.abc import Callable, Iterator

import pytest
import trustme
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import AnswerLost, Unreachable

from tests.certificates import authority_file
from tests.kerberos import lacking as lacking_for_kerberos
from tests.kerberos import realm
from tests.ports import free_port
from tests.proxies import PROXIES, lacking, proxy
from tests.unit.connection.foreign import foreign
from tests.unit.connection.listening import PASSWORD, Node, answer_to, connection, server_tls
from tests.unit.connection.socks_proxy import REFUSES_LOGINS, socks_proxy

NAME = "node1.corp.example"
SECRET = "pr0xy-Secret"
Running = Callable[..., int]
Listen = Callable[..., tuple[Node, dict[str, t.Any]]]
BLAMES_THE_NODE = re.compile(r"certificate|firewall|ansible_host\b|unencrypted|refused the credentials|Run the task")


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(bool(lacking(name)), reason=f"this proxy cannot be run here: {lacking(name)}")


def real(*names: str) -> list[pytest.ParameterSet]:
    return [pytest.param(name, marks=needs(name)) for name in names]


@pytest.fixture(params=["winrm", "psrp"])
def plugin(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return the port of a proxy, which is started when a test first asks for it."""
    ports: dict[tuple[str, bool], int] = {}
    with contextlib.ExitStack() as ends:

        def port(name: str, *, denying: bool = False) -> int:
            if (name, denying) not in ports:
                folder = tmp_path_factory.mktemp(name)
                ports[name, denying] = ends.enter_context(proxy(name, folder, denying=denying))
            return ports[name, denying]

        yield port


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def listen(authority: trustme.CA, tmp_path: pathlib.Path) -> Iterator[Listen]:
    """Start a node behind http or https, and return it with what a client must set to reach it."""
    with contextlib.ExitStack() as ends:

        def start(scheme: str, **demands: t.Any) -> tuple[Node, dict[str, t.Any]]:
            node = Node(tls=server_tls(authority, "127.0.0.1") if scheme == "https" else None, **demands)
            ends.callback(node.listener.close)
            return node, {"scheme": scheme, "trust": authority_file(authority, tmp_path)}

        yield start


@pytest.fixture
def closed() -> int:
    return free_port()


def through(plugin: str, port: int) -> dict[str, t.Any]:
    return {f"ansible_{plugin}_proxy": f"http://operator:{SECRET}@127.0.0.1:{port}"}


def failure(plugin: str, port: int, kinds: tuple[type[Exception], ...] = (Unreachable,), **settings: t.Any) -> str:
    """Return what is said of a connection that fails at its proxy; no login and no password is in it."""
    with pytest.raises(kinds) as caught:
        open_sender(connection(plugin, port, **settings)).send(b"<one/>")
    told = str(caught.value)
    assert not BLAMES_THE_NODE.search(told), told
    shown = "".join(traceback.format_exception(caught.value))
    assert not [secret for secret in (SECRET, PASSWORD) if secret in shown]
    return told


@pytest.mark.parametrize("name", real(*PROXIES))
def test_a_node_is_reached_through_a_proxy_and_its_tunnel(
    running: Running, listen: Listen, plugin: str, scheme: str, name: str
) -> None:
    login = "ntlm" if scheme == "https" or name == "squid" else "basic"
    node, settings = listen(scheme, encryption="optional")
    encryption = "auto" if login == "ntlm" else "never"
    sender = node.sender(plugin, login=login, encryption=encryption, **settings, **through(plugin, running(name)))
    assert sender.send(b"<one/>") == answer_to(b"<one/>")
    assert sender.send(b"<two/>") == answer_to(b"<two/>")


def test_a_proxy_that_ends_connections_without_saying_so_loses_no_request(plugin: str) -> None:
    with foreign(200, answer_to(b""), {"Content-Type": "application/soap+xml"}, ends_unsaid=True) as ending:
        settings = {"login": "basic", "encryption": "never", **through(plugin, ending.port)}
        sender = open_sender(connection(plugin, 5985, **settings))
        assert [sender.send(b"<one/>"), sender.send(b"<two/>")] == [answer_to(b"")] * 2
    assert len(ending.asked) == 2


def test_a_proxy_that_refuses_is_named_and_the_node_is_not_blamed(plugin: str, scheme: str, closed: int) -> None:
    told = failure(plugin, 5985, ansible_host=NAME, scheme=scheme, **through(plugin, closed))
    assert f"The proxy http://127.0.0.1:{closed} refused the connection; {NAME}:5985 was not asked." in told
    assert f"ansible_{plugin}_proxy sets the proxy http://127.0.0.1:{closed}." in told
    assert f'set ansible_{plugin}_proxy: ""' in told


def test_a_proxy_whose_name_is_unknown_is_named(plugin: str, scheme: str) -> None:
    unknown: dict[str, t.Any] = {f"ansible_{plugin}_proxy": "no-such-proxy.invalid:3128"}
    told = failure(plugin, 5985, ansible_host=NAME, scheme=scheme, **unknown)
    assert "The name of the proxy http://no-such-proxy.invalid:3128 cannot be resolved" in told


def test_a_proxy_that_speaks_no_tls_is_told_with_its_scheme(plugin: str, scheme: str) -> None:
    with foreign(200) as plain:
        setting: dict[str, t.Any] = {f"ansible_{plugin}_proxy": f"https://127.0.0.1:{plain.port}"}
        told = failure(plugin, 5985, ansible_host=NAME, scheme=scheme, **setting)
    assert f"TLS with the proxy https://127.0.0.1:{plain.port} failed; {NAME}:5985 was not asked." in told
    assert "Check whether its URL is http://" in told


def test_the_certificate_of_a_proxy_is_not_taken_for_a_wrong_scheme(listen: Listen, plugin: str) -> None:
    proxy_with_tls, unused = listen("https")
    url = f"https://127.0.0.1:{proxy_with_tls.listener.port}"
    proxied: dict[str, t.Any] = {f"ansible_{plugin}_proxy": url}
    with pytest.raises(Unreachable, match=rf"TLS with the proxy {url} failed: its certificate is not accepted \(.*\);"):
        open_sender(connection(plugin, 5986, ansible_host=NAME, scheme="https", **proxied)).send(b"<one/>")


@pytest.mark.parametrize("name", real(*PROXIES))
def test_a_proxy_that_denies_the_way_is_told_with_its_rules(
    running: Running, listen: Listen, plugin: str, scheme: str, name: str
) -> None:
    node, settings = listen(scheme)
    port = running(name, denying=True)
    told = failure(plugin, node.listener.port, **settings, **through(plugin, port))
    assert f"The proxy http://127.0.0.1:{port} does not let requests to 127.0.0.1:{node.listener.port} pass" in told
    assert "(HTTP 403). Its rules must allow" in told
    assert node.listener.bytes_in == 0


@pytest.mark.parametrize("name", real(*PROXIES))
def test_a_node_that_the_proxy_cannot_reach_is_told_at_once(
    running: Running, plugin: str, scheme: str, name: str, closed: int
) -> None:
    told = failure(plugin, closed, scheme=scheme, **through(plugin, running(name)))
    assert f"could not reach 127.0.0.1:{closed} (HTTP 50" in told


def test_a_proxy_that_asks_for_a_login_is_told_with_its_cure(plugin: str, scheme: str) -> None:
    with foreign(407, b"", {"Proxy-Authenticate": 'Basic realm="proxy"'}) as asking:
        told = failure(plugin, 5985, ansible_host=NAME, scheme=scheme, **through(plugin, asking.port))
    assert (
        f"asks for a login of its own (HTTP 407). Give it in the URL: http://user:password@127.0.0.1:{asking.port}"
        in told
    )
    assert len(asking.asked) == 1


BREAKING = [("tinyproxy", "ntlm"), ("tinyproxy", "credssp"), ("squid", "credssp")]


@pytest.mark.parametrize(("name", "login"), [pytest.param(*pair, marks=needs(pair[0])) for pair in BREAKING])
def test_a_proxy_that_breaks_logins_of_a_connection_is_told_with_https_as_the_cure(
    running: Running, listen: Listen, plugin: str, name: str, login: str
) -> None:
    node, settings = listen("http", logins=["negotiate", "credssp"])
    told = failure(plugin, node.listener.port, login=login, **settings, **through(plugin, running(name)))
    assert f"breaks logins that belong to one connection, such as {login}" in told
    assert re.search("[Hh]ttps.* passes through it as a tunnel", told)
    assert node.service.received == []


@needs("tinyproxy")
@pytest.mark.skipif(bool(lacking_for_kerberos()), reason=f"no Kerberos realm can be run here: {lacking_for_kerberos()}")
def test_a_proxy_that_breaks_kerberos_is_told_too(
    running: Running,
    listen: Listen,
    plugin: str,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called = {"ansible_winrm_kerberos_hostname_override": NAME, "ansible_psrp_negotiate_hostname_override": NAME}
    with realm(tmp_path, "operator", PASSWORD, [NAME]) as kdc:
        for name, value in kdc.environment.items():
            monkeypatch.setenv(name, value)
        kdc.fetch_ticket("operator", PASSWORD)
        manual = {"ansible_winrm_kinit_mode": "manual", "ansible_password": None}
        node, settings = listen("http", logins=["kerberos", "negotiate"], keytab=kdc.keytab)
        settings |= {"login": "kerberos", "ansible_user": "operator@CORP.EXAMPLE", **called, **manual}
        # The login passes. Its connection ends when it likes, while the message is on its way or before.
        kinds = (Unreachable, AnswerLost)
        told = failure(plugin, node.listener.port, kinds, **settings, **through(plugin, running("tinyproxy")))
    assert "breaks logins that belong to one connection, such as kerberos" in told
    assert node.service.received == []


@needs("squid")
def test_a_wrong_password_behind_a_proxy_that_keeps_connections_is_a_refused_login_first(
    running: Running, listen: Listen, plugin: str
) -> None:
    node, settings = listen("http")
    with pytest.raises(Unreachable, match=r"refused the credentials.*The proxy http://\S+ may be the reason"):
        node.sender(plugin, ansible_password="wrong", **settings, **through(plugin, running("squid"))).send(b"<one/>")


@needs("squid")
def test_what_the_node_says_behind_a_proxy_stays_the_nodes(running: Running, listen: Listen, plugin: str) -> None:
    node, settings = listen("http")
    settings |= {f"ansible_{plugin}_path": "nothing-here"}
    with pytest.raises(Unreachable, match=rf"HTTP 404.*ansible_{plugin}_path.*sets the proxy http://127"):
        node.sender(plugin, **settings, **through(plugin, running("squid"))).send(b"<one/>")


@needs("squid")
def test_a_certificate_behind_a_tunnel_is_still_the_nodes(running: Running, listen: Listen, plugin: str) -> None:
    node, unused = listen("https")
    with pytest.raises(Unreachable, match=r"TLS with 127\.0\.0\.1.*certificate.*sets the proxy http://127"):
        node.sender(plugin, scheme="https", **through(plugin, running("squid"))).send(b"<one/>")


@pytest.mark.parametrize("variable", ["SCHEME_PROXY", "scheme_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_told_with_its_variable_and_how_to_go_around_it(
    plugin: str, scheme: str, closed: int, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    name = variable.replace("SCHEME", scheme.upper()).replace("scheme", scheme)
    monkeypatch.setenv(name, f"http://operator:{SECRET}@127.0.0.1:{closed}")
    told = failure(plugin, 5985, ansible_host=NAME, scheme=scheme)
    direct = 'ansible_winrm_proxy: ""' if plugin == "winrm" else "ansible_psrp_ignore_proxy: true"
    assert f"The environment variable {name} sets the proxy http://127.0.0.1:{closed}." in told
    assert f"add {NAME} to NO_PROXY there, or set {direct}" in told


AROUND = {
    "winrm": [{"ansible_winrm_proxy": ""}, {"ansible_winrm_proxy": None}],
    "psrp": [{"ansible_psrp_proxy": ""}, {"ansible_psrp_ignore_proxy": True}],
}


@pytest.mark.parametrize(
    ("plugin", "setting"), [(plugin, setting) for plugin, settings in AROUND.items() for setting in settings]
)
def test_the_inventory_goes_around_a_proxy_of_the_environment(
    listen: Listen,
    plugin: str,
    scheme: str,
    setting: dict[str, t.Any],
    closed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed}")
    node, settings = listen(scheme)
    assert node.sender(plugin, **settings, **setting).send(b"<one/>") == answer_to(b"<one/>")


def test_no_login_and_no_message_sets_a_proxy_in_the_environment_that_all_threads_share(
    listen: Listen, plugin: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to use no proxy, requests 2.34.2 sets no_proxy while it looks for one. Threads that do so at once fail."""
    node, settings = listen(scheme)
    written: list[str] = []
    monkeypatch.setattr(os, "putenv", lambda name, value: written.append(os.fsdecode(name)))

    sender = node.sender(plugin, **settings)

    assert [sender.send(b"<one/>"), sender.send(b"<two/>")] == [answer_to(b"<one/>"), answer_to(b"<two/>")]
    assert [name for name in written if name.lower().endswith("_proxy")] == []


def test_no_proxy_goes_around_that_of_the_environment_and_not_around_that_of_the_inventory(
    listen: Listen, plugin: str, scheme: str, closed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    node, settings = listen(scheme)
    assert node.sender(plugin, **settings).send(b"<one/>") == answer_to(b"<one/>")
    assert "refused the connection" in failure(plugin, node.listener.port, **settings, **through(plugin, closed))


@pytest.mark.parametrize(
    "value",
    [
        f"http://operator:{SECRET}/x@proxy.example:3128",
        f"http://operator:{SECRET}@",
        f"ftp://operator:{SECRET}@proxy.example",
        f"http://operator:{SECRET}@proxy.example:many",
        f"http://operator:{SECRET}€@proxy.example:3128",
        f"http://operator:{SECRET}%E2%82%AC@proxy.example:3128",
    ],
)
def test_what_is_no_url_of_a_proxy_is_refused_by_who_set_it_and_not_shown(
    plugin: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    told = failure(plugin, 5985, ansible_host=NAME)
    assert told.startswith("The environment variable HTTP_PROXY sets a proxy")
    proxy_of_the_plugin: dict[str, t.Any] = {f"ansible_{plugin}_proxy": value}
    assert failure(plugin, 5985, **proxy_of_the_plugin).startswith(f"ansible_{plugin}_proxy sets a")


needs_socks = pytest.mark.skipif(importlib.util.find_spec("socks") is None, reason="PySocks is not installed")


def through_socks(plugin: str, port: int, kind: str = "socks5h") -> dict[str, t.Any]:
    return {f"ansible_{plugin}_proxy": f"{kind}://operator:{SECRET}@127.0.0.1:{port}"}


@needs_socks
@pytest.mark.parametrize("kind", ["socks5", "socks5h"])
def test_a_node_is_reached_through_socks(listen: Listen, plugin: str, scheme: str, kind: str) -> None:
    node, settings = listen(scheme)
    with socks_proxy() as port:
        sender = node.sender(plugin, **settings, **through_socks(plugin, port, kind))
        assert [sender.send(b"<one/>"), sender.send(b"<two/>")] == [answer_to(b"<one/>"), answer_to(b"<two/>")]


@needs_socks
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (2, "0x02: Connection not allowed by ruleset"),
        (4, "0x04: Host unreachable"),
        (5, "0x05: Connection refused"),
        (REFUSES_LOGINS, "All offered SOCKS5 authentication methods were rejected"),
    ],
)
def test_what_a_socks_proxy_answers_is_told_as_its_own(plugin: str, scheme: str, reply: int, said: str) -> None:
    with socks_proxy(reply) as port:
        told = failure(plugin, 5985, ansible_host=NAME, scheme=scheme, **through_socks(plugin, port))
    assert f"The proxy socks5h://127.0.0.1:{port} did not connect to {NAME}:5985: {said}." in told


@needs_socks
def test_a_socks_proxy_that_refuses_is_named(plugin: str, closed: int) -> None:
    told = failure(plugin, 5985, ansible_host=NAME, **through_socks(plugin, closed))
    assert f"The proxy socks5h://127.0.0.1:{closed} refused the connection; {NAME}:5985 was not asked." in told


@needs_socks
def test_the_name_of_the_node_is_not_taken_for_that_of_its_socks_proxy(plugin: str) -> None:
    unknown = "node1.nowhere.invalid"
    said = rf"The name of {unknown}:5985 cannot be resolved on the controller.* write socks5h://"
    with socks_proxy() as port:
        sender = open_sender(connection(plugin, 5985, ansible_host=unknown, **through_socks(plugin, port, "socks5")))
        with pytest.raises(Unreachable, match=said):
            sender.send(b"<one/>")


def test_socks_without_its_library_is_told_with_its_cure(plugin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.setenv("ALL_PROXY", f"socks5://operator:{SECRET}@proxy.example:1080")
    told = failure(plugin, 5985, ansible_host=NAME)
    assert told.startswith("The environment variable ALL_PROXY sets the proxy socks5://proxy.example:1080, and the")
    assert "-m pip install 'PySocks'" in told
