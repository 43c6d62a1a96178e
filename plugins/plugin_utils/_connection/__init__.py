# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From Ansible's connection plugins to ``send(bytes) -> bytes``.

The only place that knows pywinrm, pypsrp and the private names of ansible-core. No remote shell is opened: the plugin's
own ``_connect`` is never called, its options are.
"""

from __future__ import annotations

import sys
import typing as t

from ansible.errors import AnsibleError

from .._wsman.errors import Unreachable
from .http_sender import OnResponse
from .inventory import Inventory, Listing
from .lockout import LockoutGuard
from .peer_connections import PeerConnections
from .psrp import psrp_sender
from .winrm import winrm_sender

if t.TYPE_CHECKING:
    from ansible.plugins.connection import ConnectionBase

__all__ = ["Inventory", "Listing", "LockoutGuard", "PeerConnections", "Sender", "UnsupportedConnection", "open_sender"]


class Sender(t.Protocol):
    """An authenticated way to one node.

    Attributes:
        address: host and port, for messages.
        operation_timeout: seconds that the node may take for one request, shorter than what the sender waits.
        on_response: is told the HTTP status and the headers of each response, where somebody listens.
    """

    address: str
    operation_timeout: int
    on_response: OnResponse | None

    @property
    def login(self) -> str:
        """The login that the node took, such as ``ntlm``; empty before that."""

    def send(self, request: bytes) -> bytes:
        """Post one envelope; see ``_wsman.transport.Send``."""

    def close(self) -> None:
        """Close the connection; a later send opens it again."""


class UnsupportedConnection(Unreachable):
    """The host's connection plugin cannot carry WS-Management."""


def open_sender(connection: ConnectionBase, guard: LockoutGuard | None = None) -> Sender:
    """Return the sender for a connection plugin whose options are set. Sends nothing.

    ``guard``: that of the task, None for a sender that is the only one.

    Raises UnsupportedConnection, and Unreachable when the controller lacks the library that the plugin needs or the
    plugin refuses its settings.
    """
    plugin = connection.transport
    try:
        if plugin == "winrm":
            return winrm_sender(connection, guard)
        if plugin == "psrp":
            return psrp_sender(connection, guard)
    except ImportError as error:
        package = {"winrm": "pywinrm>=0.4.3", "psrp": "pypsrp>=0.8,<1.0"}[plugin]
        raise Unreachable(
            f"The connection plugin {plugin!r} needs a Python package that cannot be imported on the controller "
            f"({error}). Install it for the Python that runs Ansible: {sys.executable} -m pip install '{package}'; in "
            "AWX, use an execution environment that has it."
        ) from error
    except AnsibleError as error:
        raise Unreachable(f"The connection plugin {plugin!r} refuses its settings: {error}") from error
    if plugin == "local":
        raise UnsupportedConnection(
            "The host to ask is the controller itself (connection plugin 'local'), which is not a node. Run the task "
            "on a node: name its host of the inventory in the play's hosts or in delegate_to; its ansible_connection "
            "must be winrm or psrp."
        )
    raise UnsupportedConnection(
        f"The connection plugin {plugin!r} cannot carry WS-Management, which hyperv.migration speaks to the node. Set "
        "ansible_connection to winrm or psrp for this host; user, password, port and the variables of that plugin stay "
        "as for any other Windows task."
    )
