# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a VM ended, and what that makes of a move. Pure. Private to this collection."""

from __future__ import annotations

import dataclasses

from .cluster import first_label
from .errors import MoveError, obstacle
from .groups import VmGroup
from .jobs import Job
from .moves import Move
from .vms import Vm

# Seconds that the owner may lag behind the end of the job, and that a VM without a trace of a job is watched.
SETTLED_WITHIN = 60.0
_STILL_GOING = frozenset({"starting", "resuming", "pausing", "saving", "stopping"})


@dataclasses.dataclass(frozen=True)
class Judgement:
    """``arrived`` is True or False once decided and None while it is too early; ``error`` says why it failed."""

    arrived: bool | None
    error: MoveError | None = None
    warning: str = ""


_WAIT = Judgement(None)


def judge(move: Move, job: Job | None, vm: Vm | None, role: VmGroup | None, waited: float) -> Judgement:
    """Decide on a move whose job has ended, vanished, or never was.

    The owner decides, not the job: Hyper-V and the cluster must both name the destination, and the VM be in the state
    it was in. ``job`` is None where it is gone; ``waited`` are the seconds since then.
    """
    late = waited >= SETTLED_WITHIN
    if vm is None:
        return Judgement(False, _gone(move)) if late else _WAIT
    wanted = first_label(move.destination.name)
    owners = {first_label(vm.node)} | ({first_label(role.owner)} if role else set())
    if owners == {wanted} and not vm.is_migrating:
        return _arrived(move, job, vm, late)
    if owners - {wanted, first_label(move.source)} and len(owners) == 1:
        return Judgement(False, _elsewhere(move, vm))
    if job is not None and job.is_final and not job.is_success and wanted not in owners and not vm.is_migrating:
        return Judgement(False, job.error())
    if not late or vm.is_migrating:
        return _WAIT
    return Judgement(False, _not_arrived(move, job, vm, role))


def _arrived(move: Move, job: Job | None, vm: Vm, late: bool) -> Judgement:
    if vm.state != move.vm.state:
        if not late and (vm.state in _STILL_GOING or move.vm.state == "running"):
            return _WAIT
        error = obstacle(
            "state_changed",
            f"VM {vm.name} arrived on {move.destination.name} but is {vm.state}, and was {move.vm.state} before",
            "Look at the VM on that node.",
        )
        return Judgement(False, error)
    if job is None or job.is_success:
        warning = "The job ended with warnings." if job and job.state == "completed_with_warnings" else ""
        return Judgement(True, warning=warning)
    return Judgement(True, warning=f"The VM is on {move.destination.name} although its job ended as {job.state}.")


def _gone(move: Move) -> MoveError:
    return obstacle(
        "vm_gone",
        f"VM {move.vm.name} ({move.vm.id}) is no longer among the VMs of the cluster",
        "Look for it in Failover Cluster Manager and on both nodes.",
    )


def _elsewhere(move: Move, vm: Vm) -> MoveError:
    return obstacle(
        "moved_elsewhere",
        f"VM {vm.name} is on {vm.node}, neither where it was ({move.source}) nor where it should go "
        f"({move.destination.name}): somebody else moved it meanwhile",
        "Decide where it belongs and run the task again.",
    )


def _not_arrived(move: Move, job: Job | None, vm: Vm, role: VmGroup | None) -> MoveError:
    told = f"its job ended as {job.state}" if job else "its job is gone"
    second = f" and {role.owner} (cluster)" if role and first_label(role.owner) != first_label(vm.node) else ""
    return obstacle(
        "not_arrived",
        f"VM {vm.name} is still on {vm.node}{second} and not on {move.destination.name}, although {told}",
        "Look at the event log Hyper-V-High-Availability on both nodes.",
    )
