# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan to empty a node, from what was read: who leaves, who stays, and where to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..._hostnames import first_label
from ..._wsman.errors import NoAnswer
from ..cluster.affinity import counting_what_runs, group_member
from ..cluster.cim_values import MEDIUM_PRIORITY
from ..cluster.cluster import Cluster
from ..cluster.owners import Owners
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from ..failure.errors import HyperVError, with_remedy
from ..failure.finding import ERROR, INFO, Severity
from .blockers import Facts, find_blockers, paused_before_it_is_stopped
from .durations import milliseconds
from .evacuation_plan import EvacuationPlan, Stay
from .evacuation_request import EvacuationRequest
from .helper_moves import Help, HelperMove, step_aside
from .infeasibility import Infeasibility
from .placement import Headroom, Placement, place
from .problem import Candidate, Destination, PlacementProblem
from .revalidation import Difference, EarlierPlan, PresentVm, compare, compare_helpers
from .role_moves import RolePlan, plan_role_moves
from .role_strategies import note_unused_role_strategies
from .schedule import ExpectedDuration
from .snapshot import Snapshot, take_snapshot
from .stepping_aside import ClusterReader, Reader, Wish, who_would_help
from .strategies import (
    FAIL,
    MIGRATE,
    OFFLINE,
    SHUTDOWN,
    STAY,
    Strategy,
    StrategyName,
    note_unused_strategies,
    strategy_for,
)
from .vm_finding import VmFinding, about_vm
from .ways_out import with_ways_out

_WITHOUT_MEMORY = "no_memory"  # the code of a VM to which nothing but memory denies a place


def plan_evacuation(cluster: Cluster, request: EvacuationRequest) -> EvacuationPlan:
    """Read the cluster and plan; nothing is changed. Raises HyperVError, Fault, TransportError."""
    snapshot = take_snapshot(cluster, request.node, request.destinations)
    node = request.earlier.node if request.earlier is not None else snapshot.node.name
    if first_label(node) != first_label(snapshot.node.name):
        raise HyperVError(f"plan is one for {node}, and node is {snapshot.node.name}. Give the plan of that node.")
    planned_for = request.earlier.owner if request.earlier is not None else ""
    if planned_for and not snapshot.owner.may_be(planned_for):
        raise HyperVError(
            f"plan is one for {planned_for}, and this is {snapshot.owner.full}. Give the plan of this one."
        )
    return with_help(ClusterReader(cluster), snapshot, request, plan_from_snapshot(snapshot, request))


def with_help(reader: Reader, snapshot: Snapshot, request: EvacuationRequest, plan: EvacuationPlan) -> EvacuationPlan:
    """Let VMs of other nodes step aside where memory alone is missing, or say which ones would have to."""
    blocking = [stay for stay in plan.stays if stay.is_blocking]
    refusal = plan.infeasibility
    if refusal is None or not snapshot.is_clustered:
        return plan
    if any(stay.finding.code != _WITHOUT_MEMORY for stay in blocking):
        return plan
    plan = dataclasses.replace(plan, under_way=_what_may_leave_room(snapshot))
    problem = _make_problem(snapshot, request, [_case(vm, snapshot, request) for vm in snapshot.vms_on_node])
    planned = tuple(request.earlier.helpers.values()) if request.earlier is not None else ()
    wish = Wish(request.helpers, request.strategies, request.excluded, request.not_aside, planned)
    try:
        found = who_would_help(reader, snapshot, problem, wish)
        if found is None and request.earlier is not None:
            anew = _without_pins(problem, set(request.earlier.moves))
            # What has a place without helpers when it is planned anew is for people to decide.
            if anew != problem and place(anew).unplaced:
                found = who_would_help(reader, snapshot, anew, wish)
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


@dataclasses.dataclass(frozen=True)
class _Case:
    """One VM of the node: how it would leave, what stands against it, and why it stays if it does."""

    candidate: Candidate
    strategy: StrategyName
    blockers: tuple[VmFinding, ...] = ()
    stay: Stay | None = None


