# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps a task from locking an account whose password is wrong, by trying it at host after host.

Windows locks an account after a number of failed logins, wherever in the domain they were. That number is often small:
CIS benchmark 1.2.2 asks for 5 or fewer, DISA's STIG (V-220740) for 3 or fewer. So the logins of a task with one account
go ahead by twos until a host accepts it, and end where two refused it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from .._wsman.errors import LoginRefused, Unreachable

MOST_REFUSALS = 2
# A login is counted as one that may be refused while it takes no longer. Others go ahead then, for a host that is down
# keeps its login waiting until the connection times out.
SILENT = 3.0  # seconds without an answer of the host
SLOW = 10.0  # seconds after its first answer, in which it may have to ask a domain controller

Answered = Callable[[], None]
"""Is called at the first answer of a host to a login, which says that it is up."""


@dataclasses.dataclass(frozen=True)
class Account:
    """What a host is asked with: two hosts with equal ones refuse the same.

    Attributes:
        user, password: as the inventory has them for the host.
        logins: the ways to log in, in the order in which they are tried.
    """

    user: str
    password: str = dataclasses.field(repr=False)
    logins: tuple[str, ...]

    @classmethod
    def of(cls, user: object, password: object, logins: Sequence[str]) -> Account | None:
        """Return that of a host, None where no password can be wrong: a ticket or a certificate logs in.

        An empty password counts: a host refuses it like any other wrong one.
        """
        return None if password is None else cls(str(user), str(password), tuple(logins))


@dataclasses.dataclass
class _Attempt:
    """A login that is under way; ``counts_until`` by the clock of the guard."""

    counts_until: float


@dataclasses.dataclass
class _Standing:
    """What the hosts said of an account so far: whether one accepted it, and the addresses of those that refused."""

    is_accepted: bool = False
    refused_by: list[str] = dataclasses.field(default_factory=list)
    under_way: list[_Attempt] = dataclasses.field(default_factory=list)


class LockoutGuard:
    """The accounts of one task, whose threads log in at the same time. It is gone, with the passwords, after the task.

    An account that a host accepted is never held back: whoever refuses it then has a reason of its own.
    """

    def __init__(self, silent: float = SILENT, slow: float = SLOW) -> None:
        """Know nothing of any account; ``silent`` and ``slow`` are as above."""
        self._silent = silent
        self._slow = slow
        self._changed = threading.Condition()
        self._standings: dict[Account, _Standing] = {}

    @contextlib.contextmanager
    def login(self, account: Account | None, address: str) -> Iterator[Answered]:
        """Let a host be logged in to meanwhile, and learn from how that ends: LoginRefused, another error or none.

        Waits while others with the account may yet be refused. ``address`` is for messages.

        Raises Unreachable where the host must not be asked, before anything is done.
        """
        if account is None:
            yield lambda: None
            return
        standing, attempt = self._begin(account, address)
        is_accepted = is_refused = False
        try:
            yield functools.partial(self._answered, attempt)
            is_accepted = True
        except LoginRefused:
            is_refused = True
            raise
        finally:
            with self._changed:
                standing.under_way.remove(attempt)
                standing.is_accepted |= is_accepted
                if is_refused and address not in standing.refused_by:
                    standing.refused_by.append(address)
                self._changed.notify_all()

    def _begin(self, account: Account, address: str) -> tuple[_Standing, _Attempt]:
        with self._changed:
            standing = self._standings.setdefault(account, _Standing())
            while not standing.is_accepted:
                if len(standing.refused_by) >= MOST_REFUSALS:
                    raise Unreachable(_explain(account, address, standing.refused_by))
                now = time.monotonic()
                waits = [one.counts_until - now for one in standing.under_way if one.counts_until > now]
                if len(standing.refused_by) + len(waits) < MOST_REFUSALS:
                    break
                self._changed.wait(min(waits))
            attempt = _Attempt(time.monotonic() + self._silent)
            standing.under_way.append(attempt)
            return standing, attempt

    def _answered(self, attempt: _Attempt) -> None:
        attempt.counts_until = time.monotonic() + self._slow


def _explain(account: Account, address: str, refused_by: Sequence[str]) -> str:
    return (
        f"{address} was not asked, because the account {account.user!r} was refused by {' and '.join(refused_by)}, and "
        "further refusals may lock it. Check ansible_user and ansible_password of these hosts; if they are right, that "
        "the account is not locked. Give hosts where another password is valid their own ansible_password."
    )
