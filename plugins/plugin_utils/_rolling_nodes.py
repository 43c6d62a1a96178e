# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hosts of a play whose nodes have their turns, who they are in their cluster, and whom to talk through."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ._action import Arguments
from ._connections import Connections
from ._hostnames import first_label
from ._hyperv.cluster.cluster import Cluster
from ._hyperv.cluster.identity import ClusterName, Identity, identity_of
from ._hyperv.cluster.nodes import Node, find_node
from ._hyperv.failure.errors import HyperVError
from ._hyperv.planning.absence import read_at_once
from ._hyperv.records.file_names import Owner
from ._via import Via, ViaSearch

_AT_ONCE = "rolling_maintenance_at_once"
_TRUE = frozenset({"true", "yes", "on", "1", "y", "t"})  # as ansible-core reads texts
_LOCKSTEP = ("linear", "debug")  # strategies of ansible-core that keep all hosts at the same task


@dataclasses.dataclass(frozen=True)
class Batch:
    """The hosts that the play works on at once.

    Attributes:
        hosts: in the order of the play.
        at_once: how many nodes may be away together.
        hostvars: the variables of all hosts.
    """

    hosts: tuple[str, ...]
    at_once: int
    hostvars: Mapping[str, Mapping[str, t.Any]]

    @classmethod
    def of(cls, arguments: Arguments, task_vars: Mapping[str, t.Any], strategy: str) -> Batch:
        """Return that of a task. Raises HyperVError for more hosts than may be worked on at once.

        ``strategy`` is that of the play.
        """
        nodes, node = arguments["nodes"], arguments["node"]
        if node not in nodes:
            raise HyperVError(f"nodes are {', '.join(nodes) or 'empty'}, and {node} is not among them.")
        at_once = read_at_once(arguments["at_once"], len(nodes), _AT_ONCE)
        in_play = tuple(task_vars.get("ansible_play_batch") or ())
        hosts = tuple(arguments["batch"]) or (node,)
        many = max(in_play, hosts, key=len)
        if len(many) > 1 and at_once == 1:
            raise HyperVError(
                f"Nothing was changed. {', '.join(many)} are worked on at once, and a rolling maintenance goes "
                f"through one node at a time. Add serial: 1 to the play, or allow more with {_AT_ONCE}."
            )
        if len(many) > at_once:
            raise HyperVError(
                f"Nothing was changed. {', '.join(many)} are worked on at once, and {_AT_ONCE} is "
                f"{arguments['at_once']}, which is {at_once} of {len(nodes)} nodes. Set serial of the play to "
                f"{at_once}, or raise {_AT_ONCE}."
            )
        if len(in_play) > 1 and not arguments["batch"]:
            raise HyperVError(
                f"Nothing was changed. {', '.join(in_play)} are worked on at once, and batch is empty. Give all of "
                "them in batch, so that their turns are planned together, or add serial: 1 to the play."
            )
        if len(hosts) > 1 and strategy not in _LOCKSTEP:
            raise HyperVError(
                f"Nothing was changed. The strategy of the play is {strategy}, by which each host goes on by itself, "
                f"and {', '.join(hosts)} are worked on at once. Take the strategy linear, or add serial: 1 to the play."
            )
        if node not in hosts:
            raise HyperVError(f"batch has {', '.join(hosts)}, and {node} is not among them.")
        return cls(hosts, at_once, t.cast("Mapping[str, Mapping[str, t.Any]]", task_vars.get("hostvars") or {}))

    @property
    def leader(self) -> str:
        """The host whose task plans for all of them."""
        return self.hosts[0]

    def other_name(self, host: str, of_leader: str) -> str:
        """Return the name that a node has in addition, empty for none."""
        return of_leader if host == self.leader else self._option(host, "rolling_maintenance_node", "")

    def is_restarted(self, host: str, of_leader: bool) -> bool:
        """Tell whether a node is to be restarted, as far as that is known before the work on it."""
        if host == self.leader:
            return of_leader
        return self._option(host, "rolling_maintenance_restart", str(of_leader)).lower() in _TRUE

    def _option(self, host: str, name: str, default: str) -> str:
        """Return what the inventory, or a task, says of one host alone."""
        return str(self.hostvars.get(host, {}).get(name, default))

    def later(self, nodes: Sequence[str]) -> list[list[str]]:
        """Return the batches of the play after this one, as far as can be told; ``nodes`` are all of the run."""
        after = list(nodes[max(nodes.index(host) for host in self.hosts) + 1 :])
        return [after[place : place + len(self.hosts)] for place in range(0, len(after), len(self.hosts))]


@dataclasses.dataclass(frozen=True)
class FoundNodes:
    """Who the hosts of a batch are.

    Attributes:
        via: the host to talk through, for any of them.
        nodes: names in the cluster by inventory host, in the order of the play.
    """

    via: Via
    nodes: Mapping[str, str]

    @property
    def owner(self) -> Owner:
        """Whose nodes they are."""
        cluster = t.cast(ClusterName, self.via.identity.cluster)  # nodes without one were refused
        return Owner(cluster.fqdn or cluster.name, cluster.name)

    def as_result(self) -> dict[str, t.Any]:
        """Return who is talked through for a task's result."""
        return {"via": self.via.host, **self.via.identity.as_result()}


