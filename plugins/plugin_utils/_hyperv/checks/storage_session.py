# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which node is asked about the storage of the cluster.

Any node shows all of it. One that is taken away is not asked while another one answers: its lists are slow after a
restart, and what it shows of itself is the last thing to go by.
"""

from __future__ import annotations

from ..._wsman.errors import NoAnswer
from ..._wsman.session import Session
from ..cluster.cluster import Cluster
from ..cluster.identity import WrongMachine, identity_of
from ..cluster.nodes import Node, read_nodes


def storage_session(cluster: Cluster, leaving: Node | None) -> Session:
    """Return the session to ask: the task's host, unless that is the node that is taken away and another one answers.

    Raises Fault and TransportError.
    """
    if leaving is None or not cluster.identity.computer.is_called(leaving.name):
        return cluster.home
    for node in read_nodes(cluster):
        if node.state == "up" and node.name != leaving.name:
            try:
                session = cluster.node(node.name)
                identity_of(session).identify()
            except (NoAnswer, WrongMachine):
                continue
            return session
    return cluster.home
