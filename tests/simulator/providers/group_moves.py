# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moving a cluster group: MoveToNewNode, MoveToNewNodeParams and CancelOperation of MSCluster_ResourceGroup.

Sources: Microsoft docs, MoveClusterGroupEx (flags, error codes) and MSCluster_ResourceGroup; [MS-CMRP] 3.1.4.2.132 for
the property list; os-win for the values of a live migration and for what it saw a group do. MoveToNewNodeParams is
carried out for live moves that return to their source when they fail; nothing else is simulated.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..cim import CimFault, ObjectPath, Value
from ..property_lists import BadPropertyList, read_property_list
from ..world import Call as Record
from ..world import Job, JobState, Machine, Node, Order, Refusal
from . import win32_errors
from .namespace import NOT_CAPABLE, Call, View
from .role_moves import able_node, begin_move, find_role

GROUP = "MSCluster_ResourceGroup"
MOVE_LIVE = "MoveToNewNodeParams"
ONLINE, OFFLINE, PENDING = 0, 1, 4
CONDITIONS = {"failed": 2, "pending": PENDING}
LOCKED, QUEUED_FOR_MOVE = 1, 4
IGNORE_STATUS, RETURN_TO_SOURCE, QUEUE, HIGH_PRIORITY, FAILBACK, IGNORE_AFFINITY = 1, 2, 4, 8, 16, 32
LIVE, MOVE_TYPES = 4, range(5)
MOVED_TYPES = frozenset({"Virtual Machine", "Virtual Machine Configuration"})
NO_MIGRATION, SETUP, DATA_TRANSFER, MOVE, CANCELLED, FAILED = range(6)
WBEM_FAILED = 0x80041001  # WBEM_E_FAILED: a generic failure
_ARRIVED = (JobState.COMPLETED, JobState.COMPLETED_WITH_WARNINGS)


def group_state(view: View, machine: Machine) -> int:
    """Return State of a VM's group."""
    if machine.spec.group_condition in CONDITIONS:
        return CONDITIONS[machine.spec.group_condition]
    switches, job = view.world.scenario.switches, machine.last_job
    if job is not None and job.order.by_group:
        moving = not job.state.final and job.state is not JobState.NEW and switches.group_move_state == "pending"
        if moving or (job.state in _ARRIVED and switches.group_moves == "left_pending"):
            return PENDING
    return ONLINE if machine.has_memory else OFFLINE


def status_information(machine: Machine) -> int:
    """Return StatusInformation of a VM's group."""
    queued = machine.job is not None and machine.job.state is JobState.NEW
    condition = machine.spec.group_condition
    locked = LOCKED if condition == "locked" else 0
    return locked | (QUEUED_FOR_MOVE if queued or condition == "queued" else 0)


def migration_state(view: View, job: Job | None) -> tuple[int, int | None, int]:
    """Return MigrationState, MigrationProgress and MigrationFailureReason of a VM's resource."""
    state, progress, reason = _true_migration_state(view, job)
    shown = view.world.scenario.switches.group_progress
    if job is None or job.state.final or shown == "shown":
        return state, progress, reason
    if shown == "none":
        return NO_MIGRATION, 0, 0
    return state, None if shown == "state" else 0, reason


def _true_migration_state(view: View, job: Job | None) -> tuple[int, int, int]:
    if job is None:
        return NO_MIGRATION, 0, 0
    kept = view.world.scenario.switches.group_migration_state
    progress = job.percent(view.world.now)
    if job.state in _ARRIVED:
        return (MOVE, progress, 0) if kept == "kept" and job.order.by_group else (NO_MIGRATION, 0, 0)
    if job.state.final:
        if kept == "cleared":
            return NO_MIGRATION, 0, 0
        reason = next((failure.hresult for failure in job.failures if failure.hresult is not None), 0x80004005)
        return FAILED if job.state is JobState.EXCEPTION else CANCELLED, 0, reason
    if job.state is not JobState.RUNNING:
        return SETUP, progress, 0
    return MOVE if progress >= 95 else DATA_TRANSFER, progress, 0


