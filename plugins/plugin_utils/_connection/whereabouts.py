# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which inventory host a node of the cluster is, and where it is if it is none. Private to this collection."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t
from collections.abc import Iterable, Mapping

from ansible.errors import AnsibleError

from .._wsman.transport import Unreachable

if t.TYPE_CHECKING:
    from ansible.plugins.connection import ConnectionBase

_OF_EVERYONE = frozenset({"all", "ungrouped"})


@dataclasses.dataclass(frozen=True)
class _Match:
    """An inventory host that may be the node.

    Attributes:
        place: what tells two places apart: address and port, or the host's name where these are not told.
        domain: DNS domain of its name or else of its address in lower case, empty for none.
        is_named_so: it has the node's bare name, without a domain.
    """

    host: str
    place: tuple[str, ...]
    domain: str
    is_named_so: bool


class Whereabouts:
    """Knows nodes by the first label of an inventory host's name or ``ansible_host``.

    An inventory may hold several clusters, whose nodes can have the same name. So hosts that share a group with the
    task's host come first (``all`` and ``ungrouped`` do not count), then all others; among either, those in the DNS
    domain of the task's host come first. A host in another domain is another cluster's and no match, unless it shares
    a group and is called by the node's bare name.
    """

    def __init__(self, connection: ConnectionBase, task_vars: Mapping[str, t.Any]) -> None:
        groups: Mapping[str, Iterable[str]] = task_vars.get("groups") or {}
        self._connection = connection
        self._hostvars: Mapping[str, Mapping[str, t.Any]] = task_vars.get("hostvars") or {}
        self._hosts: list[str] = list(groups.get("all", ()))
        # Ansible keeps the name of the inventory's host for a task that is delegated.
        self._home = next(iter(task_vars.get("ansible_delegated_vars") or ()), task_vars.get("inventory_hostname"))
        together = [set(hosts) for name, hosts in groups.items() if name not in _OF_EVERYONE]
        self._companions = set().union(*(hosts for hosts in together if self._home in hosts))
        self._addresses: dict[str, str] = {}

    def inventory_host(self, node: str) -> str | None:
        """Return the inventory host that a node is, None for none. Raises Unreachable where several may be."""
        inside = [host for host in self._hosts if host in self._companions]
        outside = [host for host in self._hosts if host not in self._companions]
        domains = {_domain(node)} - {""} or {_domain(str(self._home or "")), self._domain_of_home()} - {""}
        return self._best(node, domains, inside, are_companions=True) or self._best(node, domains, outside)

    def address_of(self, node: str) -> str:
        """Return where a node is that is not in the inventory: by its name, in the domain of the home's address.

        The cluster calls its nodes by their NetBIOS names; the controller's own search domain may be another one.
        """
        domain = self._domain_of_home()
        return f"{node}.{domain}" if domain and "." not in node else node

    def _domain_of_home(self) -> str:
        return _domain(str(self._connection.get_option("remote_addr") or ""))

    def _best(self, node: str, domains: set[str], hosts: Iterable[str], *, are_companions: bool = False) -> str | None:
        matches = list(self._matches(_label(node), hosts))
        near = [match for match in matches if match.domain in domains]
        if domains and not near:  # what has another domain is another cluster's
            matches = [one for one in matches if not one.domain or (are_companions and one.is_named_so)]
        matches = near or matches
        if len({match.place for match in matches}) > 1:
            raise Unreachable(
                f"Node {node} may be any of the inventory hosts {', '.join(match.host for match in matches)}. Put the "
                f"nodes of each cluster into a group of their own, so that only one of these shares a group with "
                f"{self._home or 'the host of the task'}."
            )
        return matches[0].host if matches else None

    def _matches(self, label: str, hosts: Iterable[str]) -> Iterable[_Match]:
        for host in hosts:
            is_named = _label(host) == label
            address = self._address(host)
            if is_named or _label(address) == label:
                domain = (_domain(host) if is_named else "") or _domain(address)
                yield _Match(host, self._place(host), domain, is_named and not _domain(host))

    def _address(self, host: str) -> str:
        """Return a host's ``ansible_host``, empty where its template cannot be resolved: most hosts are no nodes."""
        if host not in self._addresses:
            try:
                self._addresses[host] = str(self._hostvars[host].get("ansible_host", host))
            except AnsibleError:
                self._addresses[host] = ""
        return self._addresses[host]

    def _place(self, host: str) -> tuple[str, ...]:
        try:
            return (self._address(host).lower() or host, str(self._hostvars[host].get("ansible_port")))
        except AnsibleError:
            return (host,)


def _label(name: str) -> str:
    """Return the first label of a host name in lower case; an address stays whole."""
    return name if _is_address(name) else name.partition(".")[0].lower()


def _domain(name: str) -> str:
    """Return what follows the first label of a host name in lower case; an address has none."""
    return "" if _is_address(name) else name.partition(".")[2].rstrip(".").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
