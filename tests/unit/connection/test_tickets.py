# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins of threads find the tickets of their own account: whose they are only one variable of the process says."""

from __future__ import annotations

import concurrent.futures
import os
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection import proxies, tickets
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.tickets import (
    OWN,
    Cache,
    NoTicket,
    fetched,
)

VARIABLE = "KRB5CCNAME"


@pytest.fixture(params=[None, "FILE:/the/users/own"])
def users_own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What the user has set before Ansible begins."""
    if request.param is None:
        monkeypatch.delenv(VARIABLE, raising=False)
    else:
        monkeypatch.setenv(VARIABLE, request.param)
    return request.param


@pytest.fixture
def threads() -> Iterator[concurrent.futures.ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as made:
        yield made


class Kinit:
    """Fills caches as Ansible's winrm plugin does: it names each in the variable, and leaves it there."""

    class File:
        """Stands for the file; it is gone when nobody holds it."""

    def __init__(self, fails: str = "") -> None:
        self.runs = 0
        self._fails = fails

    def __call__(self) -> object:
        self.runs += 1
        os.environ[VARIABLE] = f"FILE:/cache/{self.runs}"
        if self._fails:
            raise NoTicket(self._fails)
        return self.File()


@pytest.fixture
def account() -> object:
    """An account of this test alone: what kinit got for it is no other test's."""
    return object()


def test_a_login_finds_its_own_cache_and_leaves_the_variable_as_it_was(users_own: str | None) -> None:
    with Cache("FILE:/cache/1").held():
        assert os.environ[VARIABLE] == "FILE:/cache/1"
    assert os.environ.get(VARIABLE) == users_own
    with OWN.held():
        assert os.environ.get(VARIABLE) == users_own


def test_sixteen_logins_by_three_caches_find_each_its_own(
    users_own: str | None, threads: concurrent.futures.ThreadPoolExecutor
) -> None:
    caches = [OWN, Cache("FILE:/cache/1"), Cache("FILE:/cache/2")]

    def log_in(number: int) -> bool:
        cache = caches[number % 3]
        with cache.held():
            return os.environ.get(VARIABLE) == (cache.name or users_own)

    assert all(threads.map(log_in, range(480)))
    assert os.environ.get(VARIABLE) == users_own


def test_logins_by_one_cache_do_not_wait_for_each_other(threads: concurrent.futures.ThreadPoolExecutor) -> None:
    met = threading.Barrier(16)

    def log_in(number: int) -> None:
        with Cache("FILE:/cache/1").held():
            met.wait(120)

    # A login that waited for another one would break the barrier, which raises.
    assert list(threads.map(log_in, range(16))) == [None] * 16


def test_a_login_by_another_cache_waits(threads: concurrent.futures.ThreadPoolExecutor) -> None:
    with OWN.held():
        other = threads.submit(Cache("FILE:/cache/1").holding(os.environ.get), VARIABLE)
        assert other not in wait([other], timeout=0.1).done
    assert other.result(30) == "FILE:/cache/1"


def test_a_login_that_ends_removes_no_variable_while_all_of_them_are_read(
    monkeypatch: pytest.MonkeyPatch, threads: concurrent.futures.ThreadPoolExecutor
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    has_begun, may_end = threading.Event(), threading.Event()
    read: list[str | None] = []

    def log_in() -> None:
        with Cache("FILE:/cache/1").held():
            has_begun.set()
            may_end.wait(30)

    def look_for_proxies(unused: str) -> dict[str, str]:
        may_end.set()
        assert login not in wait([login], timeout=0.1).done
        read.append(os.environ.get(VARIABLE))
        return {}

    monkeypatch.setattr(proxies, "get_environ_proxies", look_for_proxies)
    login = threads.submit(log_in)
    assert has_begun.wait(30)
    assert proxies.find_proxy("http://node1.corp.example:5985/wsman", None, "", "") is None
    assert login.result(30) is None
    assert (read, os.environ.get(VARIABLE)) == (["FILE:/cache/1"], None)


def test_a_login_that_fails_lets_the_next_one_begin() -> None:
    with pytest.raises(ZeroDivisionError), Cache("FILE:/cache/1").held():
        raise ZeroDivisionError
    with Cache("FILE:/cache/2").held():
        assert os.environ[VARIABLE] == "FILE:/cache/2"


def test_logins_of_one_burst_share_a_ticket(
    users_own: str | None, threads: concurrent.futures.ThreadPoolExecutor, account: object
) -> None:
    kinit = Kinit()
    found = list(threads.map(lambda unused: fetched(account, kinit), range(16)))
    assert {cache.name for cache in found} == {"FILE:/cache/1"}
    assert kinit.runs == 1
    assert os.environ.get(VARIABLE) == users_own


def test_a_later_login_gets_a_ticket_of_its_own(monkeypatch: pytest.MonkeyPatch, account: object) -> None:
    kinit = Kinit()
    first = fetched(account, kinit)
    monkeypatch.setattr(tickets, "_BURST", -1.0)
    assert fetched(account, kinit).name != first.name


def test_another_account_gets_a_ticket_of_its_own(account: object) -> None:
    kinit = Kinit()
    held = fetched((account, "operator"), kinit), fetched((account, "jo"), kinit)
    assert [cache.name for cache in held] == ["FILE:/cache/1", "FILE:/cache/2"]


def test_a_cache_is_removed_with_the_last_login_that_needs_it(account: object) -> None:
    kinit = Kinit()
    removed = threading.Event()
    cache = fetched(account, kinit)
    weakref.finalize(cache.file, removed.set)
    also = fetched(account, kinit)
    del cache
    assert not removed.is_set()
    del also
    assert removed.is_set()


def test_the_logins_of_one_burst_ask_once_for_a_ticket_that_is_not_given(
    users_own: str | None, threads: concurrent.futures.ThreadPoolExecutor, account: object
) -> None:
    kinit = Kinit(fails="Cannot contact any KDC")

    def log_in(unused: int) -> None:
        with pytest.raises(NoTicket, match="Cannot contact any KDC"):
            fetched(account, kinit)

    list(threads.map(log_in, range(16)))
    assert kinit.runs == 1
    assert os.environ.get(VARIABLE) == users_own
