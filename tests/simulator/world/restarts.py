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
        if node.state == "down":
            return  # a crash has been quicker
        paused = node.state == "paused" and self._world.scenario.switches.paused_after_restart
        stopped = self._world.drains.lose(node)
        if node.spec.restart.outcome == "restarts":
            comes_back: NodeState = "paused" if paused else "up"
            boot = functools.partial(self._boot, node, stopped, comes_back)
            self._world.timeline.after(node.spec.restart.away_seconds, boot)

    def _boot(self, node: Node, stopped: int, comes_back: NodeState) -> None:
        if not node.is_still(stopped):
            return  # an event has taken the node down for good, or up, meanwhile
        booted = node.enter("joining")
        node.booted_at = self._world.now
        node.listens = False
        self._world.timeline.after(
            node.spec.restart.listening_seconds, functools.partial(_listen, node, self._world.now)
        )
        join = functools.partial(self._join, node, booted, comes_back)
        self._world.timeline.after(node.spec.restart.joining_seconds, join)

    def _join(self, node: Node, booted: int, comes_back: NodeState) -> None:
        if node.is_still(booted):
            node.enter(comes_back)


def _listen(node: Node, booted_at: float) -> None:
    if node.booted_at == booted_at:
        node.listens = True
