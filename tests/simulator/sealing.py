# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Encrypted HTTP bodies: messages sealed with the keys of a security context, in the frame of [MS-WSMV] 2.2.9.1."""

from __future__ import annotations

import re
import struct

import spnego
import spnego.exceptions

BOUNDARY = "Encrypted Boundary"
# What the frame calls the security, by the scheme of the Authorization header.
PROTOCOLS = {
    "negotiate": "application/HTTP-SPNEGO-session-encrypted",
    "ntlm": "application/HTTP-SPNEGO-session-encrypted",
    "kerberos": "application/HTTP-Kerberos-session-encrypted",
    "credssp": "application/HTTP-CredSSP-session-encrypted",
}
# CredSSP seals with TLS, whose records hold no more: longer messages go in several parts.
_RECORD = 16384
_ORIGINAL = re.compile(rb"OriginalContent: type=([^\r\n]+?);Length=(\d+)\s*$", re.IGNORECASE | re.MULTILINE)


class Undecipherable(Exception):
    """A message that is not framed or sealed as the security context of its connection demands."""


class Seal:
    """The keys of a finished handshake and the frame that belongs to its ``scheme``."""

    def __init__(self, context: spnego.ContextProxy, scheme: str) -> None:
        self._context = context
        self._protocol = PROTOCOLS[scheme]
        self._room = _RECORD if scheme == "credssp" else 0

    def content_type(self, message: bytes) -> str:
        """Return the Content-Type of the body that holds ``message``."""
        kind = "x-multi-encrypted" if self._room and len(message) > self._room else "encrypted"
        return f'multipart/{kind};protocol="{self._protocol}";boundary="{BOUNDARY}"'

    def decrypt(self, body: bytes) -> bytes:
        """Return the message in an encrypted request body. Raises Undecipherable."""
        unused, *parts, end = body.split(f"--{BOUNDARY}".encode())
        if not parts or len(parts) % 2 or not end.startswith(b"--") or (len(parts) > 2 and not self._room):
            raise Undecipherable("not a message in the frame of [MS-WSMV] 2.2.9.1")
        return b"".join(self._open(*pair) for pair in zip(parts[::2], parts[1::2], strict=True))

    def _open(self, head: bytes, content: bytes) -> bytes:
        original = _ORIGINAL.search(head)
        unused, separator, sealed = content.partition(b"application/octet-stream\r\n")
        if original is None or self._protocol.encode() not in head or not separator or len(sealed) < 4:
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
        room = self._room or len(message)
        parts = [message[start : start + room] for start in range(0, len(message), room)]
        return b"".join(self._close(part, content_type) for part in parts) + f"--{BOUNDARY}--\r\n".encode()

    def _close(self, part: bytes, content_type: str) -> bytes:
        signature, sealed, padding = self._context.wrap_winrm(part)
        length = len(part) + padding
        head = (
            f"--{BOUNDARY}\r\n\tContent-Type: {self._protocol}\r\n"
            f"\tOriginalContent: type={content_type};Length={length}\r\n"
            f"--{BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n"
        )
        return head.encode() + struct.pack("<i", len(signature)) + signature + sealed
