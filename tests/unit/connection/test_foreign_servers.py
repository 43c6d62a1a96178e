# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said of a server that is no WinRM, of error pages in any charset, and of what Basic cannot carry."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import NodeBusy, Unreachable

from tests.unit.connection.foreign import Foreign, foreign, lacking_ipv6
from tests.unit.connection.listening import Node, connection

PORTAL = b"<html>Please accept our terms</html>"
LATIN_1 = {"Content-Type": "text/html; charset=ISO-8859-1"}
UMLAUT = "<html>nicht verfügbar</html>".encode("latin-1")
TOO_LONG = b"<h2>Bad Request - Request Too Long</h2><hr><p>HTTP Error 400. The size of the request headers is too long."


@pytest.fixture(params=["winrm", "psrp"])
def plugin(request: pytest.FixtureRequest) -> str:
    return request.param


def told(plugin: str, server: Foreign, **settings: str) -> str:
    """Return what is said where ``server`` answers in the place of a node."""
    with pytest.raises(Unreachable) as caught:
        open_sender(connection(plugin, server.port, **settings)).send(b"<one/>")
    return str(caught.value)


@pytest.mark.parametrize("login", ["ntlm", "credssp"])
def test_a_server_that_asks_for_no_login_is_no_winrm_after_one_request(plugin: str, login: str) -> None:
    with foreign(200, PORTAL) as server:
        said = told(plugin, server, login=login)
    assert f"127.0.0.1:{server.port} answered without asking for a login (HTTP 200): no WinRM there." in said
    assert server.asked == ["POST /wsman HTTP/1.1"]


def test_a_page_in_the_place_of_a_soap_message_is_no_winrm(plugin: str) -> None:
    with foreign(200, PORTAL) as server:
        said = told(plugin, server, login="basic", encryption="never")
    assert "answered with something that is no SOAP message: no WinRM there" in said
    assert len(server.asked) == 1


@pytest.mark.skipif(bool(lacking_ipv6()), reason=lacking_ipv6())
@pytest.mark.parametrize("written", ["::1", "[::1]"])
def test_a_server_at_an_ipv6_address_is_reached_however_the_address_is_written(plugin: str, written: str) -> None:
    with foreign(404, address="::1") as server:
        said = told(plugin, server, ansible_host=written)
    assert f"[::1]:{server.port} answered HTTP 404" in said
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("login", ["ntlm", "basic"])
def test_a_redirection_is_no_winrm_and_nobody_follows_it(plugin: str, login: str, status: int) -> None:
    with foreign(200, PORTAL) as portal:
        place = {"Location": f"http://127.0.0.1:{portal.port}/login?ticket=secret"}
        with foreign(status, b"", place) as server:
            said = told(plugin, server, login=login, encryption="never" if login == "basic" else "auto")
    assert f"answered with a redirection to 127.0.0.1 (HTTP {status}): no WinRM there" in said
    assert "secret" not in said
    assert portal.asked == []


@pytest.mark.parametrize("login", ["ntlm", "basic"])
def test_the_status_of_an_error_page_counts_whatever_its_charset(plugin: str, login: str) -> None:
    settings = {"login": login, "encryption": "never" if login == "basic" else "auto"}
    with foreign(403, UMLAUT, LATIN_1) as server:
        assert "answered HTTP 403 and no SOAP message. Check the IP filter" in told(plugin, server, **settings)
    with foreign(503, UMLAUT, LATIN_1) as server, pytest.raises(NodeBusy):
        open_sender(connection(plugin, server.port, **settings)).send(b"<one/>")


def test_a_ticket_that_is_too_long_for_http_is_told_with_its_cure(plugin: str) -> None:
    with foreign(400, TOO_LONG) as server:
        said = told(plugin, server)
    assert "its HTTP headers are too long. The Kerberos token of an account in many groups" in said
    assert "MaxFieldLength and MaxRequestBytes" in said


def chain_of(error: BaseException) -> list[BaseException]:
    """Return an error and all that led to it, shown to the reader or not."""
    waiting: list[BaseException | None] = [error]
    chain: list[BaseException] = []
    while waiting:
        one = waiting.pop()
        if one is not None and not any(one is known for known in chain):
            chain.append(one)
            waiting += [one.__cause__, one.__context__]
    return chain


def refused_for(password: str, plugin: str, **settings: str) -> str:
    """Return what is said of a password that cannot be sent, after a look at all that could show it."""
    node = Node()
    try:
        with pytest.raises(Unreachable) as caught:
            node.sender(plugin, ansible_password=password, **settings).send(b"<one/>")
    finally:
        node.listener.close()
    chain = chain_of(caught.value)
    assert not [one for one in chain if isinstance(one, UnicodeError)]
    shown = "".join(f"{one!s}{one!r}" for one in chain)
    odd = next(character for character in password if ord(character) > 255)
    assert not [part for part in ("secret", odd, ascii(odd).strip("'")) if part in shown]
    return str(caught.value)


@pytest.mark.parametrize("odd", ["€", "\U0001f600", "u\u0308"], ids=["euro", "emoji", "decomposed"])
def test_a_password_that_basic_cannot_carry_is_told_without_a_character_of_it(plugin: str, odd: str) -> None:
    said = refused_for(f"secret{odd}word", plugin, login="basic", encryption="never")
    assert "basic cannot be used: ansible_password must hold no character outside of latin-1" in said
