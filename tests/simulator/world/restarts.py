# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restarting the Windows of a node: it goes, stays away for a while, and joins the cluster again."""

from __future__ import annotations

import functools
import typing as t

from ..scenario import NodeState
from .members import Node

if t.TYPE_CHECKING:
    from .world import World


class Restarts:
    """Restarts under way, by the scenario's times."""

    def __init__(self, world: World) -> None:
        self._world = world

    def request(self, node: Node) -> None:
        """Do what the scenario says a request to restart comes to."""
        node.restarts_requested += 1
        if node.spec.restart.outcome != "nothing":
            self._world.timeline.after(node.spec.restart.shutdown_seconds, functools.partial(self._stop, node))

    def _stop(self, node: Node) -> None:
        paused = node.state == "paused" and self._world.scenario.switches.paused_after_restart
        self._world.drains.lose(node)
        if node.spec.restart.outcome == "restarts":
            comes_back: NodeState = "paused" if paused else "up"
            self._world.timeline.after(node.spec.restart.away_seconds, functools.partial(self._boot, node, comes_back))

    def _boot(self, node: Node, comes_back: NodeState) -> None:
        node.state = "joining"
        node.booted_at = self._world.now
        self._world.timeline.after(
            node.spec.restart.joining_seconds, functools.partial(setattr, node, "state", comes_back)
        )
