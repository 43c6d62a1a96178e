# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Selects the Kerberos ticket of a login when threads log in at the same time.

GSS-API looks for tickets in the cache that KRB5CCNAME names when a login begins (MIT Kerberos, "Credential cache"). A
process has that variable but once, and ansible-core's winrm plugin sets it for good when it runs kinit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import threading
import time
import typing as t
import weakref
from collections.abc import Callable, Hashable, Iterator

_VARIABLE = "KRB5CCNAME"
# Logins of one burst, as to all nodes of a cluster, share what one kinit came to; it is far less than any ticket lives.
_BURST = 10.0  # seconds
_T = t.TypeVar("_T")


class NoTicket(Exception):
    """kinit got no ticket; the text is what it said."""


class _CacheName:
    """The value of KRB5CCNAME: logins that want the same one hold it together, the others wait until it is free."""

    def __init__(self) -> None:
        self._freed = threading.Condition()
        self._holders = 0
        self._name: object = None
        self._before: str | None = None

    @contextlib.contextmanager
    def hold(self, name: object) -> Iterator[None]:
        """Let the variable be ``name`` meanwhile; what is no text leaves it as the process has it."""
        with self._freed:
            self._freed.wait_for(lambda: not self._holders or self._name == name)
            if not self._holders:
                self._name, self._before = name, os.environ.get(_VARIABLE)
                self._set(name if isinstance(name, str) else self._before)
            self._holders += 1
        try:
            yield
        finally:
            with self._freed:
                self._holders -= 1
                if not self._holders:
                    self._set(self._before)
                    self._freed.notify_all()

    def kept(self) -> contextlib.AbstractContextManager[object]:
        """Let nobody change the variable meanwhile."""
        return self._freed

    def _set(self, value: str | None) -> None:
        if value is not None:
            os.environ[_VARIABLE] = value
        else:
            os.environ.pop(_VARIABLE, None)


_CACHE_NAME = _CacheName()


def steady_environment() -> contextlib.AbstractContextManager[object]:
    """Let no login remove its variable meanwhile.

    Whoever looks for a proxy reads all variables (urllib.request.getproxies). With Python 3.11, os.environ raises
    KeyError there if one of them is removed at that moment.
    """
    return _CACHE_NAME.kept()


@dataclasses.dataclass(frozen=True)
class Cache:
    """Where a login takes its ticket from.

    Attributes:
        name: as in KRB5CCNAME; None for where the process's own environment says.
        file: removes the cache when nobody needs it any more.
        fetched: when kinit filled it, by ``time.monotonic``.
    """

    name: str | None = None
    file: object = None
    fetched: float = 0.0

    def held(self) -> contextlib.AbstractContextManager[None]:
        """Let GSS-API find the tickets of this cache, and no others, meanwhile."""
        return _CACHE_NAME.hold(self.name)

    def holding(self, function: Callable[..., _T]) -> Callable[..., _T]:
        """Return ``function`` so that it finds the tickets of this cache, and no others; it does not keep the cache."""
        name = self.name

        @functools.wraps(function)
        def with_tickets(*args: t.Any, **kwargs: t.Any) -> _T:
            with _CACHE_NAME.hold(name):
                return function(*args, **kwargs)

        return with_tickets


OWN = Cache()
"""The tickets that the user got beforehand, or the keytab that KRB5_CLIENT_KTNAME names."""

# A cache goes with its last login: Ansible ends its workers without the end of a Python process, which removes files.
_caches: weakref.WeakValueDictionary[Hashable, Cache] = weakref.WeakValueDictionary()
_failures: dict[Hashable, tuple[float, str]] = {}


def fetched(account: Hashable, fetch: Callable[[], object]) -> Cache:
    """Return the cache with the ticket of ``account``: that of the other logins of this burst, or a new one.

    Args:
        account: all that the ticket depends on.
        fetch: sets KRB5CCNAME to a cache of its own, fills it, and returns what removes it. May raise NoTicket.

    Raises NoTicket.
    """
    cache = _of_this_burst(account)
    if cache is None:
        with _CACHE_NAME.hold(object()):
            cache = _of_this_burst(account) or _fetch(account, fetch)
    return cache


def _of_this_burst(account: Hashable) -> Cache | None:
    earliest = time.monotonic() - _BURST
    failed, said = _failures.get(account, (0.0, ""))
    if said and failed > earliest:
        raise NoTicket(said)
    cache = _caches.get(account)
    return cache if cache is not None and cache.fetched > earliest else None


def _fetch(account: Hashable, fetch: Callable[[], object]) -> Cache:
    try:
        file = fetch()
    except NoTicket as error:
        _failures[account] = (time.monotonic(), str(error))
        raise
    cache = _caches[account] = Cache(os.environ[_VARIABLE], file, time.monotonic())
    return cache
