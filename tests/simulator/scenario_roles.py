# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scenario may say about a VM beside its own settings: what ties it to its host, and to other VMs."""

from __future__ import annotations

import dataclasses
import typing as t

AttachmentKind = t.Literal["iso", "floppy", "host_drive", "pass_through_disk", "pci_device", "gpu_partition"]
GroupCondition = t.Literal["normal", "locked", "queued", "failed", "pending"]
Replication = t.Literal["none", "primary", "replica", "test_replica", "extended_replica"]
RoleType = t.Literal[
    "file_server",
    "generic_service",
    "scale_out_file_server",
    "replica_broker",
    "updating",
    "available_storage",
    "shared_volume",
    "storage_pool",
]
AffinityRuleType = t.Literal["same_fault_domain", "same_node", "different_fault_domain", "different_node"]

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

    A ``shared_volume`` is the disk resource of this name in a group of its own; whoever owns it coordinates the volume.
    """

    name: str
    type: RoleType
    owner: str
    online: bool = True


@dataclasses.dataclass(frozen=True)
class AffinityRuleSpec:
    """One affinity rule over ``groups`` of VMs, by name."""

    name: str
    type: AffinityRuleType
    groups: tuple[str, ...]
    enabled: bool = True
