# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The simulated cluster on the network: one HTTP listener for each node, on 127.0.0.1."""

from __future__ import annotations

import dataclasses
import ssl

from .accounts import User
from .cluster import NodeEndpoint, SimulatedCluster
from .http import Listener, Reply
from .scenario_listener import TlsSpec


@dataclasses.dataclass(frozen=True)
class _Arrived:
    """A node's service behind a listener, which sees to the network's faults itself."""

    endpoint: NodeEndpoint

    def handle(self, request: bytes) -> Reply:
        return self.endpoint.serve(request)

    def identify(self, request: bytes) -> Reply:
        return self.endpoint.identify(request)

    def delay(self, request: bytes | None) -> float:
        return self.endpoint.latency.of_exchange() if request is None else self.endpoint.delay(request)


class ServedCluster:
    """Listens for every node of ``cluster`` from its construction until ``close``.

    Attributes:
        ports: TCP port on 127.0.0.1 by node name, in the order of the scenario.
    """

    def __init__(self, cluster: SimulatedCluster) -> None:
        """Start to listen. Raises OSError when a port or a file that the scenario names is not to be had."""
        self._listeners: list[Listener] = []
        self.ports: dict[str, int] = {}
        user = cluster.scenario.user
        account = User(user.name, user.password or "", user.domain, cluster.scenario.cluster.domain.upper())
        demands = cluster.scenario.listener
        tls = _context(demands.tls) if demands.tls else None
        try:
            for node in cluster.scenario.nodes:
                endpoint = cluster.endpoint(node.name)
                try:
                    listener = Listener(
                        arrived := _Arrived(endpoint),
                        dataclasses.replace(account, name=node.user or account.name),
                        node.port or 0,
                        tls,
                        demands.logins,
                        demands.encryption,
                        demands.keytab,
                        endpoint.disturb,
                        arrived.delay,
                    )
                except OSError as error:
                    if node.port is None:
                        raise
                    raise OSError(
                        f"port {node.port} of {node.name} cannot be listened on: {error.strerror or error}. Give the "
                        "node another port in the scenario, or none at all for one that is free."
                    ) from error
                self._listeners.append(listener)
                self.ports[node.name] = listener.port
                cluster.meter(node.name, listener)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop listening and cut all connections."""
        for listener in self._listeners:
            listener.close()


def _context(spec: TlsSpec) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(spec.certificate)
        if spec.client_authority:
            context.load_verify_locations(spec.client_authority)
            context.verify_mode = ssl.CERT_OPTIONAL
    except OSError as error:
        raise OSError(f"the files of {spec} cannot be used: {error}") from error
    return context
