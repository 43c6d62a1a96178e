# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How each VM of a node would leave it, what stands against that, and why it stays if it does. Pure."""

from __future__ import annotations

import dataclasses

from ..._hostnames import first_label
from ..cluster.cim_values import MEDIUM_PRIORITY
from ..cluster.owners import Owners
from ..cluster.states import AT_REST
from ..cluster.vms import Vm
from ..failure.finding import ERROR, INFO, Severity
from .blockers import Facts, find_blockers, paused_before_it_is_stopped
from .evacuation_plan import Stay
from .evacuation_request import EvacuationRequest
from .problem import Candidate
from .snapshot import Snapshot
from .strategies import (
    FAIL,
    MIGRATE,
    OFFLINE,
    SHUTDOWN,
    STAY,
    StrategyName,
    strategy_for,
)
from .vm_finding import VmFinding, about_vm


@dataclasses.dataclass(frozen=True)
class Leaving:
    """One VM of the node: how it would leave, what stands against it, and why it stays if it does."""

    candidate: Candidate
    strategy: StrategyName
    blockers: tuple[VmFinding, ...] = ()
    stay: Stay | None = None


def leaving_of(vm: Vm, snapshot: Snapshot, request: EvacuationRequest) -> Leaving:
    """Return how a clustered VM of the node would leave it."""
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
        return Leaving(candidate, strategy, stay=Stay(vm, strategy, finding))
    if strategy == FAIL:
        message = "Its strategy is fail: the node is not to be emptied while it is here."
        finding = about_vm(vm, "strategy_fail", ERROR, message, "Move it by hand, or change its strategy.")
        return Leaving(candidate, strategy, stay=Stay(vm, strategy, finding))
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
        return Leaving(candidate, strategy, blockers, Stay(vm, strategy, _stopped_in_place(vm, strategy, snapshot)))
    if not fatal:
        return Leaving(candidate, strategy, blockers)
    message, remedy = " ".join(one.message for one in fatal), " ".join(one.remedy for one in fatal)
    finding = about_vm(vm, "blocked", ERROR, message, remedy)
    return Leaving(candidate, strategy, blockers, Stay(vm, strategy, finding))


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
        (*(() if insists else snapshot.lacks.get(vm.id, ())), *snapshot.left_to_others.get(vm.id, ())),
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


def local_stay(vm: Vm, request: EvacuationRequest) -> Stay:
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


def goes_down(stay: Stay, request: EvacuationRequest) -> bool:
    """Report whether a VM that is left on the node would go down in its restart without having been meant to."""
    is_allowed = request.local_vms and not stay.is_clustered
    return not stay.is_blocking and not is_allowed and stay.vm.state not in AT_REST and stay.strategy not in OFFLINE


def in_the_way_of_a_restart(stay: Stay) -> Stay:
    """Return a VM that would go down in the restart as one that stands against it."""
    remedy = (
        "Move it by hand, or turn it off first."
        if stay.is_clustered
        else "Allow it with local_vms=true (the roles' evacuate_node_local_vms and rolling_maintenance_local_vms)."
    )
    message = f"{stay.finding.message} It would go down with the node."
    finding = dataclasses.replace(stay.finding, code="restart", severity=ERROR, message=message, remedy=remedy)
    return dataclasses.replace(stay, finding=finding)
