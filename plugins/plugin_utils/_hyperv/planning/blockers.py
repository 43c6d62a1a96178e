# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What would stop the move of a VM, found before it begins, each with its remedy. Pure. Private to this collection.

Sources: Microsoft docs of Msvm_ComputerSystem.OperationalStatus, MSCluster_ResourceGroup and Msvm_ComputerSystem's
ReplicationMode; Microsoft's troubleshooting guides for live migration.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Iterator

from ..cluster import attachments as devices
from ..cluster.attachments import Attachment
from ..cluster.groups import GroupTraits, VmGroup
from ..failure.codes import CRITICAL_IO
from .problem import Resident
from .strategies import OFFLINE, SHUTDOWN

FAILS, TRANSIENT, NOTE = "fails", "transient", "note"
_DEGRADED = 3  # OperationalStatus[0]: the storage of the configuration is lost
_KNOWN_STATES = ("running", "off", "saved", "paused")
_REPLICA_MODES = {2: "a replica", 3: "a test replica", 4: "an extended replica"}  # Msvm_ComputerSystem.ReplicationMode
_GPU_PARTITIONS_MOVE = 26100  # the build of Windows Server 2025, which migrates them live between alike hosts


@dataclasses.dataclass(frozen=True)
class Blocker:
    """One reason against moving a VM.

    Attributes:
        name: short and stable word for programs, such as ``iso``.
        effect: ``fails`` (the move would fail), ``transient`` (it ends by itself) or ``note``.
    """

    vm_id: str
    vm_name: str
    name: str
    effect: str
    cause: str
    remedy: str

    def as_result(self) -> dict[str, t.Any]:
        """Return the blocker for a task's result."""
        return {
            "vm_id": self.vm_id,
            "name": self.vm_name,
            "blocker": self.name,
            "effect": self.effect,
            "cause": self.cause,
            "remedy": self.remedy,
        }


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of a VM beside the VM itself.

    Attributes:
        role, traits: its resource and its group; None where the cluster lists none.
        mates: names of other VMs in its group.
        attachments: what it has of its host.
        replication: Msvm_ComputerSystem.ReplicationMode.
        volumes: folder under which all nodes see the cluster's shared volumes.
        insists: the user named the VM with the strategy ``migrate``: what would fail is tried all the same.
        is_under_way: its migration runs, and a job tells where to.
        is_clustered: there is a cluster that should list a role for it.
    """

    role: VmGroup | None
    traits: GroupTraits | None
    mates: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    replication: int = 0
    volumes: str = ""
    insists: bool = False
    is_under_way: bool = False
    is_clustered: bool = True


_Reason = tuple[str, str, str, str]


def find_blockers(resident: Resident, facts: Facts) -> list[Blocker]:
    """Return what stands against the move of a VM; nothing for one whose migration runs already."""
    if facts.is_under_way:
        return []
    reasons = (
        *_of_vm(resident),
        *_of_cluster(resident, facts),
        *_of_replication(facts),
        *(_of_attachment(resident, one, facts.volumes) for one in facts.attachments),
    )
    vm = resident.vm
    return [
        Blocker(vm.id, vm.name, name, NOTE if effect == FAILS and facts.insists else effect, cause, remedy)
        for name, effect, cause, remedy in reasons
        if effect
    ]


def _of_vm(resident: Resident) -> Iterator[_Reason]:
    vm = resident.vm
    if CRITICAL_IO in vm.operational_status or vm.operational_status[:1] == (_DEGRADED,):
        cause = "its storage is lost or has a critical error"
        yield "storage", FAILS, cause, "Bring its storage back; until then it can only be turned off."
    elif vm.activity:
        yield "busy", TRANSIENT, vm.activity, "Wait until that has ended; a backup can take an hour."
    if vm.state == "paused" and resident.strategy in OFFLINE:
        yield "state", FAILS, *paused_before_it_is_stopped(resident.strategy)
    if vm.state not in _KNOWN_STATES:
        yield "state", TRANSIENT, f"it is {vm.state}", "Wait until it is running, off, saved or paused."
    if resident.carries_state:
        yield (
            "saved_state",
            NOTE,
            "a saved state is moved with it, which other builds or processors may not be able to read",
            "Start and shut down the VM before, or delete its saved state, if it must go to another kind of node.",
        )
    if resident.leaves_live and not vm.memory_mb:
        yield (
            "memory",
            FAILS,
            "it is not told how much memory it has, so no place can be planned for it",
            "Move it by hand, or give it the strategy migrate and leave more in reserve: none is counted for it then.",
        )


def paused_before_it_is_stopped(strategy: str) -> tuple[str, str]:
    """Return why a paused VM cannot leave by ``shutdown`` or ``save``, and what to do about it."""
    why = "its guest cannot shut down" if strategy == SHUTDOWN else "it would not come back paused once it is saved"
    cure = "Resume it or turn it off, or give it the strategy migrate, by which it stays paused, or stay."
    return f"it is paused, so {why}, as its strategy {strategy} wants", cure


def _of_cluster(resident: Resident, facts: Facts) -> Iterator[_Reason]:
    if facts.role is None and facts.is_clustered:
        yield (
            "no_role",
            FAILS,
            "the cluster lists no role for it",
            "Make it highly available (Add-ClusterVirtualMachineRole), move it by hand, or give it the strategy stay.",
        )
    if facts.mates:
        yield (
            "shared_group",
            FAILS if resident.leaves_live else NOTE,
            f"its group holds {', '.join(facts.mates)} as well, and VMs of one group cannot be migrated by themselves",
            "Give each VM a group of its own.",
        )
    traits = facts.traits
    if traits is None:
        return
    if traits.is_locked:
        yield "locked", FAILS, f"its group {traits.name} is locked against moves", "Unlock the group."
    if traits.is_queued:
        cause = f"its group {traits.name} waits in the cluster's own queue to be moved"
        yield "queued", TRANSIENT, cause, "Wait, or cancel that move in Failover Cluster Manager."
    if traits.state == "failed":
        cause = f"its group {traits.name} has failed"
        yield "group_failed", FAILS, cause, "Repair the role in Failover Cluster Manager; look at its critical events."
    if traits.state == "pending":
        cause = f"its group {traits.name} is about to come online or go offline"
        yield "group_pending", TRANSIENT, cause, "Wait until it is online or offline."


def _of_replication(facts: Facts) -> Iterator[_Reason]:
    if facts.replication in _REPLICA_MODES:
        yield (
            "replica",
            FAILS,
            f"it is {_REPLICA_MODES[facts.replication]} of another VM, which the cluster may refuse to move",
            "Move its role in Failover Cluster Manager, or give it the strategy migrate (to try) or stay.",
        )


def _of_attachment(resident: Resident, one: Attachment, volumes: str) -> _Reason:
    """Return the reason of an attachment; its effect is empty where it does no harm."""
    # A VM that leaves off-line needs it only when it starts again.
    effect = FAILS if resident.leaves_live else NOTE
    shared = _is_below(one.path, volumes)
    if one.kind in (devices.ISO, devices.FLOPPY):
        what = "ISO image" if one.kind == devices.ISO else "floppy image"
        remedy = "Empty the drive, or keep the image on a shared volume of the cluster."
        if shared:
            return one.kind, "", "", ""
        if one.path.startswith("\\\\"):
            cause = f"the {what} {one.path} is on a share, which every node's computer account must be able to read"
            return one.kind, NOTE, cause, remedy
        return one.kind, effect, f"the {what} {one.path} is on its node only", remedy
    if one.kind == devices.HOST_DRIVE:
        return one.kind, effect, f"it uses a drive of its node ({one.path})", "Disconnect the drive from the VM."
    if one.kind == devices.PASS_THROUGH:
        cause = "it uses a physical disk of its node (pass-through)"
        return one.kind, effect, cause, "Turn the disk into a virtual one on a shared volume, or shut the VM down."
    if one.kind == devices.GPU_PARTITION:
        can = resident.build is not None and resident.build >= _GPU_PARTITIONS_MOVE
        cause = "it uses a part of a GPU" + (", and only nodes with the same kind of GPU can take it" if can else "")
        return (
            one.kind,
            NOTE if can else effect,
            cause,
            "Remove the GPU partition, or give the VM the strategy shutdown.",
        )
    cause = "a device of its node is assigned to it (discrete device assignment)"
    return one.kind, effect, cause, "Give the VM the strategy shutdown, or remove the device from it."


def _is_below(path: str, folder: str) -> bool:
    return bool(folder) and path.casefold().startswith(f"{folder.rstrip(chr(92)).casefold()}\\")
