# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All clusters of a play as scenarios, and which hosts are in none and why. Private to this collection."""

from __future__ import annotations

import collections
import dataclasses
import re
import typing as t
from collections.abc import Callable

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.identity import ClusterName
from ..failure.errors import HyperVError, with_remedy
from .cluster_description import ClusterReadings, read_cluster
from .scenario import write_scenario
from .survey import Party, Survey

Enter = Callable[[str], Cluster]


@dataclasses.dataclass(frozen=True)
class Described:
    """One cluster.

    Attributes:
        label: what tells its file from those of the others: the short name where that does.
        scenario, notes: as write_scenario returns them.
    """

    cluster: ClusterName
    label: str
    scenario: dict[str, t.Any]
    notes: list[str]


def describe_all(survey: Survey, enter: Enter) -> tuple[list[Described], dict[str, str]]:
    """Describe each cluster through the first of its hosts that may read it; return why other hosts are in none.

    A host that does not answer is in one if its cluster says that this node does not run.
    """
    missing: dict[str, str] = {}
    read: dict[ClusterName, ClusterReadings] = {}
    for party in survey.parties:
        if party.cluster is None:
            missing.update((host, _alone(party, host)) for host in party.hosts)
            continue
        found, why = _first_reading(party, enter)
        if found is None:
            missing.update(dict.fromkeys(party.hosts, why))
        else:
            read[party.cluster] = found
    for one in survey.unasked:
        meant = survey.node_listed_as(one)
        found = read.get(meant[0].cluster) if meant and meant[0].cluster else None
        if found is None or meant is None or _runs(found, meant[1]):
            missing[one.host] = with_remedy(one.error)
    short = collections.Counter(first_label(cluster.name) for cluster in read)
    return [_described(cluster, found, short) for cluster, found in read.items()], missing


def _alone(party: Party, host: str) -> str:
    return f"It is {party.members[host]}, which is no node of a cluster, and a scenario describes a cluster."


def _first_reading(party: Party, enter: Enter) -> tuple[ClusterReadings | None, str]:
    why = ""
    for host in party.hosts:
        try:
            return read_cluster(enter(host)), ""
        except (HyperVError, NoAnswer) as error:
            why = f"{party.cluster} could not be read: {with_remedy(error)}"
    return None, why


def _runs(read: ClusterReadings, name: str) -> bool:
    return any(host.node.is_running for host in read.hosts if first_label(host.node.name) == first_label(name))


def _described(cluster: ClusterName, read: ClusterReadings, short: collections.Counter[str]) -> Described:
    name = cluster.name if short[first_label(cluster.name)] == 1 else cluster.full_name
    return Described(cluster, re.sub(r"[^\w.-]", "_", name), *write_scenario(read))
