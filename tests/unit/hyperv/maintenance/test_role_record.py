# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which outcomes of the move of a role follow each other."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.cluster.other_roles import OwnedRole
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.failures import Failure
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.maintenance.role_record import (
    TRANSITIONS,
    RoleOutcome,
    RoleRecord,
)
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.migration.migration_task import IllegalTransition

OUTCOMES: tuple[RoleOutcome, ...] = t.get_args(RoleOutcome)
# The outcomes on the way to each, from a new record on.
WAYS: dict[RoleOutcome, tuple[RoleOutcome, ...]] = {
    "not_begun": (),
    "moved": ("started", "moved"),
    **{one: (one,) for one in OUTCOMES if one not in ("not_begun", "moved")},
}


def enter(record: RoleRecord, outcome: RoleOutcome) -> None:
    steps: dict[RoleOutcome, t.Callable[[], None]] = {
        "not_begun": lambda: record.aim("NODE3"),
        "started": record.start,
        "moved": record.arrive,
        "already_there": lambda: record.find_there("It is there."),
        "elsewhere": lambda: record.find_elsewhere("NODE4", "It is there."),
        "not_moved": lambda: record.leave_alone("It is offline."),
        "failed": lambda: record.fail(Failure("role_stays", "it stays")),
    }
    steps[outcome]()


def new() -> RoleRecord:
    return RoleRecord(OwnedRole("role", "FS1", "file_server", "NODE1", "online"), "NODE1", "NODE2")


def test_every_outcome_is_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(OUTCOMES)
    assert set(WAYS) == set(OUTCOMES)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(OUTCOMES, OUTCOMES)))
def test_a_record_enters_the_outcomes_of_the_table_and_refuses_all_others(
    before: RoleOutcome, after: RoleOutcome
) -> None:
    record = new()
    for one in WAYS[before]:
        enter(record, one)
    assert record.outcome == before
    if after in TRANSITIONS[before]:
        enter(record, after)
        assert record.outcome == after
    else:
        with pytest.raises(IllegalTransition, match=f"{before} cannot become {after}"):
            enter(record, after)
        assert record.outcome == before


def test_nothing_else_changes_the_outcome() -> None:
    with pytest.raises(AttributeError):
        new().outcome = "moved"  # type: ignore[misc]  # mypy forbids it as well, which is the point


def test_another_node_is_tried_without_the_error_of_the_first() -> None:
    record = new()
    record.fail(Failure("role_stays", "it stays"))
    record.aim("NODE3")
    assert (record.destination, record.error, record.is_changed) == ("NODE3", None, False)


def test_a_role_that_had_left_before_it_was_asked_for_was_not_changed_by_this_run() -> None:
    record = new()
    record.follow("NODE3")
    record.arrive()
    assert (record.destination, record.outcome, record.is_changed) == ("NODE3", "moved", False)
