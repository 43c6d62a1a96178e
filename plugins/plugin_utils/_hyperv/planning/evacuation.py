# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan to empty a node, from what was read: who leaves, who stays, and where to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.cluster import Cluster
from ..cluster.vms import Vm
from ..failure.errors import HyperVError, with_remedy
from ..failure.finding import ERROR
from .durations import milliseconds
from .evacuation_notes import notes_of
from .evacuation_plan import EvacuationPlan, Stay
from .evacuation_request import EvacuationRequest
from .helper_moves import Help, HelperMove, step_aside
from .infeasibility import Infeasibility
from .just_read import JustRead
from .kept_free import without
from .leaving import Leaving, goes_down, in_the_way_of_a_restart, leaving_of, local_stay
from .leaving_problem import make_problem, place_leaving, without_pins
from .placement import Headroom, Placement, place
from .problem import PlacementProblem
from .revalidation import Difference, EarlierPlan, PresentVm, compare, compare_helpers
from .role_moves import RolePlan, plan_role_moves
from .schedule import ExpectedDuration
from .snapshot import Snapshot
from .stepping_aside import ClusterReader, HelpRequest, Reader, who_would_help
from .strategies import (
    FAIL,
    MIGRATE,
    Strategy,
    StrategyName,
)
from .taking_snapshots import take_snapshot
from .vm_finding import VmFinding
from .ways_out import with_ways_out

_WITHOUT_MEMORY = "no_memory"  # the code of a VM to which nothing but memory denies a place


def plan_evacuation(cluster: Cluster, request: EvacuationRequest) -> EvacuationPlan:
    """Read the cluster and plan; nothing is changed. Raises HyperVError, Fault, TransportError."""
    began = cluster.clock.now()
    read = take_snapshot(cluster, request.node, request.destinations)
    snapshot = request.beside.around(read, request.reserve_percent)
    node = request.earlier.node if request.earlier is not None else snapshot.node.name
    if first_label(node) != first_label(snapshot.node.name):
        raise HyperVError(f"plan is one for {node}, and node is {snapshot.node.name}. Give the plan of that node.")
    planned_for = request.earlier.owner if request.earlier is not None else ""
    if planned_for and not snapshot.owner.may_be(planned_for):
        raise HyperVError(
            f"plan is one for {planned_for}, and this is {snapshot.owner.full}. Give the plan of this one."
        )
    must = [one for one in request.kept_free if one.always]
    left = without(snapshot, request.kept_free)
    plan = plan_from_snapshot(left, request)
    if plan.infeasibility is not None and len(must) < len(request.kept_free):
        left = without(snapshot, must)
        plan = plan_from_snapshot(left, request)
    plan = with_help(ClusterReader(cluster), left, request, plan)
    return dataclasses.replace(plan, just_read=JustRead.of(read, began))


def with_help(reader: Reader, snapshot: Snapshot, request: EvacuationRequest, plan: EvacuationPlan) -> EvacuationPlan:
    """Let VMs of other nodes step aside where memory alone is missing, or say which ones would have to."""
    blocking = [stay for stay in plan.stays if stay.is_blocking]
    refusal = plan.infeasibility
    if refusal is None or not snapshot.is_clustered:
        return plan
    if any(stay.finding.code != _WITHOUT_MEMORY for stay in blocking):
        return plan
    plan = dataclasses.replace(plan, under_way=_what_may_leave_room(snapshot))
    problem = make_problem(snapshot, request, [leaving_of(vm, snapshot, request) for vm in snapshot.vms_on_node])
    planned = tuple(request.earlier.helpers.values()) if request.earlier is not None else ()
    asked = HelpRequest(request.helpers, request.strategies, request.excluded, request.not_aside, planned)
    try:
        found = who_would_help(reader, snapshot, problem, asked)
        if found is None and request.earlier is not None:
            anew = without_pins(problem, set(request.earlier.moves))
            # What has a place without helpers when it is planned anew is for people to decide.
            if anew != problem and place(anew).unplaced:
                found = who_would_help(reader, snapshot, anew, asked)
    except NoAnswer as error:
        note = f"Whether VMs of other nodes could step aside could not be read: {with_remedy(error)}"
        return dataclasses.replace(plan, notes=(*plan.notes, note))
    if found is None:
        return plan
    agreed = {(one.vm_id, first_label(one.destination)) for one in planned}
    new = [one for one in found.moves if (one.helper.candidate.vm.id, first_label(one.destination)) not in agreed]
    if len(new) <= request.helpers:
        return dataclasses.replace(plan_from_snapshot(snapshot, request, found), under_way=plan.under_way)
    remedy = f"{step_aside(found.moves)} {refusal.remedy}"
    return dataclasses.replace(plan, infeasibility=dataclasses.replace(refusal, remedy=remedy), helpers=found.moves)


