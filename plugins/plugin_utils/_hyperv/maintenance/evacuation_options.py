# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a node is emptied."""

from __future__ import annotations

import dataclasses

from ..scheduling.migrate import MigrationOptions
from .storage_gate import StorageWait


@dataclasses.dataclass(frozen=True)
class EvacuationOptions:
    """How a node is emptied.

    Attributes:
        migration: how VMs are moved.
        attempts: how many nodes are tried for a VM.
        give_back: resume the node if the evacuation fails, unless it was paused before.
        next_step: what comes after an evacuation that succeeded, for people.
        time_limit: seconds after which the task is cut off, None for no limit.
        storage: how long storage is waited for before anything is changed.
        balancer_off: the balancer of the cluster is switched off until the VMs are brought back.
        notes_shown: the lines about the plan do not repeat what an earlier node's said about the whole cluster.
        rest_disks: the disks of a node that is empty enter maintenance mode, with Storage Spaces Direct.
    """

    migration: MigrationOptions = dataclasses.field(default_factory=MigrationOptions)
    attempts: int = 2
    give_back: bool = True
    next_step: str = ""
    time_limit: float | None = None
    storage: StorageWait = dataclasses.field(default_factory=StorageWait)
    rest_disks: bool = True
    balancer_off: bool = False
    notes_shown: bool = False
