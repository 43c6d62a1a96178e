# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sessions of one task, each to the computer that was expected."""

from __future__ import annotations

import collections
import copy
import threading
import typing as t
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ._admission import admit, is_listed_by_its_cluster, refuse_namesake
from ._connection import Inventory, LockoutGuard, PeerConnections, Sender, open_sender
from ._hyperv.cluster.cluster import Cluster
from ._hyperv.cluster.identity import Identity, identity_of
from ._hyperv.cluster.patience import NODES_AT_ONCE
from ._hyperv.failure.errors import HyperVError
from ._node_lookup import NodeLookup
from ._wsman.errors import NoAnswer
from ._wsman.session import Session
from ._wsman.transport import Clock, Send

_LOADING = threading.Lock()  # Ansible loads plugins and resolves templates for one thread at a time
Watch = Callable[[Sender, str], Send]
"""Returns how to send with a sender to an inventory host."""


def unwatched(sender: Sender, unused: str) -> Send:
    """Return the sender's own way to send: nobody listens."""
    return sender.send


class Connections:
    """Opens sessions to the task's host and to others, and asks each of them first who answers.

    A host is connected to once, whatever names it is asked for by, and from any thread.

    Attributes:
        inventory: what is known of hosts without asking them.
    """

    def __init__(
        self,
        connection: t.Any,
        task_vars: Mapping[str, t.Any],
        clock: Clock,
        trace: Callable[[str, str], None] = lambda line, host: None,
        watch: Watch = unwatched,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            trace: is told of each request, and of the host that it goes to.
            watch: what stands between sessions and senders.
            tell: shows a line at once.
        """
        self._connection = connection
        self._task_vars = task_vars
        self._clock = clock
        self._trace = trace
        self._watch = watch
        self._tell = tell
        self.inventory = Inventory(connection, task_vars)
        self._peers = PeerConnections(connection, self.inventory)
        self._guard = LockoutGuard()
        self._asking: collections.defaultdict[str, threading.Lock] = collections.defaultdict(threading.Lock)
        self._by_host: dict[str, Session] = {}
        self._home: Session | None = None
        self._open: list[tuple[Sender, Session]] = []

    def session(self, node: str | None) -> Session:
        """Return the session to the task's host (None), or to a node of its cluster or a host beside it.

        Raises WrongMachine where another machine answers, Unreachable, and Fault where it does not tell who it is.
        """
        if node is None:
            return self._home_session()
        node = node.strip()
        session = self._home_session()
        home = identity_of(session)
        # The cluster's name leads to another node when the core group has moved.
        is_home = home.computer.is_called(node) and home.has_name_in_domain(node)
        if is_home and not is_listed_by_its_cluster(self.inventory.home_listing(), home):
            return session
        return NodeLookup(self.inventory, self, home).find(node)

    def cluster(self) -> Cluster:
        """Return the cluster of the task's host, of which nothing is asked yet."""
        return Cluster(self.session, self._clock, self.lists, self.confirm, self._tell)

    def listed(self, host: str) -> Session:
        """Return the session to an inventory host that is what it is listed as; raises as ``session`` does."""
        session = self.host(host)
        admit(self.inventory.listing(host), identity_of(session), self.inventory, self._who)
        return session

    def host(self, host: str) -> Session:
        """Return the session to whoever answers for an inventory host, and has told who it is."""
        if self._home is not None and host == self.inventory.home:
            return self._home
        return self._asked(host, lambda: self._peers.connection(host, host))

    def hosts(self, hosts: Sequence[str]) -> dict[str, Session | Exception]:
        """Return the sessions to several, or why there is none, by host; they are asked side by side."""
        with ThreadPoolExecutor(NODES_AT_ONCE) as threads:
            return dict(zip(hosts, threads.map(self._tried, hosts), strict=True))

    def address(self, address: str) -> Session:
        """Return the session to whoever answers at an address that is not listed, and has told who it is."""
        return self._asked(address, lambda: self._peers.connection(None, address))

    def confirm(self) -> None:
        """Refuse a task's host whose short name is that of another cluster's node; raises as ``session`` does.

        For tasks that change something: a host next to it is asked where its name tells no DNS domain.
        """
        home = identity_of(self._home_session())
        refuse_namesake(self.inventory.home_listing(), home, self.inventory, self._who)

    def lists(self, name: str) -> bool:
        """Return whether the inventory has a host of this name."""
        return self.inventory.named(name) is not None

    def who(self, hosts: Sequence[str]) -> dict[str, Identity | Exception]:
        """Return who answers for several inventory hosts, with its cluster and its nodes, or why nobody passes."""
        if len(hosts) == 1:
            return {hosts[0]: self._described(hosts[0])}
        with ThreadPoolExecutor(NODES_AT_ONCE) as threads:
            return dict(zip(hosts, threads.map(self._described, hosts), strict=True))

    def _described(self, host: str) -> Identity | Exception:
        try:
            identity = identity_of(self.listed(host))
            identity.describe()
            return identity
        except (HyperVError, NoAnswer) as error:
            return error

    def as_on(self, host: str) -> Connections:
        """Return the connections that a task on another inventory host would have; what is open is shared.

        Raises as ``listed``.
        """
        session = self.listed(host)
        with _LOADING:
            connection = self._peers.connection(host, host)
            there = {**self._task_vars, "inventory_hostname": host, "ansible_delegated_vars": {}}
            inventory = Inventory(connection, there)
        other = copy.copy(self)
        other.inventory, other._connection, other._home = inventory, connection, session
        other._peers = PeerConnections(connection, inventory)
        return other

    def begin_anew(self) -> None:
        """Forget what the sessions have learnt of their namespaces, as if each were new: its next requests are."""
        for unused, session in self._open:
            session.begin_anew()

    def close(self) -> list[tuple[str, Session]]:
        """Close all connections. Return the sessions with their addresses, for a last word on them."""
        for sender, unused in self._open:
            sender.close()
        return [(sender.address, session) for sender, session in self._open]

    def _home_session(self) -> Session:
        with self._asking[""]:
            if self._home is None:
                session = self._opened(self._connection, self.inventory.home)
                try:
                    admit(self.inventory.home_listing(), identity_of(session), self.inventory, self._who)
                except BaseException:
                    # Whoever goes on asking, as an event source does, meets the machine that answers by then.
                    self._give_up(session)
                    raise
                self._home = session
            return self._home

    def _give_up(self, session: Session) -> None:
        for opened in [one for one in self._open if one[1] is session]:
            opened[0].close()
            self._open.remove(opened)

    def _tried(self, host: str) -> Session | Exception:
        try:
            return self.host(host)
        except (HyperVError, NoAnswer) as error:
            return error

    def _who(self, host: str) -> Identity:
        return identity_of(self.host(host))

    def _asked(self, name: str, connect: Callable[[], t.Any]) -> Session:
        with self._asking[name]:
            if name not in self._by_host:
                with _LOADING:
                    connection = connect()
                self._by_host[name] = self._opened(connection, name)
            session = self._by_host[name]
            identity_of(session).identify()
            return session

    def _opened(self, connection: t.Any, name: str) -> Session:
        with _LOADING:
            sender = open_sender(connection, self._guard)
        session = Session(
            self._watch(sender, name),
            self._clock,
            name or sender.address,
            operation_timeout=sender.operation_timeout,
            trace=lambda line: self._trace(line, name),
            login=lambda: sender.login,
        )
        self._open.append((sender, session))
        return session
