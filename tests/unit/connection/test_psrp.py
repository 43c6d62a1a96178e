# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What only the psrp plugin has: its timeouts, its retries, its proxy, and a library that may be missing."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
import threading
import types
import typing as t
from collections.abc import Iterator

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils import _connection as connections
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import (
    Inventory,
    PeerConnections,
    UnsupportedConnection,
    open_sender,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import psrp as psrp_module
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import winrm as winrm_module
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable

from tests.unit.connection.listening import Node, answer_to, connection, inside


@pytest.fixture
def node() -> Iterator[Node]:
    made = Node()
    yield made
    made.listener.close()


@pytest.mark.parametrize(
    ("operation", "read", "expected"),
    [
        (None, None, (60, 70)),
        (20, 30, (60, 70)),
        (45, None, (45, 55)),
        (None, 45, (35, 45)),
        (None, 90, (60, 90)),
        (25, 28, (25, 28)),
    ],
)
def test_timeouts_are_the_inventorys_and_long_enough_for_a_method_call_otherwise(
    operation: int | None, read: int | None, expected: tuple[int, int]
) -> None:
    settings = {"ansible_psrp_operation_timeout": operation, "ansible_psrp_read_timeout": read}
    made = connection("psrp", 5985, **{name: value for name, value in settings.items() if value})
    sender = open_sender(made)
    channel = inside(sender)._ways["ntlm"]()
    assert (sender.operation_timeout, channel._transport.read_timeout) == expected


@pytest.mark.parametrize(("operation", "read"), [(100, 50), (45, 45), (0, 40), (20, 1)])
def test_timeouts_that_contradict_each_other_are_refused(operation: int, read: int) -> None:
    settings = {"ansible_psrp_operation_timeout": operation, "ansible_psrp_read_timeout": read}
    with pytest.raises(Unreachable, match=r"ansible_psrp_operation_timeout.*ansible_psrp_read_timeout.*must exceed"):
        open_sender(connection("psrp", 5985, **settings))


def test_the_connection_timeout_is_the_inventorys() -> None:
    sender = open_sender(connection("psrp", 5985, ansible_psrp_connection_timeout=7))
    assert inside(sender)._ways["ntlm"]()._transport.connection_timeout == 7


def test_connections_that_could_not_be_opened_are_tried_again_as_the_inventory_says(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[tuple[str, int]] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        if len(refused) < 2:
            refused.append(address)
            raise ConnectionRefusedError(111, "Connection refused")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    again = {"ansible_psrp_reconnection_retries": 2, "ansible_psrp_reconnection_backoff": 0}
    assert node.sender("psrp", **again).send(b"<one/>") == answer_to(b"<one/>")
    assert len(refused) == 2


def test_requests_go_through_the_proxy_of_the_inventory(node: Node) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        asked = []

        def answer() -> None:
            client, unused = proxy.accept()
            with client:
                asked.append(client.recv(65536).partition(b"\r\n")[0])
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        settings = {"ansible_psrp_proxy": f"http://127.0.0.1:{proxy.getsockname()[1]}", "ansible_host": "node1.example"}
        with pytest.raises(Unreachable, match=r"HTTP 407.*proxy"):
            node.sender("psrp", **settings).send(b"<one/>")
        thread.join(60)
    assert asked == [f"POST http://node1.example:{node.listener.port}/wsman HTTP/1.1".encode()]


def test_a_password_of_a_key_that_an_older_pypsrp_would_ignore_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psrp_module, "AUTH_KWARGS", {"certificate": ["certificate_key_pem", "certificate_pem"]})
    made = connection("psrp", 5986)
    build = made._build_kwargs

    def build_as_ansible_core_2_21() -> None:
        build()
        made._psrp_conn_kwargs["certificate_key_password"] = "key-Secret-1"

    monkeypatch.setattr(made, "_build_kwargs", build_as_ansible_core_2_21)
    with pytest.raises(Unreachable, match=r"ansible_psrp_certificate_key_password needs pypsrp 0\.9") as caught:
        open_sender(made)
    assert "key-Secret-1" not in str(caught.value)


def _without_credssp(**unused: t.Any) -> None:
    raise ImportError("Cannot use CredSSP auth as requests-credssp is not installed")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"login": "kerberos"},
            r"kerberos cannot be used on this controller: .*gssapi library.*install it: .*'pypsrp\[kerberos\]'",
        ),
        ({"login": "basic"}, "basic cannot be used: .*message encryption"),
        (
            {"login": "credssp"},
            r"credssp cannot be used on this controller: .*requests-credssp.*install it: .*'pypsrp\[credssp\]'",
        ),
    ],
    ids=["kerberos", "basic over http", "credssp"],
)
def test_a_login_that_the_controller_is_not_equipped_for_is_unreachable(
    node: Node, settings: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Make it look as if neither library could be imported, whether they are there or not.
    monkeypatch.setattr("spnego._gss.HAS_GSSAPI", False)
    monkeypatch.setattr("spnego._gss.GSSAPI_IMP_ERR", "no module named gssapi", raising=False)
    monkeypatch.setattr("pypsrp.wsman.HttpCredSSPAuth", _without_credssp)
    with pytest.raises(Unreachable, match=f"^Cannot log in to .*: {said}.* ansible_psrp_auth") as caught:
        node.sender("psrp", **settings).send(b"<one/>")
    assert "credentials" not in str(caught.value)
    assert node.service.received == []


def loaded_anew(module: types.ModuleType) -> types.ModuleType:
    """Return the module as it is loaded now; whoever has imported it before keeps what it has."""
    spec = importlib.util.find_spec(module.__name__)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize(
    ("plugin", "package", "module"), [("psrp", "pypsrp", psrp_module), ("winrm", "pywinrm", winrm_module)]
)
def test_a_missing_library_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, plugin: str, package: str, module: types.ModuleType
) -> None:
    made = connection(plugin, 5985)
    library = "pypsrp" if plugin == "psrp" else "winrm"
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.setitem(sys.modules, name, None)
    lacking = loaded_anew(module)
    monkeypatch.setattr(connections, f"{plugin}_sender", getattr(lacking, f"{plugin}_sender"))
    with pytest.raises(Unreachable, match=f"pip install '{package}"):
        open_sender(made)


def test_other_connection_plugins_are_refused_by_name() -> None:
    other = connection_loader.get("ssh", PlayContext(), os.devnull)
    PeerConnections(other, Inventory(other, {}))  # which asks nothing of a plugin before it is needed
    with pytest.raises(UnsupportedConnection, match=r"'ssh'.*ansible_connection to winrm or psrp"):
        open_sender(other)


def test_a_task_for_the_controller_is_told_to_run_on_a_node() -> None:
    local = connection_loader.get("local", PlayContext(), os.devnull)
    with pytest.raises(UnsupportedConnection, match=r"controller itself.*Run the task on a node: .*delegate_to"):
        open_sender(local)
