# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds the node of a name, and the host through which to ask its cluster.

Hosts are asked who they are. A short name can fit nodes of several clusters, so every host is asked that is not known
to belong to a cluster that has answered.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from ._admission import refuse_namesake
from ._connection.inventory import Inventory
from ._hostnames import NETBIOS_LENGTH, domain_of, first_label, is_address
from ._hyperv.cluster.identity import Identity, WrongMachine
from ._hyperv.failure.errors import HyperVError

Answers = Mapping[str, "Identity | Exception"]


@dataclasses.dataclass(frozen=True)
class Via:
    """A node and the host to talk through.

    Attributes:
        host: the inventory host to talk through.
        node: the node's name in its cluster; a host by itself by its own name.
        is_node: the host is the node itself.
        identity: who answers for ``host``.
    """

    host: str
    node: str
    is_node: bool
    identity: Identity


class ViaSearch:
    """Looks for the host to talk through.

    ``ask`` returns who answers for each of several inventory hosts, or why nobody does; ``no_other`` says why there may
    be no other host than the node itself, and what helps.
    """

    def __init__(self, inventory: Inventory, ask: Callable[[Sequence[str]], Answers], no_other: str = "") -> None:
        self._inventory = inventory
        self._ask_hosts = ask
        self._no_other = no_other
        self.asked: dict[str, Identity | Exception] = {}

    def find(
        self, node: str, hosts: Sequence[str], *, via: str = "", cluster: str = "", must_answer: bool = False
    ) -> Via:
        """Return the node and a host of its cluster, another one than the node itself where one answers.

        Args:
            node: inventory host, name or address of the node.
            hosts: inventory hosts that may be talked through.
            via: the only one that may be; empty for all ``hosts``.
            cluster: short or full name of the cluster that the node must be of; empty for any.
            must_answer: the node itself must answer, and another host as well if it is of a cluster.

        Raises WrongMachine and HyperVError; the text tells how each host answered.
        """
        listed = self._listed(node)
        if listed is None and must_answer:
            raise HyperVError(f"{node} is not a host of the inventory, so it cannot be asked itself.")
        target = self._ask([listed])[listed] if listed is not None else None
        if isinstance(target, WrongMachine):
            raise target
        if must_answer and isinstance(target, Exception):
            raise HyperVError(f"{node} must answer itself before anything is done to it. {target}") from None
        pool = [via] if via else self._in_order([host for host in hosts if host != listed], listed)
        is_other = isinstance(target, Identity) and not _is_of(target, cluster)
        if is_other and domain_of(node):
            raise WrongMachine(f"{node} is {target}, and not a node of the cluster {cluster}. Nothing was changed.")
        if isinstance(target, Identity) and listed is not None and not is_other:
            refuse_namesake(self._inventory.listing(listed), target, self._inventory, self._who)
            return self._beside(listed, target, pool, is_given=bool(via), must_be_other=must_answer)
        return self._by_name(node, listed, pool, cluster)

    def _who(self, host: str) -> Identity:
        answer = self._ask([host])[host]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def refuse_strangers(self, found: Via, hosts: Sequence[str], *, is_each_asked: bool = False) -> None:
        """Refuse hosts that answer as nodes of another cluster than the one that was found. Raises WrongMachine.

        ``is_each_asked``: a name is no proof, since its address may lead to the node of that name in another cluster,
        so every host is asked, all of them side by side. One that does not answer is left to its own turn.
        """
        open_hosts = [host for host in hosts if is_each_asked or not self._is_accounted_for(host)]
        answers = self._ask(open_hosts)
        wrong = next((one for one in answers.values() if is_each_asked and isinstance(one, WrongMachine)), None)
        if wrong is not None:
            raise wrong
        strangers = [
            f"{host} ({answer})"
            for host, answer in answers.items()
            if isinstance(answer, Identity) and not answer.is_beside(found.identity)
        ]
        if strangers:
            raise WrongMachine(
                f"{found.node} is a node of {found.identity.cluster}, and these hosts are not: {', '.join(strangers)}. "
                "Nothing was changed. Go through one cluster at a time: name its group, or use --limit. If they are "
                "meant to be its nodes, correct their addresses in the inventory or in DNS."
            )

    def _listed(self, node: str) -> str | None:
        return self._inventory.named(node) or (self._inventory.at(node) if is_address(node) else None)

    def _in_order(self, hosts: Iterable[str], listed: str | None) -> list[str]:
        near = set(self._inventory.closest(listed)) if listed else set()
        return sorted(dict.fromkeys(hosts), key=lambda host: host not in near)

    def _ask(self, hosts: Sequence[str]) -> Answers:
        new = [host for host in hosts if host not in self.asked]
        if new:
            self.asked.update(self._ask_hosts(new))
        return {host: self.asked[host] for host in hosts}

    def _beside(
        self, listed: str, target: Identity, pool: Sequence[str], *, is_given: bool, must_be_other: bool
    ) -> Via:
        """Return a host of the cluster of a node that has told who it is."""
        own = Via(listed, target.computer.name, True, target)
        if target.cluster is None and not is_given:
            return own
        labels = {first_label(name) for name in target.node_names}
        other = self._other_than(own, sorted(pool, key=lambda host: not self._is_listed_among(host, labels)))
        if other is not None:
            return other
        if must_be_other and not pool and self._no_other:
            raise HyperVError(f"Nothing was changed. {listed} is {target}. {self._no_other}")
        if is_given or must_be_other:
            raise HyperVError(
                f"{listed} is {target}, and no other host answers that is one of its nodes. Nothing was changed. "
                f"{self.answers()} Check that these hosts can be reached."
            )
        return own

    def _by_name(self, node: str, listed: str | None, pool: Sequence[str], cluster: str) -> Via:
        """Return the node of that name in the only cluster that has one."""
        found: dict[str, Via] = {}
        waiting = list(pool)
        while waiting:
            some = waiting[:1] if not self.asked else waiting
            for host, answer in self._ask(some).items():
                if isinstance(answer, Identity) and (name := self._node_meant(answer, node, listed, cluster)):
                    there = Via(host, name, _is_node(answer, name), answer)
                    known = found.get(_key(answer))
                    if known is None or (known.is_node and not there.is_node):
                        found[_key(answer)] = there
            waiting = [host for host in waiting if host not in self.asked and not self._is_accounted_for(host)]
        if listed is not None and len(found) != 1:
            near = {*self._inventory.closest(listed)}
            found = {key: one for key, one in found.items() if one.host in near}
        if not found:
            wanted = f"{node} of {cluster}" if cluster else node
            cure = f" {listed} does not answer itself: give the name that its cluster has for it." if listed else ""
            raise HyperVError(
                f"No cluster that answers has the node {wanted}. Nothing was changed.{cure} {self.answers()}"
            )
        (first, *others) = found.values()
        silent = [] if domain_of(node) or listed is not None else list(self._silent_strangers(node, first))
        if others or silent:
            fitting = [f"{one.host} ({one.identity})" for one in found.values()]
            raise HyperVError(
                f"{node} {'is' if others else 'may be'} a node of several clusters, those behind "
                f"{', '.join([*fitting, *silent])}. Nothing was "
                "changed. Say which one is meant: by its full name or inventory host, by the host to talk through "
                "(..._via), or by --limit with its group."
            )
        if not first.is_node or first.identity.cluster is None:
            return first
        return self._other_than(first, pool) or first

    def _node_meant(self, answer: Identity, node: str, listed: str | None, cluster: str) -> str:
        """Return the node of who answers that is meant: by its name, or by what the inventory says of a silent host."""
        listing = self._inventory.listing(listed) if listed is not None else None
        names = (node, *(listing.names if listing is not None else ()))
        wanted = cluster or (listing.cluster if listing is not None else "")
        return next(filter(None, (_node_called(answer, name, wanted) for name in names)), "")

    def _other_than(self, own: Via, pool: Sequence[str]) -> Via | None:
        """Return the first host that answers beside a node and is another one, None for none."""
        for host in pool:
            answer = self._ask([host])[host]
            if isinstance(answer, Identity) and answer.is_beside(own.identity) and not _is_node(answer, own.node):
                return Via(host, own.node, False, answer)
        return None

    def _is_accounted_for(self, host: str) -> bool:
        """Return whether a host need not be asked: it is listed as a node of one cluster that has answered."""
        names = self._inventory.listing(host).names
        fitting = {
            _key(answer)
            for answer in self.asked.values()
            if isinstance(answer, Identity)
            and answer.cluster is not None
            and any(first_label(node) == first_label(name) for node in answer.node_names for name in names)
            and all(answer.has_name_in_domain(name) for name in names)
        }
        namesakes = [other for name in names for other in self._inventory.labelled(first_label(name))]
        return len(fitting) == 1 and len({self._inventory.listing(other).place for other in namesakes}) == 1

    def _silent_strangers(self, node: str, found: Via) -> Iterable[str]:
        """Yield hosts that do not answer and may be of another cluster, which may have a node of this short name."""
        for host, answer in self.asked.items():
            if isinstance(answer, Exception) and not self._belongs_to(found.identity, host, node):
                yield f"{host} (which does not answer)"

    def _belongs_to(self, found: Identity, host: str, node: str) -> bool:
        """Return whether a silent host is listed as a cluster's: in its DNS domain, or next to one that answers."""
        names = self._inventory.listing(host).names
        if any(first_label(name) == first_label(node) for name in names):
            return all(map(found.has_name_in_domain, names))
        if names and all(domain_of(name) and found.has_name_in_domain(name) for name in names):
            return True
        beside = (self.asked.get(other) for other in self._inventory.closest(host))
        return any(isinstance(answer, Identity) and answer.is_beside(found) for answer in beside)

    def _is_listed_among(self, host: str, labels: set[str]) -> bool:
        return any(first_label(name) in labels for name in self._inventory.listing(host).names)

    def answers(self) -> str:
        """Return how each host answered, once for those of which it differs in the address alone."""
        alike: dict[str, list[tuple[str, str]]] = {}
        for host, answer in self.asked.items():
            text = str(answer).rstrip(".")
            listing = self._inventory.listing(host)
            unused, port = listing.place
            beside_address = text.replace(f"{listing.address}:{port}", "").replace(listing.address or host, "")
            alike.setdefault(beside_address, []).append((host, text))
        told = []
        for (first, text), *others in alike.values():
            told.append(f"{first}: {text}")
            told += [f"{', '.join(host for host, unused in others)}: the same"] if others else []
        return f"Asked were {'; '.join(told)}." if told else "The inventory has no other host."


def _key(identity: Identity) -> str:
    return str(identity.cluster or identity.computer).casefold()


def _is_of(identity: Identity, cluster: str) -> bool:
    """Return whether somebody is of the cluster that is wanted, if any is."""
    return not cluster or (identity.cluster is not None and identity.cluster.is_meant_by(cluster))


def _is_node(identity: Identity, node: str) -> bool:
    return first_label(identity.computer.name) == first_label(node)


def _node_called(identity: Identity, name: str, cluster: str) -> str:
    """Return the node that a name means in the cluster of who answers, or the host by itself; empty for none."""
    if not _is_of(identity, cluster) or is_address(name) or not identity.has_name_in_domain(name):
        return ""
    if identity.cluster is None:
        return identity.computer.name if identity.computer.is_called(name) else ""
    label = first_label(name)
    return next((node for node in identity.node_names if first_label(node) in (label, label[:NETBIOS_LENGTH])), "")
