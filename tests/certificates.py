# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates for the tests: those of listeners, and those that log a user in."""

from __future__ import annotations

import datetime
import pathlib
import typing as t

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

# szOID_NT_PRINCIPAL_NAME of wincrypt.h: Windows maps a client's certificate to a user by this name in it.
_PRINCIPAL_NAME = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_UTF8_STRING = 0x0C


def server_files(authority: trustme.CA, folder: pathlib.Path, *names: str, expired: bool = False) -> str:
    """Write certificate and key of a listener called ``names`` into one file; return its path."""
    ended = datetime.datetime.now() - datetime.timedelta(days=1) if expired else None
    issued = authority.issue_cert(*names, not_after=ended)
    path = folder / "listener.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(path)
    return str(path)


def authority_file(authority: trustme.CA, folder: pathlib.Path) -> str:
    """Write the certificate of an authority; return its path."""
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def client_files(authority: trustme.CA, folder: pathlib.Path, principal: str) -> tuple[str, str]:
    """Write the certificate of a user (``name@domain``) and its key; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    issuers_key: t.Any = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    now = datetime.datetime.now(datetime.timezone.utc)
    text = principal.encode()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, principal.partition("@")[0])]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.OtherName(_PRINCIPAL_NAME, bytes([_UTF8_STRING, len(text)]) + text)]),
            critical=False,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(issuers_key, hashes.SHA256())
    )
    written = folder / "user.pem", folder / "user.key"
    written[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    written[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(written[0]), str(written[1])


def ed25519_file(folder: pathlib.Path) -> str:
    """Write a listener's certificate that is signed with Ed25519, and its key, into one file; return its path."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "listener")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, None)
    )
    path = folder / "ed25519.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)
