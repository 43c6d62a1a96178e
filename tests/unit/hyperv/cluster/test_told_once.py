# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What hosts are asked for once: side by side, and by one thread at a time of each host."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.told_once import Telling, told_once

WITHIN = 20.0  # seconds


class Host(Telling):
    def __init__(self, ask: Callable[[], str]) -> None:
        super().__init__()
        self.ask = ask
        self.asked = 0

    @told_once
    def name(self) -> str:
        """Its name."""
        self.asked += 1
        return self.ask()

    @told_once
    def greeting(self) -> str:
        return f"Hello {self.name}"


def test_two_hosts_tell_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=WITHIN)  # broken where one of them has to wait for the other

    def ask() -> str:
        both.wait()
        return "told"

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda host: host.name, (Host(ask), Host(ask)))) == ["told", "told"]


def test_one_host_is_asked_once_however_many_threads_need_it() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def ask() -> str:
        begun.set()
        assert go_on.wait(WITHIN)
        return "NODE1"

    host = Host(ask)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(lambda: host.name)
        assert begun.wait(WITHIN)
        second = threads.submit(lambda: host.greeting)
        go_on.set()
        assert (first.result(), second.result()) == ("NODE1", "Hello NODE1")
    assert host.asked == 1


def test_an_error_is_not_kept() -> None:
    def ask() -> str:
        if host.asked == 1:
            raise ConnectionError("gone")
        return "NODE1"

    host = Host(ask)
    with pytest.raises(ConnectionError):
        str(host.name)
    assert host.name == "NODE1"
    assert host.asked == 2
