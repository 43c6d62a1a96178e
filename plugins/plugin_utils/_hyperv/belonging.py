# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose a ledger or the state of a roll is, and what its file is called. Private to this collection.

The owner is the cluster by its full name (MSCluster_Cluster.Fqdn, Microsoft docs), which is unique where the short one
is not: names of clusters and nodes repeat from site to site. Where there is no cluster it is the host by its own full
name. No source tells what Fqdn holds in a cluster without a domain; where it is empty, the domain of the node that is
asked completes the name, and where there is none either, the short name is all there is.
"""

from __future__ import annotations

import dataclasses
import urllib.parse

from .._wsman.wql import Query
from .cluster import CIMV2, MSCLUSTER, Cluster, first_label


@dataclasses.dataclass(frozen=True)
class Owner:
    """A cluster, or a host by itself.

    Attributes:
        full: its full name; empty where none is told.
        short: the cluster's short name, by which earlier versions knew it; empty for a host by itself.
    """

    full: str
    short: str = ""

    def may_be(self, name: str) -> bool:
        """Tell whether a name may be that of this owner: its full one, or a short one, which others may have too."""
        if not self.full or is_same(name, self.full):
            return True
        if "." not in self.full:
            return is_same(first_label(name), self.full)
        return "." not in name and any(is_same(name, short) for short in (self.short, first_label(self.full)))


NOBODY = Owner("")  # none is told


def read_owner(cluster: Cluster, node: str) -> Owner:
    """Return the cluster, or the host ``node`` where there is none.

    One request, or two where the cluster tells no full name. Raises HyperVError, Fault and TransportError.
    """
    if not cluster.is_clustered:
        return Owner(_full_name_of_host(cluster, node))
    rows = cluster.home.query(MSCLUSTER, Query("MSCluster_Cluster", ("Name", "Fqdn")))
    return owner_of(cluster, rows[0].text("Name"), rows[0].text("Fqdn")) if rows else NOBODY


def owner_of(cluster: Cluster, name: str | None, fqdn: str | None) -> Owner:
    """Return a cluster by its two names. A request only where ``fqdn`` is no full one."""
    short = name or first_label(fqdn or "")
    if fqdn and "." in fqdn:
        return Owner(fqdn, short)
    domain = _domain_of_home(cluster) if short else ""
    return Owner(f"{short}.{domain}" if domain else short, short)


def _domain_of_home(cluster: Cluster) -> str:
    rows = cluster.home.query(CIMV2, Query("Win32_ComputerSystem", ("Domain", "PartOfDomain")))
    # Without a domain, Domain is the name of the workgroup (Microsoft docs, Win32_ComputerSystem).
    return (rows[0].text("Domain") or "") if rows and rows[0].boolean("PartOfDomain") else ""


def _full_name_of_host(cluster: Cluster, node: str) -> str:
    columns = ("Name", "DNSHostName", "Domain", "PartOfDomain")
    rows = cluster.node(node).query(CIMV2, Query("Win32_ComputerSystem", columns))
    if not rows:
        return ""
    name = rows[0].text("DNSHostName") or rows[0].text("Name") or ""
    domain = rows[0].text("Domain") if rows[0].boolean("PartOfDomain") else ""
    return f"{name}.{domain}" if name and domain else name


def is_same(one: str, other: str) -> bool:
    """Tell whether two names are the same in any letter case."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return name.strip().rstrip(".").casefold()


def ledger_file(node: str, owner: Owner) -> str:
    """Return the name of the file with a node's ledger: ``hyperv-ledger-hvc1.corp.example-NODE1.json``."""
    return _file("hyperv-ledger", _part(_plain(owner.full)), _part(first_label(node).upper()))


def ledger_file_of_before(node: str, owner: Owner) -> str:
    """Return what earlier versions called that file: with the cluster's short name, in any letter case."""
    by_itself = first_label(owner.full) == first_label(node) and not owner.short
    return _file("hyperv-ledger", "" if by_itself else _short(owner), first_label(node).upper())


def roll_file(owner: Owner) -> str:
    """Return the name of the file with the state of a roll: ``hyperv-rolling-hvc1.corp.example.json``."""
    return _file("hyperv-rolling", _part(_plain(owner.full)))


def roll_file_of_before(owner: Owner) -> str:
    """Return what earlier versions called that file: with the cluster's short name, in any letter case."""
    return _file("hyperv-rolling", _short(owner))


def _short(owner: Owner) -> str:
    return owner.short or first_label(owner.full)


def _file(*parts: str) -> str:
    return "-".join(part for part in parts if part) + ".json"


def _part(name: str) -> str:
    """Return a name with ``%`` and a code for each character that does not belong there: no two become the same."""
    return urllib.parse.quote(name, safe="")
