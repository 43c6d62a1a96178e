# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A SOCKS proxy of version 5 without a login [RFC 1928] that answers every request with the same reply."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator

GRANTED = 0
REFUSES_LOGINS = 0xFF  # is an answer to the greeting already
_ADDRESS_LENGTHS = {1: 4, 4: 16}
_ANY = bytes(4 + 2)  # address and port that the proxy is bound to


class _Socks(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, reply: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply


class _Handler(socketserver.StreamRequestHandler):
    server: _Socks

    def handle(self) -> None:
        reply = self.server.reply
        self.rfile.read(self.rfile.read(2)[1])
        self.wfile.write(bytes([5, REFUSES_LOGINS if reply == REFUSES_LOGINS else 0]))
        if reply == REFUSES_LOGINS:
            return
        kind = self.rfile.read(4)[3]
        self.rfile.read(_ADDRESS_LENGTHS.get(kind) or self.rfile.read(1)[0])
        port = int.from_bytes(self.rfile.read(2), "big")
        self.wfile.write(bytes([5, reply, 0, 1]) + _ANY)
        if reply == GRANTED:
            with socket.create_connection(("127.0.0.1", port)) as node:
                threading.Thread(target=_pass_on, args=(node, self.connection), daemon=True).start()
                _pass_on(self.connection, node)


def _pass_on(source: socket.socket, destination: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            destination.sendall(data)


@contextlib.contextmanager
def socks_proxy(reply: int = GRANTED) -> Iterator[int]:
    """Run one on loopback, which reaches ports of loopback alone, and yield its port."""
    with _Socks(reply) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join(60)
