# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host is asked for once, by whichever thread needs it first."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable

_H = t.TypeVar("_H", bound="Telling")
_T = t.TypeVar("_T")


class Telling:
    """Has attributes that ``told_once`` marks. One thread at a time asks for them, as they share one connection."""

    def __init__(self) -> None:
        self._told: dict[str, object] = {}
        self._asking = threading.RLock()


class told_once(t.Generic[_H, _T]):
    """An attribute that is asked for at the first need and kept; an error is not kept.

    ``functools.cached_property`` does not do: until Python 3.12 its lock is that of all objects of a class, so that
    hosts would tell one after the other who they are, and since then it has none.
    """

    def __init__(self, ask: Callable[[_H], _T]) -> None:
        self._ask = ask
        self.__doc__ = ask.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, one: _H, owner: type | None = None) -> _T:
        with one._asking:
            if self._name not in one._told:
                one._told[self._name] = self._ask(one)
            return t.cast("_T", one._told[self._name])
