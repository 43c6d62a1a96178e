# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The balancer of the cluster is off while a node is empty, where that is wished, and is put back as it was found."""

from __future__ import annotations

from collections.abc import Callable

from ..cluster.balancer import OFF, read_mode, set_mode
from ..cluster.cluster import Cluster


class Balancing:
    """Switches it off and puts it back. What was found is written down before, so that any run can put it back."""

    def __init__(self, found: Callable[[], int | None], write_down: Callable[[int | None], None]) -> None:
        """``found`` returns what is written down: the mode before it was switched off, None where it was not.

        ``write_down`` keeps that, and may raise HyperVError.
        """
        self._found = found
        self._write_down = write_down

    def switch_off(self, cluster: Cluster) -> None:
        """Switch it off unless it is. Raises HyperVError where that is refused, Fault and TransportError."""
        mode = read_mode(cluster)
        if mode is None or mode == OFF:
            return
        self._write_down(mode)
        set_mode(cluster, OFF)

    def put_back(self, cluster: Cluster) -> None:
        """Put it back if it is still off. Somebody who has set it since wants that.

        Asks nothing where nothing is written down. Raises HyperVError where it is refused, Fault and TransportError.
        """
        before = self._found()
        if before is None:
            return
        if read_mode(cluster) == OFF:
            set_mode(cluster, before)
        self._write_down(None)

    @property
    def note(self) -> str:
        """What to say of it at the end; empty for nothing."""
        before = self._found()
        if before is None:
            return ""
        return f"The balancer of the cluster is off (AutoBalancerMode was {before}) until the VMs are brought back."
