# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which nodes a cluster can do without at the same time, but for the memory that their VMs need. Pure.

Sources: the docs of quorum count a majority of the votes; those of Storage Spaces Direct take one server offline at a
time, whatever the resiliency of its volumes.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.redundancy import Redundancy
from ..failure.errors import HyperVError


def read_at_once(written: object, count: int, option: str) -> int:
    """Return how many nodes may be away at once, from a number or a share such as ``25%`` of so many nodes.

    A share is rounded down, and is at least one node. Raises HyperVError naming ``option`` for anything else.
    """
    match = re.fullmatch(r"([0-9]{1,5})\s*(%?)", str(written).strip())
    number = int(match.group(1)) if match else 0
    if match is None or number == 0 or (match.group(2) and number > 100):
        raise HyperVError(
            f"{option} is {written!r}. Give a number of nodes from 1 on, or a share of them from 1% to 100%."
        )
    return max(1, count * number // 100) if match.group(2) else number


@dataclasses.dataclass(frozen=True)
class Absence:
    """Judges whether nodes may be away together."""

    redundancy: Redundancy

    def allows(self, nodes: Sequence[str]) -> bool:
        """Tell whether the cluster keeps quorum, every fault domain and its disks; one node is always allowed.

        Whether it can do without one, the cluster itself says when that has its turn.
        """
        return not self.objection(nodes)

    def objection(self, nodes: Sequence[str]) -> str:
        """Return why the cluster cannot do without these nodes together, as a clause; empty where it can."""
        away = {first_label(node) for node in nodes}
        if len(away) == 1:
            return ""
        if self.redundancy.spaces_direct:
            return "the disks of each are a part of the volumes of Storage Spaces Direct"
        if self._loses_a_domain(away):
            return "a fault domain would lose all of its nodes"
        return "no majority of the votes would be left" if self._loses_quorum(away) else ""

    def _loses_quorum(self, away: set[str]) -> bool:
        """Tell whether no majority stays, by the votes as configured or as they count now.

        The witness counts as no vote: it may fail while the nodes are away.
        """
        return any(not self._keeps_majority(votes, away) for votes in self._votes())

    def _votes(self) -> Iterator[Mapping[str, int]]:
        """Yield the votes of all nodes; a node of which nothing is told has one."""
        labels = {*self.redundancy.running, *self.redundancy.configured, *self.redundancy.counted}
        for told in (self.redundancy.configured, self.redundancy.counted):
            yield {label: told.get(label, 1) for label in labels}

    def _keeps_majority(self, votes: Mapping[str, int], away: set[str]) -> bool:
        staying = sum(vote for label, vote in votes.items() if label in self.redundancy.running - away)
        return 2 * staying > sum(votes.values())

    def _loses_a_domain(self, away: set[str]) -> bool:
        members: dict[str, set[str]] = {}
        for label, domain in self.redundancy.domains.items():
            members.setdefault(domain, set()).add(label)
        return any(len(those) > 1 and those & self.redundancy.running <= away for those in members.values())

    def notes(self) -> list[str]:
        """Say what limits how many nodes may be away at once, and what could not be judged."""
        if self.redundancy.spaces_direct:
            return [
                "The cluster has Storage Spaces Direct: its nodes are taken one at a time, because the disks of each "
                "are a part of the volumes."
            ]
        found = []
        silent = sorted(self.redundancy.running - (self.redundancy.configured.keys() & self.redundancy.counted.keys()))
        if silent:
            found.append(f"The votes of {', '.join(silent)} are not told; each is taken to have one.")
        if not self.redundancy.domains:
            found.append("No node has a fault domain, so nodes of one rack may be away together.")
        return found
