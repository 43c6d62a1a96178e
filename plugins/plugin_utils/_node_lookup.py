# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds the computer of a node: asks hosts of the inventory for their identity, and the node by its name in DNS."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence

from ._admission import admit
from ._connection.inventory import Inventory
from ._hostnames import NETBIOS_LENGTH, domain_of, first_label, is_address
from ._hyperv.cluster.identity import Identity, WrongMachine, identity_of
from ._wsman.errors import LoginRefused, NoAnswer, Unreachable
from ._wsman.session import Session


class Doors(t.Protocol):
    """How hosts are reached. All raise Unreachable and Fault where nobody tells who answers there."""

    def host(self, host: str) -> Session:
        """Return the session to an inventory host, which has told who it is."""

    def hosts(self, hosts: Sequence[str]) -> dict[str, Session | Exception]:
        """Return the sessions to several, or why there is none, by host; they are asked side by side."""

    def address(self, address: str) -> Session:
        """Return the session to a name or address that is not listed."""


class NodeLookup:
    """Finds the machine that a node of the home's cluster, or a host beside it, is.

    ``home`` is who the task's host is.
    """

    def __init__(self, inventory: Inventory, doors: Doors, home: Identity) -> None:
        self._inventory = inventory
        self._doors = doors
        self._home = home
        self._answers: dict[str, Session | Exception] = {}

    def find(self, node: str) -> Session:
        """Return the session to a node by its name in the cluster, another name, its address, or its inventory host.

        Raises WrongMachine where only other machines answer, Unreachable where none could be asked.
        """
        candidates = self._candidates(node)
        found, silent = self._first_of(node, ((host, self._ask(host)) for host in candidates))
        if found is not None:
            return found
        other_hosts = [] if is_address(node) else self._listed_by_other_names(node)
        answers = self._doors.hosts(other_hosts)
        found, others = self._first_of(node, answers.items())
        if found is not None:
            return found
        self._refuse_others(node, candidates)
        tried = (*self._answers.values(), *answers.values())
        refusal = next((answer for answer in tried if isinstance(answer, LoginRefused)), None)
        if any(host in self._inventory.group_peers or self._is_listed_as(node, host) for host in silent):
            raise Unreachable(f"{node} could not be asked. {' '.join(silent.values())}") from refusal
        return self._by_name(node, [*silent.values(), *others.values()], refusal)

    def _ask(self, host: str) -> Session | Exception:
        """Return the session to a host, or why there is none; one that does not answer is not waited for again."""
        if host not in self._answers:
            try:
                self._answers[host] = self._doors.host(host)
            except NoAnswer as error:
                self._answers[host] = error
        return self._answers[host]

    def _first_of(
        self, node: str, asked: Iterable[tuple[str, Session | Exception]]
    ) -> tuple[Session | None, dict[str, str]]:
        """Return the first host that is the node, and by host what became of those that did not answer."""
        silent: dict[str, str] = {}
        for host, answer in asked:
            try:
                if isinstance(answer, Exception):
                    raise answer
                if self._is(answer, node, host):
                    return answer, silent
            except NoAnswer as error:
                silent[host] = f"Inventory host {self._inventory.listing(host)}: {error}"
        return None, silent

    def _refuse_others(self, node: str, hosts: Sequence[str]) -> None:
        """Refuse a host that is listed as the node: another machine answers, or one of another cluster."""
        for host in hosts:
            answer = self._ask(host)
            if isinstance(answer, Exception):
                continue
            there = identity_of(answer)
            listing = self._inventory.listing(host)
            if host in self._inventory.group_peers:
                if not there.computer.is_called(node) and there.is_beside(self._home):
                    raise WrongMachine(
                        f"Inventory host {listing} is {there}, and not {node}. Nothing was changed. Correct its "
                        "address in the inventory or in DNS."
                    )
                self._admit(host, there)
            if is_address(node) or (domain_of(node) and self._is_listed_as(node, host)):
                raise WrongMachine(
                    f"{node} is inventory host {listing}, which is {there}, and not beside {self._home_in_words}. "
                    "Nothing was changed. Run the task on a host next to the one that you mean."
                )

    def _candidates(self, node: str) -> list[str]:
        """Return the inventory hosts that a name means by itself, those in the groups of the task's host first."""
        listed = self._inventory.at(node) if is_address(node) else self._inventory.named(node)
        if listed is not None and (is_address(node) or domain_of(node)):
            return [listed]
        label = first_label(node)
        short = self._inventory.labelled(label[:NETBIOS_LENGTH]) if len(label) > NETBIOS_LENGTH else []
        labelled = [
            host
            for host in [*self._inventory.labelled(label), *short]
            if not domain_of(node)
            or any(domain_of(name) in ("", domain_of(node)) for name in self._inventory.listing(host).names)
        ]
        found = labelled if listed is None or listed in labelled else [*labelled, listed]
        return sorted(found, key=lambda host: not self._is_in_domain_of_home(host))

    def _listed_by_other_names(self, node: str) -> list[str]:
        """Return the hosts beside the task's that are listed by address or by an alias: any of them may be the node."""
        beside = [host for host in self._inventory.hosts if host in self._inventory.group_peers]
        names = {host: self._inventory.listing(host).names for host in beside if host != self._inventory.home}
        if not names:
            return []
        nodes = {first_label(name) for name in (node, *self._home.node_names)}
        return [host for host in names if not any(first_label(name) in nodes for name in names[host])]

    def _is(self, session: Session, node: str, host: str) -> bool:
        """Return whether an inventory host is the node of the home's cluster, or the host beside it."""
        there = identity_of(session)
        if not is_address(node) and not self._is_meant(node, host, there):
            return False
        near = host in self._inventory.group_peers
        same_domain = bool(there.computer.domain) and there.computer.domain == self._home.computer.domain
        if not near and not same_domain:
            return False  # where the domain of either is unknown, a namesake is as likely
        if near and same_domain and self._has_one_listing(node):
            return True  # a domain has a name once
        if there.cluster is None and self._home.cluster is None:
            return same_domain or self._is_alone_there(node, host, there)
        return there.is_beside(self._home)

    def _is_alone_there(self, node: str, host: str, there: Identity) -> bool:
        """Return whether a host without a cluster may be of another domain: by its exact name, or if none is known."""
        is_named = is_address(node) or bool(domain_of(node)) or self._is_listed_as(node, host)
        return is_named or there.computer.domain == self._home.computer.domain

    def _has_one_listing(self, node: str) -> bool:
        """Return whether the inventory lists at most one host that can be a node in the domain of the task's host."""
        listed = map(self._inventory.listing, self._inventory.labelled(first_label(node)))
        domains = ("", self._home.computer.domain)
        return sum(any(domain_of(name) in domains for name in one.names) for one in listed) <= 1

    def _is_in_domain_of_home(self, host: str) -> bool:
        names = self._inventory.listing(host).names
        return any(domain_of(name) == self._home.computer.domain for name in names)

    def _is_meant(self, node: str, host: str, there: Identity) -> bool:
        """Return whether a name is the host's own, or the inventory's for a host that calls itself otherwise."""
        is_called = there.computer.is_called(node)
        if is_called and there.has_name_in_domain(node):
            return True
        if not self._is_listed_as(node, host):
            return False
        if not is_called and first_label(node) in map(first_label, self._home.node_names):
            return False
        self._admit(host, there)
        return True

    def _is_listed_as(self, node: str, host: str) -> bool:
        """Return whether the inventory lists a host by this very name."""
        return any(name.lower() == node.lower() for name in (host, *self._inventory.listing(host).names))

    def _admit(self, host: str, there: Identity) -> None:
        """Raises WrongMachine unless the host is what the inventory lists."""
        admit(self._inventory.listing(host), there, self._inventory, lambda one: identity_of(self._doors.host(one)))

    def _by_name(self, node: str, silent: Sequence[str], refusal: LoginRefused | None) -> Session:
        """Return the session to a node that no inventory host is, where DNS or the user say that it is."""
        if not self._home.has_name_in_domain(node):
            raise WrongMachine(
                f"{node} is in another DNS domain than {self._home_in_words}, and no inventory host is called so. "
                "Nothing was changed. Give the short name of the node, or list the host in the inventory."
            )
        address = self._inventory.address_beside_home(node, self._home.computer.domain)
        try:
            session = self._doors.address(address)
        except NoAnswer as error:
            told = f" Nor is it one of these: {' '.join(silent)}" if silent else ""
            raise Unreachable(
                f"{node} could not be asked, and no inventory host is it: {error} List the host in the inventory, in a "
                f"group with {self._inventory.home or 'the host of the task'}.{told}"
            ) from (refusal or error)
        there = identity_of(session)
        if is_address(node) or there.computer.is_called(node):
            if there.computer.domain and there.computer.domain == self._home.computer.domain:
                return session
            if there.is_beside(self._home):
                return session
        raise WrongMachine(
            f"{node} at {address} is {there}, and not {node} beside {self._home_in_words}. Nothing was changed. List "
            "the right host in the inventory, or correct DNS."
        )

    @property
    def _home_in_words(self) -> str:
        return f"{self._inventory.home or 'the host of the task'}, which is {self._home}"
