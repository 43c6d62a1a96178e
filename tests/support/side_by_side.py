# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several runs of the product on one simulated cluster and its manual clock, as if each had a process of its own.

One of them runs at a time. It hands on where it waits, and at requests that a seed draws, so that every interleaving
can be had again.
"""

from __future__ import annotations

import inspect
import random
import threading
import typing as t
from collections.abc import Callable

from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.support.scenarios import Scenario
from tests.support.simulated import Simulated

_OFTEN = 0.1  # of the requests


class Killed(BaseException):
    """The process of a run has ended, in the middle of what it did."""


class _Run:
    def __init__(self, work: Callable[[], t.Any]) -> None:
        self.wakes = 0.0
        self.may_go = threading.Event()
        self.is_over = False
        self.result: t.Any = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._go, args=(work,), daemon=True)
        self.back: Callable[[], None] = lambda: None
        self.own = threading.local()

    def _go(self, work: Callable[[], t.Any]) -> None:
        self.own.run = self
        self.may_go.wait()
        try:
            self.result = work()
        except BaseException as error:
            self.error = error
        self.is_over = True
        self.back()


class SideBySide(Simulated):
    """A simulated cluster with several clients.

    Attributes:
        kill_at: reading of the clock from which on every run ends at its next request; None for never.
    """

    def __init__(self, given: Scenario, home: str, seed: int = 0) -> None:
        super().__init__(given, home)
        self.kill_at: float | None = None
        self._chance = random.Random(seed)
        self._idle = threading.Event()
        self._own = threading.local()

    def client(self) -> Cluster:
        """Return the cluster as a new process sees it, with sessions of its own."""

        def connect(node: str | None) -> Session:
            names = {one["name"].lower(): one["name"] for one in self.server.state()["nodes"]}
            there = names.get((node or self.home).partition(".")[0].lower(), node or self.home)
            if node is not None and there == self.home:
                return cluster.home
            return Session(lambda request: self._send(there, request), self, node or self.home)

        cluster = Cluster(connect, self)
        return cluster

    def run(self, *works: Callable[[], t.Any]) -> list[t.Any]:
        """Do all of these, and return what they return; what one was ended or failed with, is its result."""
        runs = [_Run(work) for work in works]
        for one in runs:
            one.back, one.own = self._idle.set, self._own
            one.thread.start()
        while ready := [one for one in runs if not one.is_over]:
            first = min(one.wakes for one in ready)
            self._clock.advance(max(0.0, first - self.now()))
            one = self._chance.choice([run for run in ready if run.wakes <= self.now()])
            self._idle.clear()
            one.may_go.set()
            if not self._idle.wait(120):
                raise AssertionError("a run neither ends nor hands on")
        for one in runs:
            one.thread.join()
        return [one.error or one.result for one in runs]

    def pause(self, seconds: float) -> None:
        run = getattr(self._own, "run", None)
        if run is None:
            super().pause(seconds)
        else:
            self._hand_on(run, self.now() + seconds)

    def _send(self, node: str, request: bytes) -> bytes:
        run = getattr(self._own, "run", None)
        if run is not None and self.kill_at is not None and self.now() >= self.kill_at:
            raise Killed
        if run is not None and self._chance.random() < _OFTEN and not _is_in_a_property():
            self._hand_on(run, self.now())
        return super()._send(node, request)

    def _hand_on(self, run: _Run, wakes: float) -> None:
        run.wakes = wakes
        run.may_go.clear()
        self._idle.set()
        run.may_go.wait()


def _is_in_a_property() -> bool:
    """Tell whether a cached property is read: all threads of a process share its lock, and processes do not."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "__get__":
            return True
        frame = frame.f_back
    return False
