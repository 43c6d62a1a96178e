# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is read of a host at the first need, and kept for the many VMs that are compared with it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ..._wsman.errors import NoAnswer
from ..._wsman.faults import Fault
from ..._wsman.session import Session
from ..failure.errors import HyperVError

_H = t.TypeVar("_H", bound="Kept")
_T = t.TypeVar("_T")


class Kept:
    """What one host tells. Whatever ``read_once`` marks raises HyperVError, Fault and TransportError.

    Attributes:
        known: what was read, by its name here; a Fault where the host refused it.
        silence: why the host does not answer, None where it does. It is not asked again: one that hangs costs its time
            once.
    """

    def __init__(self, log_in: Callable[[], Session]) -> None:
        self._log_in = log_in
        self.known: dict[str, object] = {}
        self.silence: HyperVError | NoAnswer | None = None

    @property
    def _session(self) -> Session:
        return self._log_in()


class read_once(t.Generic[_H, _T]):
    """An attribute that is read at the first need and kept, a refusal as well."""

    def __init__(self, read: Callable[[_H], _T]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, host: _H, owner: type | None = None) -> _T:
        if host.silence is not None:
            raise host.silence
        if self._name not in host.known:
            try:
                host.known[self._name] = self._read(host)
            except Fault as fault:
                host.known[self._name] = fault
            except (HyperVError, NoAnswer) as error:
                host.silence = error
                raise
        known = host.known[self._name]
        if isinstance(known, Fault):
            raise known
        return t.cast("_T", known)
