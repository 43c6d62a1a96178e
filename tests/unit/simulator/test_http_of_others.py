# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTTP as the programs of others speak it to WinRM: byte for byte on a socket, as http.sys must take it."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator

import pytest

from tests.simulator.accounts import User
from tests.simulator.http import Listener
from tests.unit.simulator.messages import SYSTEM, S, endpoint, enumerate_message

USER = User("operator", "secret-9", "CORP")
MESSAGE = enumerate_message(SYSTEM)
BASIC = f"Authorization: Basic {base64.b64encode(b'operator:secret-9').decode()}"
TYPE = "Content-Type: application/soap+xml;charset=UTF-8"


@pytest.fixture
def line() -> Iterator[socket.socket]:
    listener = Listener(endpoint(), USER)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=60) as connection:
        yield connection
    listener.close()


def head(*lines: str, version: str = "1.1", path: str = "/wsman", length: int = len(MESSAGE)) -> bytes:
    first = f"POST {path} HTTP/{version}"
    return "\r\n".join([first, "Host: node1", TYPE, f"Content-Length: {length}", *lines, "", ""]).encode()


def answer(line: socket.socket) -> tuple[int, str, bytes]:
    """Read one answer: its status, head and body."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += line.recv(65536)
    top, unused, body = got.partition(b"\r\n\r\n")
    lines = top.decode().lower().splitlines()
    length = next((int(one.partition(":")[2]) for one in lines if one.startswith("content-length:")), 0)
    while len(body) < length:
        body += line.recv(65536)
    return int(lines[0].split()[1]), "\n".join(lines), body


def test_a_client_that_waits_for_100_continue_gets_it(line: socket.socket) -> None:
    # curl, and so openwsman and wsl, sends this before large messages.
    line.sendall(head(BASIC, "Expect: 100-continue"))
    assert answer(line)[0] == 100
    line.sendall(MESSAGE)
    status, unused, body = answer(line)
    assert (status, b"Msvm_ComputerSystem" in body) == (200, True)


def test_http_1_0_ends_with_the_answer(line: socket.socket) -> None:
    line.sendall(head(BASIC, version="1.0") + MESSAGE)
    status, unused, body = answer(line)
    assert (status, b"Msvm_ComputerSystem" in body) == (200, True)
    assert line.recv(1) == b""


@pytest.mark.parametrize("path", ["/wsman", "/wsman?PSVersion=5.1.20348.1", "/WSMan/"])
def test_a_client_that_is_told_of_basic_sends_its_message_again(line: socket.socket, path: str) -> None:
    # openwsman sends the whole message first, virt-who an empty one; both stay on the connection.
    for length, body in ((len(MESSAGE), MESSAGE), (0, b"")):
        line.sendall(head("Connection: Keep-Alive", length=length, path=path) + body)
        status, top, unused = answer(line)
        assert (status, 'www-authenticate: basic realm="wsman"' in top) == (401, True)
    for unused_time in range(2):
        line.sendall(head(BASIC, path=path) + MESSAGE)
        status, top, body = answer(line)
        assert (status, b"Msvm_ComputerSystem" in body) == (200, True)
        assert "content-type: application/soap+xml;charset=utf-8" in top


def test_head_and_message_may_come_in_pieces(line: socket.socket) -> None:
    whole = head(BASIC) + MESSAGE
    for start in range(0, len(whole), 100):
        line.sendall(whole[start : start + 100])
    assert answer(line)[0] == 200


def test_an_encoded_password_may_hold_a_colon_and_a_blank(line: socket.socket) -> None:
    wrong = f"Authorization: Basic {base64.b64encode(b'operator:not: it').decode()}"
    line.sendall(head(wrong) + MESSAGE)
    assert answer(line)[0] == 401


IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
IDENTIFY = (
    f'<s:Envelope xmlns:s="{S}" xmlns:i="{IDENTITY}"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'
).encode()
ANONYMOUS = "WSMANIDENTIFY: unauthenticated"


@pytest.mark.parametrize(
    ("login", "version", "security"),
    [(ANONYMOUS, b"OS: 0.0.0 SP: 0.0 Stack: 3.0", False), (BASIC, b"OS: 10.0.20348 SP: 0.0 Stack: 3.0", True)],
)
def test_a_host_says_more_of_itself_to_who_logs_in(
    line: socket.socket, login: str, version: bytes, security: bool
) -> None:
    line.sendall(head(login, length=len(IDENTIFY)) + IDENTIFY)
    status, unused, body = answer(line)
    assert (status, version in body, b"SecurityProfiles" in body) == (200, True, security)


@pytest.mark.parametrize(("lines", "message"), [((ANONYMOUS,), MESSAGE), ((ANONYMOUS,), b"no message"), ((), IDENTIFY)])
def test_nothing_else_is_answered_to_who_does_not_log_in(
    line: socket.socket, lines: tuple[str, ...], message: bytes
) -> None:
    line.sendall(head(*lines, length=len(message)) + message)
    status, top, body = answer(line)
    assert (status, "www-authenticate: negotiate" in top, body) == (401, True, b"")


@pytest.mark.parametrize(
    ("request_line", "status", "page"),
    [
        ("no request", 400, b"<p>HTTP Error 400. The request verb is invalid.</p>"),
        ("PUT /wsman HTTP/1.1", 405, b"HTTP Error 405."),
        ("OPTIONS /wsman HTTP/1.1", 405, b"HTTP Error 405."),
    ],
)
def test_what_is_no_post_is_answered_by_http_sys(
    line: socket.socket, request_line: str, status: int, page: bytes
) -> None:
    line.sendall(f"{request_line}\r\nHost: node1\r\nContent-Length: 0\r\n\r\n".encode())
    told, top, body = answer(line)
    assert (told, page in body) == (status, True)
    assert "server: microsoft-httpapi/2.0\n" in top
    assert "connection: close" in top
    assert status != 400 or len(body) == 326
