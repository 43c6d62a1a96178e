# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a whole rolling maintenance, from what was read. Pure.

With every VM back where it was, each moves twice. Otherwise each moves once, and what leaves the first node, which can
only go to nodes that are still to be emptied, once more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ..._hostnames import first_label
from ..cluster.hosts import Memory
from ..cluster.vms import Vm
from ..failure.errors import HyperVError
from ..failure.finding import ERROR
from .durations import least_time, milliseconds, slots_of
from .helper_moves import HelperMove
from .infeasibility import Infeasibility
from .layout import Layout, memory_of, present_layout
from .problem import Candidate, Destination, PlacementProblem
from .refill import refill
from .roll_plan import Amount, Refusal, RollPlan
from .roll_request import BALANCED, KEEP, RollRequest
from .roll_search import Found, find_order
from .roll_steps import RollStep
from .whole_cluster import WholeCluster

_HELPERS = 4  # VMs of other nodes for each node: as many are looked for to say that they would help


def plan_roll(whole: WholeCluster, request: RollRequest) -> RollPlan:
    """Return the plan; where it has a refusal, nothing should be begun.

    Raises HyperVError for a name that is no node, or one that is given twice.
    """
    layout = present_layout(whole)
    _check_names(layout, request)
    found = find_order(layout, request)
    moves: tuple[HelperMove, ...] = ()
    if found.stuck is None and request.layout == BALANCED:
        moves = refill(found.layout, request.evacuation, request.returning(list(layout.vms.values())))
    plan = RollPlan(
        request.layout,
        found.batches,
        _bound(layout, request, found),
        _keep(layout, request, found),
        moves,
        _refill_seconds(found.layout, request, moves),
        request.node_seconds,
        owner=whole.snapshot.owner,
        notes=(*whole.snapshot.notes, *(one.text for one in whole.snapshot.others), *request.limits()),
    )
    stuck = found.stuck
    if stuck is None or stuck.plan.infeasibility is None:
        return plan
    return dataclasses.replace(plan, refusal=_refusal(layout, request, found, stuck, stuck.plan.infeasibility))


def _check_names(layout: Layout, request: RollRequest) -> None:
    known = ", ".join(one.node.name for one in layout.nodes.values())
    strange = [one for one in (*request.nodes, *request.done) if first_label(one) not in layout.nodes]
    if strange:
        raise HyperVError(f"{', '.join(strange)} is not a node of the cluster, which has {known}. Correct the name.")
    labels = [first_label(one) for one in (*request.nodes, *request.done)]
    twice = sorted({one.upper() for one in labels if labels.count(one) > 1})
    if twice:
        raise HyperVError(f"{', '.join(twice)} is given more than once. Name each node once, to be done or as done.")


def _leavers(layout: Layout, request: RollRequest, found: Found) -> dict[str, list[str]]:
    """Return the ids of VMs that leave each node at least once, by the node's first label."""
    staying = {stay.vm.id for step in found.steps for stay in step.plan.stays}
    return {first_label(node): [vm.id for vm in layout.on(node) if vm.id not in staying] for node in request.nodes}


def _bound(layout: Layout, request: RollRequest, found: Found) -> Amount:
    leavers = _leavers(layout, request, found)
    returning = request.returning(list(layout.vms.values()))
    everyone = [vm_id for those in leavers.values() for vm_id in those]
    twice = [vm_id for vm_id in everyone if vm_id in returning]
    firsts = [[vm_id for vm_id in those if vm_id not in returning] for those in leavers.values()]
    if request.in_order or request.begun:
        firsts = firsts[:1]
    # A node that is not to be emptied any more can take what leaves the first one for good.
    if any(layout.takes_vms(label) and label not in leavers for label in layout.nodes):
        firsts = [[]]
    memory = {vm.id: memory_of(vm) for vm in layout.vms.values()}

    def copied(vm_ids: Sequence[str]) -> int:
        return sum(memory[one] for one in vm_ids)

    return Amount(
        len(everyone) + len(twice) + min(map(len, firsts), default=0),
        copied(everyone) + copied(twice) + min(map(copied, firsts), default=0),
    )


def _keep(layout: Layout, request: RollRequest, found: Found) -> Amount:
    """Return what no plan takes less than in which every VM returns, one node after the other."""
    leavers = _leavers(layout, request, found)
    everyone = [layout.vms[vm_id] for those in leavers.values() for vm_id in those]
    seconds = [_least_seconds(layout, request, node, [layout.vms[one] for one in ids]) for node, ids in leavers.items()]
    known = [one for one in seconds if one is not None]
    return Amount(
        2 * len(everyone),
        2 * sum(memory_of(vm) for vm in everyone),
        2 * sum(known) + request.node_seconds * len(seconds) if len(known) == len(seconds) else None,
    )


