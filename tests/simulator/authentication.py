# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who speaks on one TCP connection: Basic, NTLM and Negotiate, and message encryption under the latter two.

HTTP authentication of WinRM: [MS-WSMV] 3.1.4.1 and RFC 4559; message encryption: [MS-WSMV] 2.2.9.1.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import dataclasses
import hmac
import os
import pathlib
import re
import struct
import tempfile
import threading
from collections.abc import Iterator

import spnego
import spnego.exceptions

ENCRYPTED = "application/HTTP-SPNEGO-session-encrypted"
BOUNDARY = "Encrypted Boundary"
_ORIGINAL = re.compile(rb"OriginalContent: type=([^\r\n]+?);Length=(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_VARIABLE = "NTLM_USER_FILE"
_ENVIRONMENT = threading.Lock()


@dataclasses.dataclass(frozen=True)
class User:
    """The one account of a listener; it may log in as ``name``, ``DOMAIN\\name`` or ``name@domain``."""

    name: str
    password: str
    domain: str = ""

    def spellings(self) -> list[tuple[str, str]]:
        """Return the pairs of domain and user name under which NTLM looks the account up."""
        pairs = [("", self.name)]
        if self.domain:
            pairs += [(self.domain, self.name), ("", f"{self.name}@{self.domain}")]
        return pairs

    def admits(self, written: str, password: str) -> bool:
        """Tell whether these are the user, in any spelling and letter case, and the password."""
        domain, separator, name = written.rpartition("\\")
        known = [(own.lower(), user.lower()) for own, user in self.spellings()]
        named = ((domain if separator else "").lower(), name.lower()) in known
        return named and hmac.compare_digest(password.encode(), self.password.encode())


class Accounts:
    """The account of one listener in the form in which pyspnego looks it up; to be closed."""

    def __init__(self, user: User) -> None:
        if ":" in user.password or "\n" in user.password:
            raise ValueError("pyspnego's file of accounts cannot hold a password with a colon or a line end")
        self.user = user
        handle, self._path = tempfile.mkstemp(prefix="ntlm_users.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{domain}:{name}:{user.password}\n" for domain, name in user.spellings())

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Let pyspnego find this account, and no other listener's, for as long as the context lasts."""
        # Only the environment of the process names the file, so handshakes of several listeners take turns.
        with _ENVIRONMENT:
            before = os.environ.get(_VARIABLE)
            os.environ[_VARIABLE] = self._path
            try:
                yield
            finally:
                if before is None:
                    del os.environ[_VARIABLE]
                else:
                    os.environ[_VARIABLE] = before

    def close(self) -> None:
        """Remove the file."""
        pathlib.Path(self._path).unlink(missing_ok=True)


class Undecipherable(Exception):
    """A message that is not framed or sealed as the security context of its connection demands."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What to say to an Authorization header: ``status`` 200 when it is complete, else 401."""

    status: int
    challenges: tuple[str, ...] = ()


class Authentication:
    """The authentication of one TCP connection."""

    def __init__(self, accounts: Accounts, basic: bool) -> None:
        self._accounts = accounts
        self._basic = basic
        self.forget()

    def forget(self) -> None:
        """Lose the security context; the client has to begin again."""
        self._context: spnego.ContextProxy | None = None

    @property
    def offers(self) -> list[str]:
        """The WWW-Authenticate headers for who has not authenticated."""
        return ["Negotiate", 'Basic realm="WSMAN"'] if self._basic else ["Negotiate"]

    @property
    def seals(self) -> bool:
        """Whether a finished NTLM or Negotiate handshake has keys to encrypt messages with."""
        return self._context is not None and self._context.complete

    def step(self, header: str) -> Answer:
        """Take an Authorization header."""
        scheme, unused, written = header.partition(" ")
        try:
            token = base64.b64decode(written, validate=True)
        except binascii.Error:
            return Answer(401)
        if scheme.lower() == "basic" and self._basic:
            name, unused, password = token.decode("utf-8", "replace").partition(":")
            return Answer(200 if self._accounts.user.admits(name, password) else 401)
        if scheme.lower() in ("negotiate", "ntlm"):
            return self._negotiate(scheme, token)
        return Answer(401)

    def _negotiate(self, scheme: str, token: bytes) -> Answer:
        try:
            with self._accounts.open():
                if self._context is None or self._context.complete:
                    self._context = spnego.server(protocol=scheme.lower())
                reply = self._context.step(token)
        except spnego.exceptions.SpnegoError:
            self.forget()
            return Answer(401)
        challenges = (f"{scheme} {base64.b64encode(reply).decode()}",) if reply else ()
        return Answer(200 if self._context.complete else 401, challenges)

    def decrypt(self, body: bytes) -> bytes:
        """Return the message in an encrypted request body. Raises Undecipherable."""
        parts = body.split(f"--{BOUNDARY}".encode())
        if self._context is None or len(parts) != 4 or not parts[3].startswith(b"--"):
            raise Undecipherable("not a message of one part in the frame of [MS-WSMV] 2.2.9.1")
        original = _ORIGINAL.search(parts[1])
        unused, separator, sealed = parts[2].partition(b"application/octet-stream\r\n")
        if original is None or not separator or len(sealed) < 4:
            raise Undecipherable("the parts of the message have not the headers that they must have")
        length = struct.unpack("<i", sealed[:4])[0]
        try:
            message = self._context.unwrap_winrm(sealed[4 : 4 + length], sealed[4 + length :])
        except (spnego.exceptions.SpnegoError, ValueError) as error:
            raise Undecipherable(str(error)) from error
        if len(message) != int(original[2]):
            raise Undecipherable("the message has not the length that its header says")
        return message

    def encrypt(self, message: bytes, content_type: str) -> bytes:
        """Return the body of an encrypted answer."""
        if self._context is None:
            raise Undecipherable("there is no security context")
        signature, sealed, padding = self._context.wrap_winrm(message)
        length = len(message) + padding
        head = (
            f"--{BOUNDARY}\r\n\tContent-Type: {ENCRYPTED}\r\n"
            f"\tOriginalContent: type={content_type};Length={length}\r\n"
            f"--{BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n"
        )
        return head.encode() + struct.pack("<i", len(signature)) + signature + sealed + f"--{BOUNDARY}--\r\n".encode()
