# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who speaks on one TCP connection: Basic, client certificates, and the handshakes Negotiate, Kerberos and CredSSP.

HTTP authentication of WinRM: [MS-WSMV] 3.1.4.1 and RFC 4559; CredSSP: [MS-CSSP]; client certificates: DSP0226 C.3.
Channel bindings are not looked at, as Windows does not by itself (CbtHardeningLevel Relaxed takes clients without).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Collection

import spnego
import spnego.exceptions
from cryptography import x509

from .accounts import Accounts
from .scenario_listener import Login
from .sealing import Seal

MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
_OFFERS = {"negotiate": "Negotiate", "kerberos": "Kerberos", "credssp": "CredSSP", "basic": 'Basic realm="WSMAN"'}
_PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")  # szOID_NT_PRINCIPAL_NAME of wincrypt.h
_UTF8 = 0x0C  # tag of a UTF8String in DER


@dataclasses.dataclass(frozen=True)
class Answer:
    """What to say to an Authorization header: ``status`` 200 when it is complete, else 401."""

    status: int
    challenges: tuple[str, ...] = ()


class Authentication:
    """The authentication of one TCP connection.

    Attributes:
        logins: how often it came to an end, with the first of the messages that each bring a password or certificate.
        seal: the keys of a finished handshake to encrypt messages with; None while there is none.
    """

    def __init__(self, accounts: Accounts, logins: Collection[Login], certificate: bytes | None = None) -> None:
        """Begin; ``certificate`` is what the client has shown to TLS, in DER."""
        self._accounts = accounts
        self._taken = logins
        self._certificate = certificate
        self.logins = 0
        self.forget()

    def forget(self) -> None:
        """Lose the security context; the client has to begin again."""
        self._context: spnego.ContextProxy | None = None
        self._is_known = False
        self.seal: Seal | None = None

    @property
    def offers(self) -> list[str]:
        """The WWW-Authenticate headers for who has not authenticated."""
        return [_OFFERS[login] for login in self._taken if login in _OFFERS]

    def step(self, header: str) -> Answer:
        """Take an Authorization header."""
        scheme, unused, written = header.partition(" ")
        if header == MUTUAL and "certificate" in self._taken:
            return self._once(self._shows_the_user())
        try:
            token = base64.b64decode(written, validate=True)
        except binascii.Error:
            return Answer(401)
        scheme = scheme.lower()
        if scheme == "basic" and "basic" in self._taken:
            name, unused, password = token.decode("utf-8", "replace").partition(":")
            return self._once(self._accounts.user.admits(name, password))
        if scheme in self._taken or (scheme == "ntlm" and "negotiate" in self._taken):
            return self._shake_hands(scheme, header.partition(" ")[0], token)
        return Answer(401)

    def _once(self, admitted: bool) -> Answer:
        """Answer a login that every message brings along; it counts once."""
        if admitted and not self._is_known:
            self.logins += 1
        self._is_known = admitted
        return Answer(200 if admitted else 401)

    def _shake_hands(self, scheme: str, written: str, token: bytes) -> Answer:
        try:
            with self._accounts.open():
                if self._context is None or self._context.complete:
                    self._context = spnego.server(protocol=scheme)
                reply = self._context.step(token)
            if self._context.complete and not self._is_the_user(self._context):
                self.forget()
                return Answer(401)
        except (spnego.exceptions.SpnegoError, ValueError):
            # Behind a proxy the second message of a login may come first, which is no message for pyspnego.
            self.forget()
            return Answer(401)
        challenges = (f"{written} {base64.b64encode(reply).decode()}",) if reply else ()
        if not self._context.complete:
            return Answer(401, challenges)
        self.logins += 1
        self.seal = Seal(self._context, scheme)
        return Answer(200, challenges)

    def _is_the_user(self, context: spnego.ContextProxy) -> bool:
        """Tell whether a finished handshake is the account's: NTLM has seen to that with the password."""
        if context.negotiated_protocol == "kerberos":
            return (context.client_principal or "").lower() == self._accounts.user.principal.lower()
        delegated = context.get_extra_info("client_credential") if context.protocol == "credssp" else None
        return delegated is None or self._accounts.user.admits(delegated.username, delegated.password)

    def _shows_the_user(self) -> bool:
        """Tell whether the certificate carries the account's user principal name, by which Windows maps it."""
        if self._certificate is None:
            return False
        try:
            names = x509.load_der_x509_certificate(self._certificate).extensions.get_extension_for_class(
                x509.SubjectAlternativeName
            )
        except (x509.ExtensionNotFound, ValueError):
            return False
        written = [
            name.value[2:].decode("utf-8", "replace").lower()
            for name in names.value.get_values_for_type(x509.OtherName)
            if name.type_id == _PRINCIPAL_NAME and name.value[:1] == bytes([_UTF8])
        ]
        return self._accounts.user.principal.lower() in written
