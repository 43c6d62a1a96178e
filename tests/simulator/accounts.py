# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The account of a listener, and where the libraries of the handshakes find its password and the service's keys."""

from __future__ import annotations

import contextlib
import dataclasses
import hmac
import os
import pathlib
import socket
import tempfile
import threading
from collections.abc import Iterator

_ENVIRONMENT = threading.Lock()


@dataclasses.dataclass(frozen=True)
class User:
    """The one account of a listener; it may log in as ``name``, ``DOMAIN\\name``, ``name@domain`` or ``name@realm``.

    Clients that split ``name@realm`` send the realm as the domain, winrm-client of npm among them.

    ``realm``: the Kerberos realm, which is the DNS domain in capitals.
    """

    name: str
    password: str
    domain: str = ""
    realm: str = ""

    def spellings(self) -> list[tuple[str, str]]:
        """Return the pairs of domain and user name under which NTLM looks the account up."""
        # go-ntlmssp sends the target name of the challenge where it has no domain; pyspnego's is this machine's name.
        pairs = [("", self.name), (socket.gethostname().upper(), self.name)]
        if self.domain:
            pairs += [(self.domain, self.name), ("", f"{self.name}@{self.domain}")]
        if self.realm:
            pairs += [(self.realm, self.name), ("", self.principal)]
        return pairs

    @property
    def principal(self) -> str:
        """The account's name to Kerberos; in any letter case also the user principal name in its certificate."""
        return f"{self.name}@{self.realm}"

    def admits(self, written: str, password: str) -> bool:
        """Tell whether these are the user, in any spelling and letter case, and the password."""
        domain, separator, name = written.rpartition("\\")
        known = [(own.lower(), user.lower()) for own, user in self.spellings()]
        named = ((domain if separator else "").lower(), name.lower()) in known
        return named and hmac.compare_digest(password.encode(), self.password.encode())


class Accounts:
    """The account of one listener in the form in which pyspnego looks it up; to be closed."""

    def __init__(self, user: User, keytab: str | None = None) -> None:
        """Keep the account for the handshakes, with the service's own keys for Kerberos in the file ``keytab``."""
        if ":" in user.password or "\n" in user.password:
            raise ValueError("pyspnego's file of accounts cannot hold a password with a colon or a line end")
        self.user = user
        handle, self._path = tempfile.mkstemp(prefix="ntlm_users.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{domain}:{name}:{user.password}\n" for domain, name in user.spellings())
        self._variables = {"NTLM_USER_FILE": self._path}
        if keytab is not None:
            # Every handshake brings a new authenticator, and nobody listens in on loopback: no file of replays.
            self._variables |= {"KRB5_KTNAME": f"FILE:{keytab}", "KRB5RCACHENAME": "none:"}

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Let pyspnego find this account, and no other listener's, for as long as the context lasts."""
        # Only the environment of the process names the files, so handshakes of several listeners take turns.
        with _ENVIRONMENT:
            before = {name: os.environ.get(name) for name in self._variables}
            os.environ.update(self._variables)
            try:
                yield
            finally:
                for name, value in before.items():
                    if value is None:
                        del os.environ[name]
                    else:
                        os.environ[name] = value

    def close(self) -> None:
        """Remove the file."""
        pathlib.Path(self._path).unlink(missing_ok=True)