def _least_seconds(layout: Layout, request: RollRequest, node: str, vms: Sequence[Vm]) -> int | None:
    """Return the least time in which VMs can leave a node, or return to it; None where slots are not known."""
    problem = PlacementProblem(
        (), (), source_slots=layout.nodes[node].slots, cluster_slots=layout.snapshot.cluster_slots
    )
    others = [one for label, one in layout.nodes.items() if label != node and layout.takes_vms(label)]
    slots = slots_of(problem)
    if slots is None or not others or not all(one.slots for one in others):
        return None
    rates = [request.evacuation.link_rates.get(label, 0) for label in layout.nodes]
    fastest = Destination(node, Memory(0, 0), rate=max(rates) if all(rates) else None)
    durations = [milliseconds(Candidate(vm), fastest) for vm in vms]
    return -(-least_time(durations, slots, [one.slots or 1 for one in others]) // 1000)


def _refill_seconds(layout: Layout, request: RollRequest, moves: Sequence[HelperMove]) -> int | None:
    """Return how long the moves take if they hold the slots of the nodes that they are about evenly."""
    if not moves:
        return 0
    work: dict[str, int] = {}
    rates = request.evacuation.link_rates
    nodes = {first_label(one.name): one for one in layout.everywhere().destinations}
    longest = 0
    for move in moves:
        ends = first_label(move.helper.node), first_label(move.destination)
        rate = min((rates[one] for one in ends if one in rates), default=None)
        took = milliseconds(move.helper.candidate, dataclasses.replace(nodes[ends[1]], rate=rate))
        longest = max(longest, took)
        for end in ends:
            work[end] = work.get(end, 0) + took
    slots = {label: layout.nodes[label].slots for label in work}
    if not all(slots.values()):
        return None
    return -(-max([longest, *(work[label] // (slots[label] or 1) for label in work)]) // 1000)


def _refusal(layout: Layout, request: RollRequest, found: Found, stuck: RollStep, why: Infeasibility) -> Refusal:
    number = len(found.steps) + 1
    before = f" after {', '.join(one.node for one in found.steps)}" if found.steps else ""
    message = (
        f"No plan was found for the rolling maintenance: {stuck.node} cannot be emptied as node {number} of "
        f"{len(request.nodes)}{before}. {why.message}"
    )
    remedies = [*_ways_out(layout, request), *_fill(layout, request), why.remedy]
    return Refusal(why.code, ERROR, stuck.node, "node", message, " ".join(one for one in remedies if one), step=number)


def _ways_out(layout: Layout, request: RollRequest) -> list[str]:
    """Return what was found to help: another order, or VMs of other nodes that step aside."""
    if request.in_order and request.layout != KEEP:
        other = find_order(layout, dataclasses.replace(request, in_order=False))
        if other.stuck is None:
            return [f"It is possible in the order {', '.join(one.node for one in other.steps)}."]
    if request.evacuation.helpers < _HELPERS:
        evacuation = dataclasses.replace(request.evacuation, helpers=_HELPERS)
        helped = find_order(layout, dataclasses.replace(request, evacuation=evacuation))
        if helped.stuck is None:
            most = max(len(one.plan.steps_aside) for one in helped.steps)
            nodes = [one.node for one in helped.steps if one.plan.steps_aside]
            return [
                f"It is possible if VMs of other nodes may step aside: with helpers={most}, for {', '.join(nodes)}."
            ]
    return []


def _fill(layout: Layout, request: RollRequest) -> list[str]:
    """Return by how much the nodes are too full, if all VMs have no room on the nodes that are left."""
    usable = {
        label: one.memory.total_mb for label, one in layout.nodes.items() if one.memory and layout.takes_vms(label)
    }
    reserve = request.evacuation.reserve_percent / 100
    used = sum(usable[label] - layout.free_mb[label] for label in usable)
    biggest = max((usable.get(first_label(one), 0) for one in request.nodes), default=0)
    most = (sum(usable.values()) - biggest) * (1 - reserve)
    if used <= most or not usable:
        return []
    total = sum(usable.values())
    return [
        f"{100 * used / total:.0f} % of the memory of all nodes is in use; without any one of them, and with "
        f"{request.evacuation.reserve_percent:g} % kept in reserve, {100 * most / total:.0f} % can be: free "
        f"{used - int(most)} MB, or lower the reserve."
    ]
