# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Identity of the computer that answers a session, and of its cluster.

Sources: Microsoft docs of Win32_ComputerSystem (Name is the NetBIOS name, DNSHostName the host's name of up to 63
letters, Domain the DNS domain that it is a member of, or its workgroup) and of MSCluster_Cluster (Name, Fqdn).
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ..._hostnames import NETBIOS_LENGTH, domain_of, first_label
from ..._wsman.faults import Fault
from ..._wsman.instances import Instance
from ..._wsman.session import Session
from ..._wsman.wql import Query
from ..failure.errors import HyperVError
from .told_once import Telling, told_once

_CIMV2, _MSCLUSTER = "root/cimv2", "root/MSCluster"


class WrongMachine(HyperVError):
    """Another machine answers than the one that was meant. The text names both, and nothing was changed."""


class Computer(t.NamedTuple):
    """A computer as it calls itself.

    Attributes:
        name: NetBIOS name.
        dns_name: its name in DNS without the domain, which may be longer.
        domain: DNS domain that it is a member of, in lower case; empty in a workgroup.
        in_workgroup: it says that it is not a member of a domain.
    """

    name: str
    dns_name: str
    domain: str
    in_workgroup: bool = False

    @property
    def full_name(self) -> str:
        """The name with the domain, as far as it has one."""
        host = self.dns_name or self.name
        return f"{host}.{self.domain}" if self.domain else host

    def is_called(self, name: str) -> bool:
        """Tell whether the first label of a name is this computer's, in DNS or cut to a NetBIOS name."""
        label, netbios, in_dns = first_label(name), self.name.lower(), self.dns_name.lower()
        if label in (netbios, in_dns):
            return True
        # One that tells no longer name than that of NetBIOS leaves open how its DNS name goes on.
        return in_dns in ("", netbios) and len(label) > NETBIOS_LENGTH and label[:NETBIOS_LENGTH] == netbios

    def __str__(self) -> str:
        return self.full_name


class ClusterName(t.NamedTuple):
    """A cluster as it calls itself; ``fqdn`` is empty where it tells none."""

    name: str
    fqdn: str

    @property
    def full_name(self) -> str:
        """The name that tells it from clusters of the same short name, as far as it has one."""
        return self.fqdn or self.name

    @property
    def domain(self) -> str:
        """The DNS domain of its name, empty where it is not known."""
        return domain_of(self.fqdn)

    def is_meant_by(self, name: str) -> bool:
        """Tell whether a short or full name is this cluster's."""
        return first_label(name) == first_label(self.name) and domain_of(name) in ("", self.domain)

    def is_same_as(self, other: ClusterName) -> bool:
        """Tell whether two nodes speak of one cluster."""
        return self.full_name.casefold() == other.full_name.casefold()

    def __str__(self) -> str:
        return self.full_name


class Identity(Telling):
    """Who answers one session. Each thing is asked once; all raise Fault and TransportError where nothing is told."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def identify(self) -> Computer:
        """Ask for the computer unless it has told who it is already."""
        return self.computer

    def describe(self) -> None:
        """Ask for everything that it has not told yet."""
        unused = (self.computer, self.cluster, self.node_names)

    @told_once
    def computer(self) -> Computer:
        """The computer, in one request. Raises HyperVError for one that does not tell its name."""
        rows = self._session.query(
            _CIMV2, Query("Win32_ComputerSystem", ("Name", "DNSHostName", "Domain", "PartOfDomain"))
        )
        row = rows[0] if rows else Instance("", "", {})
        dns_name = row.text("DNSHostName") or ""
        name = row.text("Name") or dns_name[:NETBIOS_LENGTH]
        if not name:
            raise HyperVError(f"{self._session.node} does not tell its name (Win32_ComputerSystem in root\\cimv2).")
        in_workgroup = row.boolean("PartOfDomain") is False
        domain = "" if in_workgroup else (row.text("Domain") or "").strip(".").lower()
        return Computer(name, dns_name.partition(".")[0], domain if "." in domain else "", in_workgroup)

    @told_once
    def cluster(self) -> ClusterName | None:
        """The cluster that it is a node of, None for none; in one request."""
        row = self.cluster_row
        return None if row is None else ClusterName(row.text("Name") or "", (row.text("Fqdn") or "").strip("."))

    @told_once
    def cluster_row(self) -> Instance | None:
        """Its MSCluster_Cluster with all properties, None where it is no node of a cluster."""
        try:
            rows = self._session.query(_MSCLUSTER, Query("MSCluster_Cluster"))
        except Fault as fault:
            if not fault.is_missing_class:
                raise
            return None
        return rows[0] if rows else None

    @told_once
    def node_names(self) -> tuple[str, ...]:
        """The names of the nodes of its cluster, none where there is no cluster; in one query."""
        try:
            rows = self._session.query(_MSCLUSTER, Query("MSCluster_Node", ("Name",)))
        except Fault as fault:
            if not fault.is_missing_class:
                raise
            return ()
        return tuple(name for name in (row.text("Name") for row in rows) if name)

    def know_nodes(self, names: Iterable[str | None]) -> None:
        """Take the names of the nodes from whoever has read them: the computer may not answer when they are needed."""
        self._told.setdefault("node_names", tuple(filter(None, names)))

    def is_of_the_cluster_of(self, other: Identity) -> bool:
        """Tell whether both are nodes of one cluster."""
        return self.cluster is not None and other.cluster is not None and self.cluster.is_same_as(other.cluster)

    def is_beside(self, other: Identity) -> bool:
        """Tell whether both are nodes of one cluster, or both hosts by themselves."""
        return self.is_of_the_cluster_of(other) or (self.cluster is None and other.cluster is None)

    def has_name_in_domain(self, name: str) -> bool:
        """Tell whether a name's DNS domain is this computer's or its cluster's, or the name or both of them tell none.

        One request where the domain is not the computer's own.
        """
        wanted = domain_of(name)
        if wanted in ("", self.computer.domain):
            return True
        of_cluster = self.cluster.domain if self.cluster is not None else ""
        return wanted == of_cluster or not (of_cluster or self.computer.domain)

    def as_result(self) -> dict[str, t.Any]:
        """Return computer and cluster for a task's result."""
        cluster = self.cluster
        return {
            "computer": {name: getattr(self.computer, name) for name in ("name", "dns_name", "domain")},
            "cluster": {"name": cluster.name, "fqdn": cluster.fqdn or None} if cluster is not None else None,
        }

    def __str__(self) -> str:
        cluster = f" of the cluster {self.cluster}" if self.cluster is not None else ""
        return f"the computer {self.computer}{cluster}"


def identity_of(session: Session) -> Identity:
    """Return who answers a session; what was asked of it before is not asked again."""
    if not isinstance(session.identity, Identity):
        session.identity = Identity(session)
    return session.identity
