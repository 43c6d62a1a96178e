# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be planned, in words of its own: nothing of the planner, so that judge and exact solver are independent.

VMs leave one node, which is not listed, for the nodes that are. Memory is in MB.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Node:
    """A node that takes VMs: ``free_mb`` of ``total_mb`` now, ``slots`` migrations at a time, at that many MB/s.

    The planner is given the rate where it ``is_rate_known``.
    """

    name: str
    total_mb: int
    free_mb: int
    slots: int = 2
    rate: int = 1000
    is_rate_known: bool = False


@dataclasses.dataclass(frozen=True)
class Vm:
    """A VM that is to leave; without ``owners`` it may go anywhere, ``preferred`` are nodes that it should be on."""

    name: str
    memory_mb: int
    owners: frozenset[str] = frozenset()
    preferred: frozenset[str] = frozenset()
    priority: int = 2000


@dataclasses.dataclass(frozen=True)
class Rule:
    """Members shall be apart, or ``together``, on nodes or in fault domains.

    ``members`` are VMs that leave; ``held`` are the nodes of members that stay where they are.
    """

    name: str
    members: frozenset[str]
    held: tuple[str, ...] = ()
    together: bool = False
    by_domain: bool = False
    hard: bool = True


@dataclasses.dataclass(frozen=True)
class Situation:
    """VMs, nodes and rules; ``reserve_percent`` of the memory of each node stays free.

    ``slots`` are those of the node that is left, ``limit`` those of the whole cluster, None where it has none.
    """

    nodes: tuple[Node, ...]
    vms: tuple[Vm, ...]
    rules: tuple[Rule, ...] = ()
    domains: Mapping[str, str] = dataclasses.field(default_factory=dict)
    reserve_percent: int = 0
    slots: int = 2
    limit: int | None = None

    def room_mb(self, node: Node) -> int:
        """Return what a node can take; 0 where its reserve is in use already."""
        return max(0, node.free_mb - int(node.total_mb * self.reserve_percent / 100))

    def area(self, rule: Rule, node: str) -> str:
        """Return the node or its fault domain, whichever a rule is about."""
        return self.domains[node] if rule.by_domain else node
