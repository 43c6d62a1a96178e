# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A password that is wrong is not tried at host after host, and one that is right makes nobody wait for long."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._connection.lockout import Account, LockoutGuard
from ansible_collections.hyperv.migration.plugins.plugin_utils._wsman.errors import LoginRefused, Unreachable

ACCOUNT = Account("CORP\\operator", "Marked-Passw0rd", ("ntlm",))
LONG = 3600.0  # seconds, in which no test ends
HOSTS = 64
AT_ONCE = 16


class Hosts:
    """Hosts that are logged in to by threads, each of which waits until it is told how its login ends."""

    def __init__(self, guard: LockoutGuard) -> None:
        self._guard = guard
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._begun = threading.Semaphore(0)
        self._end = threading.Event()
        self.asked: list[str] = []

    def log_in(self, *names: str, account: Account | None = ACCOUNT) -> list[Future[None]]:
        return [self._threads.submit(self._log_in, name, account) for name in names]

    def _log_in(self, name: str, account: Account | None) -> None:
        with self._guard.login(account, name):
            self.asked.append(name)
            self._begun.release()
            assert self._end.wait(120)

    def have_begun(self, number: int) -> bool:
        """Return whether so many more logins have begun, and no other one."""
        return all(self._begun.acquire(timeout=120) for unused in range(number)) and not self._begun.acquire(
            timeout=0.2
        )

    def accept(self) -> None:
        """Let all logins that are under way, and all later ones, be accepted."""
        self._end.set()

    def close(self) -> None:
        self._end.set()
        self._threads.shutdown()


@pytest.fixture
def patient() -> Iterator[Hosts]:
    """Hosts of a guard that nobody passes who has to wait."""
    with contextlib.closing(Hosts(LockoutGuard(LONG, LONG))) as hosts:
        yield hosts


def refuse(guard: LockoutGuard, *hosts: str, account: Account | None = ACCOUNT) -> None:
    for host in hosts:
        with pytest.raises(LoginRefused), guard.login(account, host):
            raise LoginRefused(f"{host} refused the credentials.")


def accept(guard: LockoutGuard, host: str, account: Account | None = ACCOUNT) -> None:
    with guard.login(account, host):
        pass


