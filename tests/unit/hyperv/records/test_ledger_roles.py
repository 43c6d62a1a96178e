# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a ledger says of the move of a role, and what may follow that."""

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.records.ledger_roles import (
    TRANSITIONS,
    LedgerRole,
    RoleOutcome,
    end_role,
    read_ledger_roles,
    settle_role,
    with_role,
)

OUTCOMES: tuple[RoleOutcome, ...] = t.get_args(RoleOutcome)


def entry(outcome: RoleOutcome = "planned", state: str = "online") -> LedgerRole:
    return {
        "kind": "role",
        "name": "FS1",
        "type": "file_server",
        "source_host": "NODE1",
        "destination_host": "NODE2",
        "state": state,
        "outcome": outcome,
        "restored": False,
    }


def test_every_outcome_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(OUTCOMES)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(OUTCOMES, OUTCOMES)))
def test_an_outcome_of_the_table_is_written_down_and_all_others_are_refused(
    before: RoleOutcome, after: RoleOutcome
) -> None:
    if after in TRANSITIONS[before]:
        assert end_role(entry(before), after)["outcome"] == after
    else:
        with pytest.raises(HyperVError, match=f"FS1 is {before} in the ledger, which '{after}' cannot follow"):
            end_role(entry(before), after)


def test_what_is_written_down_of_a_move() -> None:
    assert end_role(entry(), "moved", "NODE3") == {**entry("moved"), "destination_host": "NODE3"}
    assert end_role(entry(), "stayed") == {**entry("stayed"), "restored": True}
    assert settle_role(entry("moved")) == {**entry("moved"), "restored": True}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_role_may_be_moved_anew(outcome: RoleOutcome) -> None:
    assert [one["outcome"] for one in with_role([entry(outcome)], entry())] == ["planned"]


def test_an_outcome_that_is_none_is_refused_by_name() -> None:
    assert read_ledger_roles([entry()]) == [entry()]
    with pytest.raises(HyperVError, match="outcome of role 1 is 'gone', which is none of planned, moved, left"):
        read_ledger_roles([{**entry(), "outcome": "gone"}])
