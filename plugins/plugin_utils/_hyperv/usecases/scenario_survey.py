# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All clusters of a play as scenarios, and which hosts are in none and why."""

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
from ..failure.errors import HyperVError, remedy_of
from ..failure.finding import ERROR, Finding, full_stop
from .cluster_description import ClusterDescription, read_cluster
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


def describe_all(survey: Survey, enter: Enter) -> tuple[list[Described], list[Finding]]:
    """Describe each cluster through the first of its hosts that may read it; return which hosts are in none, and why.

    A host that does not answer is in one if its cluster says that this node does not run.
    """
    missing: list[Finding] = []
    read: dict[ClusterName, ClusterDescription] = {}
    for party in survey.parties:
        if party.cluster is None:
            missing += [_alone(party, host) for host in party.hosts]
            continue
        found, error = _first_reading(party, enter)
        if found is not None:
            read[party.cluster] = found
        elif error is not None:
            missing += [_unread(host, f"{party.cluster} could not be read: {error}", error) for host in party.hosts]
    for one in survey.unasked:
        meant = survey.node_listed_as(one)
        found = read.get(meant[0].cluster) if meant and meant[0].cluster else None
        if found is None or meant is None or _runs(found, meant[1]):
            missing.append(_unread(one.host, str(one.error), one.error))
    short = collections.Counter(first_label(cluster.name) for cluster in read)
    return [_described(cluster, found, short) for cluster, found in read.items()], missing


def _alone(party: Party, host: str) -> Finding:
    message = f"It is {party.members[host]}, which is not a node of a cluster, and a scenario describes a cluster."
    return Finding("no_cluster", ERROR, host, "host", message)


def _unread(host: str, message: str, error: Exception) -> Finding:
    return Finding("not_read", ERROR, host, "host", full_stop(message), remedy_of(error))


def _first_reading(party: Party, enter: Enter) -> tuple[ClusterDescription | None, Exception | None]:
    """Return what the first host shows that may read the cluster, or else why the last one did not."""
    why: Exception | None = None
    for host in party.hosts:
        try:
            return read_cluster(enter(host)), None
        except (HyperVError, NoAnswer) as error:
            why = error
    return None, why


def _runs(read: ClusterDescription, name: str) -> bool:
    return any(host.node.is_running for host in read.hosts if first_label(host.node.name) == first_label(name))


def _described(cluster: ClusterName, read: ClusterDescription, short: collections.Counter[str]) -> Described:
    name = cluster.name if short[first_label(cluster.name)] == 1 else cluster.full_name
    return Described(cluster, re.sub(r"[^\w.-]", "_", name), *write_scenario(read))
