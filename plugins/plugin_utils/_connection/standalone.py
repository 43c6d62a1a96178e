# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection plugin where no task has made one. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Mapping

from ansible import constants as C
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

if t.TYPE_CHECKING:
    from ansible.plugins.connection import ConnectionBase


def winrm_connection(variables: Mapping[str, t.Any]) -> ConnectionBase:
    """Return a ``winrm`` connection plugin with its options set from a host's variables, as a task gets it.

    Nothing is sent. Raises AnsibleError for a value that the plugin refuses.
    """
    made: t.Any = connection_loader.get("ansible.builtin.winrm", PlayContext(), os.devnull)
    definitions = C.config.get_configuration_definitions("connection", made._load_name)
    names = {one["name"] for option in definitions.values() for one in option.get("vars", ())}
    own = {name: value for name, value in variables.items() if name in names}
    extras = {name: value for name, value in variables.items() if name.startswith("ansible_winrm_") and name not in own}
    made.set_options(var_options={**own, "_extras": extras})
    return t.cast("ConnectionBase", made)
