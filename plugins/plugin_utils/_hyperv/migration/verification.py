# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a VM ended, and what that makes of a move. Pure. Private to this collection."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ..._hostnames import first_label
from ..cluster.groups import VmGroup
from ..cluster.jobs import Job
from ..cluster.owners import owners_of
from ..cluster.vms import Vm
from ..failure.failures import Failure
from ..failure.job_errors import JobErrorDetail
from .moves import Move

# Seconds that the owner may lag behind the end of the job, and that a VM without a trace of a job is watched.
SETTLED_WITHIN = 60.0
# Seconds for which a failed job is doubted: until then a VM that arrived all the same may still be told on its source.
FAILED_FOR = 15.0
_STILL_GOING = frozenset({"starting", "resuming", "pausing", "saving", "stopping"})


@dataclasses.dataclass(frozen=True)
class Judgement:
    """``arrived`` is True or False once decided and None while it is too early; ``error`` says why it failed."""

    arrived: bool | None
    error: Failure | None = None
    warning: str = ""


_WAIT = Judgement(None)


def judge(
    move: Move,
    job: Job | None,
    vm: Vm | None,
    role: VmGroup | None,
    waited: float,
    details: Sequence[JobErrorDetail] = (),
) -> Judgement:
    """Decide on a move whose job has ended, vanished, or never was.

    The owner decides, not the job: Hyper-V and the cluster must both name the destination, and the VM be in the state
    it was in. ``job`` is None where it is gone; ``waited`` are the seconds since then; ``details`` say why it failed.
    """
    late = waited >= SETTLED_WITHIN
    if vm is None:
        return Judgement(False, _gone(move)) if late else _WAIT
    wanted = first_label(move.destination.name)
    owners = owners_of(vm, role)
    if owners == {wanted} and not vm.is_leaving:
        return _arrived(move, job, vm, late)
    if len(owners) == 1 and not owners & {wanted, first_label(move.source)}:
        return Judgement(False, _elsewhere(move, vm, role))
    failed = job is not None and job.is_final and not job.is_success
    if job is not None and failed and wanted not in owners and not vm.is_leaving:
        return Judgement(False, job.error(details)) if waited >= FAILED_FOR else _WAIT
    if not late or vm.is_leaving:
        return _WAIT
    return Judgement(False, _not_arrived(move, job, vm, role))


def _arrived(move: Move, job: Job | None, vm: Vm, late: bool) -> Judgement:
    if vm.state != move.vm.state:
        if not late and (vm.state in _STILL_GOING or move.vm.state == "running"):
            return _WAIT
        error = Failure(
            "state_changed",
            f"VM {vm.name} arrived on {move.destination.name} but is {vm.state}, and was {move.vm.state} before",
            "Look at the VM on that node.",
        )
        return Judgement(False, error)
    if job is None or job.is_success:
        warning = "The job ended with warnings." if job and job.state == "completed_with_warnings" else ""
        return Judgement(True, warning=warning)
    return Judgement(True, warning=f"The VM is on {move.destination.name} although its job ended as {job.state}.")


def _gone(move: Move) -> Failure:
    return Failure(
        "vm_gone",
        f"VM {move.vm.name} ({move.vm.id}) is no longer among the VMs of the cluster",
        "Look for it in Failover Cluster Manager and on both nodes.",
    )


def _owner(vm: Vm, role: VmGroup | None) -> str:
    return vm.node or (role.owner if role else "")


def _elsewhere(move: Move, vm: Vm, role: VmGroup | None) -> Failure:
    return Failure(
        "moved_elsewhere",
        f"VM {vm.name} is on {_owner(vm, role)}, neither where it was ({move.source}) nor where it should go "
        f"({move.destination.name}): somebody else moved it meanwhile",
        "Decide where it belongs and run the task again.",
    )


def _not_arrived(move: Move, job: Job | None, vm: Vm, role: VmGroup | None) -> Failure:
    told = f"its migration job ended as {job.state}" if job else "its migration job is gone"
    second = ""
    if role and vm.node and first_label(role.owner) != first_label(vm.node):
        second = f" (Hyper-V) and {role.owner} (the cluster)"
    where = f"is still on {_owner(vm, role)}{second} and not" if owners_of(vm, role) else "is not told to be"
    return Failure(
        "not_arrived",
        f"VM {vm.name} {where} on {move.destination.name}, although {told}",
        "Look at the event log Hyper-V-High-Availability on both nodes.",
    )
