# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The placement of the VMs that leave a node: what is asked for, and on which terms it is tried. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..._names import in_capitals
from ..cluster.affinity import counting_what_runs, group_member
from ..cluster.states import AT_REST
from .evacuation_request import EvacuationRequest
from .leaving import Leaving
from .placement import Placement, place
from .problem import Destination, PlacementProblem
from .revalidation import EarlierPlan
from .snapshot import Snapshot
from .strategies import OFFLINE


def make_problem(snapshot: Snapshot, request: EvacuationRequest, cases: Sequence[Leaving]) -> PlacementProblem:
    """Return where the VMs that leave may go, with all others where they are."""
    leaving = {case.candidate.vm.id for case in cases if case.stay is None}
    clustered = {in_capitals(role.group) for role in snapshot.roles.values()}
    where = {
        group_member(name): traits.owner
        for name, traits in snapshot.traits.items()
        if name not in clustered and traits.owner
    }
    for vm in snapshot.vms:
        if vm.id not in leaving:
            running = snapshot.running_migrations.get(vm.id)
            where[vm.id] = running.destination if running is not None else vm.node
    return PlacementProblem(
        tuple(case.candidate for case in cases if case.stay is None),
        tuple(_with_rate(one, snapshot.node.name, request.link_rates) for one in snapshot.destinations),
        tuple(counting_what_runs(snapshot.rules, _off_by_then(snapshot, cases))),
        where,
        snapshot.domains,
        request.reserve_percent,
        snapshot.slots,
        snapshot.cluster_slots,
        request.priority_first,
        request.preferred_owner_cost,
    )


def _with_rate(destination: Destination, source: str, rates: Mapping[str, int]) -> Destination:
    """Return a destination with the rate at which moves to it run: that of the slower one of both links."""
    known = [rates[label] for label in (first_label(destination.name), first_label(source)) if label in rates]
    return dataclasses.replace(destination, rate=min(known, default=None))


def _off_by_then(snapshot: Snapshot, cases: Sequence[Leaving]) -> set[str]:
    """Return the members of rules that do not run when the node is emptied."""
    return (
        {vm.id for vm in snapshot.vms if vm.state in AT_REST}
        | {case.candidate.vm.id for case in cases if case.strategy in OFFLINE}
        | {group_member(name) for name, traits in snapshot.traits.items() if traits.state == "offline"}
    )


def place_leaving(problem: PlacementProblem, earlier: EarlierPlan | None) -> tuple[Placement, PlacementProblem]:
    """Place on nodes that run no older Windows as long as that works; an older one is the last choice.

    Microsoft supports clusters of mixed versions during an upgrade (cluster-operating-system-rolling-upgrade). What
    decides there is the configuration version of the VM, which Hyper-V checks when the VM is to move.
    """
    placement, problem = _place_with_pins(problem, earlier)
    if not placement.unplaced:
        return placement, problem
    for vm_ids in ({one.candidate.vm.id for one in placement.unplaced}, {one.vm.id for one in problem.candidates}):
        wider = _with_older_nodes(problem, vm_ids)
        if not placement.unplaced or wider == problem:
            continue
        found, used = _place_with_pins(wider, earlier)
        if len(found.unplaced) < len(placement.unplaced):
            placement, problem = found, used
        else:  # older nodes are no help, and that is what the proof is to be about
            placement = dataclasses.replace(placement, infeasibility=found.infeasibility)
    return placement, problem


def _with_older_nodes(problem: PlacementProblem, vm_ids: set[str]) -> PlacementProblem:
    """Return the problem in which these VMs may go to older nodes, unless they take a saved state along."""
    builds = [node.build for node in problem.destinations if node.build is not None]
    return dataclasses.replace(
        problem,
        candidates=tuple(
            dataclasses.replace(one, build=None)
            if one.vm.id in vm_ids and not one.carries_state and one.build and min(builds, default=0) < one.build
            else one
            for one in problem.candidates
        ),
    )


def _place_with_pins(problem: PlacementProblem, earlier: EarlierPlan | None) -> tuple[Placement, PlacementProblem]:
    """Place with the moves of an earlier plan kept; those that cannot be kept are planned anew."""
    placement = place(problem)
    given_up = {one.candidate.vm.id for one in placement.unplaced if earlier and one.candidate.vm.id in earlier.moves}
    freed = without_pins(problem, given_up)
    return (place(freed), freed) if freed != problem else (placement, problem)


def without_pins(problem: PlacementProblem, vm_ids: set[str]) -> PlacementProblem:
    """Return the problem in which these VMs may go anywhere, unless they are on their way already."""
    return dataclasses.replace(
        problem,
        candidates=tuple(
            dataclasses.replace(one, pinned="", pinned_because="")
            if one.vm.id in vm_ids and not one.vm.is_migrating
            else one
            for one in problem.candidates
        ),
    )
