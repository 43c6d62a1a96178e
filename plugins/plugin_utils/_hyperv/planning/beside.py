# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the evacuation of a node leaves to the nodes that are emptied at the same time. Pure.

Their plans were made together. While they are carried out, each evacuation plans again what does not go as planned, and
asks none of the others. So each takes the moves of the others as made, and of the memory that none of the plans needs
no more than its share: however the evacuations meet, no memory counts twice. ``keeping_apart.py`` has the same for
VMs that must not meet.
"""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Mapping, Sequence

from ..._hostnames import first_label
from ..cluster.vms import normal_id
from ..failure.errors import HyperVError
from .keeping_apart import left_to_others
from .kept_free import KeptFree, without
from .problem import Destination
from .snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class ExpectedMove:
    """A move of the common plan: its VM by id, from where to where, and the memory in MB that it takes there."""

    vm_id: str
    source: str
    destination: str
    memory_mb: int

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Beside:
    """Nodes that are emptied at the same time.

    Attributes:
        nodes: names of all of them, the one that is asked for as well.
        moves: the moves of their common plan; none in a dry run that has no such plan.
    """

    nodes: Sequence[str] = ()
    moves: Sequence[ExpectedMove] = ()

    @property
    def counts(self) -> bool:
        """Whether there is a node beside the one that is asked for."""
        return len(self.nodes) > 1

    def as_result(self) -> dict[str, t.Any]:
        """Return it for a task's result, as ``read_beside`` takes it."""
        return {"nodes": list(self.nodes), "moves": [one.as_result() for one in self.moves]}

    def around(self, snapshot: Snapshot, reserve_percent: float) -> Snapshot:
        """Return what is left of the cluster for the node of a snapshot."""
        if not self.counts:
            return snapshot
        label = first_label(snapshot.node.name)
        others = [one for one in self.nodes if first_label(one) != label]
        left = without(snapshot, [KeptFree(one, f"{one} is emptied at the same time") for one in others])
        waiting = self._waiting(snapshot)
        theirs = {one.vm_id: one.destination for one in waiting if first_label(one.source) != label}
        return dataclasses.replace(
            left,
            left_to_others=left_to_others(snapshot, self.nodes, {one.vm_id: one.destination for one in self.moves}),
            vms=tuple(vm._replace(node=theirs[vm.id]) if vm.id in theirs else vm for vm in snapshot.vms),
            roles={
                vm_id: role._replace(owner=theirs[vm_id]) if vm_id in theirs else role
                for vm_id, role in snapshot.roles.items()
            },
            destinations=tuple(self._left(one, waiting, label, reserve_percent) for one in left.destinations),
        )

    def _waiting(self, snapshot: Snapshot) -> list[ExpectedMove]:
        """Return the moves that are not begun: what is on its way, or there, counts where it is."""
        on = {vm.id: first_label(vm.node) for vm in snapshot.vms if vm.id not in snapshot.running_migrations}
        return [one for one in self.moves if on.get(one.vm_id) == first_label(one.source)]

    def _left(
        self, destination: Destination, waiting: Sequence[ExpectedMove], label: str, reserve_percent: float
    ) -> Destination:
        """Return a destination without what the others need of it, and without their shares of what is spare."""
        coming = [one for one in waiting if first_label(one.destination) == first_label(destination.name)]
        memory = destination.memory
        theirs = sum(one.memory_mb for one in coming if first_label(one.source) != label)
        reserve = -int(-memory.total_mb * reserve_percent // 100)
        spare = max(0, memory.free_mb - reserve - sum(one.memory_mb for one in coming))
        share = spare // len(self.nodes)
        left = memory._replace(free_mb=memory.free_mb - theirs - (spare - share))
        return dataclasses.replace(destination, memory=left)


def read_beside(given: Mapping[str, t.Any] | None) -> Beside:
    """Return what ``Beside.as_result`` made of one; nobody for none. Raises HyperVError for anything else."""
    if not given:
        return Beside()
    try:
        moves = [
            ExpectedMove(
                normal_id(str(one["vm_id"])), str(one["source"]), str(one["destination"]), int(one["memory_mb"])
            )
            for one in given["moves"]
        ]
        return Beside(tuple(str(one) for one in given["nodes"]), tuple(moves))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HyperVError(
            f"rolling.beside is not what hyperv_rolling_node_info returned: {error!r}. Give its result as it was "
            "registered."
        ) from None
