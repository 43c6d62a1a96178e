# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection plugin from the variables of an inventory, without a task."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Mapping

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from .._wsman.errors import Unreachable

if t.TYPE_CHECKING:
    from ansible.plugins.connection import ConnectionBase

PLUGINS = ("winrm", "psrp")


def unknown_variables(plugin: str, names: t.Iterable[str]) -> list[str]:
    """Return the names that mean nothing to a connection plugin; its own prefix stands for its library's settings."""
    connection_loader.get(plugin, PlayContext(), os.devnull)  # its options are not known before it is loaded
    prefix = f"ansible_{plugin}_"
    return sorted(name for name in names if name not in _defined(plugin) and not name.startswith(prefix))


def connection_from(plugin: str, variables: Mapping[str, t.Any]) -> ConnectionBase:
    """Return the connection plugin ``plugin`` with its options set from variables; nothing is sent yet.

    Raises Unreachable where the plugin refuses them.
    """
    made = connection_loader.get(plugin, PlayContext(), os.devnull)
    own = {name: value for name, value in variables.items() if name in _defined(plugin)}
    extras = {name: value for name, value in variables.items() if name not in own}
    try:
        made.set_options(var_options={**own, "_extras": extras})
    except AnsibleError as error:
        raise Unreachable(f"The connection plugin {plugin!r} refuses its settings: {error}") from error
    return t.cast("ConnectionBase", made)


def _defined(plugin: str) -> set[str]:
    definitions = C.config.get_configuration_definitions("connection", plugin)
    return {one["name"] for option in definitions.values() for one in option.get("vars", ())}
