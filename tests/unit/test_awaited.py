# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts that keep a task waiting are named while it waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils import _awaited
from ansible_collections.hyperv.migration.plugins.plugin_utils._awaited import AwaitedHosts


class Waiting:
    """Hosts that answer when they are told to, on a clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.lines: list[str] = []
        self.hosts = AwaitedHosts(self.lines.append, lambda: self.seconds)
        self.answers = threading.Event()
        self._threads = ThreadPoolExecutor(8)

    def ask(self, *names: str) -> None:
        """Ask hosts side by side, and return when all of them have the request."""
        for name in names:
            asked = threading.Event()

            def wait(request: bytes, asked: threading.Event = asked) -> bytes:
                asked.set()
                self.answers.wait(60)
                return request

            self._threads.submit(self.hosts.around(wait, name), b"")
            assert asked.wait(60)

    def answered(self) -> None:
        self.answers.set()
        self._threads.shutdown()

    def after(self, seconds: float) -> list[str]:
        self.seconds += seconds
        self.lines.clear()
        self.hosts.look()
        return list(self.lines)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_one_that_does_not_answer_is_named_after_a_while_and_again_every_half_minute(waiting: Waiting) -> None:
    waiting.ask("NODE3")
    assert [waiting.after(9), waiting.after(1)] == [[], ["Waiting for an answer of NODE3 (10 s so far)"]]
    assert [waiting.after(29), waiting.after(1)] == [[], ["Waiting for an answer of NODE3 (40 s so far)"]]
    waiting.answered()
    assert waiting.after(30) == []


def test_several_are_named_in_one_line_and_those_that_were_asked_just_now_are_not(waiting: Waiting) -> None:
    waiting.ask("NODE3", "NODE2")
    waiting.after(9)
    waiting.ask("NODE4", "NODE2")
    assert waiting.after(1) == ["Waiting for an answer of NODE2 (10 s so far), NODE3 (10 s so far)"]
    waiting.answered()


def test_a_host_that_breaks_the_connection_is_waited_for_no_longer(waiting: Waiting) -> None:
    def broken(request: bytes) -> bytes:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        waiting.hosts.around(broken, "NODE3")(b"")
    assert waiting.after(60) == []


def test_a_thread_looks_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_awaited, "_LOOK", 0.001)
    looked = threading.Event()
    hosts = AwaitedHosts(lambda line: looked.set(), lambda: 0.0)
    monkeypatch.setattr(hosts, "look", looked.set)
    before = threading.active_count()
    with hosts.told():
        assert looked.wait(60)
    assert threading.active_count() == before
