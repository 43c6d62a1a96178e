# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Time limits of a request from the variables of each connection plugin.

The formulas are those of ansible-core's plugins and of the libraries behind them. Where nothing is set, their 20 and 30
seconds give way to longer ones: they suit small steps of a remote shell, and a method call of Hyper-V may take longer.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from .._wsman.errors import Unreachable
from .._wsman.transport import OPERATION_TIMEOUT

_MARGIN = 10  # seconds by which ansible-core lets the controller wait longer than the node may take
# Those of pywinrm and pypsrp alike.
_LIBRARY_OPERATION = 20
_LIBRARY_READ = 30


class Timeouts(t.NamedTuple):
    """Seconds that a node may take for a request, and those after which no answer is expected."""

    operation: int
    read: int


def timeouts_of_winrm(connection_timeout: int | None, extras: Mapping[str, t.Any]) -> Timeouts:
    """Return what ansible-core's ``winrm`` makes of its option and of pywinrm's own arguments among ``extras``.

    ``connection_timeout`` wins over both. Raises Unreachable for what pywinrm refuses: a read timeout that does not
    exceed the operation timeout, be it that the other one is pywinrm's default.
    """
    names = ("ansible_winrm_operation_timeout_sec", "ansible_winrm_read_timeout_sec")
    if connection_timeout:
        chosen = Timeouts(connection_timeout, connection_timeout + _MARGIN)
        return _checked(chosen, ("ansible_winrm_connection_timeout", "the read timeout that follows from it"))
    operation, read = (extras.get(name.removeprefix("ansible_winrm_")) for name in names)
    if operation is None and read is None:
        return Timeouts(OPERATION_TIMEOUT, OPERATION_TIMEOUT + _MARGIN)
    chosen = Timeouts(
        _LIBRARY_OPERATION if operation is None else _seconds(names[0], operation),
        _LIBRARY_READ if read is None else _seconds(names[1], read),
    )
    defaults = (f"{names[0]}, else {_LIBRARY_OPERATION}", f"{names[1]}, else {_LIBRARY_READ}")
    return _checked(chosen, defaults)


def timeouts_of_psrp(options: Mapping[str, t.Any]) -> Timeouts:
    """Return the timeouts of ansible-core's ``psrp``, whose options have defaults: a default counts as not set.

    What is not set follows from what is. Raises Unreachable for a read timeout that does not exceed the other one.
    """
    operation, read = int(options["operation_timeout"]), int(options.get("read_timeout") or _LIBRARY_READ)
    if operation == _LIBRARY_OPERATION:
        operation = OPERATION_TIMEOUT if read == _LIBRARY_READ else max(1, min(OPERATION_TIMEOUT, read - _MARGIN))
    if read == _LIBRARY_READ:
        read = operation + _MARGIN
    return _checked(Timeouts(operation, read), ("ansible_psrp_operation_timeout", "ansible_psrp_read_timeout"))


def _seconds(name: str, value: object) -> int:
    try:
        return int(t.cast(t.Any, value))
    except (TypeError, ValueError):
        raise Unreachable(f"{name} is {value!r}, which is not a whole number of seconds.") from None


def _checked(chosen: Timeouts, names: tuple[str, str]) -> Timeouts:
    if chosen.operation < 1 or chosen.read <= chosen.operation:
        raise Unreachable(
            f"The node may take {chosen.operation} s for a request ({names[0]}), and the controller waits for "
            f"{chosen.read} s ({names[1]}): the second must exceed the first, and both must be positive. Set both, "
            f"{_MARGIN} s apart, or neither."
        )
    return chosen
