# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that are numbers within a range: what an argument specification of Ansible cannot say."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ._hyperv.failure.errors import HyperVError

LONGEST_TIMEOUT = 604800  # seconds: a week
MOST_RETRIES = 1000
MOST_PERCENT = 10000
MOST_HELPERS = 10  # the search for them takes longer with each


def check_range(
    arguments: Mapping[str, t.Any],
    name: str,
    low: float,
    high: float | None = None,
    unit: str = "",
    *,
    below: bool = False,
    variable: str = "",
) -> None:
    """Raise HyperVError if an option is given and not from ``low`` to ``high`` (None: any number above).

    ``unit``: of the number, in the plural; ``below``: ``high`` itself is too much; ``variable``: of the role that gives
    the option, for those who have never seen the module.
    """
    value = arguments[name]
    if value is None:
        return
    fits = value >= low and (high is None or value < high or (value == high and not below))
    if not fits:
        most = f"{low} or more" if high is None else f"from {low} to {'less than ' if below else ''}{high}"
        where = f" The variable of the role is {variable}." if variable else ""
        raise HyperVError(f"{name} is {value}. It must be {most}{f' {unit}' if unit else ''}.{where}")


def check_timeout(arguments: Mapping[str, t.Any], role: str = "") -> None:
    """Raise HyperVError unless ``timeout`` is a number of seconds, 0 for a limit that follows from the VM's memory."""
    check_range(arguments, "timeout", 0, LONGEST_TIMEOUT, "seconds", variable=_of(role, "timeout"))


def _of(role: str, name: str) -> str:
    return f"{role}_{name}" if role else ""


def check_poll_interval(arguments: Mapping[str, t.Any], role: str = "") -> None:
    """Raise HyperVError unless ``poll_interval`` is one; a host keeps an ended job for 5 minutes only."""
    check_range(arguments, "poll_interval", 0.05, 60, "seconds", variable=_of(role, "poll_interval"))


def check_wait(arguments: Mapping[str, t.Any], role: str = "") -> None:
    """Raise HyperVError unless the options are those of a wait for a healthy cluster, maybe given by a role."""
    timeout, interval = _of(role, "health_timeout"), _of(role, "health_interval")
    check_range(arguments, "timeout", 0, LONGEST_TIMEOUT, "seconds", variable=timeout)
    check_storage_timeout(arguments, role)
    check_range(arguments, "poll_interval", 0.05, 3600, "seconds", variable=interval)


def check_storage_timeout(arguments: Mapping[str, t.Any], role: str = "") -> None:
    """Raise HyperVError unless ``storage_timeout`` is a number of seconds."""
    name = "storage_timeout"
    check_range(arguments, name, 0, LONGEST_TIMEOUT, "seconds", variable=_of(role, name))


def check_helpers(arguments: Mapping[str, t.Any], role: str = "") -> None:
    """Raise HyperVError unless ``helpers`` is how many VMs of other nodes may step aside."""
    check_range(arguments, "helpers", 0, MOST_HELPERS, variable=_of(role, "helpers"))


def check_preferred_owner_cost(arguments: Mapping[str, t.Any], role: str = "") -> None:
    """Raise HyperVError unless ``preferred_owner_cost`` is not given or some percent."""
    name = "preferred_owner_cost"
    check_range(arguments, name, 0, MOST_PERCENT, unit="percent", variable=_of(role, name))


def check_reserve(arguments: Mapping[str, t.Any], role: str = "") -> None:
    """Raise HyperVError unless ``reserve_memory_percent`` is a share of memory."""
    name = "reserve_memory_percent"
    check_range(arguments, name, 0, 100, "percent", below=True, variable=_of(role, name))
