# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The TCP connections of a node's listener: HTTP that authenticates, decrypts, and hands SOAP to the service.

Behaviour: [MS-WSMV] 2.1 and 3.1.4.1. What a request's bytes mean is the service's business.
"""

from __future__ import annotations

import codecs
import collections
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

from .accounts import Accounts
from .authentication import Authentication
from .fault_rules import FaultRule
from .scenario_listener import Encryption, Login
from .sealing import Undecipherable

SOAP_TYPE = "application/soap+xml;charset=UTF-8"
PATH = "/wsman"
# http.sys answers itself, in HTML, what does not concern the service: title, heading, text. The pages of 400 and 411
# were recorded from other services behind it (Server: Microsoft-HTTPAPI/2.0, Connection: close; Content-Length: 326 for
# a first line that is no HTTP, in scans by nmap; 344, actions-runner 170, httpful 200), and that of 411 says that a
# chunked request is taken. Of the service of WS-Management nothing was recorded.
_ERRORS = {
    400: ("Bad Request", "Bad Request - Invalid Verb", "The request verb is invalid."),
    404: ("Not Found", "Not Found", "The requested resource is not found."),
    405: ("Method Not Allowed", "Method Not Allowed", "Method Not Allowed."),
    411: ("Length Required", "Length Required", "The request must be chunked or have a content length."),
}
_LAST_CHUNK = 0
_ERROR_PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
    "<HTML><HEAD><TITLE>{title}</TITLE>\r\n"
    '<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n'
    "<BODY><h2>{heading}</h2>\r\n<hr><p>HTTP Error {status}. {text}</p>\r\n</BODY></HTML>\r\n"
)


class Reply(t.Protocol):
    """An answer of the service."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> bytes:
        """The SOAP message."""


class Service(t.Protocol):
    """What a listener serves: SOAP bytes in, HTTP status and SOAP bytes out."""

    def handle(self, request: bytes) -> Reply:
        """Answer one SOAP message."""

    def identify(self, request: bytes) -> Reply:
        """Answer a SOAP message of who has not logged in: with the status 401, unless it is an Identify."""


