# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a move cannot be made: what the migration service refuses at once, and what makes its job fail."""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from ..host_profiles import profile_of
from ..switches import Objection
from . import failures
from .failures import Failure
from .members import LIVE, Machine, Node, Order

if t.TYPE_CHECKING:
    from .world import World


# Message ids: of a move without its virtual switch, and of a VM of another configuration version (Microsoft docs,
# Compare-VM; event list of Hyper-V).
_NO_SWITCH, _VERSION = "21159", "10698"


class Refusal(enum.Enum):
    """A refusal as (DMTF return code, Hyper-V return code), from the CIM_ and Msvm_ pages of the method."""

    NOT_SUPPORTED = (1, 32770)
    FAILED = (2, 32768)
    INVALID_PARAMETER = (4, 32773)
    INVALID_STATE = (5, 32775)
    INCOMPATIBLE = (6, 32773)
    IN_USE = (5, 32774)
    NOT_AVAILABLE = (5, 32777)


@dataclasses.dataclass(frozen=True)
class Obstacle:
    """Either a refusal of the call, or the failures that its job ends with."""

    refusal: Refusal | None = None
    failures: tuple[Failure, ...] = ()


def find_obstacle(world: World, machine: Machine, destination: Node, order: Order = LIVE) -> Obstacle | None:
    """Return the first reason against moving ``machine`` to ``destination``; limits are none, they pass with time."""
    refusal = _state_refusal(world, machine, destination, order)
    if refusal is not None:
        return Obstacle(refusal)
    if order.by_host:
        return _host_objection(world, machine, destination, order) or find_failure(world, machine, destination, order)
    return _cluster_objection(world, machine, destination) or find_failure(world, machine, destination)


def _host_objection(world: World, machine: Machine, destination: Node, order: Order) -> Obstacle | None:
    if order.kind == "storage":
        return None
    if not world.nodes[machine.owner].spec.delegation:
        return _failing(machine, destination, failures.NO_CREDENTIALS)
    if order.addresses and not set(order.addresses) & set(destination.listener_addresses):
        return _failing(machine, destination, failures.CONNECTION_REFUSED)
    if order.takes_memory and not order.takes_disks and not machine.files.are_shared:
        return _failing(machine, destination, failures.INCOMPATIBLE)
    return None


def _state_refusal(world: World, machine: Machine, destination: Node, order: Order) -> Refusal | None:
    source = world.nodes[machine.owner]
    if (destination is source) != (order.kind == "storage"):
        return Refusal.INCOMPATIBLE
    if not source.answers or not destination.answers:
        return Refusal.NOT_AVAILABLE
    if machine.activity is not None or machine.changing_to is not None:
        return Refusal.IN_USE
    disabled = order.takes_memory and not (source.spec.takes_part and destination.spec.takes_part)
    off = not machine.has_memory and world.scenario.switches.off_vm == "refuse" and not order.by_host
    return Refusal.INVALID_STATE if machine.job is not None or disabled or off else None


def _cluster_objection(world: World, machine: Machine, destination: Node) -> Obstacle | None:
    switches = world.scenario.switches
    objections: list[tuple[bool, Objection, Refusal, int]] = [
        (destination.state == "paused", switches.paused_destination, Refusal.INVALID_STATE, failures.NODE_PAUSED),
        (
            not machine.may_run_on(destination.name),
            switches.non_possible_owner,
            Refusal.INCOMPATIBLE,
            failures.NOT_A_POSSIBLE_OWNER,
        ),
        (
            world.affinity.conflicts_on(machine, destination),
            switches.affinity_conflict,
            Refusal.INVALID_STATE,
            failures.AFFINITY_CONFLICT,
        ),
        (
            world.affinity.parts(machine, destination),
            "allow" if switches.same_node_rule == "follow" else switches.same_node_rule,
            Refusal.INVALID_STATE,
            failures.AFFINITY_CONFLICT,
        ),
    ]
    for applies, objection, refusal, hresult in objections:
        if applies and objection == "refuse":
            return Obstacle(refusal)
        if applies and objection == "fail_job":
            return _failing(machine, destination, hresult)
    return None


def lacks_features(machine: Machine, destination: Node) -> bool:
    """Tell whether a host has an older processor than the one whose features a VM uses, or one of another maker."""
    if machine.processor_maker != destination.spec.hardware.processor_maker:
        return True
    return not machine.spec.limits_processor_features and machine.processor > destination.spec.processor


def _lack(world: World, machine: Machine, destination: Node) -> failures.Cause | None:
    """Return what a VM that runs needs and a host does not have, apart from memory and the processor."""
    wanted, offered = machine.spec.hardware, destination.spec.hardware
    exact = world.scenario.switches.switch_names == "exact"
    names = {name if exact else name.casefold() for name in offered.switches}
    for adapter in wanted.adapters:
        if not adapter.connected or adapter.pool is not None or adapter.switch is None:
            continue
        if (adapter.switch if exact else adapter.switch.casefold()) not in names:
            reason = f"Could not find Ethernet switch '{adapter.switch}'."
            return failures.Cause(None, _NO_SWITCH, failures.UNAVAILABLE_RESOURCE, reason)
    lowest, highest = profile_of(destination.spec.windows_build).versions
    if not _number(lowest) <= _number(wanted.version or lowest) <= _number(highest):
        reason = f"The configuration version {wanted.version} is not supported on '{destination.name}'."
        return failures.Cause(None, _VERSION, failures.SOFTWARE, reason)
    opens = offered.guarded or not wanted.shielded
    here = world.nodes[machine.owner].spec.hardware
    if not offered.guarded and here.guardians and not set(here.guardians) & set(offered.guardians):
        opens = False
    if (wanted.tpm or wanted.shielded) and not opens:
        reason = f"The key protector for '{machine.name}' could not be unwrapped."
        return failures.Cause(None, error_type=failures.SECURITY, reason=reason)
    return None


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def find_failure(world: World, machine: Machine, destination: Node, order: Order = LIVE) -> Obstacle | None:
    """Return what the job would end with as things stand at its start: the part that a refusal does not cover."""
    if order.kind == "storage":
        return None
    if machine.has_memory and lacks_features(machine, destination):
        reason = f"The VM uses processor features that host {destination.name} does not support."
        cause = failures.Cause(None, error_type=failures.SOFTWARE, reason=reason)
        return Obstacle(failures=failures.chain(machine.name, machine.owner, destination.name, cause))
    if not destination.listener_addresses:
        return _failing(machine, destination, failures.CONNECTION_REFUSED)
    gpus = destination.spec.hardware.gpus
    tied = [one for one in machine.spec.attachments if one.ties_to_host and not (gpus and one.kind == "gpu_partition")]
    if machine.has_memory and tied:
        return _failing(machine, destination, failures.INCOMPATIBLE)
    lack = _lack(world, machine, destination) if machine.has_memory else None
    if lack is not None:
        return Obstacle(failures=failures.chain(machine.name, machine.owner, destination.name, lack))
    if machine.needs_mb > destination.free_mb() and machine.id not in destination.arriving:
        return _failing(machine, destination, failures.OUT_OF_MEMORY)
    if machine.spec.migration.refuse_check is not None:
        return _failing(machine, destination, failures.INCOMPATIBLE, machine.spec.migration.refuse_check)
    return None


def _failing(machine: Machine, destination: Node, hresult: int, reason: str | None = None) -> Obstacle:
    chain = failures.of_hresult(machine.name, machine.owner, destination.name, hresult, reason)
    return Obstacle(failures=chain)
