# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VMs of other nodes step aside so that every VM of a node has a place."""

from __future__ import annotations

from collections.abc import Sequence

from ..._text import clean
from ..cluster.cluster import Cluster
from ..migration.move_record import MoveRecord
from ..planning.helper_moves import HelperMove
from ..scheduling.migrate import MigrationOptions
from .controller import Controller
from .moving import Moving, Wanted


class SteppingAside:
    """Makes helper moves one after another: each has memory only when all before it are made.

    Attributes:
        moving: what became of them.
    """

    def __init__(self, cluster: Cluster, options: MigrationOptions, controller: Controller) -> None:
        self.moving = Moving(cluster, options, controller)
        self._controller = controller

    def make(self, moves: Sequence[HelperMove]) -> bool:
        """Make moves in their order up to the first that is not made; tell whether all were.

        One that somebody else has made counts as made, since there is room all the same. Raises as ``Moving.make``.
        """
        for number, move in enumerate(moves, 1):
            vm = move.helper.candidate.vm
            if self._controller.shows_progress:
                way = f"from {move.helper.node} to {move.destination}"
                self._controller.tell(f"{clean(vm.name)} steps aside {way} ({number} of {len(moves)}).")
            self.moving.make(wanted([move]))
            if self.moving.records[vm.id]["outcome"] not in ("moved", "already_there"):
                return False
        return True

    @property
    def records(self) -> list[MoveRecord]:
        """The last word on each VM, in the form of hyperv_vm_migrate."""
        return list(self.moving.records.values())

    @property
    def aside(self) -> list[MoveRecord]:
        """The moves that were made, and not by somebody else."""
        return [one for one in self.records if one["outcome"] == "moved"]

    @property
    def is_over(self) -> bool:
        """A VM may still be on its way, so that nothing else can be planned."""
        return bool(self.moving.failed) and not self.moving.may_be_tried_again

    @property
    def settled(self) -> frozenset[str]:
        """The ids of VMs that are not to step aside again: they have, or somebody else moves them."""
        failed = {one["vm"]["id"] for one in self.moving.failed} - self.moving.moved_by_others
        return frozenset(self.moving.records) - failed


def wanted(moves: Sequence[HelperMove]) -> list[Wanted]:
    """Return helper moves as they are to be made."""
    return [
        Wanted(move.helper.candidate.vm.id, move.helper.candidate.vm.name, move.helper.node, move.destination)
        for move in moves
    ]
