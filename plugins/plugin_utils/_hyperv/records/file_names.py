# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Owner of a ledger or of the state of a rolling maintenance, and the name of its file.

The owner is the cluster by its full name (MSCluster_Cluster.Fqdn, Microsoft docs), which is unique where the short one
is not: names of clusters and nodes repeat from site to site. Where there is no cluster it is the host by its own full
name. No source tells what Fqdn holds in a cluster without a domain; where it is empty, the domain of the node that is
asked completes the name, and where there is none either, the short name is all there is.
"""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from ..._hostnames import first_label
from ..cluster.cluster import Cluster
from ..cluster.identity import identity_of

_ROLLING: t.Final = "hyperv-rolling"


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
    """Return the cluster, or the host ``node`` where there is none. Raises HyperVError, Fault and TransportError."""
    identity = cluster.identity if cluster.is_clustered else identity_of(cluster.node(node))
    if not cluster.is_clustered or identity.cluster is None:
        return Owner(identity.computer.full_name)
    name = identity.cluster
    if name.domain:
        return Owner(name.fqdn, name.name)
    domain = identity.computer.domain
    return Owner(f"{name.name}.{domain}" if domain else name.name, name.name)


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


def rolling_file(owner: Owner) -> str:
    """Return the name of the file of a rolling maintenance: ``hyperv-rolling-hvc1.corp.example.json``."""
    return _file(_ROLLING, _part(_plain(owner.full)))


def is_rolling_file(name: str) -> bool:
    """Tell whether a file is that of a rolling maintenance, by its name."""
    return name.casefold().startswith(f"{_ROLLING}-") and name.endswith(".json")


def rolling_file_of_before(owner: Owner) -> str:
    """Return what earlier versions called that file: with the cluster's short name, in any letter case."""
    return _file(_ROLLING, _short(owner))


def _short(owner: Owner) -> str:
    return owner.short or first_label(owner.full)


def _file(*parts: str) -> str:
    return "-".join(part for part in parts if part) + ".json"


def _part(name: str) -> str:
    """Return a name with ``%`` and a code for each character that does not belong there: no two become the same."""
    return urllib.parse.quote(name, safe="")