def plan_from_snapshot(snapshot: Snapshot, request: EvacuationRequest, help_: Help | None = None) -> EvacuationPlan:
    """Return the plan for what was read. Pure: the same snapshot give the same plan, in whatever order they came.

    ``help_``: VMs of other nodes that step aside first, and the placement after that.
    """
    cases = [_case(vm, snapshot, request) for vm in snapshot.vms_on_node]
    problem = _make_problem(snapshot, request, cases)
    if help_ is None:
        placement, problem = _place(problem, request.earlier)
    else:
        placement = dataclasses.replace(help_.placement, headroom=_as_it_is(problem, help_.placement))
    stays = [case.stay for case in cases if case.stay is not None]
    stays += [Stay(one.candidate.vm, one.candidate.strategy, one.finding) for one in placement.unplaced]
    stays += [_local(vm, request) for vm in snapshot.local_vms]
    doomed = frozenset(stay.vm.id for stay in stays if request.restart and _goes_down(stay, request))
    stays = [_in_the_way_of_a_restart(stay) if stay.vm.id in doomed else stay for stay in stays]
    blockers = {case.candidate.vm.id: case.blockers for case in cases}
    stays = [
        _with_ways_out(stay, blockers.get(stay.vm.id, ()), snapshot, request, problem) if stay.is_blocking else stay
        for stay in stays
    ]
    notes = (*snapshot.notes, *_notes(snapshot, request, problem, placement))
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


def _case(vm: Vm, snapshot: Snapshot, request: EvacuationRequest) -> _Case:
    running = snapshot.running_migrations.get(vm.id)
    entry = strategy_for(vm, request.strategies)
    before = request.earlier.strategy(vm.id) if request.earlier is not None else None
    # A VM that is on its way is not asked any more.
    strategy: StrategyName = (
        MIGRATE if running is not None else entry.strategy if entry is not None else before or MIGRATE
    )
    candidate = _make_candidate(vm, snapshot, request, strategy)
    if strategy == STAY:
        finding = about_vm(vm, "strategy_stay", INFO, "It is to stay, as its strategy says.")
        return _Case(candidate, strategy, stay=Stay(vm, strategy, finding))
    if strategy == FAIL:
        message = "Its strategy is fail: the node is not to be emptied while it is here."
        finding = about_vm(vm, "strategy_fail", ERROR, message, "Move it by hand, or change its strategy.")
        return _Case(candidate, strategy, stay=Stay(vm, strategy, finding))
    facts = Facts(
        role=snapshot.roles.get(vm.id),
        traits=snapshot.traits_of(vm),
        group_members=snapshot.group_members_of(vm),
        attachments=snapshot.attachments.get(vm.id, ()),
        replication=snapshot.replication.get(vm.id),
        volumes=snapshot.volumes,
        insists=entry is not None and entry.strategy == MIGRATE,
        is_under_way=running is not None,
        is_clustered=snapshot.is_clustered,
    )
    blockers = tuple(find_blockers(candidate, facts))
    fatal = [blocker for blocker in blockers if blocker.severity == ERROR]
    if not fatal and strategy in OFFLINE and _is_confined(candidate, snapshot.node.name):
        return _Case(candidate, strategy, blockers, Stay(vm, strategy, _stopped_in_place(vm, strategy, snapshot)))
    if not fatal:
        return _Case(candidate, strategy, blockers)
    message, remedy = " ".join(one.message for one in fatal), " ".join(one.remedy for one in fatal)
    finding = about_vm(vm, "blocked", ERROR, message, remedy)
    return _Case(candidate, strategy, blockers, Stay(vm, strategy, finding))


def _is_confined(candidate: Candidate, node: str) -> bool:
    """Tell whether the cluster lets a VM run on this node alone."""
    return {first_label(one) for one in candidate.possible_owners} == {first_label(node)}


def _stopped_in_place(vm: Vm, strategy: StrategyName, snapshot: Snapshot) -> VmFinding:
    did = "shut down" if strategy == SHUTDOWN else "saved"
    message = f"It may run on {snapshot.node.name} only, so it stays there"
    message += "." if vm.state in AT_REST else f", and is {did} where it is."
    return about_vm(vm, "confined", INFO, message)


