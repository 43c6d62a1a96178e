# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HTTPS with certificates good and bad, and certificates that log a user in, over both connection plugins."""

from __future__ import annotations

import contextlib
import pathlib
import ssl
import typing as t
from collections.abc import Iterator

import pytest
import trustme
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable
from cryptography.hazmat.primitives import serialization

from tests.certificates import authority_file, client_files, server_files
from tests.unit.connection.listening import PASSWORD, Node, answer_to

TRUST = {"winrm": "ansible_winrm_ca_trust_path", "psrp": "ansible_psrp_ca_cert"}


@pytest.fixture(params=["winrm", "psrp"])
def plugin(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: pathlib.Path) -> str:
    return authority_file(authority, tmp_path)


@contextlib.contextmanager
def listening(certificate: str, trusts: str | None = None, **demands: t.Any) -> Iterator[Node]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if trusts:
        context.load_verify_locations(trusts)
        context.verify_mode = ssl.CERT_OPTIONAL
    node = Node(tls=context, **demands)
    with contextlib.closing(node.listener):
        yield node


@pytest.mark.parametrize("login", ["basic", "ntlm"])
@pytest.mark.parametrize(
    ("names", "expired", "said"),
    [(["127.0.0.1"], True, "expired"), (["other.example"], False, r"127\.0\.0\.1")],
    ids=["expired", "another name"],
)
def test_a_bad_certificate_is_refused_before_anything_is_told(
    authority: trustme.CA,
    trusted: str,
    tmp_path: pathlib.Path,
    plugin: str,
    login: str,
    names: list[str],
    expired: bool,
    said: str,
) -> None:
    with (
        listening(server_files(authority, tmp_path, *names, expired=expired)) as node,
        pytest.raises(Unreachable, match=f"TLS with .*{said}.*{TRUST[plugin]}") as caught,
    ):
        node.sender(plugin, scheme="https", trust=trusted, login=login).send(b"<one/>")
    assert PASSWORD not in str(caught.value)
    assert node.listener.bytes_in == 0
    assert node.listener.connections["logins"] == 0


def test_a_certificate_of_an_unknown_authority_is_refused_by_default(
    authority: trustme.CA, tmp_path: pathlib.Path, plugin: str
) -> None:
    with (
        listening(server_files(authority, tmp_path, "127.0.0.1")) as node,
        pytest.raises(Unreachable, match=f"TLS with .*certificate verify failed.*{TRUST[plugin]}"),
    ):
        node.sender(plugin, scheme="https", login="basic").send(b"<one/>")
    assert node.listener.bytes_in == 0


def test_validation_can_be_switched_off_with_the_plugins_own_variable(
    authority: trustme.CA, tmp_path: pathlib.Path, plugin: str
) -> None:
    ignore = {f"ansible_{plugin}_{'server_' if plugin == 'winrm' else ''}cert_validation": "ignore"}
    with listening(server_files(authority, tmp_path, "other.example", expired=True)) as node:
        sender = node.sender(plugin, scheme="https", login="basic", **ignore)
        assert sender.send(b"<one/>") == answer_to(b"<one/>")


def settings(trusted: str, files: tuple[str, str]) -> dict[str, str]:
    return {"scheme": "https", "trust": trusted, "login": "certificate", "certificate": files[0], "key": files[1]}


def test_a_certificate_logs_its_user_in(
    authority: trustme.CA, trusted: str, tmp_path: pathlib.Path, plugin: str
) -> None:
    files = client_files(authority, tmp_path, "operator@corp.example")
    with listening(server_files(authority, tmp_path, "127.0.0.1"), trusted, logins=["certificate"]) as node:
        sender = node.sender(plugin, **settings(trusted, files))
        assert sender.send(b"<one/>") == answer_to(b"<one/>")
        assert sender.send(b"<two/>") == answer_to(b"<two/>")
        assert node.listener.connections == {"opened": 1, "open": 1, "logins": 1}


def test_a_certificate_of_somebody_else_logs_nobody_in(
    authority: trustme.CA, trusted: str, tmp_path: pathlib.Path, plugin: str
) -> None:
    files = client_files(authority, tmp_path, "intruder@corp.example")
    with (
        listening(server_files(authority, tmp_path, "127.0.0.1"), trusted, logins=["certificate"]) as node,
        pytest.raises(Unreachable, match="refused the credentials"),
    ):
        node.sender(plugin, **settings(trusted, files)).send(b"<one/>")
    assert node.service.received == []


def test_a_certificate_that_the_node_does_not_trust_reaches_nothing(
    authority: trustme.CA, trusted: str, tmp_path: pathlib.Path, plugin: str
) -> None:
    files = client_files(trustme.CA(), tmp_path, "operator@corp.example")
    with (
        listening(server_files(authority, tmp_path, "127.0.0.1"), trusted, logins=["certificate"]) as node,
        pytest.raises(Exception, match=r"127\.0\.0\.1"),
    ):
        node.sender(plugin, **settings(trusted, files)).send(b"<one/>")
    assert node.service.received == []


def test_a_key_with_a_password_is_told_and_not_taken_for_a_fault_of_the_node(
    authority: trustme.CA, trusted: str, tmp_path: pathlib.Path, plugin: str
) -> None:
    certificate, key = client_files(authority, tmp_path, "operator@corp.example")
    path = pathlib.Path(key)
    plain = serialization.load_pem_private_key(path.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"key-Secret-1")
    path.write_bytes(plain.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with (
        listening(server_files(authority, tmp_path, "127.0.0.1"), trusted, logins=["certificate"]) as node,
        pytest.raises(Unreachable, match="was not asked: the private key of the client certificate is encrypted"),
    ):
        node.sender(plugin, **settings(trusted, (certificate, key))).send(b"<one/>")
