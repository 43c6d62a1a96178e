# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What would stop the move of a VM, found before it begins, each with its remedy. Pure.

Sources: Microsoft docs of Msvm_ComputerSystem.OperationalStatus, MSCluster_ResourceGroup and Msvm_ComputerSystem's
ReplicationMode; Microsoft's troubleshooting guides for live migration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from ..._names import in_capitals
from ..cluster import attachments as devices
from ..cluster.attachments import Attachment
from ..cluster.cim_values import CRITICAL_IO, DEGRADED, WINDOWS_2025, ReplicationMode
from ..cluster.groups import GroupTraits, VmGroup
from ..cluster.states import SETTLED
from ..cluster.vms import Vm
from ..failure.finding import ERROR, INFO, WARNING, Severity, sentence
from .problem import Candidate
from .strategies import OFFLINE, SHUTDOWN, StrategyName
from .vm_finding import VmFinding, about_vm

_REPLICAS: Mapping[ReplicationMode, str] = {
    "replica": "a replica",
    "test_replica": "a test replica",
    "extended_replica": "an extended replica",
}


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of a VM beside the VM itself.

    Attributes:
        role, traits: its resource and its group; None where the cluster lists none.
        group_members: names of the other VMs in its group.
        attachments: what it has of its host.
        replication: what Hyper-V Replica has to do with it, None for nothing.
        volumes: folder under which all nodes see the cluster's shared volumes.
        insists: the user named the VM with the strategy ``migrate``: what would fail is tried all the same.
        is_under_way: its migration runs, and a job tells where to.
        is_clustered: there is a cluster that should list a role for it.
    """

    role: VmGroup | None
    traits: GroupTraits | None
    group_members: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    replication: ReplicationMode | None = None
    volumes: str = ""
    insists: bool = False
    is_under_way: bool = False
    is_clustered: bool = True


def find_blockers(candidate: Candidate, facts: Facts) -> list[VmFinding]:
    """Return what stands against the move of a VM; nothing for one whose migration runs already."""
    if facts.is_under_way:
        return []
    blockers = [
        *_of_vm(candidate),
        *_of_cluster(candidate, facts),
        *_of_replication(candidate.vm, facts),
        *filter(None, (_of_attachment(candidate, attachment, facts.volumes) for attachment in facts.attachments)),
    ]
    if not facts.insists:
        return blockers
    return [
        dataclasses.replace(blocker, severity=WARNING) if blocker.severity == ERROR else blocker for blocker in blockers
    ]


def _of_vm(candidate: Candidate) -> Iterator[VmFinding]:
    vm = candidate.vm
    if CRITICAL_IO in vm.operational_status or vm.operational_status[:1] == (DEGRADED,):
        message = "Its storage is lost or has a critical error."
        yield about_vm(vm, "storage", ERROR, message, "Bring its storage back; until then it can only be turned off.")
    elif vm.activity:
        yield _passing(vm, "busy", sentence(vm.activity), "Wait until that has ended; a backup can take an hour.")
    if vm.state == "paused" and candidate.strategy in OFFLINE:
        yield paused_before_it_is_stopped(vm, candidate.strategy)
    if vm.state not in SETTLED:
        yield _passing(vm, "state", f"It is {vm.state}.", "Wait until it is running, off, saved or paused.")
    if candidate.carries_state:
        yield about_vm(
            vm,
            "saved_state",
            INFO,
            "A saved state is moved with it, which other builds or processors may not be able to read.",
            "Start and shut down the VM before, or delete its saved state, if it must go to another kind of node.",
        )
    if candidate.leaves_live and not vm.memory_mb:
        yield about_vm(
            vm,
            "memory",
            ERROR,
            "Its memory size is unknown, so no place can be planned for it.",
            "Move it by hand. Where it is migrated all the same, leave more in reserve: none is counted for it.",
        )


def paused_before_it_is_stopped(vm: Vm, strategy: StrategyName) -> VmFinding:
    """Return why a paused VM cannot leave by ``shutdown`` or ``save``."""
    why = "its guest cannot shut down" if strategy == SHUTDOWN else "it would not come back paused once it is saved"
    message = f"It is paused, so {why}, as its strategy {strategy} wants."
    return about_vm(vm, "state", ERROR, message, "Resume it, or turn it off.")


def _of_cluster(candidate: Candidate, facts: Facts) -> Iterator[VmFinding]:
    vm = candidate.vm
    if facts.role is None and facts.is_clustered:
        yield about_vm(
            vm,
            "no_role",
            ERROR,
            "The cluster lists no role for it.",
            "Make it highly available (Add-ClusterVirtualMachineRole), or move it by hand.",
        )
    if facts.group_members:
        yield about_vm(
            vm,
            "shared_group",
            ERROR if candidate.leaves_live else INFO,
            f"Its group holds {', '.join(facts.group_members)} as well, and VMs of one group cannot be migrated by "
            "themselves.",
            "Give each VM a group of its own.",
        )
    traits = facts.traits
    if traits is None:
        return
    if traits.is_locked:
        yield about_vm(vm, "locked", ERROR, f"Its group {traits.name} is locked against moves.", "Unlock the group.")
    if traits.is_queued:
        message = f"Its group {traits.name} waits in the cluster's own queue to be moved."
        yield _passing(vm, "queued", message, "Wait, or cancel that move in Failover Cluster Manager.")
    if traits.state == "failed":
        message = f"Its group {traits.name} has failed."
        remedy = "Repair the role in Failover Cluster Manager; look at its critical events."
        yield about_vm(vm, "group_failed", ERROR, message, remedy)
    if traits.state == "pending":
        message = f"Its group {traits.name} is about to come online or go offline."
        yield _passing(vm, "group_pending", message, "Wait until it is online or offline.")


def _of_replication(vm: Vm, facts: Facts) -> Iterator[VmFinding]:
    replica = _REPLICAS.get(facts.replication) if facts.replication is not None else None
    if replica is not None:
        yield about_vm(
            vm,
            "replica",
            ERROR,
            f"It is {replica} of another VM, which the cluster may refuse to move.",
            "Move its role in Failover Cluster Manager.",
        )


def _passing(vm: Vm, code: str, message: str, remedy: str) -> VmFinding:
    return about_vm(vm, code, WARNING, message, remedy, transient=True)


def _of_attachment(candidate: Candidate, attachment: Attachment, volumes: str) -> VmFinding | None:
    """Return what an attachment means for the move; None where it does no harm."""
    # A VM that leaves off-line needs it only when it starts again.
    severity: Severity = ERROR if candidate.leaves_live else INFO
    vm, kind, path = candidate.vm, attachment.kind, attachment.path
    if kind in (devices.ISO, devices.FLOPPY):
        what = "ISO image" if kind == devices.ISO else "floppy image"
        remedy = "Empty the drive, or keep the image on a shared volume of the cluster."
        if _is_below(path, volumes):
            return None
        if path.startswith("\\\\"):
            message = f"The {what} {path} is on a share, which every node's computer account must be able to read."
            return about_vm(vm, kind, INFO, message, remedy)
        return about_vm(vm, kind, severity, f"The {what} {path} is on its node only.", remedy)
    if kind == devices.HOST_DRIVE:
        return about_vm(
            vm, kind, severity, f"It uses a drive of its node ({path}).", "Disconnect the drive from the VM."
        )
    if kind == devices.PASS_THROUGH:
        message = "It uses a physical disk of its node (pass-through)."
        remedy = "Turn the disk into a virtual one on a shared volume."
        return about_vm(vm, kind, severity, message, remedy)
    if kind == devices.GPU_PARTITION:
        # Windows Server 2025 migrates them live between alike hosts.
        can = candidate.build is not None and candidate.build >= WINDOWS_2025
        condition = ", and only nodes with the same kind of GPU can take it" if can else ""
        remedy = "Remove the GPU partition."
        return about_vm(vm, kind, INFO if can else severity, f"It uses a part of a GPU{condition}.", remedy)
    message = "A device of its node is assigned to it (discrete device assignment)."
    return about_vm(vm, kind, severity, message, "Remove the device from the VM.")


def _is_below(path: str, folder: str) -> bool:
    return bool(folder) and in_capitals(path).startswith(f"{in_capitals(folder.rstrip(chr(92)))}\\")
