# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes that are asked while the caller goes on: each logged in to once, and what becomes of errors."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster import side_by_side as module
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.cluster import Cluster
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.identity import WrongMachine
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.side_by_side import side_by_side
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import Unreachable
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.session import Session

from tests.support.simulated import Simulated

FEW = ["NODE1", "NODE2", "NODE3", "NODE4"]
MANY = [*FEW, "NODE5", "NODE6"]


class Doors:
    """Connects to nodes, and knows to which: NODE2 is silent, and ``wrong`` another machine."""

    def __init__(self, wrong: str = "") -> None:
        self.tried: list[str] = []
        simulated = Simulated()

        def connect(name: str | None) -> Session:
            self.tried.append(name or "")
            if name == "NODE2":
                raise Unreachable("NODE2 does not answer")
            if name == wrong:
                raise WrongMachine(f"{name} is another machine")
            return Session(simulated.cluster.home._send, simulated, name or "")

        self.cluster = Cluster(connect, simulated)


def test_each_of_many_nodes_is_logged_in_to_once() -> None:
    doors = Doors()
    with side_by_side(doors.cluster, MANY) as beside:
        silent = {name for name in MANY if beside.silence(name) is not None}
        assert list(beside.answering()) == [name for name in MANY if name != "NODE2"]
        read = beside.ahead(lambda name: (name, beside.silence(name) is None))
        assert [read(name) for name in MANY] == [(name, name != "NODE2") for name in MANY]
    assert silent == {"NODE2"}
    assert sorted(doors.tried) == MANY


def test_of_a_few_nodes_nothing_is_asked_before_somebody_waits_for_it() -> None:
    doors = Doors()
    asked: list[str] = []
    with side_by_side(doors.cluster, FEW) as beside:
        ahead = beside.ahead(asked.append)
        also = beside.also(lambda: asked.append("also"))
        each = beside.each(FEW, asked.append)
        assert list(beside.answering()) == FEW
        assert [ahead(name) for name in FEW] == [None] * len(FEW)
        assert (asked, doors.tried) == ([], [])
        each()
        also()
        also()
    assert asked == [*FEW, "also"]


def test_another_machine_than_the_one_that_was_meant_is_an_error_for_whoever_waits() -> None:
    with side_by_side(Doors(wrong="NODE5").cluster, MANY) as beside:
        assert beside.silence("NODE4") is None
        for wait in (lambda: beside.silence("NODE5"), lambda: list(beside.answering())):
            with pytest.raises(WrongMachine, match="NODE5 is another machine"):
                wait()


def test_an_error_gives_up_what_was_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked: list[str] = []

    class Threads(ThreadPoolExecutor):
        """Lets what was begun end once nothing else can begin."""

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            go_on.set()
            super().shutdown(wait=wait)

    def read(name: str) -> None:
        asked.append(name)
        begun.set()
        assert go_on.wait(120)

    def ask_and_fail() -> None:
        with side_by_side(Doors().cluster, MANY) as beside:
            beside.each(MANY, read)
            assert begun.wait(120)
            raise ZeroDivisionError

    monkeypatch.setattr(module, "NODES_AT_ONCE", 1)
    monkeypatch.setattr(module, "ThreadPoolExecutor", Threads)
    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert asked == [MANY[0]]
