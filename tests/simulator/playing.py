# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A simulated cluster that answers what was recorded of a real one with the recorded answers."""

from __future__ import annotations

import collections
import typing as t

from .clock import Clock
from .cluster import SimulatedCluster
from .recordings import Player, Recorded, Recording
from .scenario import Scenario
from .wsman import Reply, describe

_READS = frozenset({"Get", "Enumerate", "Pull", "Release", "Identify", "Subscribe", "Unsubscribe"})


class PlayedCluster(SimulatedCluster):
    """A cluster of which a recording exists; the scenario answers what was not recorded.

    From the first request on that changes something, the scenario answers everything but enumerations under way:
    recorded answers would tell what was so before.
    """

    def __init__(self, scenario: Scenario, clock: Clock, recording: Recording) -> None:
        super().__init__(scenario, clock)
        self._recording = recording
        self._begin()

    def counters(self) -> dict[str, t.Any]:
        """Return what SimulatedCluster counts, and how many requests were answered by what: ``answered_by``."""
        with self.world.lock:
            simulated = [f"{node}: {what}, {times} times" for (node, what), times in sorted(self._simulated.items())]
            return {
                **super().counters(),
                "answered_by": {"recording": self._played, "scenario": sum(self._simulated.values())},
                "by_scenario": simulated,
                "changed_by": self._changed_by,
            }

    def reset(self) -> None:
        """Put the cluster back to the start of its scenario and of the recording."""
        with self.world.lock:
            super().reset()
            self._begin()

    def _begin(self) -> None:
        computers = self._recording.computers()
        self._players: dict[str, Player] = {}
        for node in self.scenario.nodes:
            hosts = {host for host, name in computers.items() if name.lower() == node.name.lower()}
            own = [one for one in self._recording.exchanges if one.host in hosts]
            self._players[node.name] = Player(own)
        self._simulated: collections.Counter[tuple[str, str]] = collections.Counter()
        self._played = 0
        self._changed_by = ""
        self._after: Recorded | None = None

    def recorded(self, node_name: str, request: bytes) -> Reply | None:
        """Return what was recorded as the answer of a node, None where the scenario has to answer."""
        node, info = node_name, describe(request)
        operation = info.operation if info else ""
        is_read = operation in _READS or operation.startswith(("Invoke Check", "Invoke Get", "Invoke Will"))
        is_played = not self._changed_by or operation in ("Pull", "Release")
        found = self._players[node].answer(request, self._after) if is_played else None
        if found:
            self._played += 1
            if info:
                self.count(info)
            status, body, recorded = found
            self._after = self._after if is_read else recorded
            return Reply(status, body)
        self._simulated[node, f"{operation} {info.class_name}" if info else "a message"] += 1
        if not is_read:
            self._changed_by = f"{node}: {operation}"
        return None