# What shall go wrong with the SOAP message of one request; None: nothing.
Disturb = t.Callable[[bytes], FaultRule | None]
# Seconds that an answer takes because of its SOAP message; None: whatever it answers.
Delay = t.Callable[[bytes | None], float]


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128
    service: Service
    accounts: Accounts
    tls: ssl.SSLContext | None
    logins: t.Collection[Login]
    encryption: Encryption
    disturb: Disturb
    delay: Delay

    def __init__(self, address: tuple[str, int], handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(address, handler)
        self.lock = threading.Lock()
        self.connections: set[socket.socket] = set()
        self.counts: collections.Counter[str] = collections.Counter()

    def count(self, what: str, number: int = 1) -> None:
        with self.lock:
            self.counts[what] += number

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


class Connection(http.server.BaseHTTPRequestHandler):
    """One TCP connection; http.server calls do_POST for each request on it."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    disable_nagle_algorithm = True
    # An answer leaves in one segment, head and body together.
    wbufsize = -1

    def setup(self) -> None:
        self.server.count("opened")
        if self.server.tls is not None:
            # The handshake belongs in this connection's thread: a silent client must not stop the listener.
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        with self.server.lock:
            self.server.connections.add(self.connection)
        shown = self.connection.getpeercert(binary_form=True) if isinstance(self.connection, ssl.SSLSocket) else None
        self.authentication = Authentication(self.server.accounts, self.server.logins, shown)

    def finish(self) -> None:
        with self.server.lock:
            self.server.connections.discard(self.connection)
        super().finish()
        # The server closes the socket that it accepted, and TLS has put another one in its place.
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: what happened is in the counters."""

    def version_string(self) -> str:
        """Return the Server header; http.server would put a blank behind it."""
        return self.server_version

    def handle_expect_100(self) -> bool:
        """Ask for the message of a client that waits for that, and let it out of the buffer."""
        proceeds = super().handle_expect_100()
        self.wfile.flush()
        return proceeds

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request with another verb, or what is no request of HTTP, as http.sys does, and close."""
        self.close_connection = True
        # Without a version there would be no status line.
        self.request_version = self.protocol_version
        self._answer_of_http(405 if code == 501 else 400)

    def do_GET(self) -> None:  # the name is http.server's
        self._answer_of_http(405 if self._known_path() else 404)

    def do_POST(self) -> None:  # the name is http.server's
        body = self._read()
        time.sleep(self.server.delay(None))
        if body is None:
            self._answer_of_http(411)
        elif not self._known_path():
            self._answer_of_http(404)
        elif "Authorization" in self.headers:
            self._authenticate(body)
        elif self.authentication.seal and body:
            self._receive(body)
        elif self.headers.get("WSMANIDENTIFY", "").strip().lower() == "unauthenticated":
            self._carry_out(body, False, (), self.server.service.identify)
        else:
            self._answer(401, challenges=self.authentication.offers)

    def _known_path(self) -> bool:
        return self.path.partition("?")[0].rstrip("/").lower() == PATH

    def _read(self) -> bytes | None:
        try:
            chunked = self.headers.get("Transfer-Encoding", "").strip().lower() == "chunked"
            body = self._read_chunks() if chunked else self.rfile.read(int(self.headers["Content-Length"]))
        except (TypeError, ValueError):
            self.close_connection = True
            return None
        self.server.count("bytes_in", len(body))
        return body

    def _read_chunks(self) -> bytes:
        """Return a chunked body (RFC 9112 7.1), without extensions and trailers. Raises ValueError for another one."""
        body = b""
        while (size := int(self.rfile.readline().partition(b";")[0], 16)) != _LAST_CHUNK:
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _authenticate(self, body: bytes) -> None:
        before = self.authentication.logins
        answer = self.authentication.step(self.headers["Authorization"])
        self.server.count("logins", self.authentication.logins - before)
        if answer.status == 401:
            # One that goes on has a challenge of its own.
            self.server.count("refused_logins", int(not answer.challenges))
            self._answer(401, challenges=answer.challenges or self.authentication.offers)
        elif body:
            self._receive(body, answer.challenges)
        else:
            self._answer(200, challenges=answer.challenges)

    def _receive(self, body: bytes, challenges: t.Iterable[str] = ()) -> None:
        content_type = self.headers.get("Content-Type", "")
        sealed = content_type.lower().startswith("multipart/")
        seal = self.authentication.seal
        if sealed:
            try:
                if seal is None:
                    raise Undecipherable("nobody has logged in with keys on this connection")
                body = seal.decrypt(body)
            except Undecipherable:
                self.authentication.forget()
                self._answer(400)
                return
        elif self._must_be_sealed():
            self._answer(500)
            return
        self._carry_out(body, sealed, challenges, self.server.service.handle)

    def _must_be_sealed(self) -> bool:
        if self.authentication.seal is None:
            return self.server.encryption == "required"
        return self.server.encryption != "optional"

    def _carry_out(
        self, message: bytes, sealed: bool, challenges: t.Iterable[str], serve: t.Callable[[bytes], Reply]
    ) -> None:
        time.sleep(self.server.delay(message))
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
            reply = serve(message)
        except Exception:
            # The last line of defence: a bug in the simulation shall show here and not as a hanging client.
            traceback.print_exc()
            self._answer(500)
            return
        if effect == "reset_after":
            self._reset()
            return
        content, content_type = reply.body, _soap_type(reply.body)
        if sealed and content and self.authentication.seal:
            original = content_type
            content_type = self.authentication.seal.content_type(content)
            content = self.authentication.seal.encrypt(content, original)
        challenges = self.authentication.offers if reply.status == 401 else challenges
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

    def _answer_of_http(self, status: int) -> None:
        title, heading, text = _ERRORS[status]
        page = _ERROR_PAGE.format(title=title, heading=heading, status=status, text=text)
        self._answer(status, page.encode(), "text/html; charset=us-ascii")

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
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        sent = content[: len(content) // 2] if truncated else content
        # Counted first, so that who has an answer finds it in the count.
        self.server.count("bytes_out", len(sent))
        self.wfile.write(sent)
        self.wfile.flush()
        self.close_connection = self.close_connection or truncated


def _soap_type(message: bytes) -> str:
    is_utf16 = message.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return SOAP_TYPE.replace("UTF-8", "UTF-16") if is_utf16 else SOAP_TYPE
