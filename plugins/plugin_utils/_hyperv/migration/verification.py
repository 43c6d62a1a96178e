# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a VM ended, and what that makes of a move. Pure."""

from __future__ import annotations

import enum
import typing as t

from ..._hostnames import first_label
from ..cluster.groups import VmGroup
from ..cluster.jobs import Job
from ..cluster.owners import owner_of, owners_of
from ..cluster.patience import SETTLES_WITHIN
from ..cluster.states import IN_MEMORY
from ..cluster.vms import Vm
from ..failure.failures import Failure
from .moves import Move

# Seconds for which a failed job is doubted: until then a VM that arrived all the same may still be told on its source.
FAILED_FOR = 15.0
MOVED_ELSEWHERE: t.Final = "moved_elsewhere"
STATE_CHANGED: t.Final = "state_changed"
_STILL_GOING = frozenset({"starting", "resuming", "pausing", "saving", "stopping"})


class Verdict(enum.Enum):
    """What a look at the owner makes of a move."""

    TOO_EARLY = "too_early"
    """Owner, state or job may still follow: look again."""
    ARRIVED = "arrived"
    """The VM is where it shall be, in the state that it was in."""
    FAILED = "failed"
    """It is not, and no later look will change that."""


class Judgement(t.NamedTuple):
    """A verdict, with ``error`` where the move failed, and ``warning`` where it arrived in an odd way, else None.

    ==========  ======================================================  =====================
    verdict     when                                                    with
    ==========  ======================================================  =====================
    TOO_EARLY   nothing is decided                                      nothing
    ARRIVED     both owners name the destination; the job succeeded     nothing
    ARRIVED     the same, while the job failed or warns                 ``warning``
    FAILED      the VM is gone, elsewhere, in another state, or stays   ``error``
    ==========  ======================================================  =====================
    """

    verdict: Verdict
    error: Failure | None = None
    warning: str | None = None


class Evidence(t.NamedTuple):
    """What is known of a move whose job has ended, vanished, or never was.

    Attributes:
        vm, role: as they are now, None where they are gone.
        job: as last seen, None where it is gone.
        waited: seconds since it ended or was missed.
    """

    vm: Vm | None
    role: VmGroup | None
    job: Job | None
    waited: float


_TOO_EARLY = Judgement(Verdict.TOO_EARLY)


def judge(move: Move, seen: Evidence) -> Judgement:
    """Decide on a move. The owner decides, not the job.

    Hyper-V and the cluster must both name the destination, and the VM be in the state it was in.
    """
    vm, role, job = seen.vm, seen.role, seen.job
    late = seen.waited >= SETTLES_WITHIN
    if vm is None:
        return _failed(not_shown(move, role)) if late else _TOO_EARLY
    wanted = first_label(move.destination.name)
    owners = owners_of(vm, role)
    if owners == {wanted} and not vm.is_leaving:
        return _arrived(move, job, vm, late)
    if len(owners) == 1 and not owners & {wanted, first_label(move.source)}:
        return _failed(_elsewhere(move, vm, role))
    failed = job is not None and job.is_final and not job.is_success
    if job is not None and failed and wanted not in owners and not vm.is_leaving:
        return _failed(job.error()) if seen.waited >= FAILED_FOR else _TOO_EARLY
    if not late or vm.is_leaving:
        return _TOO_EARLY
    return _failed(_not_arrived(move, job, vm, role))


def _failed(error: Failure) -> Judgement:
    return Judgement(Verdict.FAILED, error)


def _arrived(move: Move, job: Job | None, vm: Vm, late: bool) -> Judgement:
    if vm.state != move.vm.state:
        if not late and (vm.state in _STILL_GOING or move.vm.state == "running"):
            return _TOO_EARLY
        return _failed(_state_changed(move, vm))
    if job is None or job.is_success:
        warns = job is not None and job.state == "completed_with_warnings"
        return Judgement(Verdict.ARRIVED, warning="The job ended with warnings." if warns else None)
    told = f"The VM is on {move.destination.name} although its job ended as {job.state}."
    if move.vm.state in IN_MEMORY:  # its node may be up again by now, so that no look at it shows that
        told += f" {may_be_restarted(move.source)}"
    return Judgement(Verdict.ARRIVED, warning=told)


def may_be_restarted(source: str) -> str:
    """Return the sentence on a VM of which it is not known whether it was migrated from its source."""
    return f"If {source} went down meanwhile, the cluster restarted it there."


def _state_changed(move: Move, vm: Vm) -> Failure:
    return Failure(
        STATE_CHANGED,
        f"VM {vm.name} arrived on {move.destination.name} but is {vm.state}, and was {move.vm.state} before",
        "Look at the VM on that node.",
    )


def not_shown(move: Move, role: VmGroup | None) -> Failure:
    """Return why a VM that Hyper-V does not show is not moved; ``role`` is what the cluster has of it, if anything."""
    if role is not None:
        return Failure(
            "vm_not_shown",
            f"Hyper-V does not show VM {move.vm.name}, whose role the cluster has on {role.owner or 'no node'}",
            "Look at the VM on that node, and run the task again once Hyper-V shows it.",
            transient=True,
        )
    return Failure(
        "vm_gone",
        f"VM {move.vm.name} ({move.vm.id}) is no longer among the VMs of the cluster",
        "Look for it in Failover Cluster Manager and on both nodes.",
    )


def _elsewhere(move: Move, vm: Vm, role: VmGroup | None) -> Failure:
    return Failure(
        MOVED_ELSEWHERE,
        f"VM {vm.name} is on {owner_of(vm, role)}, neither where it was ({move.source}) nor where it should go "
        f"({move.destination.name}): somebody else moved it meanwhile",
        "Decide where it belongs and run the task again.",
    )


def _not_arrived(move: Move, job: Job | None, vm: Vm, role: VmGroup | None) -> Failure:
    told = f"its migration job ended as {job.state}" if job else "its migration job is gone"
    second = ""
    if role and vm.node and first_label(role.owner) != first_label(vm.node):
        second = f" (Hyper-V) and {role.owner} (the cluster)"
    where = f"is still on {owner_of(vm, role)}{second} and not" if owners_of(vm, role) else "is not told to be"
    return Failure(
        "not_arrived",
        f"VM {vm.name} {where} on {move.destination.name}, although {told}",
        "Look at the event log Hyper-V-High-Availability on both nodes.",
    )
