# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The listener of one node on loopback, and what went through it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Collection

from .accounts import Accounts, User
from .http_connection import Connection, Delay, Disturb, Reply, Server, Service
from .scenario_listener import LOGINS, Encryption, Login

__all__ = ["Listener", "Reply", "Service"]


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
        logins: Collection[Login] = LOGINS,
        encryption: Encryption = "where_possible",
        keytab: str | None = None,
        disturb: Disturb | None = None,
        delay: Delay | None = None,
    ) -> None:
        """Start to listen.

        Args:
            logins, encryption, keytab: see ``scenario_listener.ListenerSpec``.
            disturb: asked once for each SOAP message, before it is carried out.
            delay: asked for each request of HTTP, and once more for each SOAP message in it.

        Raises:
            OSError: the port is taken.
            ValueError: the password cannot be kept for NTLM.
        """
        accounts = Accounts(user, keytab)
        try:
            self._server = Server(("127.0.0.1", port), Connection)
        except OSError:
            accounts.close()
            raise
        self._server.service = service
        self._server.accounts = accounts
        self._server.tls = tls
        self._server.logins = logins
        self._server.encryption = "optional" if tls is not None else encryption
        self._server.disturb = disturb or (lambda request: None)
        self._server.delay = delay or (lambda request: 0.0)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def bytes_in(self) -> int:
        return self._server.counts["bytes_in"]

    @property
    def bytes_out(self) -> int:
        return self._server.counts["bytes_out"]

    @property
    def connections(self) -> dict[str, int]:
        """How many TCP connections were ``opened`` so far and are ``open``, and the ``logins`` on all of them."""
        counts = self._server.counts
        return {
            "opened": counts["opened"],
            "open": len(self._server.connections),
            "logins": counts["logins"],
        }

    @property
    def refused_logins(self) -> int:
        """How many logins came to nothing."""
        return self._server.counts["refused_logins"]

    def reset_counters(self) -> None:
        """Count from zero again; connections that are open stay so."""
        self._server.counts.clear()

    def close(self) -> None:
        """Stop listening and cut all connections; requests that are being carried out get no answer."""
        self._server.shutdown()
        self._thread.join()
        self._server.cut_connections()
        self._server.server_close()
        self._server.accounts.close()
