# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scenario may say about a VM beside its own settings: what ties it to its host, and to other VMs."""

from __future__ import annotations

import dataclasses
import typing as t

from .scenario_reader import Bounds

AttachmentKind = t.Literal["iso", "floppy", "host_drive", "pass_through_disk", "pci_device", "gpu_partition"]
GroupCondition = t.Literal["normal", "locked", "queued", "failed", "pending"]
Replication = t.Literal["none", "primary", "replica", "test_replica", "extended_replica"]
RoleType = t.Literal[
    "available_storage",
    "temporary",
    "shared_volume",
    "storage_pool",
    "file_server",
    "print_server",
    "dhcp_server",
    "dtc",
    "message_queuing",
    "wins_server",
    "dfs_namespace",
    "generic_application",
    "generic_service",
    "generic_script",
    "isns_server",
    "connection_broker",
    "iscsi_target",
    "scale_out_file_server",
    "replica_broker",
    "task_scheduler",
    "updating",
    "scale_out_cluster",
    "storage_replica",
    "vm_replica_coordinator",
    "cross_cluster_orchestrator",
    "infrastructure_file_server",
    "core_sddc",
    "user_manager",
    "unknown",
]
AffinityRuleType = t.Literal["same_fault_domain", "same_node", "different_fault_domain", "different_node"]

CORE_GROUP = "Cluster Group"
SHARED_VOLUMES = "C:\\ClusterStorage"
SHARE = "\\\\FS1\\VMs"


def is_shared(path: str) -> bool:
    """Tell whether every node of the cluster, or every host, reaches a file: on a shared volume, or on a share."""
    return path.startswith(("\\\\", f"{SHARED_VOLUMES}\\"))


@dataclasses.dataclass(frozen=True)
class AttachmentSpec:
    """Something of its host that a VM uses; ``path`` is an image's file, and what the host calls a drive or device."""

    kind: AttachmentKind
    path: str = "C:\\ISO\\setup.iso"

    @property
    def ties_to_host(self) -> bool:
        """No other node has it: all but images that every node reaches."""
        return self.kind not in ("iso", "floppy") or not is_shared(self.path)


@dataclasses.dataclass(frozen=True)
class RoleSpec:
    """A cluster group that is no VM, and the node that owns it.

    A ``shared_volume`` is the disk resource of this name in a group of its own; whoever owns it coordinates the volume,
    which is the one that the name has in parentheses, or the next. ``Cluster Group`` of the type ``core`` says more of
    the core group, which every cluster has. ``possible_owners`` null: all nodes. ``starts_after``: roles that start
    before this one, by a group set for each.

    A move takes ``move_seconds`` and ``works``; is ``vetoed`` by a resource; ends where it began (``comes_back``);
    leaves the role ``failed`` on its new node; or stays ``pending`` for good. ``fails_towards``: only on the way to
    this node.
    """

    name: str
    type: t.Literal[RoleType, "core"]
    owner: str
    online: bool = True
    priority: t.Annotated[int, Bounds(0, 4999)] = 2000
    preferred_owners: tuple[str, ...] = ()
    possible_owners: tuple[str, ...] | None = None
    starts_after: tuple[str, ...] = ()
    condition: GroupCondition = "normal"
    move: t.Literal["works", "vetoed", "comes_back", "failed", "pending"] = "works"
    fails_towards: str | None = None
    move_seconds: t.Annotated[float, Bounds(0)] = 4.0

    def behaviour(self, destination: str) -> str:
        """Return how a move to a node goes."""
        return self.move if self.fails_towards in (None, destination) else "works"


@dataclasses.dataclass(frozen=True)
class AffinityRuleSpec:
    """One affinity rule over ``groups`` of VMs, by name."""

    name: str
    type: AffinityRuleType
    groups: tuple[str, ...]
    enabled: bool = True
