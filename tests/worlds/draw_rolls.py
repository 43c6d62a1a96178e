# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Draws clusters for rolling maintenances, how they are gone through, and where they are ended in the middle."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

from tests.simulator.scenario import ClusterSpec, MigrationSpec, NodeSpec, VmSpec
from tests.support.scenarios import Scenario

from .world import Layout, Run, Step

_LAYOUTS: Sequence[Layout] = ("keep", "any", "any", "balanced")
_EAGERNESS = (0.0, 0.0, 0.0, 0.002, 0.005, 0.01, 0.03)  # a run has ten times the requests of others
_PLAIN = MigrationSpec()
_REQUESTS = 120  # of a node's turn, about


def draw_roll(given: Scenario, limits: Run, chance: random.Random) -> tuple[Scenario, list[Run], list[Step], float]:
    """Return a cluster with nodes alike, runs of one rolling maintenance, where they are killed, and the eagerness.

    ``given`` has the VMs and switches that were drawn for any world, and ``limits`` is a run with limits likewise.
    """
    cluster = _cluster(given, chance)
    nodes = tuple(node.name for node in cluster.nodes)
    vms = [vm.name for vm in cluster.vms]
    homes = ((), (), (vms[0],), ("vm[abc]",))
    run = dataclasses.replace(
        limits,
        kind="roll",
        node="",
        check=False,
        given=False,
        strategies=limits.strategies if chance.random() < 0.3 else (),
        nodes=nodes if chance.random() < 0.7 else nodes[:-1],
        layout=chance.choice(_LAYOUTS),
        at_once=chance.choice((1, 2, 2, 2)),
        home=chance.choice(homes),
        restart=chance.random() < 0.4,
        balancer_off=chance.random() < 0.2,
        helpers=2 if chance.random() < 0.2 else 0,
        gives_back=chance.random() < 0.85,
    )
    first = dataclasses.replace(run, failing=(chance.choice(nodes),) if chance.random() < 0.2 else ())
    runs = [first, *[run] * chance.choice((1, 2, 2, 3))]
    kills = [
        Step(number, int(chance.random() * _REQUESTS * len(nodes)), "kill")
        for number in range(len(runs) - 1)
        if chance.random() < 0.7
    ]
    eagerness = chance.choice(_EAGERNESS)
    if run.layout == "keep" and chance.random() < 0.5:
        runs = [dataclasses.replace(one, overlap=True, at_once=1) for one in runs]
    return cluster, runs, kills, eagerness


def _cluster(given: Scenario, chance: random.Random) -> Scenario:
    count = chance.choice((3, 4, 5, 5, 6))
    size = chance.choice((32768, 65536))
    slots = chance.choice((1, 2, 4))
    nodes = [NodeSpec(f"NODE{number}", memory_mb=size, simultaneous_migrations=slots) for number in range(1, count + 1)]
    if chance.random() < 0.2:  # racks of two
        nodes = [dataclasses.replace(node, fault_domain=(f"Rack {number // 2}",)) for number, node in enumerate(nodes)]
    vms = [_vm(vm, nodes[number % count].name, count, chance) for number, vm in enumerate(_many(given, chance))]
    enforced = ClusterSpec(enforced_anti_affinity=1) if chance.random() < 0.5 else ClusterSpec()
    return dataclasses.replace(given, nodes=tuple(nodes), vms=tuple(vms), cluster=enforced)


def _many(given: Scenario, chance: random.Random) -> list[VmSpec]:
    """Return the VMs that were drawn, and further ones without anything special."""
    members = [vm for vm in given.vms if vm.owner != "OTHER"]
    names = [f"vm{letter}" for letter in "abcdefghijkl"[len(members) : chance.choice((5, 7, 9, 12))]]
    return [*members, *(VmSpec(name, "NODE1", memory_mb=chance.choice((1024, 2048, 4096))) for name in names)]


def _vm(vm: VmSpec, node: str, count: int, chance: random.Random) -> VmSpec:
    """Return a VM as one of many: what is special about it would fail every rolling maintenance."""
    migration = vm.migration if chance.random() < 0.2 else _PLAIN
    if chance.random() < 0.15:
        migration = MigrationSpec(fails_at=50, fails_towards=f"NODE{chance.randint(1, count)}")
    return dataclasses.replace(
        vm,
        owner=node,
        memory_mb=min(vm.memory_mb, 8192),
        possible_owners=None,
        anti_affinity=("class",) if chance.random() < 0.2 else (),
        migration=migration,
        attachments=vm.attachments if chance.random() < 0.2 else (),
    )
