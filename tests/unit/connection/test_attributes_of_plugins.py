# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible's connection plugins still have the private attributes that the product uses.

They are not promised to anybody. ``make matrix`` runs this with the coming ansible-core as well, before users have it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pathlib

import pytest
from ansible.release import __version__ as core

SENDERS = pathlib.Path(__file__).parents[3] / "plugins/plugin_utils/_connection"
# The option of the connection plugin from which each comes, for whoever has to do without it.
FROM_OPTIONS = {
    "_winrm_host": "remote_addr",
    "_winrm_port": "port",
    "_winrm_scheme": "scheme",
    "_winrm_path": "path",
    "_winrm_user": "remote_user",
    "_winrm_pass": "remote_password",
    "_winrm_transport": "transport",
    "_winrm_connection_timeout": "connection_timeout",
    "_winrm_kwargs": "_extras",
    "_kinit_cmd": "kerberos_command",
    "_kerb_managed": "kerberos_mode",
    "_kerb_auth": "kerberos_command, kinit_args and kinit_env_vars",
    "_kerb_ccache": "the environment variable KRB5CCNAME that kinit is given",
    "_build_winrm_kwargs": "all of them, as set_options leaves them",
    "_build_kwargs": "all of them, as set_options leaves them",
    "_psrp_conn_kwargs": "remote_addr, port, protocol, path, auth and the others that pypsrp.wsman.WSMan takes",
}


def used(plugin: str) -> set[str]:
    """Return the private attributes of a connection plugin that its sender reads or sets."""
    tree = ast.parse((SENDERS / f"{plugin}.py").read_text(encoding="utf-8"))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "plugin"
        and node.attr.startswith("_")
    }


def owned(plugin: str) -> set[str]:
    """Return the attributes that a connection plugin and its bases define: methods, and what methods set."""
    connection = importlib.import_module(f"ansible.plugins.connection.{plugin}").Connection
    found = set(dir(connection))
    for base in connection.__mro__[:-1]:
        tree = ast.parse(inspect.getsource(inspect.getmodule(base) or base))
        found |= {
            node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and "self" in ast.unparse(node)
        }
    return found


@pytest.mark.parametrize("plugin", ["winrm", "psrp"])
def test_what_is_used_exists(plugin: str) -> None:
    gone = used(plugin) - owned(plugin)
    cures = [f"{name}, which came of {FROM_OPTIONS.get(name, 'nothing that is known')}" for name in sorted(gone)]
    assert not cures, f"ansible-core {core} has a connection plugin {plugin} without {'; '.join(cures)}"


def test_each_has_its_successor_named() -> None:
    assert used("winrm") | used("psrp") == set(FROM_OPTIONS)