def _make_candidate(vm: Vm, snapshot: Snapshot, request: EvacuationRequest, strategy: StrategyName) -> Candidate:
    traits, owners = snapshot.traits_of(vm), snapshot.owners.get(vm.id, Owners())
    entry = strategy_for(vm, request.strategies)
    insists = entry is not None and entry.strategy == MIGRATE
    candidate = Candidate(
        vm,
        traits.priority if traits is not None and traits.priority is not None else MEDIUM_PRIORITY,
        owners.possible,
        owners.preferred,
        strategy,
        snapshot.node.build,
        request.excluded.get(vm.id, frozenset()),
        () if insists else snapshot.lacks.get(vm.id, ()),
    )
    if request.preference is not None and vm.id in request.preference.vm_ids:
        candidate = dataclasses.replace(
            candidate, preferred_owners=request.preference.nodes, preferred_as=request.preference.because
        )
    running = snapshot.running_migrations.get(vm.id)
    if running is not None:
        return dataclasses.replace(
            candidate,
            excluded=frozenset(),  # it is on its way there, whatever was wished
            lacks=(),
            pinned=running.destination,
            pinned_because=f"its migration to {running.destination} runs already",
            memory_is_there=running.memory_is_there,
        )
    move = request.earlier.moves.get(vm.id) if request.earlier is not None else None
    labels = {first_label(one.name) for one in snapshot.destinations}
    if move is None or first_label(move.destination) not in labels:
        return candidate
    return dataclasses.replace(candidate, pinned=move.destination, pinned_because="it was planned so before")


def _make_problem(snapshot: Snapshot, request: EvacuationRequest, cases: Sequence[_Case]) -> PlacementProblem:
    leaving = {case.candidate.vm.id for case in cases if case.stay is None}
    clustered = {role.group.casefold() for role in snapshot.roles.values()}
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


def _off_by_then(snapshot: Snapshot, cases: Sequence[_Case]) -> set[str]:
    """Return the members of rules that do not run when the node is emptied."""
    return (
        {vm.id for vm in snapshot.vms if vm.state in AT_REST}
        | {case.candidate.vm.id for case in cases if case.strategy in OFFLINE}
        | {group_member(name) for name, traits in snapshot.traits.items() if traits.state == "offline"}
    )


def _place(problem: PlacementProblem, earlier: EarlierPlan | None) -> tuple[Placement, PlacementProblem]:
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
    freed = _without_pins(problem, given_up)
    return (place(freed), freed) if freed != problem else (placement, problem)


def _without_pins(problem: PlacementProblem, vm_ids: set[str]) -> PlacementProblem:
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


def _local(vm: Vm, request: EvacuationRequest) -> Stay:
    """Return what becomes of a VM of the node that is not clustered: it can only be stopped there."""
    entry = strategy_for(vm, request.strategies)
    strategy: StrategyName = entry.strategy if entry is not None else MIGRATE
    message = "It is not a VM of the cluster, so it cannot be moved."
    if vm.state == "paused" and strategy in OFFLINE:
        return Stay(vm, strategy, paused_before_it_is_stopped(vm, strategy), is_clustered=False)
    harmless = vm.state in AT_REST or strategy in (STAY, *OFFLINE)
    if vm.state not in AT_REST and strategy in OFFLINE:
        message += f" It is {'shut down' if strategy == SHUTDOWN else 'saved'} where it is."
    remedy = "Make it highly available, or move it by hand."
    severity: Severity = ERROR if strategy == FAIL or not harmless else INFO
    finding = about_vm(vm, "not_clustered", severity, message, "" if harmless else remedy)
    return Stay(vm, strategy, finding, is_clustered=False)


def _goes_down(stay: Stay, request: EvacuationRequest) -> bool:
    """Report whether a VM that is left on the node would go down in its restart without having been meant to."""
    is_allowed = request.local_vms and not stay.is_clustered
    return not stay.is_blocking and not is_allowed and stay.vm.state not in AT_REST and stay.strategy not in OFFLINE


