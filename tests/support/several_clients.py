# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several runs of the product on one simulated cluster and its manual clock."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.support.scenarios import Scenario
from tests.support.side_by_side import Interleaving
from tests.support.simulated import Simulated


class Killed(BaseException):
    """The process of a run has ended, in the middle of what it did."""


class SideBySide(Simulated):
    """A simulated cluster with several clients.

    Attributes:
        kill_at: reading of the clock from which on every run ends at its next request; None for never.
    """

    def __init__(self, given: Scenario, home: str, seed: int = 0) -> None:
        super().__init__(given, home)
        self.kill_at: float | None = None
        self._interleaving = Interleaving(self._clock, seed)

    def client(self) -> Cluster:
        """Return the cluster as a new process sees it, with sessions of its own."""

        def connect(node: str | None) -> Session:
            names = {one["name"].lower(): one["name"] for one in self.server.state()["nodes"]}
            there = names.get((node or self.home).partition(".")[0].lower(), node or self.home)
            if node is not None and there == self.home:
                return cluster.home.host
            return Session(lambda request: self._send(there, request), self, node or self.home)

        cluster = Cluster(connect, self)
        return cluster

    def run(self, *works: Callable[[], t.Any]) -> list[t.Any]:
        """Do all of these, and return what they return; what one was ended or failed with, is its result."""
        return self._interleaving.run(*works)

    def pause(self, seconds: float) -> None:
        if self._interleaving.is_inside:
            self._interleaving.pause(seconds)
        else:
            super().pause(seconds)

    def _send(self, node: str, request: bytes) -> bytes:
        if self._interleaving.is_inside and self.kill_at is not None and self.now() >= self.kill_at:
            raise Killed
        self._interleaving.may_hand_on()
        return super()._send(node, request)
