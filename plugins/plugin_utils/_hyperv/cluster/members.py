# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nodes of a cluster as they were read last, and which of them can speak for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..._wsman.instances import Instance
from ..._wsman.session import Session
from ..._wsman.wql import Query

NODE = "MSCluster_Node"
UP, PAUSED = 0, 2  # its State
_MSCLUSTER = "root/MSCluster"


class Members:
    """Knows the nodes that somebody has read."""

    def __init__(self) -> None:
        self._states: dict[str, int | None] = {}

    def note(self, rows: Iterable[Instance]) -> None:
        """Take rows of MSCluster_Node, of all nodes or some."""
        self._states.update((name, row.integer("State")) for row in rows if (name := row.text("Name")))

    def likeliest_first(self, is_talked_to: Callable[[str], bool]) -> list[str]:
        """Return the names in the order in which nodes may answer: those that were up first, paused ones next.

        Of these, those that are talked to already.
        """

        def rank(name: str) -> tuple[bool, bool, bool]:
            state = self._states[name]
            return state not in (UP, PAUSED), state != UP, not is_talked_to(name)

        return sorted(self._states, key=rank)

    def can_speak(self, name: str, session: Session) -> bool:
        """Tell whether a node can speak for the cluster. Raises Fault and TransportError.

        It sees itself in the cluster, which one that was cut off from the others does not, and still with most of its
        nodes: it may have joined another one since.
        """
        rows = session.query(_MSCLUSTER, Query(NODE, ("Name", "State")))
        states = {(row.text("Name") or "").upper(): row.integer("State") for row in rows}
        known = {one.upper() for one in self._states}
        return 2 * len(states.keys() & known) > len(known) and states.get(name.upper()) in (UP, PAUSED)