def _what_may_leave_room(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the VMs that leave a destination, and those of the node whose memory may count twice until it is there."""
    nodes, here = {first_label(one.name) for one in snapshot.destinations}, first_label(snapshot.node.name)
    return tuple(
        vm.name
        for vm, running in snapshot.migrating_vms
        if first_label(vm.node) in nodes - {first_label(running.destination)}
        or (first_label(vm.node) == here and not running.memory_is_there)
    )


def plan_from_snapshot(snapshot: Snapshot, request: EvacuationRequest, help_: Help | None = None) -> EvacuationPlan:
    """Return the plan for what was read. Pure: the same snapshot give the same plan, in whatever order they came.

    ``help_``: VMs of other nodes that step aside first, and the placement after that.
    """
    cases = [leaving_of(vm, snapshot, request) for vm in snapshot.vms_on_node]
    problem = make_problem(snapshot, request, cases)
    if help_ is None:
        placement, problem = place_leaving(problem, request.earlier)
    else:
        placement = dataclasses.replace(help_.placement, headroom=_as_it_is(problem, help_.placement))
    stays = [case.stay for case in cases if case.stay is not None]
    stays += [Stay(one.candidate.vm, one.candidate.strategy, one.finding) for one in placement.unplaced]
    stays += [local_stay(vm, request) for vm in snapshot.local_vms]
    doomed = frozenset(stay.vm.id for stay in stays if request.restart and goes_down(stay, request))
    stays = [in_the_way_of_a_restart(stay) if stay.vm.id in doomed else stay for stay in stays]
    blockers = {case.candidate.vm.id: case.blockers for case in cases}
    stays = [
        _with_ways_out(stay, blockers.get(stay.vm.id, ()), snapshot, request, problem) if stay.is_blocking else stay
        for stay in stays
    ]
    notes = (*snapshot.notes, *notes_of(snapshot, request, problem, placement))
    found = EvacuationPlan(
        snapshot.node.name,
        placement.moves,
        tuple(sorted(stays, key=lambda one: (one.vm.name.casefold(), one.vm.id))),
        tuple(blocker for case in cases for blocker in case.blockers),
        placement.headroom,
        notes,
        _infeasibility(snapshot, placement, stays, doomed),
        is_clustered=snapshot.is_clustered,
        owner=snapshot.owner,
        expected=_expected(problem, placement, help_),
        helpers=help_.moves if help_ is not None else (),
        roles=_plan_roles(snapshot, request),
        others=snapshot.others,
    )
    if request.earlier is None:
        return found
    nodes = {vm.id: vm.node for vm in snapshot.vms}
    differences = [
        *_differences(request.earlier, snapshot, found, nodes),
        *compare_helpers(request.earlier, {one.helper.candidate.vm.id: _present(one) for one in found.helpers}, nodes),
    ]
    known = {**request.earlier.moves, **request.earlier.helpers}
    first_states = {vm_id: move.first_state for vm_id, move in known.items()}
    return dataclasses.replace(
        found,
        revalidation=tuple(differences),
        made=tuple(request.earlier.made(nodes)),
        first_states=first_states,
    )


def _plan_roles(snapshot: Snapshot, request: EvacuationRequest) -> RolePlan:
    return plan_role_moves(
        snapshot.other_roles,
        snapshot.node.name,
        snapshot.role_destinations,
        snapshot.role_owners,
        snapshot.role_order,
        request.role_strategies,
    )


def _as_it_is(problem: PlacementProblem, placement: Placement) -> tuple[Headroom, ...]:
    """Return the memory of a placement after helper moves, beside what is free before them."""
    free = {one.name: one.memory.free_mb for one in problem.destinations}
    return tuple(dataclasses.replace(one, free_before_mb=free[one.node]) for one in placement.headroom)


def _expected(problem: PlacementProblem, placement: Placement, help_: Help | None) -> ExpectedDuration | None:
    """Return how long all moves take, those of VMs that step aside first among them."""
    if placement.expected is None or help_ is None:
        return placement.expected
    nodes = {one.name: one for one in problem.destinations}
    return placement.expected.after([milliseconds(one.helper.candidate, nodes[one.destination]) for one in help_.moves])


def _present(move: HelperMove) -> PresentVm:
    candidate = move.helper.candidate
    return PresentVm(
        candidate.vm.name, move.helper.node, candidate.vm.state, candidate.needs_mb, MIGRATE, move.destination
    )


def _with_ways_out(
    stay: Stay,
    blockers: Sequence[VmFinding],
    snapshot: Snapshot,
    request: EvacuationRequest,
    problem: PlacementProblem,
) -> Stay:
    """Return a VM that must not be left on the node with the strategies by which the plan would take it."""

    def works(strategy: StrategyName) -> bool:
        changed = dataclasses.replace(request, strategies=(Strategy(stay.vm.id, strategy), *request.strategies))
        case = leaving_of(stay.vm, snapshot, changed) if stay.is_clustered else None
        left = case.stay if case is not None else local_stay(stay.vm, changed)
        if case is not None and left is None:
            return not place(_alone(problem, snapshot, case), is_trial=True).unplaced
        return left is None or not (left.is_blocking or (request.restart and goes_down(left, changed)))

    codes = {one.code for one in blockers if one.severity == ERROR} or {stay.finding.code}
    if stay.finding.code == "restart":
        codes = {"restart"}
    return dataclasses.replace(stay, finding=with_ways_out(stay.finding, codes, works))


def _alone(problem: PlacementProblem, snapshot: Snapshot, case: Leaving) -> PlacementProblem:
    """Return the problem of a single VM, with all others where they are now."""
    vm_id = case.candidate.vm.id
    where = {**problem.where, **{one.vm.id: snapshot.node.name for one in problem.candidates}}
    return dataclasses.replace(
        problem, candidates=(case.candidate,), where={key: node for key, node in where.items() if key != vm_id}
    )


def _infeasibility(
    snapshot: Snapshot, placement: Placement, stays: Sequence[Stay], doomed: AbstractSet[str]
) -> Infeasibility | None:
    """Return why the node cannot be emptied: memory and rules first, then single VMs.

    ``doomed``: ids of VMs that only stand against the restart that is to follow.
    """
    blocking = [stay for stay in stays if stay.is_blocking]
    found = placement.infeasibility or (_blocked(blocking, doomed) if blocking else None)
    if found is None:
        return None
    remedies = dict.fromkeys(stay.finding.remedy for stay in blocking if stay.finding.remedy)
    remedy = " ".join(remedies) or "Move the VM by hand, or stop it first."
    return dataclasses.replace(found, subject=snapshot.node.name, remedy=remedy)


def _blocked(blocking: Sequence[Stay], doomed: AbstractSet[str]) -> Infeasibility:
    names = tuple(stay.vm.name for stay in blocking)
    if all(stay.vm.id in doomed for stay in blocking):
        message = f"It is to be restarted and {', '.join(names)} would go down with it."
        return Infeasibility.because("restart", message, names)
    wanted = all(stay.strategy == FAIL for stay in blocking)
    message = " ".join(f"{stay.vm.name} stays: {stay.finding.message}" for stay in blocking)
    return Infeasibility.because("strategy" if wanted else "blocked", message, names)


def _differences(
    earlier: EarlierPlan, snapshot: Snapshot, found: EvacuationPlan, nodes: Mapping[str, str]
) -> list[Difference]:
    now = {
        one.candidate.vm.id: _now(
            snapshot, one.candidate.vm, one.candidate.needs_mb, one.candidate.strategy, one.destination
        )
        for one in found.moves
    }
    now.update(
        {stay.vm.id: _now(snapshot, stay.vm, 0, stay.strategy, "", stay.finding.message) for stay in found.stays}
    )
    candidates = {one.candidate.vm.id: one.candidate for one in found.moves}
    destinations = {first_label(one.name): one for one in snapshot.destinations}

    def unable(vm_id: str, node: str) -> str:
        label = first_label(node)
        if label not in destinations:
            return snapshot.unusable.get(label) or f"{node} is not among the destinations any more"
        return candidates[vm_id].objection(destinations[label]) or f"{node} lacks the memory now, or a rule forbids it"

    return compare(earlier, now, nodes, unable)


def _now(
    snapshot: Snapshot, vm: Vm, needs_mb: int, strategy: StrategyName, destination: str, why: str = ""
) -> PresentVm:
    return PresentVm(vm.name, snapshot.node.name, vm.state, needs_mb, strategy, destination, why)
