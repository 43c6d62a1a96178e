# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which clusters some hosts are nodes of, and which hosts could not be asked: none is left out.

Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from ..._hostnames import NETBIOS_LENGTH, first_label
from ..cluster.identity import ClusterName, Identity


@dataclasses.dataclass(frozen=True)
class Party:
    """Hosts that are looked at together: those of one cluster, or hosts by themselves of one DNS domain.

    Attributes:
        cluster: None for hosts by themselves.
        members: who answers for each inventory host, in the order of the play; at least one.
    """

    cluster: ClusterName | None
    members: Mapping[str, Identity]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The inventory hosts."""
        return tuple(self.members)

    def node_listed_as(self, names: Sequence[str]) -> str:
        """Return the node of the cluster that a host means by how it is listed; empty for none."""
        any_member = next(iter(self.members.values()))
        if not all(map(any_member.has_name_in_domain, names)):
            return ""
        labels = {cut for label in map(first_label, names) for cut in (label, label[:NETBIOS_LENGTH])}
        return next((node for node in any_member.node_names if first_label(node) in labels), "")

    def _takes(self, identity: Identity) -> bool:
        if self.cluster is not None or identity.cluster is not None:
            return any(one.is_of_the_cluster_of(identity) for one in self.members.values())
        computers = [one.computer for one in self.members.values()]
        return computers[0].domain == identity.computer.domain and all(
            one.name.casefold() != identity.computer.name.casefold() for one in computers
        )


@dataclasses.dataclass(frozen=True)
class Unasked:
    """An inventory host that did not tell who it is, or is another machine than it is listed as.

    Attributes:
        names: what its listing says of the computer's name.
        error: why.
    """

    host: str
    names: tuple[str, ...]
    error: Exception


@dataclasses.dataclass(frozen=True)
class Survey:
    """All hosts, each in one of both."""

    parties: tuple[Party, ...]
    unasked: tuple[Unasked, ...]

    def node_listed_as(self, unasked: Unasked) -> tuple[Party, str] | None:
        """Return the node that a host was meant to be, with its cluster; None where several or none could be meant."""
        fitting = [(party, node) for party in self.parties if (node := party.node_listed_as(unasked.names))]
        return fitting[0] if len(fitting) == 1 else None


def take_survey(answers: Mapping[str, Identity | Exception], names_of: Callable[[str], Sequence[str]]) -> Survey:
    """Put hosts together by what they say of themselves.

    ``answers``: who answers for each inventory host, described as far as an Identity can be, or why nobody does.
    ``names_of`` returns what the listing of a host says of the computer's name.
    """
    parties: list[Party] = []
    unasked: list[Unasked] = []
    for host, answer in answers.items():
        if isinstance(answer, Exception):
            unasked.append(Unasked(host, tuple(names_of(host)), answer))
            continue
        place = next((number for number, party in enumerate(parties) if party._takes(answer)), len(parties))
        members = parties[place].members if place < len(parties) else {}
        parties[place : place + 1] = [Party(answer.cluster, {**members, host: answer})]
    return Survey(tuple(parties), tuple(unasked))
