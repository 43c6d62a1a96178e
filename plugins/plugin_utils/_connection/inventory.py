# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names, addresses and groups of the hosts of the inventory."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible.errors import AnsibleError

from .._hostnames import domain_of, first_label, is_address
from .._wsman.errors import Unreachable

if t.TYPE_CHECKING:
    from ansible.plugins.connection import ConnectionBase

# Groups that say nothing of which hosts belong together; hyperv_clusters has one host of each cluster.
_OF_EVERYONE = frozenset({"all", "ungrouped", "hyperv_clusters"})
_VMS = "hyperv_vms"  # the inventory plugin hyperv_cluster lists VMs there
NODE, CLUSTER = "hyperv_node", "hyperv_cluster_fqdn"  # variables that say who a host is


class Listing(t.NamedTuple):
    """How the inventory lists a host.

    Attributes:
        host: its name there.
        address: where it is reached, for messages.
        names: what these say of the computer's name: of name and address those that are no IP address, or instead of
            both what the variable hyperv_node says.
        cluster: the cluster that the variable hyperv_cluster_fqdn says it is of; empty for none.
        place: what tells two places apart.
    """

    host: str
    address: str
    names: tuple[str, ...]
    cluster: str
    place: tuple[str, str]

    def __str__(self) -> str:
        return f"{self.host} ({self.address})" if self.address not in ("", self.host) else self.host


class Inventory:
    """The hosts of an inventory that may be nodes: those that stand for VMs are not among them.

    Attributes:
        home: the host of the task, or the one that it is delegated to.
    """

    def __init__(self, connection: ConnectionBase, task_vars: Mapping[str, t.Any]) -> None:
        self._connection = connection
        self._groups: Mapping[str, Sequence[str]] = task_vars.get("groups") or {}
        self._hostvars: Mapping[str, Mapping[str, t.Any]] = task_vars.get("hostvars") or {}
        self._variables: dict[str, Mapping[str, t.Any]] = {}
        # Ansible keeps the name of the inventory's host for a task that is delegated.
        delegated = next(iter(task_vars.get("ansible_delegated_vars") or ()), None)
        self.home = str(delegated or task_vars.get("inventory_hostname") or "")

    @functools.cached_property
    def hosts(self) -> list[str]:
        """All hosts, those first that share the smallest group with the task's host, then those that share another.

        The task's host is among them where no inventory lists it, too.
        """
        vms = set(self._groups.get(_VMS, ()))
        near = self._near(self.home)
        unlisted = [self.home] if self.home and self.home not in vms else []
        known = dict.fromkeys([*(host for host in self._groups.get("all", ()) if host not in vms), *unlisted])
        return sorted(known, key=lambda host: (host not in near, host not in self.group_peers))

    @functools.cached_property
    def group_peers(self) -> set[str]:
        """The hosts that share a group with the task's host, one that says that they belong together."""
        return set().union(*self._groups_of(self.home))

    def closest(self, host: str) -> list[str]:
        """Return the other hosts of the smallest groups of a host that have any."""
        near = self._near(host)
        return [one for one in self.hosts if one in near]

    def next_to(self, host: str) -> list[str]:
        """Return the closest hosts, those first that come after a host: tasks on many hosts each ask another one."""
        order = {one: number for number, one in enumerate(self._groups.get("all", ()))}
        return sorted(self.closest(host), key=lambda one: (order.get(one, 0) < order.get(host, 0), order.get(one, 0)))

    def _near(self, host: str) -> set[str]:
        groups = [group - {host} for group in self._groups_of(host) if group - {host}]
        smallest = min((len(group) for group in groups), default=0)
        return set().union(*(group for group in groups if len(group) == smallest))

    def _groups_of(self, host: str) -> list[set[str]]:
        groups = [set(hosts) for name, hosts in self._groups.items() if name not in {*_OF_EVERYONE, _VMS}]
        return [group for group in groups if host in group]

    def named(self, name: str) -> str | None:
        """Return the host of exactly this name in any letter case, None for none."""
        return next((host for host in self.hosts if host.lower() == name.lower()), None)

    def at(self, address: str) -> str | None:
        """Return the host that has an IP address, None for none. Raises Unreachable where several have it."""
        hosts = [host for host in self.hosts if first_label(self._address(host)) == first_label(address)]
        if len({self.listing(host).place for host in hosts}) > 1:
            raise Unreachable(
                f"{address} is the address of the inventory hosts {', '.join(hosts)}. Give the name of one."
            )
        return hosts[0] if hosts else None

    def labelled(self, label: str) -> list[str]:
        """Return the hosts whose name, or address, or hyperv_node begins with a label; group peers first."""
        return [host for host in self._by_label.get(label, ()) if not self.is_vm(host)]

    @functools.cached_property
    def _by_label(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for host in self.hosts:
            for label in dict.fromkeys(map(first_label, self._names(host))):
                found.setdefault(label, []).append(host)
        return found

    def is_vm(self, host: str) -> bool:
        """Return whether a host stands for a VM."""
        return "hyperv_vm_id" in self.variables(host)

    def variables(self, host: str) -> Mapping[str, t.Any]:
        """Return the variables of a host, none for one that is not listed."""
        if host not in self._variables:  # Ansible puts them together anew each time
            is_listed = host in self._hostvars
            self._variables[host] = self._hostvars[host] if is_listed else {}
        return self._variables[host]

    def listing(self, host: str) -> Listing:
        """Return how a host is listed."""
        address = self._address(host)
        cluster = self._text(host, CLUSTER)
        return Listing(
            host,
            address,
            tuple(name for name in self._names(host) if name and not is_address(name)),
            cluster,
            (address.lower() or host, self._text(host, "ansible_port")),
        )

    def home_listing(self) -> Listing:
        """Return how the task's host is listed; its address is the one that its connection has."""
        address = str(self._connection.get_option("remote_addr") or "")
        listing = self.listing(self.home) if self.home else Listing("", address, (), "", (address.lower(), ""))
        if self._text(self.home, NODE):
            return listing._replace(address=address)
        names = dict.fromkeys(name for name in (self.home, address) if name and not is_address(name))
        return listing._replace(host=self.home or address, address=address, names=tuple(names))

    def address_beside_home(self, node: str, domain: str = "") -> str:
        """Return where a node is that is not listed: in the DNS domain by which the task's host is reached.

        The cluster calls its nodes by their NetBIOS names; the controller's own search domain may be another one.
        ``domain``: the one that the task's host says it is in, which counts where that is reached by its IP address.
        """
        home = str(self._connection.get_option("remote_addr") or "")
        beside = domain if is_address(home) else domain_of(home)
        return f"{node}.{beside}" if beside and "." not in node and not is_address(node) else node

    def _names(self, host: str) -> Iterable[str]:
        declared = self._text(host, NODE)
        return (declared,) if declared else dict.fromkeys((host, self._address(host)))

    def _address(self, host: str) -> str:
        return self._text(host, "ansible_host", host)

    def _text(self, host: str, name: str, otherwise: str = "") -> str:
        """Return a variable of a host, empty where its template cannot be resolved: most hosts are no nodes."""
        try:
            value = self.variables(host).get(name)
            return otherwise if value is None else str(value)
        except AnsibleError:
            return ""
