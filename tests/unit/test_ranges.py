# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Numbers among options: each end of a range, and what is said of what is outside."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping, Sequence

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._ansible_errors import is_time_limit
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._ranges import (
    check_helpers,
    check_poll_interval,
    check_preferred_owner_cost,
    check_range,
    check_reserve,
    check_timeout,
)


@pytest.mark.parametrize("value", [None, 0, 1, 10**9])
def test_a_number_without_a_highest_one_is_taken(value: int | None) -> None:
    check_range({"retries": value}, "retries", 0)
    with pytest.raises(HyperVError, match=r"^retries is -1\. It must be 0 or more\.$"):
        check_range({"retries": -1}, "retries", 0)


@pytest.mark.parametrize(
    ("check", "name", "good", "bad", "said"),
    [
        (check_timeout, "timeout", (0, 604800), (-1, 604801), "It must be from 0 to 604800 seconds."),
        (check_helpers, "helpers", (0, 10), (-1, 11), "It must be from 0 to 10."),
        (check_poll_interval, "poll_interval", (0.05, 60), (0.04, 61), "It must be from 0.05 to 60 seconds."),
        (
            check_preferred_owner_cost,
            "preferred_owner_cost",
            (None, 0, 25.5, 1e4),
            (-1, 1e4 + 1, float("inf"), float("nan")),
            "It must be from 0 to 10000 percent.",
        ),
        (
            check_reserve,
            "reserve_memory_percent",
            (0, 99.9),
            (-1, 100, float("nan")),
            "It must be from 0 to less than 100 percent.",
        ),
    ],
)
def test_what_is_outside_of_a_range_is_refused_by_its_option(
    check: Callable[[Mapping[str, t.Any]], None],
    name: str,
    good: Sequence[float | None],
    bad: Sequence[float],
    said: str,
) -> None:
    for value in good:
        check({name: value})
    for value in bad:
        with pytest.raises(HyperVError) as error:
            check({name: value})
        assert str(error.value) == f"{name} is {value}. {said}"


def test_a_role_names_its_variable() -> None:
    with pytest.raises(HyperVError, match=r"60 seconds\. The variable of the role is restore_node_poll_interval\.$"):
        check_poll_interval({"poll_interval": 61}, "restore_node")


class TaskTimeoutError(BaseException):
    """What ansible-core 2.16 to 2.18 raises, by its name."""


class LaterTaskTimeoutError(TaskTimeoutError):
    """One that is derived from it."""


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (TaskTimeoutError(), True),
        (LaterTaskTimeoutError(), True),
        (KeyboardInterrupt(), False),
        (TimeoutError(), False),
        (HyperVError("TaskTimeoutError"), False),
    ],
)
def test_the_time_limit_of_a_task_is_told_from_other_ends(error: BaseException, is_it: bool) -> None:
    assert is_time_limit(error) is is_it