def test_two_hosts_refuse_a_password_and_no_further_one_is_asked() -> None:
    guard, asked = LockoutGuard(LONG, LONG), []

    def log_in(host: str) -> str:
        try:
            with guard.login(ACCOUNT, host):
                asked.append(host)
                raise LoginRefused("refused")
        except Unreachable as error:
            return str(error)

    names = [f"host{number}:5985" for number in range(HOSTS)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        told = dict(zip(names, threads.map(log_in, names), strict=True))

    assert len(asked) == 2
    assert [told.pop(host) for host in asked] == ["refused", "refused"]
    for host, text in told.items():
        assert text.startswith(f"{host} was not asked, because the account 'CORP\\\\operator' was refused by host")
        assert all(name in text for name in asked)
        assert "further refusals may lock it. Check ansible_user and ansible_password" in text
        assert ACCOUNT.password not in text


def test_all_hosts_go_ahead_at_once_when_the_first_has_accepted(patient: Hosts) -> None:
    logins = patient.log_in(*(f"host{number}" for number in range(AT_ONCE)))
    assert patient.have_begun(2)
    patient.accept()
    assert [login.result(20) for login in logins] == [None] * AT_ONCE
    assert len(patient.asked) == AT_ONCE


def test_after_a_refusal_one_host_is_asked_at_a_time() -> None:
    guard = LockoutGuard(LONG, LONG)
    refuse(guard, "host1")
    with contextlib.closing(Hosts(guard)) as hosts:
        hosts.log_in("host2", "host3")
        assert hosts.have_begun(1)


def test_hosts_that_do_not_answer_keep_no_other_waiting() -> None:
    with contextlib.closing(Hosts(LockoutGuard(0, LONG))) as hosts:
        hosts.log_in(*(f"dead{number}" for number in range(AT_ONCE - 1)))
        assert hosts.have_begun(AT_ONCE - 1)
        hosts.log_in("host")
        assert hosts.have_begun(1)


def test_a_host_that_has_answered_is_waited_for() -> None:
    guard = LockoutGuard(0, LONG)
    with contextlib.closing(Hosts(guard)) as hosts:
        with guard.login(ACCOUNT, "host1") as first_answered, guard.login(ACCOUNT, "host2") as second_answered:
            first_answered()
            second_answered()
            hosts.log_in("host3")
            assert hosts.have_begun(0)
        assert hosts.have_begun(1)


def test_a_host_that_is_slow_after_its_answer_is_not_waited_for_without_end() -> None:
    guard = LockoutGuard(LONG, 0)
    with contextlib.closing(Hosts(guard)) as hosts, guard.login(ACCOUNT, "host1") as answered:
        hosts.log_in("host2")
        assert hosts.have_begun(1)
        hosts.log_in("host3")
        assert hosts.have_begun(0)
        answered()
        hosts.log_in("host4")
        assert hosts.have_begun(1)


def test_an_account_that_was_accepted_is_never_held_back() -> None:
    guard = LockoutGuard(LONG, LONG)
    refuse(guard, "host1")
    accept(guard, "host2")
    refuse(guard, "host3", "host4", "host5")
    accept(guard, "host6")


def test_a_login_that_began_before_the_refusals_frees_the_account_if_it_is_accepted() -> None:
    guard = LockoutGuard(0, LONG)
    with guard.login(ACCOUNT, "slow"):
        refuse(guard, "host1", "host2")
        with pytest.raises(Unreachable, match="host3 was not asked"):
            accept(guard, "host3")
    accept(guard, "host3")


def test_only_refusals_count_and_each_host_once() -> None:
    guard = LockoutGuard(LONG, LONG)
    for error in (Unreachable("It is down."), TimeoutError(), KeyboardInterrupt()):
        for host in ("host1", "host2"):
            with pytest.raises(type(error)), guard.login(ACCOUNT, host):
                raise error
    refuse(guard, "host1", "host1", "host1", "host2")
    with pytest.raises(Unreachable, match="refused by host1 and host2, and") as caught:
        accept(guard, "host1")
    assert not isinstance(caught.value, LoginRefused)


@pytest.mark.parametrize(
    "other",
    [
        Account("CORP\\other", ACCOUNT.password, ACCOUNT.logins),
        Account(ACCOUNT.user, "another", ACCOUNT.logins),
        Account(ACCOUNT.user, ACCOUNT.password, ("kerberos",)),
        None,
    ],
    ids=["user", "password", "login", "a ticket"],
)
def test_another_account_is_not_held_back(other: Account | None) -> None:
    guard = LockoutGuard(LONG, LONG)
    refuse(guard, "host1", "host2")
    accept(guard, "host3", other)


def test_what_is_no_password_is_refused_by_each_host_for_itself() -> None:
    assert Account.of("operator@CORP.EXAMPLE", None, ["kerberos"]) is None
    guard = LockoutGuard(LONG, LONG)
    refuse(guard, "host1", "host2", "host3", account=None)


def test_an_empty_password_is_one_that_hosts_refuse() -> None:
    guard = LockoutGuard(LONG, LONG)
    empty = Account.of("operator", "", ["ntlm"])
    refuse(guard, "host1", "host2", account=empty)
    with pytest.raises(Unreachable, match="refused by host1 and host2"):
        refuse(guard, "host3", account=empty)


def test_a_password_is_not_shown() -> None:
    assert Account.of(ACCOUNT.user, ACCOUNT.password, ["ntlm"]) == ACCOUNT
    assert ACCOUNT.password not in repr(ACCOUNT)
