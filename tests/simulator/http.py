# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The HTTP side of one node: a listener on loopback that authenticates, decrypts, and hands SOAP to the service.

Behaviour: [MS-WSMV] 2.1 and 3.1.4.1. What a request's bytes mean is the service's business.
"""

from __future__ import annotations

import http.server
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import traceback
import typing as t

from .authentication import BOUNDARY, ENCRYPTED, Accounts, Authentication, Undecipherable, User
from .fault_rules import FaultRule

SOAP_TYPE = "application/soap+xml;charset=UTF-8"
ENCRYPTED_TYPE = f'multipart/encrypted;protocol="{ENCRYPTED}";boundary="{BOUNDARY}"'
PATH = "/wsman"


class Reply(t.Protocol):
    """An answer of the service."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...


class Service(t.Protocol):
    """What a listener serves: SOAP bytes in, HTTP status and SOAP bytes out."""

    def handle(self, request: bytes) -> Reply: ...


# What shall go wrong with the SOAP message of one request; None: nothing.
Disturb = t.Callable[[bytes], FaultRule | None]


class Listener:
    """Serves ``service`` under http(s)://127.0.0.1:port/wsman from its construction until ``close``.

    Attributes:
        port: the TCP port, also when it was left to the system.
        bytes_in, bytes_out: sizes of all HTTP bodies so far, as they went over the wire.
    """

    def __init__(
        self,
        service: Service,
        user: User,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        basic: bool = True,
        unencrypted: bool = False,
        disturb: Disturb | None = None,
    ) -> None:
        """Start to listen.

        Args:
            basic: whether Basic is offered, also over plain HTTP.
            unencrypted: whether NTLM and Negotiate may leave messages unencrypted over plain HTTP.
            disturb: asked once for each SOAP message, before it is carried out.

        Raises:
            OSError: the port is taken.
            ValueError: the password cannot be kept for NTLM.
        """
        accounts = Accounts(user)
        try:
            self._server = _Server(("127.0.0.1", port), _Connection)
        except OSError:
            accounts.close()
            raise
        self._server.service = service
        self._server.accounts = accounts
        self._server.tls = tls
        self._server.basic = basic
        self._server.plain_messages = unencrypted or tls is not None
        self._server.disturb = disturb or (lambda request: None)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def bytes_in(self) -> int:
        return self._server.bytes_in

    @property
    def bytes_out(self) -> int:
        return self._server.bytes_out

    def reset_counters(self) -> None:
        """Count bytes from zero again."""
        self._server.bytes_in = self._server.bytes_out = 0

    def close(self) -> None:
        """Stop listening and cut all connections; requests that are being carried out get no answer."""
        self._server.shutdown()
        self._thread.join()
        self._server.cut_connections()
        self._server.server_close()
        self._server.accounts.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128
    service: Service
    accounts: Accounts
    tls: ssl.SSLContext | None
    basic: bool
    plain_messages: bool
    disturb: Disturb

    def __init__(self, address: tuple[str, int], handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(address, handler)
        self.lock = threading.Lock()
        self.connections: set[socket.socket] = set()
        self.bytes_in = 0
        self.bytes_out = 0

    def count(self, received: int = 0, sent: int = 0) -> None:
        with self.lock:
            self.bytes_in += received
            self.bytes_out += sent

    def cut_connections(self) -> None:
        with self.lock:
            connections = list(self.connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                # The client was faster.
                continue

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        # A client that goes away in the middle, or that distrusts the certificate, is nothing to report.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Connection(http.server.BaseHTTPRequestHandler):
    """One TCP connection; http.server calls do_POST for each request on it."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    disable_nagle_algorithm = True
    # An answer leaves in one segment, head and body together.
    wbufsize = -1

    def setup(self) -> None:
        if self.server.tls is not None:
            # The handshake belongs in this connection's thread: a silent client must not stop the listener.
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        with self.server.lock:
            self.server.connections.add(self.connection)
        self.authentication = Authentication(self.server.accounts, self.server.basic)

    def finish(self) -> None:
        with self.server.lock:
            self.server.connections.discard(self.connection)
        super().finish()
        # The server closes the socket that it accepted, and TLS has put another one in its place.
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: what happened is in the counters."""

    def do_GET(self) -> None:  # the name is http.server's
        self._answer(405 if self._known_path() else 404)

    def do_POST(self) -> None:  # the name is http.server's
        body = self._read()
        if body is None:
            self._answer(411)
        elif not self._known_path():
            self._answer(404)
        elif "Authorization" in self.headers:
            self._authenticate(body)
        elif self.authentication.seals:
            self._receive(body)
        else:
            self._answer(401, challenges=self.authentication.offers)

    def _known_path(self) -> bool:
        return self.path.partition("?")[0].rstrip("/").lower() == PATH

    def _read(self) -> bytes | None:
        try:
            length = int(self.headers["Content-Length"])
        except (TypeError, ValueError):
            self.close_connection = True
            return None
        body = self.rfile.read(length)
        self.server.count(received=len(body))
        return body

    def _authenticate(self, body: bytes) -> None:
        answer = self.authentication.step(self.headers["Authorization"])
        if answer.status == 401:
            self._answer(401, challenges=answer.challenges or self.authentication.offers)
        elif body:
            self._receive(body, answer.challenges)
        else:
            self._answer(200, challenges=answer.challenges)

    def _receive(self, body: bytes, challenges: t.Iterable[str] = ()) -> None:
        content_type = self.headers.get("Content-Type", "")
        sealed = content_type.lower().startswith("multipart/encrypted")
        if sealed:
            try:
                body = self.authentication.decrypt(body)
            except Undecipherable:
                self.authentication.forget()
                self._answer(400)
                return
        elif self.authentication.seals and not self.server.plain_messages:
            self._answer(500)
            return
        self._carry_out(body, sealed, challenges)

    def _carry_out(self, message: bytes, sealed: bool, challenges: t.Iterable[str]) -> None:
        rule = self.server.disturb(message)
        effect = rule.effect if rule else ""
        if rule and effect == "delay":
            time.sleep(rule.seconds)
        elif effect == "reset_before":
            self._reset()
            return
        elif effect in ("http_503", "empty_400", "http_401"):
            self._refuse(int(effect[-3:]))
            return
        try:
            reply = self.server.service.handle(message)
        except Exception:
            # The last line of defence: a bug in the simulation shall show here and not as a hanging client.
            traceback.print_exc()
            self._answer(500)
            return
        if effect == "reset_after":
            self._reset()
            return
        content, content_type = reply.body, SOAP_TYPE
        if sealed and content:
            content, content_type = self.authentication.encrypt(content, SOAP_TYPE), ENCRYPTED_TYPE
        self._answer(reply.status, content, content_type, challenges, effect == "truncate")

    def _refuse(self, status: int) -> None:
        if status == 503:
            self._answer(503)
            return
        # Windows answers so when the security context of a connection is gone.
        self.authentication.forget()
        self._answer(status, challenges=self.authentication.offers if status == 401 else ())

    def _reset(self) -> None:
        # Lingering for no time makes close() send RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _answer(
        self,
        status: int,
        content: bytes = b"",
        content_type: str = "",
        challenges: t.Iterable[str] = (),
        truncated: bool = False,
    ) -> None:
        self.send_response(status)
        for challenge in challenges:
            self.send_header("WWW-Authenticate", challenge)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        sent = content[: len(content) // 2] if truncated else content
        # Counted first, so that who has an answer finds it in the count.
        self.server.count(sent=len(sent))
        self.wfile.write(sent)
        self.wfile.flush()
        self.close_connection = self.close_connection or truncated
