# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whole clusters for plans of rolling maintenances, as they would have been read, and a judge that replays a plan.

The judge knows memory, possible owners and hard rules from what was drawn, and nothing of how the planner works.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.affinity import NODE, Rule
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.groups import GroupTraits, VmGroup
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.hosts import Memory
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.nodes import Node
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.owners import Owners
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.states import VmState
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.vms import Vm
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.snapshot import Snapshot
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.whole_cluster import (
    ClusterNode,
    WholeCluster,
)

GIGABYTE = 1024


@dataclasses.dataclass(frozen=True)
class Guest:
    """One VM of a cluster."""

    name: str
    node: str
    memory_mb: int = 4 * GIGABYTE
    state: VmState = "running"
    owners: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"ID-{self.name}"


@dataclasses.dataclass(frozen=True)
class DrawnCluster:
    """Nodes by name with their memory in MB, their VMs, and hard classes whose members avoid one another's node."""

    nodes: Mapping[str, int]
    guests: tuple[Guest, ...]
    classes: tuple[frozenset[str], ...] = ()
    slots: int = 4

    @property
    def names(self) -> list[str]:
        return list(self.nodes)

    def read(self) -> WholeCluster:
        """Return it as it would have been read."""
        used = dict.fromkeys(self.nodes, 0)
        for guest in self.guests:
            used[guest.node] += guest.memory_mb if guest.state == "running" else 0
        nodes = tuple(
            ClusterNode(
                Node(name, "up", "not_initiated", "", 20348), Memory(total, total - used[name]), slots=self.slots
            )
            for name, total in self.nodes.items()
        )
        return WholeCluster(
            nodes,
            Snapshot(
                nodes[0].node,
                tuple(Vm(one.id, one.name, one.node, one.state, (2,), one.memory_mb) for one in self.guests),
                roles={one.id: VmGroup(f"Virtual Machine {one.name}", one.name, one.node) for one in self.guests},
                traits={one.name.casefold(): GroupTraits(2000, (), one.name, owner=one.node) for one in self.guests},
                owners={one.id: Owners(one.owners) for one in self.guests},
                rules=tuple(
                    Rule(f"class {number}", False, NODE, True, members) for number, members in enumerate(self.classes)
                ),
            ),
        )


def draw_cluster(
    seed: int, count: int, fill: float, *, per_node: int = 25, memory_mb: int = 512 * GIGABYTE, ruled: bool = False
) -> DrawnCluster:
    """Draw nodes of one size that are full by a share, with VMs of 2 to 64 GB.

    ``ruled``: a tenth of the VMs may not run on a quarter of the nodes, and there is a hard class for every two nodes.
    """
    chance = random.Random(f"{seed} {count} {fill} {per_node}")
    names = [f"NODE{number}" for number in range(1, count + 1)]
    sizes = _sizes(chance, count * per_node, int(fill * count * memory_mb))
    left = {name: int(memory_mb * 0.9) for name in names}
    guests = []
    for number, size in enumerate(sizes):
        node = max(names, key=lambda one: left[one])  # as an administrator, or the cluster, places what is new
        left[node] -= size
        guests.append(Guest(f"vm{number:04}", node, size))
    if not ruled:
        return DrawnCluster(dict.fromkeys(names, memory_mb), tuple(guests))
    return _with_rules(chance, DrawnCluster(dict.fromkeys(names, memory_mb), tuple(guests)))


def _sizes(chance: random.Random, count: int, total: int) -> list[int]:
    """Return sizes that are drawn and then scaled to make up a total, in whole MB."""
    drawn = [chance.choice((2, 4, 4, 8, 8, 8, 16, 16, 32, 64)) * chance.uniform(0.8, 1.2) for unused in range(count)]
    return [int(one * total / sum(drawn)) for one in drawn]


def _with_rules(chance: random.Random, cluster: DrawnCluster) -> DrawnCluster:
    names = cluster.names
    guests = []
    for guest in cluster.guests:
        barred = set(chance.sample(names, len(names) // 4)) - {guest.node} if chance.random() < 0.1 else set()
        owners = tuple(one for one in names if one not in barred) if barred else ()
        guests.append(dataclasses.replace(guest, owners=owners))
    classes = []
    for unused in range(len(names) // 2):
        apart = {one.node: one.id for one in chance.sample(guests, len(guests))}
        members = chance.sample(sorted(apart.values()), min(len(apart), chance.randint(2, max(2, len(names) // 2))))
        classes.append(frozenset(members))
    return dataclasses.replace(cluster, guests=tuple(guests), classes=tuple(classes))


def faults_of(cluster: DrawnCluster, plan: Mapping[str, t.Any], reserve_percent: float = 10) -> list[str]:
    """Replay a plan; return what is wrong with it: a move without room or right, a node that is not empty."""
    replay = _Replay(cluster, reserve_percent)
    for unused, those in itertools.groupby(plan["steps"], key=lambda step: step["batch"]):
        batch = list(those)
        for step in reversed(batch):  # nothing says which of the nodes is emptied first
            replay.make(step["node"], [*step["helpers"], *step["moves"]], nodes_of(batch))
        for node in nodes_of(batch):
            if left := [vm for vm, there in replay.where.items() if there == node]:
                replay.faults.append(f"{node} is not empty: {left}")
        for step in batch:
            replay.make(f"{step['node']}, return", step["returns"])
    replay.make("refill", plan["refill"])
    return replay.faults


class _Replay:
    def __init__(self, cluster: DrawnCluster, reserve_percent: float) -> None:
        self.where = {one.id: one.node for one in cluster.guests}
        self.faults: list[str] = []
        self._guests = {one.id: one for one in cluster.guests}
        self._classes = cluster.classes
        self._most = {node: total * (1 - reserve_percent / 100) + 1 for node, total in cluster.nodes.items()}
        self._used = dict.fromkeys(cluster.nodes, 0)
        for one in cluster.guests:
            self._used[one.node] += _memory(one)

    def make(self, when: str, moves: Sequence[Mapping[str, t.Any]], away: Sequence[str] = ()) -> None:
        for one in moves:
            guest, there = self._guests[one["vm_id"]], one["destination_host"]
            if there in away:
                self.faults.append(f"{when}: {guest.name} goes to {there}, which is away at that time")
            if self.where[guest.id] != one["source_host"]:
                self.faults.append(f"{when}: {guest.name} is on {self.where[guest.id]}, not on {one['source_host']}")
            if guest.owners and there not in guest.owners:
                self.faults.append(f"{when}: {guest.name} may not run on {there}")
            self._used[self.where[guest.id]] -= _memory(guest)
            self._used[there] += _memory(guest)
            self.where[guest.id] = there
            if self._used[there] > self._most[there] and _memory(guest):
                self.faults.append(f"{when}: {there} has {self._used[there]} MB with {guest.name}")
        for members in self._classes:
            nodes = [self.where[one] for one in members]
            if len(set(nodes)) < len(nodes):
                self.faults.append(f"{when}: VMs of a class are on one node: {sorted(nodes)}")


def _memory(guest: Guest) -> int:
    return guest.memory_mb if guest.state == "running" else 0


def nodes_of(steps: Sequence[Mapping[str, t.Any]]) -> list[str]:
    return [one["node"] for one in steps]
