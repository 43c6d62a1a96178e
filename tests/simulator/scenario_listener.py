# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scenario file may say of the nodes' listeners: TLS, the ways to log in, message encryption."""

from __future__ import annotations

import dataclasses
import typing as t

Login = t.Literal["negotiate", "kerberos", "credssp", "basic", "certificate"]
Encryption = t.Literal["where_possible", "required", "optional"]
LOGINS: tuple[Login, ...] = ("negotiate", "basic")


@dataclasses.dataclass(frozen=True)
class TlsSpec:
    """HTTPS, with files in PEM: ``certificate`` holds the chain and the key of every node.

    Clients may show a certificate of ``client_authority``; it logs in the user whose user principal name it carries.
    """

    certificate: str
    client_authority: str | None = None


@dataclasses.dataclass(frozen=True)
class ListenerSpec:
    """How the nodes listen, as in WinRM's configuration (winrm/config/service, Auth and AllowUnencrypted).

    ``logins``: what is taken; Negotiate is NTLM, and Kerberos where there is a ``keytab``, the file with the service's
    keys. ``encryption`` of messages over HTTP: by every login that has keys, and Basic goes readable
    (``where_possible``); that, and Basic is turned away (``required``, what Windows does by itself); readable messages
    are taken from all (``optional``, AllowUnencrypted).
    """

    logins: tuple[Login, ...] = LOGINS
    encryption: Encryption = "where_possible"
    keytab: str | None = None
    tls: TlsSpec | None = None

    @property
    def takes_readable_messages(self) -> bool:
        """Whether messages may go over HTTP without encryption, from whatever login."""
        readable = self.encryption == "optional" or (self.encryption == "where_possible" and "basic" in self.logins)
        return self.tls is None and readable
