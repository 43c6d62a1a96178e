# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long moves take in an order: each starts as soon as source, destination and cluster have a slot.

A move takes three seconds and the time of its memory on the link of its destination, as in the simulated cluster; links
are not shared. Times are in tenths of a second.
"""

from __future__ import annotations

import collections
import heapq
import random
from collections.abc import Mapping, Sequence

from .model import Node, Situation, Vm

_EXCHANGES = 200  # tried in an order
_FIXED = 30  # tenths of a second


def duration(vm: Vm, node: Node) -> int:
    """Return for how long a VM moves to a node."""
    return _FIXED + -(-vm.memory_mb * 10 // node.rate)


def makespan(situation: Situation, places: Mapping[str, str], order: Sequence[str]) -> int:
    """Return when the last of the moves ends, where the first in ``order`` that can start is always started next."""
    nodes, vms = {node.name: node for node in situation.nodes}, {vm.name: vm for vm in situation.vms}
    waiting, now = list(order), 0
    running: list[tuple[int, str]] = []
    busy: collections.Counter[str] = collections.Counter()
    most = situation.slots if situation.limit is None else min(situation.slots, situation.limit)
    while waiting or running:
        left = []
        for name in waiting:
            node = nodes[places[name]]
            if len(running) < most and busy[node.name] < node.slots:
                heapq.heappush(running, (now + duration(vms[name], node), node.name))
                busy[node.name] += 1
            else:
                left.append(name)
        waiting = left
        now, ended = heapq.heappop(running)
        busy[ended] -= 1
    return now


def longest_first(situation: Situation, places: Mapping[str, str]) -> list[str]:
    """Return the VMs in the order in which jobs are dealt with best as a rule."""
    nodes = {node.name: node for node in situation.nodes}
    return [vm.name for vm in sorted(situation.vms, key=lambda vm: (-duration(vm, nodes[places[vm.name]]), vm.name))]


def longest_queue_first(situation: Situation, places: Mapping[str, str]) -> list[str]:
    """Return the VMs so that the next one always goes where most work is left for each slot, longest first."""
    nodes, vms = {node.name: node for node in situation.nodes}, {vm.name: vm for vm in situation.vms}
    queues: dict[str, list[str]] = {name: [] for name in nodes}
    for name in longest_first(situation, places):
        queues[places[name]].append(name)
    left = {name: sum(duration(vms[vm], nodes[name]) for vm in queue) for name, queue in queues.items()}
    order = []
    while any(queues.values()):
        node = max((one for one in queues if queues[one]), key=lambda one: (left[one] / nodes[one].slots, one))
        name = queues[node].pop(0)
        left[node] -= duration(vms[name], nodes[node])
        order.append(name)
    return order


def shortest_listed(situation: Situation, places: Mapping[str, str]) -> int:
    """Return the shortest duration of these destinations that two orders and some exchanges find."""
    order = min(
        (longest_first(situation, places), longest_queue_first(situation, places)),
        key=lambda one: makespan(situation, places, one),
    )
    found, chance = makespan(situation, places, order), random.Random(0)
    for unused in range(_EXCHANGES):
        one, other = chance.randrange(len(order)), chance.randrange(len(order))
        order[one], order[other] = order[other], order[one]
        took = makespan(situation, places, order)
        if took > found:
            order[one], order[other] = order[other], order[one]
        found = min(found, took)
    return found
