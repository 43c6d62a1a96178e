# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables of the guide "Options of the connection plugins", against the plugins and libraries that are installed."""

from __future__ import annotations

import contextlib
import inspect
import pathlib
import re
import typing as t
from collections.abc import Callable

import pytest
from ansible import constants as C
from ansible.plugins.loader import connection_loader
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import open_sender
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.http_sender import Unusable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable
from pypsrp.wsman import AUTH_KWARGS
from winrm.protocol import Protocol
from winrm.transport import Transport

from tests.unit.connection.listening import connection, inside

GUIDE = pathlib.Path(__file__).parents[3] / "docs/docsite/rst/connection_options.rst"
_ROW = re.compile(r"^   \* - (?P<names>``.+?)\n     - (?P<kind>\w+)$", re.MULTILINE | re.DOTALL)
# What Ansible's winrm keeps for itself of pywinrm's arguments: `internal_kwarg_mask` in its source.
_NOT_HANDED_ON = {"self", "endpoint", "transport", "username", "password"}
# What pywinrm keeps and never reads.
_UNUSED = {name for name in ("realm", "keytab") if inspect.getsource(Transport).count(f"self.{name}") == 1}


def told_of(plugin: str) -> dict[str, str]:
    """Return what the guide says of each variable of a plugin: Honoured, Irrelevant or Refused."""
    text = GUIDE.read_text(encoding="utf-8")
    section = text.partition(f"The ``{plugin}`` plugin\n")[2].partition("\n---")[0]
    rows = [(re.findall(r"``(\w+)``", row["names"]), row["kind"]) for row in _ROW.finditer(section)]
    told = {name: kind for names, kind in rows for name in names}
    assert len(told) == sum(len(names) for names, unused in rows), "a variable is in two rows"
    return told


def options_of(plugin: str) -> dict[str, t.Any]:
    connection_loader.get(plugin, class_only=True)  # which makes its options known
    return C.config.get_configuration_definitions("connection", plugin)


def variables_of(plugin: str) -> set[str]:
    """Return the variables that the installed plugin takes, those included that it hands on to its library."""
    names = {one["name"] for option in options_of(plugin).values() for one in option.get("vars", ())}
    if plugin == "winrm":
        names |= {
            f"ansible_winrm_{name}" for name in inspect.signature(Protocol).parameters if name not in _NOT_HANDED_ON
        }
    elif getattr(connection_loader.get("psrp", class_only=True), "allow_extras", False):
        names |= {f"ansible_psrp_{name}" for known in AUTH_KWARGS.values() for name in known}
    return names


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_every_option_of_the_installed_plugin_is_in_the_guide(plugin: str) -> None:
    told = told_of(plugin)
    assert set(told.values()) <= {"Honoured", "Irrelevant", "Refused"}
    assert variables_of(plugin) - set(told) == set()
    assert [name for name, option in options_of(plugin).items() if not option.get("vars")] == []


# A value of each variable that shows whether it is honoured, beside what every connection is given.
EXAMPLES = {
    "winrm": {
        "inventory_hostname": "other.example",
        "ansible_host": "other.example",
        "ansible_winrm_host": "[fd00::1]",
        "ansible_user": "other",
        "ansible_winrm_user": "other",
        "ansible_password": "other",
        "ansible_winrm_pass": "other",
        "ansible_winrm_password": "other",
        "ansible_port": 15985,
        "ansible_winrm_port": 15985,
        "ansible_winrm_scheme": "https",
        "ansible_winrm_path": "other",
        "ansible_winrm_transport": ["basic", "ntlm"],
        "ansible_winrm_kinit_mode": "manual",
        "ansible_winrm_kinit_cmd": "/no/such/kinit",
        "ansible_winrm_kinit_args": "-C",
        "ansible_winrm_kinit_env_vars": ["LIKE_THIS"],
        "ansible_winrm_connection_timeout": 25,
        "ansible_winrm_operation_timeout_sec": 25,
        "ansible_winrm_read_timeout_sec": 25,
        "ansible_winrm_ca_trust_path": "/other.pem",
        "ansible_winrm_server_cert_validation": "ignore",
        "ansible_winrm_cert_pem": "/other.pem",
        "ansible_winrm_cert_key_pem": "/other.key",
        "ansible_winrm_message_encryption": "never",
        "ansible_winrm_send_cbt": False,
        "ansible_winrm_credssp_disable_tlsv1_2": True,
        "ansible_winrm_kerberos_delegation": True,
        "ansible_winrm_kerberos_hostname_override": "other.example",
        "ansible_winrm_service": "WSMAN",
        "ansible_winrm_proxy": "http://other.example:3128",
        "ansible_winrm_realm": "OTHER.EXAMPLE",
        "ansible_winrm_keytab": "/other.keytab",
        "ansible_pipelining": True,
    },
    "psrp": {
        "inventory_hostname": "other.example",
        "ansible_host": "other.example",
        "ansible_psrp_host": "[fd00::1]",
        "ansible_user": "other",
        "ansible_psrp_user": "other",
        "ansible_password": "other",
        "ansible_winrm_pass": "other",
        "ansible_winrm_password": "other",
        "ansible_port": 15985,
        "ansible_psrp_port": 15985,
        "ansible_psrp_protocol": "https",
        "ansible_psrp_path": "other",
        "ansible_psrp_auth": "credssp",
        "ansible_psrp_connection_timeout": 7,
        "ansible_psrp_operation_timeout": 25,
        "ansible_psrp_read_timeout": 25,
        "ansible_psrp_reconnection_retries": 2,
        "ansible_psrp_reconnection_backoff": 3,
        "ansible_psrp_connection_backoff": 3,
        "ansible_psrp_ca_cert": "/other.pem",
        "ansible_psrp_cert_trust_path": "/other.pem",
        "ansible_psrp_cert_validation": "ignore",
        "ansible_psrp_certificate_pem": "/other.pem",
        "ansible_psrp_certificate_key_pem": "/other.key",
        "ansible_psrp_certificate_key_password": "other",
        "ansible_psrp_message_encryption": "never",
        "ansible_psrp_negotiate_delegate": True,
        "ansible_psrp_negotiate_hostname_override": "other.example",
        "ansible_psrp_negotiate_send_cbt": False,
        "ansible_psrp_negotiate_service": "HTTP",
        "ansible_psrp_credssp_auth_mechanism": "ntlm",
        "ansible_psrp_credssp_disable_tlsv1_2": True,
        "ansible_psrp_credssp_minimum_version": 5,
        "ansible_psrp_proxy": "http://other.example:3128",
        "ansible_psrp_ignore_proxy": True,
        "ansible_psrp_max_envelope_size": 40960,
        "ansible_psrp_configuration_name": "Other",
        "ansible_psrp_no_profile": True,
        "ansible_pipelining": True,
    },
}
_SHOWN = (str, int, float, tuple, type(None))
CASES = [(plugin, name) for plugin, examples in EXAMPLES.items() for name in examples if name in variables_of(plugin)]


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_every_variable_of_the_guide_is_tried(plugin: str) -> None:
    assert set(EXAMPLES[plugin]) == set(told_of(plugin))