class NodeSearch:
    """Asks the hosts of a batch who they are, and finds another one of their cluster."""

    def __init__(
        self,
        connections: Connections,
        batch: Batch,
        nodes: Sequence[str],
        via: str,
        listed: Sequence[str],
        limit: str = "",
    ) -> None:
        """Ask nobody yet.

        Args:
            nodes: the inventory hosts of the run.
            via: the only one to talk through, empty for any.
            listed: further hosts that may be talked through.
            limit: that of the run, empty for none.

        Raises HyperVError.
        """
        if via and not connections.lists(via):
            raise HyperVError(f"rolling_maintenance_via is {via}, which is not a host of the inventory.")
        self._search = ViaSearch(connections.inventory, connections.who, _no_other(batch.hosts, limit))
        self._batch = batch
        self._nodes = nodes
        self._via = via
        self._pool = list(dict.fromkeys([*nodes, *listed]))

    def find(self, *, is_each_asked: bool = True) -> FoundNodes:
        """Return the nodes; all other hosts of the run must be of their cluster, too. Raises HyperVError.

        ``is_each_asked``: each of them is asked who it is before the first turn, for a name is no proof.
        """
        node, nodes = self._batch.leader, self._nodes
        apart = [one for one in self._pool if one not in self._batch.hosts or len(self._batch.hosts) == 1]
        found = self._search.find(node, apart or self._pool, via=self._via, must_answer=True)
        if found.identity.cluster is None:
            raise HyperVError(
                f"{node} is {found.identity.computer.name}, which is not a node of a failover cluster, so it cannot be "
                "taken away. Nothing was changed."
            )
        if node == nodes[0]:  # once in a run, before anything is changed
            self._search.refuse_strangers(found, nodes, is_each_asked=is_each_asked)
        names = {node: found.node}
        for host in self._batch.hosts[1:]:
            names[host] = self.node_of(host, found)
        return FoundNodes(found, names)

    def node_of(self, host: str, found: Via) -> str:
        """Return the name in the cluster of another host of the run, which must answer itself. Raises HyperVError."""
        if host == found.host:  # it is asked about itself, where there is nobody else
            return found.identity.computer.name
        return self._search.find(host, [found.host], via=found.host, must_answer=True).node

    def beside(self, found: FoundNodes, hosts: Sequence[str]) -> FoundNodes:
        """Return the nodes with another host to talk through than these, which are about to be taken away.

        Raises HyperVError where there is none.
        """
        if len(self._batch.hosts) == 1 or found.via.host not in hosts:
            return found
        if self._via:
            raise HyperVError(
                f"Nothing was changed. rolling_maintenance_via is {self._via}, which is to be taken away together with "
                "others. Leave it out, or name another host."
            )
        via = self._search.find(hosts[0], [one for one in self._pool if one not in hosts], must_answer=True)
        return dataclasses.replace(found, via=via)


def _no_other(hosts: Sequence[str], limit: str) -> str:
    """Return why a run may have no host to talk through beside those of a batch, and what helps."""
    away = "it" if len(hosts) == 1 else "these, which are to be away together"
    of_run = f"The run has {', '.join(hosts)} alone: its limit, {limit}, leaves the others out." if limit else ""
    return (
        f"{of_run or 'The run has no other host.'} The cluster is asked through another node than {away}. Name one of "
        "the inventory in rolling_maintenance_via, or list all nodes of the cluster in the group hyperv_nodes"
        f"{', or widen the limit' if limit else ''}."
    )


def names_in_cluster(
    connections: Connections, nodes: Sequence[Node], named: Mapping[str, str], *, asks: bool
) -> dict[str, str]:
    """Return the node that each inventory host is; those of another name are asked for theirs.

    ``named`` are those that are known, empty where not; ``asks``: the names are needed, for a plan.
    """
    known = {first_label(node.name): node.name for node in nodes}
    found = {host: name or known.get(first_label(host), "") for host, name in named.items()}
    strange = [host for host, name in found.items() if not name]
    answers = connections.who(strange) if strange and asks else {}
    told = {host: answer.computer.name for host, answer in answers.items() if isinstance(answer, Identity)}
    return {host: name or told.get(host) or first_label(host).upper() for host, name in found.items()}


def check_other_name(cluster: Cluster, nodes: Sequence[Node], found: str, name: str, host: str) -> None:
    """Refuse a name that means another node than the host, and a node that does not answer.

    ``found`` is the node that the host is. Raises HyperVError.
    """
    node = find_node(cluster, nodes, name or found).name
    identity_of(cluster.node(node)).identify()
    if node != found:
        raise HyperVError(
            f"Nothing was changed. rolling_maintenance_node is {name}, which is the node {node}, and {host} is "
            f"{found}. A rolling maintenance works on the host that it evacuates: leave rolling_maintenance_node "
            "out, or correct it."
        )