def _move_to_new_node(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    name = parameters.get("NodeName")
    machine = view.world.find_group(str(path.key("Name")))
    if machine is None:
        role = find_role(view, str(path.key("Name")))
        if role is None:
            raise win32_errors.fault(win32_errors.GROUP_NOT_FOUND)
        begin_move(view, role, able_node(view, name) if name else None)
        return {}
    destination = able_node(view, name)
    if machine.owner != destination.name:
        _refuse(view, machine, destination)
        if machine.has_memory:
            _move_live(view, machine, destination, "queue")
        else:
            _move_at_rest(view, machine, destination)
    return {}


def _move_to_new_node_params(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    flags = parameters.get("Flags") or 0
    try:
        wanted = read_property_list(bytes(parameters.get("Parameters") or ()))
    except BadPropertyList as error:
        raise win32_errors.fault(win32_errors.INVALID_PARAMETER, str(error)) from error
    types = set(wanted.values())
    known = IGNORE_STATUS | RETURN_TO_SOURCE | QUEUE | HIGH_PRIORITY | FAILBACK | IGNORE_AFFINITY
    both = IGNORE_STATUS | QUEUE
    if wanted.keys() != MOVED_TYPES or not types <= set(MOVE_TYPES) or flags & ~known or flags & both == both:
        raise win32_errors.fault(win32_errors.INVALID_PARAMETER)
    machine = view.world.find_group(str(path.key("Name")))
    if machine is None or types != {LIVE} or not flags & RETURN_TO_SOURCE:
        raise CimFault(NOT_CAPABLE, "Only a live move of a VM's group that returns on error is simulated", "ExecMethod")
    destination = able_node(view, parameters.get("NodeName"))
    if machine.owner == destination.name:
        return {}
    if view.world.scenario.switches.group_moves == "fail":
        raise CimFault(WBEM_FAILED, "Generic failure", "ExecMethod")
    _refuse(view, machine, destination, flags)
    if not machine.has_memory:
        _move_at_rest(view, machine, destination)
        return {}
    _move_live(view, machine, destination, "queue" if flags & QUEUE else "refuse")
    now, node = round(view.world.now, 3), view.node.name
    view.world.calls.append(Record(now, node, MOVE_LIVE, machine.id, destination.name, None, None, None, 0))
    if view.world.scenario.switches.group_move_answer == "pending":
        raise win32_errors.fault(win32_errors.IO_PENDING)
    return {}


def _cancel_operation(view: View, path: ObjectPath, parameters: Mapping[str, Value]) -> Mapping[str, Value]:
    if parameters.get("Flags"):
        raise win32_errors.fault(win32_errors.INVALID_PARAMETER)
    machine = view.world.find_group(str(path.key("Name")))
    job = machine.job if machine is not None else None
    if job is None or view.world.migrations.cancel(job, kill=False) is not None:
        raise win32_errors.fault(win32_errors.INVALID_STATE)
    return {}


def _refuse(view: View, machine: Machine, destination: Node, flags: int = 0) -> None:
    if not machine.may_run_on(destination.name):
        raise win32_errors.fault(win32_errors.NOT_A_POSSIBLE_OWNER)
    if machine.job is not None:
        raise win32_errors.fault(win32_errors.GROUP_MOVING)
    if machine.spec.group_condition == "locked" and not flags & IGNORE_STATUS:
        raise win32_errors.fault(win32_errors.RESOURCE_LOCKED)
    if machine.spec.group_condition == "queued":
        raise win32_errors.fault(win32_errors.GROUP_QUEUED)
    if not flags & IGNORE_AFFINITY and view.world.affinity.forbids(machine, destination):
        raise win32_errors.fault(win32_errors.AFFINITY_CONFLICT)


def _move_at_rest(view: View, machine: Machine, destination: Node) -> None:
    view.world.relocate(machine, destination.name)
    if machine.spec.kept_online:
        machine.state = "running"


def _move_live(view: View, machine: Machine, destination: Node, limit: str) -> None:
    user = view.world.scenario.user
    started = view.world.migrations.start(
        machine, destination, f"{user.domain}\\{user.name}", machine.owner, limit, order=Order(by_group=True)
    )
    if isinstance(started, Refusal):
        raise win32_errors.fault(win32_errors.INVALID_STATE)
    machine.times_migrated += 1


CALLS: Mapping[tuple[str, str], Call] = {
    (GROUP, "MoveToNewNode"): _move_to_new_node,
    (GROUP, MOVE_LIVE): _move_to_new_node_params,
    (GROUP, "CancelOperation"): _cancel_operation,
}
