# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections to hosts other than the task's host."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Mapping, Set

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.loader import connection_loader

from .._wsman.errors import Unreachable
from .inventory import Inventory

if t.TYPE_CHECKING:
    from ansible.plugins.connection import ConnectionBase


_CREDENTIALS = frozenset({"remote_user", "remote_password"})


class PeerConnections:
    """Makes connection plugins for other hosts from the task's own one and from the inventory.

    Variables of an inventory host win; what it does not set is taken from the task's connection, so that credentials
    given once suffice: every setting if the host is reached by the same plugin, else user and password.
    """

    def __init__(self, connection: ConnectionBase, inventory: Inventory) -> None:
        self._connection = connection
        self._inventory = inventory

    def connection(self, host: str | None, address: str) -> ConnectionBase:
        """Return a connection plugin for an inventory host, or (None) for an address, with its options set.

        Nothing is sent yet. Raises Unreachable where the inventory leaves open how to reach it.
        """
        try:
            return self._made(host, address)
        except AnsibleError as error:
            how = f"as the inventory says of {host}" if host else "with the settings of the task's host"
            raise Unreachable(f"{host or address} cannot be reached {how}: {error}") from error

    def _made(self, host: str | None, address: str) -> ConnectionBase:
        variables = self._inventory.variables(host) if host else {}
        made = self._plugin(host or address, str(variables.get("ansible_connection", self._connection._load_name)))
        definitions = C.config.get_configuration_definitions("connection", made._load_name)
        names = {one["name"] for option in definitions.values() for one in option.get("vars", ())}
        own = {name: variables[name] for name in names if name in variables}
        made.set_options(var_options={**own, "_extras": self._extras(made, variables, own)})
        for option, definition in definitions.items():
            known_as = {one["name"] for one in definition.get("vars", ())}
            if known_as.isdisjoint(own) and self._may_have(host, known_as):
                self._inherit(made, option)
        # Of the variables of an option the last one wins.
        addresses = [one["name"] for one in definitions.get("remote_addr", {}).get("vars", ()) if one["name"] in own]
        made.set_option("remote_addr", own[addresses[-1]] if addresses else host or address)
        return t.cast("ConnectionBase", made)

    def _plugin(self, host: str, name: str) -> t.Any:
        context = self._connection._play_context.copy()
        context.shell = None  # that of the task's plugin, which another plugin warns of; none is opened anyway
        made = connection_loader.get(name, context, os.devnull)
        if made is None:
            raise Unreachable(
                f"The connection plugin {name!r} of inventory host {host} does not exist here. Set its "
                "ansible_connection to winrm or psrp."
            )
        return made

    def _extras(self, made: t.Any, variables: Mapping[str, t.Any], own: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return the variables that a plugin passes on to its library without defining them."""
        prefix = f"ansible_{made._load_name.rpartition('.')[2]}_"
        extras = {name: variables[name] for name in variables if name.startswith(prefix) and name not in own}
        if extras or not self._is_same_plugin(made) or not getattr(made, "allow_extras", False):
            return extras
        return t.cast("dict[str, t.Any]", self._connection.get_option("_extras"))

    def _may_have(self, host: str | None, known_as: Set[str]) -> bool:
        """Return whether a host may get what the task's host has by these variables.

        A host that shares no group with that one may be somebody else's: it gets what was given for the whole run, on
        the command line for instance, and nothing that was written down for the task's host.
        """
        is_near = host is None or host in self._inventory.group_peers
        return is_near or known_as.isdisjoint(self._inventory.variables(self._inventory.home))

    def _inherit(self, made: t.Any, option: str) -> None:
        """Take an option from the task's connection; between two plugins only the credentials mean the same."""
        if option in self._connection._options and (self._is_same_plugin(made) or option in _CREDENTIALS):
            made.set_option(option, self._connection.get_option(option))

    def _is_same_plugin(self, made: t.Any) -> bool:
        return bool(made.transport == self._connection.transport)
