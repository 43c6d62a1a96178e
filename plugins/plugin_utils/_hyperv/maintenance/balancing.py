# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The balancer of the cluster is off while a node is empty, where that is wished, and is put back as it was found.

Several nodes may be empty at the same time. Each of them has written down what was found, and the last one that gets
its VMs back puts it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..cluster.balancer import OFF, read_mode, set_mode
from ..cluster.cluster import Cluster
from ..failure.errors import HyperVError
from ..records.file_names import Owner
from .controller import Controller


class Balancing:
    """Switches it off and puts it back. What was found is written down before, so that any run can put it back.

    Attributes:
        waits_for: names of the nodes for which it stays off; empty where it was put back, or was not off.
    """

    def __init__(
        self,
        found: Callable[[], int | None],
        write_down: Callable[[int | None], None],
        of_others: Callable[[], Mapping[str, int]],
    ) -> None:
        """``found`` returns what is written down: the mode before it was switched off, None where it was not.

        ``write_down`` keeps that, and may raise HyperVError. ``of_others`` returns what is written down for other nodes
        of the cluster, by their names.
        """
        self._found = found
        self._write_down = write_down
        self._of_others = of_others
        self.waits_for: tuple[str, ...] = ()

    def switch_off(self, cluster: Cluster) -> None:
        """Switch it off unless it is. Raises HyperVError where that is refused, Fault and TransportError."""
        mode = read_mode(cluster)
        if mode == OFF and self._found() is None:
            for other in self._of_others().values():
                self._write_down(other)  # it is off for another node, and stays so for this one
                return
        if mode is None or mode == OFF:
            return
        self._write_down(mode)
        set_mode(cluster, OFF)

    def put_back(self, cluster: Cluster) -> None:
        """Put it back if it is still off, unless it is to be off for other nodes, too.

        Somebody who has set it since wants that. Asks nothing where nothing is written down. Raises HyperVError where
        that is refused, Fault and TransportError.
        """
        before = self._found()
        if before is None:
            return
        if self._of_others():
            self._write_down(None)
            self.waits_for = tuple(self._of_others())
            if self.waits_for:
                return
            self._write_down(before)  # the others have left it to this one at the same moment
        if read_mode(cluster) == OFF:
            set_mode(cluster, before)
        self._write_down(None)

    @property
    def note(self) -> str:
        """What to say of it at the end; empty for nothing."""
        if self.waits_for:
            return f"The balancer of the cluster stays off until {', '.join(self.waits_for)} got the VMs back as well."
        before = self._found()
        if before is None:
            return ""
        return f"The balancer of the cluster is off (AutoBalancerMode was {before}) until the VMs are brought back."


def written_for_others(
    controller: Controller, nodes: Iterable[str], owner: Owner | None, path: str
) -> Mapping[str, int]:
    """Return what the ledgers of other nodes have as the mode of the balancer before it was switched off, by node.

    ``nodes`` are names of all, and ``path`` is where this node's ledger is kept. One that cannot be read says nothing.
    """
    found: dict[str, int] = {}
    for name in nodes:
        store = controller.ledger_of(name, owner)
        if store.path == path:
            continue
        try:
            ledger = store.read()
        except HyperVError:
            continue
        if ledger is not None and ledger["balancer"] is not None:
            found[name] = ledger["balancer"]
    return found
