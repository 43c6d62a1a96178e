# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which roles stay on their node, as people write it."""

from __future__ import annotations

import pytest
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.failure.errors import HyperVError
from ansible_collections.hyperv.migration.plugins.plugin_utils._hyperv.planning.role_strategies import (
    RoleStrategy,
    read_role_strategies,
    role_strategy_for,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (None, ()),
        ("", ()),
        ([], ()),
        ([{"role": " FS1 ", "strategy": "stay"}], (RoleStrategy("FS1", "stay"),)),
        ("FS*=stay, Cluster Group=move", (RoleStrategy("FS*", "stay"), RoleStrategy("Cluster Group", "move"))),
        ("a=b=stay\n", (RoleStrategy("a=b", "stay"),)),
    ],
)
def test_strategies_are_read_from_lists_and_from_text(written: object, read: tuple[RoleStrategy, ...]) -> None:
    assert read_role_strategies(written) == read


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (5, "neither a list nor a text"),
        (["FS1"], "holds 'FS1'"),
        ([{"role": "FS1"}], "holds {'role': 'FS1'}"),
        ([{"role": " ", "strategy": "stay"}], "holds"),
        ("FS1", "holds"),
        ("FS1=drain", "holds 'drain' for 'FS1'. A strategy is one of move, stay."),
    ],
)
def test_anything_else_is_refused_by_its_name(written: object, said: str) -> None:
    with pytest.raises(HyperVError, match=r"^role_strategies ") as caught:
        read_role_strategies(written)
    assert said in str(caught.value)


def test_the_first_entry_that_matches_counts_in_any_letter_case() -> None:
    strategies = read_role_strategies("fs1=move, FS*=stay, Cluster Virtual Disk [1]=stay")
    assert role_strategy_for("FS1", strategies) == "move"
    assert role_strategy_for("fs2", strategies) == "stay"
    assert role_strategy_for("Cluster Virtual Disk [1]", strategies) == "stay"
    assert role_strategy_for("Cluster Group", strategies) == "move"
