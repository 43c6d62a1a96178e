# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a plan was made from, for steps that follow so soon that they need not read it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.groups import VmGroup
from ..cluster.hosts import Memory
from ..cluster.patience import STILL_TRUE
from ..cluster.vms import Vm
from .snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class JustRead:
    """Part of a snapshot.

    Attributes:
        vms, roles: all clustered VMs, and their roles by VM id.
        memory: of nodes that can take VMs, by first label.
        slots: how many live migrations nodes take part in at once, by first label.
        since: when the first of it was read, by the clock of the cluster's sessions.
    """

    vms: Sequence[Vm] = ()
    roles: Mapping[str, VmGroup] = dataclasses.field(default_factory=dict)
    memory: Mapping[str, Memory] = dataclasses.field(default_factory=dict)
    slots: Mapping[str, int] = dataclasses.field(default_factory=dict)
    since: float = float("-inf")

    @classmethod
    def of(cls, snapshot: Snapshot, since: float) -> JustRead:
        """Return what of a snapshot is good for more than the plan."""
        slots = [(snapshot.node.name, snapshot.slots), *((one.name, one.slots) for one in snapshot.destinations)]
        return cls(
            snapshot.vms,
            snapshot.roles,
            {
                first_label(one.name): one.memory._replace(free_mb=one.memory.free_mb + one.coming_mb)
                for one in snapshot.destinations
            },
            {first_label(name): count for name, count in slots if count is not None},
            since,
        )

    def is_still_true(self, now: float) -> bool:
        """Tell whether it was read so short a time ago that it can be gone by."""
        return now - self.since <= STILL_TRUE
