# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers that are no WinRM: each answers every request in the same way."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator, Mapping


def lacking_ipv6() -> str:
    """Return why nothing can be reached by IPv6 here, empty where it can."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        return f"this machine has no IPv6 on loopback ({error}): sysctl net.ipv6.conf.lo.disable_ipv6=0"
    return ""


class Foreign(http.server.ThreadingHTTPServer):
    """Answers with one status, page and headers; ``asked`` has the first lines of what came.

    Where it ``ends_unsaid``, it answers one request of a connection, and meets the next one with the end of it.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str, status: int, page: bytes, headers: Mapping[str, str], ends_unsaid: bool) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), _Handler)
        self.answer = (status, page, headers)
        self.ends_unsaid = ends_unsaid
        self.asked: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Foreign
    protocol_version = "HTTP/1.1"
    has_answered = False  # on this connection

    def do_POST(self) -> None:  # the name is http.server's
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(self.requestline)
        if self.server.ends_unsaid and self.has_answered:
            self.close_connection = True
            return
        self.has_answered = True
        status, page, headers = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(page)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_CONNECT = do_POST  # the names are http.server's

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextlib.contextmanager
def foreign(
    status: int,
    page: bytes = b"",
    headers: Mapping[str, str] | None = None,
    address: str = "127.0.0.1",
    *,
    ends_unsaid: bool = False,
) -> Iterator[Foreign]:
    """Run such a server on loopback."""
    with Foreign(address, status, page, headers or {"Content-Type": "text/html"}, ends_unsaid) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(60)