@pytest.fixture
def kinit(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, t.Any], pathlib.Path]:
    """A kinit that writes down how it was called, and gets no ticket."""
    monkeypatch.setattr("winrm.transport.HAVE_KERBEROS", True)
    called = tmp_path / "called"
    script = tmp_path / "kinit"
    script.write_text(
        f'#!/bin/sh\nprintf "Password: "\nread word\necho "$@ $LIKE_THIS" >{called}\nexit 1\n', encoding="utf-8"
    )
    script.chmod(0o700)
    return {"ansible_winrm_kinit_cmd": str(script), "login": ["kerberos"]}, called


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, kinit: tuple[dict[str, t.Any], pathlib.Path]) -> Callable[..., t.Any]:
    """Return what a connection with some settings comes to: the sender, and all that its library was given."""
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://of-the-environment.example:3128")
    monkeypatch.setenv("HTTPS_PROXY", "http://of-the-environment.example:3128")
    monkeypatch.setenv("LIKE_THIS", "handed on")
    base, called = kinit

    def look(plugin: str, name: str, settings: dict[str, t.Any]) -> tuple[dict[str, t.Any], str]:
        if name.startswith("ansible_winrm_kinit"):
            settings = {**base, **settings}
            called.unlink(missing_ok=True)
        sender = open_sender(connection(plugin, 5985, **settings))
        way = next(iter(inside(sender)._ways))
        looks = {"address": sender.address, "seconds": sender.operation_timeout, "ways": list(inside(sender)._ways)}
        with contextlib.suppress(Unusable):
            given = vars(inside(sender)._ways[way]()._transport).items()
            looks |= {name: value for name, value in given if isinstance(value, _SHOWN) and name not in _UNUSED}
        return looks, called.read_text(encoding="utf-8") if called.exists() else ""

    return look


@pytest.mark.parametrize(("plugin", "name"), CASES)
def test_an_option_is_honoured_or_irrelevant_as_the_guide_says(
    seen: Callable[..., t.Any], plugin: str, name: str
) -> None:
    # A later variable of an option wins over an earlier one, which every connection is given.
    without = {"ansible_host": None} if name == "inventory_hostname" else {}
    before = seen(plugin, name, without)
    after = seen(plugin, name, {**without, name: EXAMPLES[plugin][name]})
    assert (before != after) == (told_of(plugin)[name] == "Honoured")


REFUSED = {
    "a zone": ("fe80::1%eth0", "fe80::1%eth0.*no IPv6 address with a zone"),
    "a zone in brackets": ("[fe80::1%eth0]", "no IPv6 address with a zone"),
    "a port": ("node1.example:5985", "neither a name nor an address. The port belongs into ansible_port"),
    "an address with a port": ("[fd00::1]:5985", "neither a name nor an address"),
    "a URL": ("https://node1.example", "neither a name nor an address"),
    "two dots": ("node1..example", "neither a name nor an address"),
    "no first label": (".example", "neither a name nor an address"),
    "a label of 64 characters": (f"{64 * 'n'}.example", "neither a name nor an address"),
    "nothing": ("", "neither a name nor an address"),
}


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=list(REFUSED))
def test_an_address_that_no_library_reaches_is_refused_by_its_variable(plugin: str, given: str, said: str) -> None:
    with pytest.raises(Unreachable, match=f"ansible_host is .*{said}"):
        open_sender(connection(plugin, 5985, ansible_host=given))