def _with_ways_out(
    stay: Stay,
    blockers: Sequence[VmFinding],
    snapshot: Snapshot,
    request: EvacuationRequest,
    problem: PlacementProblem,
) -> Stay:
    """Return a VM that must not be left on the node with the strategies by which the plan would take it."""

    def works(strategy: StrategyName) -> bool:
        wish = dataclasses.replace(request, strategies=(Strategy(stay.vm.id, strategy), *request.strategies))
        case = _case(stay.vm, snapshot, wish) if stay.is_clustered else None
        left = case.stay if case is not None else _local(stay.vm, wish)
        if case is not None and left is None:
            return not place(_alone(problem, snapshot, case), is_trial=True).unplaced
        return left is None or not (left.is_blocking or (request.restart and _goes_down(left, wish)))

    codes = {one.code for one in blockers if one.severity == ERROR} or {stay.finding.code}
    if stay.finding.code == "restart":
        codes = {"restart"}
    return dataclasses.replace(stay, finding=with_ways_out(stay.finding, codes, works))


def _alone(problem: PlacementProblem, snapshot: Snapshot, case: _Case) -> PlacementProblem:
    """Return the problem of a single VM, with all others where they are now."""
    vm_id = case.candidate.vm.id
    where = {**problem.where, **{one.vm.id: snapshot.node.name for one in problem.candidates}}
    return dataclasses.replace(
        problem, candidates=(case.candidate,), where={key: node for key, node in where.items() if key != vm_id}
    )


def _in_the_way_of_a_restart(stay: Stay) -> Stay:
    remedy = (
        "Move it by hand, or turn it off first."
        if stay.is_clustered
        else "Allow it with local_vms=true (the roles' evacuate_node_local_vms and rolling_maintenance_local_vms)."
    )
    message = f"{stay.finding.message} It would go down with the node."
    finding = dataclasses.replace(stay.finding, code="restart", severity=ERROR, message=message, remedy=remedy)
    return dataclasses.replace(stay, finding=finding)


def _notes(
    snapshot: Snapshot, request: EvacuationRequest, problem: PlacementProblem, placement: Placement
) -> list[str]:
    notes = note_unused_strategies(request.strategies, [*snapshot.vms_on_node, *snapshot.local_vms])
    roles = [one.name for one in snapshot.other_roles.on(snapshot.node.name)]
    notes += note_unused_role_strategies(request.role_strategies, roles)
    nodes = {first_label(one.name) for one in snapshot.destinations} | {first_label(snapshot.node.name)}
    strange = sorted(name.upper() for name in request.link_rates.keys() - nodes - snapshot.unusable.keys())
    if strange:
        known = ", ".join([snapshot.node.name, *(one.name for one in snapshot.destinations)])
        notes.append(
            f"The link rates of {', '.join(strange)} are not used: the nodes of the plan are {known}. Correct the name."
        )
    builds = {one.build for one in snapshot.destinations if one.build is not None} | {snapshot.node.build}
    if len(builds - {None}) > 1:
        notes.append(
            "The nodes run different builds of Windows; VMs are sent to an older one than they are on only where no "
            "other place is left."
        )
    older = [move for move in placement.moves if _is_older(problem, move.destination, snapshot.node.build)]
    if older:
        where = ", ".join(sorted({move.destination for move in older}))
        notes.append(
            f"{', '.join(one.candidate.vm.name for one in older)} would go to a node with an older Windows ({where}). "
            "The configuration version of a VM decides whether that works; Hyper-V checks it before each move."
        )
    kept = {one.vm.id for one in problem.candidates if one.pinned}
    if request.earlier is not None and placement.unplaced and kept and not place(_without_pins(problem, kept)).unplaced:
        notes.append("The moves of the earlier plan were kept. Planned anew, without it, every VM would have a place.")
    return notes


def _is_older(problem: PlacementProblem, node: str, build: int | None) -> bool:
    found = next((one.build for one in problem.destinations if one.name == node), None)
    return build is not None and found is not None and found < build


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
