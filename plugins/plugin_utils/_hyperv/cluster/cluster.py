# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access to a cluster: which node to ask for what."""

from __future__ import annotations

import copy
import functools
import typing as t
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..._hostnames import domain_of, first_label
from ..._wsman.errors import NoAnswer, TooMany, TransportError
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.references import Reference
from ..._wsman.session import Session
from ..._wsman.transport import Clock
from ..._wsman.wql import Query
from ..failure.errors import HyperVError
from .cim_values import CORE_GROUP
from .home_session import HomeSession, refuse_silent
from .identity import Identity, identity_of
from .members import NODE, PAUSED, UP, Members
from .patience import BETWEEN_LOOKS, NODES_AT_ONCE, NODES_ONE_BY_ONE, SETTLES_WITHIN, lost_answer
from .topology import Topology

HYPERV_CLUSTER = "root/HyperVCluster/v2"
VIRTUALIZATION = "root/virtualization/v2"
MSCLUSTER = "root/MSCluster"
CIMV2 = "root/cimv2"

_T = t.TypeVar("_T")


class Cluster:
    """Sessions to the nodes of one cluster.

    ``connect(None)`` opens the task's own host and ``connect(node)`` any node by name. Sessions are opened when first
    used and kept.

    What kind of hosts these are is found out once, at the first need, by whatever is asked then, and stays.
    """

    def __init__(
        self,
        connect: Callable[[str | None], Session],
        clock: Clock,
        is_listed: Callable[[str], bool] = lambda name: False,
        confirm: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            is_listed: whether somebody knows a host by a name that the cluster does not have for it.
            confirm: makes sure that the task's host is the one that was meant; called before anything is changed, also
                in a dry run. Raises WrongMachine.
            tell: shows a line at once.
        """
        self.confirm = confirm
        self.tell = tell
        self.clock = clock
        self.is_listed = is_listed
        self._connect = connect
        self._home: HomeSession | None = None
        self._members = Members()
        self._sessions: dict[str, Session] = {}
        self._provider: Session | None = None
        self._spoke: Session | None = None  # for the task's host, when the provider was found
        self._topology: Topology | None = None
        self._has_hyperv_namespace = True

    @property
    def topology(self) -> Topology:
        """What the task's host is a part of. Raises Fault and TransportError where it cannot be asked."""
        if self._topology is None:
            self.query_cluster_if_any(Query(NODE, ("Name",)))
        return self._topology or Topology.STANDALONE_HOSTS

    @property
    def is_clustered(self) -> bool:
        """The task's host is a node of a failover cluster; raises as ``topology``."""
        return self.topology is Topology.FAILOVER_CLUSTER

    @property
    def offers_hyperv(self) -> bool:
        """Root\\HyperVCluster\\v2 can be asked: it is not known that it does not exist."""
        return self._has_hyperv_namespace and not self._stands_alone()

    @functools.cached_property
    def vm_hosts(self) -> tuple[str, ...]:
        """The hosts that are asked for VMs where Root\\HyperVCluster\\v2 does not exist.

        All nodes that run, or the task's host where it stands alone. Raises Fault and TransportError.
        """
        nodes = self.query_cluster_if_any(Query(NODE, ("Name", "State")))
        running = (node.text("Name") for node in nodes if node.integer("State") in (UP, PAUSED))
        return tuple(filter(None, running)) or (self.identity.computer.name,)

    @property
    def identity(self) -> Identity:
        """Who the task's host is."""
        return identity_of(self.home)

    @property
    def home(self) -> HomeSession:
        """The session to the task's host: any node knows the cluster (Root\\MSCluster), so another may take over."""
        if self._home is None:
            self._home = HomeSession(self._connect(None), self.clock, self._others, self._members.can_speak, self.tell)
        return self._home

    def is_home(self, session: Session) -> bool:
        """Tell whether a session leads to the node that answers for the task's host."""
        return session is self.home.speaker

    def _others(self) -> list[tuple[str, Callable[[], Session]]]:
        names = self._members.likeliest_first(lambda name: _key(name) in self._sessions)
        # Of a few moves only their destinations were read, but the sources are talked to.
        others = [key.upper() for key in self._sessions if key not in map(_key, names)]
        return [(name, functools.partial(self._open, name)) for name in (*names, *others)]

    def node(self, name: str, *, is_awaited: bool = False) -> Session:
        """The session to one node, for what only that node knows; a full name means a host of that very name.

        That of the task's host is no exception, for the inventory may list it by any name: ``connect`` knows it.
        Raises Unreachable for one that was waited for long and in vain, unless ``is_awaited``: its silence is expected.
        """
        session = self._open(name)
        if not is_awaited:
            refuse_silent(session, self.clock.now())
        return session

    def ask_again(self) -> None:
        """Have each silent node asked once more, however soon."""
        self.home.search_again()
        for session in (self.home.host, *self._sessions.values()):
            session.silence = session.silence.for_now()

    def beside(self, name: str) -> Session | None:
        """Return the session to a node that is talked to already; None for none, a silent one and the task's host."""
        try:
            session = self.node(name) if self.has_session(name) else None
        except NoAnswer:
            return None
        return None if session is None or self.is_home(session) else session

    def _open(self, name: str) -> Session:
        key = _key(name)
        if key not in self._sessions:
            self._sessions[key] = self._connect(name)
        return self._sessions[key]

    def has_session(self, name: str) -> bool:
        """Tell whether a host is talked to already, so that asking it takes no login.

        Raises HyperVError, Fault and TransportError where the task's host does not tell who it is.
        """
        return _key(name) in self._sessions or self.identity.computer.is_called(name)

    @property
    def look_for_lost(self) -> float:
        """Seconds for which what a call without an answer has started is looked for: nodes may be given long."""
        return max(lost_answer(session.operation_timeout) for session in (self.home, *self._sessions.values()))

    def seen_from(self, node: str) -> Cluster:
        """Return the same cluster, of which another node and no third is asked. Raises as ``node``."""
        other = copy.copy(self)
        other._home = HomeSession(self.node(node), self.clock, list, self._members.can_speak, self.tell)
        return other

    def know_as(self, name: str, session: Session) -> None:
        """Take a session from now on for a host of this name as well: another name of the same host."""
        self._sessions[first_label(name)] = session

    def ask_each(self, nodes: Sequence[str], read: Callable[[str], _T]) -> list[_T]:
        """Return what ``read`` makes of each node, in the order of ``nodes``; many nodes are asked side by side.

        ``read`` uses the sessions of its node alone. A few nodes are asked one after the other, which takes as long as
        opening their connections anyway.
        """
        if len(nodes) <= NODES_ONE_BY_ONE:
            return [read(node) for node in nodes]
        with ThreadPoolExecutor(NODES_AT_ONCE) as threads:
            return list(threads.map(read, nodes))

    @property
    def hyperv(self) -> Session:
        """The session to the node that is asked about Root\\HyperVCluster\\v2."""
        return self._provider or self.home

    def query_cluster(self, query: Query, at_most: int | None = None, *, missing_ok: bool = False) -> list[Instance]:
        """Query Root\\MSCluster on the task's host. Raises Fault, also without a cluster, TransportError, TooMany."""
        try:
            rows = self.home.query(MSCLUSTER, query, at_most, missing_ok=missing_ok)
        except Fault as fault:
            if fault.is_missing_namespace and self._topology is None:
                self._topology = Topology.STANDALONE_HOSTS
            raise
        self._topology = self._topology or Topology.FAILOVER_CLUSTER
        if query.class_name == NODE:
            self._members.note(rows)
            if not query.where:
                self.identity.know_nodes(row.text("Name") for row in rows)
        return rows

    def query_cluster_if_any(self, query: Query, *, missing_ok: bool = False) -> list[Instance]:
        """Query Root\\MSCluster; hosts that stand alone have nothing there. Raises Fault and TransportError."""
        if self._stands_alone():
            return []
        try:
            return self.query_cluster(query, missing_ok=missing_ok)
        except Fault as fault:
            if fault.is_missing_namespace and self._stands_alone():
                return []
            raise

    def _stands_alone(self) -> bool:
        return self._topology is Topology.STANDALONE_HOSTS

    def query_hyperv(self, query: Query) -> list[Instance]:
        """Query Root\\HyperVCluster\\v2 where it answers.

        Its provider is a cluster resource that may be online on one node only; elsewhere the namespace answers with
        nothing, or, as no source tells, with a fault. So nothing means "no such thing" only where something else was
        seen. Raises HyperVError if no node shows anything, Fault and TransportError.
        """
        try:
            return self._query_provider(query)
        except Fault as fault:
            if fault.is_missing_namespace:
                self._has_hyperv_namespace = False
            raise

    def _query_provider(self, query: Query) -> list[Instance]:
        if self._provider is self.home and self._spoke is not self.home.speaker:
            self._provider = None  # it was on the host that is silent now
        try:
            rows = self.hyperv.query(HYPERV_CLUSTER, query)
        except TransportError:
            if self._provider is None or self._provider is self.home:
                raise
            rows = []  # the node that answered before is gone: look for the provider again
            self._provider = None
        except Fault as fault:
            if self._provider is not None or fault.is_access_denied:
                raise
            rows = []
        if rows:
            self._provider, self._spoke = self.hyperv, self.home.speaker
        elif self._provider is None or not self.provider_answers():
            self._await_provider()
            rows = self.hyperv.query(HYPERV_CLUSTER, query)
        return rows

    def hyperv_references(self, query: Query) -> list[Reference]:
        """Return references from the node that answers Root\\HyperVCluster\\v2."""
        return self.hyperv.references(HYPERV_CLUSTER, query)

    def provider_answers(self) -> bool:
        """Tell whether Root\\HyperVCluster\\v2 is alive where it is asked. Raises Fault and TransportError.

        Where it does not exist, the task's host counts.
        """
        return _answers(self.hyperv, HYPERV_CLUSTER if self.offers_hyperv else VIRTUALIZATION)

    def find_provider(self) -> None:
        """Look which node answers Root\\HyperVCluster\\v2 and ask that one from now on. Raises HyperVError for none."""
        if not self.offers_hyperv:
            return
        asked: list[str] = []
        silent: Exception | None = None
        for name in (None, *self._likely_providers()):
            try:
                session = self.home if name is None else self.node(name)
                if session.node in asked:
                    continue
                asked.append(session.node)
                if _answers(session, HYPERV_CLUSTER):
                    self._provider, self._spoke = session, self.home.speaker
                    return
            except NoAnswer as error:
                silent = silent or error
        self._provider = None
        if silent is not None:  # that may be the one which shows it
            raise silent
        raise HyperVError(
            f"None of the nodes {', '.join(asked)} shows anything in Root\\HyperVCluster\\v2. Check that the cluster "
            'resource of type "Virtual Machine Cluster WMI" in the core cluster group is online.'
        )

    def _await_provider(self) -> None:
        """Find the provider, also while the cluster takes it away from a node that does not answer any more."""
        while True:
            try:
                self.find_provider()
                return
            except (HyperVError, NoAnswer):
                lost_at = self.home.taken_over_at
                if lost_at is None or self.clock.now() - lost_at >= SETTLES_WITHIN:
                    raise
            self.clock.pause(BETWEEN_LOOKS)

    def _likely_providers(self) -> list[str]:
        """Return nodes in the order in which they may answer: the owner of the core group, then all that are up."""
        core = self.query_cluster(Query("MSCluster_ResourceGroup", ("Name", "OwnerNode"), {"GroupType": (CORE_GROUP,)}))
        nodes = self.query_cluster(Query(NODE, ("Name", "State")))
        up = [node.text("Name") for node in nodes if node.integer("State") == UP]
        return [name for name in (*(group.text("OwnerNode") for group in core), *up) if name]


def _key(name: str) -> str:
    return name.lower() if domain_of(name) else first_label(name)


def _answers(session: Session, namespace: str) -> bool:
    """Tell whether one of Hyper-V's namespaces is alive on a node: it always shows a system, if only a node."""
    try:
        return bool(session.query(namespace, Query("Msvm_ComputerSystem", ("Name",)), 1))
    except TooMany:
        return True
