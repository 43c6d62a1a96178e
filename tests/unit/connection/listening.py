# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A listener with real NTLM and message encryption, and Ansible's real connection plugins set up to reach it."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import http.server
import os
import socket
import ssl
import threading
import typing as t
from collections.abc import Iterator

import trustme
from ansible import constants as C
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import Sender, open_sender

from tests.simulator.accounts import User
from tests.simulator.fault_rules import Effect, FaultRule
from tests.simulator.http import Listener

PASSWORD = "correct-Horse-7"
# What each plugin calls the settings that the tests vary.
NAMES = {
    "winrm": {
        "login": "ansible_winrm_transport",
        "scheme": "ansible_winrm_scheme",
        "encryption": "ansible_winrm_message_encryption",
        "trust": "ansible_winrm_ca_trust_path",
        "certificate": "ansible_winrm_cert_pem",
        "key": "ansible_winrm_cert_key_pem",
    },
    "psrp": {
        "login": "ansible_psrp_auth",
        "scheme": "ansible_psrp_protocol",
        "encryption": "ansible_psrp_message_encryption",
        "trust": "ansible_psrp_ca_cert",
        "certificate": "ansible_psrp_certificate_pem",
        "key": "ansible_psrp_certificate_key_pem",
    },
}


@dataclasses.dataclass
class Reply:
    status: int
    body: bytes


class Service:
    """Answers every message with its own bytes."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.status = 200

    def handle(self, request: bytes) -> Reply:
        self.received.append(request)
        return Reply(self.status, answer_to(request))

    def identify(self, request: bytes) -> Reply:
        return Reply(401, b"")


def answer_to(request: bytes) -> bytes:
    return b"<s:Envelope>" + request + b"</s:Envelope>"


class Node:
    """A listener, the messages that reached its service, and what shall go wrong with the next ones."""

    def __init__(
        self, tls: ssl.SSLContext | None = None, port: int = 0, password: str = PASSWORD, **demands: t.Any
    ) -> None:
        """Listen; ``demands`` are the listener's: ``logins``, ``encryption`` and ``keytab``."""
        self.service = Service()
        self.effects: collections.deque[Effect | None] = collections.deque()
        self.listener = Listener(
            self.service,
            User("operator", password, "CORP", "CORP.EXAMPLE"),
            port=port,
            tls=tls,
            disturb=lambda request: self._next_effect(),
            **demands,
        )

    def _next_effect(self) -> FaultRule | None:
        effect = self.effects.popleft() if self.effects else None
        return FaultRule(effect) if effect else None

    def sender(self, plugin: str, **settings: t.Any) -> Sender:
        return open_sender(connection(plugin, self.listener.port, **settings))


def inside(sender: Sender) -> t.Any:
    """Return a sender as one whose private parts a test looks at."""
    return sender


def connection(plugin: str, port: int, **settings: t.Any) -> t.Any:
    """Return a connection plugin with NTLM over http; ``settings`` by the words of NAMES, or variables by name."""
    words = NAMES[plugin]
    chosen = {"login": "ntlm", "scheme": "http", **settings}
    if plugin == "winrm" and isinstance(chosen["login"], str):
        chosen["login"] = [chosen["login"]]
    variables = {words.get(name, name): value for name, value in chosen.items()}
    made = connection_loader.get(plugin, PlayContext(), os.devnull)
    made.set_options(
        var_options={
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": "operator",
            "ansible_password": PASSWORD,
            **variables,
            "_extras": {name: value for name, value in variables.items() if _is_extra(plugin, name)},
        }
    )
    return made


def _is_extra(plugin: str, name: str) -> bool:
    """Tell what Ansible's executor passes on as an extra: variables of a plugin that are none of its options."""
    options = C.config.get_configuration_definitions("connection", plugin).values()
    defined = {one["name"] for option in options for one in option.get("vars", ())}
    return name.startswith(f"ansible_{plugin}_") and name not in defined


def server_tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate for ``names``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@contextlib.contextmanager
def refusing(status: int, page: bytes) -> Iterator[int]:
    """Answer every request with an HTTP error and its page, as http.sys does before WinRM is asked; yield the port."""

    class Refusal(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is http.server's
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(60)


class GarbledTls:
    """Reads each request over TLS and answers with bytes that are none."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.heard: list[bytes] = []
        self._context = context
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> GarbledTls:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(60)

    def _serve(self) -> None:
        while True:
            try:
                plain, unused = self._listening.accept()
            except OSError:
                return
            with self._context.wrap_socket(plain, server_side=True) as encrypted:
                body = encrypted.recv(65536).partition(b"\r\n\r\n")[2]
                self.heard.append(body or encrypted.recv(65536))
                with socket.socket(fileno=encrypted.detach()) as bare:
                    bare.sendall(b"these bytes are no record of TLS")
